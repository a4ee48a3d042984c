//! Session keys from master keys (RFC 3711 section 4.3, key derivation rate 0).

use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

use super::KeyError;

/// What a session key is for (RFC 3711 section 4.3.2).
#[derive(Clone, Copy)]
pub(super) enum Label {
    RtpKey = 0,
    RtpAuthentication = 1,
    RtpSalt = 2,
    RtcpKey = 3,
    RtcpAuthentication = 4,
    RtcpSalt = 5,
}

/// AES in counter mode with a key of 16 or 32 bytes.
pub(super) fn counter_mode(key: &[u8]) -> Result<EncryptingKey, KeyError> {
    let algorithm = match key.len() {
        16 => &AES_128,
        32 => &AES_256,
        _ => return Err(KeyError),
    };
    let key = UnboundCipherKey::new(algorithm, key).map_err(|_| KeyError)?;
    EncryptingKey::ctr(key).map_err(|_| KeyError)
}

/// XORs the key stream that begins at counter block `iv` onto `data`.
pub(super) fn apply_key_stream(key: &EncryptingKey, iv: [u8; 16], data: &mut [u8]) {
    // Cannot fail: the key is for counter mode, which takes exactly this IV and any length.
    let sealed = key.less_safe_encrypt(data, EncryptionContext::Iv128(FixedLength::from(iv)));
    debug_assert!(sealed.is_ok());
}

/// The derivation function of one master key.
pub(super) struct MasterKey {
    key: EncryptingKey,
    salt: [u8; 14],
}

impl MasterKey {
    /// `salt` has 14 bytes, or 12 for AES-GCM (RFC 7714 section 11: padded with zeros on the right).
    pub(super) fn new(key: &[u8], salt: &[u8]) -> Result<Self, KeyError> {
        let mut padded = [0; 14];
        padded.get_mut(..salt.len()).ok_or(KeyError)?.copy_from_slice(salt);
        Ok(Self {
            key: counter_mode(key)?,
            salt: padded,
        })
    }

    pub(super) fn derive<const N: usize>(&self, label: Label) -> [u8; N] {
        let mut iv = [0; 16];
        iv[..14].copy_from_slice(&self.salt);
        // The key id is the label followed by a 48-bit index, which is always 0 here.
        iv[7] ^= label as u8;
        let mut out = [0; N];
        apply_key_stream(&self.key, iv, &mut out);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::srtp::tests::bytes;

    #[test]
    fn rfc_3711_b_2_key_stream() {
        let key = counter_mode(&bytes("2b7e151628aed2a6abf7158809cf4f3c")).unwrap();
        let mut iv = [0; 16];
        iv[..14].copy_from_slice(&bytes("f0f1f2f3f4f5f6f7f8f9fafbfcfd"));
        let mut stream = vec![0; 0xff02 * 16];
        apply_key_stream(&key, iv, &mut stream);
        assert_eq!(stream[..16], bytes("e03ead0935c95e80e166b16dd92b4eb4"));
        assert_eq!(stream[16..32], bytes("d23513162b02d0f72a43a2fe4a5f97ab"));
        assert_eq!(stream[32..48], bytes("41e95b3bb0a2e8dd477901e4fca894c0"));
        assert_eq!(stream[0xfeff * 16..][..16], bytes("ec8cdf7398607cb0f2d21675ea9ea1e4"));
        assert_eq!(stream[0xff00 * 16..][..16], bytes("362b7c3c6773516318a077d7fc5073ae"));
        assert_eq!(stream[0xff01 * 16..][..16], bytes("6a2cc3787889374fbeb4c81b17ba6c44"));
    }

    #[test]
    fn rfc_3711_b_3_session_keys() {
        let master = MasterKey::new(
            &bytes("e1f97a0d3e018be0d64fa32c06de4139"),
            &bytes("0ec675ad498afeebb6960b3aabe6"),
        )
        .unwrap();
        assert_eq!(
            master.derive::<16>(Label::RtpKey)[..],
            bytes("c61e7a93744f39ee10734afe3ff7a087")
        );
        assert_eq!(
            master.derive::<14>(Label::RtpSalt)[..],
            bytes("30cbbc08863d8c85d49db34a9ae1")
        );
        assert_eq!(
            master.derive::<94>(Label::RtpAuthentication)[..],
            bytes(concat!(
                "cebe321f6ff7716b6fd4ab49af256a156d38baa48f0a0acf3c34e2359e6cdbce",
                "e049646c43d9327ad175578ef72270986371c10c9a369ac2f94a8c5fbcdddc25",
                "6d6e919a48b610ef17c2041e474035766b68642c59bbfc2f34db60dbdfb2"
            ))
        );
    }

    #[test]
    fn wrong_lengths_are_refused() {
        assert!(MasterKey::new(&[0; 15], &[0; 14]).is_err());
        assert!(MasterKey::new(&[0; 16], &[0; 15]).is_err());
    }
}
