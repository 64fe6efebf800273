//! Calls: every child submits, and whoever has the role answers; a child gets one answer to each
//! of its calls, whichever services die over it.

use std::collections::BTreeSet;

use inos::{
    CallId, CallTicket, Client, Completion, Cooperative, Error, Lanes, Sections, Service, Spin,
    Status, Submission,
};

use super::{LANES, Random};

pub(crate) struct Child<'p> {
    lanes: Lanes<'p, Cooperative>,
    client: Option<Client<'p, Cooperative>>,
    waiting: BTreeSet<u32>,
    count: u32,
}

/// Answers as every service of this test does.
fn answer(service: &mut Service<'_, Cooperative>, ticket: CallTicket, call: CallId) {
    let answer = Completion::new(call, Status::OK);
    service.complete(ticket, &answer, &Spin::default()).unwrap();
}

impl<'p> Child<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>) -> Self {
        let lanes = Lanes::open(sections, LANES).unwrap();
        Self { lanes, client: None, waiting: BTreeSet::new(), count: 0 }
    }

    pub(crate) fn work(&mut self, random: &mut Random) {
        if self.client.is_none() {
            // Lanes of the dead are free when a service has looked at them.
            match self.lanes.client() {
                Ok(client) => self.client = Some(client),
                Err(error) => assert!(matches!(error, Error::NoSeat { .. })),
            }
        }
        self.submit(random);
        self.poll();
        match self.lanes.service() {
            Ok(service) => self.serve(service, random),
            Err(error) => assert_eq!(error, Error::RoleHeld),
        }
    }

    fn submit(&mut self, random: &mut Random) {
        let Some(client) = &mut self.client else { return };
        let calls: Vec<_> = (self.count..self.count + random.below(6))
            .map(|id| Submission::noop(CallId(id)))
            .collect();
        let submitted = match client.submit_many(&calls, &Spin::default()) {
            Ok(count) => count as u32,
            Err(error) => return assert_eq!(error, Error::Full),
        };
        self.waiting.extend(self.count..self.count + submitted);
        self.count += submitted;
    }

    fn poll(&mut self) {
        let Some(client) = &mut self.client else { return };
        while let Some(answer) = client.poll(&Spin::default()).unwrap() {
            assert!(self.waiting.remove(&answer.call_id.0), "nobody asked: {answer:?}");
            assert!([Status::OK, Status::SERVICE_LOST].contains(&answer.status));
        }
    }

    /// Answers what others left, accepts some calls and answers them in any order. Some stay
    /// unanswered if this one is killed, or goes.
    fn serve(&mut self, mut service: Service<'p, Cooperative>, random: &mut Random) {
        service.answer_orphans(&Spin::default());
        let mut held = Vec::new();
        for _ in 0..random.below(20) {
            if let Some((ticket, call)) = service.next() {
                held.push((ticket, call.call_id));
            }
            if !held.is_empty() && random.below(3) > 0 {
                let (ticket, call) = held.swap_remove(random.below(held.len() as u32) as usize);
                answer(&mut service, ticket, call);
            }
        }
        if random.below(4) == 0 {
            return;
        }
        for (ticket, call) in held {
            answer(&mut service, ticket, call);
        }
        // Nobody else answers now: all that this child has asked for is answered after this.
        while !self.waiting.is_empty() {
            let before = self.waiting.len();
            while let Some((ticket, call)) = service.next() {
                answer(&mut service, ticket, call.call_id);
            }
            self.poll();
            assert!(self.waiting.len() < before, "never answered: {:?}", self.waiting);
        }
    }
}

pub(crate) struct Parent<'p> {
    lanes: Lanes<'p, Cooperative>,
    pub(crate) seen: u32,
    pub(crate) orphans: u32,
}

impl<'p> Parent<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>) -> Self {
        Self { lanes: Lanes::open(sections, LANES).unwrap(), seen: 0, orphans: 0 }
    }

    pub(crate) fn look(&mut self) {
        let mut service = match self.lanes.service() {
            Ok(service) => service,
            Err(error) => return assert_eq!(error, Error::RoleHeld),
        };
        self.orphans += service.answer_orphans(&Spin::default());
        for _ in 0..20 {
            let Some((ticket, call)) = service.next() else { break };
            answer(&mut service, ticket, call.call_id);
            self.seen += 1;
        }
        assert_eq!(service.corrupt_count(), 0);
    }
}

/// Every lane is to be had again.
pub(crate) fn all_free(sections: &Sections<'_, Cooperative>, count: u32) {
    let lanes = Lanes::open(sections, LANES).unwrap();
    let park = Spin::default();
    let mut service = lanes.service().unwrap();
    service.answer_orphans(&park);
    while let Some((ticket, call)) = service.next() {
        answer(&mut service, ticket, call.call_id);
    }
    let mut clients: Vec<_> = (0..count).map(|_| lanes.client().unwrap()).collect();
    for client in &mut clients {
        client.submit(&Submission::noop(CallId(5)), &park).unwrap();
    }
    while let Some((ticket, call)) = service.next() {
        answer(&mut service, ticket, call.call_id);
    }
    for client in &mut clients {
        let answer = client.poll(&park).unwrap().map(|answer| (answer.call_id, answer.status));
        assert_eq!(answer, Some((CallId(5), Status::OK)));
        assert_eq!(client.poll(&park), Ok(None));
    }
}
