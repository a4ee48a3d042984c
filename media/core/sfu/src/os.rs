//! The system calls that the standard library and our crates lack: eventfd, epoll, ppoll, three socket options.
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

/// Sleeps until one of the descriptors is readable or `timeout` has passed; says of each whether it is. Those below 0 are
/// left out. Signals end it early.
pub fn wait_readable<const N: usize>(descriptors: [RawFd; N], timeout: Duration) -> [bool; N] {
    let mut waits = descriptors.map(|descriptor| poll_of(descriptor, libc::POLLIN));
    wait(&mut waits, timeout);
    waits.map(|wait| wait.revents != 0)
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

/// Bytes beyond which a TCP connection takes nothing more while they are not on the line.
pub fn set_unsent_limit(descriptor: RawFd, bytes: i32) -> io::Result<()> {
    // SAFETY: the pointer is to a live c_int of the length given.
    let result = unsafe {
        libc::setsockopt(
            descriptor,
            libc::IPPROTO_TCP,
            libc::TCP_NOTSENT_LOWAT,
            (&raw const bytes).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// What is waited for at one descriptor of an [`Epoll`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    None,
    Readable,
    /// Readable or writable.
    Both,
}

/// A set of descriptors that is itself one: readable while something is ready at one of them. A descriptor that is closed
/// leaves it by itself.
pub struct Epoll(OwnedFd);

/// Room for what [`Epoll::wait`] finds.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Slot(libc::epoll_event);

impl Default for Slot {
    fn default() -> Self {
        Self(libc::epoll_event { events: 0, u64: 0 })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    pub token: u64,
    pub writable: bool,
}

impl Epoll {
    pub fn new() -> io::Result<Self> {
        // SAFETY: epoll_create1 takes no pointers; a non-negative result is a descriptor that nobody else owns.
        let descriptor = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: as above, the descriptor is open and ours alone.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(descriptor) }))
    }

    pub fn add(&self, descriptor: RawFd, token: u64, interest: Interest) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, descriptor, token, interest)
    }

    pub fn change(&self, descriptor: RawFd, token: u64, interest: Interest) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, descriptor, token, interest)
    }

    fn control(&self, operation: libc::c_int, descriptor: RawFd, token: u64, interest: Interest) -> io::Result<()> {
        let events = match interest {
            Interest::None => 0,
            Interest::Readable => libc::EPOLLIN,
            Interest::Both => libc::EPOLLIN | libc::EPOLLOUT,
        };
        let mut event = libc::epoll_event {
            events: events as u32,
            u64: token,
        };
        // SAFETY: `event` is valid for the whole call.
        let result = unsafe { libc::epoll_ctl(self.0.as_raw_fd(), operation, descriptor, &raw mut event) };
        if result < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(())
        }
    }

    /// What is ready now, as far as `slots` have room.
    pub fn wait<'a>(&self, slots: &'a mut [Slot]) -> impl Iterator<Item = Ready> + use<'a> {
        // SAFETY: `Slot` is `epoll_event` and nothing else; the length is that of `slots`.
        let count = unsafe {
            libc::epoll_wait(
                self.0.as_raw_fd(),
                slots.as_mut_ptr().cast(),
                slots.len() as libc::c_int,
                0,
            )
        };
        slots[..usize::try_from(count).unwrap_or(0)].iter().map(|slot| Ready {
            token: slot.0.u64,
            writable: slot.0.events & libc::EPOLLOUT as u32 != 0,
        })
    }
}

impl AsRawFd for Epoll {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
