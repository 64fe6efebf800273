//! WGSL checked and reflected before any driver sees it.
//!
//! A compute shader arrives as text from somebody who may be careless or hostile.
//! [`inspect`] parses and validates it, holds it against the [`Limits`] of the device that it is
//! meant for, and reports what a host needs in order to bind memory to it: entry points,
//! workgroup sizes, and each binding's kind and least size in bytes.
//!
//! ```
//! use inos_gpu::{BindingKind, Limits, inspect};
//!
//! let source = "
//!     @group(0) @binding(0) var<storage, read> input: array<f32>;
//!     @group(0) @binding(1) var<storage, read_write> output: array<f32>;
//!
//!     @compute @workgroup_size(64)
//!     fn double(@builtin(global_invocation_id) id: vec3<u32>) {
//!         if id.x < arrayLength(&output) {
//!             output[id.x] = 2.0 * input[id.x];
//!         }
//!     }
//! ";
//! let info = inspect(source, &Limits::default())?;
//! assert_eq!(info.entry_points[0].name, "double");
//! assert_eq!(info.entry_points[0].workgroup_size, [64, 1, 1]);
//! assert_eq!(info.bindings[1].kind, BindingKind::StorageReadWrite);
//! assert_eq!(info.bindings[1].min_len, 4);
//! # Ok::<(), inos_gpu::ShaderError>(())
//! ```
//!
//! # What is here
//! - Errors with a line, a column and a message, for syntax, types, bindings and limits.
//! - The limits of WebGPU, under its own names, with its own defaults.
//! - A bound on depth: the validator recurses, so text that would exhaust its stack is refused
//!   before it is parsed, and a panic in it is [`ShaderError::Internal`].
//!
//! # What is not here yet
//! - **No execution.** There is no device, no pipeline and no buffer in this crate.
//! - Workgroup sizes and workgroup arrays that depend on an `override` are refused.
//! - Optional WebGPU features (`f16`, subgroups, external textures, …) are refused.
//! - Not bounded: the time and memory that a legal shader within the limits takes to validate.
//! - Not checked: vertex and fragment interfaces against each other, texture formats.
#![forbid(unsafe_code)]

mod error;
mod info;
mod inspect;
mod limits;
mod reflect;
mod scan;

pub use error::{Location, ShaderError};
pub use info::{Binding, BindingKind, EntryPoint, ShaderInfo, Stage};
pub use inspect::inspect;
pub use limits::Limits;
