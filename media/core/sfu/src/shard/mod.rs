//! What the thread does: take in a batch, forward, flush; then commands and timers. No socket and no clock of its own: `io`
//! has those.

mod allocation;
mod commands;
mod connection;
mod control;
mod ingress;
mod reports;
mod statistics;
mod timers;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub use commands::{Command, CommandQueue, QueueFull};

use crate::clock::Clock;
use crate::demux::Demux;
use crate::dtls::Identity;
use crate::egress::{Egress, Line};
use crate::event::{Counters, EventQueue, Reason};
use crate::outlet::{Chain, Outlet};
use crate::peer::Peer;
use crate::registry::Registry;
use crate::router::{Router, Target};
use crate::rtcp::Writer;
use crate::uptrack::Uptrack;

/// Most datagrams taken in before what they caused is sent: bounds delay, and is far less than a ring holds.
pub const BATCH: usize = 256;
/// Between two looks at the timers while something is pending.
const TICK: Duration = Duration::from_millis(10);
const IDLE_TICK: Duration = Duration::from_secs(1);
/// How long the first packets of a picture wait for the rest, so that all leave in one call. Browsers pace pictures
/// over several milliseconds; without this each part would cost every subscriber a call of its own.
const HOLD: Duration = Duration::from_millis(1);

/// What the thread shares with the handle.
pub struct Shared {
    pub commands: CommandQueue,
    pub events: EventQueue,
    pub counters: Counters,
    pub registry: Mutex<Registry>,
}

pub struct Shard<O> {
    shared: Arc<Shared>,
    outlet: O,
    identity: Identity,
    clock: Clock,
    max_video_bitrate: u64,
    demux: Demux,
    router: Router,
    peers: Vec<Option<Peer>>,
    sources: Vec<Option<Uptrack>>,
    peer_ids: HashMap<u32, usize>,
    source_ids: HashMap<u32, usize>,
    slot_ids: HashMap<u32, Target>,
    egress: Egress,
    /// Sources with fresh packets.
    dirty: Vec<usize>,
    /// Datagrams taken in since the last flush.
    kept: usize,
    /// The peer whose code runs: the one to drop if it panics.
    at_work: usize,
    writer: Writer,
    response: Vec<u8>,
    numbers: Vec<u16>,
    timers: timers::Timers,
}

impl<O: Outlet> Shard<O> {
    pub fn new(shared: Arc<Shared>, outlet: O, identity: Identity, max_video_bitrate: u64, now: Instant) -> Self {
        Self {
            shared,
            outlet,
            identity,
            clock: Clock::new(now),
            max_video_bitrate,
            demux: Demux::default(),
            router: Router::default(),
            peers: Vec::new(),
            sources: Vec::new(),
            peer_ids: HashMap::new(),
            source_ids: HashMap::new(),
            slot_ids: HashMap::new(),
            egress: Egress::default(),
            dirty: Vec::with_capacity(64),
            kept: 0,
            at_work: 0,
            writer: Writer::default(),
            response: Vec::with_capacity(256),
            numbers: Vec::with_capacity(512),
            timers: timers::Timers::new(now),
        }
    }

    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    pub fn outlet(&mut self) -> &mut O {
        &mut self.outlet
    }

    /// Takes in what came together, datagrams of one remote; returns how many.
    pub fn receive(&mut self, chain: Chain<'_>, now: Instant) -> usize {
        // Chains of one turn may hold more than a ring does.
        if self.kept >= BATCH {
            self.flush(now, true);
        }
        let count = self.receive_chain(chain, now);
        self.kept += count;
        count
    }

    /// Sends what is fresh and does what is due; returns how long nothing else will be, if nothing comes.
    pub fn settle(&mut self, now: Instant) -> Duration {
        let held = self.flush(now, false);
        self.run_timers(now).min(held)
    }

    /// Sends fresh packets to all who watch their sources: those of complete pictures and those that have waited long
    /// enough, or `everything`. Returns how long nothing else will have waited long enough.
    pub fn flush(&mut self, now: Instant, everything: bool) -> Duration {
        self.kept = 0;
        let mut pause = IDLE_TICK;
        let mut place = 0;
        while let Some(&source) = self.dirty.get(place) {
            let waits = self.sources[source].as_ref().and_then(|uptrack| uptrack.waits_since());
            let left = waits.map_or(Duration::ZERO, |since| {
                HOLD.saturating_sub(now.saturating_duration_since(since))
            });
            if left > Duration::ZERO && !everything {
                pause = pause.min(left);
                place += 1;
                continue;
            }
            self.dirty.swap_remove(place);
            self.deliver_to_all(source, now);
        }
        pause
    }

    fn deliver_to_all(&mut self, source: usize, now: Instant) {
        let mut place = 0;
        let mut blamed = None;
        while let Some(&target) = self.router.targets(source).get(place) {
            place += 1;
            // What a panic leaves half done belongs to the peer that is dropped, but for what is shared in turn.
            if catch_unwind(AssertUnwindSafe(|| self.deliver(source, target, now))).is_ok() {
                continue;
            }
            self.shared.counters.faults.add(1);
            self.writer.clear();
            let Some(uptrack) = &mut self.sources[source] else {
                return;
            };
            match uptrack.fault_of.replace(target.peer) {
                // Two who fail on one source: it is the source that is poisoned, and they stay.
                Some(other) if other != target.peer => {
                    let publisher = uptrack.peer;
                    return self.disconnect(publisher, Reason::Fault);
                }
                _ => blamed = Some(target.peer),
            }
        }
        if let Some(uptrack) = &mut self.sources[source] {
            uptrack.fresh.clear();
        }
        if let Some(peer) = blamed {
            self.disconnect(peer, Reason::Fault);
        }
    }

    fn deliver(&mut self, source: usize, target: Target, now: Instant) {
        let (Some(uptrack), Some(peer)) = (&self.sources[source], &mut self.peers[target.peer]) else {
            return;
        };
        let (Some(path), Some(sealing)) = (&peer.path, &peer.sealing) else {
            return;
        };
        #[cfg(feature = "fault-injection")]
        assert!(!peer.faulty && !uptrack.faulty, "injected fault");
        let slot = &mut peer.downtracks[target.slot];
        if slot.is_paused() {
            return;
        }
        let line = Line {
            path,
            sealing,
            downlink: &mut peer.downlink,
            now,
        };
        let (ring, fresh) = (&uptrack.ring, &uptrack.fresh);
        let sent = self.egress.deliver(&mut self.outlet, line, slot, ring, fresh);
        peer.bytes_down += sent.bytes;
        peer.grant_repair(sent.bytes);
        let counters = &self.shared.counters;
        counters.packets_out.add(sent.packets);
        counters.bytes_out.add(sent.bytes);
        counters.send_calls.add(sent.calls);
    }

    /// Runs a piece of `peer`'s work. If it panics, the peer at work then is dropped, and nobody else.
    fn guarded(&mut self, peer: usize, work: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.at_work, peer);
        // What a panic leaves half done belongs to the peer that is dropped, but for what is shared in turn.
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_err() {
            self.shared.counters.faults.add(1);
            self.writer.clear();
            self.disconnect(self.at_work, Reason::Fault);
        }
        self.at_work = before;
    }
}
