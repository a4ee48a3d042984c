//! ICE and DTLS of a peer: how it comes, moves and goes.

use std::time::Instant;

use super::Shard;
use crate::dtls::DtlsOutput;
use crate::egress::Sealing;
use crate::event::{Event, Reason};
use crate::ice::IceResult;
use crate::outlet::{Outlet, Path, Remote, Urgency};
use crate::peer::Peer;
use crate::router::Target;

impl<O: Outlet> Shard<O> {
    pub(super) fn receive_stun(&mut self, index: usize, packet: &[u8], path: Path, now: Instant) {
        let Some(peer) = &mut self.peers[index] else { return };
        if self.demux.is_held_from(index, &path.remote, now) {
            return self.shared.counters.dropped_stun.add(1);
        }
        let result = peer.ice.handle(now, path.remote, packet, &mut self.response);
        if result == IceResult::Ignored {
            return self.shared.counters.dropped_stun.add(1);
        }
        self.outlet
            .send(&path, &self.response, self.response.len(), Urgency::Waits);
        self.demux.learn(path.remote, index, peer.ice.selected(), now);
        self.outlet.confirm(&path.remote);
        if let IceResult::Selected(remote) = result {
            peer.path = Some(Path { remote, ..path });
            self.drive_dtls(index, now);
        }
    }

    pub(super) fn receive_dtls(&mut self, index: usize, packet: &[u8], now: Instant) {
        let Some(peer) = &mut self.peers[index] else { return };
        match peer.dtls.handle(packet, now) {
            Ok(()) => self.drive_dtls(index, now),
            Err(_) => self.disconnect(index, Reason::Dtls),
        }
    }

    /// Runs what a DTLS timeout asks for.
    pub(super) fn time_out_dtls(&mut self, index: usize, now: Instant) {
        let Some(peer) = &mut self.peers[index] else { return };
        if peer.path.is_none() || peer.dtls.timeout().is_none_or(|at| at > now) {
            return;
        }
        match peer.dtls.handle_timeout(now) {
            Ok(()) => self.drive_dtls(index, now),
            Err(_) => self.disconnect(index, Reason::Dtls),
        }
    }

    /// Sends what DTLS has to say and takes its keys. Before a path is known it stays silent.
    fn drive_dtls(&mut self, index: usize, now: Instant) {
        let Some(peer) = &mut self.peers[index] else { return };
        let Some(path) = peer.path else { return };
        let (mut connected, mut closed) = (false, false);
        let outlet = &mut self.outlet;
        let (sealing, open) = (&mut peer.sealing, &mut peer.open);
        let result = peer.dtls.poll(now, &mut |output| match output {
            DtlsOutput::Packet(packet) => outlet.send(&path, packet, packet.len(), Urgency::Waits),
            DtlsOutput::Connected {
                seal,
                open: keys,
                profile,
            } => {
                *sealing = Some(Sealing {
                    keys: seal,
                    overhead: profile.rtp_overhead(),
                });
                *open = Some(keys);
                connected = true;
            }
            DtlsOutput::Closed => closed = true,
        });
        let id = peer.id;
        if result.is_err() {
            return self.disconnect(index, Reason::Dtls);
        }
        if connected {
            self.shared.events.push(Event::Connected { peer: id });
            self.ask_for_pictures_of(index);
        }
        if closed {
            self.disconnect(index, Reason::Closed);
        }
    }

    /// A peer that has just connected needs key frames of all that it was assigned before.
    fn ask_for_pictures_of(&mut self, index: usize) {
        let Some(peer) = &self.peers[index] else { return };
        let shown = peer.downtracks.iter().filter_map(|slot| slot.source);
        for source in shown {
            if let Some(uptrack) = &mut self.sources[source] {
                uptrack.key_frames.want();
            }
        }
    }

    /// Forgets a peer and says why.
    pub(super) fn disconnect(&mut self, index: usize, reason: Reason) {
        let Some((peer, remotes)) = self.forget(index) else {
            return;
        };
        self.release(&remotes);
        if let Ok(mut registry) = self.shared.registry.lock() {
            registry.remove_generation(peer.id, peer.generation);
        }
        self.shared.events.push(Event::Disconnected { peer: peer.id, reason });
    }

    /// Says good-bye to a peer on its owner's wish.
    pub(super) fn close(&mut self, index: usize, now: Instant) {
        let Some((mut peer, remotes)) = self.forget(index) else {
            return;
        };
        if let Some(path) = peer.path {
            peer.dtls.close();
            // The connection is over either way.
            let _ = peer.dtls.poll(now, &mut |output| {
                if let DtlsOutput::Packet(packet) = output {
                    self.outlet.send(&path, packet, packet.len(), Urgency::Waits);
                }
            });
        }
        self.release(&remotes);
    }

    fn release(&mut self, remotes: &[Remote]) {
        for remote in remotes {
            self.outlet.release(remote);
        }
    }

    /// Takes a peer out of all tables, and its sources out of all slots. Returns where it was, too.
    fn forget(&mut self, index: usize) -> Option<(Peer, Vec<Remote>)> {
        let peer = self.peers[index].take()?;
        let remotes = self.demux.remove(&peer.ufrag, index);
        self.peer_ids.remove(&peer.id);
        for (slot, downtrack) in peer.downtracks.iter().enumerate() {
            self.slot_ids.remove(&downtrack.slot);
            if let Some(source) = downtrack.source {
                self.router.remove(source, Target { peer: index, slot });
            }
        }
        for &source in &peer.sources {
            for target in self.router.clear(source) {
                if let Some(subscriber) = &mut self.peers[target.peer] {
                    let downtrack = &mut subscriber.downtracks[target.slot];
                    downtrack.assigned = None;
                    downtrack.assign(None);
                }
            }
            if let Some(uptrack) = self.sources[source].take() {
                self.source_ids.remove(&uptrack.id);
            }
            self.dirty.retain(|&dirty| dirty != source);
        }
        Some((peer, remotes))
    }
}
