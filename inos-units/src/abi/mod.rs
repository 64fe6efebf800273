//! The dispatcher for other languages: a handful of C functions over pointers and lengths.
//!
//! [`export_abi!`](crate::export_abi) puts them into the crate that embeds the units, as a shared
//! library, a static one, or a wasm module; `include/inos_compute.h` declares them.
//!
//! # Results
//! A call gives a block, which the caller gives back to `compute_free`. It is never null.
//!
//! ```text
//!  0        4        8               16              24              32
//! +--------+--------+---------------+---------------+---------------+---------- - -
//! | status | 32     | length        | credits       | nanoseconds   | payload
//! +--------+--------+---------------+---------------+---------------+---------- - -
//! ```
//!
//! All in the machine's byte order; the block begins on a multiple of 8. `status` is 0, and the
//! payload is the result, or it is the error's [`code`](crate::UnitError::code), and the payload
//! is a JSON object in UTF-8 with `code`, `error`, `message` and the error's own numbers. The
//! second word is where the payload begins. Where there is no clock, nanoseconds are 0.
//!
//! # What is checked
//! Null with a length, a length that memory cannot have, on wasm a range outside the memory, names
//! that are not UTF-8, an output that overlaps the input, a block freed twice or never given out:
//! each is an error. That a range which looks possible can be read, and is not written meanwhile,
//! nobody can check: that is the caller's promise.
//!
//! No function unwinds: a panic is the status of [`Panicked`](crate::UnitError::Panicked) where
//! panics unwind. Every function may be called by several threads at once.

mod block;
mod exports;
mod header;
mod pointers;

pub use block::{HEADER_LEN, MAX_RESULT_LEN};
pub use exports::{
    Report, alloc, describe, execute, execute_id, execute_into, free, last_error, resolve,
};
pub use header::c_header;
pub use pointers::Bytes;

/// What `compute_resolve` gives if there is no such method.
pub const NO_METHOD: u32 = u32::MAX;

/// Defines the C functions of [`abi`](crate::abi) over a dispatcher, which is made at the first
/// call.
///
/// ```
/// use inos_units::Dispatcher;
///
/// inos_units::export_abi!(Dispatcher::standard());
///
/// let id = unsafe { compute_resolve(b"hash".as_ptr(), 4, b"sha256".as_ptr(), 6) };
/// # #[cfg(feature = "hash")]
/// assert_ne!(id, inos_units::abi::NO_METHOD);
/// # let _ = id;
/// ```
///
/// # Safety of what it defines
/// Each pointer is null with a length of 0, or so many bytes can be read there, and are not
/// written, until the function returns; for outputs, written, and not used otherwise.
#[macro_export]
macro_rules! export_abi {
    ($dispatcher:expr) => {
        static INOS_UNITS: ::std::sync::LazyLock<$crate::Dispatcher> =
            ::std::sync::LazyLock::new(|| $dispatcher);

        /// Calls a method by name.
        ///
        /// # Safety
        /// Each pointer is null with a length of 0, or so many bytes can be read there, and are
        /// not written, until this returns.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn compute_execute(
            library_ptr: *const u8,
            library_len: usize,
            method_ptr: *const u8,
            method_len: usize,
            input_ptr: *const u8,
            input_len: usize,
            params_ptr: *const u8,
            params_len: usize,
        ) -> *mut u8 {
            // SAFETY: the caller vouches for each of these, and they are not used after this.
            let [library, method, input, params] = unsafe {
                [
                    $crate::abi::Bytes::new(library_ptr, library_len),
                    $crate::abi::Bytes::new(method_ptr, method_len),
                    $crate::abi::Bytes::new(input_ptr, input_len),
                    $crate::abi::Bytes::new(params_ptr, params_len),
                ]
            };
            $crate::abi::execute(&INOS_UNITS, library, method, input, params)
        }

        /// The id of a method, or 2^32 - 1; then `compute_last_error` tells why.
        ///
        /// # Safety
        /// As `compute_execute`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn compute_resolve(
            library_ptr: *const u8,
            library_len: usize,
            method_ptr: *const u8,
            method_len: usize,
        ) -> u32 {
            // SAFETY: as in `compute_execute`.
            let [library, method] = unsafe {
                [
                    $crate::abi::Bytes::new(library_ptr, library_len),
                    $crate::abi::Bytes::new(method_ptr, method_len),
                ]
            };
            $crate::abi::resolve(&INOS_UNITS, library, method)
        }

        /// Calls a method by id.
        ///
        /// # Safety
        /// As `compute_execute`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn compute_execute_id(
            id: u32,
            input_ptr: *const u8,
            input_len: usize,
            params_ptr: *const u8,
            params_len: usize,
        ) -> *mut u8 {
            // SAFETY: as in `compute_execute`.
            let [input, params] = unsafe {
                [
                    $crate::abi::Bytes::new(input_ptr, input_len),
                    $crate::abi::Bytes::new(params_ptr, params_len),
                ]
            };
            $crate::abi::execute_id(&INOS_UNITS, id, input, params)
        }

        /// Calls a method by id; its result, or the error's text as far as it fits, goes to
        /// `out_ptr`, and what a block's first 32 bytes say to `report`, unless that is null.
        /// Gives the status. Allocates nothing but what the method does.
        ///
        /// # Safety
        /// As `compute_execute`; besides, `out_len` bytes at `out_ptr` and 32 at `report` can be
        /// written, and nobody else uses them until this returns.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn compute_execute_into(
            id: u32,
            input_ptr: *const u8,
            input_len: usize,
            params_ptr: *const u8,
            params_len: usize,
            out_ptr: *mut u8,
            out_len: usize,
            report: *mut $crate::abi::Report,
        ) -> u32 {
            // SAFETY: as in `compute_execute`.
            let [input, params] = unsafe {
                [
                    $crate::abi::Bytes::new(input_ptr, input_len),
                    $crate::abi::Bytes::new(params_ptr, params_len),
                ]
            };
            // SAFETY: the caller vouches for `out_ptr` and `report`.
            unsafe {
                $crate::abi::execute_into(
                    &INOS_UNITS,
                    id,
                    input,
                    params,
                    (out_ptr, out_len),
                    report,
                )
            }
        }

        /// So many bytes, on a multiple of 8, zeroed; null if there are none, and then
        /// `compute_last_error` tells why.
        #[unsafe(no_mangle)]
        pub extern "C" fn compute_alloc(len: usize) -> *mut u8 {
            $crate::abi::alloc(len)
        }

        /// Takes a block back; 0, or the code of the error. Null is nothing to take back.
        ///
        /// # Safety
        /// Nobody uses the block any more.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn compute_free(ptr: *mut u8) -> u32 {
            // SAFETY: the caller vouches for it.
            unsafe { $crate::abi::free(ptr) }
        }

        /// All units and methods, as a block with a JSON array.
        #[unsafe(no_mangle)]
        pub extern "C" fn compute_describe() -> *mut u8 {
            $crate::abi::describe(&INOS_UNITS)
        }

        /// The last error of this thread from a function that has no block to put it in.
        #[unsafe(no_mangle)]
        pub extern "C" fn compute_last_error() -> *mut u8 {
            $crate::abi::last_error()
        }
    };
}
