//! Matrices, quaternions and vectors, on slices of 32-bit floats.
//!
//! Input and result are records of little-endian 32-bit floats, one after the other; a single
//! value is a slice of one, and no records give no result. `m16` is a matrix of four by four by
//! columns (`m[4 * column + row]`), `v3` is `x y z`, `q4` is `x y z w`. Vectors are columns:
//! `a * b` does `b` first. Angles are radians; cameras are right-handed, look along -z and have
//! depth from 0 to 1.
//!
//! | method | input record | result record | refused, besides what is not finite |
//! |---|---|---|---|
//! | `mat4_mul` | m16 a, m16 b | m16 | nothing |
//! | `mat4_transpose` | m16 | m16 | nothing |
//! | `mat4_determinant` | m16 | f32 | nothing |
//! | `mat4_invert` | m16 | m16 | a singular matrix |
//! | `mat4_compose` | v3 translation, q4, v3 scale | m16 | a quaternion of 0 |
//! | `mat4_decompose` | m16 | v3, q4, v3 | a last row but 0 0 0 1, a singular or a sheared matrix |
//! | `mat4_instances` | n v3 translations, n q4, n v3 scales | n m16 | a quaternion of 0 |
//! | `look_at` | v3 eye, v3 target, v3 up | m16 | eye = target, up of 0 or along the view |
//! | `perspective` | field of view of the height, width / height, near, far | m16 | an angle not between 0 and pi, an aspect or near not above 0, far not beyond near (infinite kinds ignore far) |
//! | `orthographic` | left, right, bottom, top, near, far | m16 | a box without volume |
//! | `quat_mul` | q4 a, q4 b | q4 | nothing |
//! | `quat_slerp` | q4 a, q4 b | q4 | a length but 1 |
//! | `quat_slerp_many` | q4 a, q4 b, t | q4 | a length but 1, t not from 0 to 1 |
//! | `quat_from_euler` | three angles | q4 | nothing |
//! | `quat_to_euler` | q4 | three angles | a quaternion of 0 |
//! | `quat_from_axis_angle` | v3 axis, angle | q4 | an axis of 0 |
//! | `quat_to_axis_angle` | q4 | v3 axis, angle | a quaternion of 0 |
//! | `vec3_dot` | v3 a, v3 b | f32 | nothing |
//! | `vec3_cross` | v3 a, v3 b | v3 | nothing |
//! | `vec3_length` | v3 | f32 | nothing |
//! | `vec3_normalise` | v3 | v3 | nothing |
//! | `vec3_lerp` | v3 a, v3 b | v3 | nothing |
//! | `transform_points` | m16, then v3 | v3 | a last row but 0 0 0 1 |
//! | `transform_directions` | m16, then v3 | v3 | nothing |
//! | `transform_normals` | m16, then v3 | v3 | a singular upper 3 by 3 |
//! | `project_points` | m16, then v3 | v3 | w of 0 |
//! | `frustum_planes` | m16 | six planes | a matrix that sees nothing |
//! | `cull_spheres` | six planes, then v3 centre, radius | u32 of each that is seen | a negative radius |
//! | `cull_boxes` | six planes, then v3 low, v3 high | u32 of each that is seen | corners the wrong way round |
//!
//! # Guarantees
//! - No result is NaN or infinite. A number of the input that is not finite, and a result beyond
//!   the range of 32-bit floats, refuse the call with [`BadInput`](crate::UnitError::BadInput).
//! - Every method is strict: the same bits everywhere. There is `+ - * /` and the square root in
//!   a fixed order, and trigonometry from the `libm` crate; nothing is fused.
//! - Most work is done in 64 bits and rounded once at the end. `mat4_mul`, `transform_points`,
//!   `transform_directions`, `vec3_lerp` and the two slerps work in 32 bits. In these a sum on
//!   the way that overflows refuses the call, too.
//! - A matrix counts as singular if its determinant is below 10^-12 of the product of the lengths
//!   of its columns.
//! - Quaternions are brought to length 1 before use, but not in `quat_mul`, and the slerps take
//!   none whose squared length is further than 0.001 from 1.
//! - `mat4_invert`, `mat4_decompose` and `quat_slerp` can be cut into ranges of records. The
//!   others are so cheap that the copy a plan must own would cost more than the work.
//!
//! # Sources
//! glam for inverses, determinants, Euler angles and quaternions of matrices, all in 64 bits;
//! Gribb and Hartmann (2001) for the planes of a frustum; Shoemake (1985) for slerp, with
//! Abramowitz and Stegun 4.4.46 for the angle.
//!
//! # Not supported
//! Left-handed cameras, depth from -1 to 1, vectors of two and four, matrices of two and three,
//! Euler angles with the first axis again as the third, 64-bit input.
//!
//! # Example
//! ```
//! use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput};
//!
//! // A quarter turn about z, as axis and angle.
//! let turn = [0.0, 0.0, 2.0, core::f32::consts::FRAC_PI_2].map(f32::to_le_bytes);
//! let call = Call { input: turn.as_flattened(), params: b"" };
//! let mut out = VecOutput::new(16);
//! let units = Dispatcher::standard();
//! units.execute_named("math", "quat_from_axis_angle", call, &mut out, &Budget::unlimited())?;
//! let (words, _) = out.as_bytes().as_chunks::<4>();
//! let w = f32::from_le_bytes(words[3]);
//! assert!((w - 0.5_f32.sqrt()).abs() < 1e-6);
//! # Ok::<(), UnitError>(())
//! ```

mod cull;
mod instances;
mod matrix;
mod projection;
mod records;
mod rotation;
mod slerp;
mod transform;
mod vector;

use records::{RecordPlan, Shape, each, stream};

pub use projection::Depth;
pub use rotation::Order;

use crate::schema::NoParams;
use crate::unit;
use crate::unit::Cost;

crate::params! {
    /// What `quat_from_euler` and `quat_to_euler` take.
    pub struct EulerParams {
        order: Order = Xyz => "Axes in the order they are applied, each as turned so far";
    }
}

crate::params! {
    /// What `quat_slerp` and `vec3_lerp` take.
    pub struct BetweenParams {
        t: f32 = 0.5 in 0.0..=1.0 => "How far from the first to the second";
    }
}

crate::params! {
    /// What `perspective` takes.
    pub struct PerspectiveParams {
        depth: Depth = Finite => "What becomes of depth";
    }
}

crate::params! {
    /// What `orthographic` takes.
    pub struct OrthographicParams {
        reversed: bool = false => "Whether depth is 1 at the near plane and 0 at the far one";
    }
}

/// The unit `math`. It has no state.
#[derive(Clone, Copy, Debug, Default)]
pub struct MathUnit(());

impl MathUnit {
    /// The unit.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

unit! {
    impl MathUnit: "math" (0, 1, 0) "Matrices, quaternions and vectors on slices of floats" {
        mat4_mul(NoParams) {
            summary: "Products of pairs of matrices",
            input: "m16 a, m16 b",
            result: "m16",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 440, result_kib: 0 },
            answer: "sums of products in 64 bits, written as three loops",
            bound: |_, _, input| Shape::new(32, 16).bound(input),
            run: whole(|_, _, input, out, budget| {
                stream(Shape::new(32, 16), input, out, budget, each(matrix::mul))
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
                RecordPlan::boxed(Shape::new(8, 4), input, budget, move |input, out| slerp::pairs(input, t, out))
            }),
        }
        quat_slerp_many(NoParams) {
            summary: "Spherical interpolation of pairs, each by its own share",
            input: "q4 a, q4 b, t",
            result: "q4",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 300, result_kib: 0 },
            answer: "Shoemake (1985), with sines in 64 bits",
            bound: |_, _, input| Shape::new(9, 4).bound(input),
            run: whole(|_, _, input, out, budget| {
                stream(Shape::new(9, 4), input, out, budget, slerp::block)
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
            cost: Cost { call: 200, input_kib: 150, result_kib: 0 },
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
            cost: Cost { call: 200, input_kib: 150, result_kib: 0 },
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
