//! Shared reality instead of message passing: a host runtime over one shared memory.
//!
//! A host hands over memory; threads, processes and units then work on the same bytes: *mutate*
//! the state, *signal* by advancing an epoch, *react* when an epoch you watch has moved.
//!
//! - Who hands memory over: [`HeapMemory`], [`FileMemory`], and `Memfd` on Linux.
//! - What is in it: [`Layout`], [`Sections`] and the views of [`inos_core`].
//! - Who waits, and how: [`Futex`], and [`Bridge`] for tasks.
//! - Who beats time: a [`Pulse`] advances an epoch at a rate, without drift.
//! - Who computes: the [`Kernel`] serves calls with the units of a [`Dispatcher`]; a [`Caller`]
//!   makes them, from any thread or process.
//! - Who keeps things: with the feature `store` a `store::Store`, by content, in a folder.
//!
//! ```
//! use inos::*;
//!
//! # #[cfg(all(feature = "boids", feature = "hash"))] {
//! let [epochs, flock, calls, units] = [1, 2, 3, 4].map(SectionId);
//! let frames = PingPongConfig { slots: 3, seats: 1, frame_len: 1 << 16, mode: Mode::Pinned };
//! let layout = Layout::builder()
//!     .epochs(epochs, "epochs", EpochsConfig { count: 1, padded: true })
//!     .ping_pong(flock, "flock", frames)
//!     .lanes(calls, "calls", LanesConfig { lanes: 4, entries: 16, buffer_len: 1024 })
//!     .registry(units, "units", Kernel::registry_config(&Dispatcher::standard()))
//!     .build()?;
//! let mut memory = HeapMemory::new(layout.total_len())?;
//! let sections = Sections::create(memory.region()?, &layout, 1)?;
//!
//! let config = KernelConfig::new(calls, units).publish(flock, epochs, 0);
//! Kernel::run(&sections, &Dispatcher::standard(), &config, |_| {
//!     let mut caller = Caller::open(&sections, calls, units)?;
//!     let init = caller.method("boids", "init")?;
//!     caller.call(init, Input::None, br#"{"count": 500}"#, Target::Section(flock))?;
//!
//!     let blake3 = caller.method("hash", "blake3")?;
//!     let mut digest = [0; 32];
//!     caller.call(blake3, Input::Section(flock), b"", Target::Bytes(&mut digest))?;
//!     Ok::<_, CallError>(digest)
//! })??;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![deny(unsafe_code)]

/// The README's program is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod aligned;
mod block;
mod client;
#[cfg(all(any(feature = "ledger", feature = "store"), any(unix, windows)))]
mod disk;
#[cfg(feature = "identity")]
pub mod identity;
mod kernel;
#[cfg(all(feature = "ledger", any(unix, windows)))]
pub mod ledger;
mod lock;
mod memory;
mod park;
mod pulse;
#[cfg(all(feature = "store", any(unix, windows)))]
pub mod store;
#[cfg(feature = "wasm-units")]
pub mod wasm;

pub use block::BlockRef;
pub use client::{CallError, Caller, Input, MethodRef, Target};
pub use inos_core;
pub use inos_core::*;
pub use inos_units as units;
pub use inos_units::{Budget, Call, Dispatcher, MethodId, Unit, UnitError, VecOutput};
pub use kernel::{
    Hold, JobRecord, Kernel, KernelConfig, KernelError, KernelStats, Meter, NoCredits, Payer,
    Publish, Supervision, UnitHealth, UnitState,
};
#[cfg(target_os = "linux")]
pub use memory::{FileLock, FileLocks, Memfd};
pub use memory::{FileMemory, HeapMemory, MemoryError, ThreadGuard, ThreadGuards};
pub use park::{Bridge, Futex};
pub use pulse::{Lateness, Pulse, PulseState, PulseStats, Rate};
