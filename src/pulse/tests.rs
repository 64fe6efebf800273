//! The pulse on a real clock. Nothing here depends on how quick the machine is.

use std::num::NonZeroU32;

use inos_core::{EpochTable, EpochsConfig, Layout, SectionId, Sections};

use super::*;
use crate::HeapMemory;

const EPOCHS: SectionId = SectionId(1);
const LONG: Option<Duration> = Some(Duration::from_secs(20));

fn with_epoch(test: impl FnOnce(&EpochTable<'_>)) {
    let config = EpochsConfig { count: 1, padded: true };
    let layout = Layout::builder().epochs(EPOCHS, "epochs", config).build().unwrap();
    let mut memory = HeapMemory::new(layout.total_len()).unwrap();
    let sections = Sections::create(memory.region().unwrap(), &layout, 1).unwrap();
    test(&EpochTable::open(&sections, EPOCHS).unwrap());
}

fn never() -> Rate {
    Rate::new(NonZeroU32::MIN, Duration::from_secs(100 * 365 * 86400)).unwrap()
}

#[test]
fn there_are_as_many_ticks_as_time_has_passed() {
    with_epoch(|table| {
        let (epoch, mut watcher) = (table.counter(0).unwrap(), table.watcher(0).unwrap());
        let before = Instant::now();
        let stats = Pulse::run(table.counter(0).unwrap(), Rate::hz(1000), |pulse| {
            while pulse.stats().ticks < 100 {
                watcher.wait(&Futex, LONG).unwrap();
            }
            pulse.set_state(PulseState::Stopped);
            let stats = pulse.stats();
            // Stopped is stopped.
            thread::sleep(Duration::from_millis(20));
            assert_eq!(pulse.stats(), stats);
            stats
        })
        .unwrap();
        let elapsed = u64::try_from(before.elapsed().as_millis()).unwrap();
        assert_eq!(u64::from(epoch.current()), stats.ticks);
        assert!(stats.ticks + stats.skipped <= elapsed + 1, "{stats:?} in {elapsed} ms");
        assert!(stats.ticks + stats.skipped >= 100);
    });
}

#[test]
fn a_change_of_rate_wakes_a_sleeping_pulse() {
    with_epoch(|table| {
        let mut watcher = table.watcher(0).unwrap();
        Pulse::run(table.counter(0).unwrap(), never(), |pulse| {
            assert_eq!(pulse.stats().ticks, 0);
            let fast = PulseState::Reduced(Rate::hz(1000));
            for _ in 0..3 {
                pulse.set_state(fast);
                assert_eq!(pulse.state(), fast);
                watcher.wait(&Futex, LONG).unwrap();
                pulse.set_state(PulseState::Stopped);
                // What ticked before the stop.
                let _ = watcher.changed();
            }
            pulse.set_state(PulseState::Full);
            assert_eq!(pulse.state(), PulseState::Full);
        })
        .unwrap();
        // And the end, too, does not wait for a century.
    });
}

#[test]
fn what_was_slept_through_is_skipped() {
    with_epoch(|table| {
        let stats = Pulse::run(table.counter(0).unwrap(), Rate::hz(1000), |pulse| {
            // Nothing ticks while the control is held, as nothing does in a stopped process.
            let held = pulse.shared.lock();
            thread::sleep(Duration::from_millis(50));
            drop(held);
            let mut watcher = table.watcher(0).unwrap();
            watcher.wait(&Futex, LONG).unwrap();
            pulse.set_state(PulseState::Stopped);
            pulse.stats()
        })
        .unwrap();
        assert!(stats.skipped >= 40, "{stats:?}");
    });
}

#[test]
fn a_host_that_panics_ends_the_pulse() {
    with_epoch(|table| {
        let host = || Pulse::run(table.counter(0).unwrap(), Rate::hz(10), |_| panic!("host"));
        let caught = panic::catch_unwind(panic::AssertUnwindSafe(host));
        assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"host"));
        // The epoch is free: another pulse can have it.
        Pulse::run(table.counter(0).unwrap(), Rate::hz(10), |_| {}).unwrap();
    });
}

/// The processor time of the whole process would count other tests; so the thread's own is asked.
#[cfg(target_os = "linux")]
#[test]
fn between_ticks_it_sleeps() {
    with_epoch(|table| {
        let spent = || {
            let mut all = Duration::ZERO;
            for task in std::fs::read_dir("/proc/self/task").unwrap() {
                let path = task.unwrap().path();
                // A thread of another test may end meanwhile.
                let Ok(name) = std::fs::read_to_string(path.join("comm")) else { continue };
                let Ok(schedstat) = std::fs::read_to_string(path.join("schedstat")) else {
                    continue;
                };
                if name.trim() == "pulse-asleep" {
                    let first = schedstat.split(' ').next().unwrap();
                    all += Duration::from_nanos(first.parse().unwrap());
                }
            }
            all
        };
        // A thread of its own name, since other tests have pulses, too.
        let control = Control {
            state: PulseState::Full,
            schedule: Schedule::new(Some(Rate::hz(1)), Duration::ZERO),
            ticks: 0,
            skipped: 0,
            window: Window::default(),
            is_over: false,
        };
        let (control, changed) = (Mutex::new(control), Condvar::new());
        let shared = &Shared { control, changed, start: Instant::now(), full: Rate::hz(1) };
        let epoch = &table.counter(0).unwrap();
        thread::scope(|scope| {
            let end = EndOnDrop(shared);
            let name = "pulse-asleep".to_owned();
            Builder::new().name(name).spawn_scoped(scope, move || shared.beat(epoch)).unwrap();
            thread::sleep(Duration::from_millis(100));
            let before = spent();
            thread::sleep(Duration::from_millis(400));
            // It was not woken once in that time; a busy one would have all of it.
            assert_eq!(spent() - before, Duration::ZERO);
            drop(end);
        });
    });
}
