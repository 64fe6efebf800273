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
