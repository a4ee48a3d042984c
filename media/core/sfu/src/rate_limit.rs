//! What one source may send.

use std::time::Instant;

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
