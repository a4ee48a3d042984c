//! RTCP that the core sends.

use std::time::Instant;

use super::Shard;
use crate::model::{Feedback, Kind};
use crate::outlet::{Outlet, Urgency};
use crate::rtcp::{self, ReportBlock};
use crate::uptrack::Uptrack;

/// The name under which all slots come: they share one clock, ours. SDP answers say the same.
const CNAME: &str = "nhipcau";
/// SSRC of our reports where no slot gives one.
const REPORTER: u32 = 1;
/// Streams described in one compound, so that it stays below the smallest MTU in use (1,200 bytes).
const STREAMS_PER_COMPOUND: usize = 12;
/// Bytes of a compound before sealing.
const MAX_COMPOUND: usize = 1_150;
/// The loss of the worst listener is told up to this: encoders take much of the sound's own bits for protection beyond.
const MAX_LOSS_TOLD: f64 = 0.25;
/// SRTCP: index and the longer of the tags.
const SPARE: usize = 32;

impl<O: Outlet> Shard<O> {
    /// Asks a publisher for packets that were lost on the way here.
    pub(super) fn request_repairs(&mut self, index: usize, now: Instant) {
        let count = self.peers[index].as_ref().map_or(0, |peer| peer.sources.len());
        for place in 0..count {
            let Some(peer) = &self.peers[index] else { return };
            let Some(uptrack) = &mut self.sources[peer.sources[place]] else {
                continue;
            };
            if uptrack.nacks.is_empty() {
                continue;
            }
            self.numbers.clear();
            uptrack.poll_nacks(now, peer.round_trip, &mut self.numbers);
            let Some(ssrc) = uptrack.ssrc.filter(|_| !self.numbers.is_empty()) else {
                continue;
            };
            // Each number takes four bytes at most.
            if self.writer.as_slice().len() + 12 + 4 * self.numbers.len() > MAX_COMPOUND {
                self.send_compound(index);
            }
            open_compound(&mut self.writer);
            rtcp::write_nack(&mut self.writer, REPORTER, ssrc, &self.numbers);
        }
        self.send_compound(index);
    }

    /// Asks a publisher for the key frames that are due.
    pub(super) fn request_key_frames(&mut self, index: usize, now: Instant) {
        let Some(peer) = &self.peers[index] else { return };
        if !peer.is_connected() {
            return;
        }
        for &source in &peer.sources {
            let Some(uptrack) = &mut self.sources[source] else {
                continue;
            };
            let Some(ssrc) = uptrack.ssrc.filter(|_| uptrack.kind == Kind::Video) else {
                continue;
            };
            if !self.router.is_watched(source) {
                uptrack.key_frames.forget();
            } else if uptrack.key_frames.poll(now, peer.round_trip.or(uptrack.repair_time)) {
                self.shared.counters.key_frame_requests.add(1);
                open_compound(&mut self.writer);
                rtcp::write_pli(&mut self.writer, REPORTER, ssrc);
            }
        }
        self.send_compound(index);
    }

    pub(super) fn send_transport_feedback(&mut self, index: usize) {
        let Some(peer) = &mut self.peers[index] else { return };
        if peer.feedback != Feedback::TransportCc {
            return;
        }
        if peer.arrivals.is_empty() {
            return;
        }
        let media = peer.streams.first().map_or(0, |stream| stream.ssrc);
        open_compound(&mut self.writer);
        peer.arrivals.write(&mut self.writer, REPORTER, media);
        self.send_compound(index);
    }

    /// Sender reports of the slots, receiver reports of the sources, and REMB for who adapts to it.
    pub(super) fn send_reports(&mut self, index: usize, now: Instant) {
        self.send_slot_reports(index, now);
        let Some(peer) = &self.peers[index] else { return };
        let mut blocks = [ReportBlock::default(); STREAMS_PER_COMPOUND];
        let (mut count, mut expected, mut lost) = (0, 0, 0);
        let mut video = [0; STREAMS_PER_COMPOUND];
        let mut videos = 0;
        for &source in peer.sources.iter().take(STREAMS_PER_COMPOUND) {
            let Some(uptrack) = &mut self.sources[source] else {
                continue;
            };
            let (of_second, lost_of_second) = uptrack.reception.take_loss();
            expected += of_second;
            lost += lost_of_second;
            if let Some(mut block) = uptrack.report(now) {
                if uptrack.kind == Kind::Audio {
                    // Encoders protect sound (Opus FEC) by the loss they are told of. Whoever hears it on a weak line
                    // needs that as much as we do.
                    let listeners = self.router.targets(source).iter();
                    let losses = listeners.filter_map(|target| {
                        let listener = self.peers[target.peer].as_ref()?;
                        Some(listener.downtracks[target.slot].loss)
                    });
                    let worst = losses.fold(0.0, f64::max).min(MAX_LOSS_TOLD);
                    block.fraction_lost = block.fraction_lost.max((worst * 256.0) as u8);
                }
                blocks[count] = block;
                count += 1;
                if uptrack.kind == Kind::Video {
                    video[videos] = block.ssrc;
                    videos += 1;
                }
            }
        }
        let Some(peer) = &mut self.peers[index] else { return };
        peer.loss_up = if expected > 0 {
            lost as f64 / expected as f64
        } else {
            0.0
        };
        if count > 0 {
            rtcp::write_receiver_report(&mut self.writer, REPORTER, &blocks[..count]);
            rtcp::write_source_description(&mut self.writer, &[REPORTER], CNAME);
        }
        if peer.feedback == Feedback::Remb && videos > 0 {
            let received = 8 * (peer.bytes_up - peer.bytes_before.0);
            let granted = peer.estimate.update(now, peer.loss_up, received);
            rtcp::write_remb(&mut self.writer, REPORTER, granted, &video[..videos]);
        }
        self.send_compound(index);
    }

    fn send_slot_reports(&mut self, index: usize, now: Instant) {
        let mut place = 0;
        loop {
            let mut ssrcs = [0; STREAMS_PER_COMPOUND];
            let mut count = 0;
            while count < STREAMS_PER_COMPOUND {
                let Some(slot) = self.peers[index].as_ref().and_then(|peer| peer.downtracks.get(place)) else {
                    break;
                };
                place += 1;
                let uptrack = slot.source.and_then(|source| self.sources[source].as_ref());
                let publisher = uptrack.and_then(|uptrack: &Uptrack| self.peers[uptrack.peer].as_ref());
                let shift = publisher.and_then(|publisher| publisher.clock_shift.get());
                let Some((ntp, timestamp)) = slot.report_time(uptrack, shift, &self.clock, now) else {
                    continue;
                };
                let sent = (slot.totals.own_packets as u32, slot.totals.own_octets as u32);
                rtcp::write_sender_report(&mut self.writer, slot.ssrc, ntp, timestamp, sent, &[]);
                ssrcs[count] = slot.ssrc;
                count += 1;
                if let Some(peer) = &mut self.peers[index] {
                    peer.downtracks[place - 1].note_reported(ntp, now);
                }
            }
            if count > 0 {
                rtcp::write_source_description(&mut self.writer, &ssrcs[..count], CNAME);
            }
            self.send_compound(index);
            if count < STREAMS_PER_COMPOUND {
                return;
            }
        }
    }

    /// Seals and sends what has been written, if anything.
    fn send_compound(&mut self, index: usize) {
        if self.writer.is_empty() {
            return;
        }
        if let Some(peer) = &mut self.peers[index]
            && let (Some(path), Some(sealing)) = (&peer.path, &mut peer.sealing)
        {
            let (bytes, length) = self.writer.with_spare(SPARE);
            let sealed = sealing.keys.seal_rtcp(bytes, length);
            self.outlet.send(path, &bytes[..sealed], sealed, Urgency::Waits);
            peer.bytes_down += sealed as u64;
        }
        self.writer.clear();
    }
}

/// RFC 3550 section 6.1: each compound begins with a report and names its sender. Leaving that out (RFC 5506) has to be
/// negotiated; it is 28 bytes.
fn open_compound(writer: &mut rtcp::Writer) {
    if writer.is_empty() {
        rtcp::write_receiver_report(writer, REPORTER, &[]);
        rtcp::write_source_description(writer, &[REPORTER], CNAME);
    }
}
