//! Lanes: calls one by one and many at a time, their answers, deadlines, cancellation, orphans.

use std::mem;

use inos_core::{
    CallId, CallTicket, Client, Completion, Error, Lanes, PayloadRef, SectionId, Service, Status,
    Submission, UnitId,
};

use super::world::World;
use super::{Context, Door, PARK, SHORT, keep, one};
use crate::bytes::Bytes;

/// Most tickets that are kept.
const MAX_TICKET_COUNT: usize = 32;

pub(super) struct Calls<'m, T: Door> {
    lanes: Vec<(SectionId, Lanes<'m, T>)>,
    /// With the calls that were not answered.
    clients: Vec<(SectionId, Client<'m, T>, Vec<u32>)>,
    services: Vec<(SectionId, Service<'m, T>)>,
}

impl<T: Door> Default for Calls<'_, T> {
    fn default() -> Self {
        Self { lanes: Vec::new(), clients: Vec::new(), services: Vec::new() }
    }
}

/// The call of this number.
fn call(id: u32) -> Submission {
    let mixed = id.wrapping_mul(0x9e37_79b9);
    let call = match mixed >> 28 {
        0 => Submission::noop(CallId(id)),
        1 | 2 => Submission::cancel(CallId(id), CallId(id.wrapping_sub(id % 3))),
        _ => Submission::execute(CallId(id), UnitId::from_raw(mixed), mixed as u16),
    };
    let timeout_ns = if mixed & 3 == 0 { u64::from(mixed >> 8 & 0xff) } else { 0 };
    let params = PayloadRef { space: mixed >> 4, offset: mixed, len: !mixed };
    Submission { timeout_ns, params, ..call }.with_priority((mixed >> 16) as u8 & 15)
}

/// What a service that works answers to it.
fn answer(id: u32) -> Completion {
    let value = u64::from(id) << 20 | 5;
    Completion { len: !id, value, elapsed_ns: !value, ..Completion::new(CallId(id), Status::OK) }
}

/// An answer is that of a call which was waiting for one.
fn answered(world: &World, waiting: &mut Vec<u32>, found: &Completion) {
    if !world.is_known() {
        return;
    }
    let id = found.call_id.0;
    let at = waiting.iter().position(|&waiting| waiting == id);
    waiting.swap_remove(at.expect("a call is answered once"));
    let all =
        [Status::OK, Status::CANCELLED, Status::TIMED_OUT, Status::NO_CALL, Status::SERVICE_LOST];
    assert!(all.contains(&found.status));
    assert!(*found == answer(id) || *found == Completion::new(CallId(id), found.status));
}

impl<'m, T: Door> Calls<'m, T> {
    pub(super) fn open(&mut self, at: Context<'_, 'm, T>, id: SectionId) {
        let Some(lanes) = at.world.see(Lanes::open(at.sections, id)) else { return };
        keep(&mut self.lanes, (id, lanes));
        self.enter(at.world, id, lanes);
        if let Some(service) = at.world.see(lanes.service()) {
            keep(&mut self.services, (id, service));
        }
    }

    fn enter(&mut self, world: &World, id: SectionId, lanes: Lanes<'m, T>) {
        if let Some(client) = world.see(lanes.client_or_wake(&PARK)) {
            let mut calls = world.calls.borrow_mut();
            let calls = calls.entry((id, client.lane())).or_default();
            // A lane is quiet, unless a party died.
            assert!(calls.is_empty() || !world.is_known() || world.has_died.get());
            calls.clear();
            keep(&mut self.clients, (id, client, Vec::new()));
        }
    }

    pub(super) fn call(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let (choice, some) = (bytes.u8() % 8, usize::from(bytes.u8() % 20));
        if choice == 7 {
            let Some(&mut (id, lanes)) = one(&mut self.lanes, bytes) else { return };
            return self.enter(world, id, lanes);
        }
        let Some((id, client, waiting)) = one(&mut self.clients, bytes) else { return };
        let at = (*id, client.lane());
        let mut submitted = |ids: &[u32]| {
            world.calls.borrow_mut().entry(at).or_default().extend(ids);
            waiting.extend(ids);
        };
        match choice {
            0 => {
                let id = world.seed();
                if world.see(client.submit(&call(id), &PARK)).is_some() {
                    submitted(&[id]);
                }
            }
            1 => {
                let ids: Vec<_> = (0..some).map(|_| world.seed()).collect();
                let calls: Vec<_> = ids.iter().copied().map(call).collect();
                if let Some(count) = world.see(client.submit_many(&calls, &PARK)) {
                    submitted(&ids[..count]);
                }
            }
            2 => {
                if let Some(Some(found)) = world.see(client.poll(&PARK)) {
                    answered(world, waiting, &found);
                }
            }
            3 => {
                let mut out = vec![Completion::default(); some];
                if let Some(count) = world.see(client.poll_many(&mut out, &PARK)) {
                    out[..count].iter().for_each(|found| answered(world, waiting, found));
                }
            }
            4 => match client.wait(&PARK, SHORT) {
                Err(error) => drop(world.see::<()>(Err(error))),
                Ok(found) => answered(world, waiting, &found),
            },
            5 => drop(world.see(client.write_buffer(bytes.word(), bytes.take(16)))),
            _ => drop(world.see(client.read_buffer(bytes.word(), &mut vec![0; some * 8]))),
        }
    }

    pub(super) fn serve(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let (choice, word) = (bytes.u8() % 8, bytes.word());
        let Some((id, service)) = one(&mut self.services, bytes) else { return };
        let all = service.lane_count().saturating_mul(4096);
        match choice {
            0..=2 => {
                let next = if choice == 0 { service.next() } else { service.next_at(word.into()) };
                if let Some((ticket, found)) = next {
                    accepted(world, *id, ticket, &found, service.lane_count());
                    if let Some(target) = found.cancel_target()
                        && word.is_multiple_of(2)
                    {
                        world.tickets.borrow_mut().pop();
                        let cancelled = world.see(service.cancel(ticket, target, &PARK));
                        assert!(cancelled.is_some_and(|count| count <= all) || !world.is_known());
                    }
                }
                assert!(!world.is_known() || service.corrupt_count() == 0);
                assert_eq!(service.last_corrupt().is_some(), service.corrupt_count() > 0);
            }
            3 => {
                assert!(service.expire(word.into(), &PARK) <= all);
                let next = service.next_deadline();
                assert!(!world.is_known() || next.is_none_or(|next| next > u64::from(word)));
            }
            4 if word.is_multiple_of(2) => {
                assert!(service.answer_orphans(&PARK) <= all);
                assert!(!world.is_known() || service.next_orphan().is_none());
            }
            4 => {
                if let Some(ticket) = service.next_orphan() {
                    keep_ticket(world, *id, ticket);
                }
                service.ring(&PARK);
            }
            5 | 6 => complete(world, *id, service, bytes),
            _ => {
                let lane = u32::from(bytes.u8() % 4);
                world.see(service.write_buffer(lane, word, bytes.take(16)));
                world.see(service.read_buffer(lane, word, &mut vec![0; usize::from(bytes.u8())]));
            }
        }
    }

    /// Watchers of what these lanes say.
    pub(super) fn watchers(&self) -> impl Iterator<Item = inos_core::EpochWatcher<'m>> {
        let answers = self.clients.iter().map(|(_, client, _)| client.completions());
        answers.chain(self.services.iter().map(|(_, service)| service.doorbell()))
    }

    pub(super) fn forget(&mut self, choice: u8) {
        match choice % 3 {
            0 => drop(self.clients.pop()),
            1 => {
                if let Some((_, client, _)) = self.clients.pop() {
                    client.close(&PARK);
                }
            }
            _ => drop(self.services.pop()),
        }
    }

    pub(super) fn die(&mut self) {
        for (_, client, _) in self.clients.drain(..) {
            mem::forget(client);
        }
        for (_, service) in self.services.drain(..) {
            mem::forget(service);
        }
    }
}

fn keep_ticket(world: &World, id: SectionId, ticket: CallTicket) {
    let mut tickets = world.tickets.borrow_mut();
    if tickets.len() == MAX_TICKET_COUNT {
        tickets.remove(0);
    }
    tickets.push((id, ticket));
}

/// A call is the next one of its lane, as it was submitted.
fn accepted(world: &World, id: SectionId, ticket: CallTicket, found: &Submission, lanes: u32) {
    assert!(ticket.lane() < lanes);
    assert_eq!(ticket.call_id(), found.call_id);
    if world.is_known() {
        assert_eq!(*found, call(found.call_id.0));
        let mut calls = world.calls.borrow_mut();
        let calls = calls.entry((id, ticket.lane())).or_default();
        let at = calls.iter().position(|&call| call == found.call_id.0);
        let at = at.expect("a call is accepted once");
        assert!(at == 0 || world.has_died.get(), "calls of a lane keep their order");
        calls.drain(..=at);
    }
    keep_ticket(world, id, ticket);
}

fn complete<T: Door>(
    world: &World,
    id: SectionId,
    service: &mut Service<'_, T>,
    bytes: &mut Bytes<'_>,
) {
    let count = world.tickets.borrow().len();
    let index = bytes.index(count);
    let Some(&(lanes, ticket)) = world.tickets.borrow().get(index) else { return };
    let result = service.complete(ticket, &answer(ticket.call_id().0), &PARK);
    if !world.is_known() {
        return;
    }
    if lanes != id {
        // A ticket of other lanes.
        assert!(result.is_err());
        return;
    }
    world.tickets.borrow_mut().swap_remove(index);
    // It may have been cancelled, or its time be over.
    assert!(matches!(result, Ok(()) | Err(Error::Fenced)), "{result:?}");
    let again = service.complete(ticket, &answer(0), &PARK);
    assert_eq!(again, Err(Error::Fenced), "a call is answered once");
    let cancelled = service.cancel(ticket, CallId(bytes.word()), &PARK);
    assert_eq!(cancelled, Err(Error::Fenced));
}
