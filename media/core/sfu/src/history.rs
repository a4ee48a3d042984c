//! What one slot has sent lately, and may send again.

use std::time::{Duration, Instant};

use crate::downtrack::Leaving;
use crate::ring::{Entry, Ring};

/// Packets that can be sent again: a power of two, about 2 s of 2.5 Mbit/s.
const HISTORY: usize = 512;
/// How often one packet is sent again. Of what is lost four times a key frame is the better repair.
const MAX_REPETITIONS: u8 = 3;
/// Between two repetitions of one packet while the round trip is not known, and at least: a second request meanwhile is
/// about the same loss.
pub const REPETITION_PAUSE: Duration = Duration::from_millis(100);
const SHORTEST_REPETITION_PAUSE: Duration = Duration::from_millis(25);

/// What a repetition needs beside the ring. Half a cache line: writing it is a good part of the work on a packet.
#[derive(Clone, Copy)]
pub struct Sent {
    pub sequence: u64,
    pub index: u64,
    pub timestamp: u32,
    /// ms since the slot was made.
    repeated: u32,
    pub picture_id: u16,
    pub tl0_index: u8,
    pub payload_type: u8,
    pub padding: u8,
    pub marker: bool,
    repetitions: u8,
}

/// A place of the history that holds nothing.
const NOTHING: Sent = Sent {
    sequence: u64::MAX,
    index: u64::MAX,
    timestamp: 0,
    repeated: 0,
    picture_id: 0,
    tl0_index: 0,
    payload_type: 0,
    padding: 0,
    marker: false,
    repetitions: 0,
};

pub struct History {
    /// Empty before the first packet, then of [`HISTORY`] places.
    sent: Vec<Sent>,
    made: Instant,
}

impl History {
    pub fn new(now: Instant) -> Self {
        Self {
            sent: Vec::new(),
            made: now,
        }
    }

    pub fn forget(&mut self) {
        self.sent.fill(NOTHING);
    }

    pub fn note(&mut self, leaving: &Leaving) {
        if self.sent.is_empty() {
            self.sent.resize(HISTORY, NOTHING);
        }
        self.sent[leaving.sequence as usize & (HISTORY - 1)] = Sent {
            sequence: leaving.sequence,
            index: leaving.index,
            timestamp: leaving.fields.timestamp,
            repeated: 0,
            picture_id: leaving.numbers.picture_id.map_or(0, |id| id.value),
            tl0_index: leaving.numbers.tl0_index.map_or(0, |(_, value)| value),
            payload_type: leaving.fields.payload_type,
            padding: leaving.padding,
            marker: leaving.fields.marker,
            repetitions: 0,
        };
    }

    /// What left as `sequence`, its entry in `ring` and the bytes of its payload, if it may leave once more: at most once
    /// a round trip, [`MAX_REPETITIONS`] times in all, and as far as `budget` goes, in bytes, from which it is taken.
    pub fn repeat<'a>(
        &mut self,
        sequence: u16,
        ring: &'a Ring,
        round_trip: Option<Duration>,
        budget: &mut u64,
        now: Instant,
    ) -> Option<(Sent, &'a Entry, usize)> {
        // A little less than the round trip: requests are repeated after it, and lines jitter.
        let pause = round_trip.map_or(REPETITION_PAUSE, |time| {
            (time - time / 8).max(SHORTEST_REPETITION_PAUSE)
        });
        let moment = (now.saturating_duration_since(self.made).as_millis() as u32).wrapping_add(1);
        let sent = self.sent.get_mut(usize::from(sequence) & (HISTORY - 1))?;
        let recent = sent.repetitions > 0 && u128::from(moment.wrapping_sub(sent.repeated)) < pause.as_millis();
        if sent.index == u64::MAX || sent.sequence as u16 != sequence || recent || sent.repetitions >= MAX_REPETITIONS {
            return None;
        }
        let (entry, payload) = ring.get(sent.index)?;
        *budget = budget.checked_sub(payload.len() as u64)?;
        sent.repeated = moment;
        sent.repetitions += 1;
        Some((*sent, entry, payload.len()))
    }
}
