//! What changes, and the newest state of it.

use std::thread;
use std::time::Duration;

use inos::{
    Allocated, DirtyMap, DirtyMapConfig, EpochTable, EpochsConfig, Error, Futex, Layout, Mode,
    NamedEpochs, NamedEpochsConfig, PingPong, PingPongConfig, wait_any, wait_rung,
};

use super::{Both, Check, ID, OTHER, THIRD, built};

pub(crate) const CHECKS: &[Check] = &[
    Check { name: "raw", layout: || built(Layout::builder().raw(ID, "raw", 100)), run: raw },
    Check {
        name: "epochs",
        layout: || {
            built(Layout::builder().epochs(ID, "epochs", EpochsConfig { count: 3, padded: true }))
        },
        run: epochs,
    },
    Check {
        name: "any of several epochs",
        layout: || {
            built(Layout::builder().epochs(ID, "epochs", EpochsConfig { count: 4, padded: false }))
        },
        run: any_of_several,
    },
    Check {
        name: "named epochs",
        layout: || {
            built(Layout::builder().named_epochs(ID, "names", NamedEpochsConfig { slots: 2 }))
        },
        run: named_epochs,
    },
    Check {
        name: "ping-pong",
        layout: || {
            let config = PingPongConfig { slots: 3, seats: 1, frame_len: 100, mode: Mode::Pinned };
            built(Layout::builder().ping_pong(ID, "frames", config))
        },
        run: pinned,
    },
    Check {
        name: "observed ping-pong",
        layout: || {
            let config =
                PingPongConfig { slots: 3, seats: 0, frame_len: 100, mode: Mode::Observed };
            built(Layout::builder().ping_pong(ID, "frames", config))
        },
        run: observed,
    },
    Check {
        name: "twin",
        layout: || {
            let map = DirtyMapConfig { first: OTHER, sections: 2, block_len: 64 };
            built(
                Layout::builder()
                    .raw(OTHER, "one part", 256)
                    .raw(THIRD, "another part", 128)
                    .dirty_map(ID, "dirty", map),
            )
        },
        run: twin,
    },
];

fn raw(one: Both<'_, '_>, other: Both<'_, '_>) {
    one.write_raw(ID, 4, b"some bytes").unwrap();
    let mut out = [0; 10];
    other.read_raw(ID, 4, &mut out).unwrap();
    assert_eq!(&out, b"some bytes");
    assert!(matches!(other.read_raw(ID, 124, &mut out), Err(Error::OutOfBounds { .. })));
}

fn epochs(one: Both<'_, '_>, other: Both<'_, '_>) {
    let counter = EpochTable::open(one, ID).unwrap().counter(2).unwrap();
    let mut watcher = EpochTable::open(other, ID).unwrap().watcher(2).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| counter.advance(&Futex));
        assert_eq!(watcher.wait(&Futex, None), Ok(1));
    });
    assert_eq!(watcher.changed(), None);
}

fn any_of_several(one: Both<'_, '_>, other: Both<'_, '_>) {
    let (one, other) = (EpochTable::open(one, ID).unwrap(), EpochTable::open(other, ID).unwrap());
    let mut watchers = [1, 2, 3].map(|index| other.watcher(index).unwrap());
    let bell = other.watcher(0).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| one.counter(2).unwrap().advance(&Futex));
        let changes = wait_any(&mut watchers, &Futex, None).unwrap();
        assert!(changes.iter().eq([1]));
    });
    thread::scope(|scope| {
        let (counter, rung) = (one.counter(3).unwrap(), one.counter(0).unwrap());
        scope.spawn(move || counter.advance_and_ring(&rung, &Futex));
        let changes = wait_rung(&bell, &mut watchers, &Futex, None).unwrap();
        assert!(changes.iter().eq([2]));
    });
    let nothing = wait_rung(&bell, &mut watchers, &Futex, Some(Duration::from_millis(1)));
    assert_eq!(nothing, Err(Error::TimedOut));
}

fn named_epochs(one: Both<'_, '_>, other: Both<'_, '_>) {
    let (one, other) = (NamedEpochs::open(one, ID).unwrap(), NamedEpochs::open(other, ID).unwrap());
    assert_eq!(other.find("frames"), Ok(None));
    let id = one.allocate("frames").unwrap().id();
    assert_eq!(other.allocate("frames"), Ok(Allocated::Existing(id)));
    let mut watcher = other.watcher(id).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| one.counter(id).unwrap().advance(&Futex).unwrap());
        assert_eq!(watcher.wait(&Futex, None), Ok(1));
    });
    thread::scope(|scope| {
        scope.spawn(|| one.free(id, &Futex).unwrap());
        assert!(matches!(watcher.wait(&Futex, None), Err(Error::Stale { .. })));
    });
    let names = ["one", "two"].map(|name| other.allocate(name).unwrap().id());
    assert_eq!(one.allocate("three"), Err(Error::NoSeat { count: 2 }));
    assert_eq!(one.entry(names[1].index()).unwrap().unwrap().name(), "two");
}

fn pinned(one: Both<'_, '_>, other: Both<'_, '_>) {
    let mut writer = PingPong::open(one, ID).unwrap().writer().unwrap();
    let frames = PingPong::open(other, ID).unwrap();
    let mut reader = frames.reader().unwrap();
    assert_eq!(reader.front().err(), Some(Error::Empty));
    assert_eq!(frames.reader().err(), Some(Error::NoSeat { count: 1 }));
    for value in 0..10 {
        let mut back = writer.back_mut().unwrap();
        back.as_mut_slice().unwrap().fill(value);
        back.publish(50).unwrap();
        let front = reader.front().unwrap();
        assert_eq!(*front, [value; 50]);
        // A pinned frame stays what it is while others are published.
        for _ in 0..4 {
            let mut back = writer.back_mut().unwrap();
            back.as_mut_slice().unwrap().fill(99);
            back.publish(50).unwrap();
        }
        assert_eq!(*front, [value; 50]);
    }
}

fn observed(one: Both<'_, '_>, other: Both<'_, '_>) {
    let mut writer = PingPong::open(one, ID).unwrap().writer().unwrap();
    let observer = PingPong::open(other, ID).unwrap().observer().unwrap();
    let mut out = [0; 100];
    for version in 1..10 {
        let mut back = writer.back_mut().unwrap();
        back.write(0, &[version; 30]).unwrap();
        back.publish(30).unwrap();
        let observed = observer.copy(&mut out, 1).unwrap();
        assert_eq!((observed.version, observed.len), (u32::from(version), 30));
        assert_eq!(out[..30], [version; 30]);
    }
}

fn twin(one: Both<'_, '_>, other: Both<'_, '_>) {
    let (map, there) = (DirtyMap::open(one, ID).unwrap(), DirtyMap::open(other, ID).unwrap());
    let mut writer = map.writer().unwrap();
    assert_eq!(there.writer().err(), Some(Error::RoleHeld));
    let (mut twin, mut replica) = (there.twin(), [9; 384]);
    assert_eq!(twin.pull(&mut replica, 1).map(|pulled| pulled.blocks), Ok(6));
    // Formatting leaves what is in a raw section.
    let mut bytes = [0; 128];
    other.read_raw(THIRD, 0, &mut bytes).unwrap();
    assert_eq!(replica[256..], bytes);

    let mut watcher = there.watcher().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            // Across the sections' border, and past the map, which is told.
            writer.write(250, &[1; 12]).unwrap_err();
            writer.write(252, &[1; 12]).unwrap();
            writer.mark(64, 4).unwrap();
            one.write_raw(OTHER, 64, &[2; 4]).unwrap();
            writer.publish(&Futex);
        });
        assert_eq!(watcher.wait(&Futex, None), Ok(1));
    });
    assert_eq!(twin.pull(&mut replica, 1).map(|pulled| (pulled.epoch, pulled.blocks)), Ok((1, 3)));
    other.read_raw(THIRD, 0, &mut bytes).unwrap();
    assert_eq!(
        (&replica[256..], &replica[252..256], &replica[64..68]),
        (&bytes[..], &[1; 4][..], &[2; 4][..])
    );

    // Only who has the writer can push, by a twin of the same map.
    let mut pushed = map.twin();
    replica[380..].copy_from_slice(b"back");
    let stale = pushed.push(&mut writer, &replica, &[(380, 4)], &Futex);
    assert_eq!(stale, Err(Error::Lapped { tries: 0 }));
    pushed.pull(&mut replica, 1).unwrap();
    replica[380..].copy_from_slice(b"back");
    assert_eq!(pushed.push(&mut writer, &replica, &[(380, 4)], &Futex), Ok(2));
    other.read_raw(THIRD, 0, &mut bytes).unwrap();
    assert_eq!(&bytes[124..], b"back");
}
