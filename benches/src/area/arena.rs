//! Churn of blocks: one of a thousand is freed, and another of another length taken instead.

use std::alloc::Layout as AllocLayout;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex};

use inos_core::{Arena, ArenaConfig, Block, Cooperative, Layout, SectionId, Sections};

use crate::contender::{Contender, Goal, Row, Side, beside};
use crate::machine;

const ARENA: SectionId = SectionId(1);
const LIVE: usize = 1024;
const LONGEST: usize = 4096;
const SHORTEST: usize = 64;
/// For each of two threads, and as much again for what does not fit into holes.
const HEAP_LEN: usize = 1 << 25;

/// Slots and lengths, the same for everybody: xorshift, Marsaglia 2003.
struct Churn(u64);

impl Churn {
    fn next(&mut self) -> (usize, usize) {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let slot = (self.0 >> 32) as usize % LIVE;
        let span = (LONGEST - SHORTEST + 1) as u64;
        let len = SHORTEST + (((self.0 & 0xffff_ffff) * span) >> 32) as usize;
        (slot, len)
    }
}

/// What allocates, as one thread has it.
trait Heap: 'static {
    type Block;
    /// A block of so many bytes, the first of them written.
    fn take(&mut self, len: usize, mark: u8) -> Self::Block;
    /// Its first byte; then it is freed.
    fn give(&mut self, block: Self::Block) -> u8;
}

/// One thread's blocks, and what they hold.
struct Thread<H: Heap> {
    heap: H,
    live: Vec<Option<(H::Block, u8)>>,
    churn: Churn,
}

impl<H: Heap> Thread<H> {
    fn new(heap: H, seed: u64) -> Self {
        Self { heap, live: (0..LIVE).map(|_| None).collect(), churn: Churn(seed) }
    }

    fn run(&mut self, ops: usize) {
        for op in 0..ops {
            let (slot, len) = self.churn.next();
            let mark = op as u8;
            if let Some((block, mark)) = self.live[slot].take() {
                assert_eq!(self.heap.give(block), mark, "a block was given out twice");
            }
            self.live[slot] = Some((self.heap.take(len, mark), mark));
        }
    }
}

/// Takes and gives memory of fixed length: the least an allocator does.
struct Slab {
    free: Vec<&'static mut [u8]>,
}

impl Slab {
    fn new() -> Self {
        let bytes = vec![1_u8; (LIVE + 1) * LONGEST].leak();
        Self { free: bytes.chunks_mut(LONGEST).collect() }
    }
}

impl Heap for Slab {
    type Block = &'static mut [u8];

    fn take(&mut self, _: usize, mark: u8) -> Self::Block {
        let block = self.free.pop().expect("one more than are live");
        block[0] = mark;
        block
    }

    fn give(&mut self, block: Self::Block) -> u8 {
        let mark = block[0];
        self.free.push(block);
        mark
    }
}

struct Shared(Arena<'static, Cooperative>);

impl Heap for Shared {
    type Block = Block<'static, Cooperative>;

    fn take(&mut self, len: usize, mark: u8) -> Self::Block {
        let mut block = self.0.allocate(len).expect("there is room");
        block[0] = mark;
        block
    }

    fn give(&mut self, block: Self::Block) -> u8 {
        let mark = block[0];
        self.0.free(block);
        mark
    }
}

/// An allocator behind a lock, or without one if it has its own.
trait Allocate: Send + 'static {
    fn allocate(&mut self, layout: AllocLayout) -> NonNull<u8>;
    fn free(&mut self, block: NonNull<u8>, layout: AllocLayout);
}

struct Pointers<A>(A);

/// A block and what it was asked for with.
struct Owned(NonNull<u8>, AllocLayout);

// SAFETY: nobody else has it.
unsafe impl Send for Owned {}

impl<A: Allocate> Heap for Pointers<A> {
    type Block = Owned;

    fn take(&mut self, len: usize, mark: u8) -> Self::Block {
        let layout = AllocLayout::from_size_align(len, 8).expect("a small layout");
        let block = self.0.allocate(layout);
        // SAFETY: at least 64 bytes, which nobody else has.
        unsafe { block.write(mark) };
        Owned(block, layout)
    }

    fn give(&mut self, Owned(block, layout): Self::Block) -> u8 {
        // SAFETY: written in `take`, and not freed yet.
        let mark = unsafe { block.read() };
        self.0.free(block, layout);
        mark
    }
}

struct Glibc;

impl Allocate for Glibc {
    fn allocate(&mut self, layout: AllocLayout) -> NonNull<u8> {
        // SAFETY: the layout is not empty.
        NonNull::new(unsafe { std::alloc::alloc(layout) }).expect("memory")
    }

    fn free(&mut self, block: NonNull<u8>, layout: AllocLayout) {
        // SAFETY: from `allocate`, of this layout.
        unsafe { std::alloc::dealloc(block.as_ptr(), layout) };
    }
}

type TalcHeap = talc::base::Talc<talc::source::Manual, talc::DefaultBinning>;

struct Talc(TalcHeap);

impl Talc {
    fn new() -> Self {
        let mut heap = TalcHeap::new(talc::source::Manual);
        let bytes = vec![1_u8; HEAP_LEN].leak();
        // SAFETY: leaked, so for ever, and nobody else's.
        unsafe { heap.claim(bytes.as_mut_ptr(), bytes.len()) }.expect("large enough");
        Self(heap)
    }
}

impl Allocate for Talc {
    fn allocate(&mut self, layout: AllocLayout) -> NonNull<u8> {
        // SAFETY: the layout is not empty.
        unsafe { self.0.allocate(layout) }.expect("there is room")
    }

    fn free(&mut self, block: NonNull<u8>, layout: AllocLayout) {
        // SAFETY: from `allocate`, of this layout.
        unsafe { self.0.deallocate(block.as_ptr(), layout) };
    }
}

/// Two-level segregated fit with 16 × 16 lists.
struct Tlsf(rlsf::Tlsf<'static, u32, u32, 20, 16>);

// SAFETY: as for `Talc`.
unsafe impl Send for Tlsf {}

impl Tlsf {
    fn new() -> Self {
        let mut heap = rlsf::Tlsf::new();
        let bytes = vec![1_u8; HEAP_LEN].leak();
        // SAFETY: leaked, so for ever, and nobody else's.
        unsafe { heap.insert_free_block_ptr(NonNull::from(bytes)) }.expect("large enough");
        Self(heap)
    }
}

impl Allocate for Tlsf {
    fn allocate(&mut self, layout: AllocLayout) -> NonNull<u8> {
        self.0.allocate(layout).expect("there is room")
    }

    fn free(&mut self, block: NonNull<u8>, layout: AllocLayout) {
        // SAFETY: from `allocate`, of this alignment.
        unsafe { self.0.deallocate(block, layout.align()) };
    }
}

/// What threads share that do not know of each other.
struct Locked<A>(Arc<Mutex<A>>);

impl<A: Allocate> Allocate for Locked<A> {
    fn allocate(&mut self, layout: AllocLayout) -> NonNull<u8> {
        self.0.lock().expect("no panic").allocate(layout)
    }

    fn free(&mut self, block: NonNull<u8>, layout: AllocLayout) {
        self.0.lock().expect("no panic").free(block, layout);
    }
}

fn sections() -> Sections<'static, Cooperative> {
    let config = ArenaConfig { page_len: 1 << 15, pages: (HEAP_LEN >> 15) as u32 };
    let layout = Layout::builder().arena(ARENA, "arena", config).build().expect("a layout");
    machine::sections(&layout)
}

fn alone(name: &'static str, side: Side, heap: impl Heap) -> Contender {
    let mut thread = Thread::new(heap, 0x9e37_79b9_7f4a_7c15);
    Contender::solo(name, side, move |ops| thread.run(ops))
}

/// Two threads on one heap; the time is that of one of them.
fn together<H: Heap + Send>(name: &'static str, side: Side, heaps: [H; 2]) -> Contender
where
    H::Block: Send,
{
    let [one, other] = heaps;
    let mut one = Thread::new(one, 0x9e37_79b9_7f4a_7c15);
    let mut other = Thread::new(other, 0x2545_f491_4f6c_dd1d);
    let mut timed = Contender::solo(name, side, move |ops| one.run(ops));
    Contender::new(name, side, move |windows| beside(|| other.run(64), || timed.time(windows)))
}

fn locked<A: Allocate>(heap: A) -> [Pointers<Locked<A>>; 2] {
    let heap = Arc::new(Mutex::new(heap));
    [Pointers(Locked(Arc::clone(&heap))), Pointers(Locked(heap))]
}

/// One thread; two threads that share a heap.
pub(super) fn rows() -> Vec<Row> {
    let open = |sections: &Sections<'static, Cooperative>| {
        Shared(Arena::open(sections, ARENA).expect("the section"))
    };
    let both = sections();
    vec![
        Row {
            id: "arena-1",
            what: "free a block and take another, 64 to 4096 bytes, one thread",
            ops: 20_000,
            latency: false,
            goals: &[("INOS arena", Goal::Time(15.0))],
            contenders: vec![
                alone("slab", Side::Limit, Slab::new()),
                alone("INOS arena", Side::Inos, open(&sections())),
                alone("talc", Side::Peer, Pointers(Talc::new())),
                alone("rlsf", Side::Peer, Pointers(Tlsf::new())),
                alone("glibc", Side::Peer, Pointers(Glibc)),
            ],
        },
        Row {
            id: "arena-2",
            what: "the same, two threads on one heap",
            ops: 20_000,
            latency: false,
            goals: &[("INOS arena", Goal::Time(45.0))],
            contenders: vec![
                together("slab each", Side::Limit, [Slab::new(), Slab::new()]),
                together("INOS arena", Side::Inos, [open(&both), open(&both)]),
                together("talc, locked", Side::Peer, locked(Talc::new())),
                together("rlsf, locked", Side::Peer, locked(Tlsf::new())),
                together("glibc", Side::Peer, [Pointers(Glibc), Pointers(Glibc)]),
            ],
        },
    ]
}
