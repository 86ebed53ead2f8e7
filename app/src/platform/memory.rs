//! Memory that was freed, given back to the system.
//!
//! GNU's C library keeps a heap for nearly each thread, and keeps what is free in the middle of one. A network is built
//! on a thread of its own and takes megabytes that it needs only then, so that in time each heap would hold the most
//! that was ever built on it. Other systems' libraries give back by themselves.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod gnu {
    use std::ffi::c_int;

    /// Heaps for all threads together.
    const HEAPS: c_int = 2;

    /// Lets the threads share a few heaps. To be called before there are threads.
    pub fn share() {
        // SAFETY: the call takes two numbers and changes only how the library allocates from now on.
        let done = unsafe { libc::mallopt(libc::M_ARENA_MAX, HEAPS) };
        if done == 0 {
            log::info!("the C library does not share heaps among threads");
        }
    }

    /// Gives back what is free.
    pub fn give_back() {
        // SAFETY: the library may be told so at any time, by any thread; what is allocated stays where it is.
        unsafe { libc::malloc_trim(0) };
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod gnu {
    /// Nothing: other libraries do so by themselves.
    pub fn share() {}

    /// Nothing: other libraries do so by themselves.
    pub fn give_back() {}
}

pub use gnu::{give_back, share};
