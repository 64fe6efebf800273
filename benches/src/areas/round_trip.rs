//! There and back between two processes that poll.

use std::sync::atomic::Ordering;

use inos::{EpochTable, EpochsConfig, Layout, RingBuffer, RingConfig, SectionId, Sections, Spin};

use super::Area;
use crate::driver::{Case, Driver};
use crate::process::{attach, create};
use crate::{Contender, Folder, Pair, Partner, Process, inos, limit, peer, poll};

const EPOCHS: SectionId = SectionId(1);
const THERE: SectionId = SectionId(2);
const BACK: SectionId = SectionId(3);
/// Bytes of a record.
const LEN: usize = 64;

pub(super) const AREA: Area = Area {
    name: "round_trip",
    title: "Round trip, polling on two processors",
    about: "One side stores, the other sees it and answers. The limit spins on two atomic words \
            that two processes share. rtrb knows no other process, so its partner is a thread. \
            iceoryx2 is there with the feature `peers-heavy`.",
    run,
};

fn layout() -> Layout {
    Layout::builder()
        .epochs(EPOCHS, "epochs", EpochsConfig { count: 2, padded: true })
        .ring(THERE, "there", RingConfig { capacity: 1024 })
        .ring(BACK, "back", RingConfig { capacity: 1024 })
        .build()
        .expect("a layout")
}

/// A record that carries a number.
fn record(number: u32) -> [u8; LEN] {
    let mut record = [0x5a; LEN];
    record[..4].copy_from_slice(&number.to_le_bytes());
    record
}

fn number_of(record: &[u8]) -> u32 {
    u32::from_le_bytes([record[0], record[1], record[2], record[3]])
}

/// Asks so many times; how many answers were the question.
pub(super) fn ask(count: u64, number: &mut u32, mut trip: impl FnMut(u32) -> u32) -> u64 {
    let mut right = 0;
    for _ in 0..count {
        *number = number.wrapping_add(1);
        right += u64::from(trip(*number) == *number);
    }
    right
}

pub(super) fn spin_partner(partner: &Partner) {
    let (there, back) = (partner.word(0), partner.word(1));
    let mut seen = back.load(Ordering::Acquire);
    partner.ready();
    while let Some(now) =
        partner.poll(|| Some(there.load(Ordering::Acquire)).filter(|&n| n != seen))
    {
        seen = now;
        back.store(seen, Ordering::Release);
    }
}

pub(super) fn epoch_partner(partner: &Partner) {
    let memory = partner.memory();
    let epochs = EpochTable::open(&attach(&memory), EPOCHS).expect("epochs");
    let mut there = epochs.watcher(0).expect("there are two");
    let back = epochs.counter(1).expect("there are two");
    partner.ready();
    while partner.poll(|| there.changed()).is_some() {
        back.advance(&Spin::default());
    }
}

pub(super) fn ring_partner(partner: &Partner) {
    let memory = partner.memory();
    let sections = attach(&memory);
    let mut there = open(&sections, THERE).consumer().expect("free");
    let mut back = open(&sections, BACK).producer().expect("free");
    partner.ready();
    let mut bytes = [0; LEN];
    while let Some(popped) = partner.poll(|| there.pop(&mut bytes).ok()) {
        back.push(popped.tag, &bytes[..popped.len]).expect("there is room");
    }
}

fn open<'m>(
    sections: &Sections<'m, inos::Cooperative>,
    id: SectionId,
) -> RingBuffer<'m, inos::Cooperative> {
    RingBuffer::open(sections, id).expect("a ring")
}

/// The limit of all who poll.
pub(super) fn spin<'a>(words: &'a Folder) -> Box<dyn Contender + 'a> {
    let mut spun = 0;
    let here = limit("spin on two atomics", move |count| {
        let (there, back) = (words.word(0), words.word(1));
        ask(count, &mut spun, |number| {
            there.store(number, Ordering::Release);
            poll(|| Some(back.load(Ordering::Acquire)).filter(|&answer| answer == number))
        })
    });
    Process::new(words, "round_trip/spin", 1, here).boxed()
}

fn run(driver: &mut dyn Driver) {
    #[cfg(feature = "peers-heavy")]
    let heavy = [Folder::new(), Folder::new()];
    let [words, epochs, rings] = &[Folder::new(), Folder::new(), Folder::new()];
    let layout = layout();
    let (epoch_memory, ring_memory) = (epochs.memory(&layout), rings.memory(&layout));

    let table = EpochTable::open(&create(&epoch_memory, &layout), EPOCHS).expect("epochs");
    let there = table.counter(0).expect("there are two");
    let mut back = table.watcher(1).expect("there are two");
    let mut epoch = 0;
    let epoch = inos("epoch each way", move |count| {
        ask(count, &mut epoch, |_| {
            there.advance(&Spin::default());
            poll(|| back.changed())
        })
    });

    let sections = create(&ring_memory, &layout);
    let mut there = open(&sections, THERE).producer().expect("free");
    let mut back = open(&sections, BACK).consumer().expect("free");
    let (mut sent, mut bytes) = (0, [0; LEN]);
    let ring = inos("64 bytes each way, rings", move |count| {
        ask(count, &mut sent, |number| {
            there.push(number, &record(number)).expect("there is room");
            let popped = poll(|| back.pop(&mut bytes).ok());
            number_of(&bytes).min(popped.tag)
        })
    });

    std::thread::scope(|scope| {
        let (mut there, mut asked) = rtrb::RingBuffer::<[u8; LEN]>::new(128);
        let (mut answers, mut back) = rtrb::RingBuffer::<[u8; LEN]>::new(128);
        let mut sent = 0;
        let here = peer("64 bytes each way, rtrb (threads)", move |count| {
            ask(count, &mut sent, |number| {
                there.push(record(number)).expect("there is room");
                number_of(&poll(|| back.pop().ok()))
            })
        });
        let rtrb = Pair::new(scope, here).with(1, move |stop| {
            while let Some(record) = stop.poll(|| asked.pop().ok()) {
                answers.push(record).expect("there is room");
            }
        });
        let contenders: Vec<Box<dyn Contender + '_>> = vec![
            spin(words),
            rtrb.boxed(),
            #[cfg(feature = "peers-heavy")]
            super::iceoryx::pub_sub(&heavy[0]),
            #[cfg(feature = "peers-heavy")]
            super::iceoryx::request_response(&heavy[1]),
            Process::new(epochs, "round_trip/epoch", 1, epoch.reach(1.1)).boxed(),
            Process::new(rings, "round_trip/ring", 1, ring.reach(1.3)).boxed(),
        ];
        driver.case(Case::new("two processors", 64).latency(), contenders);
    });
}
