//! The arena: four parties take blocks of two classes and runs of pages, retire pages under each
//! other, and hand blocks over; no byte is two parties'.

use inos_core::Error;
use inos_core::protocol::arena::{self, Claim, Words};
use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::{Arc, Mutex};
use shuttle::thread;

use super::*;

/// Two blocks of 64 bytes, or one of 128, to a page.
const PAGE_LEN: u32 = 128;
const CLASSES: [u32; 2] = [0, 8];
const PAGES: usize = 3;

struct Arena {
    pages: [ShuttleWord; PAGES],
    runs: [ShuttleWord; PAGES],
    hints: [ShuttleWord; PAGES],
    units: [[ShuttleWord; 2]; PAGES],
    /// Who uses 64 bytes.
    users: [[ShuttleWord; 2]; PAGES],
}

impl Words for Arena {
    type Word = ShuttleWord;

    fn page(&self, index: u32) -> Option<&ShuttleWord> {
        self.pages.get(index as usize)
    }

    fn run(&self, index: u32) -> Option<&ShuttleWord> {
        self.runs.get(index as usize)
    }

    fn hint(&self, index: u32) -> Option<&ShuttleWord> {
        self.hints.get(index as usize)
    }

    fn unit(&self, page: u32, unit: u32) -> Option<&ShuttleWord> {
        self.units.get(page as usize)?.get(unit as usize)
    }

    fn page_count(&self) -> u32 {
        PAGES as u32
    }

    fn page_len(&self) -> u32 {
        PAGE_LEN
    }
}

impl Arena {
    fn new() -> Self {
        let words = || std::array::from_fn(|_| ShuttleWord::new(0));
        let pairs = || std::array::from_fn(|_| [ShuttleWord::new(0), ShuttleWord::new(0)]);
        Self { pages: words(), runs: words(), hints: words(), units: pairs(), users: pairs() }
    }

    /// The bytes change hands: from `old` to `new`.
    #[track_caller]
    fn pass(&self, claim: &Claim, old: u32, new: u32) {
        for at in 0..(claim.byte_len(PAGE_LEN) / 64) as u32 {
            let unit = claim.start() / 64 + at;
            let user = &self.users[(claim.page() + unit / 2) as usize][unit as usize % 2];
            assert_eq!(user.0.swap(new, Ordering::Relaxed), old, "another one's bytes");
        }
    }

    fn take(&self, party: u16) -> Option<Claim> {
        let mut random = thread_rng();
        let page = random.gen_range(0..PAGES as u32);
        if random.gen_range(0..4) == 0 {
            return arena::claim_run(self, page, random.gen_range(1..=2), party).ok();
        }
        let class = CLASSES[random.gen_range(0..2)];
        if !arena::carve(self, page, class) && random.gen_bool(0.5) {
            for other in CLASSES {
                arena::retire(self, page, other, party);
            }
        }
        arena::claim_block(self, page, class, random.gen_range(0..2) % (2 - class / 8), party)
    }
}

#[test]
fn no_byte_is_two_parties() {
    explore(|| {
        let arena = Arc::new(Arena::new());
        let sent = Arc::new(Mutex::new(Vec::new()));
        let parties: Vec<_> = (1..=4_u16)
            .map(|party| {
                let (arena, sent) = (arena.clone(), sent.clone());
                thread::spawn(move || {
                    let me = u32::from(party);
                    for turn in 0..4 {
                        if let Some(claim) = arena.take(party) {
                            arena.pass(&claim, 0, me);
                            thread::yield_now();
                            arena.pass(&claim, me, 0);
                            if turn % 2 == 0 {
                                arena::release(&*arena, claim);
                            } else {
                                let generation = arena::hand_over(&*arena, &claim).unwrap();
                                let place = (claim.page(), claim.start(), generation);
                                sent.lock().unwrap().push(place);
                            }
                        }
                        // Somebody's, maybe its own; maybe of a sender that died meanwhile.
                        let found = sent.lock().unwrap().pop();
                        let Some((page, start, generation)) = found else { continue };
                        match arena::adopt(&*arena, page, start, generation, party) {
                            Ok(claim) => {
                                arena.pass(&claim, 0, me);
                                arena.pass(&claim, me, 0);
                                // Forgotten, like whatever a dead party holds.
                            }
                            Err(error) => assert!(
                                matches!(error, Error::Stale { .. } | Error::OutOfBounds { .. }),
                                "{error}"
                            ),
                        }
                    }
                    arena::reclaim(&*arena, party).unwrap();
                })
            })
            .collect();
        for party in parties {
            party.join().unwrap();
        }
        // Everything is to be had again.
        for page in 0..PAGES as u32 {
            for class in CLASSES {
                arena::retire(&*arena, page, class, 5);
            }
        }
        assert!(arena::claim_run(&*arena, 0, PAGES as u32, 5).is_ok());
    });
}
