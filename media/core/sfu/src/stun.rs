//! STUN binding messages as ICE needs them (RFC 8489, RFC 8445 section 7): parsed without copying, written into a
//! caller's buffer, with short-term credentials (HMAC-SHA1) and FINGERPRINT.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;

const MAGIC: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const HEADER: usize = 20;
const INTEGRITY_LEN: usize = 20;
const FINGERPRINT_XOR: u32 = 0x5354_554e;

const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const ERROR_CODE: u16 = 0x0009;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const PRIORITY: u16 = 0x0024;
const USE_CANDIDATE: u16 = 0x0025;
const FINGERPRINT: u16 = 0x8028;
const ICE_CONTROLLED: u16 = 0x8029;
const ICE_CONTROLLING: u16 = 0x802a;

/// Chosen by the requester, repeated in the response.
pub type Transaction = [u8; 12];

/// Kind of a binding message; the value is its type field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Request = 0x0001,
    Indication = 0x0011,
    Success = 0x0101,
    Error = 0x0111,
}

/// Who decides about the pair in use, as a request's sender sees itself, with its tie-breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IceRole {
    Controlling(u64),
    Controlled(u64),
}

/// The key of MESSAGE-INTEGRITY under short-term credentials.
pub fn integrity_key(password: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes())
}

/// Whether a datagram is STUN by its first bytes (RFC 7983: first byte 0 to 3; then the magic cookie).
pub fn is_stun(packet: &[u8]) -> bool {
    packet.len() >= HEADER && packet[0] < 4 && packet[4..8] == MAGIC
}

/// The receiver's half of USERNAME ("receiver:sender") of a binding request; nothing is authenticated yet.
pub fn ufrag_of_request(packet: &[u8]) -> Option<&str> {
    let message = Message::parse(packet).filter(|message| message.class == Class::Request)?;
    Some(message.username?.split_once(':')?.0)
}

/// A well-formed binding message. FINGERPRINT, where present, is right; MESSAGE-INTEGRITY is for `verify`.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    pub class: Class,
    pub transaction: Transaction,
    pub username: Option<&'a str>,
    pub priority: Option<u32>,
    pub use_candidate: bool,
    pub role: Option<IceRole>,
    pub mapped_address: Option<SocketAddr>,
    /// 300 to 699.
    pub error_code: Option<u16>,
    pub has_fingerprint: bool,
    packet: &'a [u8],
    integrity_at: Option<usize>,
}

impl<'a> Message<'a> {
    /// None for anything that is not a well-formed binding message. Unknown attributes are skipped, and those
    /// between MESSAGE-INTEGRITY and FINGERPRINT too, for nothing protects them.
    pub fn parse(packet: &'a [u8]) -> Option<Self> {
        if !is_stun(packet) {
            return None;
        }
        let length = usize::from(u16_at(packet, 2)?);
        if length % 4 != 0 || HEADER + length != packet.len() {
            return None;
        }
        let class = match u16_at(packet, 0)? {
            0x0001 => Class::Request,
            0x0011 => Class::Indication,
            0x0101 => Class::Success,
            0x0111 => Class::Error,
            _ => return None,
        };
        let mut message = Message {
            class,
            transaction: packet[8..HEADER].try_into().ok()?,
            username: None,
            priority: None,
            use_candidate: false,
            role: None,
            mapped_address: None,
            error_code: None,
            has_fingerprint: false,
            packet,
            integrity_at: None,
        };
        let mut at = HEADER;
        while at < packet.len() && !message.has_fingerprint {
            let (kind, len) = (u16_at(packet, at)?, usize::from(u16_at(packet, at + 2)?));
            let value = packet.get(at + 4..at + 4 + len)?;
            match kind {
                FINGERPRINT => message.check_fingerprint(at, value)?,
                _ if message.integrity_at.is_some() => {}
                MESSAGE_INTEGRITY if len == INTEGRITY_LEN => message.integrity_at = Some(at),
                MESSAGE_INTEGRITY => return None,
                _ => message.read(kind, value)?,
            }
            at += 4 + len.next_multiple_of(4);
        }
        (at == packet.len()).then_some(message)
    }

    fn check_fingerprint(&mut self, at: usize, value: &[u8]) -> Option<()> {
        self.has_fingerprint = u32_of(value)? == crc32(&self.packet[..at]) ^ FINGERPRINT_XOR;
        self.has_fingerprint.then_some(())
    }

    fn read(&mut self, kind: u16, value: &'a [u8]) -> Option<()> {
        match kind {
            USERNAME => self.username = Some(std::str::from_utf8(value).ok()?),
            PRIORITY => self.priority = Some(u32_of(value)?),
            USE_CANDIDATE => self.use_candidate = true,
            ICE_CONTROLLING => self.role = Some(IceRole::Controlling(u64_of(value)?)),
            ICE_CONTROLLED => self.role = Some(IceRole::Controlled(u64_of(value)?)),
            XOR_MAPPED_ADDRESS => self.mapped_address = Some(read_xor_address(value, &self.transaction)?),
            ERROR_CODE => {
                let (class, number) = (value.get(2)? & 7, *value.get(3)?);
                self.error_code = Some(u16::from(class) * 100 + u16::from(number));
            }
            _ => {}
        }
        Some(())
    }

    /// Whether MESSAGE-INTEGRITY is there and was made with this key.
    pub fn verify(&self, key: &hmac::Key) -> bool {
        let Some(at) = self.integrity_at else { return false };
        let value = &self.packet[at + 4..at + 4 + INTEGRITY_LEN];
        verify_slices_are_equal(&integrity(key, &self.packet[..at]), value).is_ok()
    }
}

/// Builds one message at the end of nothing: the buffer is cleared first.
pub struct Writer<'b> {
    out: &'b mut Vec<u8>,
}

impl<'b> Writer<'b> {
    pub fn new(out: &'b mut Vec<u8>, class: Class, transaction: &Transaction) -> Self {
        out.clear();
        out.extend_from_slice(&(class as u16).to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(transaction);
        Self { out }
    }

    fn attribute(&mut self, kind: u16, value: &[u8]) {
        self.out.extend_from_slice(&kind.to_be_bytes());
        self.out.extend_from_slice(&(value.len() as u16).to_be_bytes());
        self.out.extend_from_slice(value);
        self.out.resize(self.out.len().next_multiple_of(4), 0);
        // The length always counts up to here: MESSAGE-INTEGRITY and FINGERPRINT cover it so.
        self.set_length(self.out.len());
    }

    fn set_length(&mut self, end: usize) {
        self.out[2..4].copy_from_slice(&((end - HEADER) as u16).to_be_bytes());
    }

    pub fn username(mut self, username: &str) -> Self {
        self.attribute(USERNAME, username.as_bytes());
        self
    }

    pub fn priority(mut self, priority: u32) -> Self {
        self.attribute(PRIORITY, &priority.to_be_bytes());
        self
    }

    pub fn use_candidate(mut self) -> Self {
        self.attribute(USE_CANDIDATE, &[]);
        self
    }

    pub fn role(mut self, role: IceRole) -> Self {
        match role {
            IceRole::Controlling(tie_breaker) => self.attribute(ICE_CONTROLLING, &tie_breaker.to_be_bytes()),
            IceRole::Controlled(tie_breaker) => self.attribute(ICE_CONTROLLED, &tie_breaker.to_be_bytes()),
        }
        self
    }

    pub fn mapped_address(mut self, address: SocketAddr) -> Self {
        let mut transaction = [0; 12];
        transaction.copy_from_slice(&self.out[8..HEADER]);
        let mask = mask(&transaction);
        let port = (address.port() ^ u16::from_be_bytes([mask[0], mask[1]])).to_be_bytes();
        let mut value = [0, 0, port[0], port[1], 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let xor = |to: &mut [u8], octets: &[u8]| {
            for ((to, octet), mask) in to.iter_mut().zip(octets).zip(mask) {
                *to = octet ^ mask;
            }
        };
        match address.ip().to_canonical() {
            IpAddr::V4(ip) => {
                value[1] = 1;
                xor(&mut value[4..8], &ip.octets());
                self.attribute(XOR_MAPPED_ADDRESS, &value[..8]);
            }
            IpAddr::V6(ip) => {
                value[1] = 2;
                xor(&mut value[4..], &ip.octets());
                self.attribute(XOR_MAPPED_ADDRESS, &value);
            }
        }
        self
    }

    /// `code` is 300 to 699.
    pub fn error(mut self, code: u16, reason: &str) -> Self {
        let mut value = vec![0, 0, (code / 100) as u8, (code % 100) as u8];
        value.extend_from_slice(reason.as_bytes());
        self.attribute(ERROR_CODE, &value);
        self
    }

    /// Adds MESSAGE-INTEGRITY and FINGERPRINT.
    pub fn finish(mut self, key: &hmac::Key) {
        let integrity = integrity(key, self.out);
        self.attribute(MESSAGE_INTEGRITY, &integrity);
        self.set_length(self.out.len() + 8);
        let fingerprint = crc32(self.out) ^ FINGERPRINT_XOR;
        self.attribute(FINGERPRINT, &fingerprint.to_be_bytes());
    }
}

/// HMAC-SHA1 over all before MESSAGE-INTEGRITY, with the length field as if the message ended with it.
fn integrity(key: &hmac::Key, before: &[u8]) -> [u8; INTEGRITY_LEN] {
    let length = (before.len() - HEADER + 4 + INTEGRITY_LEN) as u16;
    let mut context = hmac::Context::with_key(key);
    context.update(&before[..2]);
    context.update(&length.to_be_bytes());
    context.update(&before[4..]);
    let mut out = [0; INTEGRITY_LEN];
    out.copy_from_slice(context.sign().as_ref());
    out
}

/// What XOR-MAPPED-ADDRESS is masked with: magic cookie and transaction id.
fn mask(transaction: &Transaction) -> [u8; 16] {
    let mut mask = [0; 16];
    mask[..4].copy_from_slice(&MAGIC);
    mask[4..].copy_from_slice(transaction);
    mask
}

fn read_xor_address(value: &[u8], transaction: &Transaction) -> Option<SocketAddr> {
    let mask = mask(transaction);
    let port = u16_at(value, 2)? ^ u16::from_be_bytes([mask[0], mask[1]]);
    let mut octets = [0; 16];
    let address = value.get(4..)?;
    for ((octet, x), mask) in octets.iter_mut().zip(address).zip(mask) {
        *octet = x ^ mask;
    }
    let ip = match (value[1], address.len()) {
        (1, 4) => IpAddr::V4(Ipv4Addr::new(octets[0], octets[1], octets[2], octets[3])),
        (2, 16) => IpAddr::V6(Ipv6Addr::from(octets)),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_of(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

fn u64_of(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.try_into().ok()?))
}

const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut n = 0;
    while n < 256 {
        let mut crc = n as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[n] = crc;
        n += 1;
    }
    table
};

/// CRC-32 of ITU-T V.42, as FINGERPRINT uses it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        crc >> 8 ^ CRC_TABLE[usize::from(crc as u8 ^ byte)]
    })
}

#[cfg(test)]
mod tests;
