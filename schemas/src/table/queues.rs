//! Sections that carry records.

use inos_core::defs::{broadcast, mpsc, ring};

use super::{Constant, Group, is_prefix_of, word};

pub(super) const RING: Group = Group {
    title: "Rings of one producer",
    constants: constants! { from ring, "RING_":
        MAJOR => "Major version of this kind of section.",
        PARAM_CAPACITY => "Parameter: capacity in granules, a power of two.",
        MIN_CAPACITY => "Smallest capacity in granules.",
        MAX_CAPACITY => "Largest capacity in granules.",
        PRODUCER_LEASE => "Offset of the producer's lease.",
        TAIL => "Offset of the tail, which the producer stores to publish.",
        CONSUMER_LEASE => "Offset of the consumer's lease.",
        HEAD => "Offset of the head, which the consumer stores to free space.",
        DATA => "Offset of the granules.",
        POSITION_MASK => "Bits of a position; the others are 0.",
        RECORD_LEN => "Offset in a record: bytes of the payload, and the padding bit.",
        RECORD_TAG => "Offset in a record: the tag.",
        HEADER_LEN => "Bytes in a record before its payload.",
        PADDING =>
            "Bit of a record's length: the granules up to the end of the ring are no record.",
    },
};

pub(super) const MPSC: Group = Group {
    title: "Rings of many producers",
    constants: constants! { from mpsc, "MPSC_":
        MAJOR => "Major version of this kind of section.",
        PARAM_CAPACITY => "Parameter: capacity in granules, a power of two.",
        PARAM_TICKETS => "Parameter: number of tickets, a power of two.",
        PARAM_SEATS => "Parameter: number of seats.",
        MIN_CAPACITY => "Smallest capacity in granules.",
        MAX_CAPACITY => "Largest capacity in granules.",
        MIN_TICKETS => "Fewest tickets.",
        MAX_TICKETS => "Most tickets.",
        MAX_SEATS => "Most seats.",
        TAIL => "Offset of a hint at the first free ticket.",
        HEAD_TICKET => "Offset of the oldest ticket that was not recycled.",
        HEAD => "Offset of where the space of that ticket begins.",
        CONSUMER_LEASE => "Offset of the consumer's lease.",
        READ => "Offset of how far the consumer has read.",
        SEATS => "Offset of the seats.",
        SEAT_LEN => "Bytes of a seat.",
        SEAT_LEASE => "Offset in a seat: the lease of its producer.",
        INTENT => "Offset in a seat: the ticket that its producer announces.",
        TICKET_LEN => "Bytes of a ticket.",
        EXTENT => "Offset in a ticket: the extent.",
        STATE => "Offset in a ticket: the state.",
        POSITION_MASK => "Bits of a position, and of a ticket's number.",
        BEYOND_REPAIR => "The head ticket of a ring whose words make no sense.",
        CLAIMED => "Bit of an extent: the ticket is claimed.",
        ANNOUNCED => "Bit of an intent: a ticket is announced.",
        STATE_SHIFT => "Lowest bit, in a state, of its kind.",
        OPEN => "Kind of a state: nobody has written the record yet; with the lap.",
        COMMITTED => "Kind of a state: published; with the number of granules used.",
        ABANDONED =>
            "Kind of a state: passed by, and its space not to be used again; with the lap.",
        RELEASED => "Kind of a state: nobody will write there any more; with the lap.",
        LONG_AGO =>
            "How far recycling goes before it looks for announcements from long ago, and how old one is then.",
        RECORD_LEN => "Offset in a record: bytes of the payload.",
        RECORD_TAG => "Offset in a record: the tag.",
        HEADER_LEN => "Bytes in a record before its payload.",
    },
};

pub(super) const BROADCAST: Group = Group {
    title: "Broadcasts",
    constants: constants! { from broadcast, "BROADCAST_":
        MAJOR => "Major version of this kind of section.",
        PARAM_CAPACITY => "Parameter: capacity in granules, a power of two.",
        MIN_CAPACITY => "Smallest capacity in granules: the largest record takes four.",
        MAX_CAPACITY => "Largest capacity in granules.",
        SHARE => "A record takes at most one in this many granules of the ring.",
        TRANSMITTER_LEASE => "Offset of the transmitter's lease.",
        INTENT =>
            "Offset of the lower bits of the position up to which the transmitter may be writing.",
        WRAPS => "Offset of the upper bits of the same position.",
        LATEST => "Offset of the lower bits of the newest record's position, 0 before the first.",
        DATA => "Offset of the granules.",
        WRAPS_SHIFT => "Lowest bit of a position that the word of its upper bits has.",
        RECORD_LEN => "Offset in a record: bytes of the payload, and the padding bit.",
        RECORD_TAG => "Offset in a record: the tag.",
        RECORD_SEQUENCE => "Offset in a record: its number.",
        RECORD_POSITION => "Offset in a record: the lower bits of its position.",
        HEADER_LEN => "Bytes in a record before its payload.",
        PADDING =>
            "Bit of a record's length: the granules up to the end of the ring are no record.",
    },
};
