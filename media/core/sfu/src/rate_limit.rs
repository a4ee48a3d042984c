//! What one source may send, and what it sends.

use std::time::{Duration, Instant};

/// A token bucket of one second.
pub struct RateLimit {
    /// Bytes a second, and at once.
    rate: u64,
    left: u64,
    grown: Instant,
}

impl RateLimit {
    /// `bitrate` in bit/s.
    pub fn new(bitrate: u64, now: Instant) -> Self {
        let rate = bitrate / 8;
        Self {
            rate,
            left: rate,
            grown: now,
        }
    }

    /// False if `bytes` are more than is left.
    pub fn take(&mut self, bytes: usize, now: Instant) -> bool {
        let span = now.saturating_duration_since(self.grown);
        let grown = (u128::from(self.rate) * span.as_micros() / 1_000_000) as u64;
        if grown > 0 {
            self.left = (self.left + grown).min(self.rate);
            self.grown = now;
        }
        match self.left.checked_sub(bytes as u64) {
            Some(left) => self.left = left,
            None => return false,
        }
        true
    }
}

/// Bits a second, smoothed over some windows so that a key frame does not count for more than it is.
pub struct Rate {
    bytes: u64,
    since: Instant,
    smoothed: Option<f64>,
}

const WINDOW: Duration = Duration::from_millis(500);
const WEIGHT: f64 = 0.4;

impl Rate {
    pub fn new(now: Instant) -> Self {
        Self {
            bytes: 0,
            since: now,
            smoothed: None,
        }
    }

    pub fn add(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    /// bit/s
    pub fn read(&mut self, now: Instant) -> f64 {
        let span = now.saturating_duration_since(self.since);
        if span >= WINDOW {
            let rate = 8.0 * self.bytes as f64 / span.as_secs_f64();
            // Not read for long: what was before says nothing.
            let weight = if span > 4 * WINDOW { 1.0 } else { WEIGHT };
            self.smoothed = Some(self.smoothed.map_or(rate, |before| before + weight * (rate - before)));
            (self.bytes, self.since) = (0, now);
        }
        self.smoothed.unwrap_or(0.0)
    }
}
