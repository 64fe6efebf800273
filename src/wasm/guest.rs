//! A module in its sandbox, for one call.
#![forbid(unsafe_code)]

use std::fmt;
use std::time::Instant;

use inos_units::{Budget, Call, Output, UnitError};
use wasmtime::{
    Config, Engine, Error, Instance, InstancePre, Linker, Memory, Module, Store, StoreLimits,
    StoreLimitsBuilder, Trap, UpdateDeadline, WasmParams, WasmResults,
};

use super::{WasmError, WasmLimits};

/// Bytes of the head of what a call gives, as `inos_units::abi` draws it.
const HEAD_LEN: usize = 32;
/// Stack of a module, which is the host thread's.
const STACK_LEN: usize = 512 << 10;
/// Entries of all its tables.
const TABLE_LEN: usize = 100_000;

/// What a running module has.
struct State {
    limits: StoreLimits,
    memory_len: usize,
    budget: Budget,
}

/// A call was stopped by its budget.
#[derive(Debug)]
struct Stopped(UnitError);

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Stopped {}

/// Deterministic, and able to stop anywhere.
pub(super) fn engine() -> Result<Engine, WasmError> {
    let mut config = Config::new();
    config.consume_fuel(true).epoch_interruption(true).max_wasm_stack(STACK_LEN);
    // The same bits on every machine.
    config.cranelift_nan_canonicalization(true).wasm_relaxed_simd(false);
    Engine::new(&config).map_err(invalid)
}

pub(super) fn invalid(error: Error) -> WasmError {
    WasmError::Invalid { why: format!("{error:#}") }
}

/// A compiled module without imports.
pub(super) fn compile(engine: &Engine, bytes: &[u8]) -> Result<Code, WasmError> {
    let module = Module::new(engine, bytes).map_err(invalid)?;
    if let Some(import) = module.imports().next() {
        return Err(WasmError::Imports { name: format!("{}.{}", import.module(), import.name()) });
    }
    Linker::new(engine).instantiate_pre(&module).map(Code).map_err(invalid)
}

/// A module, ready to be run.
pub(super) struct Code(InstancePre<State>);

/// An export of the ABI is not there.
struct Missing(&'static str);

/// Why a module gave nothing.
enum Failure {
    Missing(Missing),
    Unit(UnitError),
    /// It did what no unit does.
    Trap(Error),
}

impl From<Missing> for Failure {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing)
    }
}

impl From<UnitError> for Failure {
    fn from(error: UnitError) -> Self {
        Self::Unit(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error.downcast::<Stopped>() {
            Ok(Stopped(error)) => Self::Unit(error),
            Err(error) => Self::Trap(error),
        }
    }
}

/// What a module gave: the status, and what came with it.
pub(super) struct Answer {
    pub(super) status: u32,
    pub(super) payload: Vec<u8>,
}

impl Code {
    /// What the module says of itself.
    pub(super) fn describe(
        &self,
        limits: &WasmLimits,
        budget: &Budget,
    ) -> Result<Answer, WasmError> {
        let described = Guest::new(self, limits, budget).and_then(|mut guest| {
            let memory = guest.memory()?;
            guest.function::<(i32, i32, i32, i32, i32), i32>("compute_execute_id")?;
            guest.function::<i32, i32>("compute_alloc")?;
            let block = guest.call("compute_describe", ())?;
            guest.answer(memory, block, limits.table_len)
        });
        described.map_err(|failure| match failure {
            Failure::Missing(Missing(name)) => WasmError::MissingExport { name },
            Failure::Unit(error) => WasmError::Failed(error),
            Failure::Trap(error) => invalid(error),
        })
    }

    /// Calls a method of the module. An error that the module gives is an answer.
    pub(super) fn execute(
        &self,
        id: u32,
        call: Call<'_>,
        out: &mut dyn Output,
        (limits, budget): (&WasmLimits, &Budget),
    ) -> Result<Result<usize, Answer>, UnitError> {
        let begin = Instant::now();
        let (done, used) = match Guest::new(self, limits, budget) {
            Ok(mut guest) => {
                let done = guest.execute(id, call, out, limits);
                (done, guest.store.get_fuel().ok().map(|left| guest.fuel.saturating_sub(left)))
            }
            Err(failure) => (Err(failure), None),
        };
        let used = match (&done, used) {
            // What a loop has used is not written down where it is stopped.
            (Err(Failure::Unit(UnitError::TimedOut | UnitError::Cancelled)), _) | (_, None) => {
                u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX)
            }
            (_, Some(used)) => used,
        };
        // It had no more fuel than there were credits.
        let _ = budget.spend(used.min(budget.left().unwrap_or(u64::MAX)));
        done.map_err(|failure| failure.told(limits, budget))
    }
}

impl Failure {
    fn told(self, limits: &WasmLimits, budget: &Budget) -> UnitError {
        match self {
            Self::Unit(error) => error,
            Self::Trap(error) if error.downcast_ref() == Some(&Trap::OutOfFuel) => {
                // All that there was is spent; or the module may not use as much as there was.
                let limit = match budget.left() {
                    Some(0) => budget.spent(),
                    _ => limits.fuel,
                };
                UnitError::OutOfCredits { needed: limit.saturating_add(1), limit }
            }
            Self::Missing(_) | Self::Trap(_) => UnitError::Panicked,
        }
    }
}

struct Guest {
    store: Store<State>,
    instance: Instance,
    /// What it may use.
    fuel: u64,
}

impl Guest {
    fn new(code: &Code, limits: &WasmLimits, budget: &Budget) -> Result<Self, Failure> {
        let store_limits = StoreLimitsBuilder::new()
            .memory_size(limits.memory_len)
            .table_elements(TABLE_LEN)
            .instances(1)
            .memories(1)
            .build();
        let memory_len = limits.memory_len;
        // A unit of fuel is a credit, so it stops when there are none.
        let fuel = limits.fuel.min(budget.left().unwrap_or(u64::MAX));
        let state = State { limits: store_limits, memory_len, budget: budget.clone() };
        let mut store = Store::new(code.0.module().engine(), state);
        store.limiter(|state| &mut state.limits);
        store.set_fuel(fuel)?;
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|context| match context.data().budget.check() {
            Ok(()) => Ok(UpdateDeadline::Continue(1)),
            Err(error) => Err(Error::new(Stopped(error))),
        });
        let instance = code.0.instantiate(&mut store)?;
        Ok(Self { store, instance, fuel })
    }

    fn execute(
        &mut self,
        id: u32,
        call: Call<'_>,
        out: &mut dyn Output,
        limits: &WasmLimits,
    ) -> Result<Result<usize, Answer>, Failure> {
        let memory = self.memory()?;
        let (input, input_len) = self.lend(memory, call.input)?;
        let (params, params_len) = self.lend(memory, call.params)?;
        // Bits, not numbers: the module's are unsigned.
        let args = (id as i32, input, input_len, params, params_len);
        let block = self.call("compute_execute_id", args)?;
        let (status, at, len) = self.head(memory, block)?;
        if status != 0 {
            return Ok(Err(self.answer(memory, block, limits.table_len)?));
        }
        if len > limits.result_len {
            let (len, max) = (len as u64, limits.result_len as u64);
            return Err(UnitError::TooLarge { len, max }.into());
        }
        let payload = range(memory.data(&self.store), at, len)?;
        out.write(0, payload)?;
        Ok(Ok(payload.len()))
    }

    fn memory(&mut self) -> Result<Memory, Missing> {
        self.instance.get_memory(&mut self.store, "memory").ok_or(Missing("memory"))
    }

    fn function<P: WasmParams, R: WasmResults>(
        &mut self,
        name: &'static str,
    ) -> Result<wasmtime::TypedFunc<P, R>, Missing> {
        self.instance.get_typed_func(&mut self.store, name).map_err(|_| Missing(name))
    }

    fn call<P: WasmParams>(&mut self, name: &'static str, params: P) -> Result<i32, Failure> {
        let function = self.function::<P, i32>(name)?;
        Ok(function.call(&mut self.store, params)?)
    }

    /// Puts bytes into the module's memory: where they are, and how many.
    fn lend(&mut self, memory: Memory, bytes: &[u8]) -> Result<(i32, i32), Failure> {
        let max = self.store.data().memory_len as u64;
        let too_large = UnitError::TooLarge { len: bytes.len() as u64, max };
        let len = i32::try_from(bytes.len()).map_err(|_| too_large.clone())?;
        if len == 0 {
            return Ok((0, 0));
        }
        let at = self.call("compute_alloc", len)?;
        if at == 0 {
            return Err(too_large.into());
        }
        let place = memory.data_mut(&mut self.store);
        let start = at as u32 as usize;
        let place = start.checked_add(bytes.len()).and_then(|end| place.get_mut(start..end));
        place.ok_or(UnitError::Panicked)?.copy_from_slice(bytes);
        Ok((at, len))
    }

    /// Status, and where the payload is in memory.
    fn head(&self, memory: Memory, block: i32) -> Result<(u32, usize, usize), UnitError> {
        let start = block as u32 as usize;
        let head = range(memory.data(&self.store), start, HEAD_LEN)?;
        let (&[s0, s1, s2, s3, o0, o1, o2, o3], rest) =
            head.split_first_chunk().ok_or(UnitError::Panicked)?;
        let (len, _) = rest.split_first_chunk().ok_or(UnitError::Panicked)?;
        let offset = u32::from_le_bytes([o0, o1, o2, o3]) as usize;
        let at = start.checked_add(offset).ok_or(UnitError::Panicked)?;
        let len = usize::try_from(u64::from_le_bytes(*len)).map_err(|_| UnitError::Panicked)?;
        Ok((u32::from_le_bytes([s0, s1, s2, s3]), at, len))
    }

    /// A copy of what a block says, which is of at most so many bytes.
    fn answer(&self, memory: Memory, block: i32, max: usize) -> Result<Answer, Failure> {
        let (status, at, len) = self.head(memory, block)?;
        if len > max {
            return Err(UnitError::TooLarge { len: len as u64, max: max as u64 }.into());
        }
        let payload = range(memory.data(&self.store), at, len)?.to_vec();
        Ok(Answer { status, payload })
    }
}

/// A range of a module's memory, as the module says.
fn range(memory: &[u8], at: usize, len: usize) -> Result<&[u8], UnitError> {
    at.checked_add(len).and_then(|end| memory.get(at..end)).ok_or(UnitError::Panicked)
}
