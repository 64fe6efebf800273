//! A contender whose partner is a thread on another processor.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::Duration;

use crate::Apart;
use crate::contender::{Amount, Contender, Role, Solo};
use crate::pin::pin_to;

/// Tells partners to end.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Apart<AtomicBool>>);

impl Stop {
    /// Whether to end.
    #[must_use]
    #[inline]
    pub fn is_set(&self) -> bool {
        // Relaxed: nothing else is told by it.
        self.0.get().load(Ordering::Relaxed)
    }

    fn set(&self, stop: bool) {
        self.0.get().store(stop, Ordering::SeqCst);
    }

    /// As [`poll`](crate::poll), but `None` as soon as it is time to end.
    #[inline]
    pub fn poll<T>(&self, mut look: impl FnMut() -> Option<T>) -> Option<T> {
        crate::poll(|| match look() {
            Some(found) => Some(Some(found)),
            None if self.is_set() => Some(None),
            None => None,
        })
    }
}

impl Stop {
    /// Does `work` again and again, waiting where it says `None`, until it is time to end.
    #[inline]
    pub fn repeat(&self, mut work: impl FnMut() -> Option<()>) {
        while self.poll(&mut work).is_some() {}
    }
}

type Work<'s> = Box<dyn FnMut(&Stop) + Send + 's>;

/// A contender with partners in other threads of this process, which live from `start` to `stop`
/// and keep their state in between.
pub struct Pair<'s, 'e, 'a> {
    here: Solo<'a>,
    scope: &'s Scope<'s, 'e>,
    /// Each with the processor it runs on.
    idle: Vec<(usize, Work<'s>)>,
    busy: Vec<ScopedJoinHandle<'s, (usize, Work<'s>)>>,
    stop: Stop,
    unblock: Box<dyn FnMut() + 'a>,
}

impl<'s, 'e, 'a> Pair<'s, 'e, 'a> {
    /// `here` runs on this thread.
    #[must_use]
    pub fn new(scope: &'s Scope<'s, 'e>, here: Solo<'a>) -> Self {
        let stop = Stop::default();
        let unblock = Box::new(|| {});
        Self { here, scope, idle: Vec::new(), busy: Vec::new(), stop, unblock }
    }

    /// Adds a partner on this processor, which works until it is told to stop.
    #[must_use]
    pub fn with(mut self, processor: usize, work: impl FnMut(&Stop) + Send + 's) -> Self {
        let mut work = Apart::new(work);
        self.idle.push((processor, Box::new(move |stop| work.get_mut()(stop))));
        self
    }

    /// What wakes partners that sleep, after they were told to stop.
    #[must_use]
    pub fn unblock(mut self, unblock: impl FnMut() + 'a) -> Self {
        self.unblock = Box::new(unblock);
        self
    }

    /// As the harness takes it.
    #[must_use]
    pub fn boxed(self) -> Box<dyn Contender + 'a>
    where
        's: 'a,
        'e: 'a,
    {
        Box::new(self)
    }
}

impl Contender for Pair<'_, '_, '_> {
    fn name(&self) -> &str {
        self.here.name()
    }

    fn role(&self) -> Role {
        self.here.role()
    }

    fn goal(&self) -> Option<f64> {
        self.here.goal()
    }

    fn at(&self) -> Option<Amount> {
        self.here.at()
    }

    fn start(&mut self) {
        self.stop.set(false);
        let running = Arc::new(AtomicUsize::new(0));
        let count = self.idle.len();
        for (processor, mut work) in self.idle.drain(..) {
            let stop = self.stop.clone();
            let running = running.clone();
            self.busy.push(self.scope.spawn(move || {
                pin_to(processor);
                running.fetch_add(1, Ordering::Relaxed);
                work(&stop);
                (processor, work)
            }));
        }
        // A partner that is still on its way would make this one look fast.
        while running.load(Ordering::Relaxed) < count {
            thread::sleep(Duration::from_micros(50));
        }
    }

    fn prepare(&mut self) {
        self.here.prepare();
    }

    fn run(&mut self, count: u64) -> u64 {
        self.here.run(count)
    }

    fn stop(&mut self) {
        self.stop.set(true);
        (self.unblock)();
        for thread in self.busy.drain(..) {
            self.idle.push(thread.join().expect("a partner panicked"));
        }
    }

    fn note(&self) -> String {
        self.here.note()
    }
}

impl Drop for Pair<'_, '_, '_> {
    /// Whoever panics must not wait for partners that never end.
    fn drop(&mut self) {
        self.stop.set(true);
    }
}
