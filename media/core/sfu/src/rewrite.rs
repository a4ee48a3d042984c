//! Keeps sequence numbers, timestamps and VP8 picture numbers of one outgoing stream continuous while its source changes.
//!
//! Within one attachment everything is a constant offset, so that order, loss and repetition pass through unchanged. A
//! new attachment begins right after the newest packet that left; older packets of its source have no place and are dropped.

use std::time::{Duration, Instant};

use crate::picture::{PictureId, PictureNumbers};

/// An incoming packet, as far as rewriting goes.
#[derive(Clone, Copy, Debug)]
pub struct Incoming {
    /// Sequence number with its roll-over count.
    pub sequence: u64,
    pub timestamp: u32,
    pub numbers: PictureNumbers,
}

/// The same packet as it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Sequence number with its roll-over count: the SRTP packet index.
    pub sequence: u64,
    pub timestamp: u32,
    pub numbers: PictureNumbers,
}

#[derive(Clone, Copy, Debug)]
struct Offsets {
    first: u64,
    sequence: u64,
    timestamp: u32,
    picture_id: u16,
    tl0_index: u8,
}

#[derive(Clone, Copy, Debug)]
struct Newest {
    sequence: u64,
    timestamp: u32,
    picture_id: u16,
    tl0_index: u8,
    at: Instant,
}

#[derive(Debug)]
pub struct Rewriter {
    /// Hz
    clock_rate: u32,
    start: u16,
    offsets: Option<Offsets>,
    newest: Option<Newest>,
}

impl Rewriter {
    /// `start`: the first sequence number. Kept below 2^15 as RFC 3711 section 3.3.1 advises, so that loss of the first
    /// packets cannot hide a roll-over.
    pub fn new(clock_rate: u32, start: u16) -> Self {
        Self {
            clock_rate,
            start: start & 0x7FFF,
            offsets: None,
            newest: None,
        }
    }

    /// Ends the attachment: nothing passes until the next [`Rewriter::attach`].
    pub fn detach(&mut self) {
        self.offsets = None;
    }

    pub fn is_attached(&self) -> bool {
        self.offsets.is_some()
    }

    /// Makes `first` the next packet of the outgoing stream.
    pub fn attach(&mut self, first: &Incoming, now: Instant) {
        let next = match self.newest {
            None => Outgoing {
                sequence: self.start.into(),
                timestamp: first.timestamp,
                numbers: first.numbers,
            },
            Some(newest) => Outgoing {
                sequence: newest.sequence + 1,
                timestamp: newest
                    .timestamp
                    .wrapping_add(self.ticks(now.saturating_duration_since(newest.at))),
                numbers: PictureNumbers {
                    picture_id: first.numbers.picture_id.map(|id| PictureId {
                        value: newest.picture_id.wrapping_add(1) & id.mask(),
                        ..id
                    }),
                    tl0_index: first
                        .numbers
                        .tl0_index
                        .map(|(at, _)| (at, newest.tl0_index.wrapping_add(1))),
                },
            },
        };
        let picture = |numbers: &PictureNumbers| numbers.picture_id.map_or(0, |id| id.value);
        let tl0 = |numbers: &PictureNumbers| numbers.tl0_index.map_or(0, |(_, value)| value);
        self.offsets = Some(Offsets {
            first: first.sequence,
            sequence: next.sequence.wrapping_sub(first.sequence),
            timestamp: next.timestamp.wrapping_sub(first.timestamp),
            picture_id: picture(&next.numbers).wrapping_sub(picture(&first.numbers)),
            tl0_index: tl0(&next.numbers).wrapping_sub(tl0(&first.numbers)),
        });
    }

    /// Time since the last packet in ticks; at least 20 ms, so that two pictures never share a timestamp.
    fn ticks(&self, elapsed: Duration) -> u32 {
        (elapsed.as_secs_f64().max(0.02) * f64::from(self.clock_rate)) as u64 as u32
    }

    /// None: nothing is attached, or the packet is older than the attachment.
    pub fn map(&mut self, incoming: &Incoming, now: Instant) -> Option<Outgoing> {
        let offsets = self.offsets?;
        if incoming.sequence < offsets.first {
            return None;
        }
        let outgoing = Outgoing {
            sequence: incoming.sequence.wrapping_add(offsets.sequence),
            timestamp: incoming.timestamp.wrapping_add(offsets.timestamp),
            numbers: PictureNumbers {
                picture_id: incoming.numbers.picture_id.map(|id| PictureId {
                    value: id.value.wrapping_add(offsets.picture_id) & id.mask(),
                    ..id
                }),
                tl0_index: incoming
                    .numbers
                    .tl0_index
                    .map(|(at, value)| (at, value.wrapping_add(offsets.tl0_index))),
            },
        };
        if self.newest.is_none_or(|newest| outgoing.sequence > newest.sequence) {
            let before = self
                .newest
                .map_or((0, 0), |newest| (newest.picture_id, newest.tl0_index));
            self.newest = Some(Newest {
                sequence: outgoing.sequence,
                timestamp: outgoing.timestamp,
                picture_id: outgoing.numbers.picture_id.map_or(before.0, |id| id.value),
                tl0_index: outgoing.numbers.tl0_index.map_or(before.1, |(_, value)| value),
                at: now,
            });
        }
        Some(outgoing)
    }

    /// The outgoing timestamp for an incoming one of the attached source, for sender reports.
    pub fn map_timestamp(&self, timestamp: u32) -> Option<u32> {
        self.offsets.map(|offsets| timestamp.wrapping_add(offsets.timestamp))
    }

    /// (timestamp, when it left) of the newest packet.
    pub fn newest(&self) -> Option<(u32, Instant)> {
        self.newest.map(|newest| (newest.timestamp, newest.at))
    }

    /// Number with roll-over count of the newest packet.
    pub fn newest_sequence(&self) -> Option<u64> {
        self.newest.map(|newest| newest.sequence)
    }
}

#[cfg(test)]
#[path = "rewrite_tests.rs"]
mod tests;
