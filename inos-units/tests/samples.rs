//! The samples that fuzzing starts from reach every method, and each is accepted within its bound.
#![cfg(all(feature = "boids", feature = "hash"))]
#![allow(clippy::expect_used, clippy::panic)]

#[path = "../samples/mod.rs"]
mod samples;

use std::collections::BTreeSet;

use inos_units::{Budget, Call, VecOutput, run_plan};

#[test]
fn every_method_has_a_sample_that_is_accepted() {
    let units = samples::units();
    let mut reached = BTreeSet::new();
    for sample in samples::all() {
        let id = units.resolve(sample.unit, sample.method).expect("a method");
        let call = Call { input: &sample.input, params: sample.params.as_bytes() };
        let bound = units.bound(id, call).expect("a bound");
        let mut out = VecOutput::new(bound);
        let budget = Budget::unlimited();
        let len = units.execute(id, call, &mut out, &budget);
        let len = len.unwrap_or_else(|error| panic!("{sample:?}: {error}"));
        assert_eq!(out.as_bytes().len(), len);
        // In one piece or in many, it is the same.
        if let Some(plan) = units.plan(id, call, &budget).expect("a plan or none") {
            let mut whole = VecOutput::new(bound);
            run_plan(plan.as_ref(), &mut whole, &budget).expect("a result");
            assert_eq!(whole.as_bytes(), out.as_bytes());
        }
        assert_eq!(
            units.method(id).expect("a row").is_split,
            units.plan(id, call, &budget).is_ok_and(|plan| plan.is_some())
        );
        reached.insert((sample.unit, sample.method));
    }
    let advertised: BTreeSet<_> = units
        .units()
        .flat_map(|info| info.methods.iter().map(|method| (info.name, method.name)))
        .collect();
    assert_eq!(reached, advertised);
}
