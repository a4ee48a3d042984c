//! How much the way to one receiver carries, judged by the receiver's transport-wide feedback (draft-ietf-rmcat-gcc-02).
//!
//! Nothing is limited before a line has shown that it carries less than is sent: on good lines all leaves as it comes.

mod delay;
mod feedback;

use std::time::{Duration, Instant};

use delay::{DelayTrend, Usage};

/// Numbers remembered until their feedback comes: some seconds of what a full wall of pictures takes.
const REMEMBERED: usize = 2_048;
/// What arrives is measured over this time.
const RATE_WINDOW_US: i64 = 500_000;
const PEAK_US: i64 = 100_000;
/// IPv4 and UDP.
const HEADERS: usize = 28;
const DECREASE: f64 = 0.85;
/// Growth per second while nothing speaks against it.
const GROWTH: f64 = 1.08;
/// A line on which little is sent shows nothing: the limit grows no further above what arrives.
const HEADROOM: f64 = 1.5;
const HEADROOM_BITS: f64 = 20_000.0;
/// Between two decreases, at least: what the first changes shows only after a round trip.
const BETWEEN_DECREASES: Duration = Duration::from_millis(200);
/// ms; less waits on any line.
const QUEUE: f64 = 20.0;
/// A second decrease within this time means that the first was too small; a key frame's burst alone is no reason for much.
const RELAPSE: Duration = Duration::from_secs(2);
const FURTHER_DECREASE: f64 = 0.93;
/// Never less: sound at its lowest.
const FLOOR: f64 = 20_000.0;
/// Share of packets lost, beyond what the line loses whatever is sent and what is chance, from which it counts as full.
const FULL: f64 = 0.05;
const LOSS_WINDOW: Duration = Duration::from_millis(500);
const LOSS_PACKETS: u32 = 20;
/// Windows by whose loss the line's own is judged.
const LOSS_WINDOWS: usize = 20;
/// From one probe to the next while more is wanted; after one that found nothing, twice as long each time.
const PROBE_PAUSE: Duration = Duration::from_millis(500);
const MAX_PROBE_PAUSE: Duration = Duration::from_secs(4);
/// After a decrease all that was tried before says nothing any more.
const PROBE_PAUSE_AFTER_DECREASE: Duration = Duration::from_secs(1);
/// A probe proves at most this many times the limit.
const PROBE_STEP: f64 = 2.0;
const PROBE_RESULT: f64 = 0.95;

#[derive(Clone, Copy, Default)]
struct Sent {
    number: u64,
    /// µs since the start.
    at: i64,
    bytes: u16,
    /// Of which probe it is a part; 0: none.
    probe: u16,
    pending: bool,
}

pub struct Downlink {
    /// The receiver tells what came.
    enabled: bool,
    start: Instant,
    next: u64,
    /// The first number of which no feedback has told.
    untold: u64,
    sent: Vec<Sent>,
    trend: DelayTrend,
    arrived: Throughput,
    limit: Option<f64>,
    updated: Instant,
    decreased: Option<Instant>,
    loss: Loss,
    probe: Probe,
}

/// Bytes that arrived within the last window, by the receiver's clock.
#[derive(Default)]
struct Throughput {
    /// (arrival in µs, bytes), oldest first; small, since feedback comes in batches.
    batches: std::collections::VecDeque<(i64, u64)>,
}

impl Throughput {
    fn add(&mut self, arrival: i64, bytes: u64) {
        // In steps of 10 ms, so that it stays short.
        match self.batches.back_mut() {
            Some((at, sum)) if arrival - *at < 10_000 => *sum += bytes,
            _ => self.batches.push_back((arrival, bytes)),
        }
        while self
            .batches
            .front()
            .is_some_and(|(at, _)| arrival - at > RATE_WINDOW_US)
        {
            self.batches.pop_front();
        }
    }

    /// bit/s, the most of any [`PEAK_US`]: between pictures little is sent, and that is not the line's doing.
    fn rate(&self) -> f64 {
        let (mut most, mut sum, mut end) = (0, 0, 0);
        for &(start, bytes) in &self.batches {
            while let Some((at, more)) = self.batches.get(end)
                && at - start < PEAK_US
            {
                sum += more;
                end += 1;
            }
            most = most.max(sum);
            sum -= bytes;
        }
        8e6 * most as f64 / PEAK_US as f64
    }
}

struct Loss {
    received: u32,
    lost: u32,
    begun: Instant,
    /// Of the last windows.
    shares: [f64; LOSS_WINDOWS],
    windows: usize,
}

struct Probe {
    /// Of the last one.
    number: u16,
    at: Option<Instant>,
    pause: Duration,
    bytes: u64,
    first: Option<i64>,
    last: i64,
    packets: u32,
    expected: u32,
}

impl Downlink {
    pub fn new(enabled: bool, now: Instant) -> Self {
        Self {
            enabled,
            start: now,
            next: 0,
            untold: 0,
            sent: Vec::new(),
            trend: DelayTrend::default(),
            arrived: Throughput::default(),
            limit: None,
            updated: now,
            decreased: None,
            loss: Loss {
                received: 0,
                lost: 0,
                begun: now,
                shares: [0.0; LOSS_WINDOWS],
                windows: 0,
            },
            probe: Probe {
                number: 0,
                at: None,
                pause: PROBE_PAUSE,
                bytes: 0,
                first: None,
                last: 0,
                packets: 0,
                expected: 0,
            },
        }
    }

    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// bit/s that may be sent; None: as much as there is.
    pub fn limit(&self) -> Option<u64> {
        self.limit.map(|limit| limit as u64)
    }

    /// The transport-wide number of a packet of `bytes` that leaves now; `probing`: it is a part of the running probe.
    pub fn number(&mut self, bytes: usize, probing: bool, now: Instant) -> u16 {
        if self.sent.is_empty() {
            self.sent.resize(REMEMBERED, Sent::default());
        }
        let number = self.next;
        self.next += 1;
        self.sent[number as usize % REMEMBERED] = Sent {
            number,
            at: delay::micros(now.saturating_duration_since(self.start)),
            bytes: (bytes + HEADERS) as u16,
            probe: if probing { self.probe.number } else { 0 },
            pending: true,
        };
        number as u16
    }

    /// Takes the receiver's feedback in; true if the limit fell.
    pub fn note_feedback(&mut self, body: &[u8], round_trip: Option<Duration>, now: Instant) -> bool {
        let Some(packets) = feedback::read(body).filter(|_| !self.sent.is_empty()) else {
            return false;
        };
        for (number, arrival) in packets {
            let back = (self.next as u16).wrapping_sub(number);
            let Some(number) = self.next.checked_sub(u64::from(back)).filter(|_| back > 0) else {
                continue;
            };
            // What lies between two reports is in none of them, and has not come.
            let lost = self.untold.max(number.saturating_sub(REMEMBERED as u64))..number;
            self.loss.lost += lost.end.saturating_sub(lost.start) as u32;
            let is_news = number >= self.untold;
            self.untold = self.untold.max(number + 1);
            let sent = &mut self.sent[number as usize % REMEMBERED];
            if sent.number != number || !sent.pending {
                continue;
            }
            let Some(arrival) = arrival else {
                self.loss.lost += u32::from(is_news);
                continue;
            };
            sent.pending = false;
            let sent = *sent;
            self.loss.received += 1;
            self.arrived.add(arrival, sent.bytes.into());
            if sent.probe == 0 {
                self.trend.add(sent.at, arrival);
            } else if sent.probe == self.probe.number {
                self.probe.take(sent.bytes, arrival);
            }
        }
        let before = self.limit;
        self.finish_probe();
        self.follow_delay(round_trip, now);
        self.follow_loss(now);
        let fell = match (before, self.limit) {
            (None, Some(_)) => true,
            (Some(before), Some(after)) => after < before,
            _ => false,
        };
        if fell {
            self.probe.pause = self.probe.pause.min(PROBE_PAUSE_AFTER_DECREASE);
        }
        fell
    }

    fn follow_delay(&mut self, round_trip: Option<Duration>, now: Instant) {
        let span = now.saturating_duration_since(self.updated).min(Duration::from_secs(1));
        self.updated = now;
        match self.trend.usage() {
            Usage::Over if self.trend.queue() > QUEUE => {
                let pause = round_trip.map_or(BETWEEN_DECREASES, |time| time.max(BETWEEN_DECREASES));
                let since = self.decreased.map(|at| now.saturating_duration_since(at));
                if since.is_some_and(|since| since < pause) {
                    return;
                }
                let arrived = DECREASE * self.arrived.rate();
                let limit = match (self.limit, since) {
                    (Some(limit), Some(since)) if since < RELAPSE => arrived.min(FURTHER_DECREASE * limit),
                    (Some(limit), _) => arrived.min(limit),
                    (None, _) => arrived,
                };
                self.limit = Some(limit.max(FLOOR));
                self.decreased = Some(now);
            }
            Usage::Normal => {
                if let Some(limit) = &mut self.limit {
                    let most = HEADROOM * self.arrived.rate() + HEADROOM_BITS;
                    let grown = *limit * GROWTH.powf(span.as_secs_f64());
                    *limit = limit.max(grown.min(most));
                }
            }
            Usage::Over | Usage::Under => {}
        }
    }

    /// Loss beyond what the line has anyway: it is full, and its queue is too short to show by delay.
    fn follow_loss(&mut self, now: Instant) {
        let loss = &mut self.loss;
        let packets = loss.received + loss.lost;
        if packets < LOSS_PACKETS || now.saturating_duration_since(loss.begun) < LOSS_WINDOW {
            return;
        }
        let share = f64::from(loss.lost) / f64::from(packets);
        (loss.received, loss.lost, loss.begun) = (0, 0, now);
        let mut shares = loss.shares;
        let known = &mut shares[..loss.windows.min(LOSS_WINDOWS)];
        known.sort_unstable_by(f64::total_cmp);
        // The lower quarter: loss of the line's own is there in quiet times, too.
        let own = if known.len() < 4 { 0.0 } else { known[known.len() / 4] };
        loss.shares[loss.windows % LOSS_WINDOWS] = share;
        loss.windows += 1;
        // Of few packets many may be lost by chance.
        let usual = own.max(0.05);
        let chance = 2.0 * (usual * (1.0 - usual) / f64::from(packets)).sqrt();
        let arrived = self.arrived.rate();
        // What is far below the limit fills no line.
        let matters = self.limit.is_none_or(|limit| arrived > 0.5 * limit * (1.0 - share));
        if matters && share - own > FULL + chance {
            let through = self.limit.map_or(arrived, |limit| limit.min(1.2 * arrived));
            self.limit = Some((through * (1.0 - 0.5 * (share - own))).max(FLOOR));
            self.decreased = Some(now);
        }
    }

    /// Begins a probe, if one is due: the bytes of the packets that are to leave at once.
    ///
    /// The receiver's times tell how fast they came through the narrowest place, whatever else is sent.
    pub fn begin_probe(&mut self, wanted: u64, now: Instant) -> Option<u64> {
        let limit = self.limit.filter(|limit| *limit < wanted as f64)?;
        let probe = &mut self.probe;
        let rests = |since: Option<Instant>, pause| since.is_none_or(|at| now.saturating_duration_since(at) >= pause);
        if !rests(probe.at, probe.pause) || !rests(self.decreased, PROBE_PAUSE) {
            return None;
        }
        probe.number = probe.number.wrapping_add(1).max(1);
        probe.at = Some(now);
        probe.pause = (2 * probe.pause).min(MAX_PROBE_PAUSE);
        (probe.bytes, probe.packets, probe.expected, probe.first) = (0, 0, 0, None);
        // 20 ms at what is to be proved.
        Some((PROBE_STEP * limit * 0.02 / 8.0) as u64)
    }

    /// So many packets of the probe have left.
    pub fn note_probe(&mut self, packets: u32) {
        self.probe.expected = packets;
    }

    fn finish_probe(&mut self) {
        let Some(limit) = self.limit else { return };
        let probe = &mut self.probe;
        // A bad line loses one of three often enough: the others tell as much.
        if probe.expected == 0 || probe.packets < probe.expected - probe.expected / 3 {
            return;
        }
        probe.expected = 0;
        let span = probe.first.map_or(0, |first| probe.last - first).max(250);
        let rate = 8e6 * probe.bytes as f64 / span as f64;
        let proved = PROBE_RESULT * rate.min(PROBE_STEP / PROBE_RESULT * limit);
        if proved > 1.1 * limit {
            self.limit = Some(proved);
            probe.pause = PROBE_PAUSE;
        }
    }
}

impl Probe {
    fn take(&mut self, bytes: u16, arrival: i64) {
        self.packets += 1;
        match self.first {
            // What came before the first says nothing of how long it took.
            None => self.first = Some(arrival),
            Some(_) => self.bytes += u64::from(bytes),
        }
        self.last = self.last.max(arrival);
        if self.packets == 1 {
            self.last = arrival;
        }
    }
}
