//! The truth rule: every advertised method has a known answer, and gives it.
#![cfg(all(feature = "boids", feature = "hash"))]
#![allow(clippy::expect_used, clippy::panic)]

#[cfg(feature = "crypto")]
mod age;
#[cfg(feature = "compress")]
mod compress;
#[cfg(feature = "crypto")]
mod crypto;
mod evolve;
mod hash;
#[cfg(feature = "math")]
mod math;
#[cfg(feature = "storage-pack")]
mod pack;
#[cfg(feature = "storage")]
mod storage;
#[path = "../support/mod.rs"]
mod support;

use inos_units::Dispatcher;
use inos_units::boids::{Bounds, Frame, frame_len};
use support::{call, frame_of};

/// A row per method. A method that is advertised without one fails `every_method_has_an_answer`.
const ANSWERS: &[(&str, &str, fn())] = &[
    ("hash", "blake3", hash::blake3),
    ("hash", "sha256", hash::sha256),
    ("hash", "blake3_keyed", hash::blake3_keyed),
    ("hash", "blake3_derive_key", hash::blake3_derive_key),
    ("hash", "blake3_many", hash::blake3_many),
    ("hash", "blake3_update", hash::blake3_update),
    ("hash", "blake3_finish", hash::blake3_finish),
    ("hash", "blake3_slice", hash::blake3_slice),
    ("hash", "blake3_verify_slice", hash::blake3_verify_slice),
    ("hash", "sha512", hash::sha512),
    ("hash", "sha256_many", hash::sha256_many),
    ("hash", "hmac", hash::hmac),
    ("hash", "hkdf", hash::hkdf),
    #[cfg(feature = "compress")]
    ("compress", "brotli_compress", compress::brotli_compress),
    #[cfg(feature = "compress")]
    ("compress", "brotli_decompress", compress::brotli_decompress),
    #[cfg(feature = "compress")]
    ("compress", "compress_blocks", compress::compress_blocks),
    #[cfg(feature = "compress")]
    ("compress", "decompress_blocks", compress::decompress_blocks),
    #[cfg(feature = "compress")]
    ("compress", "decompress_range", compress::decompress_range),
    #[cfg(feature = "crypto")]
    ("crypto", "key_generate", crypto::keys),
    #[cfg(feature = "crypto")]
    ("crypto", "key_import", crypto::ed25519),
    #[cfg(feature = "crypto")]
    ("crypto", "key_public", crypto::ed25519),
    #[cfg(feature = "crypto")]
    ("crypto", "key_drop", crypto::keys),
    #[cfg(feature = "crypto")]
    ("crypto", "chacha20poly1305_seal", crypto::chacha20poly1305),
    #[cfg(feature = "crypto")]
    ("crypto", "chacha20poly1305_open", crypto::chacha20poly1305),
    #[cfg(feature = "crypto")]
    ("crypto", "xchacha20poly1305_seal", crypto::xchacha20poly1305),
    #[cfg(feature = "crypto")]
    ("crypto", "xchacha20poly1305_open", crypto::xchacha20poly1305),
    #[cfg(feature = "crypto")]
    ("crypto", "seal_many", crypto::many),
    #[cfg(feature = "crypto")]
    ("crypto", "open_many", crypto::many),
    #[cfg(feature = "crypto")]
    ("crypto", "seal_fresh", crypto::fresh),
    #[cfg(feature = "crypto")]
    ("crypto", "open_fresh", crypto::fresh),
    #[cfg(feature = "crypto")]
    ("crypto", "seal_stream", crypto::stream),
    #[cfg(feature = "crypto")]
    ("crypto", "open_stream", crypto::stream),
    #[cfg(feature = "crypto")]
    ("crypto", "ed25519_sign", crypto::ed25519),
    #[cfg(feature = "crypto")]
    ("crypto", "ed25519_verify", crypto::ed25519),
    #[cfg(feature = "crypto")]
    ("crypto", "ed25519_verify_batch", crypto::ed25519),
    #[cfg(feature = "crypto")]
    ("crypto", "x25519_agree", crypto::x25519),
    #[cfg(feature = "crypto")]
    ("crypto", "argon2id_hash", crypto::argon2id),
    #[cfg(feature = "crypto")]
    ("crypto", "argon2id_verify", crypto::argon2id),
    ("boids", "init", init),
    ("boids", "step", step),
    ("boids", "resize", resize),
    ("boids", "stats", stats),
    ("boids", "set_scene", set_scene),
    ("boids", "neighbours_of", neighbours_of),
    ("boids", "evolve", evolve::evolve),
    ("boids", "genome", evolve::genome),
    ("boids", "fitness", evolve::fitness),
    ("boids", "view", view),
    ("boids", "instances", instances),
    #[cfg(feature = "storage")]
    ("storage", "put", storage::put),
    #[cfg(feature = "storage")]
    ("storage", "put_many", storage::put_many),
    #[cfg(feature = "storage")]
    ("storage", "get", storage::get),
    #[cfg(feature = "storage")]
    ("storage", "get_range", storage::get_range),
    #[cfg(feature = "storage")]
    ("storage", "manifest", storage::manifest),
    #[cfg(feature = "storage")]
    ("storage", "has", storage::has),
    #[cfg(feature = "storage")]
    ("storage", "delete", storage::delete),
    #[cfg(feature = "storage")]
    ("storage", "pin", storage::pin),
    #[cfg(feature = "storage")]
    ("storage", "unpin", storage::unpin),
    #[cfg(feature = "storage")]
    ("storage", "gc", storage::gc),
    #[cfg(feature = "storage")]
    ("storage", "stat", storage::stat),
    #[cfg(feature = "storage")]
    ("storage", "chunk", storage::chunk),
    #[cfg(feature = "storage")]
    ("storage", "diff", storage::diff),
    #[cfg(feature = "storage")]
    ("storage", "export", storage::export),
    #[cfg(feature = "storage")]
    ("storage", "import", storage::import),
    #[cfg(feature = "storage")]
    ("storage", "scrub", storage::scrub),
    #[cfg(feature = "storage-pack")]
    ("storage", "pack", pack::pack),
    #[cfg(feature = "storage-pack")]
    ("storage", "pack_sealed", pack::pack_sealed),
    #[cfg(feature = "storage-pack")]
    ("storage", "pack_manifest", pack::pack_manifest),
    #[cfg(feature = "storage-pack")]
    ("storage", "unpack", pack::unpack),
    #[cfg(feature = "storage-pack")]
    ("storage", "unpack_range", pack::unpack_range),
    #[cfg(feature = "math")]
    ("math", "mat4_mul", math::mat4_mul),
    #[cfg(feature = "math")]
    ("math", "mat4_transpose", math::mat4_transpose),
    #[cfg(feature = "math")]
    ("math", "mat4_determinant", math::mat4_determinant),
    #[cfg(feature = "math")]
    ("math", "mat4_invert", math::mat4_invert),
    #[cfg(feature = "math")]
    ("math", "mat4_compose", math::mat4_compose),
    #[cfg(feature = "math")]
    ("math", "mat4_instances", math::mat4_instances),
    #[cfg(feature = "math")]
    ("math", "mat4_decompose", math::mat4_decompose),
    #[cfg(feature = "math")]
    ("math", "look_at", math::look_at),
    #[cfg(feature = "math")]
    ("math", "perspective", math::perspective),
    #[cfg(feature = "math")]
    ("math", "orthographic", math::orthographic),
    #[cfg(feature = "math")]
    ("math", "quat_mul", math::quat_mul),
    #[cfg(feature = "math")]
    ("math", "quat_slerp", math::quat_slerp),
    #[cfg(feature = "math")]
    ("math", "quat_slerp_many", math::quat_slerp_many),
    #[cfg(feature = "math")]
    ("math", "quat_from_euler", math::quat_from_euler),
    #[cfg(feature = "math")]
    ("math", "quat_to_euler", math::quat_to_euler),
    #[cfg(feature = "math")]
    ("math", "quat_from_axis_angle", math::quat_from_axis_angle),
    #[cfg(feature = "math")]
    ("math", "quat_to_axis_angle", math::quat_to_axis_angle),
    #[cfg(feature = "math")]
    ("math", "vec3_dot", math::vec3_dot),
    #[cfg(feature = "math")]
    ("math", "vec3_cross", math::vec3_cross),
    #[cfg(feature = "math")]
    ("math", "vec3_length", math::vec3_length),
    #[cfg(feature = "math")]
    ("math", "vec3_normalise", math::vec3_normalise),
    #[cfg(feature = "math")]
    ("math", "vec3_lerp", math::vec3_lerp),
    #[cfg(feature = "math")]
    ("math", "transform_points", math::transform_points),
    #[cfg(feature = "math")]
    ("math", "transform_directions", math::transform_directions),
    #[cfg(feature = "math")]
    ("math", "transform_normals", math::transform_normals),
    #[cfg(feature = "math")]
    ("math", "project_points", math::project_points),
    #[cfg(feature = "math")]
    ("math", "frustum_planes", math::frustum_planes),
    #[cfg(feature = "math")]
    ("math", "cull_spheres", math::cull_spheres),
    #[cfg(feature = "math")]
    ("math", "cull_boxes", math::cull_boxes),
];

#[test]
fn every_method_has_an_answer() {
    let mut advertised = Vec::new();
    for info in Dispatcher::standard().units() {
        for method in info.methods {
            advertised.push((info.name, method.name));
            let answer =
                ANSWERS.iter().find(|(unit, name, _)| (*unit, *name) == (info.name, method.name));
            let (_, _, check) = answer.unwrap_or_else(|| {
                panic!("{} {} is advertised without a known answer", info.name, method.name)
            });
            check();
        }
    }
    assert_eq!(advertised.len(), ANSWERS.len(), "an answer for a method that does not exist");
}

/// SplitMix64 by the reference algorithm, written again here from its publication.
fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Positions are the first outputs of each boid's stream, scaled to the world.
fn init() {
    let params = br#"{"count": 33, "dim": 2, "seed": 77, "bounds": "box", "half_extent": 8,
        "speed": 0.25}"#;
    let out = call("boids", "init", b"", params).expect("init");
    assert_eq!(Some(out.as_bytes().len()), frame_len(2, 33));
    assert_eq!(&out.as_bytes()[..4], b"BOID");
    let frame = Frame::new(out.as_bytes()).expect("a frame");
    for id in 0..33 {
        let mut state = splitmix(&mut 77) ^ splitmix(&mut id.clone()).rotate_left(32);
        for axis in 0..2 {
            let unit = (splitmix(&mut state) >> 40) as f32 / 8_388_608.0 - 1.0;
            assert_eq!(frame.pos(axis)[id as usize], unit * 8.0);
        }
        let (vx, vy) = (frame.vel(0)[id as usize], frame.vel(1)[id as usize]);
        assert!((vx.hypot(vy) - 0.25).abs() < 1e-6);
        assert_eq!(frame.ids()[id as usize], id as u32);
    }
}

/// Two boids, one unit apart, worked out by hand; one behind the edge of a torus.
fn step() {
    // Boid 0 at rest in x, boid 1 a unit to its right and moving up. Each sees the other.
    //   d = 1, dv = 2: alignment 2 * dv = 4 up, cohesion 3 * d = 3 right;
    //   separation 1 * 2 / (1 + 4/64) = 32/17 to the left.
    let params = br#"{"separation_radius": 2, "alignment_radius": 2, "cohesion_radius": 2,
        "separation_weight": 1, "alignment_weight": 2, "cohesion_weight": 3, "min_speed": 0,
        "max_speed": 100, "max_force": 100, "dt": 0.5}"#;
    for (bounds, shift) in [(Bounds::Box, 0.0), (Bounds::Torus, 7.5)] {
        // In the torus the second boid has wrapped to the far side: 8.5 is -7.5.
        let x = if shift == 0.0 { 1.0 } else { 1.0 + shift - 16.0 };
        let boids = [[shift, 0.0, 0.0, 0.0, 1.0, 0.0], [x, 0.0, 0.0, 0.0, 3.0, 0.0]];
        let frame = frame_of(bounds, 8.0, 3, &boids);
        let out = call("boids", "step", frame.as_bytes(), params).expect("step");
        let frame = Frame::new(out.as_bytes()).expect("a frame");
        let zero = frame.ids().iter().position(|&id| id == 0).expect("boid 0");
        let one = 1 - zero;
        let pull = (3.0 - 32.0 / 17.0) * 0.5;
        assert!((frame.vel(0)[zero] - pull).abs() < 1e-5);
        assert!((frame.vel(0)[one] + pull).abs() < 1e-5);
        assert_eq!(frame.vel(1)[zero], 3.0);
        assert_eq!(frame.vel(1)[one], 1.0);
        assert!((frame.pos(0)[zero] - (shift + pull * 0.5)).abs() < 1e-5);
        assert!((frame.pos(0)[one] - (x - pull * 0.5)).abs() < 1e-5 || bounds == Bounds::Torus);
        assert_eq!(frame.pos(1)[zero], 1.5);
        assert_eq!(frame.header().mean_neighbours, 1.0);
        assert_eq!(frame.header().max_neighbours, 1);
        assert_eq!(frame.header().step, 1);
    }
}

/// Ten to five leaves ids 0 to 4; five to ten gives back what `init` made of those ids.
fn resize() {
    let ten = call("boids", "init", b"", br#"{"count": 10}"#).expect("init");
    let five = call("boids", "resize", ten.as_bytes(), br#"{"count": 5}"#).expect("resize");
    let frame = Frame::new(five.as_bytes()).expect("a frame");
    assert_eq!(frame.ids(), [0, 1, 2, 3, 4]);
    let again = call("boids", "resize", five.as_bytes(), br#"{"count": 10}"#).expect("resize");
    assert_eq!(again.as_bytes(), ten.as_bytes());
}

/// A ball and a box, written by hand, lie behind the arrays as they are drawn.
fn set_scene() {
    let one = call("boids", "init", b"", br#"{"count": 1, "dim": 2}"#).expect("init");
    let ball = [0.0_f32, 1.5, -2.0, 0.0, 0.75, 0.0, 0.0, 0.0];
    let mut records: Vec<u8> = ball.iter().flat_map(|value| value.to_le_bytes()).collect();
    records.extend([1, 0, 0, 0]);
    let size = [4.0_f32, 5.0, 0.0, 1.0, 2.0, 3.0, 0.0];
    records.extend(size.iter().flat_map(|value| value.to_le_bytes()));
    let params = format!("{{\"obstacles\": \"{}\"}}", support::hex(&records));
    let out = call("boids", "set_scene", one.as_bytes(), params.as_bytes()).expect("set_scene");
    let bytes = out.as_bytes();
    assert_eq!(bytes.len(), 64 + 5 * 64 + 64);
    assert_eq!(bytes[64 + 5 * 64..], records);
    assert_eq!(bytes[52..60], [0, 0, 0, 0, 2, 0, 0, 0]);
}

/// Boids along the axes in the colours of the hexagon: a third of white, then all of one or two of
/// the three. What flies up is lighter than what flies along, and what rests is red.
fn view() {
    let flies = |x: f32, y: f32, z: f32| [0.5, -1.0, 2.0, x, y, z];
    let boids =
        [flies(2.0, 0.0, 0.0), flies(-3.0, 0.0, 0.0), flies(0.0, 0.0, 0.25), flies(0.0, 0.0, 0.0)];
    let frame = frame_of(Bounds::Box, 8.0, 3, &boids);
    let out = call("boids", "view", frame.as_bytes(), b"").expect("view");
    let bytes = out.as_bytes();
    assert_eq!(bytes.len(), 64 + 8 * 64);
    assert_eq!(bytes[..4], *b"VIEW");
    let floats = |array: usize| -> Vec<f32> {
        let (words, _) = bytes[64 + array * 64..][..64].as_chunks::<4>();
        words.iter().map(|word| f32::from_le_bytes(*word)).collect()
    };
    assert_eq!(floats(0)[..5], [0.5, 0.5, 0.5, 0.5, 0.0]);
    assert_eq!(floats(2)[..5], [2.0, 2.0, 2.0, 2.0, 0.0]);
    assert_eq!(floats(3)[..5], [1.0, -1.0, 0.0, 0.0, 0.0]);
    assert_eq!(floats(5)[..5], [0.0, 0.0, 1.0, 0.0, 0.0]);
    // 0.75 and 1 times 255, and 0.3 of each.
    let colours = [[191, 57, 57, 255], [57, 191, 191, 255], [255, 77, 77, 255], [191, 57, 57, 255]];
    assert_eq!(bytes[64 + 6 * 64..][..16], colours.concat());
    let ids: Vec<u8> = (0..4_u32).flat_map(u32::to_le_bytes).collect();
    assert_eq!(bytes[64 + 7 * 64..][..16], ids);

    // From blue at rest over green at half the speed to red.
    let boids = [0.0, 1.0, 2.0, 9.0].map(|speed| [0.0, 0.0, 0.0, speed, 0.0, 0.0]);
    let frame = frame_of(Bounds::Box, 8.0, 2, &boids);
    let params = br#"{"colour": "speed", "max_speed": 2}"#;
    let out = call("boids", "view", frame.as_bytes(), params).expect("view");
    let red = [255, 77, 77, 255];
    let colours = [[77, 77, 255, 255], [77, 255, 77, 255], red, red];
    assert_eq!(out.as_bytes()[64 + 6 * 64..][..16], colours.concat());
}

/// No turn, half a turn, and quarters around z and around -y, worked out by hand.
fn instances() {
    let half = std::f32::consts::FRAC_1_SQRT_2;
    let cases: [([f32; 3], [f32; 4]); 4] = [
        ([2.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]),
        ([-2.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]),
        ([0.0, 0.5, 0.0], [0.0, 0.0, half, half]),
        ([0.0, 0.0, 3.0], [0.0, -half, 0.0, half]),
    ];
    let boids = cases.map(|([x, y, z], _)| [1.0, 2.0, 3.0, x, y, z]);
    let frame = frame_of(Bounds::Box, 8.0, 3, &boids);
    let out = call("boids", "instances", frame.as_bytes(), br#"{"scale": 0.5}"#);
    let out = out.expect("instances");
    let (words, _) = out.as_bytes().as_chunks::<4>();
    let found: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
    let rotations: Vec<f32> = cases.iter().flat_map(|(_, rotation)| *rotation).collect();
    let expected = [[1.0, 2.0, 3.0].repeat(4), rotations, [0.5].repeat(12)].concat();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.into_iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
    }
}

/// Boids at 0, 1, 3 and 7 on a line, and around the edge of the torus.
fn neighbours_of() {
    let at = |x: f32| [x, 0.0, 0.0, 1.0, 0.0, 0.0];
    let frame = frame_of(Bounds::Torus, 8.0, 2, &[at(0.0), at(1.0), at(3.0), at(7.0), at(-7.5)]);
    let params = br#"{"id": 3, "radius": 4.5}"#;
    let out = call("boids", "neighbours_of", frame.as_bytes(), params).expect("neighbours_of");
    // From 7: -7.5 is 8.5, 1.5 away; 3 is 4 away; 0 and 1 are further than 4.5.
    let mut expected = Vec::new();
    for (id, distance) in [(4_u32, 1.5_f32), (2, 4.0)] {
        expected.extend(id.to_le_bytes());
        expected.extend(distance.to_le_bytes());
    }
    assert_eq!(out.as_bytes(), expected);
}

/// Two boids that fly apart, at 4 and 2 units per second.
fn stats() {
    let boids = [[0.0, 0.0, 0.0, 0.0, 4.0, 0.0], [1.0, 0.0, 0.0, 0.0, -2.0, 0.0]];
    let frame = frame_of(Bounds::Sphere, 2.5, 2, &boids);
    let out = call("boids", "stats", frame.as_bytes(), b"").expect("stats");
    let text = core::str::from_utf8(out.as_bytes()).expect("UTF-8");
    assert_eq!(
        text,
        "{\"count\":2,\"dim\":2,\"bounds\":\"sphere\",\"half_extent\":2.5,\"step\":0,\"seed\":0,\
         \"mean_neighbours\":0.0,\"max_neighbours\":0,\"order_parameter\":0.0,\"min_speed\":2.0,\
         \"mean_speed\":3.0,\"max_speed\":4.0,\"clusters\":2,\"largest_cluster\":1,\"lonely\":2,\
         \"mean_nearest\":0.0,\"predators\":0,\"obstacles\":0,\"caught\":0}"
    );
}
