//! What packs share with a store that is elsewhere: where to cut, and how a chunk is made shorter.

use super::cut::{Limits, cuts};
use crate::budget::Budget;
use crate::compress::Mode;
use crate::compress::blocks::window_of;
use crate::compress::stream::{Options, compress, decompress};
use crate::error::UnitError;
use crate::output::SliceOutput;

/// Bits of the smallest window: below it the library has other tables from quality 5 to 8, takes
/// more than ten times as long, and gives more bytes.
const MIN_WINDOW: u32 = 17;

/// Cuts bytes where their content says so, as `put` and `chunk` do, from a stream that is never in
/// memory as a whole.
///
/// ```
/// use inos_units::UnitError;
/// use inos_units::storage::Cutter;
///
/// let cutter = Cutter::new(64, 256, 1024)?;
/// let bytes: Vec<u8> = (0..9999_u32).map(|i| (i * i >> 7) as u8).collect();
/// let (mut rest, mut lengths) = (bytes.as_slice(), Vec::new());
/// while !rest.is_empty() {
///     // A cut depends on the next `max_len` bytes and nothing else.
///     let window = &rest[..rest.len().min(cutter.max_len())];
///     let len = cutter.first(window);
///     lengths.push(len);
///     rest = &rest[len..];
/// }
/// assert!(lengths.iter().all(|len| (1..=1024).contains(len)));
/// # Ok::<(), UnitError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Cutter(Limits);

impl Cutter {
    /// With these lengths in bytes: even numbers, `min` from 64, `average` from 256, `max` from 1024,
    /// none above 1 MiB, and not descending.
    ///
    /// # Errors
    /// [`UnitError::BadParam`] that names the one that can't be.
    pub fn new(min: u32, average: u32, max: u32) -> Result<Self, UnitError> {
        const MAX: u32 = 1 << 20;
        let least = [("min", min, 64), ("average", average, 256), ("max", max, 1024)];
        for (name, value, least) in least {
            if !(least..=MAX).contains(&value) {
                let expected = "from 64 (min), 256 (average), 1024 (max) to 1048576";
                return Err(UnitError::BadParam { name, expected });
            }
        }
        Limits::of(min, average, max).map(Self)
    }

    /// Bytes of the longest chunk.
    #[must_use]
    pub const fn max_len(&self) -> usize {
        self.0.max_len()
    }

    /// Bytes of the first chunk of `bytes`, which are [`max_len`](Self::max_len) or more, or all that
    /// there are. 0 only if there are none.
    #[must_use]
    pub fn first(&self, bytes: &[u8]) -> usize {
        let window = bytes.get(..self.max_len()).unwrap_or(bytes);
        cuts(window, self.0).next().map_or(0, |range| range.end)
    }
}

/// With the lengths of `put`.
impl Default for Cutter {
    fn default() -> Self {
        Self(Limits::STORE)
    }
}

/// Puts a brotli stream of `chunk` into `room`; its length, or none if it does not fit. A room
/// shorter than the chunk is how to ask for fewer bytes.
///
/// `quality` is from 3, for which lower ones are taken, to 11.
///
/// # Errors
/// [`UnitError::OutOfMemory`].
///
/// ```
/// use inos_units::UnitError;
/// use inos_units::storage::{restore_chunk, shorten_chunk};
///
/// let chunk = b"again ".repeat(100);
/// let mut room = [0; 599];
/// let len = shorten_chunk(&chunk, 5, &mut room)?.unwrap_or(600);
/// assert!(len < 40);
/// let mut again = [0; 600];
/// restore_chunk(&room[..len], &mut again)?;
/// assert_eq!(again, *chunk);
/// # Ok::<(), UnitError>(())
/// ```
pub fn shorten_chunk(
    chunk: &[u8],
    quality: u32,
    room: &mut [u8],
) -> Result<Option<usize>, UnitError> {
    shorten(chunk, quality, room, &Budget::unlimited())
}

/// The bytes of a stream of [`shorten_chunk`], which are as many as `target` has.
///
/// # Errors
/// [`UnitError::BadInput`] or [`UnitError::TooLarge`] if it is no such stream or one of another
/// length. `target` then holds anything.
pub fn restore_chunk(stream: &[u8], target: &mut [u8]) -> Result<(), UnitError> {
    restore(stream, target, &Budget::unlimited())
}

/// [`shorten_chunk`] under a budget.
pub(super) fn shorten(
    chunk: &[u8],
    quality: u32,
    room: &mut [u8],
    budget: &Budget,
) -> Result<Option<usize>, UnitError> {
    let len = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
    // `window_of` adds a few bytes.
    let window = window_of(len.min(1 << 30)).max(MIN_WINDOW);
    let options = Options::new(quality.min(11), window, Mode::Generic);
    match compress(&options, chunk, &mut SliceOutput::new(room), 0, budget) {
        Ok(len) => Ok(Some(len)),
        Err(UnitError::OutputTooSmall { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// [`restore_chunk`] under a budget.
pub(super) fn restore(stream: &[u8], target: &mut [u8], budget: &Budget) -> Result<(), UnitError> {
    let len = target.len();
    match decompress(stream, &mut SliceOutput::new(target), 0, len as u64, budget)? {
        got if got == len => Ok(()),
        _ => Err(UnitError::BadInput { what: "a stream of fewer bytes" }),
    }
}
