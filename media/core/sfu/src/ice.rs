//! ICE (RFC 8445): a lite agent for the server and a small controlling agent for the load generator.

use std::net::SocketAddr;
use std::time::Instant;

/// User fragment and password of one side (RFC 8445 section 5.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    pub ufrag: String,
    pub password: String,
}

impl Credentials {
    pub fn generate() -> Self {
        unimplemented!()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IceResult {
    /// Not a valid, authenticated check: drop the packet.
    Ignored,
    /// Send `out` to where the check came from.
    Answered,
    /// As `Answered`, and media goes to this address from now on.
    Selected(SocketAddr),
}

pub struct LiteAgent {}

impl LiteAgent {
    pub fn new(_local: Credentials, _remote: Credentials) -> Self {
        unimplemented!()
    }
    pub fn handle(&mut self, _now: Instant, _from: SocketAddr, _packet: &[u8], _out: &mut Vec<u8>) -> IceResult {
        unimplemented!()
    }
    pub fn last_heard(&self) -> Option<Instant> {
        unimplemented!()
    }
}
