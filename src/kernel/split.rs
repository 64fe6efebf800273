//! One call on all workers: a plan cut into pieces.
#![forbid(unsafe_code)]

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use inos_units::{Budget, Part, Plan, UnitError, guard};

use super::lock;

/// Pieces per worker: enough that one worker that is late does not hold up the rest for long.
const PIECES_PER_THREAD: usize = 4;

/// A plan whose pieces any worker takes, one at a time. The result does not depend on who took
/// which: parts are put together in the order of their ranges.
pub(super) struct Split {
    plan: Box<dyn Plan>,
    budget: Budget,
    item_count: usize,
    piece_count: usize,
    /// The place of its unit in the dispatcher.
    unit: usize,
    /// Pieces taken; may pass `piece_count` by one for each worker that looked too late.
    taken: AtomicUsize,
    done: Mutex<Done>,
    all_done: Condvar,
}

struct Done {
    parts: Vec<Part>,
    /// Pieces not yet accounted for.
    left: usize,
    /// The first failure; later pieces are not run.
    error: Option<UnitError>,
}

impl Split {
    pub(super) fn new(plan: Box<dyn Plan>, budget: Budget, threads: usize, unit: usize) -> Self {
        let item_count = plan.item_count();
        let piece_count = item_count
            .div_ceil(plan.grain().max(1))
            .clamp(1, threads.saturating_mul(PIECES_PER_THREAD));
        let mut parts = Vec::new();
        parts.resize_with(piece_count, Part::new);
        Self {
            plan,
            budget,
            item_count,
            piece_count,
            unit,
            taken: AtomicUsize::new(0),
            done: Mutex::new(Done { parts, left: piece_count, error: None }),
            all_done: Condvar::new(),
        }
    }

    pub(super) fn plan(&self) -> &dyn Plan {
        self.plan.as_ref()
    }

    /// The place of its unit in the dispatcher.
    pub(super) const fn unit(&self) -> usize {
        self.unit
    }

    /// Whether helpers can do anything.
    pub(super) const fn is_shareable(&self) -> bool {
        self.piece_count > 1
    }

    /// Whether a piece is left to be taken.
    pub(super) fn has_piece(&self) -> bool {
        // Relaxed: a hint; `take` decides.
        self.taken.load(Ordering::Relaxed) < self.piece_count
    }

    /// Runs pieces until none is left to be taken.
    pub(super) fn work(&self) {
        while self.work_once() {}
    }

    /// Runs a piece, if one is left to be taken; whether there was one.
    pub(super) fn work_once(&self) -> bool {
        let Some(index) = self.take() else { return false };
        let failed = lock(&self.done).error.is_some();
        let result = if failed {
            Ok(Part::new())
        } else {
            guard(|| self.plan.run(self.range(index), &self.budget))
        };
        self.account(index, result);
        true
    }

    /// Waits for pieces that others are running, and returns the parts in order.
    pub(super) fn wait(&self) -> Result<Vec<Part>, UnitError> {
        let mut done = lock(&self.done);
        while done.left > 0 {
            done = self.all_done.wait(done).unwrap_or_else(PoisonError::into_inner);
        }
        match done.error.take() {
            Some(error) => Err(error),
            None => Ok(std::mem::take(&mut done.parts)),
        }
    }

    fn take(&self) -> Option<usize> {
        // Relaxed: hands out numbers; the parts are published by the lock.
        let index = self.taken.fetch_add(1, Ordering::Relaxed);
        (index < self.piece_count).then_some(index)
    }

    fn account(&self, index: usize, result: Result<Part, UnitError>) {
        let mut done = lock(&self.done);
        match result {
            Ok(part) => {
                if let Some(slot) = done.parts.get_mut(index) {
                    *slot = part;
                }
            }
            Err(error) => {
                done.error.get_or_insert(error);
            }
        }
        done.left = done.left.saturating_sub(1);
        if done.left == 0 {
            self.all_done.notify_all();
        }
    }

    /// The items of a piece; together the pieces cover each item once.
    const fn range(&self, index: usize) -> Range<usize> {
        let each = self.item_count / self.piece_count;
        let longer = self.item_count % self.piece_count;
        let more = if index < longer { index } else { longer };
        let start = index * each + more;
        start..start + each + (index < longer) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inos_units::Output;

    struct Count(usize);

    const GRAIN: usize = 64;

    impl Plan for Count {
        fn grain(&self) -> usize {
            GRAIN
        }

        fn item_count(&self) -> usize {
            self.0
        }

        fn run(&self, range: Range<usize>, budget: &Budget) -> Result<Part, UnitError> {
            budget.check()?;
            assert!(range.start != 640, "a bug in a unit");
            Ok(range.map(|item| item as u8).collect())
        }

        fn merge(&self, _: Vec<Part>, _: &mut dyn Output) -> Result<usize, UnitError> {
            Ok(0)
        }
    }

    #[test]
    fn pieces_cover_every_item_once_and_are_neither_many_nor_tiny() {
        for items in [0, 1, 63, 64, 65, 600, 4000] {
            for threads in [1, 2, 3, 8] {
                let split = Split::new(Box::new(Count(items)), Budget::unlimited(), threads, 0);
                assert!(split.piece_count <= threads * PIECES_PER_THREAD);
                assert!(split.piece_count == 1 || items / split.piece_count >= GRAIN / 2);
                let mut end = 0;
                for index in 0..split.piece_count {
                    assert_eq!(split.range(index).start, end);
                    end = split.range(index).end;
                }
                assert_eq!(end, items);
            }
        }
    }

    #[test]
    fn parts_come_in_order_and_a_panic_is_an_error() {
        let split = Split::new(Box::new(Count(500)), Budget::unlimited(), 4, 0);
        std::thread::scope(|scope| {
            scope.spawn(|| split.work());
            split.work();
        });
        assert!(!split.has_piece());
        let expected: Vec<u8> = (0..500).map(|item| item as u8).collect();
        assert_eq!(split.wait().unwrap().concat(), expected);

        let split = Split::new(Box::new(Count(1280)), Budget::unlimited(), 1, 0);
        split.work();
        assert_eq!(split.wait(), Err(UnitError::Panicked));
    }
}
