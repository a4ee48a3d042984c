//! The border between forwarding and sockets: where a peer is, what comes from it, and what is to leave to it.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// The other end of a peer's transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Remote {
    pub address: SocketAddr,
    /// The TCP connection that bears the datagrams (RFC 6544); None: UDP.
    pub connection: Option<u32>,
}

impl From<SocketAddr> for Remote {
    /// By UDP.
    fn from(address: SocketAddr) -> Self {
        Self {
            address,
            connection: None,
        }
    }
}

/// Where a peer is, and from which of our addresses it knows us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    pub remote: Remote,
    pub local: Option<IpAddr>,
}

/// What becomes of a send for which there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Sound, ICE, DTLS, RTCP: waits.
    Waits,
    /// Pictures: lost once they have waited too much.
    Yields,
}

/// Datagrams of one size that came together from one remote.
pub struct Chain<'a> {
    pub from: Remote,
    /// Which of our addresses they came to.
    pub to: Option<IpAddr>,
    pub bytes: &'a mut [u8],
    pub stride: usize,
    /// When the kernel had it: not later by what this thread did meanwhile, which the senders' congestion control would
    /// take for a queue on the line.
    pub arrived: Instant,
}

/// What went wrong on the way out since it was last asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// Datagrams that did not leave.
    pub datagrams: u64,
    /// Times that an address turned out not to take segmented sends.
    pub segmentation_off: u64,
}

/// The way out. Sockets in the product, a network that is computed in simulations.
pub trait Outlet {
    /// Most datagrams in one [`Outlet::send`] to `remote`.
    fn max_segments(&self, remote: &Remote) -> usize;

    /// Sends `bytes` as datagrams of `segment` bytes, the last possibly shorter. What is refused is lost, as on any line.
    fn send(&mut self, path: &Path, bytes: &[u8], segment: usize, urgency: Urgency);

    /// `remote` has proved to be a peer.
    fn confirm(&mut self, _remote: &Remote) {}

    /// The peer at `remote` is gone.
    fn release(&mut self, _remote: &Remote) {}

    fn take_failures(&mut self) -> Failures {
        Failures::default()
    }
}
