//! Calls: children submit, the parent answers; a child gets one answer to each of its calls.

use std::collections::BTreeSet;

use inos::{
    CallId, Client, Completion, Cooperative, Error, Lanes, Sections, Service, Spin, Status,
    Submission,
};

use super::{LANES, Random};

pub(crate) struct Child<'p> {
    client: Client<'p, Cooperative>,
    waiting: BTreeSet<u32>,
    count: u32,
}

impl<'p> Child<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>) -> Self {
        let client = Lanes::open(sections, LANES).unwrap().client().unwrap();
        Self { client, waiting: BTreeSet::new(), count: 0 }
    }

    pub(crate) fn work(&mut self, random: &mut Random) {
        let park = Spin::default();
        for _ in 0..random.below(10) {
            match self.client.submit(&Submission::noop(CallId(self.count)), &park) {
                Ok(()) => assert!(self.waiting.insert(self.count)),
                Err(error) => assert_eq!(error, Error::Full),
            }
            self.count += 1;
            while let Some(answer) = self.client.poll(&park).unwrap() {
                assert!(self.waiting.remove(&answer.call_id.0), "nobody asked: {answer:?}");
                assert_eq!(answer.status, Status::OK);
            }
        }
    }
}

pub(crate) struct Parent<'p> {
    service: Service<'p, Cooperative>,
    pub(crate) seen: u32,
}

impl<'p> Parent<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>) -> Self {
        Self { service: Lanes::open(sections, LANES).unwrap().service().unwrap(), seen: 0 }
    }

    pub(crate) fn look(&mut self) {
        for _ in 0..1000 {
            let Some((lane, call)) = self.service.next() else { return };
            let answer = Completion::new(call.call_id, Status::OK);
            self.service.complete(lane, &answer, &Spin::default()).unwrap();
            self.seen += 1;
        }
    }
}

/// Every lane is to be had again.
pub(crate) fn all_free(sections: &Sections<'_, Cooperative>, count: u32) {
    let lanes = Lanes::open(sections, LANES).unwrap();
    let park = Spin::default();
    let mut service = lanes.service().unwrap();
    while let Some((lane, call)) = service.next() {
        service.complete(lane, &Completion::new(call.call_id, Status::OK), &park).unwrap();
    }
    let clients: Vec<_> = (0..count).map(|_| lanes.client().unwrap()).collect();
    drop(clients);
}
