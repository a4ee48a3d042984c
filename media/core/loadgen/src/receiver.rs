//! What a peer receives: loss, delay, and whose picture or sound each slot shows.

use std::time::{Duration, Instant};

use sfu::clock::{compact, to_ntp};
use sfu::rtcp::ReportBlock;
use sfu::rtp::Header;
use sfu::srtp::ReceiveStream;

use crate::histogram::Histogram;
use crate::payload::{Stamp, Vp8};
use crate::protocol::{Kind, Received, SlotSpec};

/// A browser asks again when the picture it asked for does not come.
const PLI_INTERVAL: Duration = Duration::from_millis(500);

/// Something the driving process wants to know at once.
#[derive(Debug, PartialEq, Eq)]
pub enum Arrival {
    Nothing,
    Picture(u32),
    Sound(u32),
}

/// A key frame that is coming in.
struct Incoming {
    publisher: u32,
    frame: u32,
    next: u8,
}

/// One inbound SSRC.
pub struct Stream {
    pub ssrc: u32,
    pub slot: Option<SlotSpec>,
    pub replay: ReceiveStream,
    /// Sequence numbers extended by their roll-overs: highest, and the first that counts.
    highest: Option<u64>,
    base: u64,
    taken: u64,
    /// The same at the last receiver report.
    reported: (u64, u64),
    jitter: f64,
    transit: Option<u32>,
    last_report: Option<(u32, Instant)>,
    pub totals: Received,
    pub delays: Histogram,
    pub owner: Option<u32>,
    incoming: Option<Incoming>,
    last_picture: Option<u16>,
    has_gap: bool,
    lacks_key: bool,
    asked: Option<Instant>,
}

impl Stream {
    pub fn new(ssrc: u32, slot: Option<SlotSpec>) -> Self {
        Self {
            ssrc,
            slot,
            replay: ReceiveStream::default(),
            highest: None,
            base: 0,
            taken: 0,
            reported: (0, 0),
            jitter: 0.0,
            transit: None,
            last_report: None,
            totals: Received::default(),
            delays: Histogram::default(),
            owner: None,
            incoming: None,
            last_picture: None,
            has_gap: false,
            lacks_key: false,
            asked: None,
        }
    }

    pub fn kind(&self) -> Option<Kind> {
        self.slot.as_ref().map(|slot| slot.kind)
    }

    pub fn lost(&self) -> u64 {
        let expected = self
            .highest
            .map_or(0, |highest| highest + 1 - self.base.min(highest + 1));
        expected.saturating_sub(self.taken)
    }

    /// Counts from here on anew; whose picture is shown stays known.
    pub fn reset(&mut self) {
        self.base = self.highest.map_or(0, |highest| highest + 1);
        self.taken = 0;
        self.reported = (0, 0);
        self.totals = Received::default();
        self.delays = Histogram::default();
    }

    /// Takes an opened packet. `wall`: µs since 1970 when the kernel received it.
    pub fn take(&mut self, header: &Header, packet: &[u8], wall: u64) -> Arrival {
        self.note_sequence(header.sequence);
        self.totals.packets += 1;
        self.totals.bytes += packet.len() as u64;
        let Some(payload) = header.payload(packet).filter(|payload| !payload.is_empty()) else {
            return Arrival::Nothing;
        };
        let Some(stamp) = Stamp::read(payload) else {
            self.totals.foreign += 1;
            return Arrival::Nothing;
        };
        self.delays.add(wall.saturating_sub(stamp.sent_at));
        self.note_jitter(header.timestamp, wall);
        match self.kind() {
            Some(Kind::Video) => self.take_video(&stamp, payload),
            Some(Kind::Audio) if self.owner != Some(stamp.publisher) => {
                self.owner = Some(stamp.publisher);
                Arrival::Sound(stamp.publisher)
            }
            _ => Arrival::Nothing,
        }
    }

    fn note_sequence(&mut self, sequence: u16) {
        self.taken += 1;
        let Some(highest) = self.highest else {
            self.highest = Some(u64::from(sequence) | 1 << 16);
            self.base = u64::from(sequence) | 1 << 16;
            return;
        };
        let ahead = i64::from(sequence.wrapping_sub(highest as u16) as i16);
        self.has_gap |= ahead > 1;
        if ahead > 0 {
            self.highest = highest.checked_add_signed(ahead);
        } else if highest.saturating_add_signed(ahead) < self.base {
            // From before the counts began.
            self.taken -= 1;
        }
    }

    /// RFC 3550 section 6.4.1, in timestamp units.
    fn note_jitter(&mut self, timestamp: u32, wall: u64) {
        let rate = if self.kind() == Some(Kind::Audio) { 48 } else { 90 };
        let transit = ((wall * rate / 1_000) as u32).wrapping_sub(timestamp);
        if let Some(before) = self.transit.replace(transit) {
            let difference = f64::from((transit.wrapping_sub(before) as i32).unsigned_abs());
            self.jitter += (difference - self.jitter) / 16.0;
        }
    }

    fn take_video(&mut self, stamp: &Stamp, payload: &[u8]) -> Arrival {
        let Some(vp8) = Vp8::read(payload).filter(|vp8| vp8.is_first == (stamp.index == 0)) else {
            self.totals.foreign += 1;
            return Arrival::Nothing;
        };
        if vp8.is_first {
            self.note_picture(vp8.picture);
        }
        if !stamp.is_key {
            if self.owner != Some(stamp.publisher) {
                self.totals.orphans += 1;
                self.lacks_key = true;
            }
            return Arrival::Nothing;
        }
        if stamp.index == 0 {
            self.incoming = Some(Incoming {
                publisher: stamp.publisher,
                frame: stamp.frame,
                next: 0,
            });
        }
        self.take_key_packet(stamp)
    }

    fn take_key_packet(&mut self, stamp: &Stamp) -> Arrival {
        let fits = |incoming: &&mut Incoming| {
            (incoming.publisher, incoming.frame, incoming.next) == (stamp.publisher, stamp.frame, stamp.index)
        };
        let Some(incoming) = self.incoming.as_mut().filter(fits) else {
            self.lacks_key = true;
            return Arrival::Nothing;
        };
        incoming.next += 1;
        if incoming.next < stamp.count {
            return Arrival::Nothing;
        }
        self.incoming = None;
        self.totals.key_frames += 1;
        self.lacks_key = false;
        self.has_gap = false;
        if self.owner.replace(stamp.publisher) == Some(stamp.publisher) {
            return Arrival::Nothing;
        }
        Arrival::Picture(stamp.publisher)
    }

    fn note_picture(&mut self, picture: Option<u16>) {
        if let (Some(before), Some(now)) = (self.last_picture, picture)
            && now != (before + 1) & 0x7fff
            && !self.has_gap
        {
            self.totals.picture_id_jumps += 1;
        }
        self.last_picture = picture;
    }

    /// Whether a browser would ask for a key frame now.
    pub fn asks_for_key_frame(&mut self, now: Instant) -> bool {
        if self.kind() != Some(Kind::Video) || !(self.lacks_key || self.has_gap && self.owner.is_some()) {
            return false;
        }
        let is_due = self.asked.is_none_or(|at| now >= at + PLI_INTERVAL);
        if is_due {
            self.asked = Some(now);
        }
        is_due
    }

    pub fn note_sender_report(&mut self, ntp: u64, now: Instant) {
        self.last_report = Some((compact(ntp), now));
    }

    /// None before the first packet.
    pub fn report(&mut self, now: Instant) -> Option<ReportBlock> {
        let highest = self.highest?;
        let expected = highest + 1 - self.base.min(highest + 1);
        let (expected_before, taken_before) = self.reported;
        self.reported = (expected, self.taken);
        let expected_since = expected.saturating_sub(expected_before);
        let lost_since = expected_since.saturating_sub(self.taken.saturating_sub(taken_before));
        let (last_report, delay) = self.last_report.map_or((0, 0), |(ntp, at)| {
            (ntp, compact(to_ntp(now.saturating_duration_since(at))))
        });
        Some(ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: (lost_since * 256).checked_div(expected_since).unwrap_or(0).min(255) as u8,
            lost: self.lost().min(0x7f_ffff) as i32,
            highest: (highest - (1 << 16)) as u32,
            jitter: self.jitter as u32,
            last_report,
            delay,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::{MIN_PAYLOAD, write_vp8};
    use sfu::rtp::{ExtensionBlock, Fields, write_header};

    struct Sender {
        publisher: u32,
        frame: u32,
        picture: u16,
    }

    impl Sender {
        fn frame(&mut self, sequence: &mut u16, is_key: bool) -> Vec<Vec<u8>> {
            self.frame += 1;
            self.picture += 1;
            let mut packets = Vec::new();
            for index in 0..3 {
                let mut packet = vec![0; 12 + MIN_PAYLOAD];
                let fields = Fields {
                    marker: index == 2,
                    payload_type: 96,
                    sequence: *sequence,
                    timestamp: 0,
                    ssrc: 1,
                };
                *sequence = sequence.wrapping_add(1);
                write_header(&mut packet, &fields, &ExtensionBlock::default(), false);
                write_vp8(&mut packet[12..], self.picture, index == 0, is_key);
                let stamp = Stamp {
                    publisher: self.publisher,
                    frame: self.frame,
                    sent_at: 1_000,
                    index,
                    count: 3,
                    is_key,
                };
                stamp.write(&mut packet[12..]);
                packets.push(packet);
            }
            packets
        }
    }

    fn stream() -> Stream {
        let slot = SlotSpec {
            name: "stage".into(),
            kind: Kind::Video,
            ssrc: 1,
        };
        Stream::new(1, Some(slot))
    }

    fn take(stream: &mut Stream, packets: &[Vec<u8>]) -> Vec<Arrival> {
        let mut arrivals = Vec::new();
        for packet in packets {
            let header = Header::parse(packet).unwrap();
            match stream.take(&header, packet, 3_000) {
                Arrival::Nothing => {}
                arrival => arrivals.push(arrival),
            }
        }
        arrivals
    }

    #[test]
    fn a_picture_is_told_once_by_its_whole_key_frame() {
        let mut stream = stream();
        let mut sequence = 65_530;
        let mut hall = Sender {
            publisher: 17,
            frame: 0,
            picture: 5,
        };
        assert!(take(&mut stream, &hall.frame(&mut sequence, false)).is_empty());
        assert_eq!(
            (stream.totals.orphans, stream.asks_for_key_frame(Instant::now())),
            (3, true)
        );
        assert!(!stream.asks_for_key_frame(Instant::now()));
        assert_eq!(
            take(&mut stream, &hall.frame(&mut sequence, true)),
            [Arrival::Picture(17)]
        );
        assert!(take(&mut stream, &hall.frame(&mut sequence, true)).is_empty());
        let mut other = Sender {
            publisher: 18,
            frame: 90,
            picture: 8,
        };
        let mut broken = other.frame(&mut sequence, true);
        broken.remove(1);
        assert!(take(&mut stream, &broken).is_empty());
        assert_eq!(stream.lost(), 1);
        assert_eq!(
            take(&mut stream, &other.frame(&mut sequence, true)),
            [Arrival::Picture(18)]
        );
        assert_eq!(stream.totals.picture_id_jumps, 0);
        assert_eq!(stream.delays.quantile(0.99), 2_000);
    }

    #[test]
    fn reset_counts_anew_and_late_packets_of_before_do_not_count() {
        let mut stream = stream();
        let mut sequence = 10;
        let mut hall = Sender {
            publisher: 17,
            frame: 0,
            picture: 5,
        };
        let mut first = hall.frame(&mut sequence, true);
        let late = first.remove(1);
        take(&mut stream, &first);
        assert_eq!(stream.lost(), 1);
        stream.reset();
        assert_eq!(stream.lost(), 0);
        take(&mut stream, &[late]);
        let mut second = hall.frame(&mut sequence, false);
        second.remove(0);
        take(&mut stream, &second);
        assert_eq!((stream.lost(), stream.taken), (1, 2));
        let report = stream.report(Instant::now()).unwrap();
        assert_eq!((report.fraction_lost, report.lost, report.highest), (85, 1, 15));
    }

    #[test]
    fn a_picture_id_that_jumps_without_loss_is_noticed() {
        let mut stream = stream();
        let mut sequence = 0;
        let mut hall = Sender {
            publisher: 17,
            frame: 0,
            picture: 5,
        };
        take(&mut stream, &hall.frame(&mut sequence, true));
        hall.picture += 3;
        take(&mut stream, &hall.frame(&mut sequence, false));
        assert_eq!(stream.totals.picture_id_jumps, 1);
    }
}
