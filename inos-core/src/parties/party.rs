//! A seat that is taken: joining, leaving, and taking what the dead left behind.
#![forbid(unsafe_code)]

use super::*;
use crate::epochs::EpochCounter;
use crate::protocol::party::{self, Corpse};
use crate::protocol::role::Lease;

/// How often a joining party tries to become the reaper while another one is.
const TRIES: u32 = 64;

/// A party of a region. Holding one proves that its number is nobody else's, as far as the
/// others keep to the protocol. What it opens lives no longer than it does; dropping it takes
/// back whatever it left claimed, and frees the seat.
///
/// ```
/// use inos_core::{
///     AlignedBytes, AlwaysAlive, Layout, PartiesConfig, Region, RingBuffer, RingConfig, SectionId,
///     Sections,
/// };
///
/// let [parties, ring] = [1, 2].map(SectionId);
/// let layout = Layout::builder()
///     .parties(parties, "parties", PartiesConfig::of::<AlwaysAlive>(2))
///     .ring(ring, "ring", RingConfig { capacity: 64 })
///     .build()?;
/// let mut memory = AlignedBytes::<4096>::new();
/// let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
///
/// let party = sections.join(parties, &AlwaysAlive, "camera")?;
/// let producer = RingBuffer::open(&party.sections(), ring)?.producer()?;
/// core::mem::forget(producer);
/// drop(party);
/// // What was forgotten is free again.
/// assert!(RingBuffer::open(&sections, ring)?.producer().is_ok());
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Party<'m, T: Trust, G> {
    sections: Sections<'m, T>,
    parties: Parties<'m, T>,
    number: u16,
    /// Taken by the drop alone.
    lease: Lease,
    /// After everything else, by the order of fields: the proof of life ends when nothing is
    /// held any more.
    _guard: G,
}

/// What was taken from the dead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reaped {
    /// How many parties were found dead.
    pub parties: u32,
    /// Roles, pins, lanes, blocks and other claims that they held.
    pub claims: u32,
}

impl<'m, T: Trust> Sections<'m, T> {
    /// Takes a seat in the section `id` of parties. `label`, at most [`MAX_LABEL_LEN`] bytes, is
    /// for those who look in from outside.
    ///
    /// If no seat is free, one whose party is proven dead is taken over, and with it everything
    /// that it held.
    ///
    /// Acquire and Release: what the seat's last party did is visible here, and what this one says
    /// of itself is to others; pairs with the drop of [`Party`] and with [`Parties::info`].
    ///
    /// # Errors
    /// As [`Parties::open`]; `ReadOnly`; `TooLarge` for a longer label; `BadLayout` if the layout
    /// wants lives proven another way, or `liveness` is about other memory; `NoSeat`; `RoleHeld`
    /// if only a dead party's seat is left and another party is just taking what it held;
    /// `Host` if the system refused the proof of life.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let seats = SectionId(1);
    /// # let config = PartiesConfig::of::<AlwaysAlive>(2);
    /// # let layout = Layout::builder().parties(seats, "parties", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// let one = sections.join(seats, &AlwaysAlive, "one")?;
    /// let two = sections.join(seats, &AlwaysAlive, "two")?;
    /// assert_eq!((one.number(), two.number()), (1, 2));
    /// let full = sections.join(seats, &AlwaysAlive, "three");
    /// assert!(matches!(full, Err(Error::NoSeat { count: 2 })));
    /// drop(one);
    /// assert_eq!(sections.join(seats, &AlwaysAlive, "three")?.number(), 1);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn join<L: Liveness>(
        &self,
        id: SectionId,
        liveness: &L,
        label: &str,
    ) -> Result<Party<'m, T, L::Guard>, Error> {
        self.join_as(id, liveness, label, 0)
    }

    /// As [`join`](Self::join), telling those who look in from outside the process id, too.
    ///
    /// # Errors
    /// As [`join`](Self::join).
    ///
    /// ```
    /// # use inos_core::*;
    /// # let seats = SectionId(1);
    /// # let config = PartiesConfig::of::<AlwaysAlive>(2);
    /// # let layout = Layout::builder().parties(seats, "parties", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// let party = sections.join_as(seats, &AlwaysAlive, "camera", std::process::id())?;
    /// let info = Parties::open(&sections, seats)?.info(party.number())?;
    /// assert_eq!(info.process_id, std::process::id());
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn join_as<L: Liveness>(
        &self,
        id: SectionId,
        liveness: &L,
        label: &str,
        process_id: u32,
    ) -> Result<Party<'m, T, L::Guard>, Error> {
        let parties = Parties::open(self, id)?;
        if label.len() > MAX_LABEL_LEN {
            return Err(Error::TooLarge { len: label.len(), max: MAX_LABEL_LEN });
        }
        check(self, &parties, liveness)?;
        let (number, lease, guard) = match free_seat(&parties, liveness)? {
            Some(taken) => taken,
            None => dead_seat(self, &parties, liveness)?,
        };
        describe(&parties.seat(number)?, lease.raw(), process_id, label.as_bytes())?;
        Ok(Party { sections: self.of_party(number), parties, number, lease, _guard: guard })
    }
}

/// The proof of life is of the kind that the layout wants, and about this memory.
fn check<T: Trust, L: Liveness>(
    sections: &Sections<'_, T>,
    parties: &Parties<'_, T>,
    liveness: &L,
) -> Result<(), Error> {
    if parties.config.scheme != L::SCHEME {
        return Err(Error::BadLayout { what: "parties of this region prove life another way" });
    }
    if !sections.is_covered_by(liveness) {
        return Err(Error::BadLayout { what: "the proof of life is about other memory" });
    }
    Ok(())
}

fn free_seat<T: Trust, L: Liveness>(
    parties: &Parties<'_, T>,
    liveness: &L,
) -> Result<Option<(u16, Lease, L::Guard)>, Error> {
    for number in 1..=parties.config.seats as u16 {
        let word = parties.seat(number)?.word(SEAT_LEASE)?;
        if role::is_held(word) {
            continue;
        }
        // Alive first, then seated: a seat that is held is never found unproven.
        let Some(guard) = liveness.enter(number)? else { continue };
        if let Some(lease) = role::claim(word, number) {
            if L::EXCLUSIVE {
                // One that died between living here and sitting here may have been the reaper.
                role::revoke(parties.span.word(REAPER_LEASE)?, number);
            }
            return Ok(Some((number, lease, guard)));
        }
    }
    Ok(None)
}

/// Takes over the seat of a dead party.
fn dead_seat<T: Trust, L: Liveness>(
    sections: &Sections<'_, T>,
    parties: &Parties<'_, T>,
    liveness: &L,
) -> Result<(u16, Lease, L::Guard), Error> {
    let count = parties.config.seats;
    if !L::EXCLUSIVE {
        return Err(Error::NoSeat { count });
    }
    let mut busy = false;
    for number in 1..=count as u16 {
        let word = parties.seat(number)?.word(SEAT_LEASE)?;
        // Ours now, so whoever is still written there is dead, and stays so while we live.
        let Some(guard) = liveness.enter(number)? else { continue };
        let is_dead = |party| party == number || liveness.is_dead(party);
        let Some(_reaper) = Reaper::claim(parties, number, is_dead)? else {
            busy = true;
            continue;
        };
        let lease = match party::find_dead(word, |party| party == number) {
            Some(corpse) => {
                sections.reclaim(number);
                party::succeed(word, corpse)
            }
            // Somebody reaped it meanwhile.
            None => role::claim(word, number),
        };
        if let Some(lease) = lease {
            return Ok((number, lease, guard));
        }
    }
    Err(if busy { Error::RoleHeld } else { Error::NoSeat { count } })
}

/// The reaper's role, given back when dropped.
struct Reaper<'m> {
    word: &'m crate::sync::AtomicU32,
    lease: Lease,
}

impl<'m> Reaper<'m> {
    fn claim<T: Trust>(
        parties: &Parties<'m, T>,
        party: u16,
        is_dead: impl Fn(u16) -> bool,
    ) -> Result<Option<Self>, Error> {
        let word = parties.span.word(REAPER_LEASE)?;
        // Reaping is short, so one that is under way is worth a few looks.
        for _ in 0..TRIES {
            if let Some(lease) = party::claim_reaper(word, party, &is_dead) {
                return Ok(Some(Self { word, lease }));
            }
            core::hint::spin_loop();
        }
        Ok(None)
    }
}

impl Drop for Reaper<'_> {
    fn drop(&mut self) {
        role::release(self.word, &self.lease);
    }
}

impl<'m, T: Trust, G> Party<'m, T, G> {
    /// Its number, from 1 on: what its claims are signed with.
    #[must_use]
    pub const fn number(&self) -> u16 {
        self.number
    }

    /// The sections, for claims in this party's name. Whatever is opened through them must be
    /// gone before the party is.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let (seats, ring) = (SectionId(1), SectionId(2));
    /// # let layout = Layout::builder()
    /// #     .parties(seats, "parties", PartiesConfig::of::<AlwaysAlive>(2))
    /// #     .ring(ring, "ring", RingConfig { capacity: 64 })
    /// #     .build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// let party = sections.join(seats, &AlwaysAlive, "camera")?;
    /// let producer = RingBuffer::open(&party.sections(), ring)?.producer()?;
    /// let taken = RingBuffer::open(&sections, ring)?.producer();
    /// assert!(matches!(taken, Err(Error::RoleHeld)));
    /// // It borrows the party, which can't leave before.
    /// drop(producer);
    /// drop(party);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub fn sections(&self) -> Sections<'_, T> {
        self.sections.clone()
    }

    /// The epoch by which this party shows that it works.
    ///
    /// # Errors
    /// None that can happen to a party that has joined: its seat was reached before.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let seats = SectionId(1);
    /// # let config = PartiesConfig::of::<AlwaysAlive>(2);
    /// # let layout = Layout::builder().parties(seats, "parties", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// let camera = sections.join(seats, &AlwaysAlive, "camera")?;
    /// let mut watcher = Parties::open(&sections, seats)?.heartbeat_watcher(camera.number())?;
    /// camera.heartbeat()?.advance(&Spin::default());
    /// assert_eq!(watcher.changed(), Some(1));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn heartbeat(&self) -> Result<EpochCounter<'_>, Error> {
        Ok(EpochCounter::from_word(self.parties.seat(self.number)?.word(HEARTBEAT)?))
    }

    /// Looks for parties that are proven dead, takes everything they held, and frees their
    /// seats. What they published stays; what they only claimed is gone, and the space it took
    /// is used again.
    ///
    /// Acquire and Release: what the dead had stored is visible to whoever claims next.
    ///
    /// # Errors
    /// `BadLayout` as in [`Sections::join`]; `RoleHeld` if another party is at it.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let seats = SectionId(1);
    /// # let config = PartiesConfig::of::<AlwaysAlive>(2);
    /// # let layout = Layout::builder().parties(seats, "parties", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// let party = sections.join(seats, &AlwaysAlive, "camera")?;
    /// core::mem::forget(sections.join(seats, &AlwaysAlive, "screen")?);
    /// // Nothing proves that it is dead, so it keeps its seat.
    /// assert_eq!(party.reap(&AlwaysAlive)?, Reaped { parties: 0, claims: 0 });
    /// assert!(Parties::open(&sections, seats)?.info(2).is_ok());
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn reap<L: Liveness>(&self, liveness: &L) -> Result<Reaped, Error> {
        check(&self.sections, &self.parties, liveness)?;
        let is_dead = |party| party != self.number && liveness.is_dead(party);
        let reaper = Reaper::claim(&self.parties, self.number, is_dead)?;
        let _reaper = reaper.ok_or(Error::RoleHeld)?;
        let mut reaped = Reaped::default();
        for number in 1..=self.parties.config.seats as u16 {
            let word = self.parties.seat(number)?.word(SEAT_LEASE)?;
            let seated = |party| party == number && is_dead(party);
            if let Some(corpse) = party::find_dead(word, seated) {
                reaped.claims = reaped.claims.saturating_add(self.sections.reclaim(number));
                bury(word, corpse, &mut reaped);
            }
        }
        Ok(reaped)
    }
}

fn bury(word: &crate::sync::AtomicU32, corpse: Corpse, reaped: &mut Reaped) {
    if party::bury(word, corpse) {
        reaped.parties += 1;
    }
}

impl<T: Trust, G> Drop for Party<'_, T, G> {
    fn drop(&mut self) {
        // Everything that was opened through this party borrowed it, so what is still claimed
        // was forgotten, and nobody can use it any more.
        self.sections.reclaim(self.number);
        // Release: hands the seat on with nothing held; pairs with Acquire in `role::claim`.
        // A seat that can't be reached was never taken.
        if let Ok(word) = self.parties.seat(self.number).and_then(|seat| seat.word(SEAT_LEASE)) {
            role::release(word, &self.lease);
        }
    }
}
