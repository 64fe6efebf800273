//! Each limit at its bound and one past it, and the bounds on text.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // helpers outside test functions

use std::fmt::Write;

use inos_gpu::{Limits, Location, ShaderError, inspect};

/// Asserts that `source` is over the limit of this name, and returns value, bound and line.
#[track_caller]
fn over(source: &str, name: &str) -> (u64, u64, u32) {
    match inspect(source, &Limits::default()) {
        Err(ShaderError::OverLimit { limit, value, max, at: Some(at), .. }) if limit == name => {
            (value, max, at.line)
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn fits(source: &str) {
    if let Err(error) = inspect(source, &Limits::default()) {
        panic!("{error}");
    }
}

#[test]
fn workgroups() {
    let sized =
        |size: &str| format!("// fn wide\n@compute @workgroup_size({size})\nfn wide() {{}}");
    fits(&sized("256"));
    fits(&sized("1, 256"));
    fits(&sized("2, 2, 64"));
    for (size, name, value, max) in [
        ("257", "maxComputeWorkgroupSizeX", 257, 256),
        ("1, 257", "maxComputeWorkgroupSizeY", 257, 256),
        ("1, 1, 65", "maxComputeWorkgroupSizeZ", 65, 64),
        ("16, 16, 2", "maxComputeInvocationsPerWorkgroup", 512, 256),
        ("4294967295u", "maxComputeWorkgroupSizeX", 4_294_967_295, 256),
    ] {
        assert_eq!(over(&sized(size), name), (value, max, 3), "{size}");
    }

    let mut limits = Limits::default();
    limits.max_compute_workgroup_size_x = u32::MAX;
    limits.max_compute_workgroup_size_y = u32::MAX;
    limits.max_compute_workgroup_size_z = u32::MAX;
    let all = "4294967295u, 4294967295u, 4294967295u";
    assert!(matches!(
        inspect(&sized(all), &limits),
        Err(ShaderError::OverLimit { value: u64::MAX, max: 256, .. })
    ));
}

#[test]
fn workgroup_memory() {
    let memory = |len: u32| {
        format!(
            "var<workgroup> a: u32; // counts 16
var<workgroup> b: array<u32, {len}>;
var<workgroup> unused: array<u32, 4096>;
@compute @workgroup_size(1) fn main() {{ a = b[a]; }}"
        )
    };
    fits(&memory(4092));
    assert_eq!(over(&memory(4093), "maxComputeWorkgroupStorageSize"), (16_400, 16_384, 4));
}

#[test]
fn bindings() {
    let main = "\n@compute @workgroup_size(1) fn main() {}";
    let at = |group: u32, binding: u32| {
        format!("@group({group}) @binding({binding}) var s: sampler;{main}")
    };
    fits(&at(3, 999));
    assert_eq!(over(&at(4, 0), "maxBindGroups"), (5, 4, 1));
    assert_eq!(over(&at(0, 1000), "maxBindingsPerBindGroup"), (1001, 1000, 1));
    assert_eq!(over(&at(0, u32::MAX >> 1), "maxBindingsPerBindGroup"), (1 << 31, 1000, 1));

    let buffer = |space: &str, len: u32| {
        format!("@group(0) @binding(0) var<{space}> b: array<vec4u, {len}>;{main}")
    };
    fits(&buffer("uniform", 4096));
    fits(&buffer("storage", 8 << 20));
    let uniform = over(&buffer("uniform", 4097), "maxUniformBufferBindingSize");
    assert_eq!(uniform, (65_552, 65_536, 1));
    let storage = over(&buffer("storage", (8 << 20) + 1), "maxStorageBufferBindingSize");
    assert_eq!(storage, (134_217_744, 134_217_728, 1));
}

#[test]
fn resources_per_stage() {
    for (declared, used, max, name) in [
        ("var<uniform> v#: u32;", "_ = v#;", 12, "maxUniformBuffersPerShaderStage"),
        ("var<storage> v#: u32;", "_ = v#;", 8, "maxStorageBuffersPerShaderStage"),
        (
            "var v#: texture_2d<f32>;",
            "_ = textureDimensions(v#);",
            16,
            "maxSampledTexturesPerShaderStage",
        ),
        (
            "var v#: texture_storage_2d<r32uint, write>;",
            "_ = textureDimensions(v#);",
            4,
            "maxStorageTexturesPerShaderStage",
        ),
        (
            "var v#: sampler;",
            "_ = textureSampleLevel(image, v#, vec2f(), 0);",
            16,
            "maxSamplersPerShaderStage",
        ),
    ] {
        // One more is declared than used: what an entry point does not use does not count.
        let shader = |count: u32| {
            let mut source = String::from("@group(1) @binding(0) var image: texture_2d<f32>;\n");
            for i in 0..=count {
                let declared = declared.replace('#', &i.to_string());
                writeln!(source, "@group(0) @binding({i}) {declared}").unwrap();
            }
            source += "@compute @workgroup_size(1) fn main() {";
            for i in 0..count {
                source += &used.replace('#', &i.to_string());
            }
            source + "}"
        };
        fits(&shader(max));
        let line = max + 4;
        assert_eq!(over(&shader(max + 1), name), (u64::from(max) + 1, max.into(), line), "{name}");
    }
}

#[test]
fn overrides_are_refused_where_a_number_is_needed() {
    for source in [
        "override n: u32 = 64;\n@compute @workgroup_size(n) fn main() {}",
        "override n: u32 = 64;\nvar<workgroup> a: array<u32, n>;
         @compute @workgroup_size(1) fn main() { a[0] = 1; }",
    ] {
        let error = inspect(source, &Limits::default()).unwrap_err();
        assert!(matches!(error, ShaderError::Unsupported { .. }), "{error}");
        assert_eq!(error.location().map(|at| at.line), Some(2));
    }
    fits("override n: u32 = 64; @compute @workgroup_size(1) fn main() { _ = n; }");
}

#[test]
fn long_sources_are_not_read() {
    let mut limits = Limits::default();
    limits.max_source_len = 10;
    let error = inspect("not wgsl at all", &limits).unwrap_err();
    assert_eq!(error, ShaderError::TooLong { len: 15, max: 10 });
    assert_eq!(error.location(), None);
}

/// Each of these ends the process with an overflown stack if nothing bounds it.
#[test]
fn deep_sources_are_refused_and_the_deepest_allowed_is_not() {
    let main = "@compute @workgroup_size(1) fn main() {}\n";
    let chain = |link: &str, n: usize| {
        format!("{main}fn f(x: i32, v: vec4f, b: bool) {{ let y = {}; }}", link.repeat(n))
    };
    let deep = |n: usize| {
        [
            format!("{main}fn f(x: i32) {{ let y = x{}; }}", "+x".repeat(n)),
            format!("{main}fn f(x: i32) {{ let y = x{}; }}", "/*;*/+//{\r\nx".repeat(n)),
            format!("{main}fn f(x: i32) {{ let y = {}x; }}", "- ".repeat(n)),
            format!("{main}fn f(v: vec4f) {{ let y = v{}; }}", ".xyzw".repeat(n)),
            format!("{main}fn f(x: i32) {{ let y = abs(x{}); }}", "+max(x,1)".repeat(n)),
        ]
    };
    for source in deep(999) {
        fits(&source);
    }
    for source in deep(20_000) {
        let error = inspect(&source, &Limits::default()).unwrap_err();
        let what = "operators in one statement";
        assert!(matches!(error, ShaderError::TooDeep { what: w, max: 1000, .. } if w == what));
    }
    let error = inspect(&chain("+x", 1001), &Limits::default()).unwrap_err();
    assert!(matches!(error, ShaderError::TooDeep { at: Location { line: 2, .. }, .. }), "{error}");

    let elses =
        |n: usize| format!("{main}fn f(b: bool) {{ if b {{}} {} }}", "else if b {}".repeat(n));
    fits(&elses(250));
    let error = inspect(&elses(251), &Limits::default()).unwrap_err();
    assert!(matches!(error, ShaderError::TooDeep { max: 250, .. }), "{error}");

    // The deepest blocks, branches and operators at once.
    fits(&format!(
        "{main}fn f(b: bool, x: i32) {{ {} if b {{}} {} else {{ let y = x{}; }} {} }}",
        "{".repeat(120),
        "else if b {}".repeat(249),
        "+x".repeat(999),
        "}".repeat(120),
    ));

    let declarations = |n: usize| {
        let mut source = String::from(main);
        for i in 0..n {
            write!(source, "const c{i} = c{} + 1;", i + 1).unwrap();
        }
        write!(source, "const c{n} = 1;").unwrap();
        source
    };
    fits(&declarations(1998));
    let error = inspect(&declarations(1999), &Limits::default()).unwrap_err();
    assert!(matches!(error, ShaderError::TooDeep { max: 2000, .. }), "{error}");
}

/// Negative numbers in a table are no chain.
#[test]
fn long_tables_are_not_deep() {
    let numbers = "-1.5, ".repeat(4000);
    fits(&format!(
        "const table = array<f32, 4000>({numbers});
         @compute @workgroup_size(1) fn main() {{ _ = table[3]; }}"
    ));
}

#[test]
fn brackets_and_blocks_are_bounded_by_the_parser() {
    for (open, close) in [("(", ")"), ("{", "}"), ("[", "]"), ("array<", ">"), ("if b {", "}")] {
        for n in [150, 900, 20_000] {
            let source = format!("fn f(b: bool) {{ {}b{}; }}", open.repeat(n), close.repeat(n));
            assert!(inspect(&source, &Limits::default()).is_err());
        }
    }
}
