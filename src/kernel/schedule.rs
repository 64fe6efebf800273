//! Which of the calls that may run is next.
//!
//! 1. Those of the highest priority.
//! 2. Of these, the one with the earliest deadline. Calls without a deadline come after them.
//! 3. Of calls without one, that of the lane which has used least of the workers' time.
//! 4. Of one lane's, the one that was accepted first.
//!
//! So that nobody starves, every other turn belongs to the oldest call, once that has waited for
//! [`PATIENCE`].
//!
//! What a call will take is not known before. A lane is charged what its calls took lately when one
//! is taken, and the difference when it ends. A lane that had nothing to do begins where the others
//! are, so that it can't save up time; what it has used before counts for at most [`MEMORY`].
#![forbid(unsafe_code)]

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use super::queue::Ticket;

/// How long a call may be passed over.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// By how much time a lane that comes back can be behind others, in nanoseconds.
const MEMORY: u64 = 100_000_000;

/// Of what a call is thought to take, the part that the newest call decides is 1 / 2^3.
const SMOOTHING: u32 = 3;

/// What is known of a call that may run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) lane: u32,
    pub(super) priority: u8,
    pub(super) deadline: Option<Instant>,
    pub(super) accepted: Instant,
}

/// The calls that may run, in several orders.
#[derive(Default)]
pub(super) struct Schedule {
    /// All of them; tickets are in the order of acceptance.
    ready: BTreeMap<Ticket, Entry>,
    urgent: BTreeSet<(Reverse<u8>, Instant, Ticket)>,
    shared: BTreeMap<Reverse<u8>, BTreeMap<u32, BTreeSet<Ticket>>>,
    lanes: HashMap<u32, Share>,
    /// What the lane has used that had used least when one was last chosen.
    floor: u64,
    /// Whether the last turn was the oldest call's.
    was_oldest: bool,
}

/// A lane's part of the workers' time, in nanoseconds.
#[derive(Clone, Copy, Default)]
struct Share {
    used: u64,
    /// What one of its calls takes.
    usual: u64,
    /// Calls that may run, or run.
    open: usize,
}

impl Schedule {
    /// Adds a call that may run now.
    pub(super) fn add(&mut self, ticket: Ticket, entry: Entry) {
        let floor = self.floor;
        let share = self.lanes.entry(entry.lane).or_default();
        if share.open == 0 {
            share.used = share.used.clamp(floor, floor.saturating_add(MEMORY));
        }
        share.open += 1;
        let rank = Reverse(entry.priority);
        match entry.deadline {
            Some(deadline) => {
                self.urgent.insert((rank, deadline, ticket));
            }
            None => {
                let lanes = self.shared.entry(rank).or_default();
                lanes.entry(entry.lane).or_default().insert(ticket);
            }
        }
        self.ready.insert(ticket, entry);
    }

    /// Takes a call out that will not run.
    pub(super) fn remove(&mut self, ticket: Ticket) {
        if let Some(entry) = self.unlink(ticket) {
            self.close(entry.lane);
        }
    }

    /// The highest priority of those that may run.
    pub(super) fn highest(&self) -> Option<u8> {
        let urgent = self.urgent.first().map(|&(Reverse(priority), ..)| priority);
        let shared = self.shared.first_key_value().map(|(&Reverse(priority), _)| priority);
        urgent.max(shared)
    }

    /// The next call, which runs from now on, and what its lane was charged for it.
    pub(super) fn take(&mut self, now: Instant) -> Option<(Ticket, u64)> {
        let oldest = self.oldest(now).filter(|_| !self.was_oldest);
        self.was_oldest = oldest.is_some();
        let ticket = oldest.or_else(|| self.next())?;
        let entry = self.unlink(ticket)?;
        let share = self.lanes.entry(entry.lane).or_default();
        let charge = share.usual;
        share.used = share.used.saturating_add(charge);
        Some((ticket, charge))
    }

    /// A call of this lane ended that had taken so many nanoseconds, and was charged so many.
    pub(super) fn ended(&mut self, lane: u32, took: u64, charged: u64) {
        let share = self.lanes.entry(lane).or_default();
        share.used = share.used.saturating_sub(charged).saturating_add(took);
        share.usual = match share.usual {
            0 => took,
            usual => usual - (usual >> SMOOTHING) + (took >> SMOOTHING),
        };
        self.close(lane);
    }

    /// Somebody worked for a call of this lane beside the one that runs it.
    pub(super) fn helped(&mut self, lane: u32, took: u64) {
        let share = self.lanes.entry(lane).or_default();
        share.used = share.used.saturating_add(took);
    }

    fn oldest(&self, now: Instant) -> Option<Ticket> {
        let (&ticket, entry) = self.ready.first_key_value()?;
        (now.saturating_duration_since(entry.accepted) >= PATIENCE).then_some(ticket)
    }

    fn next(&mut self) -> Option<Ticket> {
        let rank = Reverse(self.highest()?);
        if let Some(&(_, _, ticket)) = self.urgent.first().filter(|first| first.0 == rank) {
            return Some(ticket);
        }
        let lanes = self.shared.get(&rank)?;
        let used = |lane: &u32| self.lanes.get(lane).map_or(0, |share| share.used);
        let (lane, calls) = lanes.iter().min_by_key(|(lane, _)| used(lane))?;
        // Never down, or a lane that comes and goes could pull the others back.
        self.floor = self.floor.max(used(lane));
        calls.first().copied()
    }

    fn unlink(&mut self, ticket: Ticket) -> Option<Entry> {
        let entry = self.ready.remove(&ticket)?;
        let rank = Reverse(entry.priority);
        if let Some(deadline) = entry.deadline {
            self.urgent.remove(&(rank, deadline, ticket));
            return Some(entry);
        }
        if let Some(lanes) = self.shared.get_mut(&rank) {
            if let Some(calls) = lanes.get_mut(&entry.lane) {
                calls.remove(&ticket);
                if calls.is_empty() {
                    lanes.remove(&entry.lane);
                }
            }
            if lanes.is_empty() {
                self.shared.remove(&rank);
            }
        }
        Some(entry)
    }

    fn close(&mut self, lane: u32) {
        if let Some(share) = self.lanes.get_mut(&lane) {
            share.open = share.open.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: u64 = 1_000_000;

    struct Bench {
        schedule: Schedule,
        start: Instant,
        tickets: u64,
    }

    impl Bench {
        fn new() -> Self {
            Self { schedule: Schedule::default(), start: Instant::now(), tickets: 0 }
        }

        fn add(&mut self, lane: u32, priority: u8, deadline_ms: Option<u64>) -> Ticket {
            self.tickets += 1;
            let deadline = deadline_ms.map(|ms| self.start + Duration::from_millis(ms));
            let ticket = Ticket::new(self.tickets);
            let entry = Entry { lane, priority, deadline, accepted: self.start };
            self.schedule.add(ticket, entry);
            ticket
        }

        /// The next call, some time after the start.
        fn take(&mut self, after: Duration) -> Option<Ticket> {
            self.schedule.take(self.start + after).map(|(ticket, _)| ticket)
        }

        fn take_all(&mut self) -> Vec<Ticket> {
            std::iter::from_fn(|| self.take(Duration::ZERO)).collect()
        }
    }

    #[test]
    fn priorities_come_before_deadlines_and_those_before_the_rest() {
        let mut bench = Bench::new();
        let last = bench.add(0, 0, Some(1));
        let patient = bench.add(0, 3, None);
        let late = bench.add(0, 3, Some(900));
        let soon = bench.add(1, 3, Some(5));
        let first = bench.add(1, 7, None);
        assert_eq!(bench.schedule.highest(), Some(7));
        assert_eq!(bench.take_all(), [first, soon, late, patient, last]);
        assert_eq!(bench.schedule.highest(), None);
    }

    #[test]
    fn lanes_share_time_and_not_turns() {
        let mut bench = Bench::new();
        // Calls of lane 0 take 10 ms, those of lane 1 take 1 ms.
        let cost = [10 * MS, MS];
        let mut lane_of = HashMap::new();
        for _ in 0..200 {
            for lane in 0..2 {
                lane_of.insert(bench.add(lane, 0, None), lane);
            }
        }
        let mut used = [0; 2];
        while used[1] < 150 * MS {
            let (ticket, charged) = bench.schedule.take(bench.start).unwrap();
            let lane = lane_of[&ticket];
            let took = cost[lane as usize];
            bench.schedule.ended(lane, took, charged);
            used[lane as usize] += took;
        }
        assert!(used[0].abs_diff(used[1]) <= 20 * MS, "{used:?}");
    }

    #[test]
    fn who_was_away_neither_saves_time_up_nor_pays_for_it_long() {
        let mut bench = Bench::new();
        let run = |bench: &mut Bench, lane: u32, took: u64| {
            bench.add(lane, 0, None);
            let (_, charged) = bench.schedule.take(bench.start).unwrap();
            bench.schedule.ended(lane, took, charged);
        };
        // One has worked for a minute, one comes new, one was here before.
        run(&mut bench, 2, MS);
        for _ in 0..60 {
            run(&mut bench, 0, 1000 * MS);
        }
        let mut turns = HashMap::from([(0, 0_u32), (1, 0), (2, 0)]);
        let mut lane_of = HashMap::new();
        for _ in 0..400 {
            for lane in 0..3 {
                lane_of.insert(bench.add(lane, 0, None), lane);
            }
        }
        for _ in 0..600 {
            let (ticket, charged) = bench.schedule.take(bench.start).unwrap();
            let lane = lane_of[&ticket];
            bench.schedule.ended(lane, MS, charged);
            *turns.get_mut(&lane).unwrap() += 1;
        }
        // Each has a third, but for what the first one's past and the guess of its cost are worth.
        assert!(turns[&0] >= 100, "{turns:?}");
        assert!(turns[&1].abs_diff(turns[&2]) <= 2, "{turns:?}");
    }

    #[test]
    fn the_oldest_gets_every_other_turn_once_it_has_waited_too_long() {
        let mut bench = Bench::new();
        let old: Vec<Ticket> = (0..3).map(|_| bench.add(0, 0, None)).collect();
        let high: Vec<Ticket> = (0..3).map(|_| bench.add(1, 7, None)).collect();
        assert_eq!(bench.take(PATIENCE / 2), Some(high[0]));
        let turns: Vec<_> = std::iter::from_fn(|| bench.take(PATIENCE)).collect();
        assert_eq!(turns, [old[0], high[1], old[1], high[2], old[2]]);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Add { lane: u32, priority: u8, deadline: Option<u64> },
        Remove { which: usize },
        Take,
        End { took: u64 },
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0..4_u32, 0..3_u8, prop::option::of(0..50_u64))
                .prop_map(|(lane, priority, deadline)| Step::Add { lane, priority, deadline }),
            1 => any::<usize>().prop_map(|which| Step::Remove { which }),
            2 => Just(Step::Take),
            2 => (0..20_u64).prop_map(|took| Step::End { took }),
        ]
    }

    proptest! {
        /// Against lists that are searched: what is taken is of the highest priority, of those the
        /// one whose deadline is first, and of those without one the first of its lane; everything
        /// is taken once, and nothing that was removed.
        #[test]
        fn orders_are_those_of_a_list(steps in prop::collection::vec(step(), 1..120)) {
            let mut bench = Bench::new();
            let mut waiting: Vec<(Ticket, u32, u8, Option<u64>)> = Vec::new();
            let mut running = Vec::new();
            for step in steps {
                match step {
                    Step::Add { lane, priority, deadline } => {
                        let ticket = bench.add(lane, priority, deadline);
                        waiting.push((ticket, lane, priority, deadline));
                    }
                    Step::Remove { which } if !waiting.is_empty() => {
                        let (ticket, ..) = waiting.remove(which % waiting.len());
                        bench.schedule.remove(ticket);
                    }
                    Step::Take => {
                        let taken = bench.schedule.take(bench.start);
                        prop_assert_eq!(taken.is_some(), !waiting.is_empty());
                        let Some((ticket, charged)) = taken else { continue };
                        let at = waiting.iter().position(|call| call.0 == ticket);
                        let (_, lane, priority, deadline) = waiting.remove(at.unwrap());
                        for &(other, its_lane, its_priority, its_deadline) in &waiting {
                            prop_assert!(its_priority <= priority);
                            if its_priority < priority {
                                continue;
                            }
                            match (deadline, its_deadline) {
                                (Some(own), Some(other)) => prop_assert!(own <= other),
                                (None, Some(_)) => prop_assert!(false, "a deadline waits"),
                                (None, None) if lane == its_lane => prop_assert!(ticket < other),
                                _ => {}
                            }
                        }
                        running.push((lane, charged));
                    }
                    Step::End { took } => if let Some((lane, charged)) = running.pop() {
                        bench.schedule.ended(lane, took * MS, charged);
                    },
                    Step::Remove { .. } => {}
                }
            }
        }
    }
}
