//! A slot's record: writing it, reading it, comparing its name.
//!
//! [`defs::registry`](crate::defs::registry) says what stands where.
#![forbid(unsafe_code)]

use super::{
    Capabilities, Dependency, UnitCost, UnitDescriptor, UnitId, UnitLimits, UnitRecord, Version,
    VersionRange,
};
use crate::defs::registry::{
    CAPABILITIES, COST_PER_CALL, COST_PER_UNIT, DEPENDENCY_NAME, LENGTHS, LENGTHS_COUNT,
    LENGTHS_DEPENDENCIES_SHIFT, LENGTHS_METHODS_SHIFT, LIMIT_FUEL, LIMIT_JOBS, LIMIT_MEMORY,
    LIMIT_RUN, MAX_UNIT_NAME_LEN, NAME_HASH, OWNER, PATCH_AND_METHODS, TEXT, VERSION,
};
pub use crate::defs::registry::{MAX_SLOT_LEN, MIN_SLOT_LEN};
use crate::error::Error;
use crate::raw::span::Span;

/// Bytes of a slot that are not for texts.
pub const SLOT_HEAD_LEN: usize = TEXT;

pub(super) const MAX_TEXT_LEN: usize = MAX_SLOT_LEN as usize - TEXT;
const HEAD_WORDS: usize = TEXT / 4;
/// Bytes of a dependency before its name.
const DEPENDENCY_HEAD: usize = DEPENDENCY_NAME;

/// Bytes of a record's parts; checked.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    name_len: usize,
    dependencies_len: usize,
    methods_len: usize,
}

const fn padded(len: usize) -> usize {
    len.saturating_add(3) & !3
}

fn check_name(name: &str) -> Result<(), Error> {
    if name.is_empty() {
        return Err(Error::BadLayout { what: "a unit's name is empty" });
    }
    if name.len() > MAX_UNIT_NAME_LEN {
        return Err(Error::TooLarge { len: name.len(), max: MAX_UNIT_NAME_LEN });
    }
    Ok(())
}

/// What a record needs, if that is at most `max` bytes.
pub(super) fn check(record: &UnitRecord<'_>, max: usize) -> Result<Extent, Error> {
    check_name(record.name)?;
    let mut dependencies_len = 0_usize;
    for dependency in record.dependencies {
        check_name(dependency.name)?;
        if dependency.range.is_empty() {
            return Err(Error::BadLayout { what: "a dependency's range has no version" });
        }
        let len = DEPENDENCY_HEAD + padded(dependency.name.len());
        dependencies_len = dependencies_len.saturating_add(len);
    }
    let mut methods_len = 0_usize;
    for (index, method) in record.methods.iter().enumerate() {
        if method.is_empty() || method.bytes().any(|byte| byte == b'\n') {
            return Err(Error::BadLayout { what: "a method's name is empty or has a \\n" });
        }
        let separator = usize::from(index > 0);
        methods_len = methods_len.saturating_add(method.len()).saturating_add(separator);
    }
    let name_len = record.name.len();
    // Which bounds the number of methods and of dependencies, too.
    let len = padded(name_len).saturating_add(dependencies_len).saturating_add(padded(methods_len));
    if len > max {
        return Err(Error::TooLarge { len, max });
    }
    Ok(Extent { name_len, dependencies_len, methods_len })
}

/// Fills in a slot that the caller has claimed.
pub(super) fn write(
    slot: &Span<'_>,
    record: &UnitRecord<'_>,
    extent: Extent,
    hash: u32,
) -> Result<(), Error> {
    let (major, minor, patch) = record.version;
    let UnitLimits { jobs, memory_len, run_ns, fuel } = record.limits;
    let lengths = extent.name_len
        | (extent.dependencies_len / 4) << LENGTHS_DEPENDENCIES_SHIFT
        | extent.methods_len << LENGTHS_METHODS_SHIFT;
    let mut head = [0; HEAD_WORDS];
    put(&mut head, NAME_HASH, hash);
    put(&mut head, LENGTHS, lengths as u32);
    put(&mut head, OWNER, record.owner);
    put(&mut head, VERSION, u32::from(major) << 16 | u32::from(minor));
    put(&mut head, PATCH_AND_METHODS, u32::from(patch) | (record.methods.len() as u32) << 16);
    put(&mut head, LIMIT_JOBS, jobs);
    put_wide(&mut head, CAPABILITIES, record.capabilities.0);
    put_wide(&mut head, LIMIT_MEMORY, memory_len);
    put_wide(&mut head, LIMIT_RUN, run_ns);
    put_wide(&mut head, LIMIT_FUEL, fuel);
    put_wide(&mut head, COST_PER_CALL, record.cost.per_call);
    put_wide(&mut head, COST_PER_UNIT, record.cost.per_unit);
    // Neither the state nor the heartbeat.
    slot.store_all(NAME_HASH, head.get(NAME_HASH / 4..).unwrap_or_default())?;

    let mut text = Writer { slot, at: TEXT, word: [0; 4], filled: 0 };
    text.push(record.name.as_bytes())?;
    text.pad()?;
    for dependency in record.dependencies {
        for word in dependency.range.encode() {
            text.push(&word.to_ne_bytes())?;
        }
        text.push(&(dependency.name.len() as u32).to_ne_bytes())?;
        text.push(dependency.name.as_bytes())?;
        text.pad()?;
    }
    for (index, method) in record.methods.iter().enumerate() {
        text.push(if index == 0 { b"" } else { b"\n" })?;
        text.push(method.as_bytes())?;
    }
    text.pad()
}

/// Stores bytes a word at a time.
struct Writer<'a, 'm> {
    slot: &'a Span<'m>,
    at: usize,
    word: [u8; 4],
    filled: usize,
}

impl Writer<'_, '_> {
    fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        for &byte in bytes {
            if let Some(to) = self.word.get_mut(self.filled) {
                *to = byte;
            }
            self.filled += 1;
            if self.filled == self.word.len() {
                self.pad()?;
            }
        }
        Ok(())
    }

    fn pad(&mut self) -> Result<(), Error> {
        if self.filled == 0 {
            return Ok(());
        }
        self.slot.store(self.at, u32::from_ne_bytes(self.word))?;
        self.at += self.word.len();
        (self.word, self.filled) = ([0; 4], 0);
        Ok(())
    }
}

/// The words before the texts.
type Head = [u32; HEAD_WORDS];

fn head(slot: &Span<'_>) -> Result<Head, Error> {
    slot.load_all(0)
}

fn put(head: &mut Head, offset: usize, value: u32) {
    if let Some(word) = head.get_mut(offset / 4) {
        *word = value;
    }
}

fn put_wide(head: &mut Head, offset: usize, value: u64) {
    put(head, offset, value as u32);
    put(head, offset + 4, (value >> 32) as u32);
}

fn get(head: &Head, offset: usize) -> u32 {
    head.get(offset / 4).copied().unwrap_or_default()
}

fn get_wide(head: &Head, offset: usize) -> u64 {
    u64::from(get(head, offset)) | u64::from(get(head, offset + 4)) << 32
}

/// Whether the record has this name. May be anything while
/// the record is being written.
#[inline]
pub(super) fn is_named(slot: &Span<'_>, name: &[u8], hash: u32) -> Result<bool, Error> {
    const { assert!(LENGTHS == NAME_HASH + 4) };
    let [found, lengths] = slot.load_all(NAME_HASH)?;
    Ok(found == hash && name_len(lengths) == name.len() && slot.holds(TEXT, name)?)
}

pub(super) fn capabilities(slot: &Span<'_>) -> Result<Capabilities, Error> {
    Ok(Capabilities(get_wide(&head(slot)?, CAPABILITIES)))
}

pub(super) fn version(slot: &Span<'_>) -> Result<Version, Error> {
    Ok(version_in(&head(slot)?))
}

fn version_in(head: &Head) -> Version {
    let version = get(head, VERSION);
    ((version >> 16) as u16, version as u16, get(head, PATCH_AND_METHODS) as u16)
}

const fn name_len(lengths: u32) -> usize {
    (lengths & LENGTHS_COUNT) as usize
}

/// Copies a record and checks it. The result may be a mixture of two as long as the state was not
/// looked at again.
pub(super) fn copy(slot: &Span<'_>, id: UnitId, party: u16) -> Result<UnitDescriptor, Error> {
    let head = head(slot)?;
    let lengths = get(&head, LENGTHS);
    let name_len = name_len(lengths);
    let dependencies_len = (lengths >> LENGTHS_DEPENDENCIES_SHIFT & LENGTHS_COUNT) as usize * 4;
    let methods_len = (lengths >> LENGTHS_METHODS_SHIFT) as usize;
    let mut unit = UnitDescriptor {
        id,
        party,
        version: version_in(&head),
        capabilities: Capabilities(get_wide(&head, CAPABILITIES)),
        owner: get(&head, OWNER),
        limits: UnitLimits {
            jobs: get(&head, LIMIT_JOBS),
            memory_len: get_wide(&head, LIMIT_MEMORY),
            run_ns: get_wide(&head, LIMIT_RUN),
            fuel: get_wide(&head, LIMIT_FUEL),
        },
        cost: UnitCost {
            per_call: get_wide(&head, COST_PER_CALL),
            per_unit: get_wide(&head, COST_PER_UNIT),
        },
        text: [0; MAX_TEXT_LEN],
        name_len,
        dependencies_at: padded(name_len),
        dependencies_len,
        methods_len,
    };
    let len = unit.dependencies_at + dependencies_len + methods_len;
    let text = unit.text.get_mut(..len).filter(|_| TEXT + len <= slot.len());
    slot.read(TEXT, text.ok_or(Error::Corrupt { what: "lengths of a unit's texts" })?)?;
    check_copy(&unit, (get(&head, PATCH_AND_METHODS) >> 16) as usize)?;
    Ok(unit)
}

fn check_copy(unit: &UnitDescriptor, methods: usize) -> Result<(), Error> {
    if name_is_bad(unit.bytes(0, unit.name_len)) {
        return Err(Error::Corrupt { what: "a unit's name" });
    }
    let mut rest = unit.bytes(unit.dependencies_at, unit.dependencies_len);
    while !rest.is_empty() {
        let (_, behind) =
            first_dependency(rest).ok_or(Error::Corrupt { what: "a unit's dependencies" })?;
        rest = behind;
    }
    let text = unit.bytes(unit.methods_at(), unit.methods_len);
    if core::str::from_utf8(text).is_err() {
        return Err(Error::Corrupt { what: "a unit's methods" });
    }
    if unit.methods().count() != methods {
        return Err(Error::Corrupt { what: "number of a unit's methods" });
    }
    Ok(())
}

fn name_is_bad(name: &[u8]) -> bool {
    name.is_empty() || name.len() > MAX_UNIT_NAME_LEN || core::str::from_utf8(name).is_err()
}

/// The first dependency of a private copy, and what is behind it.
pub(super) fn first_dependency(bytes: &[u8]) -> Option<(Dependency<'_>, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<DEPENDENCY_HEAD>()?;
    let mut words = [0; DEPENDENCY_HEAD / 4];
    for (word, bytes) in words.iter_mut().zip(head.as_chunks().0) {
        *word = u32::from_ne_bytes(*bytes);
    }
    let [from, below, patches, name_len] = words;
    let name_len = name_len as usize;
    let name = rest.get(..name_len).filter(|name| !name_is_bad(name))?;
    let name = core::str::from_utf8(name).ok()?;
    let range = VersionRange::decode([from, below, patches]);
    Some((Dependency { name, range }, rest.get(padded(name_len)..)?))
}
