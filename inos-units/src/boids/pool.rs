//! Memory that is used again: large buffers that each step would otherwise allocate anew.

use std::sync::{Mutex, PoisonError};

/// Buffers kept at most; what is given back beyond is freed.
const MAX_KEPT: usize = 8;

/// Idle buffers. One that was in use when a panic struck is dropped with its user.
#[derive(Debug)]
pub(super) struct Pool<T> {
    idle: Mutex<Vec<T>>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { idle: Mutex::new(Vec::new()) }
    }
}

impl<T: Default> Pool<T> {
    /// An idle buffer, with whatever it held, or a new one.
    pub(super) fn take(&self) -> T {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_default()
    }

    /// Gives a buffer back.
    pub(super) fn give(&self, buffer: T) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_KEPT {
            idle.push(buffer);
        }
    }
}
