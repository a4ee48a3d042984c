//! Which peer a datagram belongs to, and what it is (RFC 7983).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::outlet::Remote;
use crate::stun;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Stun,
    Dtls,
    Rtp,
    Rtcp,
    Other,
}

/// By the first byte (RFC 7983 section 7); RTP and RTCP by the second (RFC 5761 section 4).
pub fn classify(datagram: &[u8]) -> Class {
    match *datagram {
        [0..=3, ..] if stun::is_stun(datagram) => Class::Stun,
        [20..=63, ..] => Class::Dtls,
        [128..=191, 192..=223, ..] => Class::Rtcp,
        [128..=191, _, ..] => Class::Rtp,
        _ => Class::Other,
    }
}

/// Addresses that one peer may hold: more than interfaces and NATs give it, few enough for whoever makes up addresses.
const MAX_ADDRESSES: usize = 8;
/// An address whose peer was heard from it within this time is not another's, whoever asks: browsers check every 2.5 to
/// 6 s (RFC 7675 section 5.1), and source addresses can be forged.
const HOLD: Duration = Duration::from_secs(15);

/// Peers by the user fragment we gave them, and by the addresses from which they proved to know its password.
#[derive(Default)]
pub struct Demux {
    by_ufrag: HashMap<String, usize>,
    /// Hashed with a secret key: peers choose the addresses.
    by_address: HashMap<Remote, Owner>,
    /// By peer, oldest first.
    addresses: HashMap<usize, Vec<Remote>>,
}

struct Owner {
    peer: usize,
    heard: Instant,
}

impl Demux {
    pub fn add(&mut self, ufrag: &str, peer: usize) {
        self.by_ufrag.insert(ufrag.to_owned(), peer);
    }

    /// Forgets a peer; returns its addresses.
    pub fn remove(&mut self, ufrag: &str, peer: usize) -> Vec<Remote> {
        self.by_ufrag.remove(ufrag);
        let addresses = self.addresses.remove(&peer).unwrap_or_default();
        for address in &addresses {
            self.by_address.remove(address);
        }
        addresses
    }

    /// Whether `address` is another's that was heard from it lately.
    pub fn is_held_from(&self, peer: usize, address: &Remote, now: Instant) -> bool {
        self.by_address
            .get(address)
            .is_some_and(|owner| owner.peer != peer && now.saturating_duration_since(owner.heard) < HOLD)
    }

    /// An authenticated check of `peer` came from `address`, which is not held from it. Past [`MAX_ADDRESSES`] its oldest
    /// one is given up, but not the `selected` one.
    pub fn learn(&mut self, address: Remote, peer: usize, selected: Option<Remote>, now: Instant) {
        let owner = Owner { peer, heard: now };
        match self.by_address.insert(address, owner) {
            Some(before) if before.peer == peer => return,
            Some(before) => {
                if let Some(addresses) = self.addresses.get_mut(&before.peer) {
                    addresses.retain(|other| *other != address);
                }
            }
            None => {}
        }
        let addresses = self.addresses.entry(peer).or_default();
        if addresses.len() >= MAX_ADDRESSES
            && let Some(oldest) = addresses.iter().position(|other| Some(*other) != selected)
        {
            self.by_address.remove(&addresses.remove(oldest));
        }
        addresses.push(address);
    }

    pub fn by_address(&self, address: &Remote) -> Option<usize> {
        self.by_address.get(address).map(|owner| owner.peer)
    }

    /// For a STUN request: the ufrag says whom it is for, whatever address it comes from.
    pub fn by_request(&self, datagram: &[u8]) -> Option<usize> {
        self.by_ufrag.get(stun::ufrag_of_request(datagram)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn classes_of_first_bytes() {
        let stun = [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(classify(&stun), Class::Stun);
        assert_eq!(classify(&stun[..19]), Class::Other);
        assert_eq!(classify(&[22, 254, 253]), Class::Dtls);
        assert_eq!(classify(&[0x80, 96]), Class::Rtp);
        assert_eq!(classify(&[0x90, 0xE0]), Class::Rtp);
        assert_eq!(classify(&[0x81, 201]), Class::Rtcp);
        assert_eq!(classify(&[64, 0]), Class::Other);
        assert_eq!(classify(&[0x80]), Class::Other);
        assert_eq!(classify(&[]), Class::Other);
    }

    fn address(port: u16) -> Remote {
        SocketAddr::from(([127, 0, 0, 1], port)).into()
    }

    #[test]
    fn a_removed_peer_leaves_no_address() {
        let (mut demux, now) = (Demux::default(), Instant::now());
        demux.add("a", 1);
        demux.learn(address(1), 1, None, now);
        demux.learn(address(2), 1, None, now);
        demux.learn(address(3), 2, None, now);
        demux.learn(address(2), 2, None, now + HOLD);
        demux.remove("a", 1);
        let found: Vec<_> = (1..4).map(|port| demux.by_address(&address(port))).collect();
        assert_eq!(found, [None, Some(2), Some(2)]);
    }

    #[test]
    fn an_address_in_use_is_not_given_away() {
        let (mut demux, start) = (Demux::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        demux.learn(address(1), 1, None, start);
        assert!(!demux.is_held_from(1, &address(1), start) && !demux.is_held_from(2, &address(9), start));
        assert!(demux.is_held_from(2, &address(1), at(14)));
        demux.learn(address(1), 1, None, at(14));
        assert!(demux.is_held_from(2, &address(1), at(28)));
        assert!(
            !demux.is_held_from(2, &address(1), at(29)),
            "its peer has fallen silent"
        );
    }

    #[test]
    fn a_peer_holds_few_addresses_and_always_the_selected_one() {
        let (mut demux, now) = (Demux::default(), Instant::now());
        for port in 1..1_000 {
            demux.learn(address(port), 1, Some(address(1)), now);
        }
        let held: Vec<u16> = (1..1_000)
            .filter(|&port| demux.by_address(&address(port)).is_some())
            .collect();
        assert_eq!(held, [1, 993, 994, 995, 996, 997, 998, 999]);
        assert_eq!(demux.by_address.len(), MAX_ADDRESSES);
    }

    proptest! {
        #[test]
        fn any_datagram_is_classified_and_sought(datagram in proptest::collection::vec(any::<u8>(), 0..120)) {
            if classify(&datagram) == Class::Stun {
                prop_assert_eq!(Demux::default().by_request(&datagram), None);
            }
        }
    }
}
