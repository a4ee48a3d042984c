//! DTLS-SRTP (RFC 5764): a handshake over the media path that gives each peer its SRTP keys.
//!
//! Thin over the crate `dimpl`. DTLS 1.2, which every WebRTC peer speaks. The certificate of the other side is trusted if
//! and only if its SHA-256 fingerprint is the one that came through signalling.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dimpl::{Config, DtlsCertificate, Output, SrtpProfile, certificate};

use crate::srtp::{OpenKeys, Profile, SealKeys};

/// Peers are reached over lines of up to 400 ms round trip; an earlier repetition would only load them.
const FIRST_RETRY: Duration = Duration::from_millis(500);
const RETRIES: usize = 6;
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(30);
/// Holds what `dimpl` writes (its MTU is 1,150 bytes); a certificate or a record of the other side may be longer.
const BUFFER: usize = 2_048;

/// Certificate and key of this endpoint, made once and shared by all its connections.
pub struct Identity {
    certificate: DtlsCertificate,
    config: Arc<Config>,
    fingerprint: String,
}

impl Identity {
    /// A fresh self-signed ECDSA P-256 certificate. Panics only without random numbers from the operating system.
    pub fn generate() -> Self {
        let certificate = certificate::generate_self_signed_certificate().expect("a P-256 key pair can be made");
        let config = Config::builder()
            // ICE has proved the peer's address, so the cookie exchange would only cost a round trip.
            .use_server_cookie(false)
            .require_client_certificate(true)
            .flight_start_rto(FIRST_RETRY)
            .flight_retries(RETRIES)
            .handshake_timeout(HANDSHAKE_LIMIT)
            .build()
            .expect("the settings are within dimpl's limits");
        Self {
            fingerprint: certificate::format_fingerprint(&certificate.fingerprint()),
            certificate,
            config: Arc::new(config),
        }
    }

    /// SHA-256 of the certificate, "AB:CD:…".
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// Which side begins the handshake: `Client` is SDP's `a=setup:active`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Client,
    Server,
}

/// The connection is over: drop it.
#[derive(Debug)]
pub enum DtlsError {
    /// The other side's certificate is not the one that signalling named.
    WrongFingerprint,
    /// The handshake agreed on no SRTP profile, or on keys of a wrong length.
    NoSrtp,
    Failed(dimpl::Error),
}

impl fmt::Display for DtlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DtlsError::WrongFingerprint => f.write_str("certificate fingerprint differs from the signalled one"),
            DtlsError::NoSrtp => f.write_str("no SRTP profile agreed"),
            DtlsError::Failed(error) => write!(f, "DTLS: {error}"),
        }
    }
}

impl std::error::Error for DtlsError {}

impl From<dimpl::Error> for DtlsError {
    fn from(error: dimpl::Error) -> Self {
        DtlsError::Failed(error)
    }
}

/// What a connection wants done.
pub enum DtlsOutput<'a> {
    /// Send this datagram.
    Packet(&'a [u8]),
    /// The handshake is done and the other side is who it should be.
    Connected {
        seal: SealKeys,
        open: OpenKeys,
        profile: Profile,
    },
    /// The other side said good-bye.
    Closed,
}

/// One connection. After every call of `handle`, `handle_timeout` or `close` (and once at the start) call `poll`.
pub struct Dtls {
    inner: dimpl::Dtls,
    role: Role,
    expected_fingerprint: String,
    is_trusted: bool,
    timeout: Option<Instant>,
    buffer: Vec<u8>,
}

impl Dtls {
    /// `expected_fingerprint`: SHA-256 of the other side's certificate, "AB:CD:…", upper or lower case.
    pub fn new(identity: &Identity, role: Role, expected_fingerprint: &str, now: Instant) -> Self {
        let mut inner = dimpl::Dtls::new_12(identity.config.clone(), identity.certificate.clone(), now);
        inner.set_active(role == Role::Client);
        Self {
            inner,
            role,
            expected_fingerprint: expected_fingerprint.to_owned(),
            is_trusted: false,
            timeout: Some(now),
            buffer: vec![0; BUFFER],
        }
    }

    /// Takes one received datagram. Broken or foreign records are dropped inside; an error ends the connection.
    pub fn handle(&mut self, packet: &[u8], now: Instant) -> Result<(), DtlsError> {
        self.inner.handle_timeout(now)?;
        Ok(self.inner.handle_packet(packet)?)
    }

    /// To be called at `timeout()`: repeats what was lost, or gives up.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsError> {
        Ok(self.inner.handle_timeout(now)?)
    }

    /// Hands out everything waiting. A certificate that is not the expected one shows here, before any key is given.
    pub fn poll(&mut self, now: Instant, on: &mut dyn FnMut(DtlsOutput)) -> Result<(), DtlsError> {
        // Taken out for the time of the call, for what is read from it borrows it.
        let mut buffer = std::mem::take(&mut self.buffer);
        let result = self.drain(now, &mut buffer, on);
        self.buffer = buffer;
        result
    }

    fn drain(&mut self, now: Instant, buffer: &mut Vec<u8>, on: &mut dyn FnMut(DtlsOutput)) -> Result<(), DtlsError> {
        loop {
            match self.inner.poll_output(buffer) {
                Output::Packet(packet) => on(DtlsOutput::Packet(packet)),
                Output::PeerCert(der) => {
                    let found = certificate::format_fingerprint(&certificate::calculate_fingerprint(der));
                    if !found.eq_ignore_ascii_case(&self.expected_fingerprint) {
                        return Err(DtlsError::WrongFingerprint);
                    }
                    self.is_trusted = true;
                }
                Output::KeyingMaterial(material, profile) => on(self.connected(&material, profile)?),
                Output::CloseNotify => on(DtlsOutput::Closed),
                Output::Timeout(at) => {
                    self.timeout = Some(at.max(now));
                    return Ok(());
                }
                Output::BufferTooSmall { needed } => buffer.resize(needed, 0),
                // `Connected` says no more than the keys do; application data would be SCTP, which is not offered.
                _ => {}
            }
        }
    }

    /// RFC 5764 section 4.2: client key, server key, client salt, server salt.
    fn connected(&self, material: &[u8], profile: SrtpProfile) -> Result<DtlsOutput<'static>, DtlsError> {
        let profile = match profile {
            SrtpProfile::AEAD_AES_128_GCM => Profile::AeadAes128Gcm,
            SrtpProfile::AEAD_AES_256_GCM => Profile::AeadAes256Gcm,
            SrtpProfile::AES128_CM_SHA1_80 => Profile::Aes128CmSha1_80,
            _ => return Err(DtlsError::NoSrtp),
        };
        if !self.is_trusted {
            return Err(DtlsError::WrongFingerprint);
        }
        if material.len() != 2 * (profile.key_len() + profile.salt_len()) {
            return Err(DtlsError::NoSrtp);
        }
        let (keys, salts) = material.split_at(2 * profile.key_len());
        let client = (&keys[..profile.key_len()], &salts[..profile.salt_len()]);
        let server = (&keys[profile.key_len()..], &salts[profile.salt_len()..]);
        let (ours, theirs) = match self.role {
            Role::Client => (client, server),
            Role::Server => (server, client),
        };
        Ok(DtlsOutput::Connected {
            seal: SealKeys::new(profile, ours.0, ours.1).map_err(|_| DtlsError::NoSrtp)?,
            open: OpenKeys::new(profile, theirs.0, theirs.1).map_err(|_| DtlsError::NoSrtp)?,
            profile,
        })
    }

    /// When `handle_timeout` wants to be called.
    pub fn timeout(&self) -> Option<Instant> {
        self.timeout
    }

    /// Queues a good-bye (close_notify) for the next `poll`.
    pub fn close(&mut self) {
        // An error here says that the connection is over already.
        let _ = self.inner.close();
    }
}

#[cfg(test)]
mod tests;
