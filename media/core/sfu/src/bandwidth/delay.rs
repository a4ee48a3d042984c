//! Whether the way to a receiver fills up, by how the delay of our packets changes (draft-ietf-rmcat-gcc-02 section 5).

use std::time::Duration;

/// Packets sent within this time are one group: what leaves in one burst says nothing by itself.
const GROUP_US: i64 = 5_000;
/// Groups that the trend is drawn through.
const WINDOW: usize = 20;
const SMOOTHING: f64 = 0.9;
/// From the slope of the delay to what is compared with the threshold, as libwebrtc's trendline estimator.
const GAIN: f64 = 4.0;
const MOST_DELTAS: f64 = 60.0;
/// In ms; adapts to lines that jitter (section 5.4).
const FIRST_THRESHOLD: f64 = 12.5;
const THRESHOLD_RANGE: (f64, f64) = (6.0, 600.0);
const THRESHOLD_UP: f64 = 0.0087;
const THRESHOLD_DOWN: f64 = 0.039;
/// ms a group: clocks drift, and ways change.
const LEAST_RISE: f64 = 0.2;
/// The trend has to stay above the threshold for so long.
const OVERUSE_US: i64 = 10_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Usage {
    #[default]
    Normal,
    /// A queue builds up.
    Over,
    /// A queue empties.
    Under,
}

#[derive(Clone, Copy, Default)]
struct Group {
    first_sent: i64,
    last_sent: i64,
    last_arrival: i64,
}

pub struct DelayTrend {
    group: Option<Group>,
    before: Option<Group>,
    /// (arrival, smoothed delay) in ms
    points: [(f64, f64); WINDOW],
    count: usize,
    first_arrival: i64,
    delay: f64,
    /// The least delay of late, in ms.
    least: f64,
    smoothed: f64,
    trend: f64,
    threshold: f64,
    adapted: i64,
    over_us: i64,
    over_count: u32,
    usage: Usage,
}

impl Default for DelayTrend {
    fn default() -> Self {
        Self {
            group: None,
            before: None,
            points: [(0.0, 0.0); WINDOW],
            count: 0,
            first_arrival: 0,
            delay: 0.0,
            least: 0.0,
            smoothed: 0.0,
            trend: 0.0,
            threshold: FIRST_THRESHOLD,
            adapted: 0,
            over_us: 0,
            over_count: 0,
            usage: Usage::Normal,
        }
    }
}

impl DelayTrend {
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// ms that the last packets waited longer than those that found the line free. A receiver that stood still for a moment
    /// reads all at once what came meanwhile: its delay grows as by a queue, but ends at nothing.
    pub fn queue(&self) -> f64 {
        self.delay - self.least
    }

    /// Takes in one packet that came, in the order in which they left. Both in µs, each of its own clock.
    pub fn add(&mut self, sent: i64, arrival: i64) {
        let Some(group) = &mut self.group else {
            self.group = Some(Group {
                first_sent: sent,
                last_sent: sent,
                last_arrival: arrival,
            });
            self.first_arrival = arrival;
            return;
        };
        if sent - group.first_sent <= GROUP_US {
            group.last_sent = group.last_sent.max(sent);
            group.last_arrival = group.last_arrival.max(arrival);
            return;
        }
        let complete = *group;
        *group = Group {
            first_sent: sent,
            last_sent: sent,
            last_arrival: arrival,
        };
        if let Some(before) = self.before.replace(complete) {
            self.compare(before, complete);
        }
    }

    fn compare(&mut self, before: Group, group: Group) {
        let sent_us = group.last_sent - before.last_sent;
        let arrival_us = group.last_arrival - before.last_arrival;
        if !(0..3_000_000).contains(&arrival_us) {
            let threshold = self.threshold;
            *self = Self {
                threshold,
                group: self.group,
                ..Self::default()
            };
            return;
        }
        self.delay += (arrival_us - sent_us) as f64 / 1e3;
        self.least = self.delay.min(self.least + LEAST_RISE);
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * self.delay;
        let at = (group.last_arrival - self.first_arrival) as f64 / 1e3;
        self.points[self.count % WINDOW] = (at, self.smoothed);
        self.count += 1;
        if self.count < WINDOW {
            return;
        }
        let before = self.trend;
        if let Some(slope) = slope(&self.points) {
            self.trend = slope;
        }
        self.judge(before, sent_us, group.last_arrival);
    }

    fn judge(&mut self, trend_before: f64, span_us: i64, now: i64) {
        let value = (self.count as f64).min(MOST_DELTAS) * self.trend * GAIN;
        if value > self.threshold {
            self.over_us += span_us;
            self.over_count += 1;
            if self.over_us > OVERUSE_US && self.over_count > 1 && self.trend >= trend_before {
                self.over_us = 0;
                self.over_count = 0;
                self.usage = Usage::Over;
            }
        } else {
            self.over_us = 0;
            self.over_count = 0;
            self.usage = if value < -self.threshold {
                Usage::Under
            } else {
                Usage::Normal
            };
        }
        // Spikes do not count: they are no jitter of the line.
        if value.abs() <= self.threshold + 15.0 {
            let rate = if value.abs() < self.threshold {
                THRESHOLD_DOWN
            } else {
                THRESHOLD_UP
            };
            let span = ((now - self.adapted) as f64 / 1e3).clamp(0.0, 100.0);
            let (low, high) = THRESHOLD_RANGE;
            self.threshold = (self.threshold + rate * (value.abs() - self.threshold) * span).clamp(low, high);
        }
        self.adapted = now;
    }
}

/// Least squares.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let count = points.len() as f64;
    let (x, y) = points
        .iter()
        .fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
    let (x, y) = (x / count, y / count);
    let (above, below) = points.iter().fold((0.0, 0.0), |(above, below), point| {
        (
            above + (point.0 - x) * (point.1 - y),
            below + (point.0 - x) * (point.0 - x),
        )
    });
    (below > 0.0).then(|| above / below)
}

/// To µs on the monotonic clock of the core.
pub fn micros(span: Duration) -> i64 {
    span.as_micros() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds packets each 10 ms whose delay grows by `growth_us` each; returns what it says in the end.
    fn after(count: i64, growth_us: impl Fn(i64) -> i64) -> Usage {
        let mut trend = DelayTrend::default();
        let mut delay = 50_000;
        for number in 0..count {
            delay += growth_us(number);
            trend.add(10_000 * number, 10_000 * number + delay);
        }
        trend.usage()
    }

    #[test]
    fn tells_a_queue_that_builds_up_from_one_that_empties() {
        assert_eq!(after(100, |_| 0), Usage::Normal);
        assert_eq!(after(60, |_| 3_000), Usage::Over);
        assert_eq!(
            after(100, |number| if number < 60 { 3_000 } else { -4_000 }),
            Usage::Under
        );
        assert_eq!(
            after(200, |number| if number % 2 == 0 { 2_000 } else { -2_000 }),
            Usage::Normal,
            "jitter"
        );
    }

    #[test]
    fn a_receiver_that_stood_still_has_no_queue() {
        let mut trend = DelayTrend::default();
        for number in 0..200 {
            let sent = 10_000 * number;
            let read = if (100..150).contains(&number) { 1_500_000 } else { sent };
            trend.add(sent, read + 50_000);
        }
        assert!(trend.queue() < 5.0, "{}", trend.queue());
        for number in 200..260 {
            let sent = 10_000 * number;
            trend.add(sent, sent + 50_000 + 3_000 * (number - 200));
        }
        assert!(trend.queue() > 100.0, "{}", trend.queue());
    }
}
