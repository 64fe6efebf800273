//! The ring of many producers: order and place are fixed by one exchange, whoever stops or is
//! suspected.

use inos_core::Error;
use inos_core::protocol::fault::with_fault;
use inos_core::protocol::mpsc::{CLAIMED, Claim, ConsumerCursor, OPEN, ProducerCursor, Words};
use inos_core::protocol::role;
use loom::sync::Arc;
use loom::thread;

use super::*;

const MASK: u32 = (1 << 31) - 1;

/// `C` granules, `N` tickets, `S` seats, all of them held.
struct Ring<const C: usize, const N: usize, const S: usize> {
    tail: LoomWord,
    head_ticket: LoomWord,
    head: LoomWord,
    read: LoomWord,
    tickets: [[LoomWord; 2]; N],
    seats: [[LoomWord; 2]; S],
    items: [Payload; C],
    gate: LoomWord,
}

impl<const C: usize, const N: usize, const S: usize> Ring<C, N, S> {
    /// An empty ring whose next ticket is `ticket`, at this position.
    fn new(ticket: u32, position: u32) -> Self {
        let lap = |index: usize| {
            let count = N as u32;
            let ahead = (index as u32).wrapping_sub(ticket) & (count - 1);
            (ticket.wrapping_add(ahead) & MASK) / count
        };
        let anchor = (ticket.wrapping_sub(1) as usize) & (N - 1);
        let ring = Self {
            tail: LoomWord::new(ticket),
            head_ticket: LoomWord::new(ticket),
            head: LoomWord::new(position),
            read: LoomWord::new(position),
            tickets: std::array::from_fn(|index| {
                let extent = if index == anchor { CLAIMED | position } else { lap(index) };
                [LoomWord::new(extent), LoomWord::failing_late(OPEN | lap(index))]
            }),
            seats: std::array::from_fn(|_| [LoomWord::new(0), LoomWord::new(0)]),
            items: std::array::from_fn(|_| Payload::new()),
            gate: LoomWord::new(0),
        };
        for [lease, _] in &ring.seats {
            let _held = role::claim(lease, 1).unwrap();
        }
        ring
    }

    /// A point at which parties take turns in any order, and which orders nothing. Loom compares
    /// an access with the last one to the same word alone, so it does not see that a load of one
    /// party and an exchange of another can change places if the other has loaded the word, too.
    fn take_turns(&self) {
        self.gate.add(1, Ordering::Relaxed);
    }

    fn producer(&self, seat: u32) -> ProducerCursor {
        ProducerCursor::sit(self, seat).unwrap().unwrap()
    }

    fn consumer(&self) -> ConsumerCursor {
        ConsumerCursor::resume(self).unwrap()
    }

    fn write(&self, claim: &Claim, value: u32) {
        for item in &self.items[claim.start() as usize..][..claim.count() as usize] {
            item.set(value);
        }
    }

    /// Claims, writes and commits.
    fn push(&self, producer: &mut ProducerCursor, count: u32, value: u32) -> Result<(), Error> {
        let claim = producer.claim(self, count)?;
        self.write(&claim, value);
        producer.commit(self, claim, count)
    }

    /// One ticket: all its items are alike.
    fn pop(&self, consumer: &mut ConsumerCursor) -> Result<(u32, u32), Error> {
        let available = consumer.available(self)?;
        let (start, count) = (available.start() as usize, available.count());
        let value = self.items[start].get();
        assert!(self.items[start..][..count as usize].iter().all(|item| item.get() == value));
        consumer.advance(count);
        consumer.settle(self)?;
        Ok((value, count))
    }

    /// All that is published.
    fn drain(&self, consumer: &mut ConsumerCursor, out: &mut Vec<u32>) {
        while let Ok((value, _)) = self.pop(consumer) {
            out.push(value);
        }
    }
}

impl<const C: usize, const N: usize, const S: usize> Words for Ring<C, N, S> {
    type Word = LoomWord;

    fn tail(&self) -> &LoomWord {
        &self.tail
    }

    fn head_ticket(&self) -> &LoomWord {
        &self.head_ticket
    }

    fn head(&self) -> &LoomWord {
        &self.head
    }

    fn read(&self) -> &LoomWord {
        &self.read
    }

    fn extent(&self, index: u32) -> Option<&LoomWord> {
        self.tickets.get(index as usize).map(|[extent, _]| extent)
    }

    fn state(&self, index: u32) -> Option<&LoomWord> {
        self.tickets.get(index as usize).map(|[_, state]| state)
    }

    fn lease(&self, index: u32) -> Option<&LoomWord> {
        self.seats.get(index as usize).map(|[lease, _]| lease)
    }

    fn intent(&self, index: u32) -> Option<&LoomWord> {
        self.seats.get(index as usize).map(|[_, intent]| intent)
    }

    fn capacity(&self) -> u32 {
        C as u32
    }

    fn ticket_count(&self) -> u32 {
        N as u32
    }

    fn seat_count(&self) -> u32 {
        S as u32
    }
}

/// Runs a model of three threads: with more than two preemptions it takes minutes.
fn explore_three(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(builder.preemption_bound.unwrap_or(2).min(2));
    builder.check(model);
}

/// The model turns red with this fault.
#[track_caller]
fn turns_red(fault: &'static str, model: fn()) {
    let message = with_fault(fault, model);
    let message = message.unwrap_or_else(|| panic!("green in spite of {fault:?}"));
    // That would be no proof.
    let unseen = ["never seen", "not every outcome"].iter().any(|text| message.contains(text));
    assert!(!unseen, "{fault:?}: {message}");
}

/// Two producers want the same ticket, and space that the consumer gives back meanwhile, around
/// the wrap of positions and tickets.
fn contend() {
    let seen = Seen::new();
    let note = seen.clone();
    explore_three(move || {
        let ring = Arc::new(Ring::<2, 4, 2>::new(MASK - 1, MASK - 1));
        let [mut one, mut two] = [0, 1].map(|seat| ring.producer(seat));
        let mut consumer = ring.consumer();
        ring.push(&mut one, 1, 9).unwrap();
        let other = thread::spawn({
            let ring = ring.clone();
            move || ring.push(&mut two, 1, 2)
        });
        let reading = thread::spawn({
            let ring = ring.clone();
            move || {
                let mut out = Vec::new();
                ring.drain(&mut consumer, &mut out);
                (consumer, out)
            }
        });
        let mine = ring.push(&mut one, 1, 1);
        let other = other.join().unwrap();
        let (mut consumer, mut out) = reading.join().unwrap();
        let early = out.len();
        ring.drain(&mut consumer, &mut out);
        let mut expected = vec![9];
        expected.extend(
            [(mine, 1), (other, 2)].iter().filter(|push| push.0.is_ok()).map(|push| push.1),
        );
        assert_eq!(out.remove(0), 9);
        let mut sorted = out.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, expected[1..]);
        assert!(mine.is_ok() || other.is_ok());
        note.note((out, early));
    });
    seen.check(
        |(out, early)| (1..=3).contains(early) && !out.is_empty(),
        [(vec![1], 1), (vec![2], 1), (vec![1, 2], 1), (vec![2, 1], 2), (vec![1, 2], 3)],
    );
}

#[test]
fn two_producers_share_a_ring() {
    contend();
}

#[test]
fn sharing_needs_its_orderings() {
    for fault in ["mpsc: commit", "mpsc: look", "mpsc: store of the head", "mpsc: load of the head"]
    {
        turns_red(fault, contend);
    }
}

/// A ticket of the next lap, taken by one who has nothing but a hint to go by: right after the
/// consumer has recycled it, and the one before it was claimed by another.
fn follow(tail: u32) {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let ring = Arc::new(Ring::<4, 2, 2>::new(2, 0));
        let [mut one, mut two] = [0, 1].map(|seat| ring.producer(seat));
        ring.push(&mut one, 1, 1).unwrap();
        ring.tail.store(tail, Ordering::Relaxed);
        let follower = thread::spawn({
            let ring = ring.clone();
            move || ring.push(&mut two, 2, 3)
        });
        let mut consumer = ring.consumer();
        let mut out = Vec::new();
        ring.drain(&mut consumer, &mut out);
        let mine = ring.push(&mut one, 1, 2);
        ring.drain(&mut consumer, &mut out);
        let followed = follower.join().unwrap();
        ring.drain(&mut consumer, &mut out);
        let mut expected = vec![1];
        expected.extend(
            [(mine, 2), (followed, 3)].iter().filter(|push| push.0.is_ok()).map(|push| push.1),
        );
        let mut sorted = out.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, expected);
        note.note((out, followed.is_ok()));
    });
    seen.check(
        |(out, _)| out.first() == Some(&1),
        [(vec![1, 2], false), (vec![1, 2, 3], true), (vec![1, 3], true)],
    );
}

#[test]
fn a_hint_is_followed() {
    follow(3);
}

#[test]
fn a_wrong_hint_is_not() {
    follow(77);
}

#[test]
fn following_needs_its_orderings() {
    turns_red("mpsc: load of the tail", || follow(3));
    turns_red("mpsc: store of the tail", || follow(3));
    turns_red("mpsc: load of the head ticket", || follow(77));
    turns_red("mpsc: store of the head ticket", || follow(77));
}

/// The consumer gives up on a producer that commits, or thinks better of it, at that moment; and
/// the space, if it comes free, is written by another.
fn suspect(commits: bool) {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let ring = Arc::new(Ring::<2, 4, 2>::new(MASK, MASK));
        let [mut slow, mut other] = [0, 1].map(|seat| ring.producer(seat));
        let mut consumer = ring.consumer();
        let claim = slow.claim(&*ring, 1).unwrap();
        ring.push(&mut other, 1, 2).unwrap();
        let suspect = thread::spawn({
            let ring = ring.clone();
            move || {
                ring.write(&claim, 1);
                if commits {
                    return slow.commit(&*ring, claim, 1);
                }
                slow.abort(&*ring, claim);
                Err(Error::Fenced)
            }
        });
        let given_up = consumer.suspect(&*ring, 0).unwrap();
        let mut out = Vec::new();
        ring.drain(&mut consumer, &mut out);
        // Delivery never waits for a suspect; space may.
        let again = ring.push(&mut other, 1, 3);
        let committed = suspect.join().unwrap();
        ring.drain(&mut consumer, &mut out);
        let expected = [(committed, 1), (Ok(()), 2), (again, 3)];
        let expected: Vec<u32> =
            expected.iter().filter(|push| push.0.is_ok()).map(|push| push.1).collect();
        assert_eq!(out, expected, "committed and read once, or neither");
        assert!(!(given_up && committed.is_ok()));
        // All the space is back.
        for value in [4, 5] {
            ring.push(&mut other, 1, value).unwrap();
        }
        ring.drain(&mut consumer, &mut out);
        assert!(out.ends_with(&[4, 5]));
        note.note((given_up, committed.is_ok(), again.is_ok()));
    });
    // Last: it was resolved before it could be given up, and not yet read.
    if commits {
        let late = (false, true, false);
        seen.check_all([(true, false, false), (true, false, true), (false, true, true), late]);
    } else {
        let late = (false, false, false);
        seen.check_all([(true, false, false), (true, false, true), (false, false, true), late]);
    }
}

#[test]
fn a_late_commit_counts_or_is_fenced() {
    suspect(true);
}

#[test]
fn a_late_abort_gives_its_space_back() {
    suspect(false);
}

#[test]
fn suspicion_needs_its_rules() {
    turns_red("mpsc: recycled on suspicion", || suspect(true));
    turns_red("mpsc: acknowledge", || suspect(true));
    turns_red("mpsc: look at the oldest", || suspect(true));
    turns_red("mpsc: commit", || suspect(false));
}

/// The consumer asks whether a ticket is an orphan, of a producer that lives, and of one that
/// wanted the same ticket.
fn adopt() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let ring = Arc::new(Ring::<2, 2, 1>::new(MASK, MASK));
        let mut producer = ring.producer(0);
        let mut consumer = ring.consumer();
        let living = thread::spawn({
            let ring = ring.clone();
            move || {
                let claim = producer.claim(&*ring, 1).unwrap();
                ring.take_turns();
                ring.write(&claim, 1);
                producer.commit(&*ring, claim, 1)
            }
        });
        ring.take_turns();
        let adopted = consumer.adopt(&*ring).unwrap();
        assert!(!adopted, "it lives");
        let early = ring.pop(&mut consumer).is_ok();
        assert_eq!(living.join().unwrap(), Ok(()));
        if !early {
            assert_eq!(ring.pop(&mut consumer), Ok((1, 1)));
        }
        note.note(early);
    });
    seen.check_all([false, true]);
}

#[test]
fn the_living_have_no_orphans() {
    adopt();
}

#[test]
fn the_orphan_rule_needs_its_order() {
    for fault in [
        "mpsc: orphans by guess",
        "mpsc: claimed before announced",
        "mpsc: claim",
        "mpsc: extent before intents",
    ] {
        turns_red(fault, adopt);
    }
}

/// A producer takes a ticket at the moment at which the consumer has recycled it, and knows of
/// that by nothing else: there was space before.
fn recycle() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let ring = Arc::new(Ring::<4, 2, 1>::new(MASK - 1, MASK - 1));
        let mut producer = ring.producer(0);
        let mut consumer = ring.consumer();
        ring.push(&mut producer, 1, 1).unwrap();
        assert_eq!(ring.pop(&mut consumer), Ok((1, 1)));
        ring.push(&mut producer, 1, 2).unwrap();
        let reading = thread::spawn({
            let ring = ring.clone();
            move || {
                ring.take_turns();
                let mut out = vec![ring.pop(&mut consumer).unwrap().0];
                ring.take_turns();
                ring.drain(&mut consumer, &mut out);
                (consumer, out)
            }
        });
        ring.take_turns();
        let pushed = ring.push(&mut producer, 1, 3);
        ring.take_turns();
        let (mut consumer, mut out) = reading.join().unwrap();
        let early = out.len();
        ring.drain(&mut consumer, &mut out);
        let expected: &[u32] = if pushed.is_ok() { &[2, 3] } else { &[2] };
        assert_eq!(out, expected);
        // Nothing is left behind.
        ring.push(&mut producer, 1, 4).unwrap();
        ring.drain(&mut consumer, &mut out);
        assert!(out.ends_with(&[4]));
        note.note((pushed.map_err(|error| error == Error::Full), early));
    });
    // Nobody is fenced.
    seen.check_all([(Err(true), 1), (Ok(()), 1), (Ok(()), 2)]);
}

#[test]
fn a_recycled_ticket_is_open() {
    recycle();
}

#[test]
fn recycling_needs_its_orderings() {
    turns_red("mpsc: recycle", recycle);
    turns_red("mpsc: load of an extent", recycle);
}

/// The consumer has followed one that died while it emptied the extents, and a producer takes
/// what it empties.
fn finish_recycling() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let ring = Arc::new(Ring::<4, 2, 1>::new(MASK - 1, MASK - 1));
        let mut producer = ring.producer(0);
        let mut consumer = ring.consumer();
        ring.push(&mut producer, 1, 1).unwrap();
        assert_eq!(ring.pop(&mut consumer), Ok((1, 1)));
        ring.push(&mut producer, 1, 2).unwrap();
        // So far it came: all but the head, and the extent and the state of the old anchor. (The
        // state it has stored; but whoever follows stores it again, and does not rely on it.)
        ring.read.store(0, Ordering::Relaxed);
        ring.head_ticket.store(0, Ordering::Relaxed);
        let next = thread::spawn({
            let ring = ring.clone();
            move || {
                ring.take_turns();
                ring.consumer()
            }
        });
        ring.take_turns();
        let pushed = ring.push(&mut producer, 1, 3);
        let mut consumer = next.join().unwrap();
        let mut out = Vec::new();
        ring.drain(&mut consumer, &mut out);
        let expected: &[u32] = if pushed.is_ok() { &[3] } else { &[] };
        assert_eq!(out, expected);
        note.note(pushed.map_err(|error| error == Error::Full));
    });
    seen.check_all([Err(true), Ok(())]);
}

#[test]
fn a_successor_recycles_the_rest() {
    finish_recycling();
}

#[test]
fn a_successor_needs_the_orderings() {
    turns_red("mpsc: recycle", finish_recycling);
    turns_red("mpsc: load of an extent", finish_recycling);
}

/// Space of one that has died, suspected before or not, is used again when the proof is there.
fn bury(suspected: bool) {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let ring = Arc::new(Ring::<2, 4, 2>::new(MASK, MASK));
        let [mut dead, mut other] = [0, 1].map(|seat| ring.producer(seat));
        let mut consumer = ring.consumer();
        let claim = dead.claim(&*ring, 1).unwrap();
        ring.push(&mut other, 1, 2).unwrap();
        let dying = thread::spawn({
            let ring = ring.clone();
            move || {
                ring.write(&claim, 9);
                // The proof: it stands where the dead can do nothing any more.
                ring.take_turns();
                assert!(role::revoke(&ring.seats[0][0], 1));
                ring.take_turns();
            }
        });
        ring.take_turns();
        if suspected {
            assert_eq!(consumer.suspect(&*ring, 0), Ok(true));
        }
        let adopted = !suspected && consumer.adopt(&*ring).unwrap();
        let mut out = Vec::new();
        ring.drain(&mut consumer, &mut out);
        let again = ring.push(&mut other, 1, 3);
        assert!(suspected || again.is_ok() == adopted);
        dying.join().unwrap();
        let late = consumer.adopt(&*ring).unwrap();
        assert_eq!(late, !suspected && !adopted);
        ring.drain(&mut consumer, &mut out);
        let expected: &[u32] = if again.is_ok() { &[2, 3] } else { &[2] };
        assert_eq!(out, expected);
        // All the space is back.
        for value in [4, 5] {
            ring.push(&mut other, 1, value).unwrap();
        }
        ring.drain(&mut consumer, &mut out);
        assert!(out.ends_with(&[4, 5]));
        note.note(again.map_err(|error| error == Error::Full));
    });
    seen.check_all([Err(true), Ok(())]);
}

#[test]
fn space_of_the_dead_is_used_again() {
    bury(false);
}

#[test]
fn space_of_a_dead_suspect_is_used_again() {
    bury(true);
}

#[test]
fn space_of_the_dead_needs_the_proof() {
    for suspected in [(|| bury(false)) as fn(), || bury(true)] {
        turns_red("mpsc: look at a lease", suspected);
        turns_red("role: revoke", suspected);
    }
    turns_red("mpsc: recycled on suspicion", || bury(true));
    turns_red("mpsc: orphans by guess", || bury(false));
}

/// A producer resolves its ticket, withdraws it and goes on to the next one, while the consumer
/// asks whether it is an orphan; it is suspected before or not.
fn withdraw(suspected: bool) {
    let seen = Seen::new();
    let note = seen.clone();
    // Three: that it is resolved, then read, and the next one claimed before that of the other.
    explore_with(3, move || {
        let ring = Arc::new(Ring::<2, 4, 2>::new(MASK, MASK));
        let [mut slow, mut other] = [0, 1].map(|seat| ring.producer(seat));
        let mut consumer = ring.consumer();
        let claim = slow.claim(&*ring, 1).unwrap();
        ring.push(&mut other, 1, 2).unwrap();
        if suspected {
            assert_eq!(consumer.suspect(&*ring, 0), Ok(true));
        }
        let living = thread::spawn({
            let ring = ring.clone();
            move || {
                ring.write(&claim, 1);
                let committed = slow.commit(&*ring, claim, 1);
                ring.take_turns();
                let next = ring.push(&mut slow, 1, 3);
                ring.take_turns();
                (committed, next)
            }
        });
        assert_eq!(consumer.adopt(&*ring), Ok(false), "it lives");
        let mut out = Vec::new();
        ring.drain(&mut consumer, &mut out);
        ring.take_turns();
        let mine = ring.push(&mut other, 1, 4);
        let (committed, next) = living.join().unwrap();
        ring.drain(&mut consumer, &mut out);
        // The consumer alone gives up on it.
        assert_eq!(committed, if suspected { Err(Error::Fenced) } else { Ok(()) });
        let mut expected = if suspected { vec![2] } else { vec![1, 2] };
        let mut last: Vec<u32> = [(next, 3), (mine, 4)]
            .iter()
            .filter(|push| push.0.is_ok())
            .map(|push| push.1)
            .collect();
        assert_eq!(out.len(), expected.len() + last.len());
        let rest = out.split_off(expected.len());
        assert_eq!(out, expected);
        expected = rest.clone();
        expected.sort_unstable();
        last.sort_unstable();
        assert_eq!(expected, last);
        // All the space is back.
        for value in [5, 6] {
            ring.push(&mut other, 1, value).unwrap();
        }
        ring.drain(&mut consumer, &mut out);
        assert!(out.ends_with(&[5, 6]));
        note.note(rest);
    });
    seen.check_all([vec![], vec![4], vec![3, 4], vec![4, 3]]);
}

#[test]
fn a_withdrawn_ticket_is_no_orphan() {
    withdraw(false);
}

#[test]
fn a_ticket_that_was_fenced_is_withdrawn() {
    withdraw(true);
}

#[test]
fn withdrawing_comes_last() {
    turns_red("mpsc: withdrawn before resolved", || withdraw(false));
    turns_red("mpsc: withdrawn before resolved", || withdraw(true));
    turns_red("mpsc: acknowledge", || withdraw(true));
    turns_red("mpsc: recycled on suspicion", || withdraw(true));
}

/// A producer has died with a ticket that another one wanted, too. Its role is taken from it while
/// the consumer looks on, and the seat is wanted again.
#[test]
fn an_orphan_is_found_and_then_its_seat_is_free() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let ring = Arc::new(Ring::<2, 4, 2>::new(MASK, MASK));
        let [mut dead, mut other] = [0, 1].map(|seat| ring.producer(seat));
        let mut consumer = ring.consumer();
        let claim = dead.claim(&*ring, 1).unwrap();
        ring.write(&claim, 9);
        ring.push(&mut other, 1, 2).unwrap();
        let heir = thread::spawn({
            let ring = ring.clone();
            move || {
                let [lease, _] = &ring.seats[0];
                assert!(role::revoke(lease, 1));
                ring.take_turns();
                let lease = role::claim(lease, 2).unwrap();
                let Some(mut heir) = ProducerCursor::sit(&*ring, 0).unwrap() else {
                    role::release(&ring.seats[0][0], &lease);
                    return None;
                };
                Some(ring.push(&mut heir, 1, 3))
            }
        });
        ring.take_turns();
        let adopted = consumer.adopt(&*ring).unwrap();
        let mut out = Vec::new();
        ring.drain(&mut consumer, &mut out);
        assert_eq!(out.is_empty(), !adopted);
        let inherited = heir.join().unwrap();
        assert_eq!(consumer.adopt(&*ring), Ok(!adopted));
        ring.drain(&mut consumer, &mut out);
        let expected: &[u32] = if inherited == Some(Ok(())) { &[2, 3] } else { &[2] };
        assert_eq!(out, expected);
        // Nothing is left behind.
        for value in [4, 5] {
            ring.push(&mut other, 1, value).unwrap();
        }
        assert!(ProducerCursor::sit(&*ring, 0).unwrap().is_some());
        note.note((adopted, inherited.map(|push| push.is_ok())));
    });
    seen.check(
        |(adopted, inherited)| *adopted || inherited.is_none(),
        [(false, None), (true, None), (true, Some(true)), (true, Some(false))],
    );
}
