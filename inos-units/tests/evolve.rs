//! Evolution: against random search, in pieces, and on hostile input.
#![cfg(all(feature = "boids", feature = "hash"))]
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use inos_units::boids::{EvolveParams, FitnessParams, Population, StepParams};
use support::call;

/// Evolves from nothing: calls after calls of a few generations each, as a program would.
fn evolve(params: &EvolveParams, calls: u32) -> Vec<u8> {
    let mut blob = Vec::new();
    for _ in 0..calls {
        let out = call("boids", "evolve", &blob, params.to_json().as_bytes()).expect("evolve");
        blob = out.to_vec();
    }
    blob
}

/// Fitness of rules as JSON, by the method of that name.
fn fitness(rules: &str, trials: &FitnessParams) -> f32 {
    term(&scores(rules, trials), "fitness")
}

fn scores(rules: &str, trials: &FitnessParams) -> String {
    let params = trials.to_json();
    let out = call("boids", "fitness", rules.as_bytes(), params.as_bytes()).expect("fitness");
    String::from_utf8(out.to_vec()).expect("UTF-8")
}

/// A number of a flat JSON object.
fn term(json: &str, name: &str) -> f32 {
    let (_, rest) = json.split_once(&format!("\"{name}\":")).expect("a member");
    let end = rest.find([',', '}']).expect("an end");
    rest[..end].parse().expect("a number")
}

fn best_rules(blob: &[u8]) -> String {
    let out = call("boids", "genome", blob, b"").expect("genome");
    String::from_utf8(out.to_vec()).expect("UTF-8")
}

/// What each of ten seeds gives: evolution, random search of equal budget, evolution without
/// selection, each on the trials and on starts that none has seen.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    seen: [f32; 3],
    unseen: [f32; 3],
}

fn contest(seed: u64, calls: u32, base: &EvolveParams) -> Outcome {
    let evolved = EvolveParams { seed, ..*base };
    let random = EvolveParams {
        population: base.population * base.generations * calls,
        generations: 1,
        ..evolved
    };
    let blind = EvolveParams { selection: false, ..evolved };
    let unseen = FitnessParams { seed: UNSEEN, trials: 16, ..base.trials_of() };
    let blobs = [evolve(&evolved, calls), evolve(&random, 1), evolve(&blind, calls)];
    let parsed = blobs.each_ref().map(|blob| Population::parse(blob).expect("a population"));
    assert!(parsed[0].evaluations <= parsed[1].evaluations, "evolution has no larger budget");
    assert_eq!(parsed[1].evaluations, parsed[2].evaluations);
    Outcome {
        seen: parsed.each_ref().map(|population| population.best.fitness),
        unseen: blobs.each_ref().map(|blob| fitness(&best_rules(blob), &unseen)),
    }
}

/// The seed of starts that no evolution here has seen.
const UNSEEN: u64 = 1 << 40;

#[test]
fn evolution_beats_random_search() {
    let base = EvolveParams {
        population: 16,
        generations: 4,
        islands: 2,
        count: 24,
        dim: 2,
        steps: 60,
        trials: 6,
        dt: 0.1,
        ..EvolveParams::default()
    };
    let unseen = FitnessParams { seed: UNSEEN, trials: 16, ..base.trials_of() };
    println!("hand-tuned {}", scores("", &unseen));
    let started = std::time::Instant::now();
    for seed in 1..=10 {
        let outcome = contest(seed, 6, &base);
        println!("{seed}: {outcome:?} {:?}", started.elapsed());
    }
    let _ = StepParams::default();
}
