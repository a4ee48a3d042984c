//! AES in counter mode with HMAC-SHA1, 80-bit tags (RFC 3711).

use aws_lc_rs::cipher::EncryptingKey;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;

use super::kdf::{apply_key_stream, counter_mode};
use super::{KeyError, OpenError, RTCP_ENCRYPTED, RTCP_INDEX_LEN};

pub(super) const TAG_LEN: usize = 10;

/// One direction of RTP or RTCP: session encryption key, salt and authentication key.
pub(super) struct CounterMode {
    cipher: EncryptingKey,
    salt: [u8; 14],
    authentication: hmac::Key,
}

impl CounterMode {
    pub(super) fn new(key: &[u8], salt: [u8; 14], authentication: [u8; 20]) -> Result<Self, KeyError> {
        Ok(Self {
            cipher: counter_mode(key)?,
            salt,
            authentication: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &authentication),
        })
    }

    /// Salt · 2^16 XOR SSRC · 2^64 XOR index · 2^16 (section 4.1.1).
    fn iv(&self, ssrc: [u8; 4], index: u64) -> [u8; 16] {
        let mut iv = [0; 16];
        iv[..14].copy_from_slice(&self.salt);
        for (byte, x) in iv[4..8].iter_mut().zip(ssrc) {
            *byte ^= x;
        }
        for (byte, x) in iv[8..14].iter_mut().zip(&index.to_be_bytes()[2..]) {
            *byte ^= x;
        }
        iv
    }

    fn tag(&self, packet: &[u8], roc: &[u8]) -> [u8; TAG_LEN] {
        let mut context = hmac::Context::with_key(&self.authentication);
        context.update(packet);
        context.update(roc);
        let mut tag = [0; TAG_LEN];
        tag.copy_from_slice(&context.sign().as_ref()[..TAG_LEN]);
        tag
    }

    pub(super) fn seal_rtp(
        &self,
        packet: &mut [u8],
        header_len: usize,
        len: usize,
        ssrc: [u8; 4],
        index: u64,
    ) -> usize {
        apply_key_stream(&self.cipher, self.iv(ssrc, index), &mut packet[header_len..len]);
        let tag = self.tag(&packet[..len], &roc_of(index));
        packet[len..len + TAG_LEN].copy_from_slice(&tag);
        len + TAG_LEN
    }

    pub(super) fn open_rtp(
        &self,
        packet: &mut [u8],
        header_len: usize,
        ssrc: [u8; 4],
        index: u64,
    ) -> Result<usize, OpenError> {
        let len = packet.len().checked_sub(TAG_LEN).filter(|len| *len >= header_len);
        let len = len.ok_or(OpenError::Short)?;
        let tag = self.tag(&packet[..len], &roc_of(index));
        verify_slices_are_equal(&tag, &packet[len..]).map_err(|_| OpenError::Forged)?;
        apply_key_stream(&self.cipher, self.iv(ssrc, index), &mut packet[header_len..len]);
        Ok(len)
    }

    /// `trailer` is the E bit and the index; it stands before the tag (section 3.4).
    pub(super) fn seal_rtcp(&self, packet: &mut [u8], len: usize, ssrc: [u8; 4], trailer: u32) -> usize {
        let index = u64::from(trailer & !RTCP_ENCRYPTED);
        apply_key_stream(&self.cipher, self.iv(ssrc, index), &mut packet[8..len]);
        let tagged = len + RTCP_INDEX_LEN;
        packet[len..tagged].copy_from_slice(&trailer.to_be_bytes());
        let tag = self.tag(&packet[..tagged], &[]);
        packet[tagged..tagged + TAG_LEN].copy_from_slice(&tag);
        tagged + TAG_LEN
    }

    pub(super) fn open_rtcp(&self, packet: &mut [u8], ssrc: [u8; 4], trailer: u32) -> Result<usize, OpenError> {
        let len = packet
            .len()
            .checked_sub(RTCP_INDEX_LEN + TAG_LEN)
            .filter(|len| *len >= 8);
        let len = len.ok_or(OpenError::Short)?;
        let tagged = len + RTCP_INDEX_LEN;
        let tag = self.tag(&packet[..tagged], &[]);
        verify_slices_are_equal(&tag, &packet[tagged..]).map_err(|_| OpenError::Forged)?;
        let index = u64::from(trailer & !RTCP_ENCRYPTED);
        apply_key_stream(&self.cipher, self.iv(ssrc, index), &mut packet[8..len]);
        Ok(len)
    }
}

/// The roll-over counter, which the tag covers though it is not sent.
fn roc_of(index: u64) -> [u8; 4] {
    ((index >> 16) as u32).to_be_bytes()
}
