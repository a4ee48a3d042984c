//! The system calls that the standard library and our crates lack: eventfd, ppoll, two socket options.
//!
//! All `unsafe` of this crate is here.
#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// A counter that makes a file descriptor readable; wakes a thread that waits in [`wait_readable`] or in `epoll`.
pub struct EventFd(File);

impl EventFd {
    pub fn new() -> io::Result<Self> {
        // SAFETY: eventfd takes no pointers; a non-negative result is a descriptor that nobody else owns.
        let descriptor = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: as above, the descriptor is open and ours alone.
        Ok(Self(File::from(unsafe { OwnedFd::from_raw_fd(descriptor) })))
    }

    /// Makes the descriptor readable. A counter at its maximum is readable already, so errors do not matter.
    pub fn notify(&self) {
        let _ = (&self.0).write(&1u64.to_ne_bytes());
    }

    /// Makes the descriptor unreadable until the next [`EventFd::notify`].
    pub fn reset(&self) {
        let mut count = [0; 8];
        let _ = (&self.0).read(&mut count);
    }
}

impl AsRawFd for EventFd {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Sleeps until one of two descriptors is readable or `timeout` has passed. Signals end it early.
pub fn wait_readable(first: RawFd, second: RawFd, timeout: Duration) {
    let mut waits = [poll_of(first, libc::POLLIN), poll_of(second, libc::POLLIN)];
    wait(&mut waits, timeout);
}

/// Sleeps until `descriptor` takes data again or `timeout` has passed; true if it does.
pub fn wait_writable(descriptor: RawFd, timeout: Duration) -> bool {
    let mut waits = [poll_of(descriptor, libc::POLLOUT)];
    wait(&mut waits, timeout);
    waits[0].revents & libc::POLLOUT != 0
}

fn poll_of(fd: RawFd, events: i16) -> libc::pollfd {
    libc::pollfd { fd, events, revents: 0 }
}

fn wait(waits: &mut [libc::pollfd], timeout: Duration) {
    let timeout = libc::timespec {
        tv_sec: timeout.as_secs() as libc::time_t,
        tv_nsec: timeout.subsec_nanos().into(),
    };
    // SAFETY: `waits` and `timeout` are valid for the whole call, and the length is that of `waits`.
    unsafe {
        libc::ppoll(
            waits.as_mut_ptr(),
            waits.len() as libc::nfds_t,
            &timeout,
            std::ptr::null(),
        )
    };
}

/// Sets both buffer sizes beyond what the system allows to all, where this process may (CAP_NET_ADMIN).
pub fn force_buffer_sizes(descriptor: RawFd, bytes: usize) {
    let size: libc::c_int = bytes as libc::c_int;
    for option in [libc::SO_RCVBUFFORCE, libc::SO_SNDBUFFORCE] {
        // SAFETY: the pointer is to a live c_int of the length given; failure leaves the option as it was.
        unsafe {
            libc::setsockopt(
                descriptor,
                libc::SOL_SOCKET,
                option,
                (&raw const size).cast(),
                size_of::<libc::c_int>() as libc::socklen_t,
            )
        };
    }
}
