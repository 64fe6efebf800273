//! Whether a boid costs the same in a flock of any size.

use inos_units::boids::{Frame, InitParams, StepParams, frame_len};
use inos_units::{Budget, Call, Dispatcher, VecOutput};

use super::Area;
use crate::driver::{Case, Driver};
use crate::{Amount, inos, limit};

pub(super) const AREA: Area = Area {
    name: "flock",
    title: "A step of the flock, for each boid",
    about: "Contenders differ in size only; ratios are to the smallest, times are of one boid, on one \
            thread, through the dispatcher, with the widest instructions. *Even* is a flock one step \
            after `init`, with about 40 neighbours each and in the order of its cells; *clumped* has \
            flown until it has gathered. Time stands still, so that the same step is timed again and \
            again.",
    run,
};

const COUNTS: [u32; 10] =
    [1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000];
/// Larger flocks do not get to clump: it would take minutes.
const MOST_CLUMPED: u32 = 100_000;
const NEIGHBOURS: f32 = 40.0;
/// Steps until a flock has gathered.
const GATHERING: u32 = 300;

/// Boids in a window: as many steps of small flocks as make one of the largest.
const WINDOW: u64 = 1_000_000;

fn run(driver: &mut dyn Driver) {
    let cases: [(&'static str, u32, bool); 4] = [
        ("2D, even", 2, false),
        ("3D, even", 3, false),
        ("2D, clumped", 2, true),
        ("3D, clumped", 3, true),
    ];
    for (name, dim, is_clumped) in cases {
        let most = match (driver.is_test(), is_clumped) {
            (true, _) => 2_000,
            (false, true) => MOST_CLUMPED,
            (false, false) => u32::MAX,
        };
        let counts = COUNTS.iter().filter(|&&count| count <= most);
        let steps = if driver.is_test() { 2 } else { GATHERING };
        let contenders = counts.enumerate().map(|(at, &count)| {
            let mut flock = Flock::new(dim, count, if is_clumped { steps } else { 1 });
            let note = flock.note();
            let run = move |boids: u64| {
                let steps = boids.div_ceil(u64::from(count));
                if (0..steps).all(|_| flock.step()) { boids } else { 0 }
            };
            let name = grouped(count);
            let solo = if at == 0 { limit(name, run) } else { inos(name, run) };
            solo.stand(Amount::Count(f64::from(count))).noting(move || note.clone()).boxed()
        });
        driver.case(Case::new(name, WINDOW).test_window(1), contenders.collect());
    }
}

struct Flock {
    units: Dispatcher,
    frame: VecOutput,
    next: VecOutput,
    rules: String,
}

impl Flock {
    /// A flock that has flown so many steps.
    fn new(dim: u32, count: u32, steps: u32) -> Self {
        let count_f = count as f32;
        let half_extent = match dim {
            2 => (count_f * std::f32::consts::PI / NEIGHBOURS).sqrt() / 2.0,
            _ => (count_f * (4.0 / 3.0) * std::f32::consts::PI / NEIGHBOURS).cbrt() / 2.0,
        };
        let params = InitParams { dim, count, half_extent, ..InitParams::default() }.to_json();
        let len = frame_len(dim, count).expect("a legal flock");
        let units = Dispatcher::standard();
        let mut frame = VecOutput::new(len);
        let call = Call { input: b"", params: params.as_bytes() };
        units
            .execute_named("boids", "init", call, &mut frame, &Budget::unlimited())
            .expect("boids.init");
        let rules = StepParams::default().to_json();
        let mut flock = Self { units, frame, next: VecOutput::new(len), rules };
        for _ in 0..steps {
            assert!(flock.step());
            std::mem::swap(&mut flock.frame, &mut flock.next);
        }
        flock.rules = StepParams { dt: 0.0, ..StepParams::default() }.to_json();
        assert!(flock.step());
        flock
    }

    /// Makes `next` out of `frame`, which stays; whether it worked.
    fn step(&mut self) -> bool {
        let call = Call { input: self.frame.as_bytes(), params: self.rules.as_bytes() };
        let budget = Budget::unlimited();
        let made = self.units.execute_named("boids", "step", call, &mut self.next, &budget);
        made.is_ok_and(|len| len == self.frame.as_bytes().len())
    }

    fn note(&self) -> String {
        let frame = Frame::new(self.next.as_bytes()).expect("a frame");
        format!("{:.1} neighbours", frame.header().mean_neighbours)
    }
}

fn grouped(count: u32) -> String {
    if count < 1000 {
        count.to_string()
    } else {
        format!("{},{:03}", grouped(count / 1000), count % 1000)
    }
}
