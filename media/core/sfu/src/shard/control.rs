//! Received RTCP: what subscribers lack and report, what publishers say of their clocks.

use std::time::Instant;

use super::Shard;
use super::ingress::MAX_PACKET;
use crate::egress::{Line, Request};
use crate::outlet::Outlet;
use crate::peer::Peer;
use crate::rtcp::{Blocks, Compound, NackNumbers, Rtcp};
use crate::srtp::OpenError;

/// Streams that one full intra request may name: more than a peer has slots.
const MAX_ENTRIES: usize = 64;

impl<O: Outlet> Shard<O> {
    pub(super) fn receive_rtcp(&mut self, index: usize, packet: &mut [u8], now: Instant) {
        let counters = &self.shared.counters;
        let Some(peer) = &mut self.peers[index] else { return };
        if packet.len() > MAX_PACKET {
            return counters.dropped_oversized.add(1);
        }
        let Some(open) = &mut peer.open else {
            return counters.dropped_early.add(1);
        };
        let length = match open.open_rtcp(packet) {
            Ok(length) => length,
            Err(OpenError::Replayed) => return counters.dropped_replayed.add(1),
            Err(OpenError::Forged) => return counters.dropped_forged.add(1),
            Err(OpenError::Short) => return counters.dropped_malformed.add(1),
        };
        let mut compound = Compound::new(&packet[..length]);
        for report in &mut compound {
            self.take_report(index, report, now);
        }
        if compound.is_broken() {
            self.shared.counters.dropped_malformed.add(1);
        }
    }

    fn take_report(&mut self, index: usize, report: Rtcp<'_>, now: Instant) {
        match report {
            Rtcp::SenderReport {
                ssrc,
                ntp,
                timestamp,
                blocks,
            } => {
                self.note_sender_report(index, ssrc, (ntp, timestamp), now);
                self.note_blocks(index, blocks, now);
            }
            Rtcp::ReceiverReport { blocks } => self.note_blocks(index, blocks, now),
            Rtcp::Nack { ssrc, numbers } => self.repeat(index, ssrc, numbers, now),
            Rtcp::PictureLoss { ssrc } => self.want_picture_of(index, ssrc, now),
            Rtcp::FullIntra { entries } => {
                for ssrc in entries.take(MAX_ENTRIES) {
                    self.want_picture_of(index, ssrc, now);
                }
            }
            // Browsers say BYE when they merely pause an encoding, and go on with the same SSRC: libwebrtc did so until
            // its change 8602f604e0, Firefox still does. Who is gone for good shows by its ICE.
            Rtcp::Bye { .. } => {}
            Rtcp::TransportCc { body } => self.note_arrivals(index, body, now),
            // Names of the publisher's are not for subscribers: they see ours.
            Rtcp::SourceDescription | Rtcp::Remb { .. } | Rtcp::Other => {}
        }
    }

    fn note_arrivals(&mut self, index: usize, body: &[u8], now: Instant) {
        let Some(peer) = self.peers[index].as_mut().filter(|peer| peer.downlink.is_enabled()) else {
            return;
        };
        if peer.downlink.note_feedback(body, peer.round_trip, now) {
            self.allocate(index, now);
        }
    }

    fn note_sender_report(&mut self, index: usize, ssrc: u32, (ntp, timestamp): (u64, u32), now: Instant) {
        let Some(source) = source_of(&self.peers[index], ssrc) else {
            return;
        };
        let (Some(peer), Some(uptrack)) = (&mut self.peers[index], &mut self.sources[source]) else {
            return;
        };
        peer.note_sender_clock(ntp, &self.clock, now);
        uptrack.reception.note_sender_report(ntp, timestamp, now);
    }

    fn note_blocks(&mut self, index: usize, blocks: Blocks<'_>, now: Instant) {
        let Some(peer) = &mut self.peers[index] else { return };
        for block in blocks {
            let slot = peer.downtracks.iter_mut().find(|slot| slot.ssrc == block.ssrc);
            if let Some(time) = slot.and_then(|slot| slot.note_report(&block, now)) {
                peer.round_trip = Some(time);
            }
        }
    }

    fn repeat(&mut self, index: usize, ssrc: u32, numbers: NackNumbers<'_>, now: Instant) {
        let Some(peer) = &mut self.peers[index] else { return };
        let (Some(path), Some(sealing)) = (&peer.path, &peer.sealing) else {
            return;
        };
        let Some(slot) = peer.downtracks.iter_mut().find(|slot| slot.ssrc == ssrc) else {
            return;
        };
        let Some(uptrack) = slot.source.and_then(|source| self.sources[source].as_ref()) else {
            return;
        };
        let request = Request {
            numbers,
            round_trip: peer.round_trip,
            budget: &mut peer.repair_budget,
        };
        let line = Line {
            path,
            sealing,
            downlink: &mut peer.downlink,
            now,
        };
        let sent = self.egress.repeat(&mut self.outlet, line, slot, &uptrack.ring, request);
        peer.bytes_down += sent.bytes;
        self.shared.counters.retransmissions.add(sent.packets);
        self.shared.counters.packets_out.add(sent.packets);
        self.shared.counters.bytes_out.add(sent.bytes);
        self.shared.counters.send_calls.add(sent.calls);
    }

    fn want_picture_of(&mut self, index: usize, ssrc: u32, now: Instant) {
        let Some(peer) = &mut self.peers[index] else { return };
        let Some(slot) = peer.downtracks.iter_mut().find(|slot| slot.ssrc == ssrc) else {
            return;
        };
        let Some(source) = slot.source else { return };
        match slot.ask_for_key_frame(now) {
            None => self.want_key_frame(source, now),
            Some(later) => {
                if let Some(uptrack) = &mut self.sources[source] {
                    uptrack.key_frames.want_later(later);
                }
            }
        }
    }
}

/// Index of the uptrack that sends as `ssrc`.
fn source_of(peer: &Option<Peer>, ssrc: u32) -> Option<usize> {
    let mut streams = peer.as_ref()?.streams.iter();
    let stream = streams.find(|stream| stream.ssrc == ssrc && !stream.is_rtx)?;
    Some(stream.source)
}
