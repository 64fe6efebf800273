//! Names of objects that nobody may delete.
#![forbid(unsafe_code)]

use inos_units::storage::{ADDRESS_LEN, Address};

use super::error::{Part, Place};
use super::get::damaged;
use super::seal::{Id, Kind};
use super::{Store, StoreError};

/// Longest name of a pin, in bytes.
pub const MAX_PIN_LEN: usize = 1024;

impl Store {
    /// Makes `name`, of 1 to [`MAX_PIN_LEN`] bytes, mean an object, and nothing that it meant before.
    /// As long as it does, the object can't be deleted. Durable when it returns.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::BadConfig`] for a name of another length,
    /// [`StoreError::QuotaExceeded`].
    ///
    /// ```
    /// use inos::store::{Store, StoreConfig, StoreError};
    /// # let folder = std::env::temp_dir().join(format!("inos-doc-pin-{}", std::process::id()));
    ///
    /// let store = Store::open(&folder, &StoreConfig::default())?;
    /// let monday = store.put_bytes(b"state of monday")?;
    /// store.pin("newest", &monday)?;
    /// assert!(matches!(store.delete(&monday), Err(StoreError::Pinned { .. })));
    ///
    /// let tuesday = store.put_bytes(b"state of tuesday")?;
    /// store.pin("newest", &tuesday)?;
    /// assert_eq!(store.pinned("newest")?, Some(tuesday));
    /// assert_eq!(store.pins()?, [("newest".to_owned(), tuesday)]);
    /// assert!(store.delete(&monday)?);
    /// assert!(store.unpin("newest")? && store.delete(&tuesday)?);
    /// # drop(store);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), StoreError>(())
    /// ```
    pub fn pin(&self, name: &str, address: &Address) -> Result<(), StoreError> {
        if !(1..=MAX_PIN_LEN).contains(&name.len()) {
            return Err(StoreError::BadConfig { name: "name", expected: "of 1 to 1024 bytes" });
        }
        let (name_id, object) = (self.name_id(name), self.object_id(address));
        let mut record = Vec::new();
        let message = [address.as_bytes(), name.as_bytes()].concat();
        self.seal.seal(Kind::Pin, &name_id, &message, &mut record)?;
        let mut change = self.index.change()?;
        if !change.has_object(&object)? {
            return Err(StoreError::NotFound { address: *address });
        }
        if let Some(old) = change.pin(&name_id)? {
            let (before, _) = self.open_pin(&name_id, &old)?;
            if before == *address {
                return Ok(());
            }
            change.take_pin(&name_id, &self.object_id(&before), old.len())?;
        }
        change.set_pin(&name_id, &object, &record)?;
        let needed = self.segments.bytes().saturating_add(change.counters.record_bytes);
        if needed > self.quota {
            return Err(StoreError::QuotaExceeded { needed, quota: self.quota });
        }
        change.commit()
    }

    /// Takes a name away; whether it was there. The object stays. Durable when it returns.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the pin's record is.
    pub fn unpin(&self, name: &str) -> Result<bool, StoreError> {
        let name_id = self.name_id(name);
        let mut change = self.index.change()?;
        let Some(record) = change.pin(&name_id)? else { return Ok(false) };
        let (address, _) = self.open_pin(&name_id, &record)?;
        change.take_pin(&name_id, &self.object_id(&address), record.len())?;
        change.commit()?;
        Ok(true)
    }

    /// What a name means.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the pin's record is.
    pub fn pinned(&self, name: &str) -> Result<Option<Address>, StoreError> {
        let name_id = self.name_id(name);
        let record = self.index.read()?.pin(&name_id)?;
        record.map(|record| Ok(self.open_pin(&name_id, &record)?.0)).transpose()
    }

    /// All names and what they mean, in the order of names.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the record of a pin is.
    pub fn pins(&self) -> Result<Vec<(String, Address)>, StoreError> {
        let mut pins = Vec::new();
        self.index.read()?.each_pin(|name_id, record| {
            let (address, name) = self.open_pin(name_id, record)?;
            pins.push((name, address));
            Ok(())
        })?;
        pins.sort();
        Ok(pins)
    }

    fn name_id(&self, name: &str) -> Id {
        self.seal.id(Kind::Pin, Address::of(name.as_bytes()).as_bytes())
    }

    pub(super) fn open_pin(
        &self,
        name_id: &Id,
        sealed: &[u8],
    ) -> Result<(Address, String), StoreError> {
        let damage = || damaged(Part::Record(*name_id), Place::Index);
        let mut record = Vec::new();
        self.seal.open(Kind::Pin, name_id, sealed, &mut record).map_err(|_| damage())?;
        let (address, name) = record.split_first_chunk::<ADDRESS_LEN>().ok_or_else(damage)?;
        let name = str::from_utf8(name).map_err(|_| damage())?;
        Ok((Address::new(*address), name.to_owned()))
    }
}
