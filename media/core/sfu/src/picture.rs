//! Reads as much of a video payload as forwarding needs: where key frames begin, and VP8's picture numbers.

use crate::model::CodecName;

/// Numbers in a VP8 payload descriptor (RFC 7741 section 4.2) that must stay continuous for the receiver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PictureNumbers {
    pub picture_id: Option<PictureId>,
    /// (offset in the payload, value)
    pub tl0_index: Option<(u8, u8)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureId {
    /// Offset of the first byte in the payload.
    pub at: u8,
    /// 15 bits instead of 7.
    pub wide: bool,
    pub value: u16,
}

impl PictureId {
    /// Largest value of this field's width.
    pub fn mask(self) -> u16 {
        if self.wide { 0x7FFF } else { 0x7F }
    }
}

/// What of a key frame begins in a payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyStart {
    #[default]
    None,
    /// VP8: the frame.
    Picture,
    /// H.264: a sequence parameter set, which the picture after it needs.
    ParameterSets,
    /// H.264: a slice of an IDR picture, not always its first.
    Slice,
}

/// What one payload says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    pub start: KeyStart,
    pub numbers: PictureNumbers,
}

/// Total: a payload that is cut short says nothing.
pub fn read(codec: CodecName, payload: &[u8]) -> Picture {
    match codec {
        CodecName::Opus => Picture::default(),
        CodecName::Vp8 => read_vp8(payload).unwrap_or_default(),
        CodecName::H264 => Picture {
            start: h264_start(payload),
            ..Picture::default()
        },
    }
}

fn read_vp8(payload: &[u8]) -> Option<Picture> {
    let descriptor = *payload.first()?;
    let mut at = 1;
    let mut numbers = PictureNumbers::default();
    if descriptor & 0x80 != 0 {
        let extension = *payload.get(at)?;
        at += 1;
        if extension & 0x80 != 0 {
            let first = *payload.get(at)?;
            let wide = first & 0x80 != 0;
            let value = if wide {
                u16::from(first & 0x7F) << 8 | u16::from(*payload.get(at + 1)?)
            } else {
                first.into()
            };
            numbers.picture_id = Some(PictureId {
                at: at as u8,
                wide,
                value,
            });
            at += 1 + usize::from(wide);
        }
        if extension & 0x40 != 0 {
            numbers.tl0_index = Some((at as u8, *payload.get(at)?));
            at += 1;
        }
        if extension & 0x30 != 0 {
            at += 1; // TID, Y, KEYIDX
        }
    }
    let starts_partition_zero = descriptor & 0x10 != 0 && descriptor & 0x07 == 0;
    // RFC 7741 section 4.3: the P bit, 0 in key frames, is the lowest of the first payload byte.
    // A payload that ends with its descriptor still has numbers.
    let is_key = payload.get(at).is_some_and(|first| first & 1 == 0);
    Some(Picture {
        start: if starts_partition_zero && is_key {
            KeyStart::Picture
        } else {
            KeyStart::None
        },
        numbers,
    })
}

/// RFC 6184 sections 5.2 to 5.8: a parameter set or the start of an IDR slice, alone, aggregated or fragmented.
fn h264_start(payload: &[u8]) -> KeyStart {
    const IDR: u8 = 5;
    const SPS: u8 = 7;
    const STAP_A: u8 = 24;
    const FU_A: u8 = 28;
    let start_of = |unit: u8| match unit & 0x1F {
        SPS => KeyStart::ParameterSets,
        IDR => KeyStart::Slice,
        _ => KeyStart::None,
    };
    match payload {
        [header, rest @ ..] if header & 0x1F == STAP_A => {
            let mut rest = rest;
            let mut found = KeyStart::None;
            while let [high, low, tail @ ..] = rest {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                match tail.first().map_or(KeyStart::None, |unit| start_of(*unit)) {
                    KeyStart::None => {}
                    KeyStart::Slice => found = KeyStart::Slice,
                    sets => return sets,
                }
                rest = tail.get(length..).unwrap_or_default();
            }
            found
        }
        [header, fragment, ..] if header & 0x1F == FU_A => {
            if fragment & 0x80 != 0 {
                start_of(*fragment)
            } else {
                KeyStart::None
            }
        }
        [header, ..] => start_of(*header),
        [] => KeyStart::None,
    }
}

/// Writes picture numbers over those of a copied payload.
pub fn write_numbers(payload: &mut [u8], numbers: &PictureNumbers) {
    if let Some(id) = numbers.picture_id {
        let at = usize::from(id.at);
        if id.wide {
            payload[at..at + 2].copy_from_slice(&(id.value | 0x8000).to_be_bytes());
        } else {
            payload[at] = id.value as u8 & 0x7F;
        }
    }
    if let Some((at, value)) = numbers.tl0_index {
        payload[usize::from(at)] = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn vp8_key_frame_with_all_fields() {
        let payload = [0x90, 0xF0, 0x81, 0x02, 0xA3, 0x20, 0x10];
        let picture = read(CodecName::Vp8, &payload);
        assert_eq!(picture.start, KeyStart::Picture);
        assert_eq!(
            picture.numbers.picture_id,
            Some(PictureId {
                at: 2,
                wide: true,
                value: 0x102
            })
        );
        assert_eq!(picture.numbers.tl0_index, Some((4, 0xA3)));
    }

    #[test]
    fn vp8_later_packets_and_inter_frames_start_nothing() {
        let starts = |payload: &[u8]| read(CodecName::Vp8, payload).start == KeyStart::Picture;
        assert!(!starts(&[0x80, 0x80, 0x05, 0x10])); // not the start of a partition
        assert!(!starts(&[0x11, 0x10])); // partition 1
        assert!(!starts(&[0x10, 0x11])); // P bit
        assert!(starts(&[0x10, 0x10]));
    }

    #[test]
    fn a_vp8_descriptor_without_a_body_keeps_its_numbers() {
        let id = read(CodecName::Vp8, &[0x90, 0x80, 0x05]).numbers.picture_id.unwrap();
        assert_eq!((id.value, id.wide), (5, false));
    }

    #[test]
    fn h264_units() {
        use KeyStart::{None, ParameterSets, Slice};
        let start = |payload: &[u8]| read(CodecName::H264, payload).start;
        assert_eq!(start(&[0x67, 0x42]), ParameterSets);
        assert_eq!(start(&[0x65, 0x88]), Slice);
        assert_eq!(start(&[0x41, 0x9A]), None);
        assert_eq!(start(&[0x78, 0, 2, 0x67, 0x42, 0, 1, 0x68]), ParameterSets);
        assert_eq!(start(&[0x78, 0, 1, 0x06, 0, 1, 0x65]), Slice);
        assert_eq!(start(&[0x78, 0, 1, 0x65, 0, 1, 0x67]), ParameterSets);
        assert_eq!(start(&[0x78, 0, 1, 0x06, 0, 1, 0x41]), None);
        assert_eq!(start(&[0x7C, 0x85]), Slice);
        assert_eq!(start(&[0x7C, 0x05]), None);
        assert_eq!(start(&[0x7C, 0x81]), None);
        assert_eq!(start(&[]), None);
    }

    proptest! {
        #[test]
        fn any_payload_is_read_and_numbers_are_written_back(
            payload in proptest::collection::vec(any::<u8>(), 0..40), id in 0u16..0x8000, tl0 in any::<u8>(),
        ) {
            read(CodecName::H264, &payload);
            let mut numbers = read(CodecName::Vp8, &payload).numbers;
            let mut copy = payload.clone();
            write_numbers(&mut copy, &numbers);
            prop_assert_eq!(&copy, &payload);
            numbers.picture_id = numbers.picture_id.map(|old| PictureId { value: id & old.mask(), ..old });
            numbers.tl0_index = numbers.tl0_index.map(|(at, _)| (at, tl0));
            write_numbers(&mut copy, &numbers);
            prop_assert_eq!(read(CodecName::Vp8, &copy).numbers, numbers);
        }
    }
}
