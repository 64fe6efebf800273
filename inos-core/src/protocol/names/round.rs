//! In what order everybody goes round the slots for a name.

use super::Name;
use crate::defs::epochs::{MAX_SLOTS, STEP_SHIFT};
use crate::hash::fnv1a;

/// All slots, each once: from the one that the lower bits of the name's hash say, in a step that
/// its upper bits say. Names that begin at one slot part at the next, so that a bank may be full.
pub fn round(name: &Name, count: u32) -> impl Iterator<Item = u32> + use<> {
    let bytes = name.iter().flat_map(|word| word.to_ne_bytes());
    let hash = fnv1a(bytes.take_while(|&byte| byte != 0));
    // Round a power of two, since an odd step comes by each of its places, without a division;
    // fewer than half of them are beyond the slots and passed over.
    let size = count.min(MAX_SLOTS).next_power_of_two();
    let step = hash >> STEP_SHIFT | 1;
    (0..size)
        .map(move |turn| hash.wrapping_add(turn.wrapping_mul(step)) & size.wrapping_sub(1))
        .filter(move |&index| index < count)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::collections::BTreeSet;
    use std::vec::Vec;

    use super::*;
    use crate::protocol::names::tests::name;

    /// Other languages compute the same. The hashes are test vectors of FNV's authors:
    /// 0xe40c292c, 0xbf9cf968.
    #[test]
    fn orders_are_known() {
        let first = |text, count| round(&name(text), count).take(4).collect::<Vec<_>>();
        assert_eq!(first("a", 1024), [300, 313, 326, 339]);
        assert_eq!(first("foobar", 1024), [360, 261, 162, 63]);
        // 0, 5, 2, 7, 4, 1, 6, 3 of eight.
        assert_eq!(first("foobar", 5), [0, 2, 4, 1]);
        assert_eq!(first("foobar", 1), [0]);
        assert_eq!(first("foobar", 0), []);
        // All 24 bytes count.
        assert_ne!(
            first("a name of 24 whole bytes", 1024),
            first("a name of 24 whole byte.", 1024)
        );
    }

    #[test]
    fn every_slot_is_in_every_order_once() {
        for count in (0..70).chain([127, 128, 129, 1000, 4095, 4096]) {
            for text in ["a", "b", "foobar", "frames", "a name of 24 whole bytes"] {
                let all: Vec<_> = round(&name(text), count).collect();
                assert_eq!(all.len(), count as usize);
                assert_eq!(BTreeSet::from_iter(all), (0..count).collect());
            }
        }
    }
}
