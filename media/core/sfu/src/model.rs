//! What a peer connection negotiated, as its owner describes it to the core.

use crate::dtls::Role;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Audio,
    Video,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodecName {
    Opus,
    Vp8,
    H264,
}

impl CodecName {
    /// Case-insensitive, as in SDP.
    pub fn parse(name: &str) -> Option<Self> {
        [(Self::Opus, "opus"), (Self::Vp8, "VP8"), (Self::H264, "H264")]
            .into_iter()
            .find_map(|(codec, known)| known.eq_ignore_ascii_case(name).then_some(codec))
    }
}

/// One negotiated payload type.
#[derive(Clone, Debug)]
pub struct Codec {
    pub name: CodecName,
    pub payload_type: u8,
    pub rtx_payload_type: Option<u8>,
    /// Hz
    pub clock_rate: u32,
    /// H264's profile-level-id (RFC 6184 section 8.1): profile_idc, profile-iop, level_idc.
    pub profile: Option<[u8; 3]>,
}

impl Codec {
    /// Reads six hexadecimal digits.
    pub fn parse_profile(text: &str) -> Option<[u8; 3]> {
        let value = u32::from_str_radix(text, 16).ok().filter(|_| text.len() == 6)?;
        let [_, profile, constraints, level] = value.to_be_bytes();
        Some([profile, constraints, level])
    }

    /// How well a decoder negotiated for `self` takes a stream of `source`: 0 not at all, higher is better.
    fn match_quality(&self, source: &Codec) -> u8 {
        const BASELINE: u8 = 66;
        if self.name != source.name {
            return 0;
        }
        match (self.name, self.profile, source.profile) {
            (CodecName::H264, Some(own), Some(theirs)) if own[..2] == theirs[..2] => 4,
            (CodecName::H264, Some(own), Some(theirs)) if own[0] == theirs[0] => 3,
            // Every H264 profile's decoder takes constrained baseline, and no WebRTC encoder makes another baseline.
            (CodecName::H264, _, Some([BASELINE, ..]) | None) => 2,
            (CodecName::H264, None, _) => 1,
            (CodecName::H264, ..) => 0,
            _ => 4,
        }
    }

    /// The best of `offered` for a stream of `source`, as an index.
    pub fn choose(offered: &[Codec], source: &Codec) -> Option<usize> {
        (0..offered.len())
            .rev()
            .max_by_key(|&index| offered[index].match_quality(source))
            .filter(|&index| offered[index].match_quality(source) > 0)
    }
}

/// A track a peer sends.
#[derive(Clone, Debug)]
pub struct SourceSpec {
    pub source: u32,
    pub kind: Kind,
    pub mid: String,
    pub codecs: Vec<Codec>,
    /// None: learned from the MID of the packets.
    pub ssrc: Option<u32>,
    pub rtx_ssrc: Option<u32>,
    /// Another source of the peer that is the same picture with fewer bits, for lines that do not carry this one.
    pub smaller: Option<u32>,
}

/// A fixed place in which a peer receives.
#[derive(Clone, Debug)]
pub struct SlotSpec {
    pub slot: u32,
    pub kind: Kind,
    pub mid: String,
    pub codecs: Vec<Codec>,
    pub ssrc: u32,
    pub rtx_ssrc: Option<u32>,
    /// The peer tells when its packets came (transport-wide feedback).
    pub tells_arrivals: bool,
}

/// What a peer's sender adapts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feedback {
    TransportCc,
    Remb,
    None,
}

/// Header extension ids in use on one connection (RFC 8285), 0 where not negotiated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExtensionIds {
    pub mid: u8,
    pub audio_level: u8,
    pub orientation: u8,
    pub transport_cc: u8,
}

impl ExtensionIds {
    /// Notes `id` for `uri`; extensions the core has no use for are left out.
    pub fn set(&mut self, uri: &str, id: u8) {
        match uri {
            "urn:ietf:params:rtp-hdrext:sdes:mid" => self.mid = id,
            "urn:ietf:params:rtp-hdrext:ssrc-audio-level" => self.audio_level = id,
            "urn:3gpp:video-orientation" => self.orientation = id,
            "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01" => self.transport_cc = id,
            _ => {}
        }
    }
}

/// One peer connection. Its video slots stand in the order in which they share what its line carries.
#[derive(Clone, Debug)]
pub struct PeerSpec {
    pub peer: u32,
    pub local_ufrag: String,
    pub local_password: String,
    pub remote_ufrag: String,
    pub remote_password: String,
    /// SHA-256 of the remote certificate, "AB:CD:…".
    pub fingerprint: String,
    /// Ours.
    pub dtls_role: Role,
    pub extensions: ExtensionIds,
    pub feedback: Feedback,
    pub sources: Vec<SourceSpec>,
    pub slots: Vec<SlotSpec>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codec(name: CodecName, payload_type: u8, profile: Option<&str>) -> Codec {
        let profile = profile.map(|text| Codec::parse_profile(text).unwrap());
        Codec {
            name,
            payload_type,
            rtx_payload_type: None,
            clock_rate: 90_000,
            profile,
        }
    }

    #[test]
    fn chooses_the_nearest_codec() {
        let offered = [
            codec(CodecName::Vp8, 96, None),
            codec(CodecName::H264, 102, Some("640c1f")),
            codec(CodecName::H264, 106, Some("42e01f")),
        ];
        assert_eq!(
            Codec::choose(&offered, &codec(CodecName::H264, 1, Some("42e034"))),
            Some(2)
        );
        assert_eq!(
            Codec::choose(&offered, &codec(CodecName::H264, 1, Some("42001f"))),
            Some(2)
        );
        assert_eq!(
            Codec::choose(&offered[..2], &codec(CodecName::H264, 1, Some("42e01f"))),
            Some(1)
        );
        assert_eq!(
            Codec::choose(&offered[2..], &codec(CodecName::H264, 1, Some("640c1f"))),
            None
        );
        assert_eq!(Codec::choose(&offered[1..], &codec(CodecName::Vp8, 1, None)), None);
    }

    #[test]
    fn reads_profiles() {
        assert_eq!(Codec::parse_profile("42e01f"), Some([0x42, 0xe0, 0x1f]));
        assert_eq!(Codec::parse_profile("42e0"), None);
        assert_eq!(Codec::parse_profile("42e01g"), None);
    }
}
