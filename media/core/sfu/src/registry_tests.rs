use super::*;
use crate::dtls::Role;
use crate::model::{CodecName, ExtensionIds, Feedback, Kind, SlotSpec, SourceSpec};

fn codec(payload_type: u8, rtx: Option<u8>) -> Codec {
    Codec {
        name: CodecName::Vp8,
        payload_type,
        rtx_payload_type: rtx,
        clock_rate: 90_000,
        profile: None,
    }
}

fn spec(peer: u32, source: u32, slot: u32) -> PeerSpec {
    PeerSpec {
        peer,
        local_ufrag: format!("ufrag{peer}"),
        local_password: String::new(),
        remote_ufrag: String::new(),
        remote_password: String::new(),
        fingerprint: vec!["AB"; 32].join(":"),
        dtls_role: Role::Server,
        extensions: ExtensionIds::default(),
        feedback: Feedback::None,
        sources: vec![SourceSpec {
            source,
            kind: Kind::Video,
            mid: "0".into(),
            codecs: vec![codec(96, Some(97))],
            ssrc: Some(1),
            rtx_ssrc: Some(2),
            smaller: None,
        }],
        slots: vec![SlotSpec {
            slot,
            kind: Kind::Video,
            mid: "1".into(),
            codecs: vec![codec(96, Some(97))],
            ssrc: 1,
            rtx_ssrc: None,
            tells_arrivals: false,
        }],
    }
}

#[test]
fn ids_are_taken_and_given_back() {
    let mut registry = Registry::default();
    registry.add(&spec(1, 10, 20)).unwrap();
    assert_eq!(registry.add(&spec(1, 11, 21)), Err(SpecError::IdInUse("peer", 1)));
    assert_eq!(registry.add(&spec(2, 10, 21)), Err(SpecError::IdInUse("source", 10)));
    assert_eq!(registry.add(&spec(2, 11, 20)), Err(SpecError::IdInUse("slot", 20)));
    assert!(registry.remove(1));
    assert!(!registry.remove(1));
    let first = registry.add(&spec(2, 10, 20)).unwrap();
    registry.remove(2);
    registry.add(&spec(2, 10, 20)).unwrap();
    registry.remove_generation(2, first);
    assert!(registry.remove(2), "the second peer of the same id stayed");
}

#[test]
fn contradictions_are_named() {
    let registry = |change: fn(&mut PeerSpec)| {
        let mut spec = spec(1, 10, 20);
        change(&mut spec);
        Registry::default().add(&spec).unwrap_err()
    };
    assert_eq!(registry(|spec| spec.fingerprint.truncate(90)), SpecError::Fingerprint);
    assert_eq!(
        registry(|spec| spec.fingerprint.replace_range(0..1, "x")),
        SpecError::Fingerprint
    );
    assert_eq!(
        registry(|spec| spec.sources[0].rtx_ssrc = Some(1)),
        SpecError::SsrcTwice(1)
    );
    assert_eq!(
        registry(|spec| spec.slots[0].codecs.push(codec(97, None))),
        SpecError::PayloadTypeTwice(97)
    );
    assert_eq!(registry(|spec| spec.slots[0].codecs.clear()), SpecError::NoCodec(20));
    assert_eq!(
        registry(|spec| spec.slots[0].codecs[0].payload_type = 72),
        SpecError::PayloadTypeRange(72)
    );
}
