//! The truth rule: every advertised method has a known answer, and gives it.
#![cfg(all(feature = "boids", feature = "hash"))]
#![allow(clippy::expect_used, clippy::panic)]

mod support;

#[cfg(feature = "math")]
#[path = "truth/math.rs"]
mod math;

use inos_units::Dispatcher;
use inos_units::boids::{Bounds, Frame, frame_len};
use support::{call, frame_of, hex};

/// A row per method. A method that is advertised without one fails `every_method_has_an_answer`.
const ANSWERS: &[(&str, &str, fn())] = &[
    ("hash", "blake3", blake3),
    ("hash", "sha256", sha256),
    ("boids", "init", init),
    ("boids", "step", step),
    ("boids", "resize", resize),
    ("boids", "stats", stats),
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

/// BLAKE3-team/BLAKE3, `test_vectors/test_vectors.json`: 131 bytes of output for inputs of
/// `0, 1, .. 250, 0, ..`. The first 32 are the default digest.
fn blake3() {
    let vectors = [
        (
            0,
            "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262e00f03e7b69af26b7faaf09fcd333050338ddfe085b8cc869ca98b206c08243a26f5487789e8f660afe6c99ef9e0c52b92e7393024a80459cf91f476f9ffdbda7001c22e159b402631f277ca96f2defdf1078282314e763699a31c5363165421cce14d",
        ),
        (
            1,
            "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213c3a6cb8bf623e20cdb535f8d1a5ffb86342d9c0b64aca3bce1d31f60adfa137b358ad4d79f97b47c3d5e79f179df87a3b9776ef8325f8329886ba42f07fb138bb502f4081cbcec3195c5871e6c23e2cc97d3c69a613eba131e5f1351f3f1da786545e5",
        ),
        (
            1023,
            "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11a182d27a591b05592b15607500e1e8dd56bc6c7fc063715b7a1d737df5bad3339c56778957d870eb9717b57ea3d9fb68d1b55127bba6a906a4a24bbd5acb2d123a37b28f9e9a81bbaae360d58f85e5fc9d75f7c370a0cc09b6522d9c8d822f2f28f485",
        ),
        (
            1024,
            "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af71cf8107265ecdaf8505b95d8fcec83a98a6a96ea5109d2c179c47a387ffbb404756f6eeae7883b446b70ebb144527c2075ab8ab204c0086bb22b7c93d465efc57f8d917f0b385c6df265e77003b85102967486ed57db5c5ca170ba441427ed9afa684e",
        ),
        (
            1025,
            "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444f4c4a22b4b399155358a994e52bf255de60035742ec71bd08ac275a1b51cc6bfe332b0ef84b409108cda080e6269ed4b3e2c3f7d722aa4cdc98d16deb554e5627be8f955c98e1d5f9565a9194cad0c4285f93700062d9595adb992ae68ff12800ab67a",
        ),
        (
            2048,
            "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a9a60bf80001410ec9eea6698cd537939fad4749edd484cb541aced55cd9bf54764d063f23f6f1e32e12958ba5cfeb1bf618ad094266d4fc3c968c2088f677454c288c67ba0dba337b9d91c7e1ba586dc9a5bc2d5e90c14f53a8863ac75655461cea8f9",
        ),
        (
            2049,
            "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b687952256303096de31d71d74103403822a2e0bc1eb193e7aecc9643a76b7bbc0c9f9c52e8783aae98764ca468962b5c2ec92f0c74eb5448d519713e09413719431c802f948dd5d90425a4ecdadece9eb178d80f26efccae630734dff63340285adec2aed3b51073ad3",
        ),
        (
            3072,
            "b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd29a3f6b0b978d6608335c09dc94ccf682f9951cdfc501bfe47b9c9189a6fc7b404d120258506341a6d802857322fbd20d3e5dae05b95c88793fa83db1cb08e7d8008d1599b6209d78336e24839724c191b2a52a80448306e0daa84a3fdb566661a37e11",
        ),
    ];
    for (input_len, expected) in vectors {
        let input: Vec<u8> = (0..input_len).map(|index| (index % 251) as u8).collect();
        let out = call("hash", "blake3", &input, br#"{"length": 131}"#).expect("blake3");
        assert_eq!(hex(out.as_bytes()), expected, "{input_len} bytes");
        let out = call("hash", "blake3", &input, b"").expect("blake3");
        assert_eq!(hex(out.as_bytes()), expected[..64], "{input_len} bytes, by default");
    }
}

/// NIST, FIPS 180-4 examples and the Secure Hash Algorithm Validation System's long message.
fn sha256() {
    let million = vec![b'a'; 1_000_000];
    let vectors: [(&[u8], &str); 4] = [
        (b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
        (&million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ];
    for (input, expected) in vectors {
        let out = call("hash", "sha256", input, b"").expect("sha256");
        assert_eq!(hex(out.as_bytes()), expected);
    }
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
        assert!((frame.vel(0)[zero] - pull).abs() < 1e-6);
        assert!((frame.vel(0)[one] + pull).abs() < 1e-6);
        assert_eq!(frame.vel(1)[zero], 3.0);
        assert_eq!(frame.vel(1)[one], 1.0);
        assert!((frame.pos(0)[zero] - (shift + pull * 0.5)).abs() < 1e-6);
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
         \"mean_speed\":3.0,\"max_speed\":4.0}"
    );
}
