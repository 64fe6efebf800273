//! Evolution: genomes and fitness in a second implementation.

use std::collections::HashMap;

use inos_units::boids::Frame;

use crate::splitmix;
use crate::support::call;

/// One genome, its offsets as documented: a blob that no evolution made.
pub(crate) fn genome() {
    let genes = [0.5_f32, 1.25, 0.75, 1.5, 2.5, 0.25, 4.0, 2.0];
    let mut blob = b"EVOL".to_vec();
    for word in [1_u32, 1, 2] {
        blob.extend_from_slice(&word.to_le_bytes());
    }
    for wide in [7_u64, 14, 99] {
        blob.extend_from_slice(&wide.to_le_bytes());
    }
    blob.extend_from_slice(&0.5_f32.to_le_bytes());
    let floats = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>();
    blob.extend_from_slice(&floats(&genes));
    blob.extend_from_slice(&1_u32.to_le_bytes());
    blob.extend_from_slice(&floats(&[0.5, 0.25]));
    for _ in 0..2 {
        blob.extend_from_slice(&floats(&[1.0; 8]));
        blob.extend_from_slice(&floats(&[0.125]));
    }
    let out = call("boids", "genome", &blob, b"").expect("genome");
    let expected = r#"{"separation_radius":0.5,"alignment_radius":1.25,"cohesion_radius":0.75,
        "separation_weight":1.5,"alignment_weight":2.5,"cohesion_weight":0.25,"min_speed":0.5,
        "max_speed":2.0,"max_force":4.0,"dt":0.02,"field_of_view":1.0,
        "goal_weight":0.0,"goal_x":0.0,"goal_y":0.0,"goal_z":0.0,
        "wind_x":0.0,"wind_y":0.0,"wind_z":0.0,
        "fear_radius":2.0,"fear_weight":10.0,"predator_speed":1.6,"catch_radius":0.1,
        "avoid_radius":1.0,"avoid_weight":10.0,"max_per_cell":32}"#;
    let expected: String = expected.split_whitespace().collect();
    assert_eq!(out.as_bytes(), expected.as_bytes());
}

/// The first generation: genes from SplitMix64 by hand, fitness by the method of that name.
pub(crate) fn evolve() {
    let trials = r#""seed": 5, "count": 9, "dim": 2, "steps": 6, "trials": 2, "dt": 0.1"#;
    let params =
        format!(r#"{{{trials}, "population": 3, "islands": 2, "generations": 1, "migrants": 0}}"#);
    let out = call("boids", "evolve", b"", params.as_bytes()).expect("evolve");
    let blob = out.as_bytes();
    let word = |at: usize| u32::from_le_bytes(*blob[at..].first_chunk().expect("four bytes"));
    assert_eq!(&blob[..4], b"EVOL");
    assert_eq!([4, 8, 12, 16, 24, 76].map(word), [1, 2, 3, 1, 6, 1]);
    assert_eq!(blob.len(), 80 + 8 + 6 * 36);

    let ranges = [
        (0.05_f32, 2.0_f32),
        (0.05, 2.0),
        (0.05, 2.0),
        (0.0, 10.0),
        (0.0, 10.0),
        (0.0, 10.0),
        (0.0, 20.0),
        (0.5, 3.0),
    ];
    let names = [
        "separation_radius",
        "alignment_radius",
        "cohesion_radius",
        "separation_weight",
        "alignment_weight",
        "cohesion_weight",
        "max_force",
        "max_speed",
    ];
    let mut best = 0.0_f32;
    for island in 0..2_u64 {
        let of_generation = splitmix(&mut (5 ^ splitmix(&mut 0)));
        let mut state =
            splitmix(&mut of_generation.clone()) ^ splitmix(&mut island.clone()).rotate_left(32);
        for member in 0..3 {
            let at = 88 + (island as usize * 3 + member) * 36;
            let mut members = Vec::new();
            for (gene, (low, high)) in ranges.into_iter().enumerate() {
                let unit = (splitmix(&mut state) >> 40) as f32 / 16_777_216.0;
                let value = low + unit * (high - low);
                assert_eq!(f32::from_bits(word(at + 4 * gene)), value);
                members.push(format!("\"{}\": {value:?}", names[gene]));
            }
            let rules = format!("{{{}}}", members.join(", "));
            let fitness = f32::from_bits(word(at + 32));
            assert_eq!(term(&rules, &format!("{{{trials}}}"), "fitness"), fitness);
            best = best.max(fitness);
        }
    }
    assert_eq!(f32::from_bits(word(40)), best);
    assert_eq!(f32::from_bits(word(80)), best);
}

/// One boid alone by hand; then a flock, flown step by step and measured in another way.
pub(crate) fn fitness() {
    // Alone it keeps its heading, spends nothing, meets nobody and has no company.
    let alone = r#"{"count": 1}"#;
    for (name, expected) in
        [("order", 1.0), ("energy", 1.0), ("collisions", 1.0), ("cohesion", 0.0), ("survival", 1.0)]
    {
        assert_eq!(term("", alone, name), expected, "{name}");
    }
    assert!((term("", alone, "fitness") - 0.2).abs() < 1e-6);
    let dense = r#"{"cohesion_weight": 9, "separation_weight": 0}"#;
    let hunted = r#"{"catch_radius": 0.6, "predator_speed": 3, "fear_weight": 1}"#;
    for (dim, predators, rules) in [(2, 0, ""), (3, 0, dense), (2, 3, hunted)] {
        let params = format!(
            r#"{{"count": 60, "dim": {dim}, "seed": 8, "steps": 50, "trials": 2,
                "predators": {predators}, "survival_share": 0.7}}"#
        );
        let (mut order, mut energy, mut collisions, mut cohesion) = (0.0, 0.0, 0.0, 0.0);
        let mut survival = 0.0;
        for seed in [8, 9] {
            let terms = fly(dim, seed, predators, rules);
            survival += terms[4] / 2.0;
            order += terms[0] / 2.0;
            energy += terms[1] / 2.0;
            collisions += terms[2] / 2.0;
            cohesion += terms[3] / 2.0;
        }
        // Every term is at work in one of the flocks.
        assert!(collisions < 0.99 || dim == 2);
        assert!((survival < 0.9) == (predators > 0), "{survival}");
        let fitness = (1.0 - 0.9 * (1.0 - order))
            * (1.0 - 0.5 * (1.0 - energy))
            * (1.0 - 0.8 * (1.0 - collisions))
            * (1.0 - 0.8 * (1.0 - cohesion))
            * (1.0 - 0.7 * (1.0 - survival));
        for (name, expected) in [
            ("order", order),
            ("energy", energy),
            ("collisions", collisions),
            ("cohesion", cohesion),
            ("survival", survival),
            ("fitness", fitness),
        ] {
            let told = f64::from(term(rules, &params, name));
            assert!((told - expected).abs() < 1e-5, "{dim}D {name}: {told}, not {expected}");
        }
    }
}

/// Fifty steps of sixty boids from this seed; order, energy, collisions, cohesion, survival.
fn fly(dim: usize, seed: u64, predators: u32, rules: &str) -> [f64; 5] {
    let dt = 0.05;
    let start = format!(r#"{{"count": 60, "dim": {dim}, "seed": {seed}}}"#);
    let rules = match rules.strip_suffix('}') {
        Some(rules) => format!("{rules}, \"dt\": {dt}}}"),
        None => format!("{{\"dt\": {dt}}}"),
    };
    let mut bytes = call("boids", "init", b"", start.as_bytes()).expect("init");
    if predators > 0 {
        let scene = format!(r#"{{"predators": {predators}, "seed": {seed}}}"#);
        bytes = call("boids", "set_scene", bytes.as_bytes(), scene.as_bytes()).expect("a scene");
    }
    let mut frames = Vec::new();
    let mut in_reach = 0.0;
    for step in 0..=50 {
        let frame = Frame::new(bytes.as_bytes()).expect("a frame");
        let width = 2.0 * f64::from(frame.header().half_extent);
        let boids: HashMap<u32, [[f64; 3]; 2]> = (0..60)
            .map(|index| {
                let of = |array: &[f32]| array.get(index).map_or(0.0, |&value| f64::from(value));
                let pos = [0, 1, 2].map(|axis| of(frame.pos(axis)));
                (frame.ids()[index], [pos, [0, 1, 2].map(|axis| of(frame.vel(axis)))])
            })
            .collect();
        // Of the 50 frames that are stepped from.
        for predator in frame.predators().filter(|_| step < 50) {
            let there = predator.pos.map(f64::from);
            let off = |a: f64, b: f64| (a - b) - width * ((a - b) / width).round();
            let near = |[here, _]: &&[[f64; 3]; 2]| {
                let offset = [0, 1, 2].map(|k| off(here[k], there[k]));
                offset.iter().map(|v| v * v).sum::<f64>().sqrt() < 0.6
            };
            in_reach += boids.values().filter(near).count() as f64;
        }
        frames.push((step, width, boids));
        bytes = call("boids", "step", bytes.as_bytes(), rules.as_bytes()).expect("step");
    }
    let length = |vector: [f64; 3]| vector.iter().map(|v| v * v).sum::<f64>().sqrt();
    let mut spent = Vec::new();
    for pair in frames.windows(2) {
        for (id, [_, now]) in &pair[1].2 {
            let before = pair[0].2[id][1];
            spent.push(length([0, 1, 2].map(|axis| (now[axis] - before[axis]) / dt)).powi(2));
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mut orders, mut touching, mut company) = (Vec::new(), Vec::new(), Vec::new());
    // The last step and every fourth before it, in the second half.
    for (_, width, boids) in
        frames.iter().filter(|frame| [26, 30, 34, 38, 42, 46, 50].contains(&frame.0))
    {
        let heading = |axis: usize| boids.values().map(|[_, vel]| vel[axis] / length(*vel)).sum();
        orders.push(length([0, 1, 2].map(heading)) / 60.0);
        for (id, [here, _]) in boids {
            let near = |limit: f64| {
                let others = boids.iter().filter(|(other, _)| *other != id);
                let off = |a: f64, b: f64| (a - b) - width * ((a - b) / width).round();
                let distance = |there: &[f64; 3]| length([0, 1, 2].map(|k| off(here[k], there[k])));
                others.filter(|(_, [there, _])| distance(there) < limit).count() as f64
            };
            touching.push(near(0.1));
            company.push(near(1.0).min(7.0) / 7.0);
        }
    }
    let survival = 0.1 / (0.1 + in_reach / f64::from(50 * predators.max(1)));
    let energy = 1.0 / (1.0 + mean(&spent));
    [mean(&orders), energy, 0.1 / (0.1 + mean(&touching)), mean(&company), survival]
}

/// A number of what `fitness` says of these rules.
fn term(rules: &str, params: &str, name: &str) -> f32 {
    let out = call("boids", "fitness", rules.as_bytes(), params.as_bytes()).expect("fitness");
    let text = String::from_utf8(out.to_vec()).expect("UTF-8");
    let (_, rest) = text.split_once(&format!("\"{name}\":")).expect("a member");
    let (number, _) = rest.split_once([',', '}']).expect("an end");
    number.parse().expect("a number")
}
