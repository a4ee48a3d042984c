//! Which packets of a source to ask for again (RFC 4585 section 6.2.1), and when.

use std::time::{Duration, Instant};

/// Longest list: more at once is a broken line, and a key frame heals it sooner.
const CAPACITY: usize = 256;
/// Time given to reordered packets before the first request.
const REORDER: Duration = Duration::from_millis(5);
/// Between two requests for one packet when the round trip is unknown or shorter.
const RETRY: Duration = Duration::from_millis(60);
const MAX_TRIES: u8 = 10;
/// Receivers have given up on older packets.
const MAX_AGE: Duration = Duration::from_millis(1500);

#[derive(Debug)]
struct Missing {
    sequence: u64,
    since: Instant,
    asked: Instant,
    tries: u8,
}

/// A packet that came because it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// From the request to the packet; None where it is not known which request was answered.
    pub round_trip: Option<Duration>,
}

#[derive(Debug, Default)]
pub struct NackList {
    missing: Vec<Missing>,
}

impl NackList {
    /// Packets `from..to` have not come. False if there are too many to repair; then all are given up.
    pub fn add(&mut self, from: u64, to: u64, now: Instant) -> bool {
        if self.missing.capacity() == 0 {
            self.missing.reserve_exact(CAPACITY);
        }
        if to - from > (CAPACITY - self.missing.len()) as u64 {
            self.missing.clear();
            return false;
        }
        self.missing.extend((from..to).map(|sequence| Missing {
            sequence,
            since: now,
            asked: now,
            tries: 0,
        }));
        true
    }

    /// A late packet came; None if it had not been asked for.
    pub fn remove(&mut self, sequence: u64, now: Instant) -> Option<Repaired> {
        let place = self.missing.iter().position(|missing| missing.sequence == sequence)?;
        let missing = self.missing.remove(place);
        (missing.tries > 0).then(|| Repaired {
            round_trip: (missing.tries == 1).then(|| now.saturating_duration_since(missing.asked)),
        })
    }

    pub fn clear(&mut self) {
        self.missing.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.missing.is_empty()
    }

    /// Appends the numbers to ask for now to `due`, in rising order, and gives up those past repair: true if there were
    /// any, so that only a key frame heals the picture.
    #[must_use]
    pub fn poll(&mut self, now: Instant, round_trip: Option<Duration>, due: &mut Vec<u16>) -> bool {
        let before = self.missing.len();
        let retry = round_trip.map_or(RETRY, |time| RETRY.max(time + time / 4));
        self.missing.retain_mut(|missing| {
            if missing.tries >= MAX_TRIES || now.saturating_duration_since(missing.since) > MAX_AGE {
                return false;
            }
            let wait = if missing.tries == 0 { REORDER } else { retry };
            if now.saturating_duration_since(missing.asked) >= wait {
                missing.asked = now;
                missing.tries += 1;
                due.push(missing.sequence as u16);
            }
            true
        });
        self.missing.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_after_the_reorder_time_and_again_after_a_round_trip() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut list = NackList::default();
        assert!(list.add(0x1_FFFF, 0x2_0001, start));
        let mut due = Vec::new();
        assert!(!list.poll(at(4), None, &mut due));
        assert!(due.is_empty());
        assert!(!list.poll(at(5), None, &mut due));
        assert_eq!(due, [0xFFFF, 0]);
        due.clear();
        let repaired = list.remove(0x1_FFFF, at(45)).unwrap();
        assert_eq!(repaired.round_trip, Some(Duration::from_millis(40)));
        assert_eq!(list.remove(0x1_FFFF, at(45)), None);
        assert!(!list.poll(at(100), Some(Duration::from_millis(200)), &mut due));
        assert!(due.is_empty());
        assert!(!list.poll(at(255), Some(Duration::from_millis(200)), &mut due));
        assert_eq!(due, [0]);
        assert!(list.poll(at(2000), None, &mut due), "it is given up");
        assert!(list.is_empty());
        assert!(!list.poll(at(2000), None, &mut due));
    }

    #[test]
    fn a_packet_asked_for_twice_tells_no_round_trip() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut list = NackList::default();
        assert!(list.add(7, 9, start));
        let mut due = Vec::new();
        assert!(!list.poll(at(5), None, &mut due));
        assert!(!list.poll(at(70), None, &mut due));
        assert_eq!(list.remove(7, at(80)), Some(Repaired { round_trip: None }));
        assert_eq!(list.remove(1, at(80)), None, "never missing");
    }

    #[test]
    fn gives_up_on_a_broken_line() {
        let mut list = NackList::default();
        assert!(list.add(1, 200, Instant::now()));
        assert!(!list.add(300, 500, Instant::now()));
        assert!(list.is_empty());
    }
}
