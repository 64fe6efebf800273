//! Epochs: what a dead party has advanced is seen, and a bit it has left heals itself.

use inos_core::protocol::epoch::{self, Prepared, Waited};

use super::{MortalWord, every_death, mortal};
use inos_core::Ordering;
use inos_core::protocol::ReadWord;

/// Just before the wrap.
const START: u32 = (1 << 31) - 1;

#[test]
fn a_dead_advancer_has_advanced_or_not() {
    let deaths = every_death(|steps| {
        let word = MortalWord::new((START << 1) | epoch::WAITERS);
        let through = mortal(steps, || epoch::advance_and_wake(&word, || ()));
        let before = epoch::current(&word);
        assert!(before == START || before == 0);
        assert!(through.is_none_or(|now| now == 0 && before == 0));
        // The next one goes on from there, and the bit heals with it.
        let next = epoch::advance(&word);
        assert_eq!(next.epoch, if before == START { 0 } else { 1 });
        assert!(!epoch::advance(&word).wake);
        through.is_some()
    });
    assert_eq!(deaths, 2);
}

/// Dead between the word and its doorbell: whoever looks finds the word changed, and the next
/// ring tells the sleepers.
#[test]
fn a_dead_ringer_is_made_up_for_by_the_next() {
    let deaths = every_death(|steps| {
        let [word, other, bell] = [0, 0, epoch::WAITERS].map(MortalWord::new);
        let through = mortal(steps, || epoch::advance_and_ring(&word, &bell, |_| ()));
        let mut woken = 0;
        epoch::advance_and_ring(&other, &bell, |_| woken += 1);
        // Whoever has cleared the bit has died before it woke, at the latest.
        assert!(woken == 1 || steps >= 2);
        let mut changed = false;
        let prepared = epoch::prepare_rung(&bell, || {
            changed = epoch::current(&word) == 1;
            changed
        });
        assert_eq!(prepared.is_none(), changed);
        assert_eq!(changed, steps >= 1);
        through.is_some()
    });
    assert_eq!(deaths, 3);
}

#[test]
fn a_dead_waiter_costs_one_wake_in_vain() {
    let deaths = every_death(|steps| {
        let words = [START << 1, 4].map(MortalWord::new);
        let through = mortal(steps, || {
            let seen = [START, 2];
            let mut waited =
                [0, 1].map(|at| Waited { word: &words[at], seen: seen[at], expected: 0 });
            assert!(epoch::prepare_any(&mut waited));
            waited.map(|waited| waited.expected)
        });
        if let Some(expected) = through {
            assert_eq!(expected, [0, 1].map(|at| words[at].load(Ordering::Relaxed)));
        }
        for word in &words {
            let _ = epoch::advance(word);
            assert_eq!(word.load(Ordering::Relaxed) & epoch::WAITERS, 0);
            let now = epoch::current(word);
            assert!(matches!(epoch::prepare_wait(word, now), Prepared::Park(_)));
        }
        through.is_some()
    });
    assert_eq!(deaths, 4);
}
