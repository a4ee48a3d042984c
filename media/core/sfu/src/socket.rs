//! The UDP port: batches of received datagrams (recvmmsg, GRO), segmented sends (GSO).

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, SockRef, Type};

use crate::os;
use crate::outlet::{Chain, Failures, Path, Urgency};

/// Asked of the kernel both ways: a key frame to a thousand subscribers is several megabytes at once.
pub const BUFFER: usize = 4 << 20;
/// How long a send waits for room in the kernel's buffer before its packets count as lost.
const PATIENCE: Duration = Duration::from_millis(2);
/// Video may wait for this share of the time (one in so many) and so much in one go, sound and control always: while the
/// thread waits nothing is received, and pictures that cannot leave must not cost everybody's consent checks.
const WAITING_SHARE: u32 = 10;
const MAX_WAITING: Duration = Duration::from_millis(20);
/// How long an address is served without segmentation after a segmented send to it failed.
const UNSEGMENTED: Duration = Duration::from_secs(60);
/// With more addresses than this the route of all is without segmentation.
const MAX_UNSEGMENTED: usize = 64;
/// Largest datagram, or chain of coalesced ones.
const RECEIVE_SIZE: usize = 65_536;

pub struct Socket {
    socket: UdpSocket,
    state: UdpSocketState,
    /// Bound to all addresses: answers must name the one that the peer knows.
    wildcard: bool,
    /// Most datagrams in one send that the kernel takes; 1 without segmentation.
    segments: usize,
    unsegmented: Unsegmented,
    allowance: Allowance,
    pub failures: Failures,
}

impl Socket {
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = socket2::Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        socket.bind(&address.into())?;
        // The kernel grants at most net.core.{r,w}mem_max, more to the privileged; less is no error, but said.
        let _ = socket.set_recv_buffer_size(BUFFER);
        let _ = socket.set_send_buffer_size(BUFFER);
        os::force_buffer_sizes(socket.as_raw_fd(), BUFFER);
        let socket = UdpSocket::from(socket);
        // Turns the kernel's time stamps on, too.
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        Ok(Self {
            segments: state.max_gso_segments(),
            wildcard: address.ip().is_unspecified(),
            socket,
            state,
            unsegmented: Unsegmented::default(),
            allowance: Allowance::new(Instant::now()),
            failures: Failures::default(),
        })
    }

    pub fn port(&self) -> io::Result<u16> {
        Ok(self.socket.local_addr()?.port())
    }

    /// Bytes the kernel granted for what waits to be (received, sent). Linux reports, and counts, twice of what was
    /// asked for.
    pub fn buffer_sizes(&self) -> io::Result<(usize, usize)> {
        let socket = SockRef::from(&self.socket);
        Ok((socket.recv_buffer_size()? / 2, socket.send_buffer_size()? / 2))
    }

    /// Most datagrams in one [`Socket::send`] to `remote`.
    pub fn max_segments(&self, remote: IpAddr) -> usize {
        if self.unsegmented.contains(remote) {
            1
        } else {
            self.segments
        }
    }

    /// To be called now and then: tries segmentation again where it failed a while ago.
    pub fn tend(&mut self, now: Instant) {
        self.unsegmented.expire(now);
        self.allowance.grow(now);
    }

    /// Sends `bytes` as datagrams of `segment` bytes, the last possibly shorter. What the kernel refuses is lost, as
    /// on any line.
    pub fn send(&mut self, path: &Path, bytes: &[u8], segment: usize, urgency: Urgency) {
        if bytes.is_empty() {
            return;
        }
        if bytes.len() <= segment || self.max_segments(path.remote.address.ip()) == 1 {
            self.send_singly(path, bytes, segment, urgency);
            return;
        }
        let Err(error) = self.try_send(path, bytes, Some(segment), urgency) else {
            return;
        };
        // Cards, drivers and routes (IPsec) without segmentation show it only here, and so does an address that takes
        // nothing at all: what matters is whether the same datagrams pass one by one.
        if matches!(error.raw_os_error(), Some(libc::EIO | libc::EINVAL | libc::EMSGSIZE)) {
            if self.send_singly(path, bytes, segment, urgency) {
                self.failures.segmentation_off += 1;
                self.unsegmented.insert(path.remote.address.ip(), Instant::now());
            }
            return;
        }
        self.failures.datagrams += bytes.len().div_ceil(segment) as u64;
    }

    /// True if all were taken.
    fn send_singly(&mut self, path: &Path, bytes: &[u8], segment: usize, urgency: Urgency) -> bool {
        let mut refused = 0;
        for datagram in bytes.chunks(segment) {
            refused += u64::from(self.try_send(path, datagram, None, urgency).is_err());
        }
        self.failures.datagrams += refused;
        refused == 0
    }

    fn try_send(&mut self, path: &Path, bytes: &[u8], segment: Option<usize>, urgency: Urgency) -> io::Result<()> {
        let transmit = Transmit {
            destination: path.remote.address,
            ecn: None,
            contents: bytes,
            segment_size: segment,
            src_ip: path.local.filter(|_| self.wildcard),
        };
        let send = |socket: &Self| match (segment, transmit.src_ip) {
            // Sound leaves alone, and is most of the calls: without control messages each costs the kernel less.
            (None, None) => socket.socket.send_to(bytes, path.remote.address).map(drop),
            _ => socket.state.try_send(UdpSockRef::from(&socket.socket), &transmit),
        };
        match send(self) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let began = Instant::now();
                self.allowance.grow(began);
                if urgency == Urgency::Yields && self.allowance.is_used_up() {
                    return Err(error);
                }
                let writable = os::wait_writable(self.socket.as_raw_fd(), PATIENCE);
                self.allowance.take(began.elapsed());
                if writable { send(self) } else { Err(error) }
            }
            result => result,
        }
    }
}

/// Addresses whose route takes no segmented sends, and since when.
#[derive(Default)]
struct Unsegmented(Vec<(IpAddr, Instant)>);

impl Unsegmented {
    fn contains(&self, address: IpAddr) -> bool {
        self.0.len() >= MAX_UNSEGMENTED || self.0.iter().any(|(known, _)| *known == address)
    }

    fn insert(&mut self, address: IpAddr, now: Instant) {
        if !self.contains(address) {
            self.0.push((address, now));
        }
    }

    fn expire(&mut self, now: Instant) {
        self.0
            .retain(|(_, since)| now.saturating_duration_since(*since) < UNSEGMENTED);
    }
}

/// How much longer video may wait for room.
struct Allowance {
    left: Duration,
    grown: Instant,
}

impl Allowance {
    fn new(now: Instant) -> Self {
        Self {
            left: MAX_WAITING,
            grown: now,
        }
    }

    fn grow(&mut self, now: Instant) {
        let span = now.saturating_duration_since(self.grown);
        self.grown = now;
        self.left = (self.left + span / WAITING_SHARE).min(MAX_WAITING);
    }

    fn take(&mut self, waited: Duration) {
        self.left = self.left.saturating_sub(waited);
    }

    fn is_used_up(&self) -> bool {
        self.left < PATIENCE
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

/// Buffers for one batch of received datagrams.
pub struct Inbox {
    bytes: Vec<u8>,
    metas: [RecvMeta; BATCH_SIZE],
    /// One moment on both clocks, right after the last receive.
    now: Instant,
    wall: Duration,
}

impl Default for Inbox {
    fn default() -> Self {
        Self {
            bytes: vec![0; BATCH_SIZE * RECEIVE_SIZE],
            metas: [RecvMeta::default(); BATCH_SIZE],
            now: Instant::now(),
            wall: Duration::ZERO,
        }
    }
}

impl Inbox {
    /// Most chains that one call takes in; fewer: nothing else waited.
    pub const MOST: usize = BATCH_SIZE;

    /// Takes in what one system call receives; returns the number of chains, 0 if nothing waits.
    pub fn receive(&mut self, socket: &Socket) -> usize {
        let mut chunks = self.bytes.chunks_mut(RECEIVE_SIZE);
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] =
            std::array::from_fn(|_| IoSliceMut::new(chunks.next().unwrap_or_default()));
        // Errors here are WouldBlock, or echoes of earlier sends (ICMP) that concern one peer, not the socket.
        let reference = UdpSockRef::from(&socket.socket);
        let received = socket.state.recv(reference, &mut slices, &mut self.metas).unwrap_or(0);
        if received > 0 {
            self.now = Instant::now();
            self.wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        }
        received
    }

    /// When the last receive that brought something returned.
    pub fn received_at(&self) -> Instant {
        self.now
    }

    /// The first `count` chains of the last [`Inbox::receive`].
    pub fn chains(&mut self, count: usize) -> impl Iterator<Item = Chain<'_>> {
        let buffers = self.bytes.chunks_mut(RECEIVE_SIZE);
        let (now, wall) = (self.now, self.wall);
        self.metas[..count].iter().zip(buffers).map(move |(meta, bytes)| Chain {
            from: meta.addr.into(),
            to: meta.dst_ip,
            stride: meta.stride.max(1),
            bytes: &mut bytes[..meta.len],
            arrived: meta.timestamp.map_or(now, |stamp| arrival(stamp, now, wall)),
        })
    }
}

/// Longer than any packet waits here: a stamp that is older, or of the future, was made before the wall clock was set.
const MAX_AGE: Duration = Duration::from_secs(1);

/// The kernel's wall-clock `stamp` on the monotonic clock, given a moment on both.
fn arrival(stamp: Duration, now: Instant, wall: Duration) -> Instant {
    let age = wall.checked_sub(stamp).filter(|age| *age < MAX_AGE);
    age.and_then(|age| now.checked_sub(age)).unwrap_or(now)
}

#[cfg(test)]
#[path = "socket_tests.rs"]
mod tests;
