//! Evolves rules for a flock and draws how fitness grows, beside random search.
//!
//! `cargo run --release -p inos-units --example evolve [SEED [GENERATIONS]]`
//!
//! Progress goes to stderr. The best rules go to stdout as JSON that `boids.step` takes, after a
//! chart: `o` is the best fitness so far, `.` the mean of the generation, and `x` what random
//! search has found with as many genomes.

use std::time::Instant;

use inos_units::boids::{EvolveParams, FitnessParams, Population, StepParams};
use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput};

/// Generations of one call; what each gives could be published.
const GENERATIONS_PER_CALL: u32 = 4;
/// Lines of the chart.
const HEIGHT: usize = 20;
/// Starts that evolution does not see.
const UNSEEN: u64 = 1 << 40;

fn main() -> Result<(), UnitError> {
    let mut arguments = std::env::args().skip(1).filter_map(|text| text.parse::<u64>().ok());
    let seed = arguments.next().unwrap_or(1);
    let calls = arguments.next().unwrap_or(40).div_ceil(GENERATIONS_PER_CALL.into()).clamp(1, 32);
    let params =
        EvolveParams { seed, generations: GENERATIONS_PER_CALL, ..EvolveParams::default() };

    let started = Instant::now();
    let mut blob = Vec::new();
    let mut evolved = Vec::new();
    for done in 1..=calls {
        blob = run("evolve", &blob, &params.to_json())?;
        let now = Population::parse(&blob)?;
        evolved = now.history;
        let bar = "#".repeat((30 * done / calls) as usize);
        eprint!("\r[{bar:<30}] generation {:4}  best {:.4}", now.generation, now.best.fitness);
    }
    eprintln!("  {:.1} s", started.elapsed().as_secs_f64());

    // A call for one generation is random search. Genomes are taken in the order they come.
    let genomes = params.population * evolved.len() as u32;
    let search =
        EvolveParams { population: genomes, generations: 1, migrants: 0, ..params }.to_json();
    let search = Population::parse(&run("evolve", b"", &search)?)?;
    let mut random = vec![0.0_f32; evolved.len()];
    for island in &search.islands {
        for (found, genomes) in random.iter_mut().zip(island.chunks(params.population as usize)) {
            *found = genomes.iter().fold(*found, |found, genome| found.max(genome.fitness));
        }
    }
    let mut found = 0.0_f32;
    for best in &mut random {
        found = found.max(*best);
        *best = found;
    }

    let mut chart = vec![vec![' '; evolved.len()]; HEIGHT + 1];
    let mut put = |column: usize, value: f32, mark: char| {
        let line = HEIGHT - (value * HEIGHT as f32).round() as usize;
        if let Some(cell) = chart.get_mut(line).and_then(|line| line.get_mut(column)) {
            *cell = mark;
        }
    };
    for (column, (generation, found)) in evolved.iter().zip(random).enumerate() {
        put(column, generation.mean, '.');
        put(column, found, 'x');
        put(column, generation.best, 'o');
    }
    for (line, cells) in chart.iter().enumerate() {
        let value = (HEIGHT - line) as f32 / HEIGHT as f32;
        println!("{value:.2} |{}", cells.iter().collect::<String>());
    }

    let rules = run("genome", &blob, "")?;
    let unseen = FitnessParams { seed: UNSEEN, trials: 16, ..params.trials_of() }.to_json();
    for (name, rules) in
        [("evolved", &rules), ("tuned by hand", &StepParams::default().to_json().into_bytes())]
    {
        let score = run("fitness", rules, &unseen)?;
        println!("{name}, on unseen starts: {}", String::from_utf8_lossy(&score));
    }
    println!("{}", String::from_utf8_lossy(&rules));
    Ok(())
}

fn run(method: &str, input: &[u8], params: &str) -> Result<Vec<u8>, UnitError> {
    let mut out = VecOutput::new(1 << 24);
    let call = Call { input, params: params.as_bytes() };
    let budget = Budget::unlimited();
    Dispatcher::standard().execute_named("boids", method, call, &mut out, &budget)?;
    Ok(out.to_vec())
}
