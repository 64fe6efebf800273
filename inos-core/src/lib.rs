//! Shared reality instead of message passing: memory that a host hands over, laid out so that
//! threads, processes, workers and devices can work on the same bytes.
//!
//! 1. A host hands over memory: [`Region`].
//! 2. A [`Layout`] says what is where; [`Sections::create`] formats the region, and
//!    [`Sections::attach`] validates it from the other side.
//! 3. Views work on the sections: an [`EpochTable`] signals that something changed, a
//!    [`RingBuffer`] carries records, an [`MpscRing`] those of many producers, a [`Broadcast`]
//!    carries them to any number of receivers, a [`PingPong`] buffer keeps the newest state
//!    readable in place, [`Lanes`] carry calls and their answers, a [`UnitRegistry`] says who is
//!    there, an [`Arena`] is memory to allocate from, a [`Twin`] keeps a replica where memory
//!    can't be shared, a [`Log`] and [`Counters`] tell tools what happens.
//! 4. A [`Party`] is somebody who takes part: what it held when it died is given back.
//!
//! ```
//! use inos_core::{
//!     AlignedBytes, EpochTable, EpochsConfig, Layout, Region, SectionId, Sections, Spin,
//! };
//!
//! const EPOCHS: SectionId = SectionId(1);
//! let layout =
//!     Layout::builder().epochs(EPOCHS, "epochs", EpochsConfig { count: 1, padded: true }).build()?;
//! let mut memory = AlignedBytes::<4096>::new();
//! let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 1)?;
//!
//! let epochs = EpochTable::open(&sections, EPOCHS)?;
//! let mut watcher = epochs.watcher(0)?;
//! assert_eq!(watcher.changed(), None);
//! epochs.counter(0)?.advance(&Spin::default());
//! assert_eq!(watcher.changed(), Some(1));
//! # Ok::<(), inos_core::Error>(())
//! ```
//!
//! No `std`, no allocation, no panic in a library path. Two trusts, visible in the type: among
//! [`Cooperative`] parties claimed space is borrowed in place; with [`Hostile`] ones data
//! crosses only by bounded copies, and whatever they write into the memory, no safe call
//! reaches undefined behaviour, panics, loops without bound or touches a byte outside.
//!
//! Unsafe code is confined to the `raw` module. The lock-free protocols are in [`protocol`],
//! over abstract words, so that the model checker runs the code that the memory runs.
#![no_std]
#![deny(unsafe_code)]
#![cfg_attr(
    all(target_arch = "wasm32", target_feature = "atomics", feature = "wasm-wait"),
    feature(stdarch_wasm_atomic_wait)
)]

/// One item list or the other. rustfmt follows the modules declared under a macro of this name
/// only; without the macro, a target that lacks compare-and-swap drowns the one error that matters.
macro_rules! cfg_if {
    (if #[cfg($condition:meta)] { $($item:item)* } else { $($other:item)* }) => {
        $(#[cfg($condition)] $item)*
        $(#[cfg(not($condition))] $other)*
    };
}

cfg_if! {
    if #[cfg(any(target_has_atomic = "32", feature = "critical-section"))] {
        #[cfg(any(test, loom))]
        extern crate std;

        mod arena;
        mod broadcast;
        mod counters;
        pub mod defs;
        mod epochs;
        mod error;
        mod gather;
        mod hash;
        mod kind;
        mod lanes;
        mod layout;
        mod log;
        mod mpsc;
        mod parties;
        mod ping_pong;
        pub mod protocol;
        mod raw;
        mod registry;
        mod ring;
        mod section;
        mod sections;
        mod sync;
        mod text;
        mod twin;
        mod wait;

        pub use arena::*;
        pub use broadcast::*;
        pub use counters::*;
        pub use epochs::*;
        pub use error::Error;
        pub use lanes::*;
        pub use layout::{Layout, LayoutBuilder};
        pub use log::*;
        pub use mpsc::*;
        pub use parties::*;
        pub use ping_pong::*;
        pub use raw::liveness::{AlwaysAlive, Liveness};
        pub use raw::region::{
            Access, AlignedBytes, Cooperative, Hostile, REGION_ALIGN, Region, Trust,
        };
        pub use registry::*;
        pub use ring::*;
        pub use section::{Section, SectionId};
        pub use sections::Sections;
        pub use sync::{AtomicU32, Ordering};
        pub use twin::*;
        pub use wait::*;
    } else {
        compile_error!(
            "this target has no 32-bit compare-and-swap: enable the feature `critical-section` \
             of inos-core"
        );
    }
}
