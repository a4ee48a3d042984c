//! SRTP and SRTCP (RFC 3711, RFC 7714).

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    AeadAes128Gcm,
    AeadAes256Gcm,
    Aes128CmSha1_80,
}

impl Profile {
    pub const fn rtp_overhead(self) -> usize {
        match self {
            Profile::AeadAes128Gcm | Profile::AeadAes256Gcm => 16,
            Profile::Aes128CmSha1_80 => 10,
        }
    }
    pub const fn rtcp_overhead(self) -> usize {
        self.rtp_overhead() + 4
    }
}

/// Master key or salt of a wrong length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenError {
    Replayed,
    Forged,
    Short,
}

pub struct SealKeys {}
impl SealKeys {
    pub fn new(_profile: Profile, _key: &[u8], _salt: &[u8]) -> Result<Self, KeyError> {
        unimplemented!()
    }
    /// `packet` = plaintext RTP of `len` bytes followed by at least `rtp_overhead()` spare bytes; returns sealed length.
    pub fn seal_rtp(&self, _packet: &mut [u8], _header_len: usize, _len: usize, _roc: u32) -> usize {
        unimplemented!()
    }
    pub fn seal_rtcp(&mut self, _packet: &mut [u8], _len: usize) -> usize {
        unimplemented!()
    }
}

/// Per inbound SSRC: highest index and 128-packet replay window.
#[derive(Clone, Debug, Default)]
pub struct ReceiveStream {}

pub struct OpenKeys {}
impl OpenKeys {
    pub fn new(_profile: Profile, _key: &[u8], _salt: &[u8]) -> Result<Self, KeyError> {
        unimplemented!()
    }
    pub fn open_rtp(
        &self,
        _packet: &mut [u8],
        _header_len: usize,
        _stream: &mut ReceiveStream,
    ) -> Result<usize, OpenError> {
        unimplemented!()
    }
    pub fn open_rtcp(&mut self, _packet: &mut [u8]) -> Result<usize, OpenError> {
        unimplemented!()
    }
}
