use std::time::Instant;

use aws_lc_rs::hmac;

use super::{Credentials, answer};
use crate::outlet::Remote;
use crate::stun::{Class, IceRole, Message, Writer, integrity_key};

/// What came of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IceResult {
    /// Not an authentic check for this agent: drop it.
    Ignored,
    /// Send `out` to where the check came from.
    Answered,
    /// The same, and media goes to this address from now on.
    Selected(Remote),
}

/// ICE-lite (RFC 8445 section 2.5): always controlled, sends no checks, answers those of the other side and follows
/// its nominations. The checks it hears are also its consent to send (RFC 7675).
pub struct LiteAgent {
    key: hmac::Key,
    username: String,
    selected: Option<Remote>,
    last_heard: Option<Instant>,
}

impl LiteAgent {
    pub fn new(local: Credentials, remote: Credentials) -> Self {
        Self {
            key: integrity_key(&local.password),
            username: format!("{}:{}", local.ufrag, remote.ufrag),
            selected: None,
            last_heard: None,
        }
    }

    /// Takes a datagram that `stun::is_stun`; on `Answered` and `Selected` the response stands in `out`.
    ///
    /// Requests without right USERNAME, MESSAGE-INTEGRITY and FINGERPRINT are ignored without an answer.
    pub fn handle(&mut self, now: Instant, from: Remote, packet: &[u8], out: &mut Vec<u8>) -> IceResult {
        let Some(request) = Message::parse(packet).filter(|message| self.is_authentic(message)) else {
            return IceResult::Ignored;
        };
        if matches!(request.role, Some(IceRole::Controlled(_))) {
            Writer::new(out, Class::Error, &request.transaction)
                .error(487, "Role Conflict")
                .finish(&self.key);
            return IceResult::Answered;
        }
        self.last_heard = Some(now);
        answer(&request, from.address, &self.key, out);
        if request.use_candidate && self.selected != Some(from) {
            self.selected = Some(from);
            return IceResult::Selected(from);
        }
        IceResult::Answered
    }

    fn is_authentic(&self, message: &Message<'_>) -> bool {
        message.class == Class::Request
            && message.has_fingerprint
            && message.username == Some(&self.username)
            && message.verify(&self.key)
    }

    /// Where media goes.
    pub fn selected(&self) -> Option<Remote> {
        self.selected
    }

    /// When the last authentic check came. None of them for 30 s means that consent to send has ended.
    pub fn last_heard(&self) -> Option<Instant> {
        self.last_heard
    }
}
