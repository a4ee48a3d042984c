//! What of a receiver's line goes to which of its pictures.

use std::time::Instant;

use super::Shard;
use crate::downtrack::Downtrack;
use crate::egress::Line;
use crate::model::Kind;
use crate::outlet::Outlet;
use crate::router::Target;

/// bit/s below which a line carries sound alone.
const SOUND_ALONE: u64 = 150_000;
/// A picture goes on until it needs so much more than is left, and comes back only when so much less would do: limits are
/// guesses, and each return costs everybody a key frame.
const SLACK: f64 = 1.25;
const MARGIN: f64 = 1.05;

impl<O: Outlet> Shard<O> {
    /// Gives what the line of a peer carries to its slots in their order, sound before all. Pictures for which too
    /// little is left become small ones, or pause; for their sake it is tried whether the line carries more by now.
    pub(super) fn allocate(&mut self, index: usize, now: Instant) {
        let Some(peer) = &mut self.peers[index] else { return };
        let Some(limit) = peer.downlink.limit() else { return };
        let of_sound = peer.downtracks.iter().filter(|slot| slot.kind == Kind::Audio);
        let sounds: Vec<usize> = of_sound.filter_map(|slot| slot.source).collect();
        let sound: f64 = sounds.into_iter().map(|source| self.rate(source, now)).sum();
        let mut left = (limit as f64 - sound).max(0.0);
        let mut lacking = 0.0;
        let count = self.peers[index].as_ref().map_or(0, |peer| peer.downtracks.len());
        for slot in 0..count {
            let target = Target { peer: index, slot };
            let Some((needed, full)) = self.fit(target, limit, left, now) else {
                continue;
            };
            left = (left - needed).max(0.0);
            lacking += (MARGIN * full - needed).max(0.0);
        }
        if lacking > 0.0 {
            let wanted = (limit as f64 + lacking).max(1.1 * SOUND_ALONE as f64);
            self.probe(index, wanted as u64, now);
        }
    }

    /// Shows in a slot what of its picture fits into `left` bit/s. Returns what that takes and what the whole would, 0 if it
    /// is shown; None for a slot that shows no picture.
    fn fit(&mut self, target: Target, limit: u64, left: f64, now: Instant) -> Option<(f64, f64)> {
        let slot = &self.peers[target.peer].as_ref()?.downtracks[target.slot];
        let whole = slot.assigned.filter(|_| slot.kind == Kind::Video)?;
        let (shown, paused) = (slot.source, slot.is_paused());
        let reduced = paused || shown != Some(whole);
        let may_return = slot.may_return(now);
        let smaller = self.smaller(whole);
        let needed = self.rate(whole, now);
        let fits = |needed: f64, is_shown: bool| {
            limit >= SOUND_ALONE
                && if is_shown {
                    needed <= SLACK * left
                } else {
                    MARGIN * needed <= left
                }
        };
        if fits(needed, !reduced) && (!reduced || may_return) {
            if reduced {
                self.turn_to(target, whole, now);
            }
            return Some((needed, 0.0));
        }
        if let Some(smaller) = smaller {
            let less = self.rate(smaller, now);
            let is_shown = shown == Some(smaller) && !paused;
            if less > 0.0 && less < needed && fits(less, is_shown) {
                if !is_shown {
                    self.slot(target)?.reduce(now);
                    self.turn_to(target, smaller, now);
                }
                return Some((less, needed));
            }
        }
        if !paused {
            self.slot(target)?.pause(now);
        }
        Some((0.0, needed))
    }

    fn slot(&mut self, target: Target) -> Option<&mut Downtrack> {
        Some(&mut self.peers[target.peer].as_mut()?.downtracks[target.slot])
    }

    /// Ends a pause with `source`, which is asked for a key frame.
    fn turn_to(&mut self, target: Target, source: usize, now: Instant) {
        if let Some(slot) = self.slot(target) {
            slot.resume(now);
            if slot.source != Some(source) {
                self.show(target, Some(source));
            } else if let Some(uptrack) = &mut self.sources[source] {
                uptrack.key_frames.want();
            }
            self.timers.hasten();
        }
    }

    /// bit/s
    fn rate(&mut self, source: usize, now: Instant) -> f64 {
        self.sources[source]
            .as_mut()
            .map_or(0.0, |uptrack| uptrack.bitrate(now))
    }

    /// Of the same picture.
    fn smaller(&self, source: usize) -> Option<usize> {
        let id = self.sources[source].as_ref()?.smaller?;
        self.source_ids.get(&id).copied()
    }

    fn probe(&mut self, index: usize, wanted: u64, now: Instant) {
        let Some(peer) = &mut self.peers[index] else { return };
        let (Some(path), Some(sealing)) = (&peer.path, &peer.sealing) else {
            return;
        };
        let Some(slot) = peer.downtracks.iter_mut().find(|slot| slot.has_padding()) else {
            return;
        };
        let Some(bytes) = peer.downlink.begin_probe(wanted, now) else {
            return;
        };
        let line = Line {
            path,
            sealing,
            downlink: &mut peer.downlink,
            now,
        };
        let sent = self.egress.probe(&mut self.outlet, line, slot, bytes);
        peer.bytes_down += sent.bytes;
        self.shared.counters.probes.add(1);
        self.shared.counters.packets_out.add(sent.packets);
        self.shared.counters.bytes_out.add(sent.bytes);
        self.shared.counters.send_calls.add(sent.calls);
    }
}
