//! The areas: contenders that do the same work, in cases.

use crate::driver::Driver;
use crate::process::Partner;

mod arena;
mod blocking;
mod dispatch;
mod epochs;
mod flock;
mod growth;
mod hostile_copy;
#[cfg(feature = "peers-heavy")]
mod iceoryx;
mod ledger;
mod mpsc;
mod newest_state;
mod registry;
mod round_trip;
mod spsc;
mod syscall;
mod twin;

/// What one bench is about.
#[derive(Debug)]
pub struct Area {
    /// Of files and benches.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// What the contenders do.
    pub about: &'static str,
    /// Runs the cases.
    pub run: fn(&mut dyn Driver),
}

/// All of them, in the order of the goals.
pub static AREAS: &[Area] = &[
    epochs::AREA,
    round_trip::AREA,
    blocking::AREA,
    spsc::AREA,
    mpsc::AREA,
    syscall::AREA,
    newest_state::AREA,
    hostile_copy::AREA,
    arena::AREA,
    dispatch::AREA,
    registry::AREA,
    twin::AREA,
    ledger::AREA,
    growth::AREA,
    flock::AREA,
];

/// The area of this name.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn area(name: &str) -> &'static Area {
    AREAS.iter().find(|area| area.name == name).expect("a known area")
}

type Serve = fn(&Partner);

/// What other processes do for contenders.
pub(crate) static PARTNERS: &[(&str, Serve)] = &[
    ("blocking/futex", blocking::futex_partner),
    ("blocking/flag", blocking::flag_partner),
    ("blocking/epoch", blocking::epoch_partner),
    ("blocking/spin-then-park", blocking::spin_then_park_partner),
    ("round_trip/spin", round_trip::spin_partner),
    ("round_trip/epoch", round_trip::epoch_partner),
    ("round_trip/ring", round_trip::ring_partner),
    #[cfg(feature = "peers-heavy")]
    ("iceoryx/pub-sub", iceoryx::pub_sub_partner),
    #[cfg(feature = "peers-heavy")]
    ("iceoryx/request", iceoryx::request_partner),
    #[cfg(feature = "peers-heavy")]
    ("iceoryx/event", iceoryx::event_partner),
    #[cfg(feature = "peers-heavy")]
    ("iceoryx/stream", iceoryx::stream_partner),
    ("syscall/hops", syscall::hops_partner),
    ("syscall/service", syscall::service_partner),
];
