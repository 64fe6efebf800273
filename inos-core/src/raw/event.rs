//! The processor's event register.

/// Sleeps until an event is signalled; returns at once if one was since the last call. May
/// return for no reason.
#[cfg(any(target_arch = "aarch64", all(target_arch = "arm", target_os = "none")))]
#[inline]
pub(crate) fn wait() {
    // SAFETY: a hint that touches no register or memory. Not marked `nomem`, so that words are
    // looked at again after it.
    unsafe { core::arch::asm!("wfe", options(nostack, preserves_flags)) };
}

/// Signals an event to all processors, once what this one has stored is visible to them.
#[cfg(any(target_arch = "aarch64", all(target_arch = "arm", target_os = "none")))]
#[inline]
pub(crate) fn signal() {
    // SAFETY: a barrier and a hint that touch no register or memory. The barrier lets no store
    // be seen after the event, so who is woken by it finds the change. Not marked `nomem`, so
    // that the compiler moves no store behind it.
    unsafe { core::arch::asm!("dsb sy", "sev", options(nostack, preserves_flags)) };
}

/// No event register is used here: a moment passes.
#[cfg(not(any(target_arch = "aarch64", all(target_arch = "arm", target_os = "none"))))]
#[inline]
pub(crate) fn wait() {
    core::hint::spin_loop();
}

/// No event register is used here: whoever waits looks by himself.
#[cfg(not(any(target_arch = "aarch64", all(target_arch = "arm", target_os = "none"))))]
#[inline]
pub(crate) const fn signal() {}
