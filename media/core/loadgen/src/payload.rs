//! What the packets carry: a VP8 payload descriptor and frame header as real ones have (RFC 7741, RFC 6386), filler,
//! and at the very end a stamp that tells receivers whose packet it is and when it was sent.

const MAGIC: [u8; 4] = *b"NCLG";
pub const STAMP: usize = 24;

/// X, then I, then a 15-bit picture id.
pub const DESCRIPTOR: usize = 4;
const KEY_HEADER: usize = 10;
const INTER_HEADER: usize = 3;
/// The shortest payload that holds all parts.
pub const MIN_PAYLOAD: usize = DESCRIPTOR + KEY_HEADER + STAMP;

/// The last bytes of every payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub publisher: u32,
    pub frame: u32,
    /// µs since 1970.
    pub sent_at: u64,
    /// Position in the frame, from 0.
    pub index: u8,
    /// Packets in the frame.
    pub count: u8,
    pub is_key: bool,
}

impl Stamp {
    pub fn write(&self, payload: &mut [u8]) {
        let at = payload.len() - STAMP;
        let out = &mut payload[at..];
        out[..4].copy_from_slice(&MAGIC);
        out[4..8].copy_from_slice(&self.publisher.to_be_bytes());
        out[8..12].copy_from_slice(&self.frame.to_be_bytes());
        out[12..20].copy_from_slice(&self.sent_at.to_be_bytes());
        out[20..].copy_from_slice(&[self.index, self.count, u8::from(self.is_key), 0]);
    }

    pub fn read(payload: &[u8]) -> Option<Self> {
        let stamp: &[u8; STAMP] = payload.last_chunk()?;
        let word = |at: usize| u32::from_be_bytes([stamp[at], stamp[at + 1], stamp[at + 2], stamp[at + 3]]);
        (stamp[..4] == MAGIC).then(|| Self {
            publisher: word(4),
            frame: word(8),
            sent_at: u64::from(word(12)) << 32 | u64::from(word(16)),
            index: stamp[20],
            count: stamp[21],
            is_key: stamp[22] != 0,
        })
    }
}

/// Writes the beginning of a VP8 payload. `picture` is the 15-bit picture id.
pub fn write_vp8(payload: &mut [u8], picture: u16, is_first: bool, is_key: bool) {
    let [high, low] = (picture | 0x8000).to_be_bytes();
    payload[..DESCRIPTOR].copy_from_slice(&[0x80 | u8::from(is_first) << 4, 0x80, high, low]);
    if !is_first {
        return;
    }
    let frame = &mut payload[DESCRIPTOR..];
    // Show the frame, version 0, first partition of one byte; the lowest bit says that it is not a key frame.
    frame[..INTER_HEADER].copy_from_slice(&[0x30 | u8::from(!is_key), 0, 0]);
    if is_key {
        // Start code and 1280 x 720.
        frame[INTER_HEADER..KEY_HEADER].copy_from_slice(&[0x9d, 0x01, 0x2a, 0x00, 0x05, 0xd0, 0x02]);
    }
}

/// What a receiver sees of a VP8 payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vp8 {
    pub is_first: bool,
    /// Only told by the first packet of a frame.
    pub is_key: bool,
    pub picture: Option<u16>,
}

impl Vp8 {
    pub fn read(payload: &[u8]) -> Option<Self> {
        let first = *payload.first()?;
        let mut at = 1;
        let mut picture = None;
        if first & 0x80 != 0 {
            let extended = *payload.get(1)?;
            at = 2;
            if extended & 0x80 != 0 {
                let id = *payload.get(at)?;
                if id & 0x80 == 0 {
                    picture = Some(u16::from(id));
                    at += 1;
                } else {
                    picture = Some(u16::from_be_bytes([id & 0x7f, *payload.get(at + 1)?]));
                    at += 2;
                }
            }
            at += usize::from(extended & 0x40 != 0) + usize::from(extended & 0x30 != 0);
        }
        let is_first = first & 0x17 == 0x10;
        Some(Self {
            is_first,
            is_key: is_first && *payload.get(at)? & 1 == 0,
            picture,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for (is_first, is_key) in [(true, true), (true, false), (false, false)] {
            let mut payload = vec![0; MIN_PAYLOAD];
            write_vp8(&mut payload, 0x7abc, is_first, is_key);
            let stamp = Stamp {
                publisher: 17,
                frame: 9,
                sent_at: 1_790_000_000_123_456,
                index: 3,
                count: 8,
                is_key,
            };
            stamp.write(&mut payload);
            let picture = Some(0x7abc);
            assert_eq!(
                Vp8::read(&payload),
                Some(Vp8 {
                    is_first,
                    is_key,
                    picture
                })
            );
            assert_eq!(Stamp::read(&payload), Some(stamp));
        }
        assert_eq!(Stamp::read(&[0; 40]), None);
        assert_eq!(Vp8::read(&[0x90]), None);
    }
}
