//! AES-GCM for SRTP and SRTCP (RFC 7714).

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::{KeyError, OpenError, RTCP_INDEX_LEN};

pub(super) const TAG_LEN: usize = 16;

/// One direction of RTP or RTCP: session key and session salt.
pub(super) struct Gcm {
    key: LessSafeKey,
    salt: [u8; 12],
}

impl Gcm {
    pub(super) fn new(key: &[u8], salt: [u8; 12]) -> Result<Self, KeyError> {
        let algorithm = match key.len() {
            16 => &AES_128_GCM,
            32 => &AES_256_GCM,
            _ => return Err(KeyError),
        };
        let key = UnboundKey::new(algorithm, key).map_err(|_| KeyError)?;
        Ok(Self {
            key: LessSafeKey::new(key),
            salt,
        })
    }

    /// 16 bits zero, SSRC, 48-bit index, XOR the salt (sections 8.1 and 9.1: SRTCP's index is 31 bits long).
    fn nonce(&self, ssrc: [u8; 4], index: u64) -> Nonce {
        let mut nonce = self.salt;
        let index = index.to_be_bytes();
        for (byte, x) in nonce[2..6].iter_mut().zip(ssrc) {
            *byte ^= x;
        }
        for (byte, x) in nonce[6..].iter_mut().zip(&index[2..]) {
            *byte ^= x;
        }
        Nonce::assume_unique_for_key(nonce)
    }

    pub(super) fn seal_rtp(
        &self,
        packet: &mut [u8],
        header_len: usize,
        len: usize,
        ssrc: [u8; 4],
        index: u64,
    ) -> usize {
        let nonce = self.nonce(ssrc, index);
        let (plain, spare) = packet.split_at_mut(len);
        let (header, payload) = plain.split_at_mut(header_len);
        let tag = self
            .key
            .seal_in_place_separate_tag(nonce, Aad::from(&*header), payload)
            .expect("a datagram is far below the length limit of GCM");
        spare[..TAG_LEN].copy_from_slice(tag.as_ref());
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
        let (header, sealed) = packet.split_at_mut(header_len);
        self.key
            .open_in_place(self.nonce(ssrc, index), Aad::from(&*header), sealed)
            .map_err(|_| OpenError::Forged)?;
        Ok(len)
    }

    /// `trailer` is the E bit and the index.
    pub(super) fn seal_rtcp(&self, packet: &mut [u8], len: usize, ssrc: [u8; 4], trailer: u32) -> usize {
        let nonce = self.nonce(ssrc, u64::from(trailer & !super::RTCP_ENCRYPTED));
        let aad = rtcp_aad(packet, trailer);
        let tag = self
            .key
            .seal_in_place_separate_tag(nonce, Aad::from(aad), &mut packet[8..len])
            .expect("a datagram is far below the length limit of GCM");
        packet[len..len + TAG_LEN].copy_from_slice(tag.as_ref());
        packet[len + TAG_LEN..len + TAG_LEN + RTCP_INDEX_LEN].copy_from_slice(&trailer.to_be_bytes());
        len + TAG_LEN + RTCP_INDEX_LEN
    }

    pub(super) fn open_rtcp(&self, packet: &mut [u8], ssrc: [u8; 4], trailer: u32) -> Result<usize, OpenError> {
        let sealed_len = packet.len() - RTCP_INDEX_LEN;
        let len = sealed_len.checked_sub(TAG_LEN).filter(|len| *len >= 8);
        let len = len.ok_or(OpenError::Short)?;
        let nonce = self.nonce(ssrc, u64::from(trailer & !super::RTCP_ENCRYPTED));
        let aad = rtcp_aad(packet, trailer);
        self.key
            .open_in_place(nonce, Aad::from(aad), &mut packet[8..sealed_len])
            .map_err(|_| OpenError::Forged)?;
        Ok(len)
    }
}

/// Fixed header and trailer (section 9.2).
fn rtcp_aad(packet: &[u8], trailer: u32) -> [u8; 12] {
    let mut aad = [0; 12];
    aad[..8].copy_from_slice(&packet[..8]);
    aad[8..].copy_from_slice(&trailer.to_be_bytes());
    aad
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::srtp::RTCP_ENCRYPTED;
    use crate::srtp::tests::bytes;

    const SALT: &str = "517569642070726f2071756f";
    const KEY_128: &str = "000102030405060708090a0b0c0d0e0f";
    const KEY_256: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const RTP: &str =
        "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573";
    const RTCP: &str = concat!(
        "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61",
        "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef"
    );

    fn gcm(key: &str) -> Gcm {
        Gcm::new(&bytes(key), bytes(SALT).try_into().unwrap()).unwrap()
    }

    fn check_rtp(key: &str, expected: &str) {
        let plain = bytes(RTP);
        let ssrc = [0x55, 0x01, 0xa0, 0xb2];
        let mut packet = plain.clone();
        packet.resize(plain.len() + TAG_LEN, 0);
        let sealed = gcm(key).seal_rtp(&mut packet, 12, plain.len(), ssrc, 0xf17b);
        assert_eq!(packet[..sealed], bytes(expected));
        let opened = gcm(key).open_rtp(&mut packet[..sealed], 12, ssrc, 0xf17b).unwrap();
        assert_eq!(packet[..opened], plain);
        packet[0] ^= 0x20;
        assert_eq!(
            gcm(key).open_rtp(&mut packet[..sealed], 12, ssrc, 0xf17b),
            Err(OpenError::Forged)
        );
    }

    fn check_rtcp(key: &str, expected: &str) {
        let plain = bytes(RTCP);
        let ssrc = [0x4d, 0x61, 0x72, 0x73];
        let trailer = RTCP_ENCRYPTED | 0x5d4;
        let mut packet = plain.clone();
        packet.resize(plain.len() + TAG_LEN + RTCP_INDEX_LEN, 0);
        let sealed = gcm(key).seal_rtcp(&mut packet, plain.len(), ssrc, trailer);
        assert_eq!(packet[..sealed], bytes(expected));
        let opened = gcm(key).open_rtcp(&mut packet[..sealed], ssrc, trailer).unwrap();
        assert_eq!(packet[..opened], plain);
    }

    #[test]
    fn rfc_7714_16_1_rtp_aes_128() {
        check_rtp(
            KEY_128,
            concat!(
                "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833",
                "899d7f27beb16a9152cf765ee4390cce"
            ),
        );
    }

    #[test]
    fn rfc_7714_16_2_rtp_aes_256() {
        check_rtp(
            KEY_256,
            concat!(
                "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b",
                "7aa3db36dfffd6b0f9bb7878d7a76c13"
            ),
        );
    }

    #[test]
    fn rfc_7714_17_1_rtcp_aes_128() {
        check_rtcp(
            KEY_128,
            concat!(
                "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded",
                "0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4"
            ),
        );
    }

    #[test]
    fn rfc_7714_17_2_rtcp_aes_256() {
        check_rtcp(
            KEY_256,
            concat!(
                "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de047",
                "6f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4"
            ),
        );
    }
}
