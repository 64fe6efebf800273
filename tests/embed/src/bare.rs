//! What a program without an operating system brings along.

use core::panic::PanicInfo;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    inos_panicked()
}

/// In the program if anything in it can panic: its name is looked for.
#[inline(never)]
fn inos_panicked() -> ! {
    loop {
        // A side effect that can't be optimised away, nor merged with another loop.
        core::hint::black_box(0x1905_u32);
    }
}

#[cfg(all(feature = "critical-section", target_arch = "arm"))]
mod critical {
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
}
