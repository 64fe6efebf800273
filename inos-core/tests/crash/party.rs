//! Parties: one that dies while it takes what the dead left behind is taken in turn.

use inos_core::protocol::{party, role};

use super::{MortalWord, every_death, mortal};

const SEATS: u16 = 3;

#[derive(Default)]
struct Region {
    reaper: MortalWord,
    seats: [MortalWord; SEATS as usize],
    roles: [MortalWord; 2],
}

impl Region {
    fn seat(&self, number: u16) -> &MortalWord {
        &self.seats[usize::from(number) - 1]
    }

    /// As `Party::reap` does it.
    fn reap(&self, me: u16, is_dead: impl Fn(u16) -> bool + Copy) -> bool {
        let Some(lease) = party::claim_reaper(&self.reaper, me, is_dead) else { return false };
        for number in 1..=SEATS {
            let Some(corpse) = party::find_dead(self.seat(number), is_dead) else { continue };
            for role in &self.roles {
                role::revoke(role, number);
            }
            party::bury(self.seat(number), corpse);
        }
        role::release(&self.reaper, &lease);
        true
    }
}

#[test]
fn a_dead_reaper_is_reaped() {
    let deaths = every_death(|steps| {
        let region = Region::default();
        let leases = [1, 2, 3].map(|number| role::claim(region.seat(number), number).unwrap());
        let dead = role::claim(&region.roles[0], 1).unwrap();
        let living = role::claim(&region.roles[1], 3).unwrap();

        let through = mortal(steps, || region.reap(2, |party| party == 1));
        assert!(region.reap(3, |party| party == 1 || party == 2));
        assert!(!role::is_held(&region.reaper));
        assert!(!role::is_held(region.seat(1)) && !role::is_held(region.seat(2)));
        assert!(role::claim(&region.roles[0], 3).is_some());
        assert_eq!(role::holder(&region.roles[1]), Some(3), "the living keep what they hold");

        // The dead do not come back.
        role::release(region.seat(1), &leases[0]);
        role::release(&region.roles[0], &dead);
        assert_eq!(role::holder(&region.roles[0]), Some(3));
        role::release(&region.roles[1], &living);
        through.is_some()
    });
    assert!(deaths > 10, "{deaths}");
}

#[test]
fn a_living_reaper_is_waited_for() {
    let region = Region::default();
    let _busy = role::claim(&region.reaper, 2).unwrap();
    assert!(!region.reap(3, |_| false));
}

#[test]
fn a_successor_that_dies_is_succeeded() {
    let deaths = every_death(|steps| {
        let region = Region::default();
        let old = role::claim(region.seat(1), 1).unwrap();
        let through = mortal(steps, || {
            let reaper = party::claim_reaper(&region.reaper, 1, |party| party == 1).unwrap();
            let corpse = party::find_dead(region.seat(1), |party| party == 1).unwrap();
            let lease = party::succeed(region.seat(1), corpse).unwrap();
            role::release(&region.reaper, &reaper);
            assert_ne!(lease, old);
        });
        assert!(region.reap(2, |party| party == 1));
        assert!(!role::is_held(region.seat(1)) && !role::is_held(&region.reaper));
        through.is_some()
    });
    assert!(deaths > 5, "{deaths}");
}
