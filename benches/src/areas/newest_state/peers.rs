//! The limit, and what others offer.

use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::Scope;

use arc_swap::ArcSwap;
use left_right::Absorb;
use seqlock::SeqLock;

use super::{Retries, SMALL, TRIES, Versions, fill, reads};
use crate::bare::{OneSlot, Triple};
use crate::{Contender, Pair, limit, peer};

/// A state behind left-right: one operation replaces it.
#[derive(Clone)]
struct State(Vec<u64>);

struct Fill(u64);

impl Absorb<Fill> for State {
    fn absorb_first(&mut self, operation: &mut Fill, _: &Self) {
        fill(&mut self.0, operation.0);
    }

    fn sync_with(&mut self, first: &Self) {
        self.0.clone_from(&first.0);
    }
}

pub(super) fn triple<'s: 'a, 'e: 'a, 'a>(
    scope: &'s Scope<'s, 'e>,
    (name, len): (&'static str, usize),
) -> Box<dyn Contender + 'a> {
    let shared = Arc::new(Triple::new(len));
    let (mut own, mut copy) = (1, vec![0; len / 8]);
    let mut versions = Versions::default();
    let reader = shared.clone();
    let here = limit(
        name,
        reads(move || {
            copy.copy_from_slice(reader.read(&mut own));
            versions.check(&copy)
        }),
    );
    let (mut own, mut version, mut state) = (0, 0, vec![0; len / 8]);
    Pair::new(scope, here)
        .with(1, move |stop| {
            while !stop.is_set() {
                version += 1;
                fill(&mut state, version);
                shared.write(&mut own, &state);
            }
        })
        .boxed()
}

#[cfg(feature = "peers-mpl")]
pub(super) fn triple_buffer<'s: 'a, 'e: 'a, 'a>(
    scope: &'s Scope<'s, 'e>,
    len: usize,
) -> Box<dyn Contender + 'a> {
    let (mut input, mut output) = triple_buffer::triple_buffer(&vec![0_u64; len / 8]);
    let mut copy = vec![0; len / 8];
    let mut versions = Versions::default();
    let here = peer(
        "triple_buffer (one reader)",
        reads(move || {
            copy.copy_from_slice(output.read());
            versions.check(&copy)
        }),
    );
    let mut version = 0;
    Pair::new(scope, here)
        .with(1, move |stop| {
            while !stop.is_set() {
                version += 1;
                fill(input.input_buffer_mut(), version);
                input.publish();
            }
        })
        .boxed()
}

pub(super) fn left_right<'s: 'a, 'e: 'a, 'a>(
    scope: &'s Scope<'s, 'e>,
    len: usize,
) -> Box<dyn Contender + 'a> {
    let (mut writer, reader) = left_right::new_from_empty::<State, Fill>(State(vec![0; len / 8]));
    let mut copy = vec![0; len / 8];
    let mut versions = Versions::default();
    let here = peer(
        "left-right",
        reads(move || {
            let Some(state) = reader.enter() else { return 0 };
            copy.copy_from_slice(&state.0);
            drop(state);
            versions.check(&copy)
        }),
    );
    let mut version = 0;
    Pair::new(scope, here)
        .with(1, move |stop| {
            while !stop.is_set() {
                version += 1;
                writer.append(Fill(version));
                writer.publish();
            }
        })
        .boxed()
}

pub(super) fn arc_swap<'s: 'a, 'e: 'a, 'a>(
    scope: &'s Scope<'s, 'e>,
    len: usize,
) -> Box<dyn Contender + 'a> {
    let shared = Arc::new(ArcSwap::from_pointee(vec![0_u64; len / 8]));
    let reader = shared.clone();
    let mut copy = vec![0; len / 8];
    let mut versions = Versions::default();
    let here = peer(
        "arc-swap",
        reads(move || {
            copy.copy_from_slice(&reader.load());
            versions.check(&copy)
        }),
    );
    let mut version = 0;
    Pair::new(scope, here)
        .with(1, move |stop| {
            while !stop.is_set() {
                version += 1;
                shared.store(Arc::new(vec![black_box(version); len / 8]));
            }
        })
        .boxed()
}

pub(super) fn one_slot<'s: 'a, 'e: 'a, 'a>(
    scope: &'s Scope<'s, 'e>,
    len: usize,
) -> Box<dyn Contender + 'a> {
    let shared = Arc::new(OneSlot::new(len));
    let reader = shared.clone();
    let retries = Rc::new(Retries::default());
    let counted = retries.clone();
    let mut copy = vec![0; len / 8];
    let mut versions = Versions::default();
    let here = peer(
        "one-slot seqlock",
        reads(move || {
            // Of large states hardly any copy is of one piece.
            let tries = if len > SMALL { 20 } else { TRIES };
            let spoiled = (0..tries).take_while(|_| !reader.read(&mut copy)).count() as u32;
            counted.count(spoiled, spoiled == tries);
            if spoiled == tries { 1 } else { versions.check(&copy) }
        }),
    );
    let (mut version, mut state) = (0, vec![0; len / 8]);
    Pair::new(scope, here.noting(move || retries.note()))
        .with(1, move |stop| {
            while !stop.is_set() {
                version += 1;
                fill(&mut state, version);
                shared.write(&state);
            }
        })
        .boxed()
}

/// The crate copies as a whole, for types that are `Copy`.
pub(super) fn seqlock<'s: 'a, 'e: 'a, 'a>(scope: &'s Scope<'s, 'e>) -> Box<dyn Contender + 'a> {
    let shared = Arc::new(SeqLock::new([0_u64; SMALL / 8]));
    let reader = shared.clone();
    let mut versions = Versions::default();
    let here = peer("seqlock", reads(move || versions.check(&reader.read())));
    let mut version = 0;
    Pair::new(scope, here)
        .with(1, move |stop| {
            while !stop.is_set() {
                version += 1;
                fill(&mut *shared.lock_write(), version);
            }
        })
        .boxed()
}
