//! The table of methods.

use super::records::{RecordPlan, Shape, each, fill, stream};
use super::{
    BetweenParams, EulerParams, MathUnit, OrthographicParams, PerspectiveParams, cull, instances,
    matrix, projection, rotation, slerp, transform, vector,
};
use crate::schema::NoParams;
use crate::simd::InstructionSet;
use crate::unit;
use crate::unit::Cost;

unit! {
    impl MathUnit: "math" (0, 1, 0) "Matrices, quaternions and vectors on slices of floats" {
        mat4_mul(NoParams) {
            summary: "Products of pairs of matrices",
            input: "m16 a, m16 b",
            result: "m16",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 25, result_kib: 0 },
            answer: "sums of products in 64 bits, written as three loops",
            bound: |_, _, input| Shape::new(32, 16).bound(input),
            run: whole(|_, _, input, out, budget| {
                let set = InstructionSet::widest();
                fill(Shape::new(32, 16), input, out, budget, |input, result| matrix::mul(set, input, result))
            }),
        }
        mat4_transpose(NoParams) {
            summary: "Rows made columns",
            input: "m16",
            result: "m16",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 520, result_kib: 0 },
            answer: "numbers counted up by hand",
            bound: |_, _, input| Shape::new(16, 16).bound(input),
            run: whole(|_, _, input, out, budget| {
                stream(Shape::new(16, 16), input, out, budget, each(matrix::transpose))
            }),
        }
        mat4_determinant(NoParams) {
            summary: "Determinants",
            input: "m16",
            result: "f32",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 320, result_kib: 0 },
            answer: "Leibniz' sum over 24 permutations in 64 bits",
            bound: |_, _, input| Shape::new(16, 1).bound(input),
            run: whole(|_, _, input, out, budget| {
                stream(Shape::new(16, 1), input, out, budget, each(matrix::determinant))
            }),
        }
        mat4_invert(NoParams) {
            summary: "Inverses",
            input: "m16",
            result: "m16",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 1_400, result_kib: 0 },
            answer: "Gauss-Jordan elimination with pivots in 64 bits",
            bound: |_, _, input| Shape::new(16, 16).bound(input),
            run: split(|_, _, input, budget| {
                RecordPlan::boxed(Shape::new(16, 16), input, budget, each(matrix::invert))
            }),
        }
        mat4_compose(NoParams) {
            summary: "Matrices of translation, rotation and scale",
            input: "v3 translation, q4, v3 scale",
            result: "m16",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 1_600, result_kib: 0 },
            answer: "the conjugation q v q* of each axis",
            bound: |_, _, input| Shape::new(10, 16).bound(input),
            run: whole(|_, _, input, out, budget| {
                stream(Shape::new(10, 16), input, out, budget, each(matrix::compose))
            }),
        }
        mat4_decompose(NoParams) {
            summary: "Translation, rotation and scale of matrices; of a reflection x is negative",
            input: "m16",
            result: "v3, q4, v3",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 2_000, result_kib: 0 },
            answer: "matrices whose parts are known beforehand",
            bound: |_, _, input| Shape::new(16, 10).bound(input),
            run: split(|_, _, input, budget| {
                RecordPlan::boxed(Shape::new(16, 10), input, budget, each(matrix::decompose))
            }),
        }
        mat4_instances(NoParams) {
            summary: "Matrices of instances in three arrays",
            input: "n v3 translations, n q4, n v3 scales",
            result: "n m16",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 1_100, result_kib: 0 },
            answer: "the conjugation q v q* of each axis",
            bound: |_, _, input| instances::SHAPE.bound(input),
            run: whole(|_, _, input, out, budget| {
                instances::instances(input, out, budget)
            }),
        }
        look_at(NoParams) {
            summary: "Views of cameras",
            input: "v3 eye, v3 target, v3 up",
            result: "m16",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 3_100, result_kib: 0 },
            answer: "where eye, target and up must go",
            bound: |_, _, input| Shape::new(9, 16).bound(input),
            run: whole(|_, _, input, out, budget| {
                stream(Shape::new(9, 16), input, out, budget, each(projection::look_at))
            }),
        }
        perspective(PerspectiveParams) {
            summary: "Perspective projections",
            input: "field of view of the height, width / height, near, far",
            result: "m16",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 2_500, result_kib: 0 },
            answer: "where the corners of the frustum must go",
            bound: |_, _, input| Shape::new(4, 16).bound(input),
            run: whole(|_, params, input, out, budget| {
                let depth = params.depth;
                stream(Shape::new(4, 16), input, out, budget, each(move |record| projection::perspective(record, depth)))
            }),
        }
        orthographic(OrthographicParams) {
            summary: "Parallel projections",
            input: "left, right, bottom, top, near, far",
            result: "m16",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 1_300, result_kib: 0 },
            answer: "where the corners of the box must go",
            bound: |_, _, input| Shape::new(6, 16).bound(input),
            run: whole(|_, params, input, out, budget| {
                let reversed = params.reversed;
                stream(Shape::new(6, 16), input, out, budget, each(move |record| projection::orthographic(record, reversed)))
            }),
        }
        quat_mul(NoParams) {
            summary: "Hamilton's products of pairs",
            input: "q4 a, q4 b",
            result: "q4",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 250, result_kib: 0 },
            answer: "Hamilton's i j = k and its kin",
            bound: |_, _, input| Shape::new(8, 4).bound(input),
            run: whole(|_, _, input, out, budget| {
                stream(Shape::new(8, 4), input, out, budget, each(rotation::mul))
            }),
        }
        quat_slerp(BetweenParams) {
            summary: "Spherical interpolation of pairs, the shorter way",
            input: "q4 a, q4 b",
            result: "q4",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 420, result_kib: 0 },
            answer: "Shoemake (1985), with sines in 64 bits",
            bound: |_, _, input| Shape::new(8, 4).bound(input),
            run: split(|_, params, input, budget| {
                let t = params.t;
                RecordPlan::boxed(Shape::new(8, 4), input, budget, move |input, out| slerp::pairs(InstructionSet::widest(), input, t, out))
            }),
        }
        quat_slerp_many(NoParams) {
            summary: "Spherical interpolation of pairs, each by its own share",
            input: "q4 a, q4 b, t",
            result: "q4",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 180, result_kib: 0 },
            answer: "Shoemake (1985), with sines in 64 bits",
            bound: |_, _, input| Shape::new(9, 4).bound(input),
            run: whole(|_, _, input, out, budget| {
                let set = InstructionSet::widest();
                fill(Shape::new(9, 4), input, out, budget, |input, result| slerp::block(set, input, result))
            }),
        }
        quat_from_euler(EulerParams) {
            summary: "Quaternions of Euler angles",
            input: "three angles",
            result: "q4",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 3_800, result_kib: 0 },
            answer: "products of rotation matrices about single axes",
            bound: |_, _, input| Shape::new(3, 4).bound(input),
            run: whole(|_, params, input, out, budget| {
                let order = params.order;
                stream(Shape::new(3, 4), input, out, budget, each(move |angles| rotation::from_euler(angles, order)))
            }),
        }
        quat_to_euler(EulerParams) {
            summary: "Euler angles of quaternions",
            input: "q4",
            result: "three angles",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 4_500, result_kib: 0 },
            answer: "products of rotation matrices about single axes",
            bound: |_, _, input| Shape::new(4, 3).bound(input),
            run: whole(|_, params, input, out, budget| {
                let order = params.order;
                stream(Shape::new(4, 3), input, out, budget, each(move |record| rotation::to_euler(record, order)))
            }),
        }
        quat_from_axis_angle(NoParams) {
            summary: "Quaternions of an axis of any length and an angle",
            input: "v3 axis, angle",
            result: "q4",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 1_200, result_kib: 0 },
            answer: "Rodrigues' formula",
            bound: |_, _, input| Shape::new(4, 4).bound(input),
            run: whole(|_, _, input, out, budget| {
                stream(Shape::new(4, 4), input, out, budget, each(rotation::from_axis_angle))
            }),
        }
        quat_to_axis_angle(NoParams) {
            summary: "Axis of length 1 and angle of quaternions; x and 0 of no rotation",
            input: "q4",
            result: "v3 axis, angle",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 3_800, result_kib: 0 },
            answer: "Rodrigues' formula",
            bound: |_, _, input| Shape::new(4, 4).bound(input),
            run: whole(|_, _, input, out, budget| {
                stream(Shape::new(4, 4), input, out, budget, each(rotation::to_axis_angle))
            }),
        }
        vec3_dot(NoParams) {
            summary: "Scalar products of pairs",
            input: "v3 a, v3 b",
            result: "f32",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 140, result_kib: 0 },
            answer: "worked out by hand",
            bound: |_, _, input| Shape::new(6, 1).bound(input),
            run: whole(|_, _, input, out, budget| {
                stream(Shape::new(6, 1), input, out, budget, each(vector::dot))
            }),
        }
        vec3_cross(NoParams) {
            summary: "Vector products of pairs",
            input: "v3 a, v3 b",
            result: "v3",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 190, result_kib: 0 },
            answer: "x cross y is z, and its kin",
            bound: |_, _, input| Shape::new(6, 3).bound(input),
            run: whole(|_, _, input, out, budget| {
                stream(Shape::new(6, 3), input, out, budget, each(vector::cross))
            }),
        }
        vec3_length(NoParams) {
            summary: "Lengths",
            input: "v3",
            result: "f32",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 860, result_kib: 0 },
            answer: "Pythagorean quadruples",
            bound: |_, _, input| Shape::new(3, 1).bound(input),
            run: whole(|_, _, input, out, budget| {
                stream(Shape::new(3, 1), input, out, budget, each(vector::length))
            }),
        }
        vec3_normalise(NoParams) {
            summary: "Vectors of length 1; of 0, 0",
            input: "v3",
            result: "v3",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 1_100, result_kib: 0 },
            answer: "Pythagorean quadruples",
            bound: |_, _, input| Shape::new(3, 3).bound(input),
            run: whole(|_, _, input, out, budget| {
                stream(Shape::new(3, 3), input, out, budget, each(vector::normalise))
            }),
        }
        vec3_lerp(BetweenParams) {
            summary: "Points on the way between pairs",
            input: "v3 a, v3 b",
            result: "v3",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 150, result_kib: 0 },
            answer: "worked out by hand",
            bound: |_, _, input| Shape::new(6, 3).bound(input),
            run: whole(|_, params, input, out, budget| {
                let t = params.t;
                stream(Shape::new(6, 3), input, out, budget, each(move |record| vector::lerp(record, t)))
            }),
        }
        transform_points(NoParams) {
            summary: "Points through one matrix",
            input: "m16, then v3",
            result: "v3",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 50, result_kib: 0 },
            answer: "sums of products in 64 bits",
            bound: |_, _, input| transform::SHAPE.bound(transform::split(input)?.1),
            run: whole(|_, _, input, out, budget| {
                transform::affine(input, true, out, budget)
            }),
        }
        transform_directions(NoParams) {
            summary: "Directions through the upper 3 by 3 of one matrix",
            input: "m16, then v3",
            result: "v3",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 50, result_kib: 0 },
            answer: "sums of products in 64 bits",
            bound: |_, _, input| transform::SHAPE.bound(transform::split(input)?.1),
            run: whole(|_, _, input, out, budget| {
                transform::affine(input, false, out, budget)
            }),
        }
        transform_normals(NoParams) {
            summary: "Normals through the inverse transpose, of length 1; of 0, 0",
            input: "m16, then v3",
            result: "v3",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 1_300, result_kib: 0 },
            answer: "normals stay across their surface",
            bound: |_, _, input| transform::SHAPE.bound(transform::split(input)?.1),
            run: whole(|_, _, input, out, budget| {
                transform::normals(input, out, budget)
            }),
        }
        project_points(NoParams) {
            summary: "Points through one projection, divided by w",
            input: "m16, then v3",
            result: "v3",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 600, result_kib: 0 },
            answer: "sums of products in 64 bits",
            bound: |_, _, input| transform::SHAPE.bound(transform::split(input)?.1),
            run: whole(|_, _, input, out, budget| {
                transform::project(input, out, budget)
            }),
        }
        frustum_planes(NoParams) {
            summary: "Planes a b c d of what a projection sees: left, right, bottom, top, near, far; inside is positive",
            input: "m16",
            result: "six planes",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 1_600, result_kib: 0 },
            answer: "the planes of a cube, and of a right angle",
            bound: |_, _, input| Shape::new(16, 24).bound(input),
            run: whole(|_, _, input, out, budget| {
                stream(Shape::new(16, 24), input, out, budget, each(cull::planes))
            }),
        }
        cull_spheres(NoParams) {
            summary: "Indices of spheres that touch the inside of six planes",
            input: "six planes, then v3 centre, radius",
            result: "u32 of each that is seen",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 4_500, result_kib: 0 },
            answer: "spheres beside a cube",
            bound: |_, _, input| cull::bound::<4>(input),
            run: whole(|_, _, input, out, budget| {
                cull::cull::<4>(input, cull::is_sphere, cull::sphere, out, budget)
            }),
        }
        cull_boxes(NoParams) {
            summary: "Indices of boxes that touch the inside of six planes",
            input: "six planes, then v3 low, v3 high",
            result: "u32 of each that is seen",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 1_200, result_kib: 0 },
            answer: "every corner against every plane",
            bound: |_, _, input| cull::bound::<6>(input),
            run: whole(|_, _, input, out, budget| {
                cull::cull::<6>(input, cull::is_aabb, cull::aabb, out, budget)
            }),
        }
    }
}
