//! Deaths, deadlines, cancellations, priorities and batches.
#![forbid(unsafe_code)]

use super::*;

const SERVICE: u16 = 1;
const CLIENT: u16 = 2;

/// These lanes, for the claims of `party`.
fn of_party<'m>(lanes: &Lanes<'m, Hostile>, party: u16) -> Lanes<'m, Hostile> {
    Lanes { span: lanes.span.of_party(party), ..*lanes }
}

/// What happens once the death of a party is proven; how many roles it held.
fn dies(memory: &Memory, lanes: &Lanes<'_, Hostile>, party: u16) -> u32 {
    let layout = layout(memory.config);
    reclaim(&lanes.span, &layout.sections()[0], party).unwrap()
}

fn statuses(client: &mut Client<'_, Hostile>) -> Vec<(u32, Status)> {
    let mut out = [Completion::default(); 16];
    let count = client.poll_many(&mut out, &spin()).unwrap();
    out[..count].iter().map(|answer| (answer.call_id.0, answer.status)).collect()
}

#[test]
fn the_next_service_answers_what_a_dead_one_left() {
    let memory = Memory::new(CONFIG);
    let lanes = memory.lanes();
    let mut client = lanes.client().unwrap();
    let mut dead = of_party(&lanes, SERVICE).service().unwrap();
    for call in 0..6 {
        client.submit(&noop(call), &spin()).unwrap();
    }
    let (first, second) = (dead.next().unwrap(), dead.next().unwrap());
    let third = dead.next().unwrap();
    dead.complete(second.0, &done(&second.1), &spin()).unwrap();
    core::mem::forget(dead);

    assert_eq!(lanes.service().err(), Some(Error::RoleHeld));
    assert_eq!(dies(&memory, &lanes, SERVICE), 1);
    assert_eq!(dies(&memory, &lanes, SERVICE), 0, "once");
    let mut next = lanes.service().unwrap();
    let orphan = next.next_orphan().unwrap();
    assert_eq!((orphan.lane(), orphan.call_id()), (0, CallId(0)));
    // A host that knows what it was about answers it; a ticket of the former service does not.
    assert_eq!(next.complete(first.0, &done(&first.1), &spin()), Err(Error::Fenced));
    next.complete(orphan, &done(&first.1), &spin()).unwrap();
    assert_eq!(next.answer_orphans(&spin()), 1);
    assert_eq!(next.next_orphan(), None);
    assert_eq!(next.complete(third.0, &done(&third.1), &spin()), Err(Error::Fenced));
    assert_eq!(serve(&mut next), 3);
    let (ok, lost) = (Status::OK, Status::SERVICE_LOST);
    let expected = [(1, ok), (0, ok), (2, lost), (3, ok), (4, ok), (5, ok)];
    assert_eq!(statuses(&mut client), expected);
    assert_eq!(next.corrupt_count(), 0);
}

#[test]
fn orphans_outlive_any_number_of_services() {
    let memory = Memory::new(CONFIG);
    let lanes = memory.lanes();
    let mut client = lanes.client().unwrap();
    for call in 0..8 {
        client.submit(&noop(call), &spin()).unwrap();
        let mut service = lanes.service().unwrap();
        assert_eq!(service.next().unwrap().1, noop(call));
    }
    client.submit(&noop(8), &spin()).unwrap();
    let mut service = lanes.service().unwrap();
    assert_eq!(service.next(), None, "no room for another answer");
    assert_eq!(service.answer_orphans(&spin()), 8);
    assert_eq!(statuses(&mut client).len(), 8);
    assert_eq!(serve(&mut service), 1);
}

#[test]
fn what_a_dead_client_submitted_is_finished_or_void() {
    let memory = Memory::new(LanesConfig { lanes: 1, ..CONFIG });
    let lanes = memory.lanes();
    let none = Some(Error::NoSeat { count: 1 });
    let mut service = lanes.service().unwrap();
    let mut dead = of_party(&lanes, CLIENT).client().unwrap();
    for call in 0..8 {
        dead.submit(&noop(call), &spin()).unwrap();
    }
    let (accepted, call) = service.next().unwrap();
    let (other, _) = service.next().unwrap();
    service.complete(other, &done(&noop(1)), &spin()).unwrap();
    core::mem::forget(dead);
    assert_eq!(lanes.client().err(), none);
    let mut doorbell = service.doorbell();
    assert_eq!(dies(&memory, &lanes, CLIENT), 1);
    assert!(doorbell.changed().is_some(), "the service is told");
    assert_eq!(lanes.client().err(), none, "a call is in flight, others wait");

    assert_eq!(service.next(), None, "what was not accepted is void");
    assert_eq!(lanes.client().err(), none, "a call is in flight");
    service.complete(accepted, &done(&call), &spin()).unwrap();
    let mut client = lanes.client().unwrap();
    assert_eq!(client.poll(&spin()), Ok(None), "not our answers");
    client.submit(&noop(9), &spin()).unwrap();
    assert_eq!(serve(&mut service), 1);
    assert_eq!(client.poll(&spin()), Ok(Some(done(&noop(9)))));
    assert_eq!((service.corrupt_count(), dies(&memory, &lanes, CLIENT)), (0, 0));
}

/// The service has given up on the lane for want of room when the client dies.
#[test]
fn a_death_is_announced_to_the_service() {
    let memory = Memory::new(LanesConfig { lanes: 1, ..CONFIG });
    let lanes = memory.lanes();
    let mut service = lanes.service().unwrap();
    let mut dead = of_party(&lanes, CLIENT).client().unwrap();
    for call in 0..16 {
        dead.submit(&noop(call), &spin()).unwrap();
        serve(&mut service);
    }
    core::mem::forget(dead);
    assert_eq!(dies(&memory, &lanes, CLIENT), 1);
    assert_eq!(service.next(), None);
    assert!(lanes.client().is_ok());
}

#[test]
fn client_and_service_die_together() {
    let memory = Memory::new(LanesConfig { lanes: 1, ..CONFIG });
    let lanes = memory.lanes();
    let both = of_party(&lanes, CLIENT);
    let (mut client, mut service) = (both.client().unwrap(), both.service().unwrap());
    for call in 0..5 {
        client.submit(&noop(call), &spin()).unwrap();
    }
    service.next().unwrap();
    core::mem::forget((client, service));
    assert_eq!(dies(&memory, &lanes, CLIENT), 2);
    let mut service = lanes.service().unwrap();
    assert_eq!(service.answer_orphans(&spin()), 1);
    assert_eq!(service.next(), None);
    let mut client = lanes.client().unwrap();
    assert_eq!(client.poll(&spin()), Ok(None));
    client.submit(&noop(7), &spin()).unwrap();
    assert_eq!(serve(&mut service), 1);
}

/// What a client submitted before it closed its lane is worked on, however much it is, without
/// anybody asking for the lane.
#[test]
fn a_closed_lane_empties_itself() {
    let memory = Memory::new(LanesConfig { lanes: 1, ..CONFIG });
    let lanes = memory.lanes();
    let mut service = lanes.service().unwrap();
    let mut client = lanes.client().unwrap();
    client
        .submit_many(&core::array::from_fn::<_, 8, _>(|call| noop(call as u32)), &spin())
        .unwrap();
    assert_eq!(serve(&mut service), 8);
    client
        .submit_many(&core::array::from_fn::<_, 8, _>(|call| noop(call as u32)), &spin())
        .unwrap();
    client.close(&spin());
    assert_eq!(serve(&mut service), 8);
    // Again, with all the room in flight when the client goes.
    let mut client = lanes.client().unwrap();
    let calls: [_; 8] = core::array::from_fn(|call| noop(call as u32));
    client.submit_many(&calls, &spin()).unwrap();
    let held: Vec<_> = core::iter::from_fn(|| service.next()).collect();
    client.submit_many(&calls, &spin()).unwrap();
    drop(client);
    assert_eq!((held.len(), service.next()), (8, None));
    for (ticket, call) in &held {
        service.complete(*ticket, &done(call), &spin()).unwrap();
    }
    assert_eq!(serve(&mut service), 8);
    assert!(lanes.client().is_ok());
}

/// Counts wake-ups.
struct Bell(Cell<u32>);

impl Park for Bell {
    type Deadline = ();

    fn deadline(&self, _: Option<Duration>) {}

    fn park(&self, _: &AtomicU32, _: u32, (): &mut ()) -> Parked {
        Parked::TimedOut
    }

    fn pause(&self, (): &mut ()) -> Parked {
        Parked::TimedOut
    }

    fn wake_all(&self, _: &AtomicU32) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn closing_wakes_and_dropping_does_not() {
    let memory = Memory::new(LanesConfig { lanes: 1, ..CONFIG });
    let lanes = memory.lanes();
    let bell = Bell(Cell::new(0));
    let mut service = lanes.service().unwrap();
    let mut doorbell = service.doorbell();
    let mut sleeps = || {
        while doorbell.changed().is_some() {}
        assert_eq!(doorbell.wait(&bell, None), Err(Error::TimedOut));
    };
    sleeps();
    drop(lanes.client().unwrap());
    assert_eq!(bell.0.get(), 0);
    sleeps();
    lanes.client().unwrap().close(&bell);
    assert_eq!(bell.0.get(), 1);

    let mut client = lanes.client().unwrap();
    client.submit(&noop(1), &spin()).unwrap();
    drop(client);
    sleeps();
    assert!(lanes.client().is_err());
    assert_eq!(bell.0.get(), 1);
    sleeps();
    assert!(lanes.client_or_wake(&bell).is_err());
    assert_eq!(bell.0.get(), 2);
    assert_eq!(serve(&mut service), 1);
    assert!(lanes.client_or_wake(&bell).is_ok());
    assert_eq!(bell.0.get(), 2);
}

#[test]
fn a_call_whose_time_is_over_is_answered_once() {
    let memory = Memory::new(CONFIG);
    let lanes = memory.lanes();
    let (mut client, mut service) = (lanes.client().unwrap(), lanes.service().unwrap());
    let call = |id, timeout_ns| Submission { timeout_ns, ..noop(id) };
    for (id, timeout) in [(0, 0), (1, 100), (2, 50), (3, u64::MAX), (4, 50)] {
        client.submit(&call(id, timeout), &spin()).unwrap();
    }
    assert_eq!((service.next_deadline(), service.expire(u64::MAX, &spin())), (None, 0));
    let tickets: Vec<_> =
        core::iter::from_fn(|| service.next_at(1 << 40)).map(|(ticket, _)| ticket).collect();
    let now = 1 << 40;
    assert_eq!(service.next_deadline(), Some(now + 50));
    service.complete(tickets[4], &done(&noop(4)), &spin()).unwrap();
    assert_eq!(service.expire(now + 49, &spin()), 0);
    assert_eq!(service.expire(now + 50, &spin()), 1);
    assert_eq!(service.next_deadline(), Some(now + 100));
    assert_eq!(service.expire(now + 1000, &spin()), 1);
    assert_eq!((service.next_deadline(), service.expire(u64::MAX, &spin())), (None, 0));
    for late in [1, 2, 4] {
        assert_eq!(service.complete(tickets[late], &done(&noop(0)), &spin()), Err(Error::Fenced));
    }
    let (ok, late) = (Status::OK, Status::TIMED_OUT);
    assert_eq!(statuses(&mut client), [(4, ok), (2, late), (1, late)]);

    // A deadline dies with the service whose clock it was by.
    client.submit(&call(5, 10), &spin()).unwrap();
    service.next_at(now).unwrap();
    drop(service);
    let mut service = lanes.service().unwrap();
    assert_eq!(service.expire(u64::MAX, &spin()), 0);
    assert_eq!(service.answer_orphans(&spin()), 3, "two that were never over, too");
    assert_eq!(statuses(&mut client).len(), 3);

    // Another call in a slot that had a deadline has none: here in each slot.
    for id in 0..8 {
        client.submit(&call(id, 10), &spin()).unwrap();
        let (ticket, call) = service.next_at(0).unwrap();
        service.complete(ticket, &done(&call), &spin()).unwrap();
    }
    assert_eq!(statuses(&mut client).len(), 8);
    for id in 10..17 {
        client.submit(&call(id, 10), &spin()).unwrap();
        service.next().unwrap();
    }
    client.submit(&call(17, 10), &spin()).unwrap();
    service.next_at(0).unwrap();
    assert_eq!(service.expire(u64::MAX, &spin()), 1);
    assert_eq!(statuses(&mut client), [(17, late)]);
}

#[test]
fn a_cancellation_comes_early_in_time_or_late() {
    let memory = Memory::new(CONFIG);
    let lanes = memory.lanes();
    let (mut client, mut service) = (lanes.client().unwrap(), lanes.service().unwrap());
    let mut stranger = lanes.client().unwrap();
    stranger.submit(&noop(1), &spin()).unwrap();
    let (strange, _) = service.next().unwrap();
    let cancel = |id: u32, target: u32| Submission::cancel(CallId(id), CallId(target));
    for call in [noop(1), cancel(2, 1), cancel(3, 1), cancel(4, 5), noop(5), cancel(6, 6)] {
        client.submit(&call, &spin()).unwrap();
    }
    let accepted: Vec<_> = core::iter::from_fn(|| service.next()).collect();
    let mut cancels = |index: usize| {
        let (ticket, call) = accepted[index];
        service.cancel(ticket, call.cancel_target().unwrap(), &spin())
    };
    assert_eq!(cancels(1), Ok(1));
    assert_eq!(cancels(1), Err(Error::Fenced), "answered already");
    assert_eq!(cancels(2), Ok(0), "too late");
    assert_eq!(cancels(5), Ok(0), "not itself");
    // To this queue a call is there once it was accepted; that it came later it does not know.
    assert_eq!(cancels(3), Ok(1));
    for late in [0, 4] {
        assert_eq!(
            service.complete(accepted[late].0, &done(&noop(1)), &spin()),
            Err(Error::Fenced)
        );
    }
    let (ok, cancelled, none) = (Status::OK, Status::CANCELLED, Status::NO_CALL);
    let expected = [(1, cancelled), (2, ok), (3, none), (6, none), (5, cancelled), (4, ok)];
    assert_eq!(statuses(&mut client), expected);
    service.complete(strange, &done(&noop(1)), &spin()).unwrap();
    assert_eq!(statuses(&mut stranger), [(1, ok)], "another lane's call");
    // Of a call that is not accepted there is nothing to cancel.
    client.submit_many(&[cancel(7, 8), noop(8)], &spin()).unwrap();
    let (ticket, _) = service.next().unwrap();
    assert_eq!(service.cancel(ticket, CallId(8), &spin()), Ok(0));
    assert_eq!(serve(&mut service), 1);
    assert_eq!(statuses(&mut client), [(7, none), (8, ok)]);
}

#[test]
fn urgent_lanes_go_first_and_a_lane_keeps_its_order() {
    let memory = Memory::new(LanesConfig { lanes: 3, ..CONFIG });
    let lanes = memory.lanes();
    let mut clients: Vec<_> = (0..3).map(|_| lanes.client().unwrap()).collect();
    for (lane, calls) in [[0, 7, 0], [3, 3, 0], [5, 0, 6]].iter().enumerate() {
        for (call, &priority) in calls.iter().enumerate() {
            let call = noop(lane as u32 * 10 + call as u32).with_priority(priority);
            clients[lane].submit(&call, &spin()).unwrap();
        }
    }
    let mut service = lanes.service().unwrap();
    let order: Vec<_> = core::iter::from_fn(|| service.next()).map(|(_, c)| c.call_id.0).collect();
    assert_eq!(order, [20, 10, 11, 0, 1, 12, 21, 22, 2]);
}

#[test]
fn batches_ring_once_and_wrap() {
    let memory = Memory::new(CONFIG);
    let lanes = memory.lanes();
    let (mut client, mut service) = (lanes.client().unwrap(), lanes.service().unwrap());
    let bell = memory.head_word(DOORBELL);
    let calls: [_; 20] = core::array::from_fn(|call| noop(call as u32));
    let mut out = [Completion::default(); 20];
    for round in 0..40 {
        let count = 1 + round % 8;
        let before = bell.load(Ordering::Relaxed);
        assert_eq!(client.submit_many(&calls[..count], &spin()), Ok(count));
        assert_eq!(bell.load(Ordering::Relaxed), before + epoch::STEP);
        assert_eq!(serve(&mut service), count);
        let before = bell.load(Ordering::Relaxed);
        assert_eq!(client.poll_many(&mut out, &spin()), Ok(count));
        assert_eq!(bell.load(Ordering::Relaxed), before, "nothing waits");
        let expected: Vec<_> = calls[..count].iter().map(done).collect();
        assert_eq!(out[..count], expected);
    }
    // What does not fit is left; nothing rings for nothing.
    assert_eq!(client.submit_many(&calls, &spin()), Ok(8));
    let before = bell.load(Ordering::Relaxed);
    assert_eq!(client.submit_many(&calls[8..], &spin()), Err(Error::Full));
    assert_eq!(client.submit_many(&[], &spin()), Ok(0));
    assert_eq!(client.poll_many(&mut out, &spin()), Ok(0));
    assert_eq!(client.poll_many(&mut [], &spin()), Ok(0));
    assert_eq!(bell.load(Ordering::Relaxed), before);
    assert_eq!(serve(&mut service), 8);
    assert_eq!(client.poll_many(&mut out[..3], &spin()), Ok(3));
    assert_eq!(client.poll_many(&mut out, &spin()), Ok(5));
}
