//! Units, and calls to them.

use inos_core::defs::{lanes, registry};
use inos_core::{Opcode, Status};

use super::{Constant, Group, is_prefix_of, word};

pub(super) const LANES: Group = Group {
    title: "Lanes, and the calls in them",
    constants: constants! { from lanes, "LANES_":
        MAJOR => "Major version of this kind of section.",
        PARAM_LANES => "Parameter: number of lanes.",
        PARAM_ENTRIES => "Parameter: entries of each of a lane's rings, a power of two.",
        PARAM_BUFFER_LEN => "Parameter: bytes of a lane's buffer.",
        MAX_LANES => "Most lanes in a section.",
        MIN_ENTRIES => "Fewest entries of a lane's rings.",
        MAX_ENTRIES => "Most entries of a lane's rings.",
        DOORBELL => "Offset of the epoch that says \"a lane has something to say\".",
        SERVICE_LEASE => "Offset of the lease of the service role.",
        READY => "Offset of the ready bitmap, a bit per lane, rounded up to a line.",
        CLIENT_LEASE => "Offset in a lane: the lease of the client role.",
        COMPLETION_EPOCH => "Offset in a lane: the epoch that says \"there is a completion\".",
        SQ_TAIL => "Offset in a lane: entries submitted, which the client writes.",
        SQ_HEAD => "Offset in a lane: entries accepted, which the service writes.",
        CQ_TAIL => "Offset in a lane: calls answered, which the service writes.",
        CQ_HEAD => "Offset in a lane: answers taken, which the client writes.",
        SUBMISSIONS => "Offset in a lane: the submissions.",
        POSITION_MASK => "Bits of a position; the others are 0.",
        SLOT_LEN => "Bytes of a slot in the table of calls in flight.",
        SLOT_MARK => "Offset in a slot: how far the call has come.",
        SLOT_CALL => "Offset in a slot: the call's id.",
        SLOT_DEADLINE =>
            "Offset in a slot: the deadline in nanoseconds of the service's clock, 0 for none.",
        FREE => "State of a slot: no call.",
        ACCEPTING =>
            "State of a slot: the call at this position is accepted if the submissions' head has passed it.",
        HELD => "State of a slot: a call of the running service.",
        ANSWERING =>
            "State of a slot: the call is answered if the completions' tail has passed this position.",
        ORPHAN => "State of a slot: a call that a former service did not answer.",
        STATE => "The bits of a mark that are the state.",
        MARK_POSITION_SHIFT => "Lowest bit, in a mark, of the lower 29 bits of a position.",
        SUBMISSION_LEN => "Bytes of a submission.",
        SUBMISSION_OPCODE =>
            "Offset in a submission: the opcode in the lower half, flags in the upper.",
        SUBMISSION_CALL => "Offset in a submission: the call's id.",
        SUBMISSION_UNIT => "Offset in a submission: the unit's id.",
        SUBMISSION_METHOD => "Offset in a submission: the number of the method.",
        SUBMISSION_TIMEOUT =>
            "Offset in a submission: nanoseconds from the acceptance on, 0 for no limit.",
        SUBMISSION_INPUT => "Offset in a submission: the payload reference of the input.",
        SUBMISSION_PARAMS => "Offset in a submission: the payload reference of the parameters.",
        SUBMISSION_OUTPUT => "Offset in a submission: the payload reference of the output.",
        SUBMISSION_BLOCK_LEN =>
            "Offset in a submission: how many bytes of an input that is a block.",
        FLAGS_SHIFT => "Lowest bit, in the word of the opcode, of the flags.",
        PRIORITY_MASK => "The bits of a submission's flags that are its priority.",
        COMPLETION_LEN => "Bytes of a completion.",
        COMPLETION_CALL => "Offset in a completion: the call's id.",
        COMPLETION_STATUS => "Offset in a completion: the status.",
        COMPLETION_RESULT_LEN => "Offset in a completion: bytes of the result.",
        COMPLETION_VALUE => "Offset in a completion: a small result.",
        COMPLETION_ELAPSED => "Offset in a completion: nanoseconds from the acceptance on.",
        REFERENCE_LEN => "Bytes of a payload reference.",
        REFERENCE_SPACE => "Offset in a payload reference: the space.",
        REFERENCE_OFFSET => "Offset in a payload reference: the first byte in that space.",
        REFERENCE_BYTES => "Offset in a payload reference: how many bytes.",
        SPACE_NONE => "Space of a reference to no bytes.",
        SPACE_BUFFER => "Space of a reference into the lane's buffer.",
        SPACE_SECTION => "Space of a reference into a section, to which the section's id is added.",
        SPACE_BLOCK =>
            "Space of a reference to a block of an arena, to which the section's id is added.",
    },
};

pub(super) const REGISTRY: Group = Group {
    title: "Registries of units, and their overflow sections",
    constants: constants! { from registry, "REGISTRY_":
        MAJOR => "Major version of both kinds of section.",
        PARAM_SLOTS => "Parameter: number of slots in this section.",
        PARAM_SLOT_LEN => "Parameter: bytes in a slot.",
        PARAM_REGISTRY => "Parameter of an overflow section: id of the registry's section.",
        PARAM_FIRST_SLOT => "Parameter of an overflow section: number of its first slot.",
        MAX_UNIT_SLOTS => "Most slots of a registry's section, and of each overflow section.",
        MAX_OVERFLOWS => "Most overflow sections of a registry.",
        MIN_SLOT_LEN => "Shortest slot, in bytes.",
        MAX_SLOT_LEN => "Longest slot, in bytes.",
        MAX_UNIT_NAME_LEN => "Longest name of a unit, in bytes.",
        FLAGS => "Offset of the flags.",
        UNINDEXED =>
            "Flag: some unit's name is not in the index, so who does not find one there looks everywhere.",
        FILTER => "Offset of the filter, which the index and the slots follow.",
        FILTER_WORD_SHIFT => "Lowest bit, in a name's hash, of its word of the filter.",
        FILTER_BIT_BITS =>
            "Bits of a name's hash that choose one of its three bits of the filter, one after another.",
        LINE_ENTRIES => "Entries in a line of the index.",
        ENTRY_TAG_SHIFT =>
            "Lowest bit, in an entry of the index, of the tag; the slot is below it.",
        ENTRY_TAG_BITS => "Bits of a tag: the uppermost ones of the name's hash.",
        ENTRY_GENERATION_SHIFT => "Lowest bit, in an entry of the index, of the generation.",
        STATE => "Offset in a slot: the state.",
        HEARTBEAT => "Offset in a slot: an epoch that the unit advances.",
        NAME_HASH => "Offset in a slot: MurmurHash3 of the name.",
        LENGTHS => "Offset in a slot: lengths of name, dependencies and methods.",
        OWNER => "Offset in a slot: the owner, a number of the application's.",
        VERSION => "Offset in a slot: major version in the upper half, minor in the lower.",
        PATCH_AND_METHODS =>
            "Offset in a slot: number of methods in the upper half, patch version in the lower.",
        LIMIT_JOBS => "Offset in a slot: calls at the same time, 0 for no limit.",
        CAPABILITIES => "Offset in a slot: capabilities.",
        LIMIT_MEMORY => "Offset in a slot: bytes of memory, 0 for no limit.",
        LIMIT_RUN => "Offset in a slot: nanoseconds of a call, 0 for no limit.",
        LIMIT_FUEL => "Offset in a slot: fuel of a call, 0 for no limit.",
        COST_PER_CALL => "Offset in a slot: cost of a call, in billionths of a credit.",
        COST_PER_UNIT => "Offset in a slot: cost of a unit of work, in billionths of a credit.",
        TEXT => "Offset in a slot: name, dependencies and methods.",
        LENGTHS_DEPENDENCIES_SHIFT =>
            "Lowest bit, in the word of lengths, of the words of dependencies; the name's bytes are below.",
        LENGTHS_COUNT => "Bits of the name's bytes, and, shifted, of the words of dependencies.",
        LENGTHS_METHODS_SHIFT => "Lowest bit, in the word of lengths, of the bytes of methods.",
        CREDIT => "One credit in the fixed point of costs.",
        DEPENDENCY_FROM =>
            "Offset in a dependency: the first version's major in the upper half, its minor in the lower.",
        DEPENDENCY_BELOW =>
            "Offset in a dependency: the bound's major in the upper half, its minor in the lower.",
        DEPENDENCY_PATCHES =>
            "Offset in a dependency: the first version's patch in the upper half, the bound's in the lower.",
        DEPENDENCY_NAME_LEN => "Offset in a dependency: bytes of the name.",
        DEPENDENCY_NAME => "Offset in a dependency: the name.",
        FREE => "State of a slot: nobody was here since the memory was formatted.",
        CLAIMED => "State of a slot: a registrant writes its record.",
        ACTIVE => "State of a slot: the unit is there.",
        RETIRED => "State of a slot: nobody is here, so it may be claimed.",
        PROPOSED =>
            "State of a slot: the record is complete, and its registrant looks for others of its name.",
        STATE_BITS => "Bits of a slot's state word that are the state.",
        PARTY_SHIFT => "Lowest bit, in a slot's state word, of the party's number.",
        GENERATION_SHIFT =>
            "Lowest bit, in a slot's state word, of the generation; 0 is no unit's.",
        ID_GENERATION_SHIFT =>
            "Lowest bit, in a unit's id, of the generation; the slot is below it.",
    },
};

pub(super) const ANSWERS: Group = Group {
    title: "What a call asks for, and how it ends",
    constants: constants! {
        OPCODE_NOOP = Opcode::Noop => "Nothing but an answer.",
        OPCODE_EXECUTE = Opcode::Execute => "Run a method of a unit.",
        OPCODE_CANCEL = Opcode::Cancel => "Cancel another call of the same lane.",
        OPCODE_JOB = Opcode::Job => "Run a job that a message describes.",
        STATUS_OK = Status::OK.0 => "It ended well; numbers below 65,536 are the unit's errors.",
        STATUS_UNSUPPORTED = Status::UNSUPPORTED.0 =>
            "The service does not know the opcode or a flag.",
        STATUS_BAD_REFERENCE = Status::BAD_REFERENCE.0 =>
            "A payload reference means no bytes that may be used this way.",
        STATUS_NO_UNIT = Status::NO_UNIT.0 => "The unit is not there.",
        STATUS_NO_METHOD = Status::NO_METHOD.0 => "The unit has no method of this number.",
        STATUS_SHUT_DOWN = Status::SHUT_DOWN.0 => "The service ended before the call did.",
        STATUS_CANCELLED = Status::CANCELLED.0 => "The client cancelled it.",
        STATUS_TIMED_OUT = Status::TIMED_OUT.0 => "Its time was over.",
        STATUS_TOO_SMALL = Status::TOO_SMALL.0 =>
            "The output has less room than the result needs.",
        STATUS_BUSY = Status::BUSY.0 =>
            "Something that it needs is held by another party or has no room now.",
        STATUS_UNIT_FAILED = Status::UNIT_FAILED.0 => "The unit broke while it worked.",
        STATUS_NO_CALL = Status::NO_CALL.0 => "No call of this id is to be cancelled.",
        STATUS_SERVICE_LOST = Status::SERVICE_LOST.0 =>
            "The service that accepted the call ended or died without an answer.",
    },
};
