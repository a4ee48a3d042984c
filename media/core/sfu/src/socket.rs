//! The UDP port: batches of received datagrams (recvmmsg, GRO), segmented sends (GSO).

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, Type};

use crate::egress::Path;
use crate::os;

/// Asked of the kernel both ways: a key frame to a thousand subscribers is several megabytes at once.
const BUFFER: usize = 4 << 20;
/// How long a send waits for room in the kernel's buffer before its packets count as lost.
const PATIENCE: Duration = Duration::from_millis(2);
/// Largest datagram, or chain of coalesced ones.
const RECEIVE_SIZE: usize = 65_536;

pub struct Socket {
    socket: UdpSocket,
    state: UdpSocketState,
    /// Bound to all addresses: answers must name the one that the peer knows.
    wildcard: bool,
    segmentation: bool,
    /// Sends that failed, and datagrams in them.
    pub failed: u64,
}

impl Socket {
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = socket2::Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        socket.bind(&address.into())?;
        // The kernel grants at most net.core.{r,w}mem_max; less is no error.
        let _ = socket.set_recv_buffer_size(BUFFER);
        let _ = socket.set_send_buffer_size(BUFFER);
        let socket = UdpSocket::from(socket);
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        os::disable_receive_timestamps(socket.as_raw_fd());
        Ok(Self {
            segmentation: state.max_gso_segments() > 1,
            wildcard: address.ip().is_unspecified(),
            socket,
            state,
            failed: 0,
        })
    }

    pub fn port(&self) -> io::Result<u16> {
        Ok(self.socket.local_addr()?.port())
    }

    /// Most datagrams in one [`Socket::send`].
    pub fn max_segments(&self) -> usize {
        if self.segmentation {
            self.state.max_gso_segments()
        } else {
            1
        }
    }

    /// Sends `bytes` as datagrams of `segment` bytes, the last possibly shorter. What the kernel refuses is lost, as
    /// on any line.
    pub fn send(&mut self, path: &Path, bytes: &[u8], segment: usize) {
        if bytes.is_empty() {
            return;
        }
        let segmented = bytes.len() > segment;
        if segmented && !self.segmentation {
            for datagram in bytes.chunks(segment) {
                self.send(path, datagram, segment);
            }
            return;
        }
        let transmit = Transmit {
            destination: path.remote,
            ecn: None,
            contents: bytes,
            segment_size: segmented.then_some(segment),
            src_ip: path.local.filter(|_| self.wildcard),
        };
        let Err(mut error) = self.try_send(&transmit) else {
            return;
        };
        if error.kind() == io::ErrorKind::WouldBlock && os::wait_writable(self.socket.as_raw_fd(), PATIENCE) {
            match self.try_send(&transmit) {
                Ok(()) => return,
                Err(second) => error = second,
            }
        }
        // Network cards and drivers without segmentation show it only here.
        if segmented && matches!(error.raw_os_error(), Some(libc::EIO | libc::EINVAL)) {
            self.segmentation = false;
            self.send(path, bytes, segment);
            return;
        }
        self.failed += bytes.len().div_ceil(segment) as u64;
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.state.try_send(UdpSockRef::from(&self.socket), transmit)
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
}

/// Datagrams of one size that came together from one address.
pub struct Chain<'a> {
    pub from: SocketAddr,
    /// Which of our addresses they came to.
    pub to: Option<IpAddr>,
    pub bytes: &'a mut [u8],
    pub stride: usize,
}

impl Default for Inbox {
    fn default() -> Self {
        Self {
            bytes: vec![0; BATCH_SIZE * RECEIVE_SIZE],
            metas: [RecvMeta::default(); BATCH_SIZE],
        }
    }
}

impl Inbox {
    /// Takes in what one system call receives; returns the number of chains, 0 if nothing waits.
    pub fn receive(&mut self, socket: &Socket) -> usize {
        let mut chunks = self.bytes.chunks_mut(RECEIVE_SIZE);
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] =
            std::array::from_fn(|_| IoSliceMut::new(chunks.next().unwrap_or_default()));
        // Errors here are WouldBlock, or echoes of earlier sends (ICMP) that concern one peer, not the socket.
        let reference = UdpSockRef::from(&socket.socket);
        socket.state.recv(reference, &mut slices, &mut self.metas).unwrap_or(0)
    }

    /// The first `count` chains of the last [`Inbox::receive`].
    pub fn chains(&mut self, count: usize) -> impl Iterator<Item = Chain<'_>> {
        let buffers = self.bytes.chunks_mut(RECEIVE_SIZE);
        self.metas[..count].iter().zip(buffers).map(|(meta, bytes)| Chain {
            from: meta.addr,
            to: meta.dst_ip,
            stride: meta.stride.max(1),
            bytes: &mut bytes[..meta.len],
        })
    }
}
