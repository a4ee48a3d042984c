//! The lines on standard input (`Command`) and standard output (`Event`): one JSON object each.
//!
//! Times `at` are seconds since 1970 on the wall clock, so that the driving process can compare them with its own.

use std::collections::HashMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

pub type PeerId = u32;

#[derive(Debug, Deserialize)]
#[serde(tag = "cmd", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Opens a socket; answered by `created` with what the offer must say.
    Create {
        peer: PeerId,
        #[serde(default = "any_port")]
        bind: SocketAddr,
    },
    /// Starts ICE and DTLS towards the answerer; later `connected` or `disconnected`.
    Connect(Box<Connect>),
    /// Changes what a track sends from its next frame on.
    Shape {
        peer: PeerId,
        mid: String,
        #[serde(flatten)]
        shape: ShapeChange,
    },
    /// Asks the sender of a slot (or bare SSRC) for a key frame.
    Pli {
        peer: PeerId,
        ssrc: u32,
    },
    /// Forgets all counts and delays so far.
    Reset,
    /// Answered by `stats` with the same `request`.
    Stats {
        #[serde(default)]
        request: u64,
        /// With a list of every peer's streams.
        #[serde(default)]
        detail: bool,
    },
    /// Sends close_notify and forgets the peer.
    Close {
        peer: PeerId,
    },
    Quit,
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connect {
    pub peer: PeerId,
    pub address: SocketAddr,
    pub ufrag: String,
    pub pwd: String,
    /// SHA-256 of the remote certificate, "AB:CD:…".
    pub fingerprint: String,
    /// Our role: "client" begins the handshake.
    pub dtls: DtlsRole,
    /// RTP header extension URI -> id; those not known here are left out of what is sent.
    #[serde(default)]
    pub extensions: HashMap<String, u8>,
    #[serde(default)]
    pub tracks: Vec<TrackSpec>,
    #[serde(default)]
    pub slots: Vec<SlotSpec>,
    /// Whether to ask for key frames when a picture cannot be decoded, as browsers do.
    #[serde(default)]
    pub pli: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DtlsRole {
    Client,
    Server,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Audio,
    Video,
}

/// A track to publish: VP8-shaped video or Opus-shaped audio.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrackSpec {
    pub kind: Kind,
    pub mid: String,
    pub ssrc: u32,
    pub payload_type: u8,
    /// Written into every packet: receivers tell by it whose picture or sound they have.
    pub publisher: u32,
    #[serde(flatten)]
    pub shape: ShapeChange,
}

/// What is given changes; the rest stays (at first: 24 frames/s of 8 packets of 1,100 bytes, or 50/s of one of 120).
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct ShapeChange {
    /// Frames a second.
    pub fps: Option<f64>,
    /// Packets in a frame.
    pub packets: Option<u8>,
    /// Bytes of a whole RTP packet, not yet encrypted.
    pub size: Option<usize>,
    pub active: Option<bool>,
    /// µs between the packets of a frame; 0: all at once.
    pub pace_us: Option<u64>,
}

/// A place in which the other side sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotSpec {
    pub name: String,
    pub kind: Kind,
    pub ssrc: u32,
}

#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Created {
        peer: PeerId,
        ufrag: String,
        pwd: String,
        fingerprint: String,
        port: u16,
    },
    Connected {
        peer: PeerId,
        at: f64,
        profile: String,
    },
    Disconnected {
        peer: PeerId,
        at: f64,
        reason: String,
    },
    /// The first whole key frame of a publisher that this slot did not show before.
    Picture {
        peer: PeerId,
        slot: String,
        publisher: u32,
        at: f64,
    },
    /// The first sound of a publisher that this slot did not play before.
    Sound {
        peer: PeerId,
        slot: String,
        publisher: u32,
        at: f64,
    },
    Stats(Box<Stats>),
    Reset {
        at: f64,
    },
    Error {
        peer: Option<PeerId>,
        message: String,
    },
}

/// Sums over all peers since the start or the last `reset`.
#[derive(Debug, Default, Serialize)]
pub struct Stats {
    pub request: u64,
    pub at: f64,
    pub peers: usize,
    pub connected: usize,
    pub sent: Sent,
    pub audio: Received,
    pub video: Received,
    /// Streams that are in no slot (retransmissions on an SSRC of their own, for one).
    pub other_packets: u64,
    pub plis_received: u64,
    pub nacks_received: u64,
    /// Datagrams that were no valid packet for their peer.
    pub refused: u64,
    /// One-way, from the publisher's sending to the kernel's reception.
    pub delay: Delay,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub detail: Vec<PeerStats>,
}

#[derive(Debug, Default, Serialize)]
pub struct Sent {
    pub packets: u64,
    pub bytes: u64,
    /// Not sent because the socket was full.
    pub dropped: u64,
}

#[derive(Debug, Default, Serialize)]
pub struct Received {
    pub packets: u64,
    pub bytes: u64,
    /// By gaps in the sequence numbers.
    pub lost: u64,
    /// Whole key frames.
    pub key_frames: u64,
    /// Packets of frames whose publisher's key frame has not come before.
    pub orphans: u64,
    /// Jumps of the VP8 picture id with no packet missing.
    pub picture_id_jumps: u64,
    /// Packets whose payload is not what a publisher here writes.
    pub foreign: u64,
}

#[derive(Debug, Default, Serialize)]
pub struct Delay {
    pub packets: u64,
    pub p50_us: u64,
    pub p95_us: u64,
    pub p99_us: u64,
    pub max_us: u64,
}

#[derive(Debug, Serialize)]
pub struct PeerStats {
    pub peer: PeerId,
    pub sent_packets: u64,
    pub streams: Vec<StreamStats>,
}

#[derive(Debug, Serialize)]
pub struct StreamStats {
    pub slot: Option<String>,
    pub ssrc: u32,
    pub packets: u64,
    pub lost: u64,
    /// Whose picture or sound it is now.
    pub publisher: Option<u32>,
    pub p99_us: u64,
}
