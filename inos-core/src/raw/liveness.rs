//! Who is alive: the host's proof, on which roles of the dead are given to others.

/// Tells the living from the dead among the parties of one region.
///
/// A heartbeat that stopped, or a process id that is gone, proves nothing: the party may be
/// paused, the number reused. Proof is what the operating system, or a join, vouches for. From
/// it follows that memory is written by somebody else, so implementing this trait is `unsafe`.
///
/// [`AlwaysAlive`] is for parties that end together. On Linux the `inos` crate has one by file
/// locks, which the kernel drops with the process that holds them.
///
/// One for the cores of a chip, whose power a supervisor cuts before it clears their bit:
///
/// ```
/// use inos_core::{AtomicU32, Error, Liveness, Ordering};
///
/// /// Base address of the memory, and a bit for each seat whose core has power.
/// struct Power {
///     base: usize,
///     on: AtomicU32,
/// }
///
/// // SAFETY: a core that has no power runs nothing, and only one that `enter` lets in is counted.
/// unsafe impl Liveness for Power {
///     type Guard = ();
///     const SCHEME: u32 = 256;
///     const EXCLUSIVE: bool = true;
///
///     fn covers(&self, base: *const u8) -> bool {
///         base.addr() == self.base
///     }
///     fn enter(&self, seat: u16) -> Result<Option<()>, Error> {
///         // 31 seats, counted from 1.
///         let Some(bit) = 1_u32.checked_shl(seat.into()) else { return Ok(None) };
///         Ok((self.on.fetch_or(bit, Ordering::AcqRel) & bit == 0).then_some(()))
///     }
///     fn is_dead(&self, seat: u16) -> bool {
///         let bit = 1_u32.checked_shl(seat.into());
///         bit.is_some_and(|bit| self.on.load(Ordering::Acquire) & bit == 0)
///     }
/// }
///
/// let power = Power { base: 0, on: AtomicU32::new(0) };
/// assert_eq!(power.enter(3)?, Some(()));
/// assert_eq!((power.enter(3)?, power.is_dead(3)), (None, false));
/// power.on.store(0, Ordering::Release); // the supervisor
/// assert!(power.is_dead(3));
/// # Ok::<(), Error>(())
/// ```
///
/// # Safety
/// - Where [`is_dead`](Self::is_dead) answers `true` for a seat, no execution context that holds
///   a guard of this seat, from this or any other value of this type that
///   [covers](Self::covers) the same memory, will touch that memory again.
/// - [`covers`](Self::covers) answers `true` only for memory whose parties all prove their life
///   in the way that this value looks at.
/// - If [`EXCLUSIVE`](Self::EXCLUSIVE), [`enter`](Self::enter) gives out a guard of a seat only
///   while `is_dead` would answer `true` for it.
pub unsafe trait Liveness {
    /// What proves that a seat's party is alive, for as long as it is not dropped.
    type Guard;

    /// The way that life is proven, written into the layout so that all parties prove it alike:
    /// 0 is [`AlwaysAlive`], 1 file locks, 2 guards among threads; an embedder's own
    /// begin at 256.
    const SCHEME: u32;

    /// Whether having entered a seat proves that its last party is dead.
    const EXCLUSIVE: bool;

    /// Whether this value is about the memory whose first byte is at `base`.
    fn covers(&self, base: *const u8) -> bool;

    /// Begins to be alive in this seat; `None` if a living party is.
    ///
    /// # Errors
    /// `Host`, with the system's number for the reason.
    fn enter(&self, seat: u16) -> Result<Option<Self::Guard>, crate::Error>;

    /// Whether the party in this seat is proven dead. `false` if that can't be told.
    fn is_dead(&self, seat: u16) -> bool;
}

/// Nobody dies before the memory does: the parties of a microcontroller, or of one scope of
/// threads. A party that forgets its roles keeps them.
///
/// ```
/// use inos_core::{AlwaysAlive, Liveness};
///
/// assert_eq!(AlwaysAlive.enter(1)?, Some(()));
/// assert!(!AlwaysAlive.is_dead(1));
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlwaysAlive;

// SAFETY: nobody is ever said to be dead, and no guard says anything about another.
unsafe impl Liveness for AlwaysAlive {
    type Guard = ();

    const SCHEME: u32 = crate::defs::parties::SCHEME_ALWAYS_ALIVE;
    const EXCLUSIVE: bool = false;

    fn covers(&self, _: *const u8) -> bool {
        true
    }

    fn enter(&self, _: u16) -> Result<Option<()>, crate::Error> {
        Ok(Some(()))
    }

    fn is_dead(&self, _: u16) -> bool {
        false
    }
}
