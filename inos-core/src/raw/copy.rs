//! Copies between private bytes and words that others may reach at the same time.
//!
//! Relaxed loads and stores of words, one by one, are what every machine has. On x86-64 and
//! AArch64 a piece of assembly moves many words at a time: to the compiler it is an unknown
//! sequence of such loads and stores, so a race with others' is a mix of bytes and nothing worse;
//! to the machine it is what `memcpy` does. Some words are copied twice. It orders nothing, as
//! relaxed accesses don't. With `--cfg word_copies` all copies are by words: for tools that look
//! into every access.

use crate::sync::{AtomicU32, Ordering};

/// Words from which on the assembly pays for itself.
const LONG: usize = 16;

/// Copies the words out. As many as both have.
#[inline]
pub(super) fn load(words: &[AtomicU32], out: &mut [[u8; 4]]) {
    let count = words.len().min(out.len());
    let done = if count < LONG {
        0
    } else {
        // SAFETY: `count` words at both. Those of `words` are atomics, behind a shared borrow, and
        // are only read; those of `out` are borrowed exclusively, so they do not overlap.
        unsafe { many(out.as_mut_ptr().cast(), words.as_ptr().cast(), count) }
    };
    for (word, out) in words.iter().zip(out).skip(done) {
        *out = word.load(Ordering::Relaxed).to_ne_bytes();
    }
}

/// Copies the words in. As many as both have.
#[inline]
pub(super) fn store(words: &[AtomicU32], bytes: &[[u8; 4]]) {
    let count = words.len().min(bytes.len());
    let done = if count < LONG {
        0
    } else {
        // SAFETY: `count` words at both. Those of `words` are atomics, which a shared borrow
        // permits to change; a borrow of plain bytes does not overlap with them.
        unsafe { many(words.as_ptr().cast_mut().cast(), bytes.as_ptr().cast(), count) }
    };
    for (word, bytes) in words.iter().zip(bytes).skip(done) {
        word.store(u32::from_ne_bytes(*bytes), Ordering::Relaxed);
    }
}

/// Copies words by assembly; how many of them, from the first on.
///
/// # Safety
/// `count` words at `from` may be read, and at `to` be written, by atomics; they do not overlap.
#[cfg(all(target_arch = "x86_64", not(any(loom, miri, word_copies))))]
#[inline]
unsafe fn many(to: *mut u8, from: *const u8, count: usize) -> usize {
    use core::arch::asm;

    let len = count * 4;
    if len >= wide::LONG && wide::is_there() {
        // SAFETY: the caller's, and the processor has what it takes.
        unsafe { wide::many(to, from, len) };
        return count;
    }
    let end = len & !15;
    // SAFETY: the caller's; `end` is no more than `len`, and not 0.
    unsafe {
        asm!(
            "2:",
            "movups {x}, [{from} + {at}]",
            "movups [{to} + {at}], {x}",
            "add {at}, 16",
            "cmp {at}, {end}",
            "jb 2b",
            from = in(reg) from, to = in(reg) to, end = in(reg) end,
            at = inout(reg) 0_usize => _, x = out(xmm_reg) _,
            options(nostack),
        );
    }
    end / 4
}

/// Registers of 32 bytes, which not every x86-64 processor has.
#[cfg(all(target_arch = "x86_64", not(any(loom, miri, word_copies))))]
mod wide {
    use core::arch::asm;
    use core::arch::x86_64::{__cpuid, _xgetbv};
    use core::sync::atomic::{AtomicU8, Ordering};

    /// Bytes from which on it is worth the look.
    pub(super) const LONG: usize = 256;

    /// Whether the processor has AVX, and the operating system keeps its registers (Intel,
    /// Software Developer's Manual, volume 1, section 14.3).
    #[inline]
    pub(super) fn is_there() -> bool {
        const NO: u8 = 1;
        const YES: u8 = 2;
        static KNOWN: AtomicU8 = AtomicU8::new(0);

        // Relaxed, here and below: everybody finds the same.
        match KNOWN.load(Ordering::Relaxed) {
            0 => {
                let found = look();
                KNOWN.store(if found { YES } else { NO }, Ordering::Relaxed);
                found
            }
            known => known == YES,
        }
    }

    #[cold]
    fn look() -> bool {
        #[target_feature(enable = "xsave")]
        fn enabled() -> u64 {
            // SAFETY: the caller has looked whether the instruction is there.
            unsafe { _xgetbv(0) }
        }

        const OSXSAVE: u32 = 1 << 27;
        const AVX: u32 = 1 << 28;
        const XMM_YMM: u64 = 0b110;
        let features = __cpuid(1).ecx;
        if features & (OSXSAVE | AVX) != OSXSAVE | AVX {
            return false;
        }
        // SAFETY: OSXSAVE says that `xgetbv` is there.
        unsafe { enabled() & XMM_YMM == XMM_YMM }
    }

    /// Copies all bytes, in blocks of 128 whose stores lie on 32 bytes if that takes whole words:
    /// stores that straddle a cache line cost twice as much. The first 32 bytes and the last 128
    /// are copied wherever they lie, some of them for a second time.
    ///
    /// # Safety
    /// As for `many`; the processor has AVX, and `len` is 256 or more.
    #[inline]
    pub(super) unsafe fn many(to: *mut u8, from: *const u8, len: usize) {
        let to_line = to.addr().wrapping_neg() & 31;
        let first = if to_line.is_multiple_of(4) { to_line } else { 0 };
        let last = len - 128;
        // SAFETY: the caller's; `first` is less than `last`, and blocks begin no later than there.
        // All vector registers are declared to change, since `vzeroupper` changes the upper halves
        // of all.
        unsafe {
            asm!(
                "vmovups ymm0, [{from}]",
                "vmovups [{to}], ymm0",
                "2:",
                "vmovups ymm0, [{from} + {at}]",
                "vmovups ymm1, [{from} + {at} + 32]",
                "vmovups ymm2, [{from} + {at} + 64]",
                "vmovups ymm3, [{from} + {at} + 96]",
                "vmovups [{to} + {at}], ymm0",
                "vmovups [{to} + {at} + 32], ymm1",
                "vmovups [{to} + {at} + 64], ymm2",
                "vmovups [{to} + {at} + 96], ymm3",
                "add {at}, 128",
                "cmp {at}, {last}",
                "jb 2b",
                "vmovups ymm0, [{from} + {last}]",
                "vmovups ymm1, [{from} + {last} + 32]",
                "vmovups ymm2, [{from} + {last} + 64]",
                "vmovups ymm3, [{from} + {last} + 96]",
                "vmovups [{to} + {last}], ymm0",
                "vmovups [{to} + {last} + 32], ymm1",
                "vmovups [{to} + {last} + 64], ymm2",
                "vmovups [{to} + {last} + 96], ymm3",
                "vzeroupper",
                from = in(reg) from, to = in(reg) to, last = in(reg) last,
                at = inout(reg) first => _,
                out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
                out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
                out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
                out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
                options(nostack),
            );
        }
    }
}

/// As on x86-64.
///
/// # Safety
/// As on x86-64.
#[cfg(all(target_arch = "aarch64", not(any(loom, miri, word_copies))))]
#[inline]
unsafe fn many(to: *mut u8, from: *const u8, count: usize) -> usize {
    use core::arch::asm;

    let end = (count * 4) & !31;
    // SAFETY: the caller's; `end` is no more than the words' bytes, and not 0.
    unsafe {
        asm!(
            "2:",
            "ldp {x:q}, {y:q}, [{from}], #32",
            "stp {x:q}, {y:q}, [{to}], #32",
            "subs {left}, {left}, #32",
            "b.ne 2b",
            from = inout(reg) from => _, to = inout(reg) to => _, left = inout(reg) end => _,
            x = out(vreg) _, y = out(vreg) _,
            options(nostack),
        );
    }
    end / 4
}

/// Nothing that is faster than words, or that a model checker sees through.
///
/// # Safety
/// None: nothing is touched.
#[cfg(any(not(any(target_arch = "x86_64", target_arch = "aarch64")), loom, miri, word_copies))]
#[inline]
unsafe fn many(_: *mut u8, _: *const u8, _: usize) -> usize {
    0
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::vec::Vec;

    use super::*;

    /// All lengths around the limits, from all places in a line and to all, also of bytes: the
    /// words are there, and no other.
    #[test]
    fn words_arrive_and_no_others_change() {
        for start in 0..16 {
            for count in (0..70).chain([180, 191, 192, 193, 500, 1024]) {
                let words: Vec<_> = (0..1100).map(|_| AtomicU32::new(u32::MAX)).collect();
                let inside = &words[start..start + count];
                let bytes: Vec<_> = (0..count as u32).map(u32::to_ne_bytes).collect();
                store(inside, &bytes);
                assert!(
                    (0..).zip(inside).all(|(index, word)| word.load(Ordering::Relaxed) == index)
                );
                let touched = words.iter().filter(|word| word.load(Ordering::Relaxed) != u32::MAX);
                assert_eq!(touched.count(), count);

                let mut back = std::vec![9; 4 * count + 68];
                for skip in [start, 4 * start + 1] {
                    back.fill(9);
                    load(inside, back[skip..skip + 4 * count].as_chunks_mut().0);
                    assert_eq!(&back[skip..skip + 4 * count], bytes.as_flattened());
                    let touched = back
                        .iter()
                        .enumerate()
                        .filter(|(at, byte)| **byte != 9 && !(skip..skip + 4 * count).contains(at));
                    assert_eq!(touched.count(), 0);
                }
            }
        }
    }
}
