//! What is timed: contenders, and the rows of the table in which they meet.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::machine;

/// On whose side a contender is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The least that the machine must do; all ratios of a row are to the first of these.
    Limit,
    /// Somebody else's library.
    Peer,
    /// Ours.
    Inos,
}

/// How much one call of a contender does: so many windows of so many operations each.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    /// Windows.
    pub count: usize,
    /// Operations in each.
    pub ops: usize,
}

/// What a contender should reach.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// At most so many times the limit.
    Ratio(f64),
    /// At most so many nanoseconds, on an idle machine of 3 GHz or so.
    Time(f64),
}

/// Something that is timed, window by window: nanoseconds per operation for each.
type Timed = Box<dyn FnMut(Windows) -> Vec<f64>>;

/// One column of a row.
pub struct Contender {
    /// As it stands in the table.
    pub name: &'static str,
    /// On whose side it is.
    pub side: Side,
    timed: Timed,
}

impl Contender {
    /// From code that times itself.
    pub fn new(
        name: &'static str,
        side: Side,
        timed: impl FnMut(Windows) -> Vec<f64> + 'static,
    ) -> Self {
        Self { name, side, timed: Box::new(timed) }
    }

    /// In one thread: `run` does so many operations, and checks what came of them.
    pub fn solo(name: &'static str, side: Side, mut run: impl FnMut(usize) + 'static) -> Self {
        Self::new(name, side, move |windows| {
            (0..windows.count)
                .map(|_| {
                    let begin = Instant::now();
                    run(windows.ops);
                    nanoseconds_per_op(begin, windows.ops)
                })
                .collect()
        })
    }

    /// Times it.
    pub fn time(&mut self, windows: Windows) -> Vec<f64> {
        (self.timed)(windows)
    }
}

/// A comparison.
pub struct Row {
    /// Short, without spaces.
    pub id: &'static str,
    /// What an operation is.
    pub what: &'static str,
    /// Operations in a window: longer than any queue in it.
    pub ops: usize,
    /// The least windows of an operation each for a histogram, if latency is what counts.
    pub latency: bool,
    /// What our contenders should reach.
    pub goals: &'static [(&'static str, Goal)],
    /// The limit first.
    pub contenders: Vec<Contender>,
}

/// Nanoseconds since `begin`, for each of so many operations.
pub fn nanoseconds_per_op(begin: Instant, ops: usize) -> f64 {
    begin.elapsed().as_nanos() as f64 / ops as f64
}

/// A message.
pub const MESSAGE_LEN: usize = 64;
/// Messages that are sent and received at a time.
pub const BLOCK: usize = 64;
/// Messages, each with its number in front.
pub type Block = [[u8; MESSAGE_LEN]; BLOCK];

/// A queue, by its two ends. Each goes on where it stopped when it returned `false`.
pub struct Pipe {
    /// Sends the block.
    pub send: Box<dyn FnMut(&Block) -> bool + Send>,
    /// Receives a block.
    pub receive: Box<dyn FnMut(&mut Block) -> bool + Send>,
}

fn number(block: &mut Block, first: u64) {
    for (message, number) in block.iter_mut().zip(first..) {
        message[..8].copy_from_slice(&number.to_le_bytes());
    }
}

fn check(block: &Block, first: u64) {
    for (message, number) in block.iter().zip(first..) {
        assert_eq!(message[..8], number.to_le_bytes(), "a message is lost or torn");
    }
}

impl Pipe {
    /// Both ends in one thread, a block there and back at a time.
    pub fn in_one_thread(mut self, name: &'static str, side: Side) -> Contender {
        let (mut out, mut back) = ([[7; MESSAGE_LEN]; BLOCK], [[0; MESSAGE_LEN]; BLOCK]);
        let mut first = 0;
        Contender::solo(name, side, move |ops| {
            for _ in 0..ops.div_ceil(BLOCK) {
                number(&mut out, first);
                assert!((self.send)(std::hint::black_box(&out)), "there is room for a block");
                assert!((self.receive)(&mut back), "a block was sent");
                check(std::hint::black_box(&back), first);
                first += BLOCK as u64;
            }
        })
    }

    /// The ends in two threads, on a processor each. A window's time is the receiver's.
    pub fn in_two_threads(self, name: &'static str, side: Side) -> Contender {
        let Self { mut send, mut receive } = self;
        let mut first = 0_u64;
        Contender::new(name, side, move |windows| {
            let blocks = windows.ops.div_ceil(BLOCK);
            // One window more, which both need to get going.
            let total = (blocks * (windows.count + 1)) as u64;
            let mut times = Vec::with_capacity(windows.count);
            std::thread::scope(|scope| {
                let sender = &mut send;
                scope.spawn(move || {
                    machine::pin(1);
                    let mut block = [[7; MESSAGE_LEN]; BLOCK];
                    for index in 0..total {
                        number(&mut block, first + index * BLOCK as u64);
                        while !sender(&block) {
                            std::hint::spin_loop();
                        }
                    }
                });
                machine::pin(0);
                let mut block = [[0; MESSAGE_LEN]; BLOCK];
                for window in 0..=windows.count {
                    let begin = Instant::now();
                    for _ in 0..blocks {
                        while !receive(&mut block) {
                            std::hint::spin_loop();
                        }
                        check(&block, first);
                        first += BLOCK as u64;
                    }
                    if window > 0 {
                        times.push(nanoseconds_per_op(begin, blocks * BLOCK));
                    }
                }
            });
            times
        })
    }
}

/// Runs `background` on another processor for as long as `foreground` takes.
pub fn beside<R>(background: impl FnMut() + Send, foreground: impl FnOnce() -> R) -> R {
    let stop = AtomicBool::new(false);
    let mut background = background;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            machine::pin(1);
            // Relaxed: it only ends a loop.
            while !stop.load(Ordering::Relaxed) {
                background();
            }
        });
        machine::pin(0);
        let result = foreground();
        stop.store(true, Ordering::Relaxed);
        result
    })
}
