//! A global allocator that counts the bytes it has given out, so that a peer's memory is what it holds and not
//! what the system happened to map.
//!
//! Counting is off while the clock runs: two atomic additions an allocation would be charged to whoever
//! allocates. Only differences between two readings with counting on in between mean something.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering::Relaxed};

static COUNTING: AtomicBool = AtomicBool::new(true);
static LIVE: AtomicIsize = AtomicIsize::new(0);

/// The system's allocator with a counter.
#[derive(Debug)]
pub struct Counting;

fn count(bytes: isize) {
    if COUNTING.load(Relaxed) {
        LIVE.fetch_add(bytes, Relaxed);
    }
}

// SAFETY: every call goes to `System` as it came; the counter is beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as isize - layout.size() as isize);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Bytes given out and not returned, as far as they were counted.
pub fn live() -> isize {
    LIVE.load(Relaxed)
}

/// Runs without counting.
pub fn uncounted<T>(run: impl FnOnce() -> T) -> T {
    COUNTING.store(false, Relaxed);
    let result = run();
    COUNTING.store(true, Relaxed);
    result
}
