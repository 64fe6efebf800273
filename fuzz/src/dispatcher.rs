//! Any call of any method: any parameters, any input, any room for the result.
//!
//! ```text
//! u8 method   u8 capacity   u8 kind of input   u8 bytes off alignment   u8 kind of parameters
//! parameters  input, to the end
//! ```
//!
//! A call may be refused, but it may not panic, may not write beyond what it reports, and a
//! method that can be split must give the same bytes in pieces. The cost of a run is bounded by
//! the room for the result: a method asks for its room before it works, so `"count": 4000000`
//! is refused at once.

use inos_units::boids::{Bounds, InitParams};
use inos_units::schema::{Kind, MessageWriter, Scalar};
use inos_units::{Budget, Call, Dispatcher, Method, MethodId, Plan, UnitError, VecOutput};

use crate::bytes::Bytes;

/// Room for a result, in bytes: frames of at most some 800 boids.
const CAPACITIES: [usize; 8] = [0, 1, 31, 32, 64, 1 << 10, 1 << 12, 1 << 14];
/// Longest input.
const MAX_INPUT_LEN: usize = 1 << 14;
/// Longest text of parameters, beyond which only its length would be new.
const MAX_PARAMS_LEN: usize = 1 << 10;

/// Makes one call.
///
/// # Panics
/// If the dispatcher breaks a promise.
pub fn run(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let units = Dispatcher::standard();
    let methods: Vec<(MethodId, &'static Method)> = units
        .units()
        .enumerate()
        .flat_map(|(unit, info)| {
            info.methods.iter().enumerate().map(move |(index, method)| {
                (MethodId::from_raw((unit as u32) << 16 | index as u32), method)
            })
        })
        .collect();
    let choice = bytes.u8();
    let capacity = bytes.pick(&CAPACITIES).unwrap_or(0);
    if choice >= 0xf0 {
        // An id that nobody gave out.
        let id = MethodId::from_raw(bytes.u32());
        let call = Call { input: b"", params: b"" };
        if !methods.iter().any(|(known, _)| *known == id) {
            let result =
                units.execute(id, call, &mut VecOutput::new(capacity), &Budget::unlimited());
            assert_eq!(result, Err(UnitError::UnknownId { id: id.raw() }));
        }
        return;
    }
    let Some(&(id, method)) = methods.get(usize::from(choice) % methods.len()) else { return };

    let kind_of_input = bytes.u8();
    let shift = usize::from(bytes.u8() % 8);
    let params = params(method, &mut bytes);
    let input = input(&units, kind_of_input, &mut bytes);
    // A frame need not be aligned to be refused or read.
    let mut shifted = vec![0; shift];
    shifted.extend_from_slice(&input);
    let call = Call { input: &shifted[shift..], params: &params };
    check(&units, id, call, capacity, &mut bytes);
}

fn check(units: &Dispatcher, id: MethodId, call: Call<'_>, capacity: usize, bytes: &mut Bytes<'_>) {
    let budget = Budget::unlimited();
    let mut whole = VecOutput::new(capacity);
    let result = units.execute(id, call, &mut whole, &budget);
    match &result {
        Ok(len) => {
            assert!(*len <= capacity);
            assert_eq!(whole.as_bytes().len(), *len, "a result is as long as its method says");
        }
        Err(error) => {
            assert_ne!(*error, UnitError::Panicked);
            assert!(error.code() > 0 && !error.to_string().is_empty());
        }
    }
    match units.plan(id, call, &budget) {
        Ok(Some(plan)) => {
            let mut merged = VecOutput::new(capacity);
            let pieces = in_pieces(plan.as_ref(), &mut merged, bytes);
            assert_eq!(pieces, result);
            assert!(pieces.is_err() || merged.as_bytes() == whole.as_bytes());
        }
        Ok(None) => {}
        Err(error) => assert_ne!(error, UnitError::Panicked),
    }
}

/// Runs the plan in two or three pieces; with no unwinding in between a panic is seen.
fn in_pieces(
    plan: &dyn Plan,
    out: &mut VecOutput,
    bytes: &mut Bytes<'_>,
) -> Result<usize, UnitError> {
    let budget = Budget::unlimited();
    let count = plan.item_count();
    let mut cuts = [bytes.u16(), bytes.u16()].map(|cut| usize::from(cut) % (count + 1));
    cuts.sort_unstable();
    let parts = [0..cuts[0], cuts[0]..cuts[1], cuts[1]..count]
        .into_iter()
        .map(|range| plan.run(range, &budget))
        .collect::<Result<Vec<_>, _>>()?;
    plan.merge(parts, out)
}

/// Nothing, text as it comes, or the method's own members in either encoding.
fn params(method: &Method, bytes: &mut Bytes<'_>) -> Vec<u8> {
    match bytes.u8() % 4 {
        0 => Vec::new(),
        1 => {
            let len = usize::from(bytes.u16()) % MAX_PARAMS_LEN;
            bytes.take(len).to_vec()
        }
        2 => {
            let count = bytes.index(6);
            let fields: Vec<String> = (0..count)
                .filter_map(|_| {
                    let field = method.params.get(bytes.index(method.params.len()))?;
                    Some(format!("{:?}: {}", field.name, value(&field.kind, bytes)))
                })
                .collect();
            format!("{{{}}}", fields.join(", ")).into_bytes()
        }
        _ => message(method, bytes),
    }
}

/// The method's own members as a message, some of its bytes overwritten.
fn message(method: &Method, bytes: &mut Bytes<'_>) -> Vec<u8> {
    let count = bytes.index(6);
    let mut writer = MessageWriter::new(count as u32);
    for _ in 0..count {
        let Some(field) = method.params.get(bytes.index(method.params.len())) else { break };
        let data;
        let value = match (bytes.u8() % 4, field.kind) {
            (0, _) => Scalar::Float(f64::from_bits(bytes.u64())),
            (_, Kind::F32 { min, .. }) => Scalar::Float(f64::from(min) + f64::from(bytes.u8())),
            (_, Kind::U32 { min, .. }) => Scalar::Unsigned(u64::from(min) + u64::from(bytes.u8())),
            (_, Kind::U64 { .. }) => Scalar::Unsigned(bytes.u64()),
            (_, Kind::Bool { .. }) => Scalar::Bool(bytes.u8().is_multiple_of(2)),
            (_, Kind::Name { names, .. }) => Scalar::Text(bytes.pick(names).unwrap_or("")),
            (_, Kind::Bytes { min, .. }) => {
                data = some(min, bytes);
                Scalar::Bytes(data)
            }
        };
        writer.member(field.name, value);
    }
    let mut message = writer.finish();
    for _ in 0..bytes.u8().saturating_sub(0xf0) {
        let at = usize::from(bytes.u16()) % message.len();
        message[at] = bytes.u8();
    }
    message
}

/// A value that the field takes, nearly takes or does not take, as JSON.
fn value(kind: &Kind, bytes: &mut Bytes<'_>) -> String {
    match (bytes.u8() % 8, *kind) {
        (0, _) => ["null", "true", "[]", "\"torus\"", "-1", "1e999", "1e-320", "{}"]
            [bytes.index(8)]
        .to_owned(),
        (1, _) => bytes.u64().to_string(),
        (2, _) => f32::from_bits(bytes.u32()).to_string(),
        (3, Kind::F32 { min, .. }) => min.to_string(),
        (4, Kind::F32 { max, .. }) => max.to_string(),
        (_, Kind::F32 { min, .. }) => (min + f32::from(bytes.u16()) / 256.0).to_string(),
        (3, Kind::U32 { min, .. }) => min.to_string(),
        (4, Kind::U32 { max, .. }) => max.to_string(),
        (_, Kind::U32 { min, .. }) => (u64::from(min) + u64::from(bytes.u8())).to_string(),
        (_, Kind::U64 { .. }) => bytes.u64().to_string(),
        (_, Kind::Bool { .. }) => (bytes.u8().is_multiple_of(2)).to_string(),
        (_, Kind::Name { names, .. }) => format!("{:?}", bytes.pick(names).unwrap_or("")),
        (_, Kind::Bytes { min, .. }) => {
            let data = some(min, bytes);
            let digits: String = data.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{digits:?}")
        }
    }
}

/// As many bytes as are asked for, or a few more.
fn some<'a>(min: usize, bytes: &mut Bytes<'a>) -> &'a [u8] {
    let more = usize::from(bytes.u8() % 4);
    bytes.take(min.saturating_add(more))
}

/// Nothing, bytes as they come, or a small flock with some words overwritten.
fn input(units: &Dispatcher, kind: u8, bytes: &mut Bytes<'_>) -> Vec<u8> {
    match kind % 4 {
        0 => Vec::new(),
        1 => bytes.take(MAX_INPUT_LEN).to_vec(),
        _ => {
            let mut frame = flock(units, bytes);
            let mutation_count = bytes.index(32);
            for _ in 0..mutation_count {
                let at = usize::from(bytes.u16()) % (frame.len() / 4) * 4;
                frame[at..at + 4].copy_from_slice(&bytes.word().to_ne_bytes());
            }
            if kind >= 0x80 {
                let len = usize::from(bytes.u16()) % (frame.len() + 1);
                frame.truncate(len);
            }
            frame
        }
    }
}

fn flock(units: &Dispatcher, bytes: &mut Bytes<'_>) -> Vec<u8> {
    let bounds = [Bounds::Torus, Bounds::Box, Bounds::Sphere];
    let params = InitParams {
        count: 1 + u32::from(bytes.u16() % 400),
        dim: 2 + u32::from(bytes.u8() % 2),
        seed: u64::from(bytes.u8()),
        bounds: bytes.pick(&bounds).unwrap_or(Bounds::Torus),
        half_extent: f32::from(bytes.u8()),
        ..InitParams::default()
    }
    .to_json();
    let call = Call { input: b"", params: params.as_bytes() };
    let mut out = VecOutput::new(MAX_INPUT_LEN);
    let result = units.execute_named("boids", "init", call, &mut out, &Budget::unlimited());
    assert!(result.is_ok(), "{params}: {result:?}");
    out.to_vec()
}
