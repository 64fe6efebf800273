//! Known answers of `math`: other formulations, in 64 bits, and numbers worked out by hand.

use crate::support::call;

/// Calls a method on floats.
fn run(method: &str, input: &[f32], params: &str) -> Vec<f32> {
    let bytes: Vec<u8> = input.iter().flat_map(|value| value.to_le_bytes()).collect();
    let out = call("math", method, &bytes, params.as_bytes()).expect(method);
    let (words, _) = out.as_bytes().as_chunks::<4>();
    words.iter().map(|word| f32::from_le_bytes(*word)).collect()
}

#[track_caller]
fn assert_near(found: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let error = (f64::from(*found) - expected).abs();
        assert!(error <= tolerance * expected.abs().max(1.0), "{found} for {expected}");
    }
}

/// Numbers from -1 to 1 without a pattern.
fn noise(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

type Matrix = [[f64; 4]; 4];

/// `m[row][column]` of a matrix by columns.
fn rows(m: &[f32]) -> Matrix {
    let mut result = [[0.0; 4]; 4];
    for (index, value) in m.iter().enumerate() {
        result[index % 4][index / 4] = f64::from(*value);
    }
    result
}

fn columns(m: Matrix) -> Vec<f64> {
    (0..16).map(|index| m[index % 4][index / 4]).collect()
}

fn product(a: Matrix, b: Matrix) -> Matrix {
    let mut result = [[0.0; 4]; 4];
    for row in 0..4 {
        for column in 0..4 {
            for inner in 0..4 {
                result[row][column] += a[row][inner] * b[inner][column];
            }
        }
    }
    result
}

/// `m * (v, w)`.
fn apply(m: Matrix, v: &[f32], w: f64) -> [f64; 4] {
    let v = [f64::from(v[0]), f64::from(v[1]), f64::from(v[2]), w];
    m.map(|row| row.iter().zip(v).map(|(a, b)| a * b).sum())
}

pub(crate) fn mat4_mul() {
    let input = noise(32 * 5, 1);
    let found = run("mat4_mul", &input, "");
    for (pair, found) in input.chunks(32).zip(found.chunks(16)) {
        assert_near(found, &columns(product(rows(&pair[..16]), rows(&pair[16..]))), 1e-6);
    }
}

pub(crate) fn mat4_transpose() {
    let input: Vec<f32> = (0..16).map(|value| value as f32).collect();
    let expected =
        [0., 4., 8., 12., 1., 5., 9., 13., 2., 6., 10., 14., 3., 7., 11., 15.].map(f64::from);
    assert_near(&run("mat4_transpose", &input, ""), &expected, 0.0);
}

/// Leibniz' sum: a product for each permutation, signed by its inversions.
pub(crate) fn mat4_determinant() {
    let input = noise(16 * 7, 2);
    let found = run("mat4_determinant", &input, "");
    for (m, found) in input.chunks(16).zip(found) {
        let m = rows(m);
        let mut sum = 0.0;
        for code in 0..256_usize {
            let p = [code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6];
            let pairs = || (0..4).flat_map(|i| (0..i).map(move |j| (j, i)));
            if pairs().any(|(j, i)| p[j] == p[i]) {
                continue;
            }
            let swaps = pairs().filter(|&(j, i)| p[j] > p[i]).count();
            let sign = if swaps % 2 == 0 { 1.0 } else { -1.0 };
            sum += sign * (0..4).map(|row| m[row][p[row]]).product::<f64>();
        }
        assert_near(&[found], &[sum], 1e-6);
    }
    assert_eq!(run("mat4_determinant", &[1.0; 16], ""), [0.0]);
}

/// Gauss-Jordan elimination with the largest pivot of each column.
pub(crate) fn mat4_invert() {
    let input = noise(16 * 9, 3);
    let found = run("mat4_invert", &input, "");
    for (m, found) in input.chunks(16).zip(found.chunks(16)) {
        let mut left = rows(m);
        let mut right = [[0.0; 4]; 4];
        for (index, row) in right.iter_mut().enumerate() {
            row[index] = 1.0;
        }
        for column in 0..4 {
            let pivot = (column..4)
                .max_by(|&a, &b| left[a][column].abs().total_cmp(&left[b][column].abs()))
                .expect("a row");
            left.swap(column, pivot);
            right.swap(column, pivot);
            let by = left[column][column];
            left[column] = left[column].map(|value| value / by);
            right[column] = right[column].map(|value| value / by);
            for row in (0..4).filter(|&row| row != column) {
                let by = left[row][column];
                for inner in 0..4 {
                    left[row][inner] -= by * left[column][inner];
                    right[row][inner] -= by * right[column][inner];
                }
            }
        }
        assert_near(found, &columns(right), 1e-6);
    }
}

/// Hamilton's product, from the table of `i`, `j` and `k`; `x y z w`.
fn hamilton(a: [f64; 4], b: [f64; 4]) -> [f64; 4] {
    // Place and sign of the product of two units; 3 is the real one.
    let table = [
        [(3, -1.0), (2, 1.0), (1, -1.0), (0, 1.0)],
        [(2, -1.0), (3, -1.0), (0, 1.0), (1, 1.0)],
        [(1, 1.0), (0, -1.0), (3, -1.0), (2, 1.0)],
        [(0, 1.0), (1, 1.0), (2, 1.0), (3, 1.0)],
    ];
    let mut result = [0.0; 4];
    for i in 0..4 {
        for j in 0..4 {
            let (place, sign) = table[i][j];
            result[place] += sign * a[i] * b[j];
        }
    }
    result
}

/// `q v q*` of a quaternion of any length, brought to 1.
fn conjugate(q: &[f32], v: [f64; 3]) -> [f64; 3] {
    let length = wide(q).iter().map(|value| value * value).sum::<f64>().sqrt();
    let [x, y, z, w] = [0, 1, 2, 3].map(|index| f64::from(q[index]) / length);
    let turned = hamilton(hamilton([x, y, z, w], [v[0], v[1], v[2], 0.0]), [-x, -y, -z, w]);
    [turned[0], turned[1], turned[2]]
}

fn composed(t: &[f32], q: &[f32], s: &[f32]) -> Vec<f64> {
    let mut result = Vec::new();
    for axis in 0..3 {
        let mut v = [0.0; 3];
        v[axis] = f64::from(s[axis]);
        result.extend(conjugate(q, v));
        result.push(0.0);
    }
    result.extend(wide(t));
    result.push(1.0);
    result
}

pub(crate) fn mat4_compose() {
    let input = noise(10 * 6, 4);
    let found = run("mat4_compose", &input, "");
    for (part, found) in input.chunks(10).zip(found.chunks(16)) {
        assert_near(found, &composed(&part[..3], &part[3..7], &part[7..]), 1e-6);
    }
}

pub(crate) fn mat4_instances() {
    let count = 6;
    let input = noise(10 * count, 5);
    let found = run("mat4_instances", &input, "");
    assert_eq!(found.len(), 16 * count);
    for (index, found) in found.chunks(16).enumerate() {
        let (t, q) = (&input[index * 3..], &input[count * 3 + index * 4..]);
        let s = &input[count * 7 + index * 3..];
        assert_near(found, &composed(&t[..3], &q[..4], &s[..3]), 1e-6);
    }
}

/// A half turn about y, a quarter about z, and a mirror, written down by hand.
pub(crate) fn mat4_decompose() {
    let r = 0.5_f64.sqrt();
    let half = [-2., 0., 0., 0., 0., 3., 0., 0., 0., 0., -4., 0., 5., 6., 7., 1.];
    assert_near(
        &run("mat4_decompose", &half, ""),
        &[5.0, 6.0, 7.0, 0.0, 1.0, 0.0, 0.0, 2.0, 3.0, 4.0],
        1e-6,
    );
    let quarter = [0., 2., 0., 0., -3., 0., 0., 0., 0., 0., 4., 0., 0., 0., 0., 1.];
    assert_near(
        &run("mat4_decompose", &quarter, ""),
        &[0.0, 0.0, 0.0, 0.0, 0.0, r, r, 2.0, 3.0, 4.0],
        1e-6,
    );
    let mirror = [-2., 0., 0., 0., 0., 3., 0., 0., 0., 0., 4., 0., 0., 0., 0., 1.];
    assert_near(
        &run("mat4_decompose", &mirror, ""),
        &[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, -2.0, 3.0, 4.0],
        1e-6,
    );
}

/// The eye goes to the origin, the target straight ahead, up stays in the plane x = 0, and
/// lengths stay.
pub(crate) fn look_at() {
    for camera in noise(9 * 5, 6).chunks(9) {
        let m = rows(&run("look_at", camera, ""));
        let distance =
            (0..3).map(|i| (f64::from(camera[i + 3]) - f64::from(camera[i])).powi(2)).sum::<f64>();
        let eye = apply(m, &camera[..3], 1.0);
        let target = apply(m, &camera[3..6], 1.0);
        let up = apply(m, &camera[6..], 0.0);
        let expected = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, -distance.sqrt(), 1.0];
        for (found, expected) in eye.iter().chain(&target).zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{found} for {expected}");
        }
        assert!(up[0].abs() < 1e-6 && up[1] > 0.0);
        let length = wide(&camera[6..]).iter().map(|value| value * value).sum::<f64>();
        assert!((up.iter().map(|value| value * value).sum::<f64>() - length).abs() < 1e-5);
    }
}

/// Corners of the frustum go to corners of the cube.
pub(crate) fn perspective() {
    let (near, far, aspect) = (0.5_f32, 100.0_f32, 1.5_f32);
    // The height is 2 * near at the near plane: 90 degrees.
    let input = [core::f32::consts::FRAC_PI_2, aspect, near, far];
    for (depth, at_near, at_far) in [
        ("finite", 0.0, 1.0),
        ("reversed", 1.0, 0.0),
        ("infinite", 0.0, 1.0 - 0.5 / 100.0),
        ("infinite_reversed", 1.0, 0.5 / 100.0),
    ] {
        let m = rows(&run("perspective", &input, &format!("{{\"depth\": \"{depth}\"}}")));
        for (z, expected) in [(near, at_near), (far, at_far)] {
            let clip = apply(m, &[z * aspect, -z, -z], 1.0);
            let found = [0, 1, 2].map(|axis| (clip[axis] / clip[3]) as f32);
            assert_near(&found, &[1.0, -1.0, expected], 1e-5);
            assert!((clip[3] - f64::from(z)).abs() < 1e-6);
        }
    }
}

pub(crate) fn orthographic() {
    let input = [-2.0, 6.0, 1.0, 4.0, 0.5, 8.5];
    for (params, at_near, at_far) in [("", 0.0, 1.0), (r#"{"reversed": true}"#, 1.0, 0.0)] {
        let m = rows(&run("orthographic", &input, params));
        for (corner, expected) in [
            ([-2.0, 1.0, -0.5], [-1.0, -1.0, at_near, 1.0]),
            ([6.0, 4.0, -8.5], [1.0, 1.0, at_far, 1.0]),
        ] {
            assert_near(&apply(m, &corner, 1.0).map(|value| value as f32), &expected, 1e-6);
        }
    }
}

pub(crate) fn quat_mul() {
    let (i, j, k) = ([1., 0., 0., 0.], [0., 1., 0., 0.], [0., 0., 1., 0.]);
    let products = run("quat_mul", &[i, j, j, k, k, i, i, i].concat(), "");
    assert_eq!(products, [k, i, j, [0., 0., 0., -1.]].concat());
    let input = noise(8 * 5, 7);
    for (pair, found) in input.chunks(8).zip(run("quat_mul", &input, "").chunks(4)) {
        let [a, b] = [0, 4].map(|at| [0, 1, 2, 3].map(|index| f64::from(pair[at + index])));
        assert_near(found, &hamilton(a, b), 1e-6);
    }
}

/// Unit quaternions in pairs.
fn pairs(count: usize, seed: u32) -> Vec<f32> {
    let mut result = noise(count * 8, seed);
    for q in result.chunks_mut(4) {
        let length = wide(q).iter().map(|value| value * value).sum::<f64>().sqrt();
        q.iter_mut().for_each(|value| *value = (f64::from(*value) / length) as f32);
    }
    result
}

/// Shoemake's formula.
fn shoemake(pair: &[f32], t: f64) -> Vec<f64> {
    let (a, mut b) = (wide(&pair[..4]), wide(&pair[4..8]));
    let mut cosine: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
    if cosine < 0.0 {
        cosine = -cosine;
        b.iter_mut().for_each(|value| *value = -*value);
    }
    let angle = cosine.min(1.0).acos();
    let weights = [((1.0 - t) * angle).sin() / angle.sin(), (t * angle).sin() / angle.sin()];
    a.iter().zip(&b).map(|(a, b)| weights[0] * a + weights[1] * b).collect()
}

pub(crate) fn quat_slerp() {
    let input = pairs(21, 8);
    let found = run("quat_slerp", &input, r#"{"t": 0.25}"#);
    for (pair, found) in input.chunks(8).zip(found.chunks(4)) {
        assert_near(found, &shoemake(pair, 0.25), 5e-7);
    }
}

pub(crate) fn quat_slerp_many() {
    let shares: Vec<f32> = noise(1003, 9).iter().map(|value| value.abs()).collect();
    let input: Vec<f32> = pairs(1003, 10)
        .chunks(8)
        .zip(&shares)
        .flat_map(|(pair, t)| pair.iter().chain([t]).copied().collect::<Vec<_>>())
        .collect();
    let found = run("quat_slerp_many", &input, "");
    for (record, found) in input.chunks(9).zip(found.chunks(4)) {
        assert_near(found, &shoemake(record, f64::from(record[8])), 5e-7);
    }
}

/// Rodrigues: `R = 1 + sin K + (1 - cos) K^2`, with `K` the cross product with the axis.
fn rodrigues(axis: [f64; 3], angle: f64) -> Matrix {
    let length = axis.iter().map(|value| value * value).sum::<f64>().sqrt();
    let [x, y, z] = axis.map(|value| value / length);
    let k = [[0.0, -z, y, 0.0], [z, 0.0, -x, 0.0], [-y, x, 0.0, 0.0], [0.0; 4]];
    let squared = product(k, k);
    let mut result = [[0.0; 4]; 4];
    for row in 0..4 {
        result[row][row] = 1.0;
        for column in 0..4 {
            result[row][column] +=
                angle.sin() * k[row][column] + (1.0 - angle.cos()) * squared[row][column];
        }
    }
    result
}

/// Compares a quaternion with a matrix by what they do to three axes.
fn assert_turns(q: &[f32], m: Matrix) {
    for axis in 0..3 {
        let mut v = [0.0; 3];
        v[axis] = 1.0;
        let found = conjugate(q, v).map(|value| value as f32);
        assert_near(&found, &[m[0][axis], m[1][axis], m[2][axis]], 2e-6);
    }
}

const ORDERS: [(&str, [usize; 3]); 6] = [
    ("xyz", [0, 1, 2]),
    ("xzy", [0, 2, 1]),
    ("yxz", [1, 0, 2]),
    ("yzx", [1, 2, 0]),
    ("zxy", [2, 0, 1]),
    ("zyx", [2, 1, 0]),
];

fn euler(angles: &[f32], axes: [usize; 3]) -> Matrix {
    let turns = [0, 1, 2].map(|index| {
        let mut axis = [0.0; 3];
        axis[axes[index]] = 1.0;
        rodrigues(axis, f64::from(angles[index]))
    });
    product(product(turns[0], turns[1]), turns[2])
}

pub(crate) fn quat_from_euler() {
    let angles: Vec<f32> = noise(3 * 5, 11).iter().map(|value| value * 3.0).collect();
    for (order, axes) in ORDERS {
        let found = run("quat_from_euler", &angles, &format!("{{\"order\": \"{order}\"}}"));
        for (angles, q) in angles.chunks(3).zip(found.chunks(4)) {
            assert_turns(q, euler(angles, axes));
        }
    }
}

pub(crate) fn quat_to_euler() {
    let quats = pairs(4, 12);
    for (order, axes) in ORDERS {
        let found = run("quat_to_euler", &quats, &format!("{{\"order\": \"{order}\"}}"));
        for (q, angles) in quats.chunks(4).zip(found.chunks(3)) {
            assert_turns(q, euler(angles, axes));
        }
    }
}

pub(crate) fn quat_from_axis_angle() {
    let input: Vec<f32> = noise(4 * 6, 13).iter().map(|value| value * 3.0).collect();
    for (turn, q) in input.chunks(4).zip(run("quat_from_axis_angle", &input, "").chunks(4)) {
        let axis = [0, 1, 2].map(|index| f64::from(turn[index]));
        assert_turns(q, rodrigues(axis, f64::from(turn[3])));
    }
}

pub(crate) fn quat_to_axis_angle() {
    let quats = pairs(4, 14);
    for (q, turn) in quats.chunks(4).zip(run("quat_to_axis_angle", &quats, "").chunks(4)) {
        let axis = [0, 1, 2].map(|index| f64::from(turn[index]));
        assert!((axis.iter().map(|value| value * value).sum::<f64>() - 1.0).abs() < 1e-6);
        assert_turns(q, rodrigues(axis, f64::from(turn[3])));
    }
    assert_eq!(run("quat_to_axis_angle", &[0., 0., 0., 1.], ""), [1., 0., 0., 0.]);
}

pub(crate) fn vec3_dot() {
    assert_eq!(run("vec3_dot", &[1., 2., 3., 4., -5., 6., 1., 0., 0., 0., 1., 0.], ""), [12., 0.]);
}

pub(crate) fn vec3_cross() {
    let (x, y, z) = ([1., 0., 0.], [0., 1., 0.], [0., 0., 1.]);
    assert_eq!(run("vec3_cross", &[x, y, y, z, z, x].concat(), ""), [z, x, y].concat());
    assert_eq!(run("vec3_cross", &[1., 2., 3., 4., 5., 6.], ""), [-3., 6., -3.]);
}

pub(crate) fn vec3_length() {
    // The last squares are beyond 32 bits on both sides.
    let input = [1., 2., -2., 2., 3., 6., 0., 0., 0., 3e30, 0., 4e30, 3e-30, 0., 4e-30];
    assert_eq!(run("vec3_length", &input, ""), [3., 7., 0., 5e30, 5e-30]);
}

pub(crate) fn vec3_normalise() {
    let found = run("vec3_normalise", &[1., 2., -2., 2e30, 3e30, 6e30, 0., 0., 0.], "");
    let expected = [1. / 3., 2. / 3., -2. / 3., 2. / 7., 3. / 7., 6. / 7., 0., 0., 0.];
    assert_near(&found, &expected, 1e-7);
}

pub(crate) fn vec3_lerp() {
    let input = [0., 8., -4., 4., 0., 4.];
    assert_eq!(run("vec3_lerp", &input, r#"{"t": 0.25}"#), [1., 6., -2.]);
    assert_eq!(run("vec3_lerp", &input, ""), [2., 4., 0.]);
}

/// An affine matrix and points.
fn affine(points: usize, seed: u32) -> Vec<f32> {
    let mut input = noise(16 + 3 * points, seed);
    for (index, value) in [(3, 0.0), (7, 0.0), (11, 0.0), (15, 1.0)] {
        input[index] = value;
    }
    input
}

fn check_affine(method: &str, w: f64) {
    for points in [0, 1, 7, 8, 1035] {
        let input = affine(points, 15);
        let found = run(method, &input, "");
        assert_eq!(found.len(), 3 * points);
        for (point, found) in input[16..].chunks(3).zip(found.chunks(3)) {
            assert_near(found, &apply(rows(&input[..16]), point, w)[..3], 1e-6);
        }
    }
}

pub(crate) fn transform_points() {
    check_affine("transform_points", 1.0);
}

pub(crate) fn transform_directions() {
    check_affine("transform_directions", 0.0);
}

/// A normal stays across two directions of its surface, and on its side.
pub(crate) fn transform_normals() {
    let input = affine(2, 16);
    let m = rows(&input[..16]);
    let (a, b) = (&input[16..19], &input[19..22]);
    let normal = run("vec3_cross", &input[16..22], "");
    let found = run("transform_normals", &[&input[..16], &normal].concat(), "");
    let dot = |v: [f64; 4]| (0..3).map(|axis| v[axis] * f64::from(found[axis])).sum::<f64>();
    assert!(dot(apply(m, a, 0.0)).abs() < 1e-6);
    assert!(dot(apply(m, b, 0.0)).abs() < 1e-6);
    assert!(dot(apply(m, &normal, 0.0)) > 0.0);
    assert!((wide(&found).iter().map(|value| value * value).sum::<f64>() - 1.0).abs() < 1e-6);
}

pub(crate) fn project_points() {
    let input = noise(16 + 30, 17);
    let found = run("project_points", &input, "");
    for (point, found) in input[16..].chunks(3).zip(found.chunks(3)) {
        let p = apply(rows(&input[..16]), point, 1.0);
        assert_near(found, &[p[0] / p[3], p[1] / p[3], p[2] / p[3]], 1e-6);
    }
}

/// Planes of the cube x, y from -1 to 1, z from 0 to 1, which the identity sees.
const CUBE: [f32; 24] = [
    1., 0., 0., 1., -1., 0., 0., 1., 0., 1., 0., 1., 0., -1., 0., 1., 0., 0., 1., 0., 0., 0., -1.,
    1.,
];

pub(crate) fn frustum_planes() {
    let identity = [1., 0., 0., 0., 0., 1., 0., 0., 0., 0., 1., 0., 0., 0., 0., 1.];
    assert_eq!(run("frustum_planes", &identity, ""), CUBE);
    // A right angle of view: the sides lean by 45 degrees; near at -2, nothing far.
    let view = [core::f32::consts::FRAC_PI_2, 1.0, 2.0, 0.0];
    let m = run("perspective", &view, r#"{"depth": "infinite"}"#);
    let r = 0.5_f64.sqrt();
    let expected = [
        [r, 0.0, -r, 0.0],
        [-r, 0.0, -r, 0.0],
        [0.0, r, -r, 0.0],
        [0.0, -r, -r, 0.0],
        [0.0, 0.0, -1.0, -2.0],
        [0.0, 0.0, 0.0, 1.0],
    ];
    assert_near(&run("frustum_planes", &m, ""), expected.as_flattened(), 1e-6);
}

fn indices(method: &str, shapes: &[f32]) -> Vec<u32> {
    run(method, &[&CUBE, shapes].concat(), "").iter().map(|value| value.to_bits()).collect()
}

pub(crate) fn cull_spheres() {
    let spheres = [
        [0.0, 0.0, 0.5, 0.0],
        [2.0, 0.0, 0.5, 0.5],
        [2.0, 0.0, 0.5, 1.0],
        [0.0, -3.0, 0.5, 1.5],
        [0.0, 0.0, -0.5, 0.25],
        [0.0, 0.0, 1.5, 0.75],
        [0.0, 0.0, 0.5, 100.0],
    ];
    assert_eq!(indices("cull_spheres", spheres.as_flattened()), [0, 2, 5, 6]);
}

/// A box is out if all eight of its corners are outside of one plane.
pub(crate) fn cull_boxes() {
    let mut boxes: Vec<f32> = noise(6 * 700, 18).iter().map(|value| value * 3.0).collect();
    for corners in boxes.chunks_mut(6) {
        for axis in 0..3 {
            let (low, high) = (corners[axis], corners[axis + 3]);
            (corners[axis], corners[axis + 3]) = (low.min(high), low.max(high));
        }
    }
    let seen = |corners: &[f32]| {
        CUBE.chunks(4).all(|plane| {
            (0..8).any(|which| {
                let corner = [0, 1, 2].map(|axis| corners[axis + 3 * (which >> axis & 1)]);
                (0..3).map(|axis| plane[axis] * corner[axis]).sum::<f32>() + plane[3] >= 0.0
            })
        })
    };
    let expected: Vec<u32> =
        (0..700).filter(|&index| seen(&boxes[index as usize * 6..][..6])).collect();
    assert!(expected.len() > 50 && expected.len() < 650);
    assert_eq!(indices("cull_boxes", &boxes), expected);
}
