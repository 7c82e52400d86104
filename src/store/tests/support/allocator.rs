//! Counts what the current thread allocates, for the tests about memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static CURRENT: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

struct CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn count(change: isize) {
    // A thread that is ending has no counters any more, and nobody who would ask for them.
    let _ = CURRENT.try_with(|current| {
        current.set(current.get() + change);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(current.get())));
    });
}

// SAFETY: every call is passed on to the system's allocator as it is; the counters are thread-local cells that are
// initialised at compile time, so counting allocates nothing.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as above; the pointer came from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Runs `action`; returns its result, the most memory it held at once, and the memory still held at its end, in bytes.
pub(crate) fn peak_allocation<T>(action: impl FnOnce() -> T) -> (T, usize, usize) {
    let before = CURRENT.get();
    PEAK.set(before);
    let result = action();
    let held = |bytes: isize| usize::try_from(bytes - before).unwrap_or(0);
    (result, held(PEAK.get()), held(CURRENT.get()))
}
