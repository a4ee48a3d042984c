//! SRTP and SRTCP (RFC 3711, RFC 7714): sealing and opening in place, without allocation.

mod cm;
mod gcm;
mod kdf;
mod replay;

use std::fmt;

use cm::CounterMode;
use gcm::Gcm;
use kdf::{Label, MasterKey};
pub use replay::ReceiveStream;
use replay::RtcpWindows;

/// The E bit of the SRTCP trailer.
const RTCP_ENCRYPTED: u32 = 1 << 31;
const RTCP_INDEX_LEN: usize = 4;
/// Fixed part of an RTP header.
const MIN_RTP_HEADER: usize = 12;
/// Fixed part of an RTCP packet, never encrypted.
const MIN_RTCP: usize = 8;

/// Protection profile as negotiated by DTLS-SRTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    AeadAes128Gcm,
    AeadAes256Gcm,
    Aes128CmSha1_80,
}

impl Profile {
    /// Bytes that sealing adds to an RTP packet.
    pub const fn rtp_overhead(self) -> usize {
        match self {
            Profile::AeadAes128Gcm | Profile::AeadAes256Gcm => gcm::TAG_LEN,
            Profile::Aes128CmSha1_80 => cm::TAG_LEN,
        }
    }

    /// Bytes that sealing adds to an RTCP packet.
    pub const fn rtcp_overhead(self) -> usize {
        self.rtp_overhead() + RTCP_INDEX_LEN
    }

    /// Length of the master key in bytes.
    pub const fn key_len(self) -> usize {
        match self {
            Profile::AeadAes128Gcm | Profile::Aes128CmSha1_80 => 16,
            Profile::AeadAes256Gcm => 32,
        }
    }

    /// Length of the master salt in bytes.
    pub const fn salt_len(self) -> usize {
        match self {
            Profile::AeadAes128Gcm | Profile::AeadAes256Gcm => 12,
            Profile::Aes128CmSha1_80 => 14,
        }
    }
}

/// A master key or salt whose length does not fit the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyError;

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SRTP master key or salt of a wrong length")
    }
}

impl std::error::Error for KeyError {}

/// Why a packet was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// Seen before, or too old to tell.
    Replayed,
    /// Not sealed with this key, or changed on the way.
    Forged,
    /// Too short to be what it claims to be.
    Short,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OpenError::Replayed => "replayed or too old",
            OpenError::Forged => "not authentic",
            OpenError::Short => "too short",
        })
    }
}

impl std::error::Error for OpenError {}

/// Session keys of one direction, for RTP or for RTCP. Boxed: the prepared keys are large.
enum Cipher {
    Gcm(Box<Gcm>),
    CounterMode(Box<CounterMode>),
}

impl Cipher {
    fn new(profile: Profile, master: &MasterKey, [key, salt, authentication]: [Label; 3]) -> Result<Self, KeyError> {
        Ok(match profile {
            Profile::AeadAes128Gcm => Self::gcm(&master.derive::<16>(key), master.derive(salt))?,
            Profile::AeadAes256Gcm => Self::gcm(&master.derive::<32>(key), master.derive(salt))?,
            Profile::Aes128CmSha1_80 => Cipher::CounterMode(Box::new(CounterMode::new(
                &master.derive::<16>(key),
                master.derive(salt),
                master.derive(authentication),
            )?)),
        })
    }

    fn gcm(key: &[u8], salt: [u8; 12]) -> Result<Self, KeyError> {
        Ok(Cipher::Gcm(Box::new(Gcm::new(key, salt)?)))
    }

    /// The ciphers for RTP and RTCP of one master key.
    fn pair(profile: Profile, key: &[u8], salt: &[u8]) -> Result<(Self, Self), KeyError> {
        if key.len() != profile.key_len() || salt.len() != profile.salt_len() {
            return Err(KeyError);
        }
        let master = MasterKey::new(key, salt)?;
        let rtp = [Label::RtpKey, Label::RtpSalt, Label::RtpAuthentication];
        let rtcp = [Label::RtcpKey, Label::RtcpSalt, Label::RtcpAuthentication];
        Ok((Self::new(profile, &master, rtp)?, Self::new(profile, &master, rtcp)?))
    }
}

/// Keys for what we send to one peer. The caller keeps each SSRC's roll-over counter.
pub struct SealKeys {
    profile: Profile,
    rtp: Cipher,
    rtcp: Cipher,
    rtcp_index: u32,
}

impl SealKeys {
    /// From the master key and salt, whose lengths the profile says.
    pub fn new(profile: Profile, key: &[u8], salt: &[u8]) -> Result<Self, KeyError> {
        let (rtp, rtcp) = Cipher::pair(profile, key, salt)?;
        Ok(Self {
            profile,
            rtp,
            rtcp,
            rtcp_index: 0,
        })
    }

    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Seals an RTP packet in place and returns the sealed length.
    ///
    /// `packet` holds `len` bytes of plaintext, of which `header_len` (at least 12) stay readable, followed by at least
    /// `rtp_overhead()` spare bytes. `roc` is how often this packet's sequence number has rolled over; the same SSRC,
    /// `roc` and sequence number must never seal two different packets. Panics when the buffer is shorter than that.
    pub fn seal_rtp(&self, packet: &mut [u8], header_len: usize, len: usize, roc: u32) -> usize {
        let ssrc = [packet[8], packet[9], packet[10], packet[11]];
        let index = u64::from(roc) << 16 | u64::from(u16::from_be_bytes([packet[2], packet[3]]));
        match &self.rtp {
            Cipher::Gcm(gcm) => gcm.seal_rtp(packet, header_len, len, ssrc, index),
            Cipher::CounterMode(cm) => cm.seal_rtp(packet, header_len, len, ssrc, index),
        }
    }

    /// Seals a (compound) RTCP packet of `len` bytes in place and returns the sealed length.
    ///
    /// `packet` has at least `rtcp_overhead()` bytes beyond `len`, and `len` is at least 8; panics otherwise.
    pub fn seal_rtcp(&mut self, packet: &mut [u8], len: usize) -> usize {
        self.rtcp_index = (self.rtcp_index + 1) & !RTCP_ENCRYPTED;
        let trailer = RTCP_ENCRYPTED | self.rtcp_index;
        let ssrc = [packet[4], packet[5], packet[6], packet[7]];
        match &self.rtcp {
            Cipher::Gcm(gcm) => gcm.seal_rtcp(packet, len, ssrc, trailer),
            Cipher::CounterMode(cm) => cm.seal_rtcp(packet, len, ssrc, trailer),
        }
    }
}

/// Keys for what one peer sends to us. The caller keeps one `ReceiveStream` for each SSRC.
pub struct OpenKeys {
    profile: Profile,
    rtp: Cipher,
    rtcp: Cipher,
    rtcp_windows: RtcpWindows,
}

impl OpenKeys {
    /// From the master key and salt, whose lengths the profile says.
    pub fn new(profile: Profile, key: &[u8], salt: &[u8]) -> Result<Self, KeyError> {
        let (rtp, rtcp) = Cipher::pair(profile, key, salt)?;
        Ok(Self {
            profile,
            rtp,
            rtcp,
            rtcp_windows: RtcpWindows::default(),
        })
    }

    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Opens a sealed RTP packet in place and returns the plaintext length.
    ///
    /// `header_len` is the length of the header with CSRCs and extension. On `Forged` the packet's content is
    /// unspecified and `stream` is unchanged.
    pub fn open_rtp(
        &self,
        packet: &mut [u8],
        header_len: usize,
        stream: &mut ReceiveStream,
    ) -> Result<usize, OpenError> {
        if packet.len() < MIN_RTP_HEADER || header_len < MIN_RTP_HEADER || header_len > packet.len() {
            return Err(OpenError::Short);
        }
        let ssrc = [packet[8], packet[9], packet[10], packet[11]];
        let sequence = u16::from_be_bytes([packet[2], packet[3]]);
        let index = stream.index_of(sequence).filter(|index| stream.is_fresh(*index));
        let index = index.ok_or(OpenError::Replayed)?;
        let len = match &self.rtp {
            Cipher::Gcm(gcm) => gcm.open_rtp(packet, header_len, ssrc, index)?,
            Cipher::CounterMode(cm) => cm.open_rtp(packet, header_len, ssrc, index)?,
        };
        stream.accept(index);
        Ok(len)
    }

    /// Opens a sealed (compound) RTCP packet in place and returns the plaintext length.
    ///
    /// Packets that are only authenticated (E bit clear) are refused: WebRTC always encrypts.
    pub fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, OpenError> {
        let trailer_at = match &self.rtcp {
            Cipher::Gcm(_) => packet.len().checked_sub(RTCP_INDEX_LEN),
            Cipher::CounterMode(_) => packet.len().checked_sub(RTCP_INDEX_LEN + cm::TAG_LEN),
        };
        let trailer_at = trailer_at.filter(|at| *at >= MIN_RTCP).ok_or(OpenError::Short)?;
        let trailer = u32::from_be_bytes([
            packet[trailer_at],
            packet[trailer_at + 1],
            packet[trailer_at + 2],
            packet[trailer_at + 3],
        ]);
        if trailer & RTCP_ENCRYPTED == 0 {
            return Err(OpenError::Forged);
        }
        let index = trailer & !RTCP_ENCRYPTED;
        let ssrc = [packet[4], packet[5], packet[6], packet[7]];
        if !self.rtcp_windows.is_fresh(u32::from_be_bytes(ssrc), index) {
            return Err(OpenError::Replayed);
        }
        let len = match &self.rtcp {
            Cipher::Gcm(gcm) => gcm.open_rtcp(packet, ssrc, trailer)?,
            Cipher::CounterMode(cm) => cm.open_rtcp(packet, ssrc, trailer)?,
        };
        self.rtcp_windows.accept(u32::from_be_bytes(ssrc), index);
        Ok(len)
    }
}

#[cfg(test)]
mod tests;
