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
//! # Speed
//! `mat4_mul`, `transform_points`, `transform_directions` and the slerps compute with the widest
//! vectors that the processor has, a lane for a record (of products, four lanes for a column); all but
//! `quat_slerp`, which threads can share, write into the output itself where it gives room. A lane
//! does what a single record would, so the bits do not depend on it. `math_rate` among the examples measures them beside glam; with
//! many more records than fit into the caches, memory sets the pace.
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
mod table;
#[cfg(test)]
mod tests;
mod transform;
mod vector;

pub use projection::Depth;
pub use rotation::Order;

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
