use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;

use super::{Credentials, answer, random};
use crate::stun::{Class, IceRole, Message, Transaction, Writer, integrity_key};

const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_millis(1_600);
/// RFC 7675 section 5.1: consent is asked for every 5 s (here 4 to 6 s, so that many peers spread) and ends after 30 s.
const CONSENT_INTERVAL_MS: u64 = 4_000;
const CONSENT_SPREAD_MS: u64 = 2_000;
const CONSENT_LASTS: Duration = Duration::from_secs(30);
/// Host candidate, local preference 65535, component 1 (RFC 8445 section 5.1.2.1).
const PRIORITY: u32 = (126 << 24) | (65_535 << 8) | 255;
const OUTSTANDING: usize = 8;

/// What came of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckResult {
    Ignored,
    /// A check of the other side (one that is not lite): send `out` back to it.
    Answer,
    /// The first check of ours was answered: the pair is up and nominated.
    Connected,
    /// Another check of ours was answered.
    Confirmed,
}

/// A controlling agent that knows one remote candidate, as an ICE-lite server gives, and nominates it at once.
pub struct ControllingAgent {
    remote: SocketAddr,
    username_out: String,
    username_in: String,
    local_key: hmac::Key,
    remote_key: hmac::Key,
    tie_breaker: u64,
    outstanding: VecDeque<Transaction>,
    next_check: Instant,
    retry: Duration,
    confirmed: Option<Instant>,
}

impl ControllingAgent {
    pub fn new(local: Credentials, remote: Credentials, address: SocketAddr, now: Instant) -> Self {
        Self {
            remote: address,
            username_out: format!("{}:{}", remote.ufrag, local.ufrag),
            username_in: format!("{}:{}", local.ufrag, remote.ufrag),
            local_key: integrity_key(&local.password),
            remote_key: integrity_key(&remote.password),
            tie_breaker: u64::from_ne_bytes(random()),
            outstanding: VecDeque::with_capacity(OUTSTANDING),
            next_check: now,
            retry: FIRST_RETRY,
            confirmed: None,
        }
    }

    /// Writes the next check into `out` if one is due; send it to `remote()`.
    pub fn poll(&mut self, now: Instant, out: &mut Vec<u8>) -> bool {
        if now < self.next_check {
            return false;
        }
        let transaction = random();
        if self.outstanding.len() == OUTSTANDING {
            self.outstanding.pop_front();
        }
        self.outstanding.push_back(transaction);
        Writer::new(out, Class::Request, &transaction)
            .username(&self.username_out)
            .priority(PRIORITY)
            .role(IceRole::Controlling(self.tie_breaker))
            .use_candidate()
            .finish(&self.remote_key);
        self.next_check = now + self.retry;
        self.retry = (self.retry * 2).min(LAST_RETRY);
        true
    }

    pub fn handle(&mut self, now: Instant, from: SocketAddr, packet: &[u8], out: &mut Vec<u8>) -> CheckResult {
        let Some(message) = Message::parse(packet) else {
            return CheckResult::Ignored;
        };
        match message.class {
            Class::Request if message.username == Some(&self.username_in) && message.verify(&self.local_key) => {
                answer(&message, from, &self.local_key, out);
                CheckResult::Answer
            }
            Class::Success if from == self.remote && message.verify(&self.remote_key) => {
                self.succeed(now, &message.transaction)
            }
            _ => CheckResult::Ignored,
        }
    }

    fn succeed(&mut self, now: Instant, transaction: &Transaction) -> CheckResult {
        if !self.outstanding.contains(transaction) {
            return CheckResult::Ignored;
        }
        self.outstanding.clear();
        self.retry = FIRST_RETRY;
        let spread = u64::from(u16::from_ne_bytes(random())) % CONSENT_SPREAD_MS;
        self.next_check = now + Duration::from_millis(CONSENT_INTERVAL_MS + spread);
        match self.confirmed.replace(now) {
            None => CheckResult::Connected,
            Some(_) => CheckResult::Confirmed,
        }
    }

    pub fn remote(&self) -> SocketAddr {
        self.remote
    }

    /// When `poll` wants to be called.
    pub fn timeout(&self) -> Instant {
        self.next_check
    }

    /// Whether a pair that was up has not been confirmed for 30 s.
    pub fn is_expired(&self, now: Instant) -> bool {
        self.confirmed
            .is_some_and(|at| now.saturating_duration_since(at) > CONSENT_LASTS)
    }
}
