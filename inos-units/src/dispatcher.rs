//! One door to every unit: names are resolved once, calls go by number.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::budget::Budget;
use crate::describe;
use crate::error::UnitError;
use crate::unit::{Call, Cost, Method, Output, Plan, Unit, UnitInfo};

/// Units, and methods of a unit, that an id has room for.
const MAX_INDEX_COUNT: usize = 1 << 16;

/// A method of one dispatcher: the unit's index in the upper 16 bits, the method's in the lower.
///
/// An id is a number, not a proof: one that was not given out by the dispatcher it is used on is
/// either refused or means another method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MethodId(u32);

impl MethodId {
    /// The number, as it crosses to other languages and into submissions.
    #[must_use]
    pub const fn raw(self) -> u32 {
        self.0
    }

    /// The id with this number; whether it names a method is checked at the call.
    #[must_use]
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    /// Its unit's place among [`Dispatcher::units`].
    #[must_use]
    pub const fn unit_index(self) -> usize {
        (self.0 >> 16) as usize
    }

    const fn method_index(self) -> u16 {
        (self.0 & 0xffff) as u16
    }
}

/// Runs code of a unit so that a panic becomes [`UnitError::Panicked`] and goes no further.
///
/// The dispatcher wraps every call in it. Who runs the pieces of a [`Plan`] on its own threads
/// wraps those too. It needs panics that unwind: with `panic = "abort"` nothing is caught. The
/// panic hook still prints its message.
///
/// # Errors
/// Those of `code`, and [`UnitError::Panicked`].
///
/// ```
/// use inos_units::{UnitError, guard};
///
/// # std::panic::set_hook(Box::new(|_| {}));
/// assert_eq!(guard(|| Ok(1)), Ok(1));
/// assert_eq!(guard::<()>(|| panic!("a bug in a unit")), Err(UnitError::Panicked));
/// ```
#[inline]
pub fn guard<T>(code: impl FnOnce() -> Result<T, UnitError>) -> Result<T, UnitError> {
    // Unwind-safe because a failed call's sink is unspecified and must not be published, and
    // because units hold no state whose invariants a panic could break half-way.
    match catch_unwind(AssertUnwindSafe(code)) {
        Ok(result) => result,
        Err(payload) => {
            // A payload is any type, and its drop may panic in turn.
            if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
                std::mem::forget(second);
            }
            Err(UnitError::Panicked)
        }
    }
}

struct Entry {
    /// Taken once, at registration: what is described and what is called cannot drift apart.
    info: &'static UnitInfo,
    unit: Box<dyn Unit>,
}

/// The units of a process, by name and by number.
///
/// Calls under a budget with a meter spend what the method's [`Cost`] says: for the input before,
/// for the result after.
///
/// ```
/// use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput};
///
/// # #[cfg(feature = "hash")] {
/// let dispatcher = Dispatcher::standard();
/// let sha256 = dispatcher.resolve("hash", "sha256")?;
///
/// let mut out = VecOutput::new(32);
/// let call = Call { input: b"abc", params: b"" };
/// let len = dispatcher.execute(sha256, call, &mut out, &Budget::unlimited())?;
/// assert_eq!(len, 32);
/// assert_eq!(out.as_bytes()[..4], [0xba, 0x78, 0x16, 0xbf]);
/// # }
/// # Ok::<(), UnitError>(())
/// ```
#[derive(Default)]
pub struct Dispatcher {
    entries: Vec<Entry>,
}

impl Dispatcher {
    /// A dispatcher without units.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// A dispatcher with every unit whose feature is on.
    #[must_use]
    pub fn standard() -> Self {
        let mut dispatcher = Self::new();
        #[cfg(feature = "crypto")]
        let crypto = crate::crypto::CryptoUnit::new();
        #[cfg(feature = "storage")]
        let storage = crate::storage::StorageUnit::new();
        #[cfg(feature = "storage-pack")]
        let storage = storage.with_keys(crypto.share_keys());
        let units: Vec<Box<dyn Unit>> = vec![
            #[cfg(feature = "hash")]
            Box::new(crate::hash::HashUnit::new()),
            #[cfg(feature = "boids")]
            Box::new(crate::boids::BoidsUnit::new()),
            #[cfg(feature = "compress")]
            Box::new(crate::compress::CompressUnit::new()),
            #[cfg(feature = "crypto")]
            Box::new(crypto),
            #[cfg(feature = "math")]
            Box::new(crate::math::MathUnit::new()),
            #[cfg(feature = "storage")]
            Box::new(storage),
        ];
        for unit in units {
            // Cannot fail: the names differ, which `standard_has_every_unit` tests.
            let _ = dispatcher.register(unit);
        }
        dispatcher
    }

    /// Adds a unit. Ids that were given out before stay valid.
    ///
    /// # Errors
    /// [`UnitError::NotRegistered`] if the name is taken, the dispatcher or the unit's table is
    /// too long for an id, or two methods of the table have one name.
    pub fn register(&mut self, unit: Box<dyn Unit>) -> Result<(), UnitError> {
        let info = unit.info();
        let taken = self.entries.iter().any(|entry| entry.info.name == info.name);
        let full = self.entries.len() >= MAX_INDEX_COUNT || info.methods.len() > MAX_INDEX_COUNT;
        let ambiguous = info.methods.iter().enumerate().any(|(index, method)| {
            info.methods.iter().take(index).any(|other| other.name == method.name)
        });
        if taken || full || ambiguous {
            return Err(UnitError::NotRegistered { name: info.name });
        }
        self.entries.push(Entry { info, unit });
        Ok(())
    }

    /// The id of a method; done once, so that calls compare no names.
    ///
    /// # Errors
    /// [`UnitError::UnknownUnit`] and [`UnitError::UnknownMethod`].
    #[inline]
    pub fn resolve(&self, unit: &str, method: &str) -> Result<MethodId, UnitError> {
        let (unit_index, entry) = self
            .entries
            .iter()
            .enumerate()
            .find(|(_, entry)| entry.info.name == unit)
            .ok_or_else(|| UnitError::UnknownUnit { name: unit.to_owned() })?;
        let method_index = entry
            .info
            .methods
            .iter()
            .position(|row| row.name == method)
            .ok_or_else(|| UnitError::UnknownMethod { name: method.to_owned() })?;
        // Both fit into 16 bits: `register` saw to it.
        Ok(MethodId((unit_index as u32) << 16 | method_index as u32))
    }

    /// Runs a method and returns the length of its result.
    ///
    /// # Errors
    /// Those of the method; [`UnitError::UnknownId`]; [`UnitError::Panicked`] if the unit
    /// panicked. What the sink holds then is unspecified and must not be published.
    #[inline]
    pub fn execute(
        &self,
        id: MethodId,
        call: Call<'_>,
        out: &mut dyn Output,
        budget: &Budget,
    ) -> Result<usize, UnitError> {
        let Some(Entry { unit, info }) = self.entries.get(id.unit_index()) else {
            return Err(UnitError::UnknownId { id: id.raw() });
        };
        let number = id.method_index();
        let price = Price::of(budget, || info.methods.get(usize::from(number)));
        price.spend_before(call.input.len(), budget)?;
        match guard(|| unit.execute(number, call, out, budget)) {
            Ok(len) => {
                price.spend_after(call.input.len(), len, budget)?;
                // A length that the sink cannot hold is a bug in the unit; nobody downstream may
                // trust it.
                crate::output::require(out, len)?;
                Ok(len)
            }
            Err(error) => Err(error.with_id(id)),
        }
    }

    /// Runs the pieces of a call's [`plan`](Self::plan), which `run` does, and spends what
    /// [`execute`](Self::execute) would; `run` gives the length of the result.
    ///
    /// # Errors
    /// Those of `run`, and [`UnitError::OutOfCredits`].
    ///
    /// ```
    /// use inos_units::{Budget, Dispatcher, UnitError};
    ///
    /// # #[cfg(feature = "hash")] {
    /// let units = Dispatcher::standard();
    /// let sha256 = units.resolve("hash", "sha256")?;
    /// let budget = Budget::unlimited().with_credits(1000);
    /// units.metered(sha256, 64, &budget, || Ok(32))?;
    /// assert_eq!(budget.spent(), 250);
    /// # }
    /// # Ok::<(), UnitError>(())
    /// ```
    pub fn metered(
        &self,
        id: MethodId,
        input_len: usize,
        budget: &Budget,
        run: impl FnOnce() -> Result<usize, UnitError>,
    ) -> Result<usize, UnitError> {
        let price = Price::of(budget, || self.method(id));
        price.spend_before(input_len, budget)?;
        let len = run()?;
        price.spend_after(input_len, len, budget)?;
        Ok(len)
    }

    /// The most bytes that the result of this call can have.
    ///
    /// # Errors
    /// Those of [`Unit::bound`]; [`UnitError::UnknownId`]; [`UnitError::Panicked`].
    ///
    /// ```
    /// use inos_units::{Call, Dispatcher, UnitError};
    ///
    /// # #[cfg(feature = "hash")] {
    /// let units = Dispatcher::standard();
    /// let blake3 = units.resolve("hash", "blake3")?;
    /// let call = Call { input: b"", params: br#"{"length": 64}"# };
    /// assert_eq!(units.bound(blake3, call), Ok(64));
    /// # }
    /// # Ok::<(), UnitError>(())
    /// ```
    pub fn bound(&self, id: MethodId, call: Call<'_>) -> Result<usize, UnitError> {
        let unit = self.unit(id)?;
        guard(|| unit.bound(id.method_index(), call)).map_err(|error| error.with_id(id))
    }

    /// The row of a method.
    ///
    /// ```
    /// use inos_units::{Determinism, Dispatcher, UnitError};
    ///
    /// # #[cfg(feature = "hash")] {
    /// let units = Dispatcher::standard();
    /// let method = units.method(units.resolve("hash", "sha256")?).expect("it was resolved");
    /// assert_eq!((method.name, method.determinism), ("sha256", Determinism::Strict));
    /// # }
    /// # Ok::<(), UnitError>(())
    /// ```
    #[must_use]
    pub fn method(&self, id: MethodId) -> Option<&'static Method> {
        self.entries.get(id.unit_index())?.info.methods.get(usize::from(id.method_index()))
    }

    /// [`resolve`](Self::resolve) and [`execute`](Self::execute) in one, for a call made once.
    ///
    /// # Errors
    /// As both.
    #[inline]
    pub fn execute_named(
        &self,
        unit: &str,
        method: &str,
        call: Call<'_>,
        out: &mut dyn Output,
        budget: &Budget,
    ) -> Result<usize, UnitError> {
        self.execute(self.resolve(unit, method)?, call, out, budget)
    }

    /// Splits a call into pieces for threads; `None` if the method runs only as a whole.
    ///
    /// Run the pieces and the merge under [`guard`].
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub fn plan(
        &self,
        id: MethodId,
        call: Call<'_>,
        budget: &Budget,
    ) -> Result<Option<Box<dyn Plan>>, UnitError> {
        let unit = self.unit(id)?;
        guard(|| unit.plan(id.method_index(), call, budget)).map_err(|error| error.with_id(id))
    }

    /// The tables of all units, in the order they were registered.
    pub fn units(&self) -> impl Iterator<Item = &'static UnitInfo> + '_ {
        self.entries.iter().map(|entry| entry.info)
    }

    /// Everything callable, as text for people: units, methods, parameters, ranges, defaults.
    #[must_use]
    pub fn describe(&self) -> String {
        describe::text(self.units())
    }

    /// The same as a JSON array, for programs.
    ///
    /// ```
    /// use inos_units::Dispatcher;
    ///
    /// assert_eq!(Dispatcher::new().describe_json(), "[]");
    /// ```
    #[must_use]
    pub fn describe_json(&self) -> String {
        describe::json(self.units())
    }

    /// The same as a page of Markdown.
    ///
    /// ```
    /// use inos_units::Dispatcher;
    ///
    /// let page = Dispatcher::standard().describe_markdown();
    /// # #[cfg(feature = "hash")]
    /// assert!(page.contains("## hash"));
    /// # let _ = page;
    /// ```
    #[must_use]
    pub fn describe_markdown(&self) -> String {
        describe::markdown(self.units())
    }

    #[inline]
    fn unit(&self, id: MethodId) -> Result<&dyn Unit, UnitError> {
        match self.entries.get(id.unit_index()) {
            Some(entry) => Ok(entry.unit.as_ref()),
            None => Err(UnitError::UnknownId { id: id.raw() }),
        }
    }
}

/// What a call costs, if anybody counts: what is known before is spent before, the rest after it.
#[derive(Clone, Copy)]
struct Price(Option<Cost>);

impl Price {
    #[inline]
    fn of(budget: &Budget, method: impl FnOnce() -> Option<&'static Method>) -> Self {
        Self(if budget.is_metered() { method().map(|method| method.cost) } else { None })
    }

    #[inline]
    fn spend_before(self, input_len: usize, budget: &Budget) -> Result<(), UnitError> {
        self.0.map_or(Ok(()), |cost| budget.spend(cost.of(input_len, 0)))
    }

    #[inline]
    fn spend_after(self, input_len: usize, len: usize, budget: &Budget) -> Result<(), UnitError> {
        self.0.map_or(Ok(()), |cost| {
            budget.spend(cost.of(input_len, len).saturating_sub(cost.of(input_len, 0)))
        })
    }
}

impl core::fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.units().map(|info| info.name)).finish()
    }
}
