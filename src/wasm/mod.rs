//! Units that arrive as wasm modules, each call in a sandbox of its own.
//!
//! A module is what [`export_abi!`](inos_units::export_abi) makes of a dispatcher for
//! `wasm32-unknown-unknown`: the same functions that C calls, and nothing that it wants from its
//! host. It says itself what units and methods it has; a dispatcher takes them like its own.
//!
//! ```no_run
//! use inos::wasm::{WasmLimits, WasmModule};
//! use inos::{Budget, Call, Dispatcher, VecOutput};
//!
//! let module = WasmModule::load(&std::fs::read("custom_unit.wasm")?, WasmLimits::default())?;
//! let mut units = Dispatcher::standard();
//! for unit in module.units() {
//!     units.register(Box::new(unit))?;
//! }
//! let mut out = VecOutput::new(100);
//! let call = Call { input: b"Veni", params: br#"{"shift": 3}"# };
//! units.execute_named("text", "caesar", call, &mut out, &Budget::unlimited())?;
//! assert_eq!(out.as_bytes(), b"Yhql");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The sandbox
//! - Each call runs in an instance of its own, made for it and gone afterwards: nothing that a module
//!   does outlasts a call, and calls run side by side.
//! - Its memory is its own, [`WasmLimits::memory_len`] bytes at most. Input and parameters are copied
//!   into it, and the result out of it; every place that it names is checked.
//! - It is stopped, wherever it is, within about a millisecond of its deadline or of being cancelled,
//!   and when it has used [`WasmLimits::fuel`]: an endless loop ends as `TimedOut`, and the thread that
//!   ran it goes on.
//! - A credit is a unit of fuel, about one instruction, whatever the module says that it costs: a call
//!   that runs out of them stops at the next loop or call, and gives nothing. One that is stopped by its time, or
//!   cancelled, pays a credit for each nanosecond that it ran.
//! - A trap, and an answer that no unit gives, are `Panicked`: a kernel that supervises lets the unit
//!   rest. Errors that units do give are the module's.
//! - NaNs are canonical, so results have the same bits everywhere.
//!
//! # Another module in its place
//! [`WasmModule::replace`] puts another module with the same tables in its place while calls run: those
//! that have begun end in the old one.
//!
//! # Not supported
//! Limits on how long a module is compiled, but for its length; calls that are split over threads;
//! shared memory inside of a module; state that outlasts a call. Tables live as long as the process,
//! some KiB for each module that is loaded, not for those that replace it.
#![forbid(unsafe_code)]

mod error;
mod guest;
mod table;
#[cfg(test)]
mod tests;
mod ticker;

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use inos_units::{Budget, Call, Output, Unit, UnitError, UnitInfo};
use serde_json::Value;
use wasmtime::Engine;

use crate::lock::lock;

pub use error::WasmError;
use guest::{Answer, Code};
use table::{Described, Table};
use ticker::Ticker;

/// Texts of a module's errors that are kept for good; what comes later is told in general.
const MAX_TEXTS: usize = 256;
/// Longest of them, in bytes.
const MAX_TEXT_LEN: usize = 200;

/// What a module may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WasmLimits {
    /// Longest module, in bytes.
    pub module_len: usize,
    /// Most bytes of memory that a call may have.
    pub memory_len: usize,
    /// Most units of fuel, about instructions, that a call may use.
    pub fuel: u64,
    /// Longest result, in bytes.
    pub result_len: usize,
    /// Longest text that a module says of itself or of an error, in bytes.
    pub table_len: usize,
    /// How long a module may take to say what it can do.
    pub load_time: Duration,
}

impl Default for WasmLimits {
    /// Modules of 16 MiB; calls of 64 MiB and 10^11 units of fuel, which is minutes; results of 16 MiB;
    /// texts of 1 MiB; a second to load.
    fn default() -> Self {
        Self {
            module_len: 16 << 20,
            memory_len: 64 << 20,
            fuel: 100_000_000_000,
            result_len: 16 << 20,
            table_len: 1 << 20,
            load_time: Duration::from_secs(1),
        }
    }
}

struct Inner {
    limits: WasmLimits,
    /// Dropped, and its thread ended, with the last unit.
    ticker: Ticker,
    engine: Engine,
    code: RwLock<Arc<Code>>,
    described: Vec<Described>,
    texts: Mutex<Vec<&'static str>>,
}

/// A module that was loaded. Its units go on when it is dropped.
#[derive(Clone)]
pub struct WasmModule {
    inner: Arc<Inner>,
    tables: Vec<Table>,
}

impl WasmModule {
    /// Compiles a module, and asks it what it can do.
    ///
    /// # Errors
    /// Those of [`WasmError`] but for `NotTheSame`.
    ///
    /// ```
    /// use inos::wasm::{WasmError, WasmLimits, WasmModule};
    ///
    /// let refused = WasmModule::load(b"not a module", WasmLimits::default());
    /// assert!(matches!(refused, Err(WasmError::Invalid { .. })));
    /// ```
    pub fn load(bytes: &[u8], limits: WasmLimits) -> Result<Self, WasmError> {
        let engine = guest::engine()?;
        let ticker = Ticker::start(engine.clone())?;
        let (code, described) = Inner::compile(&engine, &ticker, bytes, &limits)?;
        let tables = described.iter().map(Described::table).collect::<Result<_, _>>()?;
        let code = RwLock::new(Arc::new(code));
        let texts = Mutex::default();
        let inner = Arc::new(Inner { limits, ticker, engine, code, described, texts });
        Ok(Self { inner, tables })
    }

    /// Its units, for a dispatcher.
    pub fn units(&self) -> impl Iterator<Item = WasmUnit> {
        self.tables
            .iter()
            .map(|table| WasmUnit { inner: Arc::clone(&self.inner), table: table.clone() })
    }

    /// Puts another module in its place, for all its units. It has the same units, and these the same
    /// methods with the same parameters; versions may differ, and are told as they were.
    ///
    /// # Errors
    /// Those of [`WasmError`]; the module stays then.
    ///
    /// ```no_run
    /// # use inos::wasm::{WasmLimits, WasmModule};
    /// # let (old, new) = (vec![], vec![]);
    /// let module = WasmModule::load(&old, WasmLimits::default())?;
    /// module.replace(&new)?;
    /// # Ok::<(), inos::wasm::WasmError>(())
    /// ```
    pub fn replace(&self, bytes: &[u8]) -> Result<(), WasmError> {
        let Inner { engine, ticker, limits, code, described, .. } = &*self.inner;
        let (new, others) = Inner::compile(engine, ticker, bytes, limits)?;
        let mut others = others.iter();
        for own in described {
            if !others.next().is_some_and(|other| own.is_same(other)) {
                return Err(WasmError::NotTheSame { unit: own.name.clone() });
            }
        }
        if let Some(other) = others.next() {
            return Err(WasmError::NotTheSame { unit: other.name.clone() });
        }
        *code.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        Ok(())
    }
}

impl fmt::Debug for WasmModule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.tables.iter().map(|table| table.info.name);
        f.debug_set().entries(names).finish()
    }
}

impl Inner {
    fn compile(
        engine: &Engine,
        ticker: &Ticker,
        bytes: &[u8],
        limits: &WasmLimits,
    ) -> Result<(Code, Vec<Described>), WasmError> {
        let (len, max) = (bytes.len(), limits.module_len);
        if len > max {
            return Err(WasmError::TooLarge { len, max });
        }
        let code = guest::compile(engine, bytes)?;
        let deadline = Instant::now().checked_add(limits.load_time);
        let _running = ticker.run();
        let answer = code.describe(limits, &Budget::new(deadline, Arc::<AtomicBool>::default()))?;
        if answer.status != 0 {
            return Err(WasmError::BadTable { what: "the module fails when it is asked" });
        }
        let described = table::parse(&answer.payload)?;
        Ok((code, described))
    }

    /// A text for good, as long as there are not too many.
    fn keep(&self, text: &str) -> &'static str {
        let text = text.get(..text.floor_char_boundary(MAX_TEXT_LEN)).unwrap_or_default();
        let mut texts = lock(&self.texts);
        if let Some(known) = texts.iter().find(|known| **known == text) {
            return known;
        }
        if texts.len() >= MAX_TEXTS {
            return "what the module takes";
        }
        let kept = table::text(text);
        texts.push(kept);
        kept
    }

    /// The error that a module's answer tells of. What is not a unit's to tell, as that it was
    /// cancelled, is a fault of it.
    fn error(&self, info: &UnitInfo, method: u16, answer: &Answer) -> UnitError {
        let said: Value = serde_json::from_slice(&answer.payload).unwrap_or_default();
        let text = |key: &str| said.get(key).and_then(Value::as_str).unwrap_or_default();
        let number = |key: &str| said.get(key).and_then(Value::as_u64).unwrap_or_default();
        let len = |key: &str| usize::try_from(number(key)).unwrap_or(usize::MAX);
        let what = || self.keep(text("what"));
        match answer.status {
            5 => UnitError::MalformedParams,
            6 => UnitError::UnknownParam { name: self.keep(text("name")).to_owned() },
            7 => {
                let params = info.methods.get(usize::from(method)).map_or(&[][..], |it| it.params);
                match params.iter().find(|field| field.name == text("name")) {
                    Some(field) => UnitError::BadParam {
                        name: field.name,
                        expected: self.keep(text("expected")),
                    },
                    None => UnitError::Panicked,
                }
            }
            8 => UnitError::BadInput { what: what() },
            9 => UnitError::OutputTooSmall { needed: len("needed"), capacity: len("capacity") },
            14 => UnitError::Refused { what: what() },
            15 => UnitError::NotFound { what: what() },
            16 => UnitError::TooLarge { len: number("len"), max: number("max") },
            18 => UnitError::OutOfMemory { len: len("len") },
            _ => UnitError::Panicked,
        }
    }
}

/// A unit of a module.
pub struct WasmUnit {
    inner: Arc<Inner>,
    table: Table,
}

impl fmt::Debug for WasmUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WasmUnit").field("name", &self.table.info.name).finish_non_exhaustive()
    }
}

impl Unit for WasmUnit {
    fn info(&self) -> &'static UnitInfo {
        self.table.info
    }

    fn execute(
        &self,
        method: u16,
        call: Call<'_>,
        out: &mut dyn Output,
        budget: &Budget,
    ) -> Result<usize, UnitError> {
        let Some(&id) = self.table.ids.get(usize::from(method)) else {
            return Err(UnitError::UnknownId { id: method.into() });
        };
        let Inner { limits, ticker, code, .. } = &*self.inner;
        let code = Arc::clone(&code.read().unwrap_or_else(PoisonError::into_inner));
        let _running = ticker.run();
        let done = code.execute(id, call, out, (limits, budget))?;
        done.map_err(|answer| self.inner.error(self.table.info, method, &answer))
    }

    /// The longest result that a module may give: it is not asked.
    fn bound(&self, method: u16, _: Call<'_>) -> Result<usize, UnitError> {
        match self.table.ids.get(usize::from(method)) {
            Some(_) => Ok(self.inner.limits.result_len),
            None => Err(UnitError::UnknownId { id: method.into() }),
        }
    }
}
