//! Every view through the hostile door, beside a thread that stores anything anywhere: nothing
//! panics, runs without end, or reaches a byte outside.

use std::env;
use std::time::{Duration, Instant};

/// How long, unless the environment says otherwise.
const SECONDS: u64 = 4;
/// An input of as many bytes makes a layout, and a few hundred operations on it.
const LEN: usize = 1200;

/// Xorshift (Marsaglia 2003).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 24) as u32
    }
}

#[test]
fn a_peer_that_writes_nonsense_all_the_time_is_survived() {
    let seconds = env::var("INOS_HOSTILE_SECONDS").map_or(SECONDS, |text| text.parse().unwrap());
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut inputs = Noise(20_261_123);
    let mut rounds = 0;
    while Instant::now() < until {
        let mut input: Vec<u8> = (0..LEN).map(|_| inputs.next() as u8).collect();
        // A formatted image that nobody has overwritten yet.
        input[0] |= 1;
        let mut noise = Noise(u64::from(inputs.next()) | 1 << 32);
        inos_fuzz::attach::run_beside(&input, move || noise.next());
        rounds += 1;
    }
    println!("{rounds} layouts");
    assert!(rounds > 10);
}
