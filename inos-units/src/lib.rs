//! Compute units behind one dispatcher.
//!
//! A [`Unit`] is a table of methods with code behind every row; the [`Dispatcher`] resolves a
//! name once and calls by number from then on. Input is borrowed in place, the result goes
//! through an [`Output`] straight to where the caller wants it, and parameters are checked against
//! a [`schema`] before anything runs. Heavy methods can be split: [`Unit::plan`]
//! gives a [`Plan`] whose ranges any thread may run, and the result has the same bits however
//! they were cut.
//!
//! What is advertised is implemented: the list of methods *is* the dispatch table, and the tests
//! fail if one of its rows has no known answer.
//!
//! | unit | feature | methods |
//! |---|---|---|
#![cfg_attr(
    feature = "compress",
    doc = "| [`compress`] | `compress` | Brotli, in one stream or in blocks |"
)]
#![cfg_attr(
    feature = "crypto",
    doc = "| [`crypto`] | `crypto` | ChaCha20-Poly1305, Ed25519, X25519, Argon2id |"
)]
#![cfg_attr(feature = "hash", doc = "| [`hash`] | `hash` | BLAKE3, SHA-2, HMAC, HKDF |")]
#![cfg_attr(feature = "boids", doc = "| [`boids`] | `boids` | `init`, `step`, `resize`, `stats` |")]
#![cfg_attr(
    feature = "math",
    doc = "| [`math`] | `math` | matrices, quaternions, vectors, projections, transforms, culling |"
)]
#![cfg_attr(
    feature = "storage",
    doc = "| [`storage`] | `storage` | content-addressed storage in memory; with `storage-pack`, files cut, compressed and sealed |"
)]
//!
//! ```
//! use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput};
//!
//! # #[cfg(feature = "boids")] {
//! let units = Dispatcher::standard();
//! let budget = Budget::unlimited();
//! let params = br#"{"count": 500, "dim": 2, "seed": 42}"#;
//!
//! let mut flock = VecOutput::new(1 << 20);
//! let init = Call { input: b"", params };
//! units.execute_named("boids", "init", init, &mut flock, &budget)?;
//!
//! let step = units.resolve("boids", "step")?;
//! let mut next = VecOutput::new(1 << 20);
//! let call = Call { input: flock.as_bytes(), params: b"" };
//! units.execute(step, call, &mut next, &budget)?;
//! # }
//! # Ok::<(), UnitError>(())
//! ```
#![deny(unsafe_code)]

// Pointers of other languages.
#[allow(unsafe_code)]
pub mod abi;
pub mod batch;
#[cfg(feature = "boids")]
pub mod boids;
mod budget;
#[cfg(feature = "compress")]
pub mod compress;
#[cfg(feature = "crypto")]
pub mod crypto;
mod describe;
#[cfg(any(feature = "hash", feature = "storage"))]
mod digests;
mod dispatcher;
mod error;
#[cfg(feature = "hash")]
pub mod hash;
pub mod job;
mod macros;
#[cfg(feature = "math")]
pub mod math;
#[cfg(any(feature = "compress", feature = "crypto", feature = "math"))]
mod memory;
mod output;
pub mod schema;
#[cfg(any(feature = "compress", feature = "hash"))]
mod sequential;
// Vectors of the processor.
#[cfg(any(feature = "boids", feature = "math"))]
#[allow(unsafe_code)]
#[cfg_attr(
    not(all(feature = "boids", feature = "math")),
    allow(dead_code, unreachable_pub, reason = "each unit uses a part of it")
)]
mod simd;
#[cfg(feature = "storage")]
pub mod storage;
mod unit;

pub use budget::Budget;
pub use dispatcher::{Dispatcher, MethodId, guard};
pub use error::UnitError;
pub use output::{SliceOutput, VecOutput, require};
pub use unit::{
    Call, Cost, Determinism, Method, Output, Part, Plan, Unit, UnitInfo, Version, run_plan,
};
