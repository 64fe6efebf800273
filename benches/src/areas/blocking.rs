//! There and back between two who sleep.

use std::sync::atomic::{AtomicU32, Ordering, fence};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, Scope, Thread};

use event_listener::{Event, Listener as _};
use inos::{EpochTable, EpochsConfig, Futex, Layout, SectionId, SpinThenPark};
use rustix::thread::futex;

use super::Area;
use super::round_trip::{ask, spin};
use crate::driver::{Case, Driver};
use crate::process::{attach, create};
use crate::{Contender, Folder, Pair, Partner, Process, inos, limit, peer};

const EPOCHS: SectionId = SectionId(1);

pub(super) const AREA: Area = Area {
    name: "blocking",
    title: "Round trip, blocking",
    about: "One side stores, wakes the other and sleeps until it is answered. The limit stores, \
            and calls the kernel to wake and to sleep each time, between two processes. On two \
            processors of a virtual machine the wake-up of the other one hides the rest. Those \
            that know no other process have a thread for a partner: std's park, Condvar, \
            event-listener, atomic-wait. `SpinThenPark` looks for a while before it sleeps, so \
            its limit is that of polling.",
    run,
};

fn layout() -> Layout {
    Layout::builder()
        .epochs(EPOCHS, "epochs", EpochsConfig { count: 2, padded: true })
        .build()
        .expect("a layout")
}

fn wake(word: &AtomicU32) {
    // Can't fail: the word is mapped and aligned.
    let _ = futex::wake(word, futex::Flags::empty(), 1);
}

/// Sleeps until the word is not `seen`.
fn sleep(word: &AtomicU32, seen: u32) -> u32 {
    loop {
        let now = word.load(Ordering::Acquire);
        if now != seen {
            return now;
        }
        let _ = futex::wait(word, futex::Flags::empty(), seen, None);
    }
}

pub(super) fn futex_partner(partner: &Partner) {
    let (there, back) = (partner.word(0), partner.word(1));
    let mut seen = there.load(Ordering::Acquire);
    partner.ready();
    loop {
        seen = sleep(there, seen);
        if partner.is_stopped() {
            return;
        }
        back.store(seen, Ordering::Release);
        wake(back);
    }
}

/// As `sleep`, with a word that says that somebody does.
fn sleep_flagged(word: &AtomicU32, flag: &AtomicU32, seen: u32) -> u32 {
    loop {
        flag.store(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        let now = word.load(Ordering::Acquire);
        if now != seen {
            flag.store(0, Ordering::Relaxed);
            return now;
        }
        let _ = futex::wait(word, futex::Flags::empty(), seen, None);
    }
}

fn store_flagged(word: &AtomicU32, flag: &AtomicU32, value: u32) {
    word.store(value, Ordering::Release);
    fence(Ordering::SeqCst);
    if flag.load(Ordering::Relaxed) != 0 {
        flag.store(0, Ordering::Relaxed);
        wake(word);
    }
}

pub(super) fn flag_partner(partner: &Partner) {
    let [there, there_flag, back, back_flag] = [0, 1, 2, 3].map(|line| partner.word(line));
    let mut seen = there.load(Ordering::Acquire);
    partner.ready();
    loop {
        seen = sleep_flagged(there, there_flag, seen);
        if partner.is_stopped() {
            return;
        }
        store_flagged(back, back_flag, seen);
    }
}

pub(super) fn epoch_partner(partner: &Partner) {
    answer(partner, &Futex);
}

pub(super) fn spin_then_park_partner(partner: &Partner) {
    answer(partner, &LOOK_FIRST);
}

/// Looks for about as long as a sleep would take.
const LOOK_FIRST: SpinThenPark<Futex> = SpinThenPark { looks: 2000, park: Futex };

fn answer<P: inos::Park>(partner: &Partner, park: &P) {
    let memory = partner.memory();
    let epochs = EpochTable::open(&attach(&memory), EPOCHS).expect("epochs");
    let mut there = epochs.watcher(0).expect("there are two");
    let back = epochs.counter(1).expect("there are two");
    partner.ready();
    loop {
        there.wait(park, None).expect("no timeout");
        if partner.is_stopped() {
            return;
        }
        back.advance(park);
    }
}

/// Epochs between two processes, which sleep as `park` does.
fn epochs<'a, P: inos::Park + Copy + 'a>(
    name: &'static str,
    (folder, memory): (&'a Folder, &'a inos::FileMemory),
    (partner, processor): (&'static str, usize),
    (park, goal): (P, Option<f64>),
) -> Box<dyn Contender + 'a> {
    let table = EpochTable::open(&create(memory, &layout()), EPOCHS).expect("epochs");
    let there = table.counter(0).expect("there are two");
    let mut back = table.watcher(1).expect("there are two");
    let mut number = back.current();
    let mut here = inos(name, move |count| {
        ask(count, &mut number, |_| {
            there.advance(&park);
            back.wait(&park, None).expect("no timeout")
        })
    });
    if let Some(goal) = goal {
        here = here.reach(goal);
    }
    Process::new(folder, partner, processor, here)
        .unblock(move || {
            there.advance(&Futex);
        })
        .boxed()
}

/// Two processes and the kernel.
fn bare<'a>(folder: &'a Folder, processor: usize) -> Box<dyn Contender + 'a> {
    let (there, back) = (folder.word(0), folder.word(1));
    let mut number = 0;
    let here = limit("raw futex", move |count| {
        ask(count, &mut number, |number| {
            let seen = back.load(Ordering::Relaxed);
            there.store(number, Ordering::Release);
            wake(there);
            sleep(back, seen)
        })
    });
    let unblock = move || {
        there.fetch_xor(1 << 31, Ordering::Release);
        wake(there);
    };
    Process::new(folder, "blocking/futex", processor, here).unblock(unblock).boxed()
}

fn flagged<'a>(folder: &'a Folder, processor: usize) -> Box<dyn Contender + 'a> {
    let [there, there_flag, back, back_flag] = [0, 1, 2, 3].map(|line| folder.word(line));
    let mut number = 0;
    let here = peer("waiter flag and futex", move |count| {
        ask(count, &mut number, |number| {
            let seen = back.load(Ordering::Relaxed);
            store_flagged(there, there_flag, number);
            sleep_flagged(back, back_flag, seen)
        })
    });
    let unblock = move || {
        there.fetch_xor(1 << 31, Ordering::Release);
        wake(there);
    };
    Process::new(folder, "blocking/flag", processor, here).unblock(unblock).boxed()
}

/// Both directions of something that two threads share, by which each can store a number, waking
/// the other, and sleep until the number is not the one it has seen.
struct Way<S, W> {
    store: S,
    sleep: W,
}

/// A partner thread that answers by the same means.
fn threads<'s: 'a, 'e: 'a, 'a, S, W>(
    scope: &'s Scope<'s, 'e>,
    name: &'static str,
    processor: usize,
    [there, back]: [Way<S, W>; 2],
) -> Box<dyn Contender + 'a>
where
    S: Fn(u32) + Clone + Send + Sync + 's,
    W: Fn(u32) -> u32 + Send + 's,
{
    let (mut number, mut answered, mut seen) = (0, 0, 0);
    let (ask_them, listen, store, sleep) = (there.store, there.sleep, back.store, back.sleep);
    let unblock = ask_them.clone();
    let here = peer(name, move |count| {
        ask(count, &mut number, |number| {
            ask_them(number);
            answered = sleep(answered);
            answered
        })
    });
    Pair::new(scope, here)
        .with(processor, move |stop| {
            loop {
                seen = listen(seen);
                if stop.is_set() {
                    return;
                }
                store(seen);
            }
        })
        .unblock(move || unblock(u32::MAX))
        .boxed()
}

/// Who sleeps, as soon as it is known.
type Sleeper = Arc<(AtomicU32, Mutex<Option<Thread>>)>;

fn park_way() -> Way<impl Fn(u32) + Clone + Send + Sync, impl Fn(u32) -> u32 + Send> {
    let state: Sleeper = Arc::default();
    let shared = state.clone();
    let store = move |number| {
        shared.0.store(number, Ordering::SeqCst);
        if let Some(thread) = &*shared.1.lock().expect("sound") {
            thread.unpark();
        }
    };
    let sleep = move |seen| {
        let mut now = state.0.load(Ordering::SeqCst);
        if now == seen {
            let mut sleeper = state.1.lock().expect("sound");
            // The partner is another thread in each round.
            let own = thread::current();
            if sleeper.as_ref().is_none_or(|thread| thread.id() != own.id()) {
                *sleeper = Some(own);
            }
        }
        loop {
            now = state.0.load(Ordering::SeqCst);
            if now != seen {
                return now;
            }
            thread::park();
        }
    };
    Way { store, sleep }
}

fn condvar_way() -> Way<impl Fn(u32) + Clone + Send + Sync, impl Fn(u32) -> u32 + Send> {
    let state = Arc::new((Mutex::new(0), Condvar::new()));
    let shared = state.clone();
    let store = move |number| {
        *shared.0.lock().expect("sound") = number;
        shared.1.notify_one();
    };
    let sleep = move |seen| {
        let guard = state.0.lock().expect("sound");
        *state.1.wait_while(guard, |now| *now == seen).expect("sound")
    };
    Way { store, sleep }
}

fn event_way() -> Way<impl Fn(u32) + Clone + Send + Sync, impl Fn(u32) -> u32 + Send> {
    let state = Arc::new((AtomicU32::new(0), Event::new()));
    let shared = state.clone();
    let store = move |number| {
        shared.0.store(number, Ordering::Release);
        shared.1.notify(1);
    };
    let sleep = move |seen| loop {
        let now = state.0.load(Ordering::Acquire);
        if now != seen {
            return now;
        }
        let listener = state.1.listen();
        if state.0.load(Ordering::Acquire) == seen {
            listener.wait();
        }
    };
    Way { store, sleep }
}

fn atomic_wait_way() -> Way<impl Fn(u32) + Clone + Send + Sync, impl Fn(u32) -> u32 + Send> {
    let state = Arc::new(AtomicU32::new(0));
    let shared = state.clone();
    let store = move |number| {
        shared.store(number, Ordering::Release);
        atomic_wait::wake_one(&*shared);
    };
    let sleep = move |seen| loop {
        let now = state.load(Ordering::Acquire);
        if now != seen {
            return now;
        }
        atomic_wait::wait(&state, seen);
    };
    Way { store, sleep }
}

fn run(driver: &mut dyn Driver) {
    for (processor, name) in [(0, "one processor"), (1, "two processors")] {
        let (words, flags, folder) = (Folder::new(), Folder::new(), Folder::new());
        #[cfg(feature = "peers-heavy")]
        let heavy = Folder::new();
        let memory = folder.memory(&layout());
        thread::scope(|scope| {
            let contenders = vec![
                bare(&words, processor),
                #[cfg(feature = "peers-heavy")]
                super::iceoryx::event(&heavy, processor),
                flagged(&flags, processor),
                threads(scope, "park (threads)", processor, [park_way(), park_way()]),
                threads(scope, "Condvar (threads)", processor, [condvar_way(), condvar_way()]),
                threads(scope, "event-listener (threads)", processor, [event_way(), event_way()]),
                threads(
                    scope,
                    "atomic-wait (threads)",
                    processor,
                    [atomic_wait_way(), atomic_wait_way()],
                ),
                epochs(
                    "epoch, Futex",
                    (&folder, &memory),
                    ("blocking/epoch", processor),
                    (Futex, (processor == 0).then_some(0.8)),
                ),
            ];
            driver.case(Case::new(name, 16).latency(), contenders);
        });
    }
    let (words, folder) = (Folder::new(), Folder::new());
    let memory = folder.memory(&layout());
    let contenders = vec![
        spin(&words),
        epochs(
            "epoch, SpinThenPark",
            (&folder, &memory),
            ("blocking/spin-then-park", 1),
            (LOOK_FIRST, Some(1.0)),
        ),
    ];
    driver.case(Case::new("two processors, quick answers", 64).latency(), contenders);
}
