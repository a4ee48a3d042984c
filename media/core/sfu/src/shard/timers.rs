//! What is due without a packet: repair, key frames, feedback, reports, time-outs, statistics.

use std::time::{Duration, Instant};

use super::{IDLE_TICK, Shard, TICK};
use crate::event::{Event, Reason};

const FEEDBACK: Duration = Duration::from_millis(50);
const SECOND: Duration = Duration::from_secs(1);

pub struct Timers {
    tick: Instant,
    feedback: Instant,
    second: Instant,
}

impl Timers {
    pub fn new(now: Instant) -> Self {
        Self {
            tick: now,
            feedback: now,
            second: now + SECOND,
        }
    }

    /// Something is due at once.
    pub fn hasten(&mut self) {
        self.tick = self.second - SECOND;
    }
}

impl Shard {
    /// Runs what is due; returns how long nothing will be.
    pub(super) fn run_timers(&mut self, now: Instant) -> Duration {
        if self.peer_ids.is_empty() {
            self.timers.second = now + SECOND;
            return IDLE_TICK;
        }
        if now >= self.timers.tick {
            self.timers.tick = now + TICK;
            let feedback = now >= self.timers.feedback;
            if feedback {
                self.timers.feedback = now + FEEDBACK;
            }
            let second = now >= self.timers.second;
            if second {
                self.socket.tend(now);
            }
            for index in 0..self.peers.len() {
                if self.peers[index].is_some() {
                    self.guarded(index, |shard| shard.tend(index, feedback, second, now));
                }
            }
            if second {
                self.timers.second = now + SECOND;
                let statistics = self.statistics();
                self.shared.events.push(Event::Statistics(statistics));
            }
        }
        self.timers.tick.saturating_duration_since(now)
    }

    fn tend(&mut self, index: usize, feedback: bool, second: bool, now: Instant) {
        self.time_out_dtls(index, now);
        let Some(peer) = &self.peers[index] else { return };
        if second && peer.is_expired(now) {
            return self.disconnect(index, Reason::Timeout);
        }
        if !peer.is_connected() {
            return;
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
