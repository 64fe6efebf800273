//! What each kind of section does when a region is formatted, attached or cleared of the dead.
#![forbid(unsafe_code)]

use crate::defs::{
    KIND_ARENA, KIND_BROADCAST, KIND_COUNTERS, KIND_DIRTY_MAP, KIND_EPOCHS, KIND_LANES, KIND_LOG,
    KIND_MPSC, KIND_PARTIES, KIND_PING_PONG, KIND_RAW, KIND_REGISTRY, KIND_REGISTRY_OVERFLOW,
    KIND_RING,
};
use crate::error::Error;
use crate::raw::span::Span;
use crate::section::Section;
use crate::{
    arena, broadcast, counters, epochs, lanes, log, mpsc, parties, ping_pong, registry, ring, twin,
};

type Act = fn(&Span<'_>, &Section) -> Result<(), Error>;
type Reclaim = fn(&Span<'_>, &Section, u16) -> Result<u32, Error>;

/// What a layout knows of a section beyond its entry in the table. Layouts carry it, so that a
/// program which formats regions, or attaches to those of one layout, links what it has sections
/// of and nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) kind: u32,
    /// Writes the words that stand for nothing held and nothing published.
    pub(crate) format: Act,
    /// Frees what the words say is held, for a caller that has the memory to itself.
    pub(crate) void_roles: Act,
}

pub(crate) const RAW: &Setup = &Setup { kind: KIND_RAW, format: nothing, void_roles: nothing };
pub(crate) const ARENA: &Setup =
    &Setup { kind: KIND_ARENA, format: arena::format, void_roles: arena::void_roles };
pub(crate) const BROADCAST: &Setup =
    &Setup { kind: KIND_BROADCAST, format: broadcast::format, void_roles: broadcast::void_roles };
pub(crate) const COUNTERS: &Setup =
    &Setup { kind: KIND_COUNTERS, format: counters::format, void_roles: counters::void_roles };
pub(crate) const DIRTY_MAP: &Setup =
    &Setup { kind: KIND_DIRTY_MAP, format: twin::format, void_roles: twin::void_roles };
/// In a bank of fixed epochs nothing is held.
pub(crate) const FIXED_EPOCHS: &Setup =
    &Setup { kind: KIND_EPOCHS, format: epochs::format, void_roles: nothing };
pub(crate) const EPOCHS: &Setup =
    &Setup { kind: KIND_EPOCHS, format: epochs::format, void_roles: epochs::void_roles };
pub(crate) const LANES: &Setup =
    &Setup { kind: KIND_LANES, format: lanes::format, void_roles: lanes::void_roles };
pub(crate) const LOG: &Setup =
    &Setup { kind: KIND_LOG, format: log::format, void_roles: log::void_roles };
pub(crate) const MPSC: &Setup =
    &Setup { kind: KIND_MPSC, format: mpsc::format, void_roles: mpsc::void_roles };
pub(crate) const PARTIES: &Setup =
    &Setup { kind: KIND_PARTIES, format: parties::format, void_roles: parties::void_roles };
pub(crate) const PING_PONG: &Setup =
    &Setup { kind: KIND_PING_PONG, format: ping_pong::format, void_roles: ping_pong::void_roles };
pub(crate) const REGISTRY: &Setup =
    &Setup { kind: KIND_REGISTRY, format: registry::format, void_roles: registry::void_roles };
pub(crate) const REGISTRY_OVERFLOW: &Setup = &Setup { kind: KIND_REGISTRY_OVERFLOW, ..*REGISTRY };
pub(crate) const RING: &Setup =
    &Setup { kind: KIND_RING, format: ring::format, void_roles: ring::void_roles };

/// Every kind, and how what a dead party holds in a section of it is taken. Seats of parties are
/// taken last, by the reaper itself.
const ALL: [(&Setup, Reclaim); 13] = [
    (ARENA, arena::reclaim),
    (BROADCAST, broadcast::reclaim),
    (COUNTERS, counters::reclaim),
    (DIRTY_MAP, twin::reclaim),
    (EPOCHS, epochs::reclaim),
    (LANES, lanes::reclaim),
    (LOG, log::reclaim),
    (MPSC, mpsc::reclaim),
    (PARTIES, none_held),
    (PING_PONG, ping_pong::reclaim),
    (REGISTRY, registry::reclaim),
    (REGISTRY_OVERFLOW, registry::reclaim),
    (RING, ring::reclaim),
];

fn nothing(_: &Span<'_>, _: &Section) -> Result<(), Error> {
    Ok(())
}

fn none_held(_: &Span<'_>, _: &Section, _: u16) -> Result<u32, Error> {
    Ok(0)
}

fn of(section: &Section) -> Option<&'static (&'static Setup, Reclaim)> {
    let known = section.version().0 == 1;
    ALL.iter().find(|(setup, _)| known && setup.kind == section.kind)
}

/// Frees what a section of any kind says is held; a kind or version that is not known is left.
pub(crate) fn void_roles(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    of(section).map_or(Ok(()), |(setup, _)| (setup.void_roles)(span, section))
}

/// Takes what `dead` holds in a section of any kind; how much that was.
pub(crate) fn reclaim(span: &Span<'_>, section: &Section, dead: u16) -> Result<u32, Error> {
    of(section).map_or(Ok(0), |(_, reclaim)| reclaim(span, section, dead))
}
