//! NTP time (RFC 5905: 32.32 seconds since 1900) along the monotonic clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// From 1900 to 1970.
const UNIX_EPOCH_NTP: u64 = 2_208_988_800;

/// Reads the wall clock once: a step of the wall clock later must not make media jump.
pub struct Clock {
    origin: Instant,
    origin_ntp: u64,
}

impl Clock {
    pub fn new(now: Instant) -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            origin: now,
            origin_ntp: (UNIX_EPOCH_NTP << 32).wrapping_add(to_ntp(since_epoch)),
        }
    }

    pub fn ntp(&self, now: Instant) -> u64 {
        self.origin_ntp
            .wrapping_add(to_ntp(now.saturating_duration_since(self.origin)))
    }

    /// µs since this clock was made.
    pub fn micros(&self, now: Instant) -> i64 {
        now.saturating_duration_since(self.origin).as_micros() as i64
    }
}

/// 32.32 seconds.
pub fn to_ntp(duration: Duration) -> u64 {
    (duration.as_secs() << 32) | ((u64::from(duration.subsec_nanos()) << 32) / 1_000_000_000)
}

/// The middle 32 bits: 16.16 seconds, as reports quote it.
pub fn compact(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}

/// A span of 16.16 seconds.
pub fn from_compact(span: u32) -> Duration {
    Duration::from_nanos((u64::from(span) * 1_000_000_000) >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_both_ways() {
        assert_eq!(to_ntp(Duration::from_millis(2_500)), 5 << 31);
        assert_eq!(compact(5 << 31), 0x2_8000);
        assert_eq!(from_compact(0x2_8000), Duration::from_millis(2_500));
        let clock = Clock::new(Instant::now());
        let later = clock.origin + Duration::from_secs(1);
        assert_eq!(clock.ntp(later) - clock.ntp(clock.origin), 1 << 32);
    }
}
