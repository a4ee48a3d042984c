//! How much a publisher without transport-wide feedback may send (REMB), judged by its loss.

use std::time::{Duration, Instant};

/// Never less, so that sound and a small picture go on.
const FLOOR: u64 = 150_000;
/// Shares of lost packets below which the rate rises, and above which it falls (as in Google's congestion control).
const CALM: f64 = 0.02;
const LOSSY: f64 = 0.10;
/// Rise per second in calm times.
const GROWTH: f64 = 1.08;
const INTERVAL: Duration = Duration::from_secs(1);

pub struct LossEstimate {
    bitrate: f64,
    cap: f64,
    last_fall: Option<Instant>,
}

impl LossEstimate {
    /// `cap` in bit/s is where it starts and the most it grants.
    pub fn new(cap: u64) -> Self {
        Self {
            bitrate: cap as f64,
            cap: cap as f64,
            last_fall: None,
        }
    }

    /// Takes in one second: share of packets `lost` on the way up before repair, and what arrived in bit/s.
    /// Returns what to grant.
    pub fn update(&mut self, now: Instant, lost: f64, received: u64) -> u64 {
        if lost > LOSSY {
            // From what gets through: an estimate far above it would take many rounds to matter.
            let through = self.bitrate.min(1.2 * received as f64);
            self.bitrate = through * (1.0 - 0.5 * lost);
            self.last_fall = Some(now);
        } else if lost < CALM
            && self
                .last_fall
                .is_none_or(|fall| now.saturating_duration_since(fall) >= 2 * INTERVAL)
        {
            self.bitrate *= GROWTH;
        }
        self.bitrate = self.bitrate.clamp((FLOOR as f64).min(self.cap), self.cap);
        self.bitrate as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn falls_with_loss_and_comes_back_within_ten_seconds_of_half() {
        let mut now = Instant::now();
        let mut estimate = LossEstimate::new(2_500_000);
        assert_eq!(estimate.update(now, 0.0, 1_000_000), 2_500_000);
        let fallen = estimate.update(now, 0.3, 2_000_000);
        assert!(fallen < 2_100_000);
        for _ in 0..12 {
            now += INTERVAL;
            estimate.update(now, 0.05, 2_000_000);
        }
        assert_eq!(
            estimate.update(now, 0.05, 2_000_000),
            fallen,
            "between the marks it holds"
        );
        for _ in 0..10 {
            now += INTERVAL;
            estimate.update(now, 0.0, 2_000_000);
        }
        assert_eq!(estimate.update(now, 0.0, 2_000_000), 2_500_000);
    }

    #[test]
    fn never_starves_a_hall() {
        let mut estimate = LossEstimate::new(2_500_000);
        for _ in 0..20 {
            estimate.update(Instant::now(), 0.9, 0);
        }
        assert_eq!(estimate.update(Instant::now(), 0.9, 0), FLOOR);
    }
}
