//! One peer connection: its ICE, DTLS and SRTP state, what it sends and what it receives.

use std::time::{Duration, Instant};

use crate::bandwidth::Downlink;
use crate::clock::Clock;
use crate::downtrack::Downtrack;
use crate::dtls::{Dtls, Identity};
use crate::egress::Sealing;
use crate::estimate::LossEstimate;
use crate::ice::{Credentials, LiteAgent};
use crate::model::{ExtensionIds, Feedback, PeerSpec};
use crate::outlet::Path;
use crate::srtp::{OpenKeys, ReceiveStream};
use crate::transport_cc::Arrivals;

/// No consent for this long ends a connection (RFC 7675 section 5.1).
const CONSENT: Duration = Duration::from_secs(30);
/// Of what leaves to a peer this part may be repeated at its request; a line that loses more needs less media, not more.
const REPAIR_SHARE: u64 = 4;
/// Most bytes of repetition in one go: a large key frame that was lost as a whole.
const MAX_REPAIR: u64 = 96 * 1024;
/// A connection has this long to come up.
const SETUP: Duration = Duration::from_secs(30);

/// An inbound SSRC.
pub struct Stream {
    pub ssrc: u32,
    pub replay: ReceiveStream,
    /// Index of the uptrack.
    pub source: usize,
    pub is_rtx: bool,
}

pub struct Peer {
    pub id: u32,
    /// Of its entry in the registry.
    pub generation: u64,
    pub ufrag: String,
    pub ice: LiteAgent,
    pub dtls: Dtls,
    pub path: Option<Path>,
    pub sealing: Option<Sealing>,
    pub open: Option<OpenKeys>,
    pub streams: Vec<Stream>,
    /// Indexes of the uptracks.
    pub sources: Vec<usize>,
    pub downtracks: Vec<Downtrack>,
    pub extensions: ExtensionIds,
    pub feedback: Feedback,
    pub arrivals: Arrivals,
    pub estimate: LossEstimate,
    pub round_trip: Option<Duration>,
    pub downlink: Downlink,
    pub clock_shift: ClockShift,
    pub bytes_up: u64,
    pub bytes_down: u64,
    /// Where the two above stood at the last statistics.
    pub bytes_before: (u64, u64),
    pub loss_up: f64,
    /// Bytes that may be sent again.
    pub repair_budget: u64,
    created: Instant,
    #[cfg(feature = "fault-injection")]
    pub faulty: bool,
}

impl Peer {
    /// `start` seeds the sequence numbers of each slot.
    pub fn new(
        spec: PeerSpec,
        generation: u64,
        identity: &Identity,
        max_video_bitrate: u64,
        now: Instant,
        mut start: impl FnMut() -> u16,
    ) -> Self {
        let local = Credentials {
            ufrag: spec.local_ufrag.clone(),
            password: spec.local_password,
        };
        let remote = Credentials {
            ufrag: spec.remote_ufrag,
            password: spec.remote_password,
        };
        let tells_arrivals = spec.slots.iter().any(|slot| slot.tells_arrivals);
        let slots = spec.slots.into_iter();
        Self {
            id: spec.peer,
            generation,
            ufrag: spec.local_ufrag,
            ice: LiteAgent::new(local, remote),
            dtls: Dtls::new(identity, spec.dtls_role, &spec.fingerprint, now),
            path: None,
            sealing: None,
            open: None,
            streams: Vec::new(),
            sources: Vec::new(),
            downtracks: slots
                .map(|slot| Downtrack::new(slot, spec.extensions, start(), now))
                .collect(),
            extensions: spec.extensions,
            feedback: spec.feedback,
            arrivals: Arrivals::default(),
            estimate: LossEstimate::new(max_video_bitrate),
            round_trip: None,
            downlink: Downlink::new(tells_arrivals, now),
            clock_shift: ClockShift::default(),
            bytes_up: 0,
            bytes_down: 0,
            bytes_before: (0, 0),
            loss_up: 0.0,
            repair_budget: MAX_REPAIR,
            created: now,
            #[cfg(feature = "fault-injection")]
            faulty: false,
        }
    }

    pub fn is_connected(&self) -> bool {
        self.sealing.is_some() && self.path.is_some()
    }

    /// `bytes` have left for the first time.
    pub fn grant_repair(&mut self, bytes: u64) {
        self.repair_budget = (self.repair_budget + bytes / REPAIR_SHARE).min(MAX_REPAIR);
    }

    pub fn is_expired(&self, now: Instant) -> bool {
        let span = |since| now.saturating_duration_since(since);
        let silent = span(self.ice.last_heard().unwrap_or(self.created)) > CONSENT;
        silent || (!self.is_connected() && span(self.created) > SETUP)
    }

    /// Adds or replaces the inbound SSRC.
    pub fn expect_stream(&mut self, ssrc: u32, source: usize, is_rtx: bool) {
        self.streams
            .retain(|stream| stream.ssrc != ssrc && !(stream.source == source && stream.is_rtx == is_rtx));
        self.streams.push(Stream {
            ssrc,
            replay: ReceiveStream::default(),
            source,
            is_rtx,
        });
    }

    /// A sender report came.
    pub fn note_sender_clock(&mut self, ntp: u64, clock: &Clock, now: Instant) {
        self.clock_shift.note(clock.ntp(now).wrapping_sub(ntp), now);
    }
}

/// What to add to the NTP time of a peer's sender reports to get ours. The smallest delay is nearest to the true distance
/// of the clocks; of the last half to whole minute only, since clocks drift (50 ppm are 1.8 s in ten hours).
#[derive(Default)]
pub struct ClockShift {
    current: Option<u64>,
    before: Option<u64>,
    begun: Option<Instant>,
}

const HALF_WINDOW: Duration = Duration::from_secs(30);

impl ClockShift {
    pub fn note(&mut self, shift: u64, now: Instant) {
        if self
            .begun
            .is_none_or(|begun| now.saturating_duration_since(begun) >= HALF_WINDOW)
        {
            self.begun = Some(now);
            self.before = self.current.take();
        }
        self.current = smaller(self.current, Some(shift));
    }

    pub fn get(&self) -> Option<u64> {
        smaller(self.current, self.before)
    }
}

/// On the circle of NTP times.
fn smaller(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) if (other.wrapping_sub(one) as i64) < 0 => Some(other),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtls::Role;
    use crate::srtp::{Profile, SealKeys};

    #[test]
    fn consent_lasts_for_thirty_seconds() {
        let start = Instant::now();
        let spec = PeerSpec {
            peer: 1,
            local_ufrag: "abcd".into(),
            local_password: "x".repeat(24),
            remote_ufrag: "efgh".into(),
            remote_password: "y".repeat(24),
            fingerprint: vec!["AB"; 32].join(":"),
            dtls_role: Role::Server,
            extensions: ExtensionIds::default(),
            feedback: Feedback::None,
            sources: vec![],
            slots: vec![],
        };
        let mut peer = Peer::new(spec, 1, &Identity::generate(), 2_500_000, start, || 0);
        let keys = SealKeys::new(Profile::AeadAes128Gcm, &[1; 16], &[2; 12]).unwrap();
        peer.sealing = Some(Sealing { keys, overhead: 16 });
        peer.path = Some(Path {
            remote: std::net::SocketAddr::from(([192, 0, 2, 1], 5000)).into(),
            local: None,
        });
        assert!(!peer.is_expired(start + Duration::from_secs(30)));
        assert!(peer.is_expired(start + Duration::from_millis(30_001)));
    }

    #[test]
    fn the_shift_follows_a_clock_that_drifts() {
        let start = Instant::now();
        let mut shift = ClockShift::default();
        assert_eq!(shift.get(), None);
        // 1 unit a second slower, and every report but each tenth late by 100.
        for second in 0..600 {
            let late = if second % 10 == 0 { 0 } else { 100 };
            shift.note(5_000 + second + late, start + Duration::from_secs(second));
            let true_shift = 5_000 + second;
            let error = shift.get().unwrap().abs_diff(true_shift);
            assert!(error <= 60, "{error} after {second} s");
        }
        shift.note(u64::MAX - 5, start + Duration::from_secs(700));
        shift.note(3, start + Duration::from_secs(701));
        assert_eq!(shift.get(), Some(u64::MAX - 5), "the circle closes");
    }
}
