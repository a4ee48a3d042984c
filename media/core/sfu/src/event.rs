//! What the core tells its owner, and the queue and counters through which it does.

use std::collections::VecDeque;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::os::EventFd;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No consent for 30 s, or never connected.
    Timeout,
    /// DTLS close_notify.
    Closed,
    /// The handshake failed.
    Dtls,
    /// The peer's code panicked.
    Fault,
}

impl Reason {
    pub fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Closed => "closed",
            Self::Dtls => "dtls",
            Self::Fault => "fault",
        }
    }
}

#[derive(Clone, Debug)]
pub enum Event {
    Connected {
        peer: u32,
    },
    Disconnected {
        peer: u32,
        reason: Reason,
    },
    FirstPacket {
        peer: u32,
        source: u32,
    },
    Statistics(Vec<PeerStatistics>),
    /// The core's thread has ended by a fault that was no peer's: nothing is forwarded any more.
    Dead,
}

/// One second of one peer.
#[derive(Clone, Debug, Default)]
pub struct PeerStatistics {
    pub peer: u32,
    pub rtt_ms: Option<f64>,
    /// bit/s from the peer to the core, and back.
    pub bitrate_up: u64,
    pub bitrate_down: u64,
    /// Shares of packets lost before repair, 0 to 1.
    pub loss_up: f64,
    pub loss_down: f64,
    /// bit/s that the way down is known to carry; None while it has shown no end.
    pub limit_down: Option<u64>,
    pub sources: Vec<SourceStatistics>,
    pub slots: Vec<SlotStatistics>,
}

/// Totals since the start, but `fps` and `audio_level` of the second.
#[derive(Clone, Debug, Default)]
pub struct SourceStatistics {
    pub source: u32,
    pub ssrc: Option<u32>,
    pub packets: u64,
    pub bytes: u64,
    /// After repair.
    pub lost: u64,
    pub nacked: u64,
    pub recovered: u64,
    pub key_frames: u64,
    pub fps: f64,
    /// Loudest, in -dBov.
    pub audio_level: Option<u8>,
}

/// Totals since the start, but `loss` as last reported.
#[derive(Clone, Debug, Default)]
pub struct SlotStatistics {
    pub slot: u32,
    pub source: Option<u32>,
    pub packets: u64,
    pub bytes: u64,
    pub retransmitted: u64,
    pub loss: f64,
    pub waiting_key_frame: bool,
    /// The source has no codec that the slot negotiated: nothing can be shown.
    pub no_codec: bool,
    /// The receiver's line carries less than this picture and what goes before it.
    pub paused: bool,
    /// For the same reason it shows its source's smaller picture.
    pub reduced: bool,
}

/// From the core's thread to its owner; the descriptor is readable while events wait.
pub struct EventQueue {
    events: Mutex<VecDeque<Event>>,
    signal: EventFd,
}

/// Statistics beyond this many waiting events are left out: the owner has stopped reading.
const CAPACITY: usize = 4096;

impl EventQueue {
    pub fn new() -> std::io::Result<Self> {
        Ok(Self {
            events: Mutex::default(),
            signal: EventFd::new()?,
        })
    }

    pub fn push(&self, event: Event) {
        let mut events = self.lock();
        if events.len() >= CAPACITY && matches!(event, Event::Statistics(_)) {
            return;
        }
        events.push_back(event);
        if events.len() == 1 {
            self.signal.notify();
        }
    }

    /// All waiting events, oldest first.
    pub fn drain(&self) -> VecDeque<Event> {
        let mut events = self.lock();
        self.signal.reset();
        std::mem::take(&mut events)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsRawFd for EventQueue {
    fn as_raw_fd(&self) -> RawFd {
        self.signal.as_raw_fd()
    }
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Totals since the start. Only the core's thread writes.
        #[derive(Debug, Default)]
        pub struct Counters { $($(#[$doc])* pub $name: Counter),* }

        impl Counters {
            /// (name, value) of each.
            pub fn read(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name.get())),*]
            }
        }
    };
}

counters! {
    /// Of the thread's loop, each with a sleep or a full batch: with nothing to do, a few a second.
    turns,
    packets_in,
    bytes_in,
    packets_out,
    bytes_out,
    /// Calls that sent media; `packets_out / send_calls` is the mean run.
    send_calls,
    key_frame_requests,
    retransmissions,
    /// Bursts of padding that tried whether a line carries more.
    probes,
    recovered,
    faults,
    /// The kernel took no more, or refused.
    dropped_send,
    /// Times that an address turned out not to take segmented sends.
    segmentation_off,
    /// From an address or with a user fragment that belongs to no peer.
    dropped_unknown_peer,
    /// Not STUN, DTLS, RTP or RTCP.
    dropped_unknown_class,
    /// STUN that is no authentic check.
    dropped_stun,
    dropped_malformed,
    dropped_oversized,
    /// Media before the keys are agreed on.
    dropped_early,
    dropped_forged,
    dropped_replayed,
    dropped_unknown_ssrc,
    dropped_unknown_payload_type,
    dropped_duplicate,
    /// Beyond what one source may send.
    dropped_excess,
    /// RTX packets that only probe the line.
    dropped_padding,
}

/// Written by one thread, read by any.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, count: u64) {
        // One writer: no need for a locked instruction.
        self.0.store(self.0.load(Ordering::Relaxed) + count, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
