//! The twin: whichever child has the role moves amounts between words of two sections, whose sum
//! is 0 in every state that was published; everybody keeps a replica.

use inos::{Cooperative, DirtyMap, Error, Futex, Sections, Twin, TwinWriter};

use super::{DIRTY, Random};

const LEN: usize = 1024 + 256;

#[track_caller]
fn sum(bytes: &[u8]) -> u32 {
    assert_eq!(bytes.len(), LEN);
    let word = |bytes: &[u8]| u32::from_ne_bytes(bytes.try_into().unwrap());
    bytes.chunks_exact(4).fold(0, |sum, bytes| sum.wrapping_add(word(bytes)))
}

pub(crate) struct Child<'p> {
    map: DirtyMap<'p>,
    parent: Parent<'p>,
}

/// Adds to the word at `offset`.
fn add(writer: &mut TwinWriter<'_>, offset: usize, amount: u32) {
    let mut bytes = [0; 4];
    writer.read(offset, &mut bytes).unwrap();
    let value = u32::from_ne_bytes(bytes).wrapping_add(amount);
    writer.write(offset, &value.to_ne_bytes()).unwrap();
}

impl<'p> Child<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>) -> Self {
        let map = DirtyMap::open(sections, DIRTY).unwrap();
        Self { map, parent: Parent::of(&map) }
    }

    pub(crate) fn work(&mut self, random: &mut Random) {
        let mut writer = match self.map.writer() {
            Ok(writer) => writer,
            Err(error) => {
                assert_eq!(error, Error::RoleHeld);
                return self.parent.look();
            }
        };
        self.mend(&mut writer);
        for _ in 0..random.below(6) {
            for _ in 0..random.below(4) {
                let [one, other] = [0, 1].map(|_| 4 * random.below(LEN as u32 / 4) as usize);
                let amount = random.below(1 << 20);
                add(&mut writer, one, amount);
                add(&mut writer, other, amount.wrapping_neg());
            }
            if random.below(3) == 0 {
                self.push(&mut writer, random);
            } else {
                writer.publish(&Futex);
            }
            self.compare(&mut writer);
        }
    }

    /// What the last writer had begun is for this one to make whole; and if it says that there is
    /// nothing of the kind, all is whole.
    fn mend(&self, writer: &mut TwinWriter<'_>) {
        let begun = writer.unpublished().next().is_some();
        let mut bytes = [0; LEN];
        writer.read(0, &mut bytes).unwrap();
        let sum = sum(&bytes);
        assert!(begun || sum == 0, "a word was written that nobody announced");
        if sum != 0 {
            add(writer, 0, sum.wrapping_neg());
        }
        if begun {
            writer.publish(&Futex);
        }
    }

    /// By way of the replica, once that is whole.
    fn push(&mut self, writer: &mut TwinWriter<'p>, random: &mut Random) {
        writer.publish(&Futex);
        self.compare(writer);
        let Parent { twin, replica, .. } = &mut self.parent;
        let offset = 4 * random.below(LEN as u32 / 4 - 1) as usize;
        // One up, one down.
        for (offset, amount) in [(offset, 1), (offset + 4, u32::MAX)] {
            let bytes: &mut [u8; 4] = (&mut replica[offset..offset + 4]).try_into().unwrap();
            *bytes = u32::from_ne_bytes(*bytes).wrapping_add(amount).to_ne_bytes();
        }
        twin.push(writer, replica, &[(offset, 8)], &Futex).unwrap();
    }

    /// With the role in hand nobody writes: the replica becomes what is there.
    fn compare(&mut self, writer: &mut TwinWriter<'_>) {
        let Parent { twin, replica, .. } = &mut self.parent;
        assert_eq!(twin.pull(replica, 1).map(|pulled| pulled.epoch), Ok(writer.epoch()));
        let mut bytes = [0; LEN];
        writer.read(0, &mut bytes).unwrap();
        assert!(bytes == *replica, "the replica is another state");
        assert_eq!(sum(&bytes), 0);
    }
}

/// A replica, of whatever was published.
pub(crate) struct Parent<'p> {
    twin: Twin<'p>,
    replica: [u8; LEN],
    epoch: u32,
    pub(crate) seen: u32,
}

impl<'p> Parent<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>) -> Self {
        Self::of(&DirtyMap::open(sections, DIRTY).unwrap())
    }

    fn of(map: &DirtyMap<'p>) -> Self {
        Self { twin: map.twin(), replica: [0; LEN], epoch: 0, seen: 0 }
    }

    pub(crate) fn look(&mut self) {
        match self.twin.pull(&mut self.replica, 4) {
            Ok(pulled) => {
                assert!(pulled.epoch >= self.epoch, "time runs backwards");
                self.seen += u32::from(pulled.epoch != self.epoch);
                self.epoch = pulled.epoch;
            }
            Err(error) => assert!(matches!(error, Error::Lapped { .. }), "{error}"),
        }
        // If it is a state at all, it is a whole one.
        if self.twin.epoch().is_some() {
            assert_eq!(sum(&self.replica), 0, "of more than one state");
        }
    }
}

pub(crate) fn all_free(sections: &Sections<'_, Cooperative>) {
    let map = DirtyMap::open(sections, DIRTY).unwrap();
    let mut writer = map.writer().unwrap();
    writer.write(0, &[5; LEN]).unwrap();
    assert_eq!(writer.unpublished().count() as u32, map.block_count());
    writer.publish(&Futex);
    let mut replica = [0; LEN];
    map.twin().pull(&mut replica, 1).unwrap();
    assert_eq!(replica, [5; LEN]);
}
