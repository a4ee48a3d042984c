//! Selective forwarding unit.

pub mod clock;
pub mod dtls;
pub mod ice;
pub mod rtcp;
pub mod rtp;
pub mod srtp;
pub mod stun;
