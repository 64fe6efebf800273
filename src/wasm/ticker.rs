//! The thread that keeps the time of modules that run.
#![forbid(unsafe_code)]

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use wasmtime::Engine;

use super::WasmError;
use crate::lock::lock;

/// How often a module that runs is asked whether it may go on.
const TICK: Duration = Duration::from_millis(1);

#[derive(Debug, Default)]
struct State {
    /// Calls that run.
    running: usize,
    is_over: bool,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// Advances an engine's epoch while calls run, and sleeps while none does.
#[derive(Debug)]
pub(super) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub(super) fn start(engine: Engine) -> Result<Self, WasmError> {
        let shared = Arc::<Shared>::default();
        let its = Arc::clone(&shared);
        let thread = Builder::new().name("inos-wasm".to_owned()).spawn(move || {
            loop {
                let idle = |state: &mut State| state.running == 0 && !state.is_over;
                let waited = its.changed.wait_while(its.lock(), idle);
                if waited.unwrap_or_else(PoisonError::into_inner).is_over {
                    return;
                }
                std::thread::sleep(TICK);
                engine.increment_epoch();
            }
        });
        let thread = thread.map_err(|error| WasmError::Thread { why: error.to_string() })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Time passes until the guard is dropped.
    pub(super) fn run(&self) -> Running<'_> {
        self.shared.lock().running += 1;
        self.shared.changed.notify_one();
        Running(self)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.lock().is_over = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // It does not panic.
            let _ = thread.join();
        }
    }
}

pub(super) struct Running<'t>(&'t Ticker);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut state = self.0.shared.lock();
        state.running = state.running.saturating_sub(1);
    }
}
