//! Who needs whom.

use super::*;

fn needs(name: &'static str) -> Dependency<'static> {
    Dependency { name, range: VersionRange::ANY }
}

fn register(
    registry: &UnitRegistry<'_, Hostile>,
    name: &str,
    dependencies: &[Dependency<'_>],
) -> UnitId {
    registry.register(&UnitRecord { dependencies, version: (1, 5, 0), ..named(name) }).unwrap()
}

#[test]
fn versions_out_of_range_do_not_meet_a_need() {
    let memory = Memory::new(CONFIG);
    let registry = memory.registry();
    let hash = register(&registry, "hash", &[]);
    let ranges = [
        (VersionRange::caret((1, 2, 0)), true),
        (VersionRange::caret((1, 6, 0)), false),
        (VersionRange::caret((0, 5, 0)), false),
        (VersionRange::exactly((1, 5, 0)), true),
        (VersionRange::exactly((1, 5, 1)), false),
        (VersionRange::at_least((2, 0, 0)), false),
        (VersionRange::between((1, 0, 0), (1, 5, 0)), false),
    ];
    for (range, is_met) in ranges {
        let need = Dependency { name: "hash", range };
        assert_eq!(registry.provider(&need).ok(), is_met.then_some(hash), "{range}");
        let id = register(&registry, "user", &[need, needs("nobody")]);
        let unit = registry.descriptor(id).unwrap();
        let missing: Vec<_> = registry.missing_dependencies(&unit).collect();
        assert_eq!(missing.len(), if is_met { 1 } else { 2 }, "{range}");
        let dependency = u16::from(is_met);
        let unmet = Error::Unmet { unit: id, dependency };
        assert_eq!(registry.resolve(id, &mut [UnitId::NONE; 4]), Err(unmet));
        registry.retire(id).unwrap();
    }
}

#[test]
fn units_are_put_in_the_order_of_their_needs() {
    let memory = Memory::new(RegistryConfig { slots: 8, slot_len: 256 });
    let registry = memory.registry();
    // In the order in which they can't be started.
    let app = register(&registry, "app", &[needs("left"), needs("right"), needs("base")]);
    let left = register(&registry, "left", &[needs("base")]);
    let right = register(&registry, "right", &[needs("left"), needs("base")]);
    let base = register(&registry, "base", &[]);
    let lonely = register(&registry, "lonely", &[]);

    let mut order = [UnitId::NONE; 8];
    assert_eq!(registry.resolve(app, &mut order).unwrap(), [base, left, right, app]);
    assert_eq!(registry.resolve(left, &mut order).unwrap(), [base, left]);
    assert_eq!(registry.resolve(lonely, &mut order[..1]).unwrap(), [lonely]);
    let small = registry.resolve(app, &mut order[..3]);
    assert_eq!(small, Err(Error::TooLarge { len: 4, max: 3 }));
    assert_eq!(registry.resolve(app, &mut []), Err(Error::TooLarge { len: 1, max: 0 }));

    registry.retire(left).unwrap();
    let unmet = Error::Unmet { unit: app, dependency: 0 };
    assert_eq!(registry.resolve(app, &mut order), Err(unmet));
    let unmet = Error::Unmet { unit: right, dependency: 0 };
    assert_eq!(registry.resolve(right, &mut order), Err(unmet));
    assert_eq!(registry.resolve(left, &mut order), Err(Error::NoUnit));
}

#[test]
fn cycles_are_named() {
    let memory = Memory::new(RegistryConfig { slots: 8, slot_len: 256 });
    let registry = memory.registry();
    let a = register(&registry, "a", &[needs("b")]);
    let b = register(&registry, "b", &[needs("c"), needs("free")]);
    let c = register(&registry, "c", &[needs("a")]);
    let own = register(&registry, "own", &[needs("own")]);
    register(&registry, "free", &[]);
    let mut order = [UnitId::NONE; 8];
    for id in [a, b, c] {
        let error = registry.resolve(id, &mut order).unwrap_err();
        assert!(matches!(error, Error::Cycle { unit } if [a, b, c].contains(&unit)), "{error}");
    }
    assert_eq!(registry.resolve(own, &mut order), Err(Error::Cycle { unit: own }));
}
