//! The dispatcher, parameters and outputs.
#![cfg(all(feature = "boids", feature = "hash"))]
#![allow(clippy::expect_used, clippy::panic)]

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use inos_units::boids::{Bounds, InitParams, StepParams};
use inos_units::hash::{Blake3Params, HashUnit};
use inos_units::schema::{Kind, MAX_PARAMS_LEN, NoParams};
use inos_units::{
    Budget, Call, Determinism, Dispatcher, Method, MethodId, Output, Part, Plan, SliceOutput, Unit,
    UnitError, UnitInfo, VecOutput, Version, guard,
};

const NOTHING: Call<'static> = Call { input: b"", params: b"" };

/// A unit that does what no unit should.
struct Faulty;

static FAULTY: UnitInfo = UnitInfo {
    name: "faulty",
    version: Version { major: 1, minor: 2, patch: 3 },
    summary: "Fails",
    methods: &[
        Method { summary: "Panics", ..Method::named("panic") },
        Method { summary: "Claims a result longer than the output", ..Method::named("boast") },
    ],
};

/// A payload whose drop panics, too.
struct Spiteful;

impl Drop for Spiteful {
    fn drop(&mut self) {
        std::panic::panic_any("spite");
    }
}

struct FaultyPlan;

impl Plan for FaultyPlan {
    fn item_count(&self) -> usize {
        1
    }

    fn run(&self, _: Range<usize>, _: &Budget) -> Result<Part, UnitError> {
        panic!("in a piece")
    }

    fn merge(&self, _: Vec<Part>, _: &mut dyn Output) -> Result<usize, UnitError> {
        panic!("in the merge")
    }
}

impl Unit for Faulty {
    fn info(&self) -> &'static UnitInfo {
        &FAULTY
    }

    fn execute(
        &self,
        method: u16,
        _: Call<'_>,
        _: &mut dyn Output,
        _: &Budget,
    ) -> Result<usize, UnitError> {
        if method == 0 { std::panic::panic_any(Spiteful) } else { Ok(1000) }
    }

    fn bound(&self, _: u16, _: Call<'_>) -> Result<usize, UnitError> {
        panic!("in the bound")
    }

    fn plan(
        &self,
        method: u16,
        _: Call<'_>,
        _: &Budget,
    ) -> Result<Option<Box<dyn Plan>>, UnitError> {
        if method == 0 { panic!("in the plan") } else { Ok(Some(Box::new(FaultyPlan))) }
    }
}

#[test]
fn standard_has_every_unit() {
    let units = Dispatcher::standard();
    let names: Vec<_> = units.units().map(|info| info.name).collect();
    let expected = [
        "hash",
        "boids",
        #[cfg(feature = "compress")]
        "compress",
        #[cfg(feature = "crypto")]
        "crypto",
        #[cfg(feature = "math")]
        "math",
        #[cfg(feature = "storage")]
        "storage",
    ];
    assert_eq!(names, expected);
    assert_eq!(format!("{units:?}"), format!("{expected:?}"));
}

#[test]
fn ids_are_indices() {
    let units = Dispatcher::standard();
    assert_eq!(units.resolve("hash", "sha256").map(MethodId::raw), Ok(1));
    assert_eq!(units.resolve("boids", "step").map(MethodId::raw), Ok(0x1_0001));
    assert_eq!(units.resolve("x", "y"), Err(UnitError::UnknownUnit { name: "x".into() }));
    assert_eq!(units.resolve("hash", "y"), Err(UnitError::UnknownMethod { name: "y".into() }));
    let budget = Budget::unlimited();
    for raw in [13, 0xffff, 0x1_0040, 0xff_0000, u32::MAX] {
        let id = MethodId::from_raw(raw);
        let mut out = VecOutput::new(64);
        let expected = UnitError::UnknownId { id: raw };
        assert_eq!(units.execute(id, NOTHING, &mut out, &budget), Err(expected.clone()));
        assert_eq!(units.plan(id, NOTHING, &budget).err(), Some(expected));
    }
}

#[test]
fn a_name_is_registered_once() {
    let mut units = Dispatcher::new();
    assert_eq!(units.register(Box::new(HashUnit::new())), Ok(()));
    let error = UnitError::NotRegistered { name: "hash" };
    assert_eq!(units.register(Box::new(HashUnit::new())), Err(error));
    assert_eq!(units.units().count(), 1);
}

#[test]
fn a_panic_ends_the_call_and_nothing_else() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut units = Dispatcher::standard();
    units.register(Box::new(Faulty)).expect("a free name");
    let budget = Budget::unlimited();
    let panic = units.resolve("faulty", "panic").expect("a method");
    let boast = units.resolve("faulty", "boast").expect("a method");
    let mut out = VecOutput::new(64);
    for _ in 0..3 {
        let result = units.execute(panic, NOTHING, &mut out, &budget);
        assert_eq!(result, Err(UnitError::Panicked));
    }
    assert_eq!(units.plan(panic, NOTHING, &budget).err(), Some(UnitError::Panicked));
    assert_eq!(
        units.execute(boast, NOTHING, &mut out, &budget),
        Err(UnitError::OutputTooSmall { needed: 1000, capacity: 64 })
    );
    let plan = units.plan(boast, NOTHING, &budget).expect("a plan").expect("split");
    assert_eq!(guard(|| plan.run(0..1, &budget)), Err(UnitError::Panicked));
    assert_eq!(guard(|| plan.merge(vec![], &mut out)), Err(UnitError::Panicked));
    let call = Call { input: b"abc", params: b"" };
    assert_eq!(units.execute_named("hash", "sha256", call, &mut out, &budget), Ok(32));
}

const TINY_EVOLUTION: &[u8] = br#"{"count": 9, "steps": 4, "population": 4, "generations": 1}"#;

fn tiny_population(units: &Dispatcher) -> VecOutput {
    let mut population = VecOutput::new(1 << 12);
    let call = Call { input: b"", params: TINY_EVOLUTION };
    let budget = Budget::unlimited();
    units.execute_named("boids", "evolve", call, &mut population, &budget).expect("evolve");
    population
}

#[test]
fn budgets_end_calls() {
    let units = Dispatcher::standard();
    let cancel = Arc::new(AtomicBool::new(true));
    let cancelled = Budget::new(None, Arc::clone(&cancel));
    let late = Budget::new(Some(Instant::now()), Arc::default());
    let mut frame = VecOutput::new(1 << 22);
    let params = br#"{"count": 20000}"#;
    let init = Call { input: b"", params };
    units.execute_named("boids", "init", init, &mut frame, &Budget::unlimited()).expect("init");
    let on_frame = Call { input: frame.as_bytes(), params: b"" };
    let population = tiny_population(&units);
    let on_population = Call { input: population.as_bytes(), params: TINY_EVOLUTION };
    let genome = Call { params: b"", ..on_population };
    let fitness = Call { input: b"", params: br#"{"steps": 9}"# };
    for (unit, method, call) in [
        ("hash", "blake3", NOTHING),
        ("hash", "sha256", NOTHING),
        ("boids", "init", init),
        ("boids", "step", on_frame),
        ("boids", "resize", on_frame),
        ("boids", "stats", on_frame),
        ("boids", "evolve", on_population),
        ("boids", "genome", genome),
        ("boids", "fitness", fitness),
    ] {
        let mut out = VecOutput::new(1 << 22);
        let mut run = |budget| units.execute_named(unit, method, call, &mut out, budget);
        assert_eq!(run(&cancelled), Err(UnitError::Cancelled), "{unit} {method}");
        assert_eq!(run(&late), Err(UnitError::TimedOut), "{unit} {method}");
    }

    // In the middle of a step as well: the plan is made, then the caller loses patience.
    cancel.store(false, Ordering::Relaxed);
    let step = units.resolve("boids", "step").expect("boids step");
    let plan = units.plan(step, on_frame, &cancelled).expect("a plan").expect("split");
    assert!(plan.run(0..100, &cancelled).is_ok());
    cancel.store(true, Ordering::Relaxed);
    assert_eq!(plan.run(100..200, &cancelled), Err(UnitError::Cancelled));
    let soon = Budget::new(Some(Instant::now() + Duration::from_millis(5)), Arc::default());
    let started = Instant::now();
    let endless = (0..10_000).try_for_each(|_| plan.run(0..20_000, &soon).map(drop));
    assert_eq!(endless, Err(UnitError::TimedOut));
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[test]
fn results_that_do_not_fit_are_refused() {
    let units = Dispatcher::standard();
    let budget = Budget::unlimited();
    let mut frame = VecOutput::new(1 << 16);
    units.execute_named("boids", "init", NOTHING, &mut frame, &budget).expect("init");
    let on_frame = Call { input: frame.as_bytes(), params: b"" };
    let population = tiny_population(&units);
    let on_population = Call { input: population.as_bytes(), params: TINY_EVOLUTION };
    let genome = Call { params: b"", ..on_population };
    let fitness = Call { input: b"", params: br#"{"steps": 9}"# };
    for (unit, method, call) in [
        ("hash", "blake3", NOTHING),
        ("hash", "sha256", NOTHING),
        ("boids", "init", NOTHING),
        ("boids", "step", on_frame),
        ("boids", "resize", on_frame),
        ("boids", "stats", on_frame),
        ("boids", "evolve", on_population),
        ("boids", "genome", genome),
        ("boids", "fitness", fitness),
    ] {
        let mut whole = VecOutput::new(1 << 16);
        let len = units.execute_named(unit, method, call, &mut whole, &budget).expect("it fits");
        let mut bytes = vec![0xaa; len];
        let mut exact = SliceOutput::new(&mut bytes);
        assert_eq!(units.execute_named(unit, method, call, &mut exact, &budget), Ok(len));
        assert_eq!(bytes, whole.as_bytes(), "{unit} {method} leaves no byte unwritten");
        let mut small = SliceOutput::new(&mut bytes[..len - 1]);
        assert_eq!(
            units.execute_named(unit, method, call, &mut small, &budget),
            Err(UnitError::OutputTooSmall { needed: len, capacity: len - 1 }),
            "{unit} {method}"
        );
    }
}

#[test]
fn the_description_is_made_from_the_tables() {
    let units = Dispatcher::standard();
    let text = units.describe();
    for info in units.units() {
        for method in info.methods {
            let split = if method.is_split { ", split" } else { "" };
            let bits = match method.determinism {
                Determinism::Strict => "strict",
                Determinism::Fast => "fast",
            };
            assert!(text.contains(&format!(
                "  {} [{bits}{split}]: {}. {} -> {}. ",
                method.name, method.summary, method.input, method.result
            )));
            for field in method.params {
                assert!(text.contains(&format!("    {}: {}. ", field.name, field.kind)));
            }
        }
    }
    assert!(text.contains("boids 0.1.0: Flocking in two and three dimensions\n"));
    assert!(
        text.contains(
            "    dt: f32, default 0.02, from 0.0 to 1.0. Length of the step, in seconds.\n"
        )
    );
    assert!(text.contains(
        "    bounds: name, default torus, one of torus, box, sphere. What the world's edge does.\n"
    ));
    assert!(text.contains("from 0 to 18446744073709551615."));
}

#[test]
fn a_call_spends_what_its_method_costs() {
    let units = Dispatcher::standard();
    let sha256 = units.resolve("hash", "sha256").expect("it is there");
    let cost = units.method(sha256).expect("it is there").cost;
    let call = Call { input: &[0; 5000], params: b"" };
    let due = cost.of(5000, 32);

    let budget = Budget::unlimited().with_credits(due);
    assert_eq!(units.execute(sha256, call, &mut VecOutput::new(32), &budget), Ok(32));
    assert_eq!(budget.spent(), due);
    // Nothing is left, and nothing is begun.
    let refused = UnitError::OutOfCredits { needed: 2 * due, limit: due };
    assert_eq!(units.execute(sha256, call, &mut VecOutput::new(32), &budget), Err(refused));
    assert_eq!(budget.spent(), due);
    // Clones spend from one meter.
    let shared = Budget::unlimited().with_credits(u64::MAX);
    shared.clone().spend(7).expect("it is there");
    assert_eq!(shared.spent(), 7);
    let refused = UnitError::OutOfCredits { needed: u64::MAX, limit: u64::MAX };
    assert_eq!(shared.spend(u64::MAX), Err(refused));
}

#[test]
fn bounds_hold_and_are_found_without_work() {
    let units = Dispatcher::standard();
    let frame = {
        let mut out = VecOutput::new(1 << 20);
        let call = Call { input: b"", params: br#"{"count": 100}"# };
        let init = units.resolve("boids", "init").expect("it is there");
        let bound = units.bound(init, call).expect("a bound");
        let len = units.execute(init, call, &mut out, &Budget::unlimited()).expect("a flock");
        assert_eq!(len, bound);
        out
    };
    for name in ["step", "resize", "stats", "set_scene", "neighbours_of", "view", "instances"] {
        let id = units.resolve("boids", name).expect("it is there");
        let call = Call { input: frame.as_bytes(), params: b"" };
        let bound = units.bound(id, call).expect("a bound");
        let mut out = VecOutput::new(bound);
        let len = units.execute(id, call, &mut out, &Budget::unlimited()).expect("a result");
        assert!(len <= bound, "{name}");
        let bad = Call { input: b"no frame", params: br#"{"no such": 1}"# };
        assert!(units.bound(id, bad).is_err(), "{name}");
    }
    let id = MethodId::from_raw(0x7_0000);
    assert_eq!(units.bound(id, NOTHING), Err(UnitError::UnknownId { id: 0x7_0000 }));
    let id = MethodId::from_raw(0x1_0063);
    assert_eq!(units.bound(id, NOTHING), Err(UnitError::UnknownId { id: 0x1_0063 }));
}

#[test]
fn params_are_read_and_refused() {
    let bad = |name, expected| Err(UnitError::BadParam { name, expected });
    let unknown = |name: &str| Err(UnitError::UnknownParam { name: name.into() });
    let read = |json: &str| InitParams::decode(json.as_bytes());
    assert_eq!(read(""), Ok(InitParams::default()));
    assert_eq!(read(" {} "), Ok(InitParams::default()));
    assert_eq!(read(r#"{"count": 7, "count": 8}"#).map(|params| params.count), Ok(8));
    assert_eq!(read(r#"{"bounds": "sphere"}"#).map(|params| params.bounds), Ok(Bounds::Sphere));
    assert_eq!(read(r#"{"speed": 3}"#).map(|params| params.speed), Ok(3.0));
    assert_eq!(read(r#"{"colour": 1}"#), unknown("colour"));
    let long = "x".repeat(1000);
    assert_eq!(read(&format!("{{\"{long}\": 1}}")), unknown(&long[..64]));
    let count = bad("count", "a whole number from 1 to 4000000");
    for value in ["0", "4000001", "-1", "1.5", "1.0", "1e3", "\"7\"", "null", "true", "[1]", "{}"] {
        assert_eq!(read(&format!("{{\"count\": {value}}}")), count, "{value}");
    }
    let speed = bad("speed", "a number from 0.0 to 10000.0");
    for value in ["-0.1", "10001", "1e300", "-1e300", "\"1\"", "null", "false"] {
        assert_eq!(read(&format!("{{\"speed\": {value}}}")), speed, "{value}");
    }
    assert_eq!(read(r#"{"bounds": "Torus"}"#), bad("bounds", "one of torus box sphere"));
    assert_eq!(read(r#"{"bounds": 0}"#), bad("bounds", "one of torus box sphere"));
    assert!(read(r#"{"seed": 18446744073709551616}"#).is_err());

    let malformed = Err(UnitError::MalformedParams);
    for text in ["[]", "1", "null", "\"\"", "{", "{}x", "{\"count\": NaN}", "{'count': 1}", " "] {
        assert_eq!(read(text), malformed, "{text}");
    }
    assert_eq!(InitParams::decode(b"{\"count\": \"\xff\"}"), malformed);
    let deep = format!("{{\"count\": {}{}}}", "[".repeat(30_000), "]".repeat(30_000));
    assert_eq!(read(&deep), malformed);
    let padded = format!("{}{{}}", " ".repeat(MAX_PARAMS_LEN - 2));
    assert_eq!(read(&padded), Ok(InitParams::default()));
    assert_eq!(read(&format!(" {padded}")), malformed);
}

#[test]
fn params_survive_json() {
    let params = InitParams {
        count: 12_345,
        dim: 2,
        seed: u64::MAX - 1,
        bounds: Bounds::Box,
        half_extent: 0.1,
        speed: f32::from_bits(0x3eaa_aaab),
    };
    assert_eq!(InitParams::decode(params.to_json().as_bytes()), Ok(params));
    assert!(params.to_json().starts_with(
        r#"{"count":12345,"dim":2,"seed":18446744073709551614,"bounds":"box","half_extent":0.1,"#
    ));
    assert_eq!(NoParams::default().to_json(), "{}");
    for value in [f32::NAN, f32::INFINITY, -1.0, 1e9] {
        let params = StepParams { dt: value, ..StepParams::default() };
        let refused = Err(UnitError::BadParam { name: "dt", expected: "a number from 0.0 to 1.0" });
        assert_eq!(params.validate(), refused);
        assert_eq!(StepParams::decode(params.to_json().as_bytes()).map(|_| ()), refused);
    }
}

#[test]
fn defaults_are_those_of_the_schema() {
    let fields = [
        InitParams::FIELDS,
        StepParams::FIELDS,
        Blake3Params::FIELDS,
        inos_units::boids::ResizeParams::FIELDS,
    ];
    for field in fields.into_iter().flatten() {
        assert!(field.kind.is_consistent(), "{}", field.name);
        assert!(!field.summary.is_empty() && !field.summary.ends_with('.'));
    }
    assert_eq!(Blake3Params::FIELDS[0].kind, Kind::U32 { default: 32, min: 1, max: 65536 });
    assert_eq!(InitParams::default().validate(), Ok(()));
    assert_eq!(StepParams::default().validate(), Ok(()));
}

inos_units::params! {
    /// Every type there is.
    struct EveryType {
        float: f32 = 0.5 in 0.0..=1.0 => "A float";
        small: u32 = 1 in 0..=2 => "A small number";
        large: u64 = 3 in 3..=9007199254740993 => "A large number";
        flag: bool = true => "A flag";
    }
}

#[test]
fn a_table_of_every_type() {
    let params = EveryType::decode(br#"{"flag": false, "large": 9007199254740993}"#);
    let expected = EveryType { float: 0.5, small: 1, large: 9_007_199_254_740_993, flag: false };
    assert_eq!(params, Ok(expected.clone()));
    assert_eq!(expected.validate(), Ok(()));
    assert_eq!(
        expected.to_json(),
        r#"{"float":0.5,"small":1,"large":9007199254740993,"flag":false}"#
    );
    assert_eq!(
        EveryType::decode(br#"{"flag": 0}"#),
        Err(UnitError::BadParam { name: "flag", expected: "true or false" })
    );
    assert!(EveryType::FIELDS[3].kind.to_string().contains("default true"));
}

#[test]
fn outputs_keep_their_limits() {
    let mut out = VecOutput::new(16);
    assert_eq!(out.capacity(), 16);
    out.write(0, &[1; 16]).expect("it fits");
    for (offset, len) in [(16, 1), (1, 16), (usize::MAX, 1), (usize::MAX, 0), (17, 0)] {
        assert!(matches!(
            out.write(offset, &vec![2; len]),
            Err(UnitError::OutputTooSmall { capacity: 16, .. })
        ));
    }
    assert_eq!(out.as_bytes(), [1; 16]);
    out.clear();
    assert!(out.as_bytes().is_empty());
    out.write(3, &[7]).expect("it fits");
    assert_eq!(out.as_bytes(), [0, 0, 0, 7], "a gap does not show what was there before");
    out.write(0, &[9]).expect("it fits");
    assert_eq!(out.to_vec(), [9, 0, 0, 7]);
    assert_eq!(out.as_bytes().as_ptr().align_offset(8), 0);

    // A limit that nobody could allocate is no panic.
    let mut out = VecOutput::new(usize::MAX);
    assert!(out.write(usize::MAX - 16, &[1]).is_err());
    assert_eq!(out.write(0, &[1]), Ok(()));

    let mut bytes = [0; 4];
    let mut out = SliceOutput::new(&mut bytes);
    assert_eq!(out.capacity(), 4);
    assert!(out.write(usize::MAX, &[1]).is_err());
    assert_eq!(out.write(4, &[]), Ok(()));
}
