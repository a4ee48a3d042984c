//! Transport-wide feedback of a receiver: which of our packets came, and when
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01).

const DELTA_US: i64 = 250;
const REFERENCE_US: i64 = 64_000;

/// Reads the body behind the SSRCs: the number of each packet with its arrival in µs of the receiver's clock, None if it
/// has not come. Ends where the body does.
pub fn read(body: &[u8]) -> Option<Packets<'_>> {
    let base = u16::from_be_bytes(*body.first_chunk()?);
    let count = u16::from_be_bytes(*body.get(2..)?.first_chunk()?);
    let [high, middle, low, _] = *body.get(4..)?.first_chunk()?;
    // A signed number of 24 bits.
    let reference = i64::from(i32::from_be_bytes([high, middle, low, 0]) >> 8);
    let chunks = body.get(8..)?;
    let deltas = chunks.get(chunk_bytes(chunks, count)?..)?;
    Some(Packets {
        number: base,
        left: count,
        time: reference * REFERENCE_US,
        chunks,
        deltas,
        symbols: Symbols::default(),
    })
}

pub struct Packets<'a> {
    number: u16,
    left: u16,
    time: i64,
    chunks: &'a [u8],
    deltas: &'a [u8],
    symbols: Symbols,
}

#[derive(Clone, Copy, Default)]
struct Symbols {
    /// The next symbol is in the highest bits.
    bits: u16,
    width: u8,
    left: u16,
}

impl Symbols {
    fn of(chunk: u16) -> Self {
        match (chunk & 0x8000 != 0, chunk & 0x4000 != 0) {
            (false, _) => Self {
                bits: chunk << 1,
                width: 0,
                left: chunk & 0x1FFF,
            },
            (true, false) => Self {
                bits: chunk << 2,
                width: 1,
                left: 14,
            },
            (true, true) => Self {
                bits: chunk << 2,
                width: 2,
                left: 7,
            },
        }
    }

    /// 0: not received, 1: small delta, 2: large or negative delta.
    fn next(&mut self) -> u16 {
        let symbol = if self.width == 1 {
            self.bits >> 15
        } else {
            self.bits >> 14
        };
        self.bits <<= self.width;
        self.left -= 1;
        symbol
    }
}

/// Length of the chunks that describe `count` packets.
fn chunk_bytes(chunks: &[u8], count: u16) -> Option<usize> {
    let (mut described, mut at) = (0u32, 0);
    while described < u32::from(count) {
        let chunk = u16::from_be_bytes(*chunks.get(at..)?.first_chunk()?);
        described += u32::from(Symbols::of(chunk).left.max(1));
        at += 2;
    }
    Some(at)
}

impl Iterator for Packets<'_> {
    type Item = (u16, Option<i64>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        while self.symbols.left == 0 {
            let (chunk, rest) = self.chunks.split_first_chunk::<2>()?;
            self.chunks = rest;
            self.symbols = Symbols::of(u16::from_be_bytes(*chunk));
        }
        let number = self.number;
        self.number = number.wrapping_add(1);
        self.left -= 1;
        let delta = match self.symbols.next() {
            0 => return Some((number, None)),
            1 => {
                let (delta, rest) = self.deltas.split_first()?;
                self.deltas = rest;
                i64::from(*delta)
            }
            _ => {
                let (delta, rest) = self.deltas.split_first_chunk::<2>()?;
                self.deltas = rest;
                i64::from(i16::from_be_bytes(*delta))
            }
        };
        self.time += delta * DELTA_US;
        Some((number, Some(self.time)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtcp::{Compound, Rtcp, Writer};
    use crate::transport_cc::Arrivals;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_what_we_tell_publishers(
            start in any::<u16>(),
            arrivals in proptest::collection::btree_map(0u16..400, 0i64..300_000, 1..300),
        ) {
            let mut notes = Arrivals::default();
            notes.note(start, 1_000_000);
            for (&offset, &at) in &arrivals {
                notes.note(start.wrapping_add(offset + 1), 1_000_000 + at);
            }
            let mut out = Writer::default();
            notes.write(&mut out, 1, 2);
            let Some(Rtcp::TransportCc { body }) = Compound::new(out.as_slice()).next() else { panic!() };
            let found: Vec<_> = read(body).unwrap().collect();
            prop_assert_eq!(found.len(), usize::from(*arrivals.last_key_value().unwrap().0) + 2);
            for (place, (number, time)) in found.into_iter().enumerate() {
                prop_assert_eq!(number, start.wrapping_add(place as u16));
                let expected = if place == 0 { Some(0) } else { arrivals.get(&(place as u16 - 1)).copied() };
                match (time, expected) {
                    (Some(time), Some(expected)) => prop_assert!((1_000_000 + expected - time).abs() < DELTA_US),
                    (None, None) => {}
                    other => prop_assert!(false, "{:?}", other),
                }
            }
        }

        #[test]
        fn any_body_is_read_to_an_end(body in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Some(packets) = read(&body) {
                prop_assert!(packets.count() <= 65_535);
            }
        }
    }

    #[test]
    fn reads_vectors_of_single_bits() {
        let chunk = 0x8000u16 | 0b10_1000_0000_0000; // the first and the third of 14
        let mut body = vec![0, 7, 0, 3, 0, 0, 1, 0];
        body.extend_from_slice(&chunk.to_be_bytes());
        body.extend_from_slice(&[4, 8]);
        let found: Vec<_> = read(&body).unwrap().collect();
        assert_eq!(found, [(7, Some(65_000)), (8, None), (9, Some(67_000))]);
    }
}
