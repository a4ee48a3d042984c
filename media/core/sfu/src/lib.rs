//! Selective forwarding unit.

pub mod dtls;
pub mod ice;
pub mod srtp;
pub mod stun;
