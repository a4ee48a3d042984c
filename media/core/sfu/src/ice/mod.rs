//! ICE (RFC 8445) for one component and sans-I/O: a lite agent for the server, and a controlling agent with one pair
//! for load generators and tests.

mod controlling;
mod lite;

use std::net::SocketAddr;

pub use controlling::{CheckResult, ControllingAgent};
pub use lite::{IceResult, LiteAgent};

use crate::stun::{Class, Message, Writer};

/// User fragment and password of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    pub ufrag: String,
    pub password: String,
}

/// ice-char of RFC 8839 section 5.4; 64 of them, so that each takes 6 bits of chance.
const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Credentials {
    /// Fresh and random: 48 bits of user fragment and 144 bits of password (RFC 8445 asks for 24 and 128).
    pub fn generate() -> Self {
        Self {
            ufrag: random_chars(8),
            password: random_chars(24),
        }
    }
}

fn random_chars(len: usize) -> String {
    let chars = random::<32>()
        .into_iter()
        .map(|byte| ICE_CHARS[usize::from(byte & 63)] as char);
    chars.take(len).collect()
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system gives random numbers");
    bytes
}

/// The success response to a verified request.
fn answer(request: &Message<'_>, from: SocketAddr, key: &aws_lc_rs::hmac::Key, out: &mut Vec<u8>) {
    Writer::new(out, Class::Success, &request.transaction)
        .mapped_address(from)
        .finish(key);
}

#[cfg(test)]
mod tests;
