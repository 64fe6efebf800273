//! Calling a method of a unit by number and by name.

use std::collections::HashMap;
use std::hint::black_box;

use inos_units::{
    Budget, Call, Determinism, Dispatcher, Method, Output, Unit, UnitError, UnitInfo, VecOutput,
    Version,
};

use crate::contender::{Contender, Goal, Row, Side};

const fn method(name: &'static str) -> Method {
    Method { name, summary: "Nothing.", params: &[], determinism: Determinism::Strict }
}

const NAMES: [&str; 8] = ["a", "be", "cee", "dee", "encode", "forward", "gather", "hash"];

static INFO: UnitInfo = UnitInfo {
    name: "bench",
    version: Version { major: 1, minor: 0, patch: 0 },
    summary: "Methods that return their number.",
    methods: &[
        method(NAMES[0]),
        method(NAMES[1]),
        method(NAMES[2]),
        method(NAMES[3]),
        method(NAMES[4]),
        method(NAMES[5]),
        method(NAMES[6]),
        method(NAMES[7]),
    ],
};

struct Bench;

impl Unit for Bench {
    fn info(&self) -> &'static UnitInfo {
        &INFO
    }

    fn execute(
        &self,
        method: u16,
        _: Call<'_>,
        _: &mut dyn Output,
        _: &Budget,
    ) -> Result<usize, UnitError> {
        Ok(method.into())
    }
}

type Plain = fn(u16, &[u8], &mut dyn Output) -> Result<usize, UnitError>;

fn plain(method: u16, _: &[u8], _: &mut dyn Output) -> Result<usize, UnitError> {
    Ok(method.into())
}

/// Calls method after method; `call` gives the number of the one that was called.
fn calls(
    name: &'static str,
    side: Side,
    mut call: impl FnMut(usize, &mut VecOutput) -> usize + 'static,
) -> Contender {
    let mut out = VecOutput::new(64);
    let mut at = 0;
    Contender::solo(name, side, move |ops| {
        for _ in 0..ops {
            at = (at * 5 + 3) % NAMES.len();
            assert_eq!(call(black_box(at), &mut out), at);
        }
    })
}

static PERFECT: phf::Map<&'static str, u16> = phf::phf_map! {
    "a" => 0, "be" => 1, "cee" => 2, "dee" => 3,
    "encode" => 4, "forward" => 5, "gather" => 6, "hash" => 7,
};

fn dispatcher() -> Dispatcher {
    let mut dispatcher = Dispatcher::new();
    dispatcher.register(Box::new(Bench)).expect("the only unit");
    dispatcher
}

/// The row of this area.
pub(super) fn rows() -> Vec<Row> {
    let table: Vec<Plain> = vec![plain; NAMES.len()];
    let (same, other) = (table.clone(), table.clone());
    let map: HashMap<&str, u16> = NAMES.into_iter().zip(0..).collect();
    let (by_id, by_name) = (dispatcher(), dispatcher());
    let ids = NAMES.map(|name| by_id.resolve("bench", name).expect("advertised"));
    let budget = Budget::unlimited();
    let same_budget = Budget::unlimited();
    const CALL: Call<'static> = Call { input: &[], params: &[] };
    vec![Row {
        id: "dispatch",
        what: "call a method that does nothing",
        ops: 20_000,
        latency: false,
        goals: &[("INOS by id", Goal::Time(12.0)), ("INOS by name", Goal::Time(35.0))],
        contenders: vec![
            calls("table of functions", Side::Limit, move |at, out| {
                black_box(&table)[at](at as u16, &[], out).expect("it never fails")
            }),
            calls("INOS by id", Side::Inos, move |at, out| {
                by_id.execute(ids[at], CALL, out, &budget).expect("it never fails")
            }),
            calls("INOS by name", Side::Inos, move |at, out| {
                let name = black_box(NAMES[at]);
                by_name.execute_named("bench", name, CALL, out, &same_budget).expect("it is there")
            }),
            calls("HashMap and table", Side::Peer, move |at, out| {
                let number = map[black_box(NAMES[at])];
                same[usize::from(number)](number, &[], out).expect("it never fails")
            }),
            calls("phf and table", Side::Peer, move |at, out| {
                let number = PERFECT[black_box(NAMES[at])];
                other[usize::from(number)](number, &[], out).expect("it never fails")
            }),
        ],
    }]
}
