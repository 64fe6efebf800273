//! Parties: joining, working through what a party has, leaving, dying, and being reaped.

use std::mem;

use inos_core::{AlwaysAlive, Error, Liveness, Parties, Party, Reaped, SectionId};

use super::{Context, Door, Peer, Poke};
use crate::attach::lives::Lives;
use crate::bytes::Bytes;

/// Parties within parties.
const MAX_DEPTH: u32 = 2;

/// The party that a peer works for.
pub(super) trait Membership {
    fn reap(&self) -> Result<Reaped, Error>;
}

struct Member<'p, 'm, T: Door, L: Liveness> {
    party: &'p Party<'m, T, L::Guard>,
    liveness: &'p L,
}

impl<T: Door, L: Liveness> Membership for Member<'_, '_, T, L> {
    fn reap(&self) -> Result<Reaped, Error> {
        self.party.reap(self.liveness)
    }
}

/// Looks at the seats.
pub(super) fn look<T: Door>(at: Context<'_, '_, T>, id: SectionId) {
    let Some(parties) = at.world.see(Parties::open(at.sections, id)) else { return };
    let seats = parties.config().seats as u16;
    assert!(parties.iter().count() <= usize::from(seats));
    for info in parties.iter() {
        assert!((1..=seats).contains(&info.number) && info.label().len() <= 64);
        assert!(parties.heartbeat_watcher(info.number).is_ok());
    }
    assert!(parties.info(0).is_err() && parties.info(seats + 1).is_err());
}

impl<'m, T: Door> Peer<'_, 'm, T> {
    /// Lets a party work for a while.
    pub(super) fn party(&mut self, id: SectionId, bytes: &mut Bytes<'_>, poke: Poke<'_>) {
        let choice = bytes.u8();
        if choice & 1 == 1 {
            // So that the party gets roles, too.
            self.drop_all();
        }
        let len = bytes.index(256);
        let work = Bytes::new(bytes.take(len));
        if self.depth == MAX_DEPTH {
            return;
        }
        let scheme = Parties::open(self.at.sections, id).map(|found| found.config().scheme);
        if scheme == Ok(AlwaysAlive::SCHEME) {
            self.join(id, &AlwaysAlive, choice, work, poke);
        } else {
            self.join(id, &self.lives, choice, work, poke);
        }
    }

    fn join<L: Liveness>(
        &self,
        id: SectionId,
        liveness: &L,
        choice: u8,
        work: Bytes<'_>,
        poke: Poke<'_>,
    ) {
        let (at, label) = (self.at, ["camera", "", "\u{e9}t\u{e9}"][usize::from(choice) % 3]);
        let joined = at.sections.join_as(id, liveness, label, u32::from(choice));
        let Some(party) = at.world.see(joined) else { return };
        let number = party.number();
        if at.world.is_known() {
            let parties = Parties::open(at.sections, id).expect("joined just now");
            let info = parties.info(number).expect("just seated");
            assert_eq!((info.label(), info.process_id), (label, u32::from(choice)));
        }
        let sections = party.sections();
        let member = Member { party: &party, liveness };
        let mut peer = Peer {
            depth: self.depth + 1,
            member: Some(&member),
            ..Peer::new(Context { sections: &sections, world: at.world }, self.lives)
        };
        if let Some(heartbeat) = at.world.see(party.heartbeat()) {
            peer.epochs.counters.push(heartbeat);
        }
        peer.operations(work, poke);
        match choice >> 4 {
            // Leaves with nothing.
            0..=9 => {
                peer.drop_all();
                drop(peer);
                drop(party);
                at.world.leave(number);
            }
            // Leaves, and has forgotten to give back what it holds.
            10 | 11 => {
                peer.die();
                drop(peer);
                drop(party);
                at.world.leave(number);
                at.world.die();
            }
            // Dies.
            _ => {
                peer.die();
                drop(peer);
                mem::forget(party);
                self.lives.end(number);
                at.world.leaks.borrow_mut().push(number);
                at.world.die();
            }
        }
    }
}

/// A party's view of the lives of others.
pub(super) type Lived<'s> = &'s Lives;
