//! What a section of each kind says.

use std::io;

use inos::inos_core::defs;
use inos::{
    Broadcast, Counters, DirtyMap, EpochTable, Error, Lanes, Log, MpscRing, NamedEpochs, Parties,
    PingPong, RingBuffer, Section, Sections, Trust, UnitRegistry,
};
use serde::Serialize;

use super::live;
use crate::image::Words;

/// Events that are told of a log, the newest ones.
const EVENTS: usize = 16;
/// Bytes of an event's text that are told.
const TEXT_LEN: usize = 256;

/// What there is to say of a section.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Detail {
    /// Bytes without structure.
    Raw {},
    /// Epochs, by number.
    Epochs { values: Vec<u32> },
    /// Epochs, by name, with the party that made each.
    NamedEpochs { slots: u32, epochs: Vec<NamedEpoch> },
    /// Records of one producer: bytes that they can take, and that they take.
    Ring { capacity_len: u64, used_len: u64, producer: Option<u16>, consumer: Option<u16> },
    /// Records of many producers.
    Mpsc { capacity: u32, tickets: u32, producers: Vec<u16> },
    /// Records for any number of receivers.
    Broadcast { capacity_len: u64 },
    /// The newest state.
    PingPong { slots: u32, seats: u32, frame_len: u32, version: u32, writer: Option<u16> },
    /// Calls.
    Lanes { service: Option<u16>, entries: u32, buffer_len: u32, lanes: Vec<Lane> },
    /// Units.
    Registry { slots: u32, units: Vec<Unit> },
    /// Blocks.
    Arena {
        /// Longest run of free pages, in bytes: what the largest block could have.
        longest_free_len: u64,
        #[serde(flatten)]
        arena: ArenaUse,
    },
    /// Parties.
    Parties { seats: u32, parties: Vec<Party> },
    /// Counters.
    Counters { slots: u32, counters: Vec<Count> },
    /// Events.
    Log { capacity: u32, dropped: u32, newest: Vec<Event> },
    /// What of other sections has changed.
    DirtyMap { blocks: u32, len: u64 },
    /// More room for a registry.
    RegistryOverflow {},
    /// A kind that this program does not know.
    Unknown { kind: u32 },
    /// It contradicts itself, or could not be read.
    Damaged { why: String },
}

#[derive(Serialize)]
pub(crate) struct NamedEpoch {
    pub(crate) name: String,
    pub(crate) owner: u16,
    pub(crate) value: u32,
}

/// A lane that a client holds, or that has something in it.
#[derive(Serialize)]
pub(crate) struct Lane {
    pub(crate) lane: u32,
    pub(crate) client: Option<u16>,
    /// Calls not accepted yet.
    pub(crate) submitted: u32,
    /// Calls accepted and not answered yet.
    pub(crate) running: u32,
    /// Answers that the client has not taken yet.
    pub(crate) answered: u32,
}

#[derive(Serialize)]
pub(crate) struct Unit {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) version: String,
    /// The process that entered it.
    pub(crate) owner: u32,
    pub(crate) methods: Vec<String>,
}

#[derive(Serialize)]
pub(crate) struct Party {
    pub(crate) number: u16,
    pub(crate) process_id: u32,
    pub(crate) label: String,
}

#[derive(Serialize)]
pub(crate) struct Count {
    pub(crate) label: String,
    pub(crate) owner: u16,
    pub(crate) value: u64,
}

#[derive(Serialize)]
pub(crate) struct Event {
    pub(crate) time: u64,
    pub(crate) level: u8,
    pub(crate) source: u16,
    pub(crate) code: u32,
    pub(crate) text: String,
}

/// What the pages of an arena are used for, in bytes.
#[derive(Default, Serialize)]
pub(crate) struct ArenaUse {
    pub(crate) page_len: u32,
    pub(crate) pages: u32,
    /// In pages that are used for nothing.
    pub(crate) free_len: u64,
    /// In pages of blocks, and in no block.
    pub(crate) retained_len: u64,
    /// In blocks.
    pub(crate) used_len: u64,
    pub(crate) blocks: u32,
    /// Of these, under way to another party.
    pub(crate) handed_over: u32,
    #[serde(skip)]
    pub(crate) map: Vec<PageUse>,
}

/// What a page of an arena is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PageUse {
    Free,
    /// Cut into blocks, of which so many of 256 parts of its bytes are held.
    Blocks(u8),
    /// Part of a block of whole pages.
    Run,
    /// The first page of one.
    Head,
}

pub(crate) const fn kind_name(kind: u32) -> &'static str {
    match kind {
        defs::KIND_RAW => "raw",
        defs::KIND_EPOCHS => "epochs",
        defs::KIND_RING => "ring",
        defs::KIND_PING_PONG => "ping-pong",
        defs::KIND_LANES => "lanes",
        defs::KIND_REGISTRY => "registry",
        defs::KIND_PARTIES => "parties",
        defs::KIND_MPSC => "mpsc",
        defs::KIND_BROADCAST => "broadcast",
        defs::KIND_ARENA => "arena",
        defs::KIND_DIRTY_MAP => "dirty map",
        defs::KIND_COUNTERS => "counters",
        defs::KIND_LOG => "log",
        defs::KIND_REGISTRY_OVERFLOW => "registry+",
        _ => "unknown",
    }
}

/// Why a section could not be told of.
pub(super) enum Failed {
    Core(Error),
    Read(io::Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

pub(super) fn read<T: Trust>(
    sections: &Sections<'_, T>,
    section: &Section,
    words: &mut Words,
) -> Detail {
    let detail = match section.kind() {
        defs::KIND_RAW => Ok(Detail::Raw {}),
        defs::KIND_REGISTRY_OVERFLOW => Ok(Detail::RegistryOverflow {}),
        defs::KIND_RING => ring(sections, section, words),
        defs::KIND_PING_PONG => ping_pong(sections, section, words),
        defs::KIND_LANES => lanes(sections, section, words),
        defs::KIND_ARENA => arena(section, words),
        _ => by_views(sections, section).map_err(Failed::Core),
    };
    detail.unwrap_or_else(|failed| Detail::Damaged {
        why: match failed {
            Failed::Core(error) => error.to_string(),
            Failed::Read(error) => error.to_string(),
        },
    })
}

/// What the views tell by themselves.
fn by_views<T: Trust>(sections: &Sections<'_, T>, section: &Section) -> Result<Detail, Error> {
    let id = section.id();
    Ok(match section.kind() {
        defs::KIND_EPOCHS if section.params().get(defs::epochs::PARAM_COUNT) == Some(&0) => {
            let bank = NamedEpochs::open(sections, id)?;
            let slots = section.params().get(defs::epochs::PARAM_SLOTS).copied().unwrap_or(0);
            let mut epochs = Vec::new();
            for index in 0..slots {
                let Some(entry) = bank.entry(index)? else { continue };
                // One that was freed since is none.
                let Ok(mut watcher) = bank.watcher(entry.id()) else { continue };
                let value = watcher.watcher_mut().current();
                epochs.push(NamedEpoch {
                    name: entry.name().to_owned(),
                    owner: entry.owner(),
                    value,
                });
            }
            Detail::NamedEpochs { slots, epochs }
        }
        defs::KIND_EPOCHS => {
            let bank = EpochTable::open(sections, id)?;
            let values = (0..bank.count()).map(|index| Ok(bank.watcher(index)?.current()));
            Detail::Epochs { values: values.collect::<Result<_, Error>>()? }
        }
        defs::KIND_MPSC => {
            let ring = MpscRing::open(sections, id)?;
            let config = ring.config();
            let seats = (0..config.seats).filter_map(|seat| ring.seat_holder(seat).ok().flatten());
            let producers = seats.collect();
            Detail::Mpsc { capacity: config.capacity, tickets: config.tickets, producers }
        }
        defs::KIND_BROADCAST => {
            let ring = Broadcast::open(sections, id)?;
            Detail::Broadcast { capacity_len: ring.capacity_len() as u64 }
        }
        defs::KIND_REGISTRY => {
            let registry = UnitRegistry::open(sections, id)?;
            // One that changes while it is looked at is left out.
            let units = registry.iter().filter_map(Result::ok).map(|unit| Unit {
                id: unit.id().raw(),
                name: unit.name().to_owned(),
                version: live::version(unit.version()),
                owner: unit.owner(),
                methods: unit.methods().map(str::to_owned).collect(),
            });
            Detail::Registry { slots: registry.slot_count(), units: units.collect() }
        }
        defs::KIND_PARTIES => {
            let bank = Parties::open(sections, id)?;
            let parties = bank.iter().map(|party| Party {
                number: party.number,
                process_id: party.process_id,
                label: party.label().to_owned(),
            });
            Detail::Parties { seats: bank.config().seats, parties: parties.collect() }
        }
        defs::KIND_COUNTERS => {
            let bank = Counters::open(sections, id)?;
            let counters = bank.iter().map(|reading| Count {
                label: reading.label().to_owned(),
                owner: reading.owner,
                value: reading.value,
            });
            Detail::Counters { slots: bank.capacity(), counters: counters.collect() }
        }
        defs::KIND_LOG => {
            let log = Log::open(sections, id)?;
            let mut text = [0; TEXT_LEN];
            let mut newest = std::collections::VecDeque::new();
            let mut reader = log.reader(0);
            // As many as it has room for: one that goes on writing is not followed.
            for _ in 0..log.config().capacity {
                let Ok(entry) = reader.next(&mut text) else { break };
                if newest.len() == EVENTS {
                    newest.pop_front();
                }
                newest.push_back(Event {
                    time: entry.time,
                    level: entry.level,
                    source: entry.source,
                    code: entry.code,
                    text: entry.text(&text).to_owned(),
                });
            }
            let newest = newest.into();
            Detail::Log { capacity: log.config().capacity, dropped: log.dropped(), newest }
        }
        defs::KIND_DIRTY_MAP => {
            let map = DirtyMap::open(sections, id)?;
            Detail::DirtyMap { blocks: map.block_count(), len: map.len() as u64 }
        }
        kind => Detail::Unknown { kind },
    })
}

fn ring<T: Trust>(
    sections: &Sections<'_, T>,
    section: &Section,
    words: &mut Words,
) -> Result<Detail, Failed> {
    use defs::ring::{CONSUMER_LEASE, HEAD, POSITION_MASK, PRODUCER_LEASE, TAIL};

    let view = RingBuffer::open(sections, section.id())?;
    let mut word = |at| live::word(words, section, at);
    let used = word(TAIL)?.wrapping_sub(word(HEAD)?) & POSITION_MASK;
    Ok(Detail::Ring {
        capacity_len: view.capacity_len() as u64,
        used_len: u64::from(used) * defs::GRANULE as u64,
        producer: live::holder(word(PRODUCER_LEASE)?),
        consumer: live::holder(word(CONSUMER_LEASE)?),
    })
}

fn ping_pong<T: Trust>(
    sections: &Sections<'_, T>,
    section: &Section,
    words: &mut Words,
) -> Result<Detail, Failed> {
    use defs::ping_pong::{LATEST, SLOT_BITS, WRITER_LEASE};

    let config = PingPong::open(sections, section.id())?.config();
    let mut word = |at| live::word(words, section, at);
    Ok(Detail::PingPong {
        slots: config.slots,
        seats: config.seats,
        frame_len: config.frame_len,
        version: word(LATEST)? >> SLOT_BITS,
        writer: live::holder(word(WRITER_LEASE)?),
    })
}

fn lanes<T: Trust>(
    sections: &Sections<'_, T>,
    section: &Section,
    words: &mut Words,
) -> Result<Detail, Failed> {
    let view = Lanes::open(sections, section.id())?;
    let (count, entries, buffer_len) = (view.lane_count(), view.entries(), view.buffer_len());
    let service = live::holder(live::word(words, section, defs::lanes::SERVICE_LEASE)?);
    let mut lanes = Vec::new();
    for lane in 0..count {
        let state = live::lane(words, section, (lane, count))?;
        if state.client.is_some() || state.submitted + state.running + state.answered > 0 {
            lanes.push(state);
        }
    }
    Ok(Detail::Lanes { service, entries, buffer_len, lanes })
}

/// From its words: a view wants to write.
fn arena(section: &Section, words: &mut Words) -> Result<Detail, Failed> {
    let arena = live::arena(words, section)?;
    let runs = arena.map.chunk_by(|a, b| (*a == PageUse::Free) == (*b == PageUse::Free));
    let free = runs.filter(|run| run.first() == Some(&PageUse::Free)).map(<[_]>::len);
    let longest_free_len = free.max().unwrap_or(0) as u64 * u64::from(arena.page_len);
    Ok(Detail::Arena { longest_free_len, arena })
}
