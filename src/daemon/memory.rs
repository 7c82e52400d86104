//! Memory that is free goes back to the system.
//!
//! The C library keeps what was freed for the next allocation. A daemon sleeps nearly always, and what its start or a
//! flood of messages needed would stay resident for days.

/// Gives the pages that hold nothing back to the system. It walks the whole heap, which takes some ten microseconds.
#[cfg(target_env = "gnu")]
pub(crate) fn give_back() {
    // SAFETY: it takes a number and has no precondition (`malloc_trim(3)`).
    unsafe { nix::libc::malloc_trim(0) };
}

/// Other C libraries do it by themselves, or not at all.
#[cfg(not(target_env = "gnu"))]
pub(crate) fn give_back() {}
