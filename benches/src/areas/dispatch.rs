//! From a method's number or name to its code.

use std::collections::HashMap;
use std::hint::black_box;

use inos::units::{Method, Output, UnitInfo, Version};
use inos::{Budget, Call, Dispatcher, MethodId, Unit, UnitError, VecOutput};

use super::Area;
use crate::driver::{Case, Driver};
use crate::{inos, limit, peer};

pub(super) const AREA: Area = Area {
    name: "dispatch",
    title: "Dispatching a call to the code of a method",
    about: "Sixteen units of four methods that do nothing but return the length of their input. \
            The limit calls through a table of function pointers. The dispatcher catches panics, \
            checks the length of the result and looks at the ids; the others only call.",
    run,
};

const UNITS: usize = 16;
const METHODS: usize = 4;

type Code = fn(&[u8]) -> usize;

/// So many different functions that a call can't be foreseen.
#[inline(never)]
fn code<const N: usize>(input: &[u8]) -> usize {
    black_box(N);
    input.len()
}

static TABLE: [Code; METHODS] = [code::<0>, code::<1>, code::<2>, code::<3>];

static ROWS: [Method; METHODS] = [
    Method::named("first"),
    Method::named("second"),
    Method::named("third"),
    Method::named("fourth"),
];

struct Nothing(&'static UnitInfo);

impl Unit for Nothing {
    fn info(&self) -> &'static UnitInfo {
        self.0
    }

    fn execute(
        &self,
        method: u16,
        call: Call<'_>,
        _: &mut dyn Output,
        _: &Budget,
    ) -> Result<usize, UnitError> {
        // As `unit!` writes it.
        match method {
            0 => Ok(code::<0>(call.input)),
            1 => Ok(code::<1>(call.input)),
            2 => Ok(code::<2>(call.input)),
            3 => Ok(code::<3>(call.input)),
            _ => Err(UnitError::UnknownId { id: method.into() }),
        }
    }

    fn bound(&self, _: u16, call: Call<'_>) -> Result<usize, UnitError> {
        Ok(call.input.len())
    }
}

/// A dispatcher with so many units that do nothing.
pub(super) fn dispatcher(units: usize) -> Dispatcher {
    let mut dispatcher = Dispatcher::new();
    for number in 0..units {
        let info = UnitInfo {
            name: format!("unit-{number:04}").leak(),
            version: Version { major: 0, minor: 0, patch: 0 },
            summary: "",
            methods: &ROWS,
        };
        dispatcher.register(Box::new(Nothing(Box::leak(Box::new(info))))).expect("a free name");
    }
    dispatcher
}

/// Names of all methods, with the number of the method in all.
fn names() -> Vec<(String, &'static str)> {
    let units = (0..UNITS).map(|number| format!("unit-{number:04}"));
    units.flat_map(|unit| ROWS.iter().map(move |row| (unit.clone(), row.name))).collect()
}

static PHF: phf::Map<&'static str, usize> = phf::phf_map! {
    "first" => 0, "second" => 1, "third" => 2, "fourth" => 3,
};

/// Calls one after another of `len` things, in an order that no predictor foresees.
pub(super) fn calls<'a>(
    len: usize,
    mut call: impl FnMut(usize, &[u8]) -> usize + 'a,
) -> impl FnMut(u64) -> u64 + 'a {
    let mut at = 0_usize;
    let input = [0; 64];
    move |count| {
        let mut right = 0;
        for number in 0..count {
            at = (at + 7) % len;
            let input = &input[..(number % 64) as usize];
            right += u64::from(call(black_box(at), black_box(input)) == input.len());
        }
        right
    }
}

fn run(driver: &mut dyn Driver) {
    let dispatcher = dispatcher(UNITS);
    let names = names();
    let ids: Vec<MethodId> = names
        .iter()
        .map(|(unit, method)| dispatcher.resolve(unit, method).expect("it is there"))
        .collect();
    let table: Vec<Code> = TABLE.iter().copied().cycle().take(names.len()).collect();
    let map: HashMap<(&str, &str), Code> = names
        .iter()
        .zip(&table)
        .map(|((unit, method), code)| ((&**unit, *method), *code))
        .collect();
    let budget = Budget::unlimited();
    let (mut out, mut named_out) = (VecOutput::new(64), VecOutput::new(64));
    let count = names.len();

    let by_id = vec![
        limit("table call", calls(count, |at, input| black_box(&table)[at](input))).boxed(),
        inos(
            "execute",
            calls(count, |at, input| {
                let call = Call { input, params: b"" };
                black_box(&dispatcher)
                    .execute(ids[at], call, &mut out, &budget)
                    .unwrap_or(usize::MAX)
            }),
        )
        .reach(1.2)
        .boxed(),
    ];
    driver.case(Case::new("by id", 1024), by_id);

    let by_name = vec![
        limit("table call", calls(count, |at, input| black_box(&table)[at](input))).boxed(),
        peer(
            "HashMap of unit and method",
            calls(count, |at, input| {
                let (unit, method) = black_box(&names[at]);
                black_box(&map).get(&(&**unit, *method)).map_or(usize::MAX, |code| code(input))
            }),
        )
        .boxed(),
        peer(
            "phf of the method",
            calls(count, |at, input| {
                let (_, method) = black_box(&names[at]);
                PHF.get(method).map_or(usize::MAX, |&row| TABLE[row](input))
            }),
        )
        .boxed(),
        inos(
            "execute_named",
            calls(count, |at, input| {
                let (unit, method) = black_box(&names[at]);
                let call = Call { input, params: b"" };
                black_box(&dispatcher)
                    .execute_named(unit, method, call, &mut named_out, &budget)
                    .unwrap_or(usize::MAX)
            }),
        )
        .reach(3.5)
        .boxed(),
    ];
    driver.case(Case::new("by name", 1024), by_name);
}
