//! What is due without a packet: repair, key frames, feedback, reports, time-outs, statistics.

use std::time::{Duration, Instant};

use super::{IDLE_TICK, Shard, TICK};
use crate::event::{Event, Reason};
use crate::model::Feedback;
use crate::outlet::Outlet;
use crate::uptrack::Uptrack;

const FEEDBACK: Duration = Duration::from_millis(50);
/// Between two looks at what a limited line goes to.
const ALLOCATION: Duration = Duration::from_millis(100);
const SECOND: Duration = Duration::from_secs(1);

pub struct Timers {
    /// Not before this: packets come far more often than anything here is due.
    tick: Instant,
    feedback: Instant,
    allocation: Instant,
    second: Instant,
}

impl Timers {
    pub fn new(now: Instant) -> Self {
        Self {
            tick: now,
            feedback: now,
            allocation: now,
            second: now + SECOND,
        }
    }

    /// Something is due at once.
    pub fn hasten(&mut self) {
        self.tick = self.second - SECOND;
    }
}

impl<O: Outlet> Shard<O> {
    /// Runs what is due; returns how long nothing will be.
    pub fn run_timers(&mut self, now: Instant) -> Duration {
        if self.peer_ids.is_empty() {
            self.timers.second = now + SECOND;
            return IDLE_TICK;
        }
        if now < self.timers.tick {
            return self.timers.tick - now;
        }
        let feedback = now >= self.timers.feedback;
        let allocation = now >= self.timers.allocation;
        let second = now >= self.timers.second;
        for index in 0..self.peers.len() {
            if second || self.due(index).is_some_and(|due| due <= now) {
                self.guarded(index, |shard| shard.tend(index, (feedback, allocation, second), now));
            }
        }
        if feedback {
            self.timers.feedback = now + FEEDBACK;
        }
        if allocation {
            self.timers.allocation = now + ALLOCATION;
        }
        if second {
            self.timers.second = now + SECOND;
            let statistics = self.statistics();
            self.shared.events.push(Event::Statistics(statistics));
        }
        self.timers.tick = now + TICK;
        // What packets and commands make due meanwhile is found at the end of their turn.
        let due = (0..self.peers.len()).filter_map(|index| self.due(index));
        let next = due.fold(self.timers.second, Instant::min).max(self.timers.tick);
        next.saturating_duration_since(now)
    }

    /// When a peer is to be tended, but for what is due each second.
    fn due(&self, index: usize) -> Option<Instant> {
        let peer = self.peers[index].as_ref()?;
        let mut due = peer.dtls.timeout().filter(|_| peer.path.is_some());
        if peer.is_connected() {
            let pending = |&source: &usize| self.sources[source].as_ref().is_some_and(Uptrack::is_pending);
            if peer.sources.iter().any(pending) {
                return Some(self.timers.tick);
            }
            if peer.downlink.limit().is_some() {
                due = Some(due.map_or(self.timers.allocation, |at| at.min(self.timers.allocation)));
            }
            if peer.feedback == Feedback::TransportCc && !peer.arrivals.is_empty() {
                due = Some(due.map_or(self.timers.feedback, |at| at.min(self.timers.feedback)));
            }
        }
        due
    }

    fn tend(&mut self, index: usize, (feedback, allocation, second): (bool, bool, bool), now: Instant) {
        self.time_out_dtls(index, now);
        let Some(peer) = &self.peers[index] else { return };
        if second && peer.is_expired(now) {
            return self.disconnect(index, Reason::Timeout);
        }
        if !peer.is_connected() {
            return;
        }
        if allocation {
            self.allocate(index, now);
        }
        self.request_repairs(index, now);
        self.request_key_frames(index, now);
        if feedback {
            self.send_transport_feedback(index);
        }
        if second {
            self.send_reports(index, now);
        }
    }
}
