//! What the exported functions do.

use std::cell::RefCell;
use std::sync::LazyLock;

use super::NO_METHOD;
pub use super::block::Report;
use super::block::{self, Block};
use super::pointers::{Bytes, RawOutput, check};
use crate::budget::Budget;
use crate::dispatcher::{Dispatcher, MethodId, guard};
use crate::error::UnitError;
use crate::unit::{Call, Output as _};

/// The dispatcher of an embedding crate, made at the first call.
type Units = LazyLock<Dispatcher>;

thread_local! {
    /// A meter that counts and does not limit, when it is not in use: making one takes memory.
    static METER: RefCell<Option<Budget>> = const { RefCell::new(None) };
    static LAST_ERROR: RefCell<Option<UnitError>> = const { RefCell::new(None) };
}

fn remember(error: UnitError) {
    // A thread that ends has nobody to tell.
    let _ = LAST_ERROR.try_with(|last| last.replace(Some(error)));
}

/// What a call took.
struct Spent {
    credits: u64,
    nanoseconds: u64,
}

/// Runs a call under a meter and a clock.
fn measured<T>(
    call: impl FnOnce(&Budget) -> Result<T, UnitError>,
) -> (Result<T, UnitError>, Spent) {
    // A call inside a call finds none, and makes its own.
    let budget = METER.try_with(RefCell::take).ok().flatten();
    let budget = budget.unwrap_or_else(|| Budget::unlimited().with_credits(u64::MAX));
    budget.reset();
    let clock = Clock::start();
    let result = guard(|| call(&budget));
    let spent = Spent { credits: budget.spent(), nanoseconds: clock.nanoseconds() };
    // A thread that ends keeps nothing.
    let _ = METER.try_with(|meter| meter.replace(Some(budget)));
    (result, spent)
}

/// `compute_execute`: calls a method by name.
pub fn execute(
    units: &Units,
    library: Bytes<'_>,
    method: Bytes<'_>,
    input: Bytes<'_>,
    params: Bytes<'_>,
) -> *mut u8 {
    let id = || units.resolve(library.text()?, method.text()?);
    run(units, id, input, params)
}

/// `compute_execute_id`: calls a method by id.
pub fn execute_id(units: &Units, id: u32, input: Bytes<'_>, params: Bytes<'_>) -> *mut u8 {
    run(units, || Ok(MethodId::from_raw(id)), input, params)
}

fn run(
    units: &Units,
    id: impl FnOnce() -> Result<MethodId, UnitError>,
    input: Bytes<'_>,
    params: Bytes<'_>,
) -> *mut u8 {
    let (result, spent) = measured(|budget| {
        let call = Call { input: input.get()?, params: params.get()? };
        let mut block = Block::new()?;
        let len = units.execute(id()?, call, &mut block, budget)?;
        Ok((block, len))
    });
    let Spent { credits, nanoseconds } = spent;
    match result {
        Ok((block, len)) => {
            // A result shorter than its unit says is as long as what was written.
            let length = len.min(block.len()) as u64;
            block.finish(Report { length, credits, nanoseconds, ..Report::default() })
        }
        Err(error) => failed(&error, &spent),
    }
}

/// A block that says what went wrong.
fn failed(error: &UnitError, spent: &Spent) -> *mut u8 {
    let text = error.to_json();
    let write = || {
        let mut block = Block::new()?;
        block.write(0, text.as_bytes())?;
        Ok::<_, UnitError>(block)
    };
    let report = Report {
        status: error.code(),
        length: text.len() as u64,
        credits: spent.credits,
        nanoseconds: spent.nanoseconds,
        ..Report::default()
    };
    write().map_or_else(|_| block::out_of_memory(), |block| block.finish(report))
}

/// `compute_resolve`: the id of a method.
pub fn resolve(units: &Units, library: Bytes<'_>, method: Bytes<'_>) -> u32 {
    match guard(|| units.resolve(library.text()?, method.text()?)) {
        Ok(id) => id.raw(),
        Err(error) => {
            remember(error);
            NO_METHOD
        }
    }
}

/// `compute_execute_into`: calls a method whose result goes to the caller's memory.
///
/// # Safety
/// If the length of `out` is not 0, and the range passes the checks of [`abi`](super), then it can
/// be written, and nobody else uses it, until this returns; `report` is null, or the same holds
/// for it.
pub unsafe fn execute_into(
    units: &Units,
    id: u32,
    input: Bytes<'_>,
    params: Bytes<'_>,
    out: (*mut u8, usize),
    report: *mut Report,
) -> u32 {
    let (out_ptr, out_len) = out;
    let usable = || {
        if out_len > 0 {
            check(out_ptr, out_len)?;
        }
        if input.overlaps(out_ptr, out_len) || params.overlaps(out_ptr, out_len) {
            return Err(UnitError::BadCall { what: "an output that overlaps the input" });
        }
        Ok(())
    };
    // A range that is refused is not written either, not even the error.
    let refused = usable().err();
    let room = if refused.is_none() { out_len } else { 0 };
    // SAFETY: `room` is 0, or the range was checked, and the caller vouches for the rest.
    let mut sink = unsafe { RawOutput::new(out_ptr, room) };
    let (result, spent) = measured(|budget| match refused {
        Some(error) => Err(error),
        None => {
            let call = Call { input: input.get()?, params: params.get()? };
            units.execute(MethodId::from_raw(id), call, &mut sink, budget)
        }
    });
    let (status, length) = match result {
        Ok(len) => (0, len),
        Err(error) => {
            let text = error.to_json();
            let text = text.get(..text.floor_char_boundary(room)).unwrap_or_default();
            // It fits: it was cut to fit.
            let _ = sink.write(0, text.as_bytes());
            (error.code(), text.len())
        }
    };
    if !report.is_null() && report.is_aligned() {
        let Spent { credits, nanoseconds } = spent;
        let length = length as u64;
        let said = Report { status, offset: 0, length, credits, nanoseconds };
        // SAFETY: it is neither null nor misaligned, and the caller vouches for the rest.
        unsafe { report.write(said) };
    }
    status
}

/// `compute_alloc`: memory for input.
#[must_use]
pub fn alloc(len: usize) -> *mut u8 {
    match guard(|| Ok(block::give(block::words_for(len)?))) {
        Ok(ptr) => ptr,
        Err(error) => {
            remember(error);
            std::ptr::null_mut()
        }
    }
}

/// `compute_free`: takes memory back.
///
/// # Safety
/// If it was given out and not taken back since, nobody uses it any more.
pub unsafe fn free(ptr: *mut u8) -> u32 {
    // SAFETY: the caller vouches for it.
    match guard(|| unsafe { block::take(ptr) }) {
        Ok(()) => 0,
        Err(error) => {
            let code = error.code();
            remember(error);
            code
        }
    }
}

/// `compute_describe`: all units and methods as JSON.
#[must_use]
pub fn describe(units: &Units) -> *mut u8 {
    let (result, spent) = measured(|_| {
        let text = units.describe_json();
        let mut block = Block::new()?;
        block.write(0, text.as_bytes())?;
        Ok((block, text.len() as u64))
    });
    let Spent { credits, nanoseconds } = spent;
    match result {
        Ok((block, length)) => {
            block.finish(Report { length, credits, nanoseconds, ..Report::default() })
        }
        Err(error) => failed(&error, &spent),
    }
}

/// `compute_last_error`: what went wrong last in this thread, in a function without a block; one
/// of status 0 if nothing did. It is forgotten then.
#[must_use]
pub fn last_error() -> *mut u8 {
    let nothing = Spent { credits: 0, nanoseconds: 0 };
    match LAST_ERROR.try_with(RefCell::take) {
        Ok(Some(error)) => failed(&error, &nothing),
        _ => Block::new()
            .map_or_else(|_| block::out_of_memory(), |block| block.finish(Report::default())),
    }
}

/// The time, where there is one.
struct Clock(#[cfg(not(all(target_family = "wasm", target_os = "unknown")))] std::time::Instant);

impl Clock {
    fn start() -> Self {
        Self(
            #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
            std::time::Instant::now(),
        )
    }

    fn nanoseconds(&self) -> u64 {
        #[cfg(all(target_family = "wasm", target_os = "unknown"))]
        return 0;
        #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}
