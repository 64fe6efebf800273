//! The critical section of a Cortex-M with one core: its interrupts are masked.

use core::arch::asm;

struct Interrupts;
critical_section::set_impl!(Interrupts);

// SAFETY: one core; with its interrupts masked nothing else runs.
unsafe impl critical_section::Impl for Interrupts {
    unsafe fn acquire() -> bool {
        let masked: u32;
        // SAFETY: reads a register, and masks interrupts.
        unsafe { asm!("mrs {}, PRIMASK", "cpsid i", out(reg) masked) };
        masked & 1 != 0
    }

    unsafe fn release(masked: bool) {
        if !masked {
            // SAFETY: unmasks interrupts, which were not masked before.
            unsafe { asm!("cpsie i") };
        }
    }
}
