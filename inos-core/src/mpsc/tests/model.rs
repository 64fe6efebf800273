//! The protocol against a queue that knows who owns each granule.

use std::boxed::Box;
use std::collections::VecDeque;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Op {
    /// Claims that many granules.
    Claim(usize, u32),
    /// Commits that many of them.
    Commit(usize, u32),
    Abort(usize),
    /// Loses the claim; the next one aborts it.
    Forget(usize),
    Suspect(usize),
    /// Dies, and is proven to be dead.
    Die(usize),
    Read,
    Release,
    /// The consumer dies after it has told what it read.
    Succeed,
}

fn op() -> impl Strategy<Value = Op> {
    let producer = 0_usize..3;
    prop_oneof![
        4 => (producer.clone(), 1_u32..9).prop_map(|(producer, count)| Op::Claim(producer, count)),
        4 => (producer.clone(), 0_u32..9).prop_map(|(producer, used)| Op::Commit(producer, used)),
        1 => producer.clone().prop_map(Op::Abort),
        1 => producer.clone().prop_map(Op::Forget),
        1 => producer.clone().prop_map(Op::Suspect),
        1 => producer.prop_map(Op::Die),
        6 => Just(Op::Read),
        1 => Just(Op::Release),
        1 => Just(Op::Succeed),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Committed(u32),
    /// To be passed by.
    Gone,
}

#[derive(Debug)]
struct Ticket {
    id: u32,
    granules: Vec<usize>,
    state: State,
}

/// A producer, as the protocol and as the model have it.
#[derive(Default)]
struct Seat {
    cursor: Option<ProducerCursor>,
    claim: Option<Claim>,
    /// The ticket that it holds, or has to acknowledge.
    holds: Option<u32>,
}

struct Model<'m> {
    control: Control<'m>,
    seats: [Seat; 3],
    consumer: ConsumerCursor,
    tickets: VecDeque<Ticket>,
    /// Which ticket owns a granule: from its claim until it is read or nobody can write it.
    owners: Vec<Option<u32>>,
    next: u32,
}

impl Model<'_> {
    fn free(&mut self, id: u32) {
        for owner in self.owners.iter_mut().filter(|owner| **owner == Some(id)) {
            *owner = None;
        }
    }

    fn ticket(&mut self, id: u32) -> Option<&mut Ticket> {
        self.tickets.iter_mut().find(|ticket| ticket.id == id)
    }

    /// The holder ends it: by a commit that counts, or in any other way.
    fn resolve(&mut self, seat: usize, state: State) -> bool {
        let Some(id) = self.seats[seat].holds.take() else { return false };
        match self.ticket(id) {
            Some(ticket) if ticket.state == State::Open => {
                ticket.state = state;
                if state == State::Gone {
                    self.free(id);
                }
                true
            }
            // Given up by the consumer.
            _ => {
                self.free(id);
                false
            }
        }
    }

    fn sit(&mut self, seat: usize) {
        let lease = self.control.lease(seat as u32).unwrap();
        let held = role::claim(lease, 1 + seat as u16).unwrap();
        let cursor = ProducerCursor::sit(&self.control, seat as u32).unwrap();
        if cursor.is_none() {
            role::release(lease, &held);
        }
        self.seats[seat] = Seat { cursor, claim: None, holds: None };
    }

    fn claim(&mut self, seat: usize, count: u32) {
        if self.seats[seat].cursor.is_none() {
            self.sit(seat);
        }
        if self.seats[seat].claim.is_some() {
            return;
        }
        let Some(cursor) = &mut self.seats[seat].cursor else { return };
        let outcome = cursor.claim(&self.control, count);
        let max = self.control.config.capacity / 2;
        if count > max {
            let too_large = Error::TooLarge { len: count as usize, max: max as usize };
            assert_eq!(outcome.err(), Some(too_large));
            self.resolve(seat, State::Gone);
            return;
        }
        self.resolve(seat, State::Gone);
        match outcome {
            Ok(claim) => {
                let id = self.next;
                self.next += 1;
                let start = claim.start() as usize;
                let granules: Vec<usize> = (start..start + claim.count() as usize).collect();
                assert_eq!(granules.len(), count as usize);
                for &granule in &granules {
                    assert_eq!(self.owners[granule].replace(id), None, "granule {granule}");
                }
                self.tickets.push_back(Ticket { id, granules, state: State::Open });
                self.seats[seat].claim = Some(claim);
                self.seats[seat].holds = Some(id);
            }
            Err(error) => assert_eq!(error, Error::Full),
        }
    }

    fn commit(&mut self, seat: usize, used: u32) {
        let Some(claim) = self.seats[seat].claim.take() else { return };
        let used = used.min(claim.count());
        let cursor = self.seats[seat].cursor.as_mut().unwrap();
        let outcome = cursor.commit(&self.control, claim, used);
        let expected = self.resolve(seat, State::Committed(used));
        assert_eq!(outcome, if expected { Ok(()) } else { Err(Error::Fenced) });
    }

    fn abort(&mut self, seat: usize) {
        let Some(claim) = self.seats[seat].claim.take() else { return };
        self.seats[seat].cursor.as_mut().unwrap().abort(&self.control, claim);
        self.resolve(seat, State::Gone);
    }

    fn suspect(&mut self, seat: usize) {
        let done = self.consumer.suspect(&self.control, seat as u32).unwrap();
        let (held, lives) = (self.seats[seat].holds, self.seats[seat].cursor.is_some());
        let ticket = held.and_then(|id| self.ticket(id));
        let open = ticket.filter(|ticket| ticket.state == State::Open);
        // A dead one's ticket, too, but that is gone either way.
        assert!(done == open.is_some() || !lives);
        if let Some(ticket) = open {
            ticket.state = State::Gone;
        }
    }

    fn die(&mut self, seat: usize) {
        let lease = self.control.lease(seat as u32).unwrap();
        role::revoke(lease, 1 + seat as u16);
        self.seats[seat].cursor = None;
        self.seats[seat].claim = None;
        self.resolve(seat, State::Gone);
    }

    /// Reads one ticket, or finds none.
    fn read(&mut self) {
        // Orphans are passed by; the model has them gone since the death.
        while self.consumer.adopt(&self.control).unwrap() {}
        while matches!(
            self.tickets.front(),
            Some(Ticket { state: State::Gone | State::Committed(0), .. })
        ) {
            let ticket = self.tickets.pop_front().unwrap();
            if ticket.state == State::Committed(0) {
                self.free(ticket.id);
            }
        }
        let mut found = self.consumer.available(&self.control);
        // One orphan may stand behind another ticket that is gone.
        while found.is_err() && self.consumer.adopt(&self.control).unwrap() {
            found = self.consumer.available(&self.control);
        }
        match self.tickets.front() {
            Some(&Ticket { state: State::Committed(used), id, ref granules }) => {
                let available = found.unwrap();
                assert_eq!((available.start() as usize, available.count()), (granules[0], used));
                self.consumer.advance(used);
                self.tickets.pop_front();
                self.free(id);
                self.consumer.settle(&self.control).unwrap();
            }
            _ => assert_eq!(found.err(), Some(Error::Empty)),
        }
    }

    fn run(&mut self, op: &Op) {
        match *op {
            Op::Claim(seat, count) => self.claim(seat, count),
            Op::Commit(seat, used) => self.commit(seat, used),
            Op::Abort(seat) => self.abort(seat),
            Op::Forget(seat) => self.seats[seat].claim = None,
            Op::Suspect(seat) => self.suspect(seat),
            Op::Die(seat) => self.die(seat),
            Op::Read => self.read(),
            Op::Release => self.consumer.release(&self.control).unwrap(),
            Op::Succeed => self.consumer = ConsumerCursor::resume(&self.control).unwrap(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_granule_has_two_owners_and_none_is_lost(
        ops in prop::collection::vec(op(), 1..120),
        bits in (3_u32..5, 2_u32..5),
        back in (0_u32..40, 0_u32..40),
    ) {
        let config = MpscConfig { capacity: 1 << bits.0, tickets: 1 << bits.1, seats: 3 };
        hostile(config, |ring, words| {
            start_at(words, &config, (1 << 31) - 1 - back.0, (1 << 31) - 1 - back.1);
            let control = Control::new(ring.span, config).unwrap();
            let mut model = Box::new(Model {
                control,
                seats: Default::default(),
                consumer: ConsumerCursor::resume(&control).unwrap(),
                tickets: VecDeque::new(),
                owners: vec![None; config.capacity as usize],
                next: 0,
            });
            for op in &ops {
                model.run(op);
            }
            for seat in 0..3 {
                model.abort(seat);
                model.die(seat);
            }
            while !model.tickets.is_empty() {
                model.read();
            }
            model.read();
            // Everything is free again: the largest claims, one after the other, all around.
            assert_eq!(model.owners, vec![None; config.capacity as usize]);
            for _ in 0..4 {
                model.claim(0, config.capacity / 2);
                assert!(model.seats[0].claim.is_some(), "space was lost");
                model.commit(0, 1);
                model.read();
                model.read();
            }
        });
    }
}
