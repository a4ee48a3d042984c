//! Which peer a datagram belongs to, and what it is (RFC 7983).

use std::collections::HashMap;
use std::net::SocketAddr;

use crate::hash::FastMap;
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

/// Peers by the user fragment we gave them, and by the addresses from which they proved to know its password.
#[derive(Default)]
pub struct Demux {
    by_ufrag: HashMap<String, usize>,
    by_address: FastMap<SocketAddr, usize>,
}

impl Demux {
    pub fn add(&mut self, ufrag: &str, peer: usize) {
        self.by_ufrag.insert(ufrag.to_owned(), peer);
    }

    /// Forgets a peer and its addresses.
    pub fn remove(&mut self, ufrag: &str, peer: usize) {
        self.by_ufrag.remove(ufrag);
        self.by_address.retain(|_, other| *other != peer);
    }

    /// An authenticated check of `peer` came from `address`.
    pub fn learn(&mut self, address: SocketAddr, peer: usize) {
        self.by_address.insert(address, peer);
    }

    pub fn by_address(&self, address: &SocketAddr) -> Option<usize> {
        self.by_address.get(address).copied()
    }

    /// For a STUN request: the ufrag says whom it is for, whatever address it comes from.
    pub fn by_request(&self, datagram: &[u8]) -> Option<usize> {
        self.by_ufrag.get(stun::ufrag_of_request(datagram)?).copied()
    }
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn a_removed_peer_leaves_no_address() {
        let mut demux = Demux::default();
        let addresses: Vec<SocketAddr> = (1..4).map(|port| ([127, 0, 0, 1], port).into()).collect();
        demux.add("a", 1);
        demux.learn(addresses[0], 1);
        demux.learn(addresses[1], 1);
        demux.learn(addresses[2], 2);
        demux.learn(addresses[1], 2);
        demux.remove("a", 1);
        let found: Vec<_> = addresses.iter().map(|address| demux.by_address(address)).collect();
        assert_eq!(found, [None, Some(2), Some(2)]);
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
