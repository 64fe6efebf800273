//! Every public function of `inos-core`, called with inputs that the compiler can't see.
//!
//! Linked for a machine without an operating system, these programs show what `inos-core` makes
//! of itself there: whether it can panic (`.ci/panics`), and how large it is (`.ci/size`). On a
//! host they run.
//!
//! A module a primitive. Calls are written `Type::function(..)`, in full, because `.ci/panics`
//! looks for that text: a public function that is not called here fails the step.
//!
//! # Not covered
//! `Debug` and `Display`: what formatting does is up to `core`, and firmware that never formats
//! an error does not link any of it.
#![no_std]

use core::hint::black_box;

#[cfg(any(target_os = "none", target_family = "wasm"))]
mod bare;
#[cfg(all(feature = "critical-section", target_arch = "arm"))]
mod critical;

pub mod arena;
pub mod batches;
pub mod broadcast;
pub mod counters;
pub mod epochs;
pub mod lanes;
pub mod layout;
pub mod log;
pub mod mpsc;
pub mod names;
pub mod parties;
pub mod ping_pong;
pub mod registry;
pub mod ring;
pub mod sections;
pub mod twin;
pub mod waiting;

/// What a program is called with.
#[derive(Debug)]
pub struct Input<'a> {
    number: u32,
    text: &'a str,
    bytes: &'a mut [u8],
}

impl<'a> Input<'a> {
    /// All of them are opaque from here on.
    pub fn new(number: u32, text: &'a str, bytes: &'a mut [u8]) -> Self {
        Self { number, text, bytes }
    }

    /// Any number.
    pub fn number(&self) -> u32 {
        black_box(self.number)
    }

    /// Any length, offset or index.
    pub fn length(&self) -> usize {
        black_box(self.number as usize)
    }

    /// Any text.
    pub fn text(&self) -> &'a str {
        black_box(self.text)
    }

    /// Any bytes to read from.
    pub fn bytes(&self) -> &[u8] {
        black_box(self.bytes)
    }

    /// Any bytes to write to.
    pub fn buffer(&mut self) -> &mut [u8] {
        black_box(self.bytes)
    }
}

/// Keeps a result, and so what computed it.
pub fn used<V>(value: V) {
    black_box(&value);
}

/// The program's entry, around `fn run(memory: &mut [u8], input: &mut Input)`.
#[macro_export]
macro_rules! entry {
    ($run:path) => {
        /// Called by nobody, so its arguments may be anything.
        #[cfg(any(target_os = "none", target_family = "wasm"))]
        #[unsafe(no_mangle)]
        pub extern "C" fn _start(memory: &mut &mut [u8], input: &mut $crate::Input<'_>) {
            $run(memory, input);
        }

        #[cfg(not(any(target_os = "none", target_family = "wasm")))]
        fn main() {
            let mut memory = vec![0_u8; 1 << 16];
            for number in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 64, 100, 1 << 20, u32::MAX] {
                let mut bytes = [7; 64];
                $run(&mut memory, &mut $crate::Input::new(number, "unit", &mut bytes));
            }
            println!("every call returned");
        }
    };
}
