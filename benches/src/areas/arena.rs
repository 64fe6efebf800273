//! Blocks taken and given back.

use std::alloc::{GlobalAlloc, Layout as AllocLayout, System};
use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex};
use std::thread::{self, Scope};

use inos::{Arena, ArenaConfig, Block, Cooperative, Layout, SectionId};
use rlsf::Tlsf;
use talc::DefaultBinning;
use talc::base::Talc;
use talc::source::Manual;

use super::Area;
use crate::bare::Slab;
use crate::driver::{Case, Driver};
use crate::memory::Memory;
use crate::{Contender, Pair, Solo, inos, limit, peer};

pub(super) const AREA: Area = Area {
    name: "arena",
    title: "Blocks of 64-4096 bytes, taken and given back",
    about: "Each thread holds 64 blocks; an operation gives a random one back and takes one of \
            another length. A number is written at the start of each block, and checked before \
            it goes. The limit is a list of free blocks of 4096 bytes, one compare-and-swap each \
            way. talc and rlsf are behind a mutex, as two threads need; their pointers mean \
            nothing to another process. glibc has a heap for each thread.",
    run,
};

const ARENA: SectionId = SectionId(1);
const HELD: usize = 64;
const MAX_LEN: usize = 4096;
/// Bytes of each heap.
const HEAP: usize = 8 << 20;

/// A block that can carry a number.
trait Held {
    fn set(&mut self, number: u64);
    fn get(&self) -> u64;
}

impl Held for Block<'_, Cooperative> {
    #[inline]
    fn set(&mut self, number: u64) {
        self[..8].copy_from_slice(&number.to_le_bytes());
    }

    #[inline]
    fn get(&self) -> u64 {
        self.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}

/// A block of an allocator that hands out pointers. Whoever holds it, has it alone.
struct Raw(NonNull<u64>, AllocLayout);

// SAFETY: the block is its holder's alone, and no allocator here ties it to a thread.
unsafe impl Send for Raw {}

impl Held for Raw {
    #[inline]
    fn set(&mut self, number: u64) {
        // SAFETY: at least 64 bytes, aligned to 8, and this holder's alone.
        unsafe { self.0.write(number) };
    }

    #[inline]
    fn get(&self) -> u64 {
        // SAFETY: as in `set`, which came first.
        unsafe { self.0.read() }
    }
}

fn layout_of(len: usize) -> AllocLayout {
    AllocLayout::from_size_align(len, 8).expect("a small block")
}

/// Where blocks come from, for one thread.
trait Heap {
    type Block: Held;
    fn allocate(&mut self, len: usize) -> Option<Self::Block>;
    fn free(&mut self, block: Self::Block);
}

impl<'m> Heap for Arena<'m, Cooperative> {
    type Block = Block<'m, Cooperative>;

    #[inline]
    fn allocate(&mut self, len: usize) -> Option<Self::Block> {
        Self::allocate(self, len).ok()
    }

    #[inline]
    fn free(&mut self, block: Self::Block) {
        Self::free(self, block);
    }
}

/// Free blocks of one size, and the memory for them.
struct Slabs {
    slab: Slab,
    memory: Box<[UnsafeCell<[u64; MAX_LEN / 8]>]>,
}

// SAFETY: a block is reached by whoever took its index, and by nobody else before it is freed.
unsafe impl Sync for Slabs {}

impl Slabs {
    fn new() -> Self {
        let count = HEAP / MAX_LEN;
        let memory = (0..count).map(|_| UnsafeCell::new([1; MAX_LEN / 8])).collect();
        Self { slab: Slab::new(count as u32), memory }
    }
}

impl Heap for Arc<Slabs> {
    type Block = (Raw, u32);

    #[inline]
    fn allocate(&mut self, _: usize) -> Option<Self::Block> {
        let index = self.slab.allocate()?;
        let block = NonNull::new(self.memory[index as usize].get().cast())?;
        Some((Raw(block, layout_of(MAX_LEN)), index))
    }

    #[inline]
    fn free(&mut self, block: Self::Block) {
        self.slab.free(block.1);
    }
}

impl Held for (Raw, u32) {
    #[inline]
    fn set(&mut self, number: u64) {
        self.0.set(number);
    }

    #[inline]
    fn get(&self) -> u64 {
        self.0.get()
    }
}

/// Memory of an allocator that lives as long as the program.
fn heap_memory() -> &'static mut [MaybeUninit<u8>] {
    vec![MaybeUninit::new(1); HEAP].leak()
}

type SharedTalc = Arc<Mutex<Talc<Manual, DefaultBinning>>>;

fn talc() -> SharedTalc {
    let memory = heap_memory();
    let mut talc = Talc::new(Manual);
    // SAFETY: this memory is given to nobody else, and never ends.
    let claimed = unsafe { talc.claim(memory.as_mut_ptr().cast(), memory.len()) };
    assert!(claimed.is_some(), "enough memory");
    Arc::new(Mutex::new(talc))
}

impl Heap for SharedTalc {
    type Block = Raw;

    #[inline]
    fn allocate(&mut self, len: usize) -> Option<Raw> {
        let layout = layout_of(len);
        // SAFETY: the length is not 0.
        let block = unsafe { self.lock().expect("sound").allocate(layout) }?;
        Some(Raw(block.cast(), layout))
    }

    #[inline]
    fn free(&mut self, block: Raw) {
        let mut talc = self.lock().expect("sound");
        // SAFETY: it came from this heap with this layout, and goes once.
        unsafe { talc.deallocate(block.0.as_ptr().cast(), block.1) };
    }
}

type SharedTlsf = Arc<Mutex<Tlsf<'static, u32, u32, 24, 16>>>;

fn tlsf() -> SharedTlsf {
    let mut tlsf = Tlsf::new();
    tlsf.insert_free_block(heap_memory());
    Arc::new(Mutex::new(tlsf))
}

impl Heap for SharedTlsf {
    type Block = Raw;

    #[inline]
    fn allocate(&mut self, len: usize) -> Option<Raw> {
        let layout = layout_of(len);
        let block = self.lock().expect("sound").allocate(layout)?;
        Some(Raw(block.cast(), layout))
    }

    #[inline]
    fn free(&mut self, block: Raw) {
        let mut tlsf = self.lock().expect("sound");
        // SAFETY: it came from this heap with this alignment, and goes once.
        unsafe { tlsf.deallocate(block.0.cast(), block.1.align()) };
    }
}

/// The allocator of the C library.
struct Libc;

impl Heap for Libc {
    type Block = Raw;

    #[inline]
    fn allocate(&mut self, len: usize) -> Option<Raw> {
        let layout = layout_of(len);
        // SAFETY: the length is not 0.
        let block = NonNull::new(unsafe { System.alloc(layout) })?;
        Some(Raw(block.cast(), layout))
    }

    #[inline]
    fn free(&mut self, block: Raw) {
        // SAFETY: it came from there with this layout, and goes once.
        unsafe { System.dealloc(block.0.as_ptr().cast(), block.1) };
    }
}

/// A length from 64 to 4096 bytes, evenly, and a place: the next state of xorshift.
#[inline]
fn next(state: &mut u32) -> (usize, usize) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    let len = 64 + (*state >> 8) as usize % (MAX_LEN - 64 + 1);
    (len, *state as usize % HELD)
}

/// Holds blocks of a heap, and replaces them.
struct Churn<H: Heap> {
    heap: H,
    held: Vec<Option<(H::Block, u64)>>,
    state: u32,
    number: u64,
}

impl<H: Heap> Churn<H> {
    fn new(heap: H, seed: u32) -> Self {
        let held = (0..HELD).map(|_| None).collect();
        let mut churn = Self { heap, held, state: seed, number: 0 };
        for at in 0..HELD {
            churn.replace(at, 64 + at * 63);
        }
        churn
    }

    #[inline]
    fn replace(&mut self, at: usize, len: usize) -> bool {
        let right = match self.held[at].take() {
            None => true,
            Some((block, number)) => {
                let right = block.get() == number;
                self.heap.free(block);
                right
            }
        };
        let Some(mut block) = self.heap.allocate(len) else { return false };
        self.number += 1;
        block.set(self.number);
        self.held[at] = Some((block, self.number));
        right
    }

    fn run(&mut self, count: u64) -> u64 {
        let mut right = 0;
        for _ in 0..count {
            let (len, at) = next(&mut self.state);
            right += u64::from(self.replace(at, len));
        }
        right
    }
}

type Make<'a> = fn(&'static str, Box<dyn FnMut(u64) -> u64 + 'a>) -> Solo<'a>;

/// The same heap through two handles; the other thread churns, too, if there is one.
fn churn<'s: 'a, 'e: 'a, 'a, H>(
    scope: &'s Scope<'s, 'e>,
    two: bool,
    (make, name): (Make<'a>, &'static str),
    [own, other]: [H; 2],
    goal: Option<f64>,
) -> Box<dyn Contender + 'a>
where
    H: Heap + Send + 's,
    H::Block: Send,
{
    let mut own = Churn::new(own, 0x1234_5679);
    let mut here = make(name, Box::new(move |count| own.run(count)));
    if let Some(goal) = goal {
        here = here.reach(goal);
    }
    if !two {
        return here.boxed();
    }
    let mut other = Churn::new(other, 0x7654_3217);
    Pair::new(scope, here)
        .with(1, move |stop| {
            while !stop.is_set() {
                assert_eq!(other.run(256), 256, "the other thread's blocks");
            }
        })
        .boxed()
}

/// Bytes that blocks of these lengths take beyond what was asked for.
fn waste() -> String {
    let mut memory = Memory::new(layout());
    let mut arena = Arena::open(&memory.sections(), ARENA).expect("an arena");
    let (mut asked, mut state) = (0, 0x1234_5679);
    let blocks: Vec<_> = (0..1000)
        .map(|_| {
            let (len, _) = next(&mut state);
            asked += len;
            arena.allocate(len).expect("room")
        })
        .collect();
    let used = arena.stats().expect("sound").used_len as f64;
    drop(blocks);
    format!(
        "goal 15 ns, two threads 45 ns; classes waste {:.1} % of what is asked for",
        (used / asked as f64 - 1.0) * 100.0
    )
}

fn layout() -> Layout {
    let page_len = 32_768;
    let config = ArenaConfig { page_len, pages: HEAP as u32 / page_len };
    Layout::builder().arena(ARENA, "arena", config).build().expect("a layout")
}

fn run(driver: &mut dyn Driver) {
    for (two, name) in [(false, "one thread"), (true, "two threads on one heap")] {
        let mut memory = Memory::new(layout());
        let sections = memory.sections();
        let arenas = [0, 1].map(|_| Arena::open(&sections, ARENA).expect("an arena"));
        let shared = (Arc::new(Slabs::new()), talc(), tlsf());
        thread::scope(|scope| {
            let bare: Make<'_> = |name, run| limit(name, run);
            let theirs: Make<'_> = |name, run| peer(name, run);
            let ours: Make<'_> = |name, run| inos(name, run).noting(waste);
            let (slabs, talc, tlsf) = shared;
            // Two threads make one list slower than a good heap: no goal is a ratio to it.
            let goal = (!two).then_some(2.8);
            let contenders = vec![
                churn(scope, two, (bare, "list of free blocks"), [slabs.clone(), slabs], None),
                churn(scope, two, (theirs, "talc"), [talc.clone(), talc], None),
                churn(scope, two, (theirs, "rlsf"), [tlsf.clone(), tlsf], None),
                churn(scope, two, (theirs, "glibc"), [Libc, Libc], None),
                churn(scope, two, (ours, "arena"), arenas, goal),
            ];
            driver.case(Case::new(name, 1024), contenders);
        });
    }
}
