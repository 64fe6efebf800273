//! Shaders with known answers: what is reflected, and where a bad one is refused.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // helpers outside test functions

use inos_gpu::{BindingKind, EntryPoint, Limits, ShaderError, ShaderInfo, Stage, inspect};

const REDUCE: &str = include_str!("../shader/reduce.wgsl");

fn good(source: &str) -> ShaderInfo {
    inspect(source, &Limits::default()).unwrap()
}

fn bad(source: &str) -> ShaderError {
    inspect(source, &Limits::default()).unwrap_err()
}

/// Group, binding, name, kind, least length and stride.
type Row<'a> = (u32, u32, &'a str, BindingKind, u64, Option<u32>);

fn rows(info: &ShaderInfo) -> Vec<Row<'_>> {
    info.bindings
        .iter()
        .map(|b| (b.group, b.binding, b.name.as_str(), b.kind, b.min_len, b.tail_stride_len))
        .collect()
}

/// The line and column of an error, and whether its text contains `words`.
#[track_caller]
fn assert_refused(source: &str, at: (u32, u32), words: &str) -> ShaderError {
    let error = bad(source);
    let found = error.location().map(|at| (at.line, at.column));
    assert_eq!(found, Some(at), "{error}\n{error:?}");
    assert!(error.to_string().contains(words), "{error}");
    assert!(error.to_string().starts_with(&format!("{}:{}: ", at.0, at.1)), "{error}");
    error
}

#[test]
fn reduction() {
    let info = good(REDUCE);
    assert_eq!(
        rows(&info),
        [
            (0, 0, "params", BindingKind::Uniform, 4, None),
            (0, 1, "values", BindingKind::StorageRead, 4, Some(4)),
            (0, 2, "sums", BindingKind::StorageReadWrite, 4, Some(4)),
        ]
    );
    let entry = info.entry_point("reduce").unwrap();
    assert_eq!(entry.stage, Stage::Compute);
    assert_eq!(entry.workgroup_size, [256, 1, 1]);
    assert_eq!(entry.workgroup_memory_len, 1024);
    assert_eq!(entry.binding_indices, [0, 1, 2]);
    assert!(info.entry_point("main").is_none());
}

/// Sizes from the tables and examples of WGSL's chapter on memory layout.
#[test]
fn least_lengths_follow_wgsl_layout() {
    let info = good(
        "struct A { u: f32, v: f32, w: vec2f, x: f32 }             // align 8, size 24
         struct B { a: vec2f, b: vec3f, c: f32, d: f32, e: A, f: vec3f, g: array<A, 3>, h: i32 }
         struct Tail { count: atomic<u32>, items: array<vec3f> }   // 16 + one element of 16
         struct Wide { @size(32) a: u32, @align(64) b: u32 }
         @group(0) @binding(0) var<storage> a: A;
         @group(0) @binding(1) var<storage> b: B;
         @group(0) @binding(2) var<storage, read_write> tail: Tail;
         @group(0) @binding(3) var<storage> matrix: mat3x3f;
         @group(0) @binding(4) var<storage> vectors: array<vec3f>;
         @group(0) @binding(5) var<storage> short: vec3f;
         @group(0) @binding(6) var<storage> wide: Wide;
         @compute @workgroup_size(1) fn main() {}",
    );
    let lens: Vec<_> = info.bindings.iter().map(|b| (b.min_len, b.tail_stride_len)).collect();
    assert_eq!(
        lens,
        [
            (24, None),
            (160, None),
            (32, Some(16)),
            (48, None),
            (16, Some(16)),
            (12, None),
            (128, None),
        ]
    );
}

#[test]
fn textures_and_samplers_per_entry_point() {
    let info = good(
        "@group(1) @binding(0) var colour: texture_2d<f32>;
         @group(1) @binding(1) var smooth_sampler: sampler;
         @group(0) @binding(3) var shadow: texture_depth_2d;
         @group(0) @binding(4) var compare: sampler_comparison;
         @group(2) @binding(0) var target_image: texture_storage_2d<rgba8unorm, write>;

         @vertex fn corner(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
             return vec4f(f32(i), 0, 0, 1);
         }
         fn lit(uv: vec2f) -> f32 { return textureSampleCompareLevel(shadow, compare, uv, 0.5); }
         @fragment fn shade(@builtin(position) p: vec4f) -> @location(0) vec4f {
             return lit(p.xy) * textureSample(colour, smooth_sampler, p.xy);
         }
         @compute @workgroup_size(8, 4, 2) fn fill(@builtin(global_invocation_id) id: vec3u) {
             textureStore(target_image, id.xy, vec4f(1));
         }",
    );
    assert_eq!(
        rows(&info),
        [
            (0, 3, "shadow", BindingKind::Texture, 0, None),
            (0, 4, "compare", BindingKind::ComparisonSampler, 0, None),
            (1, 0, "colour", BindingKind::Texture, 0, None),
            (1, 1, "smooth_sampler", BindingKind::Sampler, 0, None),
            (2, 0, "target_image", BindingKind::StorageTexture, 0, None),
        ]
    );
    let names = |entry: &EntryPoint| -> Vec<_> {
        info.bindings_of(entry).map(|binding| binding.binding).collect()
    };
    let [corner, shade, fill] = &info.entry_points[..] else { panic!("{info:?}") };
    assert_eq!((corner.stage, names(corner)), (Stage::Vertex, vec![]));
    assert_eq!((shade.stage, names(shade)), (Stage::Fragment, vec![3, 4, 0, 1]));
    assert_eq!((fill.stage, names(fill)), (Stage::Compute, vec![0]));
    assert_eq!(shade.workgroup_size, [0; 3]);
    assert_eq!(fill.workgroup_size, [8, 4, 2]);
}

#[test]
fn one_slot_may_serve_two_entry_points_but_not_one() {
    let two = "@group(0) @binding(0) var<storage, read_write> a: u32;
@group(0) @binding(0) var<storage, read_write> b: u32;
@compute @workgroup_size(1) fn f() { a = 1u; }
@compute @workgroup_size(1) fn g() { b = 1u; }";
    let info = good(two);
    assert_eq!(info.entry_points[0].binding_indices, [0]);
    assert_eq!(info.entry_points[1].binding_indices, [1]);

    let error = assert_refused(&two.replace("b = 1u", "b = a"), (2, 23), "conflict");
    assert!(matches!(error, ShaderError::Invalid { .. }));
}

#[test]
fn syntax_and_names() {
    for (source, at, words) in [
        ("fn main( {}", (1, 10), "expected"),
        ("fn f() {\n  let x = y;\n}", (2, 11), "`y`"),
        ("fn f() {\n  g();\n}", (2, 3), "`g`"),
        ("fn f(a: flaot) {}", (1, 9), "`flaot`"),
        ("/* é\n */ const é = ü;", (2, 15), "`ü`"),
        ("fn f() {}\nfn f() {}", (2, 4), "redefinition"),
        ("const a = b;\nconst b = a;", (2, 7), "cyclic"),
        ("@compute @workgroup_size(0)\nfn f() {}", (2, 4), "out of range"),
        ("@compute fn f() {}", (1, 2), "workgroup size is missing"),
        ("/* never closed", (1, 1), "unterminated"),
    ] {
        assert_refused(source, at, words);
    }
}

#[test]
fn types_and_rules() {
    for (source, at, words) in [
        ("fn f() {\n  let x: u32 = 1.5;\n}", (2, 7), "u32"),
        ("fn f() -> u32 {\n  return 1i;\n}", (2, 10), "return"),
        ("fn f(a: f32, b: u32) -> f32 {\n  return a * b;\n}", (2, 10), "Multiply"),
        ("var<storage> a: u32;", (1, 1), "missing"),
        ("@group(0) @binding(0) var<uniform> a: array<f32, 4>;", (1, 23), "not a multiple of"),
        ("@group(0) @binding(0) var<storage> a: u32;\nfn f() {\n  a = 1u;\n}", (3, 3), "store"),
        ("fn f() { f(); }", (1, 4), "recursive"),
        ("fn f() -> u32 {}", (1, 1), "return"),
    ] {
        assert_refused(source, at, words);
    }
}

#[test]
fn optional_features_are_refused() {
    for source in [
        "enable f16; fn f(a: f16) {}",
        "@group(0) @binding(0) var t: texture_external;",
        "@group(0) @binding(0) var<storage> b: binding_array<u32, 2>;",
        "var<private> x: f64;",
        "@compute @workgroup_size(1) fn f() { _ = subgroupAdd(1u); }",
    ] {
        let error = bad(source);
        assert!(
            matches!(error, ShaderError::Parse { .. } | ShaderError::Invalid { .. }),
            "{source}: {error}"
        );
    }
}

#[test]
fn nothing_to_dispatch() {
    assert_eq!(bad(""), ShaderError::NoEntryPoint);
    assert_eq!(bad("fn helper() {}"), ShaderError::NoEntryPoint);
}
