//! Transport-wide feedback to a publisher: when each of its packets arrived
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01).

use crate::rtcp::{FORMAT_TRANSPORT_CC, TRANSPORT_FEEDBACK, Writer};

/// Packets in one feedback at most; more are left out (a sender at 50 Mbit/s sends 250 in 50 ms).
const WINDOW: u64 = 512;
const NOT_ARRIVED: i64 = i64::MIN;
/// Deltas are in units of 250 µs, the reference time in units of 64 ms.
const DELTA_US: i64 = 250;
const REFERENCE_US: i64 = 64_000;

#[derive(Default)]
pub struct Arrivals {
    /// Arrival in µs by number modulo WINDOW, from `base` up to `highest`.
    times: Vec<i64>,
    base: u64,
    highest: Option<u64>,
    pending: bool,
    count: u8,
}

impl Arrivals {
    /// Notes the packet with transport-wide number `sequence`, arrived `at` µs after any fixed time.
    pub fn note(&mut self, sequence: u16, at: i64) {
        if self.times.is_empty() {
            self.times.resize(WINDOW as usize, NOT_ARRIVED);
        }
        let extended = match self.highest {
            None => {
                self.base = 0x1_0000 + u64::from(sequence);
                self.base
            }
            Some(highest) => highest.wrapping_add_signed(i64::from(sequence.wrapping_sub(highest as u16) as i16)),
        };
        if extended < self.base {
            return; // its feedback has left
        }
        if extended - self.base >= WINDOW {
            self.times.fill(NOT_ARRIVED);
            self.base = extended;
        }
        self.times[(extended % WINDOW) as usize] = at;
        self.highest = Some(self.highest.unwrap_or(0).max(extended));
        self.pending = true;
    }

    /// Nothing has been noted since the last feedback.
    pub fn is_empty(&self) -> bool {
        !self.pending
    }

    /// Appends feedback for everything noted since the last call; nothing if nothing was.
    pub fn write(&mut self, out: &mut Writer, sender: u32, media: u32) {
        let Some(highest) = self.highest.filter(|_| self.pending) else {
            return;
        };
        let time = |sequence: u64| self.times[(sequence % WINDOW) as usize];
        let Some(first) = (self.base..=highest).find(|&sequence| time(sequence) != NOT_ARRIVED) else {
            return;
        };
        let base = self.base;
        let reference = time(first).div_euclid(REFERENCE_US);
        let start = out.begin(FORMAT_TRANSPORT_CC, TRANSPORT_FEEDBACK);
        out.word(sender);
        out.word(media);
        out.half(base as u16);
        out.half((highest - base + 1) as u16);
        out.word((reference as u32) << 8 | u32::from(self.count));

        let mut previous = reference * REFERENCE_US;
        let mut chunk = Chunk::default();
        for sequence in base..=highest {
            let delta = delta(time(sequence), &mut previous);
            chunk.push(out, symbol(delta));
        }
        chunk.flush(out);
        previous = reference * REFERENCE_US;
        for sequence in base..=highest {
            match delta(time(sequence), &mut previous) {
                Some(small @ 0..=255) => out.byte(small as u8),
                Some(large) => out.half(large as u16),
                None => {}
            }
        }
        out.finish(start);
        for sequence in base..=highest {
            self.times[(sequence % WINDOW) as usize] = NOT_ARRIVED;
        }
        self.base = highest + 1;
        self.count = self.count.wrapping_add(1);
        self.pending = false;
    }
}

/// Units since the last arrival, which moves along in whole units so that rounding does not add up.
fn delta(at: i64, previous: &mut i64) -> Option<i16> {
    if at == NOT_ARRIVED {
        return None;
    }
    let units = ((at - *previous) / DELTA_US).clamp(i16::MIN.into(), i16::MAX.into());
    *previous += units * DELTA_US;
    Some(units as i16)
}

fn symbol(delta: Option<i16>) -> u16 {
    match delta {
        None => 0,
        Some(0..=255) => 1,
        Some(_) => 2,
    }
}

/// Packs status symbols: 14 bits of two-bit symbols, or a run of equal ones.
#[derive(Default)]
struct Chunk {
    symbols: [u16; 7],
    length: usize,
    run: u16,
}

impl Chunk {
    fn push(&mut self, out: &mut Writer, symbol: u16) {
        if self.run > 0 {
            if symbol == self.symbols[0] && self.run < 0x1FFF {
                self.run += 1;
                return;
            }
            self.flush(out);
        }
        self.symbols[self.length] = symbol;
        self.length += 1;
        if self.length == 7 {
            if self.symbols.iter().all(|&other| other == symbol) {
                self.run = 7;
            } else {
                self.flush(out);
            }
        }
    }

    fn flush(&mut self, out: &mut Writer) {
        if self.run > 0 {
            out.half(self.symbols[0] << 13 | self.run);
        } else if self.length > 0 {
            let packed = (0..7).fold(0, |packed, place| {
                packed << 2 | if place < self.length { self.symbols[place] } else { 0 }
            });
            out.half(0xC000 | packed);
        }
        self.length = 0;
        self.run = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtcp::{Compound, Rtcp};
    use proptest::prelude::*;

    /// (base, for each number the time in µs rounded down to the unit), read by the draft's text alone.
    fn read(writer: &Writer) -> (u16, Vec<Option<i64>>) {
        let Some(Rtcp::TransportCc { body }) = Compound::new(writer.as_slice()).next() else {
            panic!()
        };
        let half = |at: usize| u16::from_be_bytes([body[at], body[at + 1]]);
        let count = usize::from(half(2));
        let mut time = i64::from(u32::from_be_bytes([0, body[4], body[5], body[6]])) * REFERENCE_US;
        let mut symbols = Vec::new();
        let mut at = 8;
        while symbols.len() < count {
            let chunk = half(at);
            at += 2;
            if chunk & 0x8000 == 0 {
                symbols.extend(std::iter::repeat_n(chunk >> 13 & 3, usize::from(chunk & 0x1FFF)));
            } else {
                assert!(chunk & 0x4000 != 0);
                symbols.extend((0..7).map(|place| chunk >> (12 - 2 * place) & 3));
            }
        }
        symbols.truncate(count);
        let times = symbols
            .into_iter()
            .map(|symbol| {
                let units = match symbol {
                    0 => return None,
                    1 => {
                        at += 1;
                        i64::from(body[at - 1])
                    }
                    _ => {
                        at += 2;
                        i64::from(half(at - 2) as i16)
                    }
                };
                time += units * DELTA_US;
                Some(time)
            })
            .collect();
        (half(0), times)
    }

    proptest! {
        #[test]
        fn what_arrived_is_reported(
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
            let (base, times) = read(&out);
            prop_assert_eq!(base, start);
            prop_assert_eq!(times.len(), usize::from(*arrivals.last_key_value().unwrap().0) + 2);
            for (place, time) in times.iter().enumerate() {
                let expected = if place == 0 { Some(0) } else { arrivals.get(&(place as u16 - 1)).copied() };
                match (time, expected) {
                    (Some(time), Some(expected)) => prop_assert!((1_000_000 + expected - time).abs() < DELTA_US),
                    (None, None) => {}
                    other => prop_assert!(false, "{:?}", other),
                }
            }
            let mut again = Writer::default();
            notes.write(&mut again, 1, 2);
            prop_assert!(again.is_empty());
        }
    }
}
