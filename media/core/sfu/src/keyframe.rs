//! When to ask a source for a key frame: one request for all subscribers, repeated until a key frame comes.

use std::time::{Duration, Instant};

/// Between two requests for repair of which the first was answered: a key frame costs about ten others.
const INTERVAL: Duration = Duration::from_millis(500);
/// Between two requests while no key frame has come (the request or the frame may have been lost), or when somebody
/// sees nothing at all.
const RETRY: Duration = Duration::from_millis(200);

#[derive(Debug, Default)]
pub struct KeyFrameRequests {
    wanted: bool,
    urgent: bool,
    last_request: Option<Instant>,
    answered: bool,
}

impl KeyFrameRequests {
    /// Somebody's picture needs repair.
    pub fn want(&mut self) {
        self.wanted = true;
    }

    /// Somebody has just begun to watch.
    pub fn want_urgently(&mut self) {
        self.wanted = true;
        self.urgent = true;
    }

    /// Nobody needs it any more.
    pub fn forget(&mut self) {
        self.wanted = false;
        self.urgent = false;
    }

    /// A key frame began: all wishes so far are fulfilled.
    pub fn arrived(&mut self) {
        self.forget();
        self.answered = true;
    }

    /// True if a request is to be sent now; counts it as sent.
    pub fn poll(&mut self, now: Instant) -> bool {
        let pause = if self.answered && !self.urgent { INTERVAL } else { RETRY };
        let due = self.wanted
            && self
                .last_request
                .is_none_or(|last| now.saturating_duration_since(last) >= pause);
        if due {
            self.last_request = Some(now);
            self.answered = false;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_wishes_make_one_request() {
        let start = Instant::now();
        let mut requests = KeyFrameRequests::default();
        assert!(!requests.poll(start));
        let mut sent = 0;
        for _ in 0..100 {
            requests.want();
            sent += u32::from(requests.poll(start));
        }
        assert_eq!(sent, 1);
    }

    #[test]
    fn repeats_until_answered_and_then_rests() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut requests = KeyFrameRequests::default();
        requests.want();
        assert!(requests.poll(at(0)));
        assert!(!requests.poll(at(199)));
        assert!(requests.poll(at(200)));
        requests.arrived();
        assert!(!requests.poll(at(5_000)));
        requests.want();
        assert!(requests.poll(at(5_000)));
        requests.arrived();
        requests.want();
        assert!(!requests.poll(at(5_499)));
        assert!(requests.poll(at(5_500)));
        requests.arrived();
        requests.want_urgently();
        assert!(!requests.poll(at(5_699)));
        assert!(requests.poll(at(5_700)), "a new watcher waits less");
    }
}
