//! Modules that behave and modules that do not, alone and behind a kernel.

use super::*;
use crate::{
    CallError, Caller, Dispatcher, HeapMemory, Input, Kernel, KernelConfig, LanesConfig, Layout,
    SectionId, Sections, Status, Supervision, Target, UnitState, VecOutput,
};
use serde_json::json;
use std::sync::atomic::Ordering;
use std::thread;

const METHODS: [&str; 11] = [
    "echo", "spin", "trap", "grow", "far", "long", "refuse", "pretend", "count", "recurse", "blame",
];

/// A table of methods as a module tells it.
fn described(methods: &[&str]) -> Value {
    let methods = methods.iter().enumerate().map(|(id, name)| {
        json!({
            "id": id, "name": name, "summary": "", "input": "", "result": "", "answer": "",
            "determinism": "strict", "split": false,
            "cost": {"call": 1_000_000, "input_kib": 0, "result_kib": 0},
            "params": [{
                "name": "shift", "summary": "",
                "kind": {"type": "u32", "default": 0, "min": 0, "max": 25},
            }],
        })
    });
    let methods: Vec<_> = methods.collect();
    json!([{"name": "guest", "version": "1.2.3", "summary": "A guest", "methods": methods}])
}

/// A block in a module's memory: status, offset and length, and then the payload.
fn block(status: u32, payload: &[u8]) -> String {
    let head = [status.to_le_bytes(), 32_u32.to_le_bytes()].concat();
    let len = (payload.len() as u64).to_le_bytes();
    let bytes = [&head, &len[..], &[0; 16], payload].concat();
    bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
}

/// A module whose methods are those above; the first gives its input, if it is `honest`.
fn module(table: &Value, honest: bool) -> Vec<u8> {
    let table = block(0, table.to_string().as_bytes());
    let refused = block(8, br#"{"code": 8, "what": "rhymes"}"#);
    let cancelled = block(10, b"{}");
    let blamed = block(7, br#"{"name": "shift"}"#);
    let echoed = if honest { "(local.get $len)" } else { "(i32.const 0)" };
    let text = format!(
        r#"(module
          (memory (export "memory") 4)
          (global $free (mut i32) (i32.const 131072))
          (data (i32.const 1024) "{table}")
          (data (i32.const 65536) "{refused}")
          (data (i32.const 69632) "{cancelled}")
          (data (i32.const 73728) "{blamed}")
          (func (export "compute_alloc") (param $len i32) (result i32)
            (global.get $free)
            (global.set $free (i32.add (global.get $free) (local.get $len))))
          (func (export "compute_describe") (result i32) (i32.const 1024))
          (func $recurse (param i32) (result i32)
            (i32.add (i32.const 1) (call $recurse (i32.add (local.get 0) (i32.const 1)))))
          (func $give (param $at i32) (param $len i32) (result i32)
            (i32.store (i32.const 16) (i32.const 0))
            (i32.store (i32.const 20) (i32.sub (local.get $at) (i32.const 16)))
            (i64.store (i32.const 24) (i64.extend_i32_u (local.get $len)))
            (i32.const 16))
          (func (export "compute_execute_id")
            (param $id i32) (param $in i32) (param $len i32) (param $p i32) (param $plen i32)
            (result i32)
            (if (i32.eq (local.get $id) (i32.const 1)) (then (loop (br 0))))
            (if (i32.eq (local.get $id) (i32.const 2)) (then unreachable))
            (if (i32.eq (local.get $id) (i32.const 3)) (then
              (loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
              (i32.store (i32.const 512) (memory.size))
              (return (call $give (i32.const 512) (i32.const 4)))))
            (if (i32.eq (local.get $id) (i32.const 4)) (then (return (i32.const -16))))
            (if (i32.eq (local.get $id) (i32.const 5)) (then
              (return (call $give (i32.const 512) (i32.const 1000000)))))
            (if (i32.eq (local.get $id) (i32.const 6)) (then (return (i32.const 65536))))
            (if (i32.eq (local.get $id) (i32.const 7)) (then (return (i32.const 69632))))
            (if (i32.eq (local.get $id) (i32.const 8)) (then
              (i32.store (i32.const 512) (i32.add (i32.load (i32.const 512)) (i32.const 1)))
              (return (call $give (i32.const 512) (i32.const 4)))))
            (if (i32.eq (local.get $id) (i32.const 9)) (then (return (call $recurse (i32.const 0)))))
            (if (i32.eq (local.get $id) (i32.const 10)) (then (return (i32.const 73728))))
            (call $give (select (local.get $in) (i32.const 512) (local.get $len)) {echoed})))"#
    );
    wat::parse_str(text).unwrap()
}

fn limits() -> WasmLimits {
    WasmLimits { memory_len: 1 << 20, ..WasmLimits::default() }
}

fn guest() -> WasmModule {
    WasmModule::load(&module(&described(&METHODS), true), limits()).unwrap()
}

fn units(module: &WasmModule) -> Dispatcher {
    let mut units = Dispatcher::standard();
    for unit in module.units() {
        units.register(Box::new(unit)).unwrap();
    }
    units
}

fn call(
    units: &Dispatcher,
    method: &str,
    input: &[u8],
    budget: &Budget,
) -> Result<Vec<u8>, UnitError> {
    let mut out = VecOutput::new(1 << 20);
    let call = Call { input, params: b"" };
    units.execute_named("guest", method, call, &mut out, budget)?;
    Ok(out.as_bytes().to_vec())
}

#[test]
fn a_module_is_a_unit_like_others() {
    let module = guest();
    let units = units(&module);
    let free = Budget::unlimited();
    for len in [0, 1, 100_000] {
        let input: Vec<u8> = (0..len).map(|index| (index % 251) as u8).collect();
        assert_eq!(call(&units, "echo", &input, &free), Ok(input));
    }
    let info = units.units().find(|unit| unit.name == "guest").unwrap();
    assert_eq!((info.version.to_string(), info.methods.len()), ("1.2.3".to_owned(), 11));
    assert!(units.describe().contains("shift: "));
    assert_eq!(format!("{module:?}"), r#"{"guest"}"#);
    // Nothing outlasts a call.
    for _ in 0..3 {
        assert_eq!(call(&units, "count", b"", &free).unwrap(), 1_u32.to_le_bytes());
    }
}

#[test]
fn what_a_module_does_harms_nobody() {
    let units = units(&guest());
    let free = Budget::unlimited();
    for method in ["trap", "far", "long", "pretend", "recurse"] {
        assert_eq!(call(&units, method, b"", &free), Err(UnitError::Panicked), "{method}");
    }
    assert_eq!(call(&units, "refuse", b"", &free), Err(UnitError::BadInput { what: "rhymes" }));
    let blamed = call(&units, "blame", b"", &free).unwrap_err();
    assert!(matches!(blamed, UnitError::BadParam { name: "shift", .. }), "{blamed}");
    // A MiB of memory, 16 pages, and no more.
    assert_eq!(call(&units, "grow", b"", &free).unwrap(), 16_u32.to_le_bytes());
    // More than it has room for.
    let large = vec![0; 3 << 20];
    assert_eq!(call(&units, "echo", &large, &free), Err(UnitError::Panicked));
    let short = WasmLimits { result_len: 10, ..limits() };
    let module = WasmModule::load(&module(&described(&METHODS), true), short).unwrap();
    let mut out = VecOutput::new(100);
    let eleven = Call { input: &[0; 11], params: b"" };
    let long = module.units().next().unwrap().execute(0, eleven, &mut out, &free);
    assert_eq!(long, Err(UnitError::TooLarge { len: 11, max: 10 }));
    assert_eq!(call(&units, "echo", b"still here", &free).unwrap(), b"still here");
}

#[test]
fn an_endless_loop_is_stopped_by_whatever_limits_it() {
    let module = guest();
    let units = units(&module);
    let soon = Instant::now() + Duration::from_millis(30);
    let timed = Budget::new(Some(soon), Arc::default()).with_credits(u64::MAX);
    assert_eq!(call(&units, "spin", b"", &timed), Err(UnitError::TimedOut));
    assert!(timed.spent() > 10_000_000, "a credit for each nanosecond: {}", timed.spent());
    let cancel = Arc::<AtomicBool>::default();
    let cancelled = Budget::new(None, Arc::clone(&cancel));
    thread::scope(|scope| {
        let spins = scope.spawn(|| call(&units, "spin", b"", &cancelled));
        thread::sleep(Duration::from_millis(20));
        assert!(!spins.is_finished());
        cancel.store(true, Ordering::Relaxed);
        assert_eq!(spins.join().unwrap(), Err(UnitError::Cancelled));
    });
    let poor = Budget::unlimited().with_credits(100_000);
    let broke = call(&units, "spin", b"", &poor).unwrap_err();
    assert!(matches!(broke, UnitError::OutOfCredits { limit: 100_000, .. }), "{broke}");
    assert_eq!(poor.left(), Some(0));
    let little = WasmLimits { fuel: 10_000, ..limits() };
    let module = WasmModule::load(&self::module(&described(&METHODS), true), little).unwrap();
    let mut out = VecOutput::new(0);
    let unit = module.units().next().unwrap();
    let nothing = Call { input: b"", params: b"" };
    let spent = unit.execute(1, nothing, &mut out, &Budget::unlimited());
    assert_eq!(spent, Err(UnitError::OutOfCredits { needed: 10_001, limit: 10_000 }));
}

#[test]
fn credits_are_what_was_used_whatever_the_module_says() {
    let units = units(&guest());
    let budget = || Budget::unlimited().with_credits(1 << 40);
    let (small, again, large) = (budget(), budget(), budget());
    call(&units, "echo", b"x", &small).unwrap();
    call(&units, "echo", b"x", &again).unwrap();
    call(&units, "grow", b"", &large).unwrap();
    // Not the million that it asks for.
    assert!((10..1000).contains(&small.spent()), "{}", small.spent());
    assert_eq!(small.spent(), again.spent());
    assert!(large.spent() > small.spent());
    // It is looked at where functions and loops begin.
    let short = Budget::unlimited().with_credits(1);
    assert!(matches!(call(&units, "echo", b"x", &short), Err(UnitError::OutOfCredits { .. })));
}

#[test]
fn a_module_is_replaced_while_it_runs() {
    let module = guest();
    let units = units(&module);
    let free = Budget::unlimited();
    let table = described(&METHODS);
    thread::scope(|scope| {
        let soon = Instant::now() + Duration::from_millis(100);
        let timed = Budget::new(Some(soon), Arc::default());
        let units = &units;
        let spins = scope.spawn(move || call(units, "spin", b"", &timed));
        module.replace(&self::module(&table, false)).unwrap();
        assert_eq!(call(units, "echo", b"gone", &Budget::unlimited()).unwrap(), b"");
        assert_eq!(spins.join().unwrap(), Err(UnitError::TimedOut));
    });
    for other in [described(&METHODS[..10]), described(&["echo"; 11])] {
        let refused = module.replace(&self::module(&other, true));
        assert_eq!(refused, Err(WasmError::NotTheSame { unit: "guest".to_owned() }));
    }
    let mut two = described(&METHODS);
    two.as_array_mut().unwrap().push(json!({"name": "other", "methods": []}));
    let refused = module.replace(&self::module(&two, true));
    assert_eq!(refused, Err(WasmError::NotTheSame { unit: "other".to_owned() }));
    assert_eq!(call(&units, "echo", b"gone", &free).unwrap(), b"", "the last one stays");
    // Another version of the same.
    let mut newer = described(&METHODS);
    newer[0]["version"] = "1.3.0".into();
    module.replace(&self::module(&newer, true)).unwrap();
    assert_eq!(call(&units, "echo", b"back", &free).unwrap(), b"back");
}

#[test]
fn what_is_not_a_module_of_units_is_not_loaded() {
    let load = |text: &str| WasmModule::load(&wat::parse_str(text).unwrap(), limits()).unwrap_err();
    let refused = WasmModule::load(b"\0asm\x01\0\0\0nonsense", limits()).unwrap_err();
    assert!(matches!(refused, WasmError::Invalid { .. }), "{refused}");
    let imports = load(r#"(module (import "env" "abort" (func)))"#);
    assert_eq!(imports, WasmError::Imports { name: "env.abort".to_owned() });
    assert_eq!(load("(module)"), WasmError::MissingExport { name: "memory" });
    let wrong = r#"(module (memory (export "memory") 1) (func (export "compute_execute_id")))"#;
    assert_eq!(load(wrong), WasmError::MissingExport { name: "compute_execute_id" });
    let large = WasmLimits { module_len: 10, ..limits() };
    let refused = WasmModule::load(&[0; 11], large).unwrap_err();
    assert_eq!(refused, WasmError::TooLarge { len: 11, max: 10 });
    // It never comes to an end, before it is asked anything.
    let hurried = WasmLimits { load_time: Duration::from_millis(20), ..limits() };
    let spins = wat::parse_str("(module (func $spin (loop (br 0))) (start $spin))").unwrap();
    let refused = WasmModule::load(&spins, hurried).unwrap_err();
    assert_eq!(refused, WasmError::Failed(UnitError::TimedOut));

    let bad_tables = [
        json!({}),
        json!([]),
        json!([{"name": "guest"}]),
        json!([{"name": "guest", "methods": []}]),
        json!([{"name": "a guest", "methods": [{"id": 0, "name": "echo"}]}]),
        json!([{"name": "guest", "methods": [{"name": "echo"}]}]),
        json!([{"name": "guest", "methods": [{"id": 0, "name": "echo", "params": [
            {"name": "x", "kind": {"type": "u128"}},
        ]}]}]),
        Value::Array(vec![json!({"name": "guest"}); 17]),
    ];
    for table in bad_tables {
        let refused = WasmModule::load(&module(&table, true), limits()).unwrap_err();
        assert!(matches!(refused, WasmError::BadTable { .. }), "{table}: {refused}");
        assert!(!refused.to_string().is_empty());
    }
}

#[test]
fn a_kernel_kills_an_endless_loop_and_goes_on() {
    const LANES: SectionId = SectionId(1);
    const UNITS: SectionId = SectionId(2);
    let units = units(&guest());
    let layout = Layout::builder()
        .lanes(LANES, "calls", LanesConfig { lanes: 2, entries: 4, buffer_len: 1024 })
        .registry(UNITS, "units", Kernel::registry_config(&units))
        .build()
        .unwrap();
    let mut memory = HeapMemory::new(layout.total_len()).unwrap();
    let sections = Sections::create(memory.region().unwrap(), &layout, 1).unwrap();
    let twice = Supervision { failures: 2, ..Supervision::default() };
    let config = KernelConfig::new(LANES, UNITS).threads(1).supervise(twice);
    Kernel::run(&sections, &units, &config, |kernel| {
        let mut caller = Caller::open(&sections, LANES, UNITS).unwrap();
        let [echo, spin, trap] =
            ["echo", "spin", "trap"].map(|name| caller.method("guest", name).unwrap());
        caller.set_timeout(Some(Duration::from_millis(30)));
        for _ in 0..3 {
            let failed = caller.call(spin, Input::None, b"", Target::None).unwrap_err();
            assert!(matches!(failed, CallError::Failed { status: Status::TIMED_OUT, .. }));
        }
        // The only worker was never lost: the loop was killed, and not given up.
        assert_eq!(kernel.stats().lost_workers, 0);
        caller.set_timeout(None);
        let mut out = [0; 5];
        caller.call(echo, Input::Bytes(b"hello"), b"", Target::Bytes(&mut out)).unwrap();
        assert_eq!(&out, b"hello");
        let guest = || kernel.health().into_iter().find(|unit| unit.name == "guest").unwrap();
        assert_eq!((guest().lost, guest().panics, guest().state), (0, 0, UnitState::Working));
        // One that traps too often rests, as any unit.
        for _ in 0..3 {
            let failed = caller.call(trap, Input::None, b"", Target::None).unwrap_err();
            assert!(matches!(failed, CallError::Failed { status: Status::UNIT_FAILED, .. }));
        }
        assert!(matches!(guest().state, UnitState::Resting { .. }), "{:?}", guest());
    })
    .unwrap();
}

/// A module that was built from the same sources as a unit that is compiled in gives the same bytes.
/// Where none was built, this says so.
#[test]
fn the_units_as_a_module_give_what_they_give_natively() {
    let Ok(path) = std::env::var("INOS_UNITS_WASM") else {
        println!("skipped: INOS_UNITS_WASM names no module");
        return;
    };
    let bytes = std::fs::read(path).unwrap();
    let module = WasmModule::load(&bytes, WasmLimits::default()).unwrap();
    let mut units = Dispatcher::new();
    for unit in module.units() {
        units.register(Box::new(unit)).unwrap();
    }
    let native = Dispatcher::standard();
    let input: Vec<u8> = (0..5000_u32).map(|index| (index * 7 % 251) as u8).collect();
    for (unit, method, input, params) in [
        ("hash", "sha256", &input[..], ""),
        ("hash", "blake3", &input[..], r#"{"length": 100}"#),
        ("hash", "blake3", b"", ""),
        ("hash", "blake3", b"x", r#"{"length": 0}"#),
        ("hash", "blake3", b"x", r#"{"colour": 0}"#),
        ("hash", "blake3", b"x", "{"),
        ("boids", "init", b"", r#"{"count": 300, "seed": 5}"#),
    ] {
        let run = |units: &Dispatcher| {
            let mut out = VecOutput::new(1 << 20);
            let call = Call { input, params: params.as_bytes() };
            let done = units.execute_named(unit, method, call, &mut out, &Budget::unlimited());
            done.map(|_| out.as_bytes().to_vec())
        };
        assert_eq!(run(&units), run(&native), "{unit}.{method} {params}");
    }
}
