//! Roles: a dead holder's role is free again, and nobody else's is.

use inos_core::protocol::role;

use super::{MortalWord, every_death, mortal};

#[test]
fn a_dead_holder_is_succeeded() {
    let deaths = every_death(|steps| {
        let word = MortalWord::new(0);
        let through = mortal(steps, || {
            let lease = role::claim(&word, 1).unwrap();
            role::release(&word, &lease);
        });
        let held = role::is_held(&word);
        assert_eq!(role::claim(&word, 2).is_none(), held);
        assert!(!role::revoke(&word, 3), "nobody but a holder loses a role");
        if held {
            assert!(role::revoke(&word, 1));
            assert!(role::claim(&word, 2).is_some());
        }
        through.is_some()
    });
    // The load and the exchange of the claim, the exchange of the release.
    assert_eq!(deaths, 3);
}
