//! Which units need which, and whether those are there.
#![forbid(unsafe_code)]

use super::{Dependency, UnitDescriptor, UnitId, UnitRegistry};
use crate::error::Error;
use crate::raw::region::Trust;

impl<T: Trust> UnitRegistry<'_, T> {
    /// The active unit that meets a dependency.
    ///
    /// # Errors
    /// `NoUnit` if none of this name is active, or its version is out of the range; else as
    /// [`find`](Self::find).
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RegistryConfig { slots: 4, slot_len: 512 };
    /// # let layout = Layout::builder().registry(SectionId(5), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let registry = UnitRegistry::open(&sections, SectionId(5))?;
    /// let needs_hash = Dependency { name: "hash", range: VersionRange::caret((1, 2, 0)) };
    /// let hash = UnitRecord { name: "hash", version: (1, 1, 0), ..UnitRecord::default() };
    /// let old = registry.register(&hash)?;
    /// assert_eq!(registry.provider(&needs_hash), Err(Error::NoUnit));
    /// registry.retire(old)?;
    /// let new = registry.register(&UnitRecord { version: (1, 3, 0), ..hash })?;
    /// assert_eq!(registry.provider(&needs_hash), Ok(new));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn provider(&self, dependency: &Dependency<'_>) -> Result<UnitId, Error> {
        let id = self.find(dependency.name)?;
        if dependency.range.contains(self.version(id)?) { Ok(id) } else { Err(Error::NoUnit) }
    }

    /// Those of a unit's own dependencies that no active unit meets, as of now; how they can be
    /// told from each other is by what the unit said of them.
    ///
    /// ```
    /// # use inos_core::*;
    /// # const UNITS: SectionId = SectionId(5);
    /// # let layout = Layout::builder().registry(UNITS, "units", RegistryConfig::default()).build()?;
    /// # let mut memory = AlignedBytes::<8192>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let registry = UnitRegistry::open(&sections, UNITS)?;
    /// let needs = [Dependency { name: "hash", range: VersionRange::caret((1, 2, 0)) }];
    /// let storage = UnitRecord { name: "storage", dependencies: &needs, ..UnitRecord::default() };
    /// let storage = registry.register(&storage)?;
    /// let unit = registry.descriptor(storage)?;
    /// assert!(registry.missing_dependencies(&unit).eq(needs));
    ///
    /// registry.register(&UnitRecord { name: "hash", version: (1, 3, 0), ..UnitRecord::default() })?;
    /// assert_eq!(registry.missing_dependencies(&unit).count(), 0);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn missing_dependencies<'a>(
        &'a self,
        unit: &'a UnitDescriptor,
    ) -> impl Iterator<Item = Dependency<'a>> {
        unit.dependencies().filter(|dependency| self.provider(dependency).is_err())
    }

    /// A unit and all that it needs, and what those need, each after everything that it needs
    /// itself: the order to start them in. The last one is `id`. What comes and goes meanwhile may
    /// be missed.
    ///
    /// The work grows with the square of the number of units in `order`; nothing is allocated.
    ///
    /// # Errors
    /// `NoUnit` if `id` is not active; `Unmet` with the unit and the number of its first dependency
    /// that no active unit meets; `Cycle` with one of the units that need each other; `TooLarge`
    /// if there are more units than `order` has room for; else as [`find`](Self::find) and
    /// [`descriptor`](Self::descriptor).
    ///
    /// ```
    /// # use inos_core::*;
    /// # const UNITS: SectionId = SectionId(5);
    /// # let layout = Layout::builder().registry(UNITS, "units", RegistryConfig::default()).build()?;
    /// # let mut memory = AlignedBytes::<8192>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let registry = UnitRegistry::open(&sections, UNITS)?;
    /// let needs = [Dependency { name: "hash", range: VersionRange::ANY }];
    /// let storage = UnitRecord { name: "storage", dependencies: &needs, ..UnitRecord::default() };
    /// let storage = registry.register(&storage)?;
    /// let mut order = [UnitId::NONE; 8];
    /// let unmet = Error::Unmet { unit: storage, dependency: 0 };
    /// assert_eq!(registry.resolve(storage, &mut order), Err(unmet));
    ///
    /// let hash = registry.register(&UnitRecord { name: "hash", ..UnitRecord::default() })?;
    /// assert_eq!(registry.resolve(storage, &mut order)?, [hash, storage]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn resolve<'o>(&self, id: UnitId, order: &'o mut [UnitId]) -> Result<&'o [UnitId], Error> {
        let max = order.len();
        *order.first_mut().ok_or(Error::TooLarge { len: 1, max })? = id;
        // All that is needed, each once.
        let (mut count, mut next) = (1, 0);
        while let Some(&unit) = order.get(next).filter(|_| next < count) {
            let descriptor = self.descriptor(unit)?;
            for (dependency, needed) in (0..).zip(descriptor.dependencies()) {
                let provider = match self.provider(&needed) {
                    Err(Error::NoUnit) => return Err(Error::Unmet { unit, dependency }),
                    other => other?,
                };
                if !order.iter().take(count).any(|&known| known == provider) {
                    let place = order.get_mut(count);
                    *place.ok_or(Error::TooLarge { len: count + 1, max })? = provider;
                    count += 1;
                }
            }
            next += 1;
        }
        let order = order.get_mut(..count).unwrap_or_default();
        // One after another, one whose needs are all in place; in a cycle there is none.
        for placed in 0..count {
            let mut ready = None;
            for (at, &unit) in order.iter().enumerate().skip(placed) {
                if self.is_ready(unit, order.get(..placed).unwrap_or_default())? {
                    ready = Some(at);
                    break;
                }
            }
            let at = ready
                .ok_or(Error::Cycle { unit: order.get(placed).copied().unwrap_or_default() })?;
            // Exchanged with the first of what is not in place; with itself, if that is ready.
            if let Some((first, rest)) = order.get_mut(placed..).and_then(<[_]>::split_first_mut)
                && let Some(other) = at.checked_sub(placed + 1).and_then(|at| rest.get_mut(at))
            {
                core::mem::swap(first, other);
            }
        }
        Ok(order)
    }

    /// Whether all that a unit needs is in `placed`.
    fn is_ready(&self, unit: UnitId, placed: &[UnitId]) -> Result<bool, Error> {
        let descriptor = self.descriptor(unit)?;
        for (dependency, needed) in (0..).zip(descriptor.dependencies()) {
            match self.provider(&needed) {
                Err(Error::NoUnit) => return Err(Error::Unmet { unit, dependency }),
                other => {
                    if !placed.contains(&other?) {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }
}
