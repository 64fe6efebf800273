//! The newest state of a writer that never waits.

use std::cell::Cell;
use std::hint::black_box;
use std::rc::Rc;
use std::thread::{self, Scope};

use inos::{
    Access, Cooperative, FileMemory, Layout, Mode, Observer, PingPong, PingPongConfig, SectionId,
};

use super::Area;
use crate::driver::{Case, Driver};
use crate::memory::Memory;
use crate::process::{attach, create};
use crate::{Contender, Folder, Pair, Solo, inos, poll};

mod peers;

pub(super) const AREA: Area = Area {
    name: "newest_state",
    title: "The newest state, writer flat out",
    about: "The writer, on the second processor, fills all of the state with its version and \
            publishes, without a pause. The reader copies the newest state out and checks that it \
            is of one piece and not older than the last. The limit is a triple buffer for one \
            reader, written for this. INOS's observer has mapped the memory for reading only. The \
            crate triple_buffer (MPL-2.0) is there with the feature `peers-mpl`. Cases of more \
            observers share the writer's processor.",
    run,
};

const STATE: SectionId = SectionId(1);
const SMALL: usize = 4096;
const LARGE: usize = 2_304_000;
/// Tries before a reader gives up.
const TRIES: u32 = 1000;

/// Checks copies of a state whose words all are its version.
#[derive(Default)]
struct Versions(u64);

impl Versions {
    #[inline]
    fn check(&mut self, state: &[u64]) -> u64 {
        let state = black_box(state);
        let (first, middle) = (state[0], state[state.len() / 2]);
        let right = first == middle && first == state[state.len() - 1] && first >= self.0;
        self.0 = first;
        right.into()
    }
}

fn fill(state: &mut [u64], version: u64) {
    state.fill(black_box(version));
}

/// How often a reader had to start over, and how often it gave up.
#[derive(Default)]
struct Retries {
    reads: Cell<u64>,
    retries: Cell<u64>,
    failures: Cell<u64>,
}

impl Retries {
    fn count(&self, retries: u32, failed: bool) {
        self.reads.set(self.reads.get() + 1);
        self.retries.set(self.retries.get() + u64::from(retries));
        self.failures.set(self.failures.get() + u64::from(failed));
    }

    fn note(&self) -> String {
        let reads = self.reads.get().max(1) as f64;
        let retries = self.retries.get() as f64 / reads * 100.0;
        let failures = self.failures.get() as f64 / reads * 100.0;
        format!("{retries:.2} retries for 100 reads; {failures:.2} % given up")
    }
}

/// Reads so many times; `read` says whether the copy was right.
fn reads<'a>(mut read: impl FnMut() -> u64 + 'a) -> impl FnMut(u64) -> u64 + 'a {
    move |count| (0..count).map(|_| read()).sum()
}

/// Copies the newest frame into words, and checks it.
fn observe(
    observer: &Observer<'_>,
    (bytes, words): (&mut [u8], &mut [u64]),
    versions: &mut Versions,
) -> Option<(u64, u32)> {
    let observed = observer.copy(bytes, TRIES).ok()?;
    // The first, the middle and the last word are all that is checked.
    let last = words.len() - 1;
    for at in [0, last / 2 + 1, last] {
        let word = bytes[at * 8..].first_chunk().copied();
        words[at] = u64::from_le_bytes(word.unwrap_or_default());
    }
    Some((versions.check(words), observed.retries))
}

fn observer<'s: 'a, 'e: 'a, 'a>(
    scope: &'s Scope<'s, 'e>,
    (name, len, others): (&'static str, usize, usize),
    (frames, readable): (PingPong<'s, Cooperative>, PingPong<'s, Cooperative>),
    goal: Option<f64>,
) -> Box<dyn Contender + 'a> {
    let retries = Rc::new(Retries::default());
    let counted = retries.clone();
    let (mut bytes, mut words) = (vec![0; len], vec![0; len / 8]);
    let mut versions = Versions::default();
    let own = readable.observer().expect("memory to read");
    let read = reads(move || {
        let copy = (&mut bytes[..], &mut words[..]);
        let found = observe(&own, copy, &mut versions);
        counted.count(found.map_or(TRIES, |(_, retries)| retries), found.is_none());
        found.map_or(1, |(right, _)| right)
    });
    let mut here = inos(name, read).noting(move || retries.note());
    if let Some(goal) = goal {
        here = here.reach(goal);
    }
    let mut writer = frames.writer().expect("free");
    let (mut version, mut state) = (0_u64, vec![0; len]);
    // So that there is a frame before the first look.
    let mut publish = move || {
        version += 1;
        for word in state.as_chunks_mut().0 {
            *word = black_box(version).to_le_bytes();
        }
        let mut back = writer.back_mut().expect("a free slot");
        back.write(0, &state).expect("inside");
        back.publish(len).expect("inside");
    };
    publish();
    let mut pair = Pair::new(scope, here).with(1, move |stop| {
        while !stop.is_set() {
            publish();
        }
    });
    for _ in 0..others {
        let own = readable.observer().expect("memory to read");
        let mut bytes = vec![0; len];
        pair = pair.with(1, move |stop| {
            while !stop.is_set() {
                let _ = own.copy(&mut bytes, TRIES);
            }
        });
    }
    pair.boxed()
}

/// A reader that holds a seat: copies out of the frame that it pins, or only looks at it.
fn pinned<'s: 'a, 'e: 'a, 'a>(
    scope: &'s Scope<'s, 'e>,
    (name, len, copies): (&'static str, usize, bool),
    frames: PingPong<'s, Cooperative>,
) -> Box<dyn Contender + 'a> {
    let mut reader = frames.reader().expect("a seat");
    let (mut copy, mut last) = (vec![0; len], 0);
    let here: Solo<'a> = inos(
        name,
        reads(move || {
            poll(|| {
                let front = reader.front().ok()?;
                let word = |at: usize| {
                    front[at..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word))
                };
                let right = word(0) == word(len - 8) && word(0) >= last;
                last = word(0);
                if copies {
                    copy.copy_from_slice(&front);
                    black_box(&copy);
                }
                Some(right.into())
            })
        }),
    );
    let note = if copies { "" } else { "goal 30 ns at any size" };
    let mut writer = frames.writer().expect("free");
    let mut version = 0_u64;
    Pair::new(scope, here.noting(|| note.to_owned()))
        .with(1, move |stop| {
            while !stop.is_set() {
                version += 1;
                let mut back = writer.back_mut().expect("a free slot");
                let state = back.as_mut_slice().expect("pinned mode");
                for word in state.as_chunks_mut().0 {
                    *word = black_box(version).to_le_bytes();
                }
                back.publish(len).expect("inside");
            }
        })
        .boxed()
}

fn layout(len: usize, mode: Mode) -> Layout {
    let config = PingPongConfig { slots: 4, seats: 2, frame_len: len as u32, mode };
    Layout::builder().ping_pong(STATE, "state", config).build().expect("a layout")
}

fn run(driver: &mut dyn Driver) {
    let large = if driver.is_test() { 2 * SMALL } else { LARGE };
    copies(driver, ("4 KiB, one reader", SMALL));
    copies(driver, ("2.3 MB, one reader", large));
    borrows(driver, large);
}

fn copies(driver: &mut dyn Driver, (case, len): (&'static str, usize)) {
    let folders: [Folder; 3] = [Folder::new(), Folder::new(), Folder::new()];
    let observed = layout(len, Mode::Observed);
    let memories = folders.each_ref().map(|folder| folder.memory(&observed));
    let written = memories.each_ref().map(|memory| create(memory, &observed));
    let read_only = folders.each_ref().map(|folder| {
        FileMemory::open(folder.path().join("region"), Access::ReadOnly).expect("the file")
    });
    let frames = written.each_ref().map(|sections| PingPong::open(sections, STATE).expect("one"));
    let readable =
        read_only.each_ref().map(|memory| PingPong::open(&attach(memory), STATE).expect("one"));
    let mut pinned_memory = Memory::new(layout(len, Mode::Pinned));
    let pinned_frames = PingPong::open(&pinned_memory.sections(), STATE).expect("one");
    let goal = if len == SMALL { 1.1 } else { 1.05 };
    thread::scope(|scope| {
        let mut contenders = vec![
            peers::triple(scope, ("triple buffer (one reader)", len)),
            #[cfg(feature = "peers-mpl")]
            peers::triple_buffer(scope, len),
            peers::left_right(scope, len),
            peers::arc_swap(scope, len),
            peers::one_slot(scope, len),
            observer(scope, ("observer", len, 0), (frames[0], readable[0]), Some(goal)),
            observer(scope, ("observer, one of 2", len, 1), (frames[1], readable[1]), None),
            observer(scope, ("observer, one of 4", len, 3), (frames[2], readable[2]), None),
            pinned(scope, ("pinned, and copied", len, true), pinned_frames),
        ];
        if len == SMALL {
            contenders.push(peers::seqlock(scope));
        }
        let window = if len == SMALL { 64 } else { 1 };
        driver.case(Case::new(case, window).latency().bytes(len as u64), contenders);
    });
}

/// Looking at the newest state in place costs the same at any size.
fn borrows(driver: &mut dyn Driver, large: usize) {
    let mut memories = [SMALL, large].map(|len| Memory::new(layout(len, Mode::Pinned)));
    let [small, big] =
        memories.each_mut().map(|memory| PingPong::open(&memory.sections(), STATE).expect("one"));
    thread::scope(|scope| {
        let contenders = vec![
            peers::triple(scope, ("triple buffer, 64 bytes copied", 64)),
            pinned(scope, ("pinned, 4 KiB", SMALL, false), small),
            pinned(scope, ("pinned, 2.3 MB", large, false), big),
        ];
        driver.case(Case::new("a look in place", 64), contenders);
    });
}
