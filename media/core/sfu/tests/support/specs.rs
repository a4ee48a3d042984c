//! Codecs, sources and slots as tests describe them.

use sfu::model::{Codec, CodecName, Kind, SlotSpec, SourceSpec};

pub const OPUS: u8 = 111;
pub const VP8: u8 = 96;
pub const H264: u8 = 108;

pub fn codec(payload_type: u8) -> Codec {
    let (name, rtx_payload_type, clock_rate, profile) = match payload_type {
        OPUS => (CodecName::Opus, None, 48_000, None),
        VP8 => (CodecName::Vp8, Some(97), 90_000, None),
        H264 => (CodecName::H264, Some(109), 90_000, Codec::parse_profile("42e01f")),
        other => panic!("payload type {other}"),
    };
    Codec {
        name,
        payload_type,
        rtx_payload_type,
        clock_rate,
        profile,
    }
}

/// A video source sends `1000 * id` with RTX on the next SSRC.
pub fn video_source(id: u32, codecs: &[u8]) -> SourceSpec {
    SourceSpec {
        source: id,
        kind: Kind::Video,
        mid: format!("s{id}"),
        codecs: codecs.iter().copied().map(codec).collect(),
        ssrc: Some(1000 * id),
        rtx_ssrc: Some(1000 * id + 1),
        smaller: None,
    }
}

pub fn audio_source(id: u32) -> SourceSpec {
    SourceSpec {
        source: id,
        kind: Kind::Audio,
        mid: format!("s{id}"),
        codecs: vec![codec(OPUS)],
        ssrc: Some(1000 * id),
        rtx_ssrc: None,
        smaller: None,
    }
}

/// A video slot receives on `500_000 + 10 * id` with RTX on the next SSRC.
pub fn video_slot(id: u32, codecs: &[u8]) -> SlotSpec {
    SlotSpec {
        slot: id,
        kind: Kind::Video,
        mid: format!("t{id}"),
        codecs: codecs.iter().copied().map(codec).collect(),
        ssrc: 500_000 + 10 * id,
        rtx_ssrc: Some(500_001 + 10 * id),
        tells_arrivals: false,
    }
}

pub fn audio_slot(id: u32) -> SlotSpec {
    SlotSpec {
        slot: id,
        kind: Kind::Audio,
        mid: format!("t{id}"),
        codecs: vec![codec(OPUS)],
        ssrc: 500_000 + 10 * id,
        rtx_ssrc: None,
        tells_arrivals: false,
    }
}
