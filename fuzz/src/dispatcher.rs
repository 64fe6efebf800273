//! Any call of any method: any parameters, any input, any room for the result.
//!
//! ```text
//! u16 method   u8 capacity   u8 kind of input   u8 bytes off alignment
//! kinds below 192:     u8 kind of parameters   parameters   input, to the end
//! kinds from 192 on:   u8 sample of the method   u8 how often   u16 where, u8 what
//! ```
//!
//! The second are calls that are accepted, with some bytes overwritten: where no key, state or
//! proof can be guessed.
//!
//! A call may be refused, but it may not panic, may not write beyond what it reports, and a
//! method that can be split must give the same bytes in pieces. The cost of a run is bounded by
//! the room for the result: a method asks for its room before it works, so `"count": 4000000`
//! is refused at once.

use std::sync::LazyLock;

use inos_units::boids::{Bounds, InitParams};
use inos_units::schema::{Kind, MessageWriter, Scalar};
use inos_units::{Budget, Call, Dispatcher, Method, MethodId, Plan, UnitError, VecOutput};

use crate::bytes::Bytes;
use samples::Sample;

#[path = "../../inos-units/samples/mod.rs"]
mod samples;

/// Room for a result, in bytes: frames of at most some 5000 boids.
const CAPACITIES: [usize; 8] = [0, 1, 31, 32, 64, 1 << 10, 1 << 14, 1 << 17];
/// Longest input.
const MAX_INPUT_LEN: usize = 1 << 14;
/// Longest text of parameters, beyond which only its length would be new.
const MAX_PARAMS_LEN: usize = 1 << 10;

/// What a call may cost: a fifth of a second.
const CREDITS: u64 = 200_000_000;
/// Kinds of input from here on are samples.
const SAMPLES: u8 = 0xc0;
/// Methods from here on are ids that nobody gave out.
const UNKNOWN: u16 = 0xff00;

/// Everything that can be called, and calls of each that are accepted.
struct World {
    methods: Vec<(MethodId, &'static Method, Vec<Sample>)>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let units = Dispatcher::standard();
    let samples = samples::all();
    let mut methods = Vec::new();
    for (unit, info) in units.units().enumerate() {
        for (index, method) in info.methods.iter().enumerate() {
            let is_own =
                |sample: &&Sample| (sample.unit, sample.method) == (info.name, method.name);
            let own = samples.iter().filter(is_own).cloned().collect();
            methods.push((MethodId::from_raw((unit as u32) << 16 | index as u32), method, own));
        }
    }
    World { methods }
});

/// How many methods there are.
#[must_use]
pub fn method_count() -> usize {
    WORLD.methods.len()
}

/// Makes one call. Gives the number of the method if the call was accepted.
///
/// # Panics
/// If the dispatcher breaks a promise.
pub fn run(bytes: &[u8]) -> Option<usize> {
    let mut bytes = Bytes::new(bytes);
    let methods = &WORLD.methods;
    // Anew, since a call may change what the units keep.
    let units = &samples::units();
    let choice = bytes.u16();
    let capacity = bytes.pick(&CAPACITIES).unwrap_or(0);
    if choice >= UNKNOWN {
        let id = MethodId::from_raw(bytes.u32());
        let call = Call { input: b"", params: b"" };
        if !methods.iter().any(|(known, ..)| *known == id) {
            let result =
                units.execute(id, call, &mut VecOutput::new(capacity), &Budget::unlimited());
            assert_eq!(result, Err(UnitError::UnknownId { id: id.raw() }));
        }
        return None;
    }
    let number = usize::from(choice) % methods.len();
    let (id, method, samples) = methods.get(number)?;

    let kind_of_input = bytes.u8();
    let shift = usize::from(bytes.u8() % 8);
    let (params, input) = if kind_of_input >= SAMPLES {
        overwritten(samples, &mut bytes)?
    } else {
        (params(method, &mut bytes), input(units, kind_of_input, &mut bytes))
    };
    // A frame need not be aligned to be refused or read.
    let mut shifted = vec![0; shift];
    shifted.extend_from_slice(&input);
    let call = Call { input: &shifted[shift..], params: &params };
    check(units, *id, call, capacity, &mut bytes).then_some(number)
}

/// A sample with some bytes overwritten, of its parameters and its input.
fn overwritten(samples: &[Sample], bytes: &mut Bytes<'_>) -> Option<(Vec<u8>, Vec<u8>)> {
    let sample = samples.get(bytes.index(samples.len()))?;
    let (mut params, mut input) = (sample.params.clone().into_bytes(), sample.input.clone());
    for _ in 0..bytes.u8() % 8 {
        let (at, value) = (usize::from(bytes.u16()), bytes.u8());
        let all = params.len() + input.len();
        let at = at.checked_rem(all)?;
        match params.get_mut(at) {
            Some(byte) => *byte = value,
            None => input[at - params.len()] = value,
        }
    }
    Some((params, input))
}

/// Makes the call, whole and in pieces; whether it was accepted.
fn check(
    units: &Dispatcher,
    id: MethodId,
    call: Call<'_>,
    capacity: usize,
    bytes: &mut Bytes<'_>,
) -> bool {
    // What parameters make dear is refused.
    let budget = Budget::unlimited().with_credits(CREDITS);
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
        Ok(Some(plan)) if !matches!(result, Err(UnitError::OutOfCredits { .. })) => {
            let mut merged = VecOutput::new(capacity);
            let pieces = in_pieces(plan.as_ref(), &mut merged, bytes);
            // Of several things that are wrong, either may be told.
            assert_eq!(pieces.as_ref().ok(), result.as_ref().ok());
            assert!(pieces.is_err() || merged.as_bytes() == whole.as_bytes());
        }
        Ok(_) => {}
        Err(error) => assert_ne!(error, UnitError::Panicked),
    }
    match units.bound(id, call) {
        Ok(bound) => assert!(result.is_err() || whole.as_bytes().len() <= bound),
        Err(error) => {
            assert!(result.is_err() && error != UnitError::Panicked);
        }
    }
    result.is_ok()
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
