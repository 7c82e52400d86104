//! Memory that is free goes back to the system, and code that has done its work with it.
//!
//! The C library keeps what was freed for the next allocation, and the kernel keeps every page of the program that was
//! ever near one that was used. A daemon sleeps nearly always, and what its start or a flood of messages needed would
//! stay resident for days.

use std::ffi::{c_int, c_void};

use nix::libc;

/// A segment can be written (`PF_W` of `elf.h`; the C bindings have it for some systems only).
const WRITABLE: u32 = 0x2;

/// Gives back the pages that hold nothing, and lets go of code and constants: what is used from then on, a small part,
/// comes back from the page cache by itself. It takes some ten microseconds.
/// Only for a process of our own: in another's there may be code that was changed after it was loaded.
pub(crate) fn give_back() {
    trim_heap();
    // SAFETY: the callback follows the contract of `dl_iterate_phdr(3)` and does not unwind.
    unsafe { libc::dl_iterate_phdr(Some(let_go), std::ptr::null_mut()) };
}

#[cfg(target_env = "gnu")]
fn trim_heap() {
    // SAFETY: it takes a number and has no precondition (`malloc_trim(3)`).
    unsafe { libc::malloc_trim(0) };
}

/// Other C libraries do it by themselves, or not at all.
#[cfg(not(target_env = "gnu"))]
fn trim_heap() {}

/// Lets go of what of one loaded file can never be written: its pages are those of the file, and the kernel reads them
/// again when they are next needed. Relocated data is part of a writable segment, and stays.
extern "C" fn let_go(file: *mut libc::dl_phdr_info, _size: usize, _data: *mut c_void) -> c_int {
    // SAFETY: the loader hands out a valid description, which lives as long as the call.
    let (base, headers) = unsafe {
        let file = &*file;
        (file.dlpi_addr as usize, std::slice::from_raw_parts(file.dlpi_phdr, usize::from(file.dlpi_phnum)))
    };
    // SAFETY: it takes a number and has no precondition (`sysconf(3)`).
    let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096);
    for header in headers {
        if header.p_type != libc::PT_LOAD || header.p_flags & WRITABLE != 0 {
            continue;
        }
        // Whole pages within the segment; the kernel's own code for reading clocks is smaller than two, and left alone.
        let start = (base + header.p_vaddr as usize).next_multiple_of(page);
        let end = (base + header.p_vaddr as usize + header.p_filesz as usize) / page * page;
        if end > start + page {
            // SAFETY: a private mapping of a file that is not writable, as loaders make it; none of our code is linked
            // with text relocations (`madvise(2)`, MADV_DONTNEED).
            unsafe { libc::madvise(start as *mut c_void, end - start, libc::MADV_DONTNEED) };
        }
    }
    0
}

#[cfg(test)]
mod tests {
    #[test]
    fn code_constants_and_data_are_whole_after_memory_was_given_back() {
        // What was let go comes back as it was, relocated data included.
        static WORDS: [&str; 3] = ["constants", "and", "pointers"];
        let before = WORDS.concat();
        for _ in 0..3 {
            super::give_back();
            assert_eq!(WORDS.concat(), before);
            assert_eq!(format!("{:?}", std::time::Duration::from_millis(1500)), "1.5s");
        }
    }
}
