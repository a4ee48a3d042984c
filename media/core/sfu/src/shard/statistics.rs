//! The second's figures of all connected peers.

use super::Shard;
use crate::event::{PeerStatistics, SlotStatistics, SourceStatistics};
use crate::outlet::Outlet;
use crate::peer::Peer;
use crate::uptrack::Uptrack;

impl<O: Outlet> Shard<O> {
    pub(super) fn statistics(&mut self) -> Vec<PeerStatistics> {
        let failures = self.outlet.take_failures();
        self.shared.counters.dropped_send.add(failures.datagrams);
        self.shared.counters.segmentation_off.add(failures.segmentation_off);
        let mut all = Vec::with_capacity(self.peer_ids.len());
        for index in 0..self.peers.len() {
            let Some(peer) = self.peers[index].as_mut().filter(|peer| peer.is_connected()) else {
                continue;
            };
            let (up, down) = std::mem::replace(&mut peer.bytes_before, (peer.bytes_up, peer.bytes_down));
            let of_slots = |slot: &crate::downtrack::Downtrack| SlotStatistics {
                slot: slot.slot,
                source: slot.source.and_then(|source| Some(self.sources[source].as_ref()?.id)),
                packets: slot.totals.packets,
                bytes: slot.totals.bytes,
                retransmitted: slot.totals.retransmitted,
                loss: slot.loss,
                waiting_key_frame: slot.waits_for_key_frame(),
                no_codec: slot.lacks_codec(),
                paused: slot.assigned.is_some() && slot.is_paused(),
                reduced: slot.source.is_some() && slot.source != slot.assigned,
            };
            let slots = peer.downtracks.iter().map(of_slots).collect();
            let mut sources = Vec::with_capacity(peer.sources.len());
            for &source in &peer.sources {
                sources.extend(self.sources[source].as_mut().map(of_source));
            }
            all.push(PeerStatistics {
                peer: peer.id,
                rtt_ms: peer.round_trip.map(|time| time.as_secs_f64() * 1e3),
                bitrate_up: 8 * (peer.bytes_up - up),
                bitrate_down: 8 * (peer.bytes_down - down),
                loss_up: peer.loss_up,
                loss_down: loss_down(peer),
                limit_down: peer.downlink.limit(),
                sources,
                slots,
            });
        }
        all
    }
}

fn of_source(uptrack: &mut Uptrack) -> SourceStatistics {
    SourceStatistics {
        source: uptrack.id,
        ssrc: uptrack.ssrc,
        packets: uptrack.totals.packets,
        bytes: uptrack.totals.bytes,
        lost: uptrack.lost(),
        nacked: uptrack.totals.nacked,
        recovered: uptrack.totals.recovered,
        key_frames: uptrack.totals.key_frames,
        fps: uptrack.take_frames() as f64,
        audio_level: uptrack.take_level(),
    }
}

/// Mean over the slots that show something: they share one line.
fn loss_down(peer: &Peer) -> f64 {
    let shown = peer.downtracks.iter().filter(|slot| slot.source.is_some());
    let (sum, count) = shown.fold((0.0, 0u32), |(sum, count), slot| (sum + slot.loss, count + 1));
    if count > 0 { sum / f64::from(count) } else { 0.0 }
}
