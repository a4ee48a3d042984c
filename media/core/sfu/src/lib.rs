//! Selective forwarding unit: ICE-lite, DTLS-SRTP and forwarding of RTP on one UDP port, and one TCP port for lines without
//! UDP.
//!
//! The way of a packet: [`socket`] receives a batch, [`demux`] finds its peer, `shard::ingress` opens it and hands it to
//! its [`uptrack`], which keeps it in a [`ring`]; at the end of the batch [`egress`] asks each [`downtrack`] that the
//! [`router`] names for its numbers ([`rewrite`]), seals and sends. One thread ([`io`] around the [`shard`]) does it all, without locks
//! or allocation; [`core`] is the handle that other threads hold.

pub mod bandwidth;
pub mod clock;
pub mod core;
pub mod demux;
pub mod downtrack;
pub mod dtls;
pub mod egress;
pub mod estimate;
pub mod event;
pub mod history;
pub mod ice;
pub mod io;
pub mod keyframe;
pub mod model;
pub mod nack;
pub mod os;
pub mod outlet;
pub mod peer;
pub mod picture;
pub mod rate_limit;
pub mod reception;
pub mod registry;
pub mod rewrite;
pub mod ring;
pub mod router;
pub mod rtcp;
pub mod rtp;
pub mod sequence;
pub mod shard;
pub mod socket;
pub mod srtp;
pub mod stun;
pub mod tcp;
pub mod transport_cc;
pub mod uptrack;
