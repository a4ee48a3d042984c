//! One source: what a publisher sends on one track. Loss and its repair, key frames, and the ring from which all
//! subscribers are served.

use std::time::{Duration, Instant};

use crate::keyframe::KeyFrameRequests;
use crate::model::{Codec, Kind, SourceSpec};
use crate::nack::NackList;
use crate::picture::{self, KeyStart};
use crate::rate_limit::{Rate, RateLimit};
use crate::reception::Reception;
use crate::ring::{Entry, Ring};
use crate::rtcp::ReportBlock;
use crate::rtp::Header;
use crate::sequence::Arrival;

/// (packets, bytes) kept. Video: 1.6 s at the highest rate a hall sends, 2.5 Mbit/s.
const VIDEO_RING: (usize, usize) = (1024, 512 * 1024);
const AUDIO_RING: (usize, usize) = (128, 32 * 1024);

/// More fresh packets than this make a full call anyway.
const MAX_WAITING: usize = 48;

/// Of a packet on its way to a subscriber: IPv4, UDP, RTP with its extensions, SRTP.
const HEADERS: usize = 68;
/// bit/s: Opus's highest (RFC 6716 section 2.1.1) with its headers.
const MAX_AUDIO_BITRATE: u64 = 600_000;

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    Accepted,
    Duplicate,
    UnknownPayloadType,
    /// The source sends more than it may: counted, but not forwarded.
    Excess,
}

/// Header extensions of a packet that matter beyond the first hop.
#[derive(Clone, Copy, Debug, Default)]
pub struct Marks {
    pub audio_level: Option<u8>,
    pub orientation: Option<u8>,
}

/// Totals since the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    pub packets: u64,
    pub bytes: u64,
    pub nacked: u64,
    pub recovered: u64,
    pub frames: u64,
    pub key_frames: u64,
}

pub struct Uptrack {
    pub id: u32,
    /// Index of the publisher among the shard's peers.
    pub peer: usize,
    pub kind: Kind,
    pub mid: String,
    pub codecs: Vec<Codec>,
    pub ssrc: Option<u32>,
    /// Id of the source that is the same picture with fewer bits.
    pub smaller: Option<u32>,
    pub ring: Ring,
    /// Ring indexes that wait for delivery.
    pub fresh: Vec<u64>,
    pub key_frames: KeyFrameRequests,
    pub nacks: NackList,
    /// From a request for repair to the packet: the round trip to a publisher that receives nothing.
    pub repair_time: Option<Duration>,
    pub totals: Totals,
    /// Index of the subscriber on whose delivery this source's packets last caused a fault.
    pub fault_of: Option<usize>,
    #[cfg(feature = "fault-injection")]
    pub faulty: bool,
    pub reception: Reception,
    /// Grows whenever the stream begins anew, so that subscribers attach again at a key frame.
    epoch: u32,
    codec: Option<u8>,
    limit: RateLimit,
    /// Timestamp of the picture that last started a key frame.
    key_start: Option<u32>,
    /// Timestamp of the last IDR picture before whose first slice something was missing.
    key_gap: Option<u32>,
    /// H.264's, in the stream.
    sends_parameter_sets: bool,
    loudest: Option<u8>,
    /// When the first of `fresh` came, and whether the last of them ends a picture.
    fresh_since: Instant,
    fresh_complete: bool,
    frames_before: u64,
    rate: Rate,
}

impl Uptrack {
    /// `max_video_bitrate` in bit/s: twice as much of video is forwarded.
    pub fn new(spec: SourceSpec, peer: usize, max_video_bitrate: u64, now: Instant) -> Self {
        let ((entries, bytes), limit) = match spec.kind {
            Kind::Audio => (AUDIO_RING, MAX_AUDIO_BITRATE),
            Kind::Video => (VIDEO_RING, 2 * max_video_bitrate),
        };
        Self {
            id: spec.source,
            peer,
            kind: spec.kind,
            mid: spec.mid,
            codecs: spec.codecs,
            ssrc: spec.ssrc,
            smaller: spec.smaller,
            ring: Ring::new(entries, bytes),
            fresh: Vec::with_capacity(64),
            key_frames: KeyFrameRequests::default(),
            nacks: NackList::default(),
            repair_time: None,
            totals: Totals::default(),
            fault_of: None,
            #[cfg(feature = "fault-injection")]
            faulty: false,
            limit: RateLimit::new(limit, now),
            reception: Reception::default(),
            epoch: 0,
            codec: None,
            key_start: None,
            key_gap: None,
            sends_parameter_sets: false,
            loudest: None,
            fresh_since: now,
            fresh_complete: true,
            frames_before: 0,
            rate: Rate::new(now),
        }
    }

    /// The sender begins anew, with another SSRC.
    pub fn restart(&mut self, ssrc: u32) {
        self.reception.restart();
        self.ssrc = Some(ssrc);
        self.begin_epoch();
    }

    /// All watchers wait for a key frame from here on, so one is asked for.
    fn begin_epoch(&mut self) {
        self.epoch += 1;
        self.nacks.clear();
        self.reception.forget_transit();
        self.key_start = None;
        self.key_gap = None;
        self.sends_parameter_sets = false;
        if self.kind == Kind::Video {
            self.key_frames.want();
        }
    }

    /// Whether decoding can begin at this packet: the first of VP8's key frame, H.264's parameter sets, and its IDR
    /// slice only where they are known to come by another way: the source has never sent any, and nothing right before
    /// the slice is missing. Of each picture one packet counts.
    fn starts_key_frame(&mut self, start: KeyStart, sequence: u64, timestamp: u32) -> bool {
        let starts = match start {
            KeyStart::None => false,
            KeyStart::Picture => true,
            KeyStart::ParameterSets => {
                self.sends_parameter_sets = true;
                true
            }
            KeyStart::Slice => {
                if !self.reception.has_arrived(sequence - 1) && self.key_start != Some(timestamp) {
                    self.key_gap = Some(timestamp);
                }
                !self.sends_parameter_sets && self.key_gap != Some(timestamp)
            }
        };
        let starts = starts && self.key_start != Some(timestamp);
        if starts {
            self.key_start = Some(timestamp);
        }
        starts
    }

    /// Takes a decrypted packet in. `recovered`: it came by RTX, its header restored. `kept`: somebody watches, so it
    /// goes into the ring and to `fresh`, and gaps are repaired.
    pub fn receive(
        &mut self,
        header: &Header,
        payload: &[u8],
        marks: Marks,
        now: Instant,
        recovered: bool,
        kept: bool,
    ) -> Receipt {
        let Some(codec) = self
            .codecs
            .iter()
            .position(|codec| codec.payload_type == header.payload_type)
        else {
            return Receipt::UnknownPayloadType;
        };
        let sequence = match self.reception.arrive(header.sequence, recovered) {
            Arrival::New { sequence, missing } => {
                if missing > 0 && kept && self.kind == Kind::Video && !self.nacks.add(sequence - missing, sequence, now)
                {
                    self.key_frames.want();
                }
                sequence
            }
            Arrival::Late { sequence } => {
                let repaired = self.nacks.remove(sequence, now);
                self.totals.recovered += u64::from(repaired.is_some() || recovered);
                if let Some(time) = repaired.and_then(|repaired| repaired.round_trip) {
                    // As TCP smooths its own (RFC 6298 section 2).
                    self.repair_time = Some(self.repair_time.map_or(time, |before| (7 * before + time) / 8));
                }
                sequence
            }
            Arrival::Restart { sequence } => {
                self.begin_epoch();
                sequence
            }
            Arrival::Duplicate => return Receipt::Duplicate,
        };
        // Multiplied by its watchers, one source without a limit would fill every line and the thread.
        let within = self.limit.take(payload.len(), now);
        let kept = kept && within;
        let codec = codec as u8;
        if self.codec.replace(codec).is_some_and(|before| before != codec) {
            self.begin_epoch();
        }
        if !recovered {
            let clock_rate = self.codecs[usize::from(codec)].clock_rate;
            self.reception.count(header.timestamp, clock_rate, now);
        }
        self.totals.packets += 1;
        self.totals.bytes += payload.len() as u64;
        self.rate.add(payload.len() + HEADERS);
        self.totals.frames += u64::from(header.marker);
        if let Some(level) = marks.audio_level {
            self.loudest = Some(self.loudest.unwrap_or(127).min(level & 0x7F));
        }
        let picture = picture::read(self.codecs[usize::from(codec)].name, payload);
        let starts_key_frame = self.starts_key_frame(picture.start, sequence, header.timestamp);
        if starts_key_frame {
            self.totals.key_frames += 1;
            self.key_frames.arrived(now);
        }
        if kept {
            let entry = Entry {
                sequence,
                timestamp: header.timestamp,
                epoch: self.epoch,
                numbers: picture.numbers,
                starts_key_frame,
                marker: header.marker,
                codec,
                audio_level: marks.audio_level,
                orientation: marks.orientation,
            };
            if self.fresh.is_empty() {
                self.fresh_since = now;
            }
            self.fresh_complete = header.marker || recovered || self.kind == Kind::Audio;
            let index = self.ring.push(entry, payload);
            self.fresh.push(index);
        }
        if !within {
            return Receipt::Excess;
        }
        Receipt::Accepted
    }

    /// Since when fresh packets have waited for the rest of their picture; None if there is nothing to wait for.
    pub fn waits_since(&self) -> Option<Instant> {
        let waits = !self.fresh_complete && self.fresh.len() < MAX_WAITING;
        waits.then_some(self.fresh_since)
    }

    /// bit/s of late, as it leaves to each subscriber.
    pub fn bitrate(&mut self, now: Instant) -> f64 {
        self.rate.read(now)
    }

    /// Lost for good so far, repaired ones not counted.
    pub fn lost(&self) -> u64 {
        self.reception.expected().saturating_sub(self.totals.packets)
    }

    /// Loudest level since the last call, in -dBov: 0 is loudest.
    pub fn take_level(&mut self) -> Option<u8> {
        self.loudest.take()
    }

    /// Pictures since the last call.
    pub fn take_frames(&mut self) -> u64 {
        let frames = self.totals.frames;
        frames - std::mem::replace(&mut self.frames_before, frames)
    }

    /// Our report on this stream since the last one; None before the first packet.
    pub fn report(&mut self, now: Instant) -> Option<ReportBlock> {
        self.reception.report(self.ssrc?, now)
    }

    /// The publisher has to be asked for something, now or soon.
    pub fn is_pending(&self) -> bool {
        let asks = self.kind == Kind::Video && self.ssrc.is_some();
        asks && (!self.nacks.is_empty() || self.key_frames.is_pending())
    }

    /// Appends the numbers to ask the publisher for again.
    pub fn poll_nacks(&mut self, now: Instant, round_trip: Option<Duration>, due: &mut Vec<u16>) {
        let before = due.len();
        if self.nacks.poll(now, round_trip.or(self.repair_time), due) {
            self.key_frames.want();
        }
        self.totals.nacked += (due.len() - before) as u64;
    }
}

#[cfg(test)]
#[path = "uptrack_tests.rs"]
mod tests;
