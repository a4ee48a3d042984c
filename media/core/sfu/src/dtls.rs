//! DTLS-SRTP (RFC 5764).

use std::time::Instant;

use crate::srtp::{OpenKeys, Profile, SealKeys};

/// Certificate and key of this endpoint, made once and shared by all its connections.
pub struct Identity {}

impl Identity {
    pub fn generate() -> Self {
        unimplemented!()
    }
    /// SHA-256 of the certificate, "AB:CD:…".
    pub fn fingerprint(&self) -> &str {
        unimplemented!()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Client,
    Server,
}

/// The connection is over: drop it.
#[derive(Debug)]
pub struct DtlsError(pub String);

pub enum DtlsOutput<'a> {
    Packet(&'a [u8]),
    Connected {
        seal: SealKeys,
        open: OpenKeys,
        profile: Profile,
    },
    Closed,
}

pub struct Dtls {}

impl Dtls {
    pub fn new(_identity: &Identity, _role: Role, _expected_fingerprint: &str, _now: Instant) -> Self {
        unimplemented!()
    }
    pub fn handle(&mut self, _packet: &[u8], _now: Instant) -> Result<(), DtlsError> {
        unimplemented!()
    }
    pub fn handle_timeout(&mut self, _now: Instant) -> Result<(), DtlsError> {
        unimplemented!()
    }
    /// Call after every other call. A wrong fingerprint shows here, before any key is given.
    pub fn poll(&mut self, _now: Instant, _on: &mut dyn FnMut(DtlsOutput)) -> Result<(), DtlsError> {
        unimplemented!()
    }
    pub fn timeout(&self) -> Option<Instant> {
        unimplemented!()
    }
    pub fn close(&mut self) {
        unimplemented!()
    }
}
