// One sum per workgroup of 256 values, pairwise, in an order that does not depend on timing.
// A host adds `sums` up again, or runs this once more over them.

struct Params {
    // Values that count; the last workgroup reads zero past them.
    value_count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;

const WIDTH: u32 = 256u;

var<workgroup> partial: array<f32, WIDTH>;

@compute @workgroup_size(WIDTH)
fn reduce(
    @builtin(global_invocation_id) global: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) workgroup: vec3<u32>,
) {
    var value = 0.0;
    if global.x < min(params.value_count, arrayLength(&values)) {
        value = values[global.x];
    }
    partial[lane] = value;

    for (var half = WIDTH / 2u; half > 0u; half = half / 2u) {
        workgroupBarrier();
        if lane < half {
            partial[lane] += partial[lane + half];
        }
    }

    if lane == 0u && workgroup.x < arrayLength(&sums) {
        sums[workgroup.x] = partial[0];
    }
}
