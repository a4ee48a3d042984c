//! From the ring to the socket: header, payload and seal straight into the send arena, runs of equal size in one call.

use std::time::{Duration, Instant};

use crate::bandwidth::Downlink;
use crate::downtrack::{Downtrack, Leaving};
use crate::model::Kind;
use crate::outlet::{Outlet, Path, Urgency};
use crate::picture::{self, PictureNumbers};
use crate::ring::{Entry, Ring};
use crate::rtp;
use crate::srtp::SealKeys;

/// Most bytes of one segmented send; the kernel takes up to a UDP datagram of 65,507.
const MAX_RUN_BYTES: usize = 60_000;
/// Largest RTP padding that makes sizes of a run equal. Encoders split a frame into parts that differ by a byte or two.
const MAX_PADDING: usize = 8;

/// Numbers of one request for repair that are looked at: as many as a slot remembers.
const MAX_REPAIRS: usize = 512;

/// Keys of one peer for what leaves to it.
pub struct Sealing {
    pub keys: SealKeys,
    /// Bytes that sealing adds to an RTP packet.
    pub overhead: usize,
}

/// The way to one peer.
pub struct Line<'a> {
    pub path: &'a Path,
    pub sealing: &'a Sealing,
    pub downlink: &'a mut Downlink,
    pub now: Instant,
}

/// A probe's packets, at least, and its bytes at most.
const PROBE_PACKETS: u64 = 6;
const MAX_PROBE: usize = 16 * 1024;

/// Of a packet that shows nothing.
const NOTHING: Entry = Entry {
    sequence: 0,
    timestamp: 0,
    epoch: 0,
    numbers: PictureNumbers {
        picture_id: None,
        tl0_index: None,
    },
    starts_key_frame: false,
    marker: false,
    codec: 0,
    audio_level: None,
    orientation: None,
};

/// What one flush sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct SentTotals {
    pub packets: u64,
    pub bytes: u64,
    pub calls: u64,
}

/// A subscriber's request for repair.
pub struct Request<'a, Numbers> {
    pub numbers: Numbers,
    pub round_trip: Option<Duration>,
    /// Bytes that may be repeated; what is comes off it.
    pub budget: &'a mut u64,
}

/// Buffers that all subscribers share one after the other, so that they stay in the cache.
pub struct Egress {
    arena: Vec<u8>,
    plan: Vec<Leaving>,
    /// (sequence number, ring index)
    late: Vec<(u64, u64)>,
}

impl Default for Egress {
    fn default() -> Self {
        Self {
            arena: vec![0; 65_536],
            plan: Vec::with_capacity(1_024),
            late: Vec::with_capacity(1_024),
        }
    }
}

impl Egress {
    /// Sends the packets at `fresh` of `ring` that `slot` admits.
    pub fn deliver(
        &mut self,
        outlet: &mut impl Outlet,
        line: Line<'_>,
        slot: &mut Downtrack,
        ring: &Ring,
        fresh: &[u64],
    ) -> SentTotals {
        let now = line.now;
        self.plan.clear();
        for &index in fresh {
            if let Some((entry, payload)) = ring.get(index) {
                let before = slot.epoch();
                self.plan.extend(slot.admit(entry, index, payload.len(), now));
                if slot.epoch() != before && slot.epoch().is_some() {
                    self.catch_up(slot, ring, entry, index, now);
                }
            }
        }
        self.send_plan(outlet, line, slot, ring)
    }

    /// `first`, at `index`, has just begun what `slot` shows. Where it came late, packets that belong behind it are here
    /// already, and the slot had to refuse them: they leave now, in their order.
    fn catch_up(&mut self, slot: &mut Downtrack, ring: &Ring, first: &Entry, index: u64, now: Instant) {
        self.late.clear();
        for (index, entry) in ring.before(index) {
            if entry.epoch != first.epoch {
                break;
            }
            if entry.sequence > first.sequence {
                self.late.push((entry.sequence, index));
            }
        }
        self.late.sort_unstable();
        for &(_, index) in &self.late {
            if let Some((entry, payload)) = ring.get(index) {
                self.plan.extend(slot.admit(entry, index, payload.len(), now));
            }
        }
    }

    /// Sends the packets again that the subscriber asks for, as far as they may be repeated.
    pub fn repeat(
        &mut self,
        outlet: &mut impl Outlet,
        line: Line<'_>,
        slot: &mut Downtrack,
        ring: &Ring,
        request: Request<'_, impl Iterator<Item = u16>>,
    ) -> SentTotals {
        self.plan.clear();
        let Request {
            numbers,
            round_trip,
            budget,
        } = request;
        let now = line.now;
        for number in numbers.take(MAX_REPAIRS) {
            self.plan.extend(slot.repeat(number, ring, round_trip, budget, now));
        }
        self.send_plan(outlet, line, slot, ring)
    }

    /// Sends at least `bytes`, and some packets, of padding in one burst.
    pub fn probe(&mut self, outlet: &mut impl Outlet, line: Line<'_>, slot: &mut Downtrack, bytes: u64) -> SentTotals {
        let mut totals = SentTotals::default();
        let mut end = 0;
        let mut segment = 0;
        while totals.packets < PROBE_PACKETS || ((end as u64) < bytes && end < MAX_PROBE) {
            let Some(leaving) = slot.padding() else { break };
            segment = leaving.length + usize::from(leaving.padding) + line.sealing.overhead;
            let number = Some(line.downlink.number(segment, true, line.now));
            end += write(
                &mut self.arena[end..],
                &leaving,
                slot,
                &NOTHING,
                &[],
                line.sealing,
                number,
            );
            totals.packets += 1;
        }
        line.downlink.note_probe(totals.packets as u32);
        let run = segment * outlet.max_segments(&line.path.remote).max(1);
        for burst in self.arena[..end].chunks(run.max(1)) {
            outlet.send(line.path, burst, segment, Urgency::Yields);
            totals.calls += 1;
        }
        totals.bytes = end as u64;
        totals
    }

    fn send_plan(&mut self, outlet: &mut impl Outlet, line: Line<'_>, slot: &mut Downtrack, ring: &Ring) -> SentTotals {
        let Line {
            path,
            sealing,
            downlink,
            now,
        } = line;
        let mut totals = SentTotals::default();
        let segments = outlet.max_segments(&path.remote);
        let urgency = match slot.kind {
            Kind::Audio => Urgency::Waits,
            Kind::Video => Urgency::Yields,
        };
        let mut rest = self.plan.as_mut_slice();
        while !rest.is_empty() {
            let (count, size) = run(rest, segments, sealing.overhead);
            let (packets, others) = rest.split_at_mut(count);
            rest = others;
            pad(packets, size);
            let mut end = 0;
            for leaving in packets {
                let Some((entry, payload)) = ring.get(leaving.index) else {
                    continue;
                };
                let size = leaving.length + usize::from(leaving.padding) + sealing.overhead;
                let number = slot.is_numbered().then(|| downlink.number(size, false, now));
                end += write(&mut self.arena[end..], leaving, slot, entry, payload, sealing, number);
                slot.note_sent(leaving, payload.len());
                totals.packets += 1;
            }
            totals.bytes += end as u64;
            totals.calls += 1;
            outlet.send(path, &self.arena[..end], size + sealing.overhead, urgency);
        }
        totals
    }
}

/// (packets, bytes before sealing of each but the last) of the longest run at the start of `plan` that one segmented
/// send can carry: all of one size after a little padding, the last one possibly shorter.
fn run(plan: &[Leaving], max_segments: usize, overhead: usize) -> (usize, usize) {
    let mut largest = plan[0].length + usize::from(plan[0].padding);
    let mut smallest = largest;
    if plan[0].is_copy {
        return (1, largest);
    }
    for (count, leaving) in plan.iter().enumerate().skip(1) {
        let bytes = (count + 1) * (largest.max(leaving.length) + overhead);
        if count >= max_segments || bytes > MAX_RUN_BYTES || leaving.is_copy {
            return (count, largest);
        }
        let (low, high) = (smallest.min(leaving.length), largest.max(leaving.length));
        if high - low <= MAX_PADDING {
            (smallest, largest) = (low, high);
        } else if leaving.length < largest {
            return (count + 1, largest); // a shorter one ends the run
        } else {
            return (count, largest);
        }
    }
    (plan.len(), largest)
}

/// Pads all but the last packet of a run to `size` bytes.
fn pad(packets: &mut [Leaving], size: usize) {
    let Some((_, but_last)) = packets.split_last_mut() else {
        return;
    };
    for leaving in but_last {
        leaving.padding = (size - leaving.length) as u8;
    }
}

/// Writes and seals one packet at the start of `out`; returns its length.
fn write(
    out: &mut [u8],
    leaving: &Leaving,
    slot: &Downtrack,
    entry: &Entry,
    payload: &[u8],
    sealing: &Sealing,
    number: Option<u16>,
) -> usize {
    let padded = leaving.padding > 0;
    let header = rtp::write_header(out, &leaving.fields, &slot.extensions_of(entry, number), padded);
    let mut at = header;
    if let Some(original) = leaving.original {
        out[at..at + 2].copy_from_slice(&original.to_be_bytes());
        at += 2;
    }
    out[at..at + payload.len()].copy_from_slice(payload);
    picture::write_numbers(&mut out[at..at + payload.len()], &leaving.numbers);
    at += payload.len();
    let end = at + usize::from(leaving.padding);
    rtp::write_padding(&mut out[at..end]);
    sealing.keys.seal_rtp(out, header, end, (leaving.sequence >> 16) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::Fields;
    use proptest::prelude::*;

    fn leaving(length: usize) -> Leaving {
        Leaving {
            index: 0,
            sequence: 0,
            fields: Fields {
                marker: false,
                payload_type: 96,
                sequence: 0,
                timestamp: 0,
                ssrc: 0,
            },
            numbers: PictureNumbers::default(),
            original: None,
            is_copy: false,
            padding: 0,
            length,
        }
    }

    fn runs(lengths: &[usize]) -> Vec<usize> {
        let plan: Vec<Leaving> = lengths.iter().map(|&length| leaving(length)).collect();
        let mut at = 0;
        let mut runs = Vec::new();
        while at < plan.len() {
            let (count, _) = run(&plan[at..], 64, 16);
            runs.push(count);
            at += count;
        }
        runs
    }

    #[test]
    fn a_frame_of_nearly_equal_parts_is_one_run() {
        assert_eq!(runs(&[1100, 1100, 1101, 1101, 1101]), [5]);
        assert_eq!(runs(&[1100, 1100, 1100, 400, 1100]), [4, 1]);
        assert_eq!(runs(&[400, 1100, 1100]), [1, 2]);
        assert_eq!(runs(&[1100; 70]), [53, 17], "60,000 bytes at most");
        assert_eq!(runs(&[100; 70]), [64, 6]);
    }

    #[test]
    fn copies_leave_alone_and_unpadded() {
        let mut plan = [leaving(1099), leaving(1098), leaving(1100)];
        for (copy, padding) in plan.iter_mut().zip([0, 2, 0]) {
            copy.is_copy = true;
            copy.padding = padding;
        }
        assert_eq!(run(&plan, 64, 16), (1, 1099));
        assert_eq!(run(&plan[1..], 64, 16), (1, 1100));
        assert_eq!(run(&[leaving(1100), plan[0]], 64, 16), (1, 1100));
    }

    proptest! {
        #[test]
        fn runs_fit_what_the_kernel_takes(lengths in proptest::collection::vec(50usize..1200, 1..80)) {
            let mut plan: Vec<Leaving> = lengths.iter().map(|&length| leaving(length)).collect();
            let mut rest = plan.as_mut_slice();
            while !rest.is_empty() {
                let (count, size) = run(rest, 64, 16);
                prop_assert!((1..=64).contains(&count) && count * (size + 16) <= 65_000);
                let (packets, others) = rest.split_at_mut(count);
                rest = others;
                pad(packets, size);
                let (last, but_last) = packets.split_last().unwrap();
                for packet in but_last {
                    prop_assert_eq!(packet.length + usize::from(packet.padding), size);
                    prop_assert!(usize::from(packet.padding) <= MAX_PADDING);
                }
                prop_assert!(last.length <= size && last.padding == 0);
            }
        }
    }
}
