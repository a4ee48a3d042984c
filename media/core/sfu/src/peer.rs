//! One peer connection: its ICE, DTLS and SRTP state, what it sends and what it receives.

use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::downtrack::Downtrack;
use crate::dtls::{Dtls, Identity};
use crate::egress::{Path, Sealing};
use crate::estimate::LossEstimate;
use crate::ice::{Credentials, LiteAgent};
use crate::model::{ExtensionIds, Feedback, PeerSpec};
use crate::srtp::{OpenKeys, ReceiveStream};
use crate::transport_cc::Arrivals;

/// No consent for this long ends a connection.
const CONSENT: Duration = Duration::from_secs(15);
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
    /// What to add to the NTP time of the peer's sender reports to get ours.
    pub clock_shift: Option<u64>,
    pub bytes_up: u64,
    pub bytes_down: u64,
    /// Where the two above stood at the last statistics.
    pub bytes_before: (u64, u64),
    pub loss_up: f64,
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
            clock_shift: None,
            bytes_up: 0,
            bytes_down: 0,
            bytes_before: (0, 0),
            loss_up: 0.0,
            created: now,
            #[cfg(feature = "fault-injection")]
            faulty: false,
        }
    }

    pub fn is_connected(&self) -> bool {
        self.sealing.is_some() && self.path.is_some()
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

    /// A sender report came. The smallest delay of all so far is nearest to the true distance of the clocks.
    pub fn note_sender_clock(&mut self, ntp: u64, clock: &Clock, now: Instant) {
        let shift = clock.ntp(now).wrapping_sub(ntp);
        let later = |before: u64| (shift.wrapping_sub(before) as i64) >= 0;
        self.clock_shift = Some(self.clock_shift.filter(|&before| later(before)).unwrap_or(shift));
    }
}
