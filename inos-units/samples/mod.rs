//! A call or more of each method that is accepted: what fuzzing starts from, and what is compared
//! between machines.

use inos_units::{Budget, Call, Dispatcher, VecOutput, batch};

/// A call, by names.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// The unit.
    pub(crate) unit: &'static str,
    /// Its method.
    pub(crate) method: &'static str,
    /// What it works on.
    pub(crate) input: Vec<u8>,
    /// Its parameters.
    pub(crate) params: String,
}

/// Calls that come before all others, in this order, since the others name what they made: keys,
/// whose handles are [`key`]`(0)` and so on, and stored [`objects`].
pub(crate) fn setup() -> Vec<Sample> {
    #[allow(unused_mut)]
    let mut samples = Vec::new();
    #[cfg(feature = "crypto")]
    for (number, kind) in ["aead", "ed25519", "x25519", "aead", "stream"].iter().enumerate() {
        let len = if *kind == "stream" { 16 } else { 32 };
        let (input, params) = (vec![number as u8 + 1; len], format!(r#"{{"kind": "{kind}"}}"#));
        samples.push(Sample { unit: "crypto", method: "key_import", input, params });
    }
    #[cfg(feature = "storage")]
    for input in objects() {
        samples.push(Sample { unit: "storage", method: "put", input, params: String::new() });
    }
    samples
}

/// The handle of a key that [`setup`] imported.
#[cfg(feature = "crypto")]
fn key(number: u64) -> u64 {
    1 << 32 | number
}

/// A dispatcher with every unit, as it is after [`setup`].
pub(crate) fn units() -> Dispatcher {
    let units = Dispatcher::standard();
    for sample in setup() {
        let call = Call { input: &sample.input, params: sample.params.as_bytes() };
        let (mut out, budget) = (VecOutput::new(64), Budget::unlimited());
        // One that fails shows in the samples that need it.
        let _ = units.execute_named(sample.unit, sample.method, call, &mut out, &budget);
    }
    units
}

/// The samples of every unit whose feature is on, for a dispatcher as [`units`] gives it.
pub(crate) fn all() -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut add = |unit, method, input: &[u8], params: &str| {
        let (input, params) = (input.to_vec(), params.to_owned());
        samples.push(Sample { unit, method, input, params });
    };
    hash(&mut add);
    boids(&mut add);
    #[cfg(feature = "compress")]
    compress(&mut add);
    #[cfg(feature = "crypto")]
    crypto(&mut add);
    #[cfg(feature = "math")]
    math(&mut add);
    #[cfg(feature = "storage")]
    storage(&mut add);
    #[cfg(feature = "storage-pack")]
    packs(&mut add);
    samples
}

type Add<'a> = &'a mut dyn FnMut(&'static str, &'static str, &[u8], &str);

fn hash(add: Add<'_>) {
    for len in [0, 1, 63, 64, 65, 1025, 5000] {
        let input = bytes(len);
        add("hash", "blake3", &input, r#"{"length": 100}"#);
        add("hash", "sha256", &input, "");
        add("hash", "sha512", &input, "");
        add("hash", "hmac", &input, r#"{"key": "00ff", "algorithm": "sha512"}"#);
        add("hash", "hkdf", &input, r#"{"salt": "01", "info": "0203", "length": 50}"#);
        add("hash", "blake3_keyed", &input, &format!(r#"{{"key": "{}"}}"#, "5a".repeat(32)));
        add("hash", "blake3_derive_key", &input, r#"{"context": "696e6f73"}"#);
        let state = result("hash", "blake3_update", &input, "");
        let params = format!(r#"{{"state": "{}"}}"#, hex(&state));
        add("hash", "blake3_update", &input, &params);
        add("hash", "blake3_finish", &input, &params);
    }
    let messages = [bytes(64), bytes(64), bytes(64), bytes(7), bytes(2000)];
    let batch = batch::join(messages.iter().map(Vec::as_slice)).unwrap_or_default();
    add("hash", "blake3_many", &batch, "");
    add("hash", "sha256_many", &batch, "");
    let content = bytes(5000);
    let digest = hex(&result("hash", "blake3", &content, ""));
    for range in [r#""offset": 1500, "length": 1000"#, r#""offset": 4999, "length": 1, "group": 0"#]
    {
        let params = format!("{{{range}}}");
        add("hash", "blake3_slice", &content, &params);
        let slice = result("hash", "blake3_slice", &content, &params);
        let params = format!(r#"{{"digest": "{digest}", {range}}}"#);
        add("hash", "blake3_verify_slice", &slice, &params);
    }
}

fn boids(add: Add<'_>) {
    for params in [
        r#"{"count": 40, "dim": 2, "seed": 3}"#,
        r#"{"count": 90, "bounds": "box", "half_extent": 2}"#,
        r#"{"count": 70, "bounds": "sphere", "speed": 2.5}"#,
    ] {
        add("boids", "init", b"", params);
        let mut frame = result("boids", "init", b"", params);
        for _ in 0..5 {
            add("boids", "step", &frame, r#"{"dt": 0.05}"#);
            frame = result("boids", "step", &frame, r#"{"dt": 0.05}"#);
        }
        add("boids", "resize", &frame, r#"{"count": 55}"#);
        add("boids", "stats", &frame, "");
        add("boids", "view", &frame, "");
        add("boids", "view", &frame, r#"{"colour": "speed", "max_speed": 1}"#);
        add("boids", "instances", &frame, r#"{"scale": 0.25}"#);
        add("boids", "neighbours_of", &frame, r#"{"id": 7, "max": 9}"#);
        // A ball at the origin, of radius one half.
        let ball = format!("{}0000003f{}", "00".repeat(16), "00".repeat(12));
        let scene = format!("{{\"predators\": 2, \"obstacles\": \"{ball}\"}}");
        add("boids", "set_scene", &frame, &scene);
        frame = result("boids", "set_scene", &frame, &scene);
        add("boids", "step", &frame, r#"{"goal_weight": 2, "wind_x": 0.5, "fear_radius": 1}"#);
    }
    for trials in [
        r#""count": 12, "dim": 2, "steps": 6, "trials": 1"#,
        r#""count": 20, "seed": 3, "steps": 5, "dt": 0.1"#,
    ] {
        let params = format!(r#"{{{trials}, "population": 4, "islands": 3, "generations": 2}}"#);
        add("boids", "evolve", b"", &params);
        let population = result("boids", "evolve", b"", &params);
        add("boids", "evolve", &population, &params);
        add("boids", "genome", &population, "");
        let rules = result("boids", "genome", &population, "");
        add("boids", "fitness", &rules, &format!("{{{trials}}}"));
        add("boids", "fitness", b"", &format!("{{{trials}}}"));
    }
}

#[cfg(feature = "compress")]
fn compress(add: Add<'_>) {
    for input in [bytes(0), bytes(300), b"one two three ".repeat(700)] {
        for quality in [3, 6, 11] {
            let params = format!(r#"{{"quality": {quality}}}"#);
            add("compress", "brotli_compress", &input, &params);
            let stream = result("compress", "brotli_compress", &input, &params);
            add("compress", "brotli_decompress", &stream, "");
        }
        let params = r#"{"block": 4096}"#;
        add("compress", "compress_blocks", &input, params);
        let container = result("compress", "compress_blocks", &input, params);
        add("compress", "decompress_blocks", &container, "");
        let range = format!(r#"{{"offset": {}, "length": {}}}"#, input.len() / 2, input.len() / 3);
        add("compress", "decompress_range", &container, &range);
    }
}

#[cfg(feature = "crypto")]
fn crypto(add: Add<'_>) {
    let [aead, ed25519, x25519, other, stream] = [0, 1, 2, 3, 4].map(key);
    let of = |key: u64| format!(r#"{{"key": {key}}}"#);
    for len in [0, 1, 64, 1000] {
        let message = bytes(len);
        for (unit, nonce) in [("chacha20poly1305", 12), ("xchacha20poly1305", 24)] {
            let nonce = "5a".repeat(nonce);
            let params = format!(r#"{{"key": {aead}, "nonce": "{nonce}", "aad": "0102"}}"#);
            let (seal, open) = match unit {
                "chacha20poly1305" => ("chacha20poly1305_seal", "chacha20poly1305_open"),
                _ => ("xchacha20poly1305_seal", "xchacha20poly1305_open"),
            };
            add("crypto", seal, &message, &params);
            let sealed = result("crypto", seal, &message, &params);
            add("crypto", open, &sealed, &params);
        }
        let params = format!(r#"{{"key": {aead}, "aad": "0102"}}"#);
        add("crypto", "seal_fresh", &message, &params);
        let params = format!(r#"{{"key": {aead}, "nonce": "{}"}}"#, "5a".repeat(24));
        let sealed = result("crypto", "xchacha20poly1305_seal", &message, &params);
        add("crypto", "open_fresh", &[&[0x5a; 24][..], &sealed].concat(), &of(aead));
        let params = format!(r#"{{"key": {stream}, "nonce": "{}"}}"#, "5a".repeat(16));
        add("crypto", "seal_stream", &message, &params);
        let sealed = result("crypto", "seal_stream", &message, &params);
        add("crypto", "open_stream", &sealed, &of(stream));
        add("crypto", "ed25519_sign", &message, &of(ed25519));
        let signature = result("crypto", "ed25519_sign", &message, &of(ed25519));
        let public = result("crypto", "key_public", b"", &of(ed25519));
        let params =
            format!(r#"{{"public": "{}", "signature": "{}"}}"#, hex(&public), hex(&signature));
        add("crypto", "ed25519_verify", &message, &params);
        let item = [public, signature, message].concat();
        let batch = batch::join([item.as_slice(), &item]).unwrap_or_default();
        add("crypto", "ed25519_verify_batch", &batch, "");
    }
    let batch = batch::join([&b"one"[..], b"", b"three"]).unwrap_or_default();
    let params = format!(r#"{{"key": {aead}, "nonce": "{}"}}"#, "00".repeat(12));
    add("crypto", "seal_many", &batch, &params);
    add("crypto", "open_many", &result("crypto", "seal_many", &batch, &params), &params);
    add("crypto", "key_public", b"", &of(ed25519));
    add("crypto", "key_public", b"", &of(x25519));
    let password = r#""salt": "0001020304050607", "memory": 16, "passes": 1, "lanes": 2"#;
    add("crypto", "argon2id_hash", b"password", &format!("{{{password}}}"));
    let hash = hex(&result("crypto", "argon2id_hash", b"password", &format!("{{{password}}}")));
    let params = format!(r#"{{{password}, "hash": "{hash}"}}"#);
    add("crypto", "argon2id_verify", b"password", &params);
    let public = hex(&result("crypto", "key_public", b"", &of(x25519)));
    let params = format!(r#"{{"key": {x25519}, "public": "{public}", "info": "00"}}"#);
    add("crypto", "x25519_agree", b"", &params);
    add("crypto", "key_generate", b"", r#"{"kind": "x25519"}"#);
    add("crypto", "key_import", &bytes(32), "");
    add("crypto", "key_import", &bytes(16), r#"{"kind": "stream"}"#);
    add("crypto", "key_drop", b"", &of(other));
}

/// Floats, the lowest byte first.
#[cfg(feature = "math")]
fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[cfg(feature = "math")]
fn math(add: Add<'_>) {
    let [turn, other] = [[0.1_f32, 0.2, 0.3, 0.9], [-0.3, 0.5, 0.2, 0.7]].map(|quaternion| {
        let length = quaternion.iter().map(|value| value * value).sum::<f32>().sqrt();
        quaternion.map(|value| value / length)
    });
    let (place, scale) = ([1.5, -2.0, 3.25], [2.0, 0.5, 1.25]);
    let composed = [&place[..], &turn, &scale].concat();
    let matrix = result("math", "mat4_compose", &floats(&composed), "");
    let camera = [3.0, 4.0, 5.0, 0.0, 0.5, 0.0, 0.0, 1.0, 0.0];
    let view = result("math", "look_at", &floats(&camera), "");
    let lens = result("math", "perspective", &floats(&[1.1, 1.6, 0.1, 100.0]), "");
    let both = result("math", "mat4_mul", &[&lens[..], &view].concat(), "");
    let planes = result("math", "frustum_planes", &both, "");
    let points: Vec<u8> =
        (0..40).flat_map(|index| floats(&[index as f32 * 0.37 - 7.0, 1.5, index as f32])).collect();
    let after = |matrix: &[u8]| [matrix, &points].concat();

    add("math", "mat4_compose", &floats(&composed), "");
    for method in ["mat4_transpose", "mat4_determinant", "mat4_invert", "mat4_decompose"] {
        add("math", method, &matrix, "");
    }
    add("math", "mat4_mul", &[&lens[..], &view].concat(), "");
    add("math", "mat4_instances", &floats(&composed), "");
    add("math", "look_at", &floats(&camera), "");
    add("math", "perspective", &floats(&[1.1, 1.6, 0.1, 100.0]), "");
    add("math", "orthographic", &floats(&[-2.0, 2.0, -1.0, 1.0, 0.1, 50.0]), "");
    let pair = floats(&[turn, other].concat());
    add("math", "quat_mul", &pair, "");
    add("math", "quat_slerp", &pair, r#"{"t": 0.3}"#);
    add("math", "quat_slerp_many", &[&pair[..], &floats(&[0.7])].concat().repeat(9), "");
    add("math", "quat_from_euler", &floats(&[0.3, -1.2, 2.5]), "");
    add("math", "quat_to_euler", &floats(&turn), "");
    add("math", "quat_from_axis_angle", &floats(&[1.0, 2.0, -2.0, 0.8]), "");
    add("math", "quat_to_axis_angle", &floats(&turn), "");
    let vectors = floats(&[1.0, 2.5, -3.0, 0.5, -1.5, 4.0]);
    for method in ["vec3_dot", "vec3_cross", "vec3_lerp", "vec3_length", "vec3_normalise"] {
        add("math", method, &vectors, "");
    }
    for method in ["transform_points", "transform_directions", "transform_normals"] {
        add("math", method, &after(&matrix), "");
    }
    add("math", "project_points", &after(&both), "");
    add("math", "frustum_planes", &both, "");
    let spheres: Vec<u8> =
        (0..40).flat_map(|index| floats(&[index as f32 - 20.0, 0.0, 0.0, 1.0])).collect();
    add("math", "cull_spheres", &[&planes[..], &spheres].concat(), "");
    let boxes: Vec<u8> = (0..40)
        .flat_map(|index| floats(&[index as f32 - 20.0, -1.0, -1.0, index as f32 - 19.0, 1.0, 1.0]))
        .collect();
    add("math", "cull_boxes", &[&planes[..], &boxes].concat(), "");
}

/// Objects that are stored: one of several chunks, one of one, and nothing.
#[cfg(feature = "storage")]
fn objects() -> [Vec<u8>; 3] {
    let mut state = 7_u32;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    [(0..40_000).map(|_| noise()).collect(), bytes(100), Vec::new()]
}

#[cfg(feature = "storage")]
fn storage(add: Add<'_>) {
    let objects = objects();
    let addresses: Vec<Vec<u8>> =
        objects.iter().map(|object| result("storage", "put", object, "")).collect();
    let list = addresses.concat();
    for (object, address) in objects.iter().zip(&addresses) {
        let address = format!(r#""address": "{}""#, hex(address));
        add("storage", "put", object, "");
        add("storage", "chunk", object, "");
        add("storage", "get", b"", &format!("{{{address}}}"));
        add("storage", "manifest", b"", &format!("{{{address}}}"));
        let (offset, length) = (object.len() / 3, object.len() / 2);
        let range = format!(r#"{{{address}, "offset": {offset}, "length": {length}}}"#);
        add("storage", "get_range", b"", &range);
    }
    let many = batch::join([&b"one"[..], b"", b"three"]).unwrap_or_default();
    add("storage", "put_many", &many, "");
    for method in ["has", "pin", "unpin", "delete"] {
        add("storage", method, &list, "");
    }
    add("storage", "put", &objects[1], "");
    add("storage", "gc", b"", "");
    add("storage", "stat", b"", "");
    add("storage", "scrub", b"", "");
    add("storage", "export", b"", "");
    add("storage", "import", &result("storage", "export", b"", ""), "");
    let mut sets = 2_u64.to_le_bytes().to_vec();
    sets.extend_from_slice(&list);
    add("storage", "diff", &sets, "");
}

#[cfg(feature = "storage-pack")]
fn packs(add: Add<'_>) {
    let cuts = r#""min": 64, "average": 256, "max": 1024"#;
    let key = format!(r#""key": {}"#, key(0));
    let nonce = format!(r#"{key}, "nonce": "{}""#, "5a".repeat(24));
    let file = [&vec![0; 2500][..], &b"one two three ".repeat(70), &bytes(100)].concat();
    for input in [&file[..], &file[2400..2600], b""] {
        for compression in ["brotli", "none"] {
            let how = format!(r#"{cuts}, "compression": "{compression}""#);
            add("storage", "pack", input, &format!("{{{how}}}"));
            add("storage", "pack_sealed", input, &format!("{{{nonce}, {how}}}"));
            let pack = result("storage", "pack", input, &format!("{{{how}}}"));
            let sealed = result("storage", "pack_sealed", input, &format!("{{{nonce}, {how}}}"));
            for (pack, key) in [(pack, r#""key": 0"#), (sealed, &key)] {
                add("storage", "pack_manifest", &pack, &format!("{{{key}}}"));
                add("storage", "unpack", &pack, &format!("{{{key}}}"));
                let (offset, length) = (input.len() / 3, input.len() / 2);
                let range = format!(r#"{{{key}, "offset": {offset}, "length": {length}}}"#);
                add("storage", "unpack_range", &pack, &range);
            }
        }
    }
}

/// What a call gives; nothing if it is refused, which the next sample then shows.
fn result(unit: &str, method: &str, input: &[u8], params: &str) -> Vec<u8> {
    let mut out = VecOutput::new(1 << 24);
    let call = Call { input, params: params.as_bytes() };
    let _ = units().execute_named(unit, method, call, &mut out, &Budget::unlimited());
    out.to_vec()
}

/// So many bytes that look like nothing in particular.
fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index * 167 + index / 7) as u8).collect()
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
