//! When to ask a source for a key frame: one request for all subscribers, repeated until a key frame comes.

use std::time::{Duration, Instant};

/// From a key frame to the next request, and from the one before it: one a second on average. A key frame costs about ten
/// other pictures, and all subscribers pay for it; mediasoup and LiveKit hold to one a second, too. Two may follow each
/// other faster, so that who joins or switches right after one does not wait for long.
const INTERVAL: Duration = Duration::from_millis(300);
const INTERVAL_OF_TWO: Duration = Duration::from_secs(2);
/// From a request to its first repetition while no key frame has come (the request or the frame may have been lost);
/// never less than the publisher's round trip, and twice as long each time.
const RETRY: Duration = Duration::from_millis(200);
const MAX_RETRY: Duration = Duration::from_secs(1);
/// A subscriber's first pause between two wishes for repair that are heeded. Each one soon after makes it twice as long.
const PATIENCE: Duration = Duration::from_secs(1);
const MAX_PATIENCE: Duration = Duration::from_secs(8);

#[derive(Debug, Default)]
pub struct KeyFrameRequests {
    wanted: bool,
    /// When the wish of a subscriber that asks too often becomes one of all.
    later: Option<Instant>,
    last_request: Option<Instant>,
    /// The last key frame, and the one before.
    key_frames: [Option<Instant>; 2],
    /// Requests since the last key frame.
    unanswered: u32,
}

impl KeyFrameRequests {
    /// Somebody's picture needs a key frame.
    pub fn want(&mut self) {
        self.wanted = true;
    }

    /// As `want` from `at` on, unless a key frame comes before.
    pub fn want_later(&mut self, at: Instant) {
        self.later = Some(self.later.map_or(at, |before| before.min(at)));
    }

    /// Nobody needs it any more.
    pub fn forget(&mut self) {
        self.wanted = false;
        self.later = None;
    }

    /// A key frame began: all wishes so far are fulfilled.
    pub fn arrived(&mut self, now: Instant) {
        self.forget();
        self.key_frames = [Some(now), self.key_frames[0]];
        self.unanswered = 0;
    }

    /// A wish waits for its request, or for its time.
    pub fn is_pending(&self) -> bool {
        self.wanted || self.later.is_some()
    }

    /// True if a request is to be sent now; counts it as sent. `round_trip` is the publisher's.
    pub fn poll(&mut self, now: Instant, round_trip: Option<Duration>) -> bool {
        if self.later.is_some_and(|later| later <= now) {
            self.later = None;
            self.wanted = true;
        }
        if !self.wanted {
            return false;
        }
        let since = |moment: Option<Instant>| moment.map(|moment| now.saturating_duration_since(moment));
        let retry = RETRY.max(round_trip.map_or(RETRY, |time| time + time / 4)) * (1 << self.unanswered.min(3)) / 2;
        let asked_lately =
            self.unanswered > 0 && since(self.last_request).is_some_and(|span| span < retry.min(MAX_RETRY));
        let [last, one_before] = self.key_frames;
        let too_many = since(last).is_some_and(|span| span < INTERVAL)
            || since(one_before).is_some_and(|span| span < INTERVAL_OF_TWO);
        if asked_lately || too_many {
            return false;
        }
        self.last_request = Some(now);
        self.unanswered += 1;
        true
    }
}

/// How often one subscriber's wishes for repair are heeded: a weak line must not cost everybody a key frame a second.
#[derive(Debug, Default)]
pub struct Patience {
    heeded: Option<Instant>,
    /// When a wish that was put off is heeded.
    put_off: Option<Instant>,
    pause: Duration,
}

impl Patience {
    /// None: heed this wish. Otherwise, when it is to be heeded.
    pub fn ask(&mut self, now: Instant) -> Option<Instant> {
        if let Some(at) = self.put_off.filter(|&at| at <= now) {
            self.put_off = None;
            self.heeded = Some(at);
            self.pause = (2 * self.pause).min(MAX_PATIENCE);
        }
        if let Some(heeded) = self.heeded {
            let span = now.saturating_duration_since(heeded);
            if span < self.pause {
                self.put_off = Some(heeded + self.pause);
                return self.put_off;
            }
            self.pause = if span < 2 * self.pause {
                (2 * self.pause).min(MAX_PATIENCE)
            } else {
                PATIENCE
            };
        } else {
            self.pause = PATIENCE;
        }
        self.heeded = Some(now);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_wishes_make_one_request() {
        let start = Instant::now();
        let mut requests = KeyFrameRequests::default();
        assert!(!requests.poll(start, None));
        let mut sent = 0;
        for _ in 0..100 {
            requests.want();
            sent += u32::from(requests.poll(start, None));
        }
        assert_eq!(sent, 1);
    }

    #[test]
    fn repeats_more_and_more_slowly_until_answered() {
        let start = Instant::now();
        let asked = |round_trip| {
            let mut requests = KeyFrameRequests::default();
            requests.want();
            let polls = (0..4_000u64).step_by(10);
            polls
                .filter(|&ms| requests.poll(start + Duration::from_millis(ms), round_trip))
                .collect::<Vec<_>>()
        };
        assert_eq!(asked(None), [0, 200, 600, 1_400, 2_200, 3_000, 3_800]);
        assert_eq!(asked(Some(Duration::from_millis(400))), [0, 500, 1_500, 2_500, 3_500]);
    }

    #[test]
    fn one_key_frame_a_second_is_enough_for_whoever_asks() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut requests = KeyFrameRequests::default();
        requests.want();
        assert!(requests.poll(at(0), None));
        requests.arrived(at(50));
        assert!(!requests.poll(at(5_000), None));
        let mut sent = 0;
        for ms in (5_000..15_000).step_by(10) {
            requests.want();
            if requests.poll(at(ms), None) {
                sent += 1;
                requests.arrived(at(ms));
            }
        }
        assert_eq!(sent, 10);
    }

    #[test]
    fn a_subscriber_that_asks_all_the_time_is_heeded_ever_less() {
        let start = Instant::now();
        let mut patience = Patience::default();
        let mut heeded: Vec<u128> = (0..40_000)
            .step_by(100)
            .map(|ms| {
                let now = start + Duration::from_millis(ms);
                let at = patience.ask(now).unwrap_or(now);
                at.duration_since(start).as_millis()
            })
            .collect();
        heeded.dedup();
        assert_eq!(heeded, [0, 1_000, 3_000, 7_000, 15_000, 23_000, 31_000, 39_000, 47_000]);
        let rested = start + Duration::from_secs(90);
        assert_eq!(patience.ask(rested), None);
        assert_eq!(patience.ask(rested), Some(rested + PATIENCE), "a rest makes up for it");
    }

    #[test]
    fn a_wish_put_off_is_not_lost() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut requests = KeyFrameRequests::default();
        requests.want_later(at(2_000));
        assert!(!requests.poll(at(1_999), None));
        assert!(requests.poll(at(2_000), None));
        requests.arrived(at(2_100));
        requests.want_later(at(4_000));
        requests.arrived(at(3_900));
        assert!(!requests.poll(at(9_000), None), "a key frame came before");
    }
}
