//! The registry: everybody registers units of a few names, looks for those of others, and retires
//! its own. A name is one unit, and its owner's while that lives.

use inos::{
    Cooperative, Dependency, Error, Sections, UnitDescriptor, UnitId, UnitLimits, UnitRecord,
    UnitRegistry, VersionRange,
};

use super::{Random, UNITS};

const NAMES: [&str; 6] = ["a", "hash", "storage", "physics", "a unit of a longer name", "last"];
const METHODS: [&str; 3] = ["first", "second", "another"];

/// What every unit of this test says, by its version.
fn register(
    units: &UnitRegistry<'_, Cooperative>,
    name: &str,
    patch: u16,
) -> Result<UnitId, Error> {
    let count = usize::from(patch) % 4;
    let needs = NAMES.map(|name| Dependency { name, range: VersionRange::at_least((1, 0, patch)) });
    units.register(&UnitRecord {
        name,
        version: (1, 2, patch),
        methods: &METHODS[..count.min(3)],
        dependencies: &needs[..count],
        owner: !u32::from(patch),
        limits: UnitLimits { jobs: u32::from(patch), ..UnitLimits::default() },
        ..UnitRecord::default()
    })
}

#[track_caller]
fn check(unit: &UnitDescriptor) {
    let (major, minor, patch) = unit.version();
    let count = usize::from(patch) % 4;
    assert!(NAMES.contains(&unit.name()), "{unit:?}");
    assert_eq!((major, minor, unit.owner()), (1, 2, !u32::from(patch)), "torn");
    assert_eq!(unit.limits().jobs, u32::from(patch), "torn");
    assert!(unit.methods().eq(METHODS[..count.min(3)].iter().copied()), "torn");
    let needs = unit.dependencies().map(|needs| (needs.name.to_owned(), needs.range));
    let range = VersionRange::at_least((1, 0, patch));
    assert!(needs.eq(NAMES[..count].iter().map(|&name| (name.to_owned(), range))), "torn");
}

pub(crate) struct Child<'p> {
    units: UnitRegistry<'p, Cooperative>,
    party: u16,
    mine: Vec<(UnitId, &'static str)>,
}

impl<'p> Child<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>) -> Self {
        let units = UnitRegistry::open(sections, UNITS).unwrap();
        Self { units, party: sections.party(), mine: Vec::new() }
    }

    pub(crate) fn work(&mut self, random: &mut Random) {
        for _ in 0..random.below(6) {
            let name = NAMES[random.below(NAMES.len() as u32) as usize];
            match register(&self.units, name, random.below(60_000) as u16) {
                Ok(id) => {
                    assert!(!self.mine.iter().any(|&(_, mine)| mine == name), "two of one name");
                    self.mine.push((id, name));
                }
                Err(error) => assert!(
                    matches!(
                        error,
                        Error::RoleHeld | Error::NoSeat { .. } | Error::Contended { .. }
                    ),
                    "{error}"
                ),
            }
            for &(id, name) in &self.mine {
                assert_eq!(self.units.find(name), Ok(id));
                let unit = self.units.descriptor(id).unwrap();
                assert_eq!((unit.name(), unit.party()), (name, self.party));
                check(&unit);
            }
            if !self.mine.is_empty() && random.below(3) == 0 {
                let which = random.below(self.mine.len() as u32) as usize;
                self.units.retire(self.mine.swap_remove(which).0).unwrap();
            }
        }
    }
}

pub(crate) struct Parent<'p> {
    units: UnitRegistry<'p, Cooperative>,
    pub(crate) seen: u32,
}

impl<'p> Parent<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>) -> Self {
        Self { units: UnitRegistry::open(sections, UNITS).unwrap(), seen: 0 }
    }

    pub(crate) fn look(&mut self) {
        let units: Vec<_> = self.units.iter().map(Result::unwrap).collect();
        for (at, unit) in units.iter().enumerate() {
            check(unit);
            // The first of two is as old as it was seen: if it is there still, they are two now.
            for other in &units[at + 1..] {
                let same = unit.name() == other.name() && self.units.version(unit.id()).is_ok();
                assert!(!same, "two of one name: {unit:?}, {other:?}");
            }
            self.seen += 1;
        }
    }
}

pub(crate) fn all_free(sections: &Sections<'_, Cooperative>) {
    let units = UnitRegistry::open(sections, UNITS).unwrap();
    assert_eq!(units.iter().count(), 0);
    for (name, patch) in NAMES.into_iter().zip(0..) {
        assert_eq!(units.find(name), Err(Error::NoUnit));
        // As many as there are slots.
        let registered = register(&units, name, patch).unwrap();
        assert_eq!(units.find(name), Ok(registered));
    }
    assert_eq!(units.slot_count(), NAMES.len() as u32);
}
