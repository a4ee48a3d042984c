//! One slot of one subscriber: which packets of the assigned source leave, under which numbers, and again on request.

use std::time::{Duration, Instant};

use crate::clock::{self, Clock};
use crate::history::History;
use crate::keyframe::Patience;
use crate::model::{Codec, ExtensionIds, Kind, SlotSpec};
use crate::picture::{PictureId, PictureNumbers};
use crate::rewrite::{Incoming, Rewriter};
use crate::ring::{Entry, Ring};
use crate::rtcp::ReportBlock;
use crate::rtp::{self, ExtensionBlock, Fields};
use crate::uptrack::Uptrack;

/// A packet on its way out; the payload is still in the source's ring.
#[derive(Clone, Copy, Debug)]
pub struct Leaving {
    /// Index in the ring.
    pub index: u64,
    /// SRTP packet index: sequence number with roll-over count.
    pub sequence: u64,
    pub fields: Fields,
    pub numbers: PictureNumbers,
    /// Sequence number of the repeated packet (RFC 4588 section 4), for packets on the RTX stream.
    pub original: Option<u16>,
    /// A packet of the stream itself that leaves a second time. It has the same SRTP index as the first time, so
    /// nothing in it may differ, padding included: with AES-GCM that would give the key away.
    pub is_copy: bool,
    /// Bytes of RTP padding.
    pub padding: u8,
    /// Bytes before sealing, padding not counted.
    pub length: usize,
}

/// Totals since the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    pub packets: u64,
    pub bytes: u64,
    pub retransmitted: u64,
    /// Packets and payload bytes under the stream's own SSRC, as sender reports count (RFC 3550 section 6.4.1).
    pub own_packets: u64,
    pub own_octets: u64,
}

/// A picture for which its receiver's line has no room.
#[derive(Default)]
struct Pause {
    /// The last time that it became less.
    begun: Option<Instant>,
    is_on: bool,
    resumed: Option<Instant>,
    /// How long it lasts, at least.
    least: Duration,
}

const LEAST_PAUSE: Duration = Duration::from_secs(1);
const MOST_PAUSE: Duration = Duration::from_secs(60);
/// A picture that pauses again within this time came back too early: a line that lets bursts through looks wider than it
/// is, and each try fills it.
const RELAPSE: Duration = Duration::from_secs(10);

impl Pause {
    fn begin(&mut self, now: Instant) {
        let relapsed = self
            .resumed
            .is_some_and(|at| now.saturating_duration_since(at) < RELAPSE);
        self.least = if relapsed {
            (4 * self.least).min(MOST_PAUSE)
        } else {
            LEAST_PAUSE
        };
        self.begun = Some(now);
    }
}

pub struct Downtrack {
    pub slot: u32,
    pub kind: Kind,
    pub ssrc: u32,
    /// Index of the uptrack that the owner wants shown.
    pub assigned: Option<usize>,
    /// Index of the one that is shown: the same, or its smaller one.
    pub source: Option<usize>,
    pub totals: Totals,
    /// Share lost on the way down as last reported, 0 to 1.
    pub loss: f64,
    codecs: Vec<Codec>,
    rtx_ssrc: Option<u32>,
    ids: ExtensionIds,
    /// Its packets bear transport-wide numbers. Not where it has no RTX: a packet that leaves twice must be the same.
    numbered: bool,
    pause: Pause,
    /// The part of the header extensions that is the same in each packet: the MID.
    extensions: ExtensionBlock,
    /// Bytes of the extensions on the wire without marks, with the audio level, with the orientation, with both.
    extension_lengths: [usize; 4],
    /// For each codec of the source the payload type of ours that takes it.
    choices: Vec<Option<u8>>,
    /// The codec of the source's last packet, and the choice for it: beside what else a packet needs.
    chosen: Option<(u8, Option<u8>)>,
    epoch: Option<u32>,
    rewriter: Rewriter,
    rtx_sequence: u64,
    history: History,
    patience: Patience,
    /// Middle bits of the NTP time in our last sender reports, and when they left: with one a second, round trips of up to
    /// three seconds (a satellite's, a full buffer's) are still measured.
    reported: [Option<(u32, Instant)>; 4],
}

impl Downtrack {
    /// `start` seeds both sequence numbers.
    pub fn new(spec: SlotSpec, ids: ExtensionIds, start: u16, now: Instant) -> Self {
        let numbered = spec.tells_arrivals && (spec.kind == Kind::Audio || spec.rtx_ssrc.is_some());
        let number = numbered.then_some(0);
        let mut extensions = ExtensionBlock::default();
        extensions.push(ids.mid, spec.mid.as_bytes());
        let clock_rate = spec.codecs.first().map_or(90_000, |codec| codec.clock_rate);
        let marked =
            |audio_level, orientation| with_marks(&extensions, ids, audio_level, orientation, number).wire_length();
        let extension_lengths = [
            marked(None, None),
            marked(Some(0), None),
            marked(None, Some(0)),
            marked(Some(0), Some(0)),
        ];
        Self {
            slot: spec.slot,
            kind: spec.kind,
            ssrc: spec.ssrc,
            assigned: None,
            source: None,
            totals: Totals::default(),
            loss: 0.0,
            codecs: spec.codecs,
            rtx_ssrc: spec.rtx_ssrc,
            ids,
            numbered,
            pause: Pause::default(),
            extensions,
            extension_lengths,
            choices: Vec::new(),
            chosen: None,
            epoch: None,
            rewriter: Rewriter::new(clock_rate, start),
            rtx_sequence: u64::from(start & 0x7FFF),
            history: History::new(now),
            patience: Patience::default(),
            reported: [None; 4],
        }
    }

    /// Shows another source, or none; `assigned` is not touched. Nothing of the one before leaves any more, repetitions included.
    pub fn assign(&mut self, source: Option<(usize, &Uptrack)>) {
        self.source = source.map(|(index, _)| index);
        self.choices.clear();
        self.chosen = None;
        self.loss = 0.0;
        if let Some((_, uptrack)) = source.filter(|(_, uptrack)| uptrack.kind == self.kind) {
            let choose = |codec| Some(self.codecs[Codec::choose(&self.codecs, codec)?].payload_type);
            self.choices.extend(uptrack.codecs.iter().map(choose));
        }
        self.detach();
    }

    fn detach(&mut self) {
        self.epoch = None;
        self.rewriter.detach();
        self.history.forget();
    }

    /// The source sends nothing that this slot could take.
    pub fn lacks_codec(&self) -> bool {
        let refused = matches!(self.chosen, Some((_, None)));
        self.source.is_some() && (refused || self.choices.iter().all(Option::is_none))
    }

    pub fn waits_for_key_frame(&self) -> bool {
        self.kind == Kind::Video
            && !self.is_paused()
            && self.source.is_some()
            && !self.lacks_codec()
            && !self.rewriter.is_attached()
    }

    /// The subscriber asks for a key frame. None: heed it; otherwise, when to.
    pub fn ask_for_key_frame(&mut self, now: Instant) -> Option<Instant> {
        self.patience.ask(now)
    }

    /// Of the source's restarts the one whose packets leave; None while nothing leaves.
    pub fn epoch(&self) -> Option<u32> {
        self.epoch
    }

    /// Numbers a packet of the source for this subscriber; None if it must not leave.
    pub fn admit(&mut self, entry: &Entry, index: u64, payload: usize, now: Instant) -> Option<Leaving> {
        let choice = match self.chosen {
            Some((codec, choice)) if codec == entry.codec => choice,
            _ => {
                let choice = self.choices.get(usize::from(entry.codec)).copied().flatten();
                self.chosen = Some((entry.codec, choice));
                choice
            }
        };
        let payload_type = choice?;
        let incoming = Incoming {
            sequence: entry.sequence,
            timestamp: entry.timestamp,
            numbers: entry.numbers,
        };
        let begins = self.epoch != Some(entry.epoch);
        if begins {
            self.detach();
            if self.kind == Kind::Video && !entry.starts_key_frame {
                return None;
            }
            self.rewriter.attach(&incoming, now);
            self.epoch = Some(entry.epoch);
        }
        let outgoing = self.rewriter.map(&incoming, now)?;
        let fields = Fields {
            // RFC 3551 section 4.1: in audio the marker is the start of a talkspurt.
            marker: entry.marker || (begins && self.kind == Kind::Audio),
            payload_type,
            sequence: outgoing.sequence as u16,
            timestamp: outgoing.timestamp,
            ssrc: self.ssrc,
        };
        Some(Leaving {
            index,
            sequence: outgoing.sequence,
            fields,
            numbers: outgoing.numbers,
            original: None,
            is_copy: false,
            padding: 0,
            length: self.length_of(entry, payload),
        })
    }

    pub fn extensions_of(&self, entry: &Entry, number: Option<u16>) -> ExtensionBlock {
        with_marks(&self.extensions, self.ids, entry.audio_level, entry.orientation, number)
    }

    pub fn is_numbered(&self) -> bool {
        self.numbered
    }

    pub fn is_paused(&self) -> bool {
        self.pause.is_on
    }

    /// Nothing leaves until [`Downtrack::resume`].
    pub fn pause(&mut self, now: Instant) {
        self.pause.begin(now);
        self.pause.is_on = true;
        self.detach();
    }

    /// The smaller picture is shown from now on.
    pub fn reduce(&mut self, now: Instant) {
        self.pause.begin(now);
    }

    /// Whether it is time to try more again.
    pub fn may_return(&self, now: Instant) -> bool {
        let pause = &self.pause;
        pause
            .begun
            .is_none_or(|begun| now.saturating_duration_since(begun) >= pause.least)
    }

    /// Goes on with the next key frame.
    pub fn resume(&mut self, now: Instant) {
        self.pause.is_on = false;
        self.pause.resumed = Some(now);
    }

    /// Padding can leave on its RTX stream.
    pub fn has_padding(&self) -> bool {
        self.numbered && self.padding_type().is_some()
    }

    fn padding_type(&self) -> Option<(u32, u8)> {
        let payload_type = self.codecs.iter().find_map(|codec| codec.rtx_payload_type)?;
        Some((self.rtx_ssrc?, payload_type))
    }

    /// A packet of nothing but padding.
    pub fn padding(&mut self) -> Option<Leaving> {
        let (ssrc, payload_type) = self.padding_type()?;
        self.rtx_sequence += 1;
        Some(Leaving {
            index: 0,
            sequence: self.rtx_sequence,
            fields: Fields {
                marker: false,
                payload_type,
                sequence: self.rtx_sequence as u16,
                timestamp: self.rewriter.newest().map_or(0, |(timestamp, _)| timestamp),
                ssrc,
            },
            numbers: PictureNumbers::default(),
            original: None,
            is_copy: false,
            padding: u8::MAX,
            length: rtp::FIXED_HEADER + self.extension_lengths[0],
        })
    }

    /// The packet with `payload` bytes has left; video is remembered for repetition.
    pub fn note_sent(&mut self, leaving: &Leaving, payload: usize) {
        self.totals.packets += 1;
        self.totals.bytes += leaving.length as u64;
        if leaving.original.is_none() {
            self.totals.own_packets += 1;
            self.totals.own_octets += payload as u64;
        }
        if leaving.is_copy || leaving.original.is_some() || self.kind == Kind::Audio {
            return;
        }
        self.history.note(leaving);
    }

    /// The subscriber lacks the packet it knows as `sequence`. With RTX negotiated the repetition goes on that stream;
    /// otherwise it is the very same packet again, which is safe only because nothing in it differs.
    ///
    /// As far as [`History::repeat`] lets it.
    pub fn repeat(
        &mut self,
        sequence: u16,
        ring: &Ring,
        round_trip: Option<Duration>,
        budget: &mut u64,
        now: Instant,
    ) -> Option<Leaving> {
        let (sent, entry, payload) = self.history.repeat(sequence, ring, round_trip, budget, now)?;
        let mut leaving = Leaving {
            index: sent.index,
            sequence: sent.sequence,
            fields: Fields {
                marker: sent.marker,
                payload_type: sent.payload_type,
                sequence,
                timestamp: sent.timestamp,
                ssrc: self.ssrc,
            },
            numbers: PictureNumbers {
                picture_id: entry.numbers.picture_id.map(|id| PictureId {
                    value: sent.picture_id,
                    ..id
                }),
                tl0_index: entry.numbers.tl0_index.map(|(at, _)| (at, sent.tl0_index)),
            },
            original: None,
            is_copy: true,
            padding: sent.padding,
            length: self.length_of(entry, payload),
        };
        self.totals.retransmitted += 1;
        let codec = self
            .codecs
            .iter()
            .find(|codec| codec.payload_type == sent.payload_type)?;
        if let (Some(ssrc), Some(payload_type)) = (self.rtx_ssrc, codec.rtx_payload_type) {
            self.rtx_sequence += 1;
            leaving.sequence = self.rtx_sequence;
            leaving.original = Some(sequence);
            leaving.is_copy = false;
            leaving.padding = 0;
            leaving.length += 2;
            leaving.fields.ssrc = ssrc;
            leaving.fields.payload_type = payload_type;
            leaving.fields.sequence = self.rtx_sequence as u16;
        }
        Some(leaving)
    }

    /// Bytes of a packet of the source before sealing.
    fn length_of(&self, entry: &Entry, payload: usize) -> usize {
        let marks = usize::from(entry.audio_level.is_some()) + 2 * usize::from(entry.orientation.is_some());
        rtp::FIXED_HEADER + self.extension_lengths[marks] + payload
    }

    /// NTP and RTP time of the same instant for a sender report; None while nothing of a source has left.
    ///
    /// `shift` brings the publisher's NTP clock to ours. It is one for all tracks of a publisher, so that its picture
    /// and sound stay together.
    pub fn report_time(
        &self,
        uptrack: Option<&Uptrack>,
        shift: Option<u64>,
        clock: &Clock,
        now: Instant,
    ) -> Option<(u64, u32)> {
        let (newest, at) = self.rewriter.newest().filter(|_| self.rewriter.is_attached())?;
        let rate = u64::from(self.codecs.first()?.clock_rate);
        let ticks = |span: Duration| (span.as_micros() as u64 * rate / 1_000_000) as u32;
        let translated = uptrack
            .and_then(|uptrack| uptrack.reception.sender_clock)
            .zip(shift)
            .and_then(|(sender, shift)| {
                let age = now.saturating_duration_since(sender.at);
                let timestamp = self.rewriter.map_timestamp(sender.timestamp)?.wrapping_add(ticks(age));
                let ntp = sender.ntp.wrapping_add(shift).wrapping_add(clock::to_ntp(age));
                Some((ntp, timestamp))
            });
        Some(translated.unwrap_or_else(|| {
            let age = now.saturating_duration_since(at);
            (clock.ntp(now), newest.wrapping_add(ticks(age)))
        }))
    }

    /// A sender report with this NTP time has left.
    pub fn note_reported(&mut self, ntp: u64, now: Instant) {
        self.reported.rotate_right(1);
        self.reported[0] = Some((clock::compact(ntp), now));
    }

    /// Takes the subscriber's report in; the round trip if it answers one of our last ones (RFC 3550 section 6.4.1).
    ///
    /// Counted from when that left, not from the NTP time in it: this is the publisher's.
    pub fn note_report(&mut self, block: &ReportBlock, now: Instant) -> Option<Duration> {
        self.loss = f64::from(block.fraction_lost) / 256.0;
        let mut reported = self.reported.iter().flatten();
        let (_, left) = reported.find(|(ntp, _)| *ntp == block.last_report)?;
        let span = now.saturating_duration_since(*left);
        span.checked_sub(clock::from_compact(block.delay))
    }
}

/// `extensions` and what one packet of the source bore.
fn with_marks(
    extensions: &ExtensionBlock,
    ids: ExtensionIds,
    audio_level: Option<u8>,
    orientation: Option<u8>,
    number: Option<u16>,
) -> ExtensionBlock {
    let mut extensions = extensions.clone();
    for (id, mark) in [(ids.audio_level, audio_level), (ids.orientation, orientation)] {
        if let Some(value) = mark {
            extensions.push(id, &[value]);
        }
    }
    if let Some(number) = number {
        extensions.push(ids.transport_cc, &number.to_be_bytes());
    }
    extensions
}

#[cfg(test)]
#[path = "downtrack_tests.rs"]
mod tests;
