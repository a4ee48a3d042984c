//! Tracks that a peer publishes: when the next packets are due, and what they are.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_lc_rs::rand;
use sfu::rtp::{ExtensionBlock, Fields, write_header};
use sfu::srtp::SealKeys;

use crate::payload::{MIN_PAYLOAD, STAMP, Stamp, write_vp8};
use crate::protocol::{Kind, ShapeChange, TrackSpec};

/// After a pause longer than this a track does not catch up.
const MAX_LAG: Duration = Duration::from_millis(200);
/// -30 dBov with the voice bit: loud enough to be somebody who speaks.
const AUDIO_LEVEL: u8 = 0x80 | 30;
/// Opus at 20 ms, full band, one frame.
const OPUS_TOC: u8 = 0x78;
/// Fixed header and every extension at its longest.
const MAX_HEADER: usize = 64;

/// Ids of the header extensions that are sent, 0 for those not negotiated.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExtensionIds {
    mid: u8,
    audio_level: u8,
    abs_send_time: u8,
    transport_cc: u8,
}

impl ExtensionIds {
    pub fn new(by_uri: &HashMap<String, u8>) -> Self {
        let id = |uri: &str| by_uri.get(uri).copied().unwrap_or(0);
        Self {
            mid: id("urn:ietf:params:rtp-hdrext:sdes:mid"),
            audio_level: id("urn:ietf:params:rtp-hdrext:ssrc-audio-level"),
            abs_send_time: id("http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"),
            transport_cc: id("http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"),
        }
    }
}

/// What sending needs beside the track: shared by all tracks of a peer.
pub struct Sending<'a> {
    pub seal: &'a SealKeys,
    pub ids: ExtensionIds,
    /// Next transport-wide sequence number.
    pub transport_sequence: &'a mut u16,
    /// µs since 1970.
    pub wall: u64,
}

struct Shape {
    interval: Duration,
    packets: u8,
    size: usize,
    is_active: bool,
    pace: Duration,
}

pub struct Track {
    pub spec: TrackSpec,
    shape: Shape,
    sequence: u16,
    roll_overs: u32,
    first_timestamp: u32,
    started: Instant,
    timestamp: u32,
    picture: u16,
    frame: u32,
    /// Next packet of the frame in progress; 0 between frames.
    index: u8,
    is_key: bool,
    wants_key: bool,
    next_frame: Instant,
    next_packet: Instant,
    pub packets: u32,
    pub octets: u32,
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the operating system gives random numbers");
    bytes
}

impl Track {
    pub fn new(spec: TrackSpec, now: Instant) -> Self {
        let mut shape = Shape {
            interval: Duration::ZERO,
            packets: if spec.kind == Kind::Video { 8 } else { 1 },
            size: if spec.kind == Kind::Video { 1_100 } else { 120 },
            is_active: true,
            pace: Duration::ZERO,
        };
        shape.interval = Duration::from_secs_f64(if spec.kind == Kind::Video { 1.0 / 24.0 } else { 0.02 });
        // Tracks of many peers begin spread over one frame.
        let phase = shape.interval.mul_f64(f64::from(random::<1>()[0]) / 256.0);
        let mut track = Self {
            shape,
            sequence: u16::from_ne_bytes(random()) & 0x7fff,
            roll_overs: 0,
            first_timestamp: u32::from_ne_bytes(random()),
            started: now,
            timestamp: 0,
            picture: u16::from_ne_bytes(random()) & 0x7fff,
            frame: 0,
            index: 0,
            is_key: true,
            wants_key: true,
            next_frame: now + phase,
            next_packet: now + phase,
            packets: 0,
            octets: 0,
            spec,
        };
        track.change(track.spec.shape, now);
        track
    }

    pub fn change(&mut self, change: ShapeChange, now: Instant) {
        let shape = &mut self.shape;
        if let Some(fps) = change.fps.filter(|fps| *fps > 0.0) {
            shape.interval = Duration::from_secs_f64(1.0 / fps);
        }
        shape.packets = change.packets.unwrap_or(shape.packets).max(1);
        shape.size = change.size.unwrap_or(shape.size).clamp(MAX_HEADER + MIN_PAYLOAD, 1_400);
        shape.pace = change.pace_us.map_or(shape.pace, Duration::from_micros);
        let is_active = change.active.unwrap_or(shape.is_active);
        if is_active && !shape.is_active {
            // A camera that is turned on again begins with a key frame, as encoders do.
            self.wants_key = true;
            self.next_frame = now;
            self.next_packet = now;
        }
        self.shape.is_active = is_active;
    }

    pub fn request_key_frame(&mut self) {
        self.wants_key = true;
    }

    /// When `write` wants to be called.
    pub fn due(&self) -> Option<Instant> {
        self.shape.is_active.then_some(self.next_packet)
    }

    fn clock_rate(&self) -> f64 {
        if self.spec.kind == Kind::Video {
            90_000.0
        } else {
            48_000.0
        }
    }

    /// The RTP time of `now`.
    pub fn timestamp_at(&self, now: Instant) -> u32 {
        let since = now.saturating_duration_since(self.started).as_secs_f64();
        self.first_timestamp
            .wrapping_add((since * self.clock_rate()) as u64 as u32)
    }

    /// Appends the sealed packets that are due, all of one length, and returns that length.
    pub fn write(&mut self, now: Instant, sending: &mut Sending<'_>, out: &mut Vec<u8>) -> usize {
        if self.index == 0 {
            self.begin_frame(now);
        }
        let together = if self.shape.pace.is_zero() {
            self.shape.packets
        } else {
            1
        };
        let mut sealed = 0;
        for _ in 0..together {
            sealed = self.write_packet(sending, out);
        }
        if self.index == 0 {
            self.next_packet = self.next_frame;
        } else {
            self.next_packet += self.shape.pace;
        }
        sealed
    }

    fn begin_frame(&mut self, now: Instant) {
        self.timestamp = self.timestamp_at(self.next_frame);
        self.is_key = self.spec.kind == Kind::Video && self.wants_key;
        self.wants_key &= !self.is_key;
        self.picture = self.picture.wrapping_add(1) & 0x7fff;
        self.frame += 1;
        self.next_frame += self.shape.interval;
        if self.next_frame + MAX_LAG < now {
            self.next_frame = now + self.shape.interval;
        }
    }

    fn write_packet(&mut self, sending: &mut Sending<'_>, out: &mut Vec<u8>) -> usize {
        let is_video = self.spec.kind == Kind::Video;
        let is_last = self.index + 1 >= self.shape.packets;
        let fields = Fields {
            marker: if is_video { is_last } else { self.frame == 1 },
            payload_type: self.spec.payload_type,
            sequence: self.sequence,
            timestamp: self.timestamp,
            ssrc: self.spec.ssrc,
        };
        let start = out.len();
        let size = self.shape.size;
        out.resize(start + size + sending.seal.profile().rtp_overhead(), 0);
        let packet = &mut out[start..];
        let header = write_header(packet, &fields, &self.extensions(sending), false);
        let payload = &mut packet[header..size];
        let stamp = Stamp {
            publisher: self.spec.publisher,
            frame: self.frame,
            sent_at: sending.wall,
            index: self.index,
            count: self.shape.packets,
            is_key: self.is_key,
        };
        let body = payload.len() - STAMP;
        payload[..body].fill(self.frame as u8);
        if is_video {
            write_vp8(payload, self.picture, self.index == 0, self.is_key);
        } else {
            payload[0] = OPUS_TOC;
        }
        stamp.write(payload);
        let sealed = sending.seal.seal_rtp(packet, header, size, self.roll_overs);
        self.advance(is_last, size - header);
        sealed
    }

    fn extensions(&self, sending: &mut Sending<'_>) -> ExtensionBlock {
        let mut block = ExtensionBlock::default();
        block.push(sending.ids.mid, self.spec.mid.as_bytes());
        if self.spec.kind == Kind::Audio {
            block.push(sending.ids.audio_level, &[AUDIO_LEVEL]);
        }
        if sending.ids.abs_send_time != 0 {
            // 6.18 fixed-point seconds, 24 bits.
            let time = ((sending.wall % 64_000_000) << 18) / 1_000_000;
            block.push(sending.ids.abs_send_time, &(time as u32).to_be_bytes()[1..]);
        }
        if sending.ids.transport_cc != 0 {
            block.push(sending.ids.transport_cc, &sending.transport_sequence.to_be_bytes());
            *sending.transport_sequence = sending.transport_sequence.wrapping_add(1);
        }
        block
    }

    fn advance(&mut self, is_last: bool, octets: usize) {
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(octets as u32);
        self.index = if is_last { 0 } else { self.index + 1 };
        self.sequence = self.sequence.wrapping_add(1);
        self.roll_overs += u32::from(self.sequence == 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::Vp8;
    use sfu::rtp::Header;
    use sfu::srtp::{OpenKeys, Profile, ReceiveStream};

    fn track(kind: Kind, shape: ShapeChange) -> Track {
        let spec = TrackSpec {
            kind,
            mid: "1".into(),
            ssrc: 7,
            payload_type: 96,
            publisher: 17,
            shape,
        };
        Track::new(spec, Instant::now())
    }

    /// Runs a track for `seconds`: the opened packets, and how many calls of `write` there were.
    fn run(track: &mut Track, seconds: u64, mut each: impl FnMut(&mut Track, &Header, &[u8])) -> usize {
        let seal = SealKeys::new(Profile::AeadAes128Gcm, &[1; 16], &[2; 12]).unwrap();
        let open = OpenKeys::new(Profile::AeadAes128Gcm, &[1; 16], &[2; 12]).unwrap();
        let mut stream = ReceiveStream::default();
        let ids = ExtensionIds::new(&HashMap::from([("urn:ietf:params:rtp-hdrext:sdes:mid".into(), 4)]));
        let end = track.started + Duration::from_secs(seconds);
        let mut writes = 0;
        while let Some(now) = track.due().filter(|due| *due < end) {
            let mut out = Vec::new();
            let mut sending = Sending {
                seal: &seal,
                ids,
                transport_sequence: &mut 0,
                wall: 5,
            };
            let sealed = track.write(now, &mut sending, &mut out);
            writes += 1;
            for packet in out.chunks_mut(sealed) {
                let header = Header::parse(packet).unwrap();
                let len = open.open_rtp(packet, header.length, &mut stream).unwrap();
                assert_eq!(header.extensions(packet).next(), Some((4, &b"1"[..])));
                each(track, &header, &packet[header.length..len]);
            }
        }
        writes
    }

    #[test]
    fn video_is_24_frames_of_8_packets_with_key_frames_on_request_only() {
        let mut track = track(Kind::Video, ShapeChange::default());
        track.sequence = 65_500;
        let (mut packets, mut keys, mut marks) = (0, Vec::new(), 0);
        let writes = run(&mut track, 10, |track, header, payload| {
            let stamp = Stamp::read(payload).unwrap();
            let vp8 = Vp8::read(payload).unwrap();
            assert_eq!((vp8.is_first, stamp.publisher), (stamp.index == 0, 17));
            assert_eq!(header.marker, stamp.index == 7);
            if vp8.is_key {
                keys.push(stamp.frame);
            }
            if packets == 800 {
                track.request_key_frame();
            }
            packets += 1;
            marks += usize::from(header.marker);
        });
        assert_eq!((packets, marks, writes), (240 * 8, 240, 240));
        assert_eq!(keys, [1, 102]);
    }

    #[test]
    fn a_paced_frame_leaves_packet_by_packet() {
        let shape = ShapeChange {
            pace_us: Some(2_000),
            fps: Some(10.0),
            ..Default::default()
        };
        let mut paced = track(Kind::Video, shape);
        let writes = run(&mut paced, 1, |_, _, _| {});
        assert_eq!(writes, 80);
    }

    #[test]
    fn audio_is_50_packets_a_second_and_stops_when_not_active() {
        let mut audio = track(Kind::Audio, ShapeChange::default());
        let mut packets = 0;
        run(&mut audio, 2, |_, _, payload| {
            assert_eq!(payload[0], OPUS_TOC);
            packets += 1;
        });
        assert_eq!(packets, 100);
        let off = ShapeChange {
            active: Some(false),
            ..Default::default()
        };
        audio.change(off, Instant::now());
        assert_eq!(audio.due(), None);
    }
}
