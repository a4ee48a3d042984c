//! Real WebRTC peers over loopback UDP against a running core.
#![allow(dead_code, unused_imports)] // each test file uses a part

mod driving;
mod line;
mod network;
mod peer;
mod raw;
mod raw_driving;
mod replay;
mod specs;

pub use driving::*;
pub use line::*;
pub use network::*;
pub use peer::*;
pub use raw::*;
pub use raw_driving::*;
pub use replay::whole_run;
pub use specs::*;
