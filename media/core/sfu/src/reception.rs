//! What has come of one source's stream, and how regularly: the figures of receiver reports (RFC 3550 section 6.4.1 and
//! appendix A).

use std::time::Instant;

use crate::clock;
use crate::rtcp::ReportBlock;
use crate::sequence::{Arrival, SequenceWindow};

/// A sender report, and when it came.
#[derive(Clone, Copy, Debug)]
pub struct SenderClock {
    pub ntp: u64,
    pub timestamp: u32,
    pub at: Instant,
}

#[derive(Default)]
pub struct Reception {
    pub sender_clock: Option<SenderClock>,
    window: SequenceWindow,
    first_sequence: u64,
    /// Expected of streams before the last restart.
    expected_before: u64,
    /// In all, repaired ones not counted.
    received: u64,
    /// (expected, received) at the last report, and at the last look at the loss.
    reported: (u64, u64),
    measured: (u64, u64),
    transit: Option<u32>,
    /// In 1/16 timestamp units.
    jitter: u32,
}

impl Reception {
    /// Another SSRC: numbers and clock begin anew, the counts go on.
    pub fn restart(&mut self) {
        self.expected_before = self.expected();
        self.window = SequenceWindow::default();
        self.sender_clock = None;
    }

    /// Takes a packet's number in. `recovered`: it came by RTX.
    pub fn arrive(&mut self, number: u16, recovered: bool) -> Arrival {
        let before = self.expected();
        let arrival = self.window.arrive(number, recovered);
        match arrival {
            Arrival::New { sequence, .. } if before == self.expected_before => self.first_sequence = sequence,
            Arrival::Restart { sequence } => {
                self.expected_before = before;
                self.first_sequence = sequence;
            }
            _ => {}
        }
        arrival
    }

    pub fn has_arrived(&self, sequence: u64) -> bool {
        self.window.has_arrived(sequence)
    }

    /// A packet came as it was first sent. `clock_rate` is its codec's.
    pub fn count(&mut self, timestamp: u32, clock_rate: u32, now: Instant) {
        self.received += 1;
        self.measure_jitter(timestamp, clock_rate, now);
    }

    /// The next packet's transit says nothing beside the last one's.
    pub fn forget_transit(&mut self) {
        self.transit = None;
    }

    /// RFC 3550 appendix A.8.
    fn measure_jitter(&mut self, timestamp: u32, clock_rate: u32, now: Instant) {
        let Some(clock) = self.sender_clock.map(|clock| clock.at) else {
            return; // any fixed instant does; the first report gives one
        };
        let arrival =
            (now.saturating_duration_since(clock).as_micros() as u64 * u64::from(clock_rate) / 1_000_000) as u32;
        let transit = arrival.wrapping_sub(timestamp);
        if let Some(before) = self.transit.replace(transit) {
            let difference = (transit.wrapping_sub(before) as i32).unsigned_abs();
            self.jitter = self.jitter.saturating_add(difference) - ((self.jitter + 8) >> 4);
        }
    }

    pub fn note_sender_report(&mut self, ntp: u64, timestamp: u32, now: Instant) {
        self.sender_clock = Some(SenderClock {
            ntp,
            timestamp,
            at: now,
        });
        self.transit = None;
    }

    pub fn expected(&self) -> u64 {
        let current = self
            .window
            .highest()
            .map_or(0, |highest| highest - self.first_sequence + 1);
        self.expected_before + current
    }

    /// (expected, lost before repair) since the last call.
    pub fn take_loss(&mut self) -> (u64, u64) {
        let (expected, received) = (self.expected(), self.received);
        let (expected_before, received_before) = std::mem::replace(&mut self.measured, (expected, received));
        let span = expected.saturating_sub(expected_before);
        (span, span.saturating_sub(received - received_before))
    }

    /// Our report on this stream since the last one; None before the first packet.
    pub fn report(&mut self, ssrc: u32, now: Instant) -> Option<ReportBlock> {
        let highest = self.window.highest()?;
        let (expected, received) = (self.expected(), self.received);
        let (expected_before, received_before) = std::mem::replace(&mut self.reported, (expected, received));
        let span = expected.saturating_sub(expected_before);
        let lost = span.saturating_sub(received - received_before);
        Some(ReportBlock {
            ssrc,
            fraction_lost: (lost * 256).checked_div(span).unwrap_or(0).min(255) as u8,
            lost: expected as i32 - received as i32,
            highest: (highest - 0x1_0000) as u32,
            jitter: self.jitter >> 4,
            last_report: self.sender_clock.map_or(0, |clock| clock::compact(clock.ntp)),
            delay: self.sender_clock.map_or(0, |clock| {
                clock::compact(clock::to_ntp(now.saturating_duration_since(clock.at)))
            }),
        })
    }
}
