//! Whether an operation costs the same however large the region is, and however many there are.

use std::hint::black_box;

use inos::units::VecOutput;
use inos::{
    Budget, Call, Cooperative, EpochTable, EpochsConfig, Layout, NamedEpochs, NamedEpochsConfig,
    RingBuffer, RingConfig, SectionId, Sections, Spin,
};

use super::{Area, dispatch, registry};
use crate::driver::{Case, Driver};
use crate::memory::Memory;
use crate::plot::bytes;
use crate::{Amount, Contender, inos, limit};

pub(super) const AREA: Area = Area {
    name: "growth",
    title: "Cost of an operation, however large and however many",
    about: "Contenders differ in size only; ratios are to the smallest. Sizes of regions are in \
            bytes, with a ring and an epoch at the far end; the rest are numbers of epochs, \
            watchers and units. All sizes of a case take turns in one process.",
    run,
};

const RAW: SectionId = SectionId(1);
const RING: SectionId = SectionId(2);
const EPOCHS: SectionId = SectionId(3);
const TAG: u32 = 7;

const COUNTS: [usize; 6] = [1, 4, 16, 64, 256, 1024];

/// A contender of this size; the first is the limit of the others.
fn sized<'a>(
    first: bool,
    (name, size): (String, Amount),
    run: impl FnMut(u64) -> u64 + 'a,
) -> Box<dyn Contender + 'a> {
    let solo = if first { limit(name, run) } else { inos(name, run) };
    solo.stand(size).boxed()
}

/// One epoch after another of so many.
fn advance(table: EpochTable<'_>) -> impl FnMut(u64) -> u64 + '_ {
    let park = Spin::default();
    let mut index = 0;
    move |count| {
        let mut right = 0;
        for _ in 0..count {
            index = (index + 389) % table.count();
            let counter = table.counter(index).expect("inside");
            let before = counter.current();
            right += u64::from(counter.advance(&park) == before + 1);
        }
        right
    }
}

fn run(driver: &mut dyn Driver) {
    regions(driver);
    epochs(driver);
    units(driver);
}

fn region_layout(len: usize) -> Layout {
    // What the other sections and the superblock take of it.
    const REST: usize = 2048;
    Layout::builder()
        .raw(RAW, "world", (len - REST) as u64)
        .ring(RING, "ring", RingConfig { capacity: 64 })
        .epochs(EPOCHS, "epochs", EpochsConfig { count: 1, padded: true })
        .build()
        .expect("a layout")
}

fn regions(driver: &mut dyn Driver) {
    let sizes: &[usize] = if driver.is_test() {
        &[4096, 65_536]
    } else {
        &[4096, 65_536, 1 << 20, 16 << 20, 256 << 20, 1 << 30]
    };
    let mut memories: Vec<_> = sizes.iter().map(|&size| Memory::new(region_layout(size))).collect();
    let regions: Vec<Sections<'_, Cooperative>> =
        memories.iter_mut().map(Memory::sections).collect();
    let named = |size: usize| (bytes(size as f64), Amount::Bytes(size as f64));

    let contenders = sizes.iter().zip(&regions).enumerate().map(|(at, (&size, sections))| {
        let table = EpochTable::open(sections, EPOCHS).expect("epochs");
        sized(at == 0, named(size), advance(table))
    });
    driver.case(Case::new("advance, by bytes of the region", 4096), contenders.collect());

    let contenders = sizes.iter().zip(&regions).enumerate().map(|(at, (&size, sections))| {
        let ring = RingBuffer::open(sections, RING).expect("a ring");
        let (mut producer, mut consumer) =
            (ring.producer().expect("free"), ring.consumer().expect("free"));
        let mut out = [0; 64];
        sized(at == 0, named(size), move |count| {
            let mut right = 0;
            for _ in 0..count {
                producer.push(TAG, black_box(&[1; 64])).expect("there is room");
                right += u64::from(consumer.pop(&mut out).is_ok_and(|p| p.tag == TAG));
            }
            right
        })
    });
    driver.case(Case::new("push and pop, by bytes of the region", 1024), contenders.collect());

    let contenders = sizes.iter().zip(&regions).enumerate().map(|(at, (&size, sections))| {
        let mut out = [0; 64];
        let mut place = 0;
        // Within 1 KiB: what is asked is what finding the place costs, not a miss of the cache.
        let last = sections.section(RAW).expect("raw").len() as usize - 1024;
        sized(at == 0, named(size), move |count| {
            let mut right = 0;
            for _ in 0..count {
                place = (place + 64) % 1024;
                right += u64::from(sections.read_raw(RAW, last + place, &mut out).is_ok());
            }
            right
        })
    });
    driver.case(Case::new("read 64 bytes, by bytes of the region", 1024), contenders.collect());
}

fn epochs(driver: &mut dyn Driver) {
    let table_layout = |count| {
        let config = EpochsConfig { count: count as u32, padded: true };
        let named = NamedEpochsConfig { slots: count as u32 };
        Layout::builder().epochs(EPOCHS, "epochs", config).named_epochs(RAW, "named", named)
    };
    let mut memories: Vec<_> = COUNTS
        .iter()
        .map(|&count| Memory::new(table_layout(count).build().expect("a layout")))
        .collect();
    let regions: Vec<_> = memories.iter_mut().map(Memory::sections).collect();
    let named = |count: usize| (count.to_string(), Amount::Count(count as f64));
    let tables: Vec<_> = regions
        .iter()
        .map(|sections| EpochTable::open(sections, EPOCHS).expect("epochs"))
        .collect();

    let contenders = COUNTS
        .iter()
        .zip(&tables)
        .enumerate()
        .map(|(at, (&count, table))| sized(at == 0, named(count), advance(*table)));
    driver.case(Case::new("advance, by number of epochs", 4096), contenders.collect());

    // So many watchers of one epoch: whoever advances it knows nothing of them.
    let contenders = COUNTS.iter().zip(&tables).enumerate().map(|(at, (&count, table))| {
        let mut watchers: Vec<_> = (0..count).map(|_| table.watcher(0).expect("inside")).collect();
        let counter = table.counter(0).expect("inside");
        let park = Spin::default();
        let mut next = 0;
        sized(at == 0, named(count), move |turns| {
            let mut right = 0;
            for _ in 0..turns {
                next = (next + 1) % watchers.len();
                let now = counter.advance(&park);
                right += u64::from(watchers[next].changed() == Some(now));
            }
            right
        })
    });
    driver.case(Case::new("advance and see, by number of watchers", 4096), contenders.collect());

    let all_names: Vec<_> = COUNTS.iter().map(|&count| epoch_names(count)).collect();
    let contenders = COUNTS.iter().zip(&regions).zip(&all_names).enumerate().map(
        |(at, ((&count, sections), names))| {
            let bank = NamedEpochs::open(sections, RAW).expect("a bank");
            for name in names {
                bank.allocate(name).expect("a free slot");
            }
            let find = registry::lookups(names, move |_, name| {
                bank.find(name).is_ok_and(|found| found.is_some())
            });
            sized(at == 0, named(count), find)
        },
    );
    driver.case(Case::new("find an epoch, by number of epochs", 256), contenders.collect());
}

fn epoch_names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("epoch-{number:04}")).collect()
}

fn units(driver: &mut dyn Driver) {
    let all_names: Vec<_> = COUNTS.iter().map(|&count| registry::names(count)).collect();
    let mut memories: Vec<_> =
        COUNTS.iter().map(|&count| Memory::new(registry::layout(count))).collect();
    let named = |count: usize| (count.to_string(), Amount::Count(count as f64));
    let contenders = COUNTS.iter().zip(&mut memories).zip(&all_names).enumerate().map(
        |(at, ((&count, memory), names))| {
            let registry = registry::registry(&memory.sections(), names);
            let find = registry::lookups(names, move |_, name| registry.find(name).is_ok());
            sized(at == 0, named(count), find)
        },
    );
    driver.case(Case::new("find a unit, by number of units", 1024), contenders.collect());

    let dispatchers = COUNTS.map(dispatch::dispatcher);
    let budget = Budget::unlimited();
    let contenders =
        COUNTS.iter().zip(&dispatchers).enumerate().map(|(at, (&count, dispatcher))| {
            let ids: Vec<_> = dispatcher
                .units()
                .map(|info| dispatcher.resolve(info.name, "first").expect("it is there"))
                .collect();
            let mut out = VecOutput::new(64);
            let budget = &budget;
            let call = dispatch::calls(ids.len(), move |at, input| {
                let call = Call { input, params: b"" };
                dispatcher.execute(ids[at], call, &mut out, budget).unwrap_or(usize::MAX)
            });
            sized(at == 0, named(count), call)
        });
    driver.case(Case::new("call a method, by number of units", 1024), contenders.collect());
}
