//! How a peer's datagrams leave, many in one system call where they are of one size.

use std::net::{SocketAddr, UdpSocket};

use quinn_udp::{Transmit, UdpSockRef, UdpSocketState};

use crate::protocol::Sent;

/// The socket of a peer and what left by it.
pub struct Outlet {
    pub socket: UdpSocket,
    pub state: UdpSocketState,
    pub sent: Sent,
}

impl Outlet {
    /// Sends `bytes` in datagrams of `segment` bytes.
    pub fn send(&mut self, to: SocketAddr, bytes: &[u8], segment: usize) {
        let run = segment * self.state.max_gso_segments().max(1);
        for chunk in bytes.chunks(run.max(1)) {
            let transmit = Transmit {
                destination: to,
                ecn: None,
                contents: chunk,
                segment_size: (chunk.len() > segment).then_some(segment),
                src_ip: None,
            };
            let datagrams = chunk.len().div_ceil(segment) as u64;
            match self.state.try_send(UdpSockRef::from(&self.socket), &transmit) {
                Ok(()) => {
                    self.sent.packets += datagrams;
                    self.sent.bytes += chunk.len() as u64;
                }
                Err(_) => self.sent.dropped += datagrams,
            }
        }
    }
}
