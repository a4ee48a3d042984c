use proptest::prelude::*;

use super::*;

const PROFILES: [Profile; 3] = [Profile::AeadAes128Gcm, Profile::AeadAes256Gcm, Profile::Aes128CmSha1_80];

/// Bytes of a hexadecimal string.
pub(super) fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes();
    let value = |digit: u8| (digit as char).to_digit(16).unwrap() as u8;
    digits
        .chunks(2)
        .map(|pair| value(pair[0]) << 4 | value(pair[1]))
        .collect()
}

fn keys(profile: Profile) -> (SealKeys, OpenKeys) {
    let key: Vec<u8> = (0..profile.key_len() as u8).collect();
    let salt: Vec<u8> = (100..100 + profile.salt_len() as u8).collect();
    (
        SealKeys::new(profile, &key, &salt).unwrap(),
        OpenKeys::new(profile, &key, &salt).unwrap(),
    )
}

fn rtp(sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = bytes("8060000000000001deadbeef");
    packet[2..4].copy_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(payload);
    packet
}

fn seal(seal: &SealKeys, plain: &[u8], roc: u32) -> Vec<u8> {
    let mut packet = plain.to_vec();
    packet.resize(plain.len() + seal.profile().rtp_overhead(), 0);
    let len = seal.seal_rtp(&mut packet, 12, plain.len(), roc);
    assert_eq!(len, packet.len());
    packet
}

#[test]
fn rtp_there_and_back_across_the_roll_over_out_of_order() {
    for profile in PROFILES {
        let (sealing, opening) = keys(profile);
        let mut stream = ReceiveStream::default();
        for (sequence, roc) in [(65_534, 0), (1, 1), (65_535, 0), (0, 1), (2, 1)] {
            let plain = rtp(sequence, b"Lac Duong");
            let mut packet = seal(&sealing, &plain, roc);
            assert_ne!(packet[12..21], plain[12..]);
            let len = opening.open_rtp(&mut packet, 12, &mut stream).unwrap();
            assert_eq!(packet[..len], plain, "{profile:?} {sequence}");
            let mut again = seal(&sealing, &plain, roc);
            assert_eq!(opening.open_rtp(&mut again, 12, &mut stream), Err(OpenError::Replayed));
        }
    }
}

#[test]
fn a_forged_packet_leaves_the_window_alone() {
    for profile in PROFILES {
        let (sealing, opening) = keys(profile);
        let mut stream = ReceiveStream::default();
        let sealed = seal(&sealing, &rtp(9, b"abc"), 0);
        for at in 0..sealed.len() {
            let mut forged = sealed.clone();
            forged[at] ^= 1;
            assert_eq!(
                opening.open_rtp(&mut forged, 12, &mut stream),
                Err(OpenError::Forged),
                "{profile:?} {at}"
            );
        }
        assert!(opening.open_rtp(&mut sealed.clone(), 12, &mut stream).is_ok());
    }
}

#[test]
fn rtcp_there_and_back() {
    for profile in PROFILES {
        let (mut sealing, mut opening) = keys(profile);
        let plain = bytes("81c90007000000010000000200000000000000000000000000000000");
        for _ in 0..3 {
            let mut packet = plain.clone();
            packet.resize(plain.len() + profile.rtcp_overhead(), 0);
            assert_eq!(sealing.seal_rtcp(&mut packet, plain.len()), packet.len());
            let mut forged = packet.clone();
            forged[9] ^= 1;
            assert_eq!(opening.open_rtcp(&mut forged), Err(OpenError::Forged));
            let mut again = packet.clone();
            let len = opening.open_rtcp(&mut packet).unwrap();
            assert_eq!(packet[..len], plain);
            assert_eq!(opening.open_rtcp(&mut again), Err(OpenError::Replayed));
        }
    }
}

/// RFC 7714 section 17.3 is such a packet; WebRTC forbids it.
#[test]
fn rtcp_that_is_not_encrypted_is_refused() {
    let (_, mut opening) = keys(Profile::AeadAes128Gcm);
    let mut packet = bytes(concat!(
        "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
        "841dd9683dd78ec92ae58790125f62b3000005d4"
    ));
    assert_eq!(opening.open_rtcp(&mut packet), Err(OpenError::Forged));
}

#[test]
fn lengths_must_fit_the_profile() {
    for profile in PROFILES {
        let key = vec![1; profile.key_len()];
        let salt = vec![2; profile.salt_len()];
        assert!(SealKeys::new(profile, &key[1..], &salt).is_err());
        assert!(OpenKeys::new(profile, &key, &salt[1..]).is_err());
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_open_and_never_panic(
        data in prop::collection::vec(any::<u8>(), 0..120), header_len in 0usize..200,
    ) {
        for profile in PROFILES {
            let (_, mut opening) = keys(profile);
            let mut stream = ReceiveStream::default();
            prop_assert!(opening.open_rtp(&mut data.clone(), header_len, &mut stream).is_err());
            prop_assert!(opening.open_rtcp(&mut data.clone()).is_err());
        }
    }

    #[test]
    fn any_payload_comes_back(payload in prop::collection::vec(any::<u8>(), 0..1_300), sequence: u16) {
        for profile in PROFILES {
            let (sealing, opening) = keys(profile);
            let plain = rtp(sequence, &payload);
            let mut packet = seal(&sealing, &plain, 0);
            let len = opening.open_rtp(&mut packet, 12, &mut ReceiveStream::default()).unwrap();
            prop_assert_eq!(&packet[..len], &plain[..]);
        }
    }
}
