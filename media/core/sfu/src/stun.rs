//! STUN messages as ICE needs them (RFC 8489, RFC 8445 section 7).

/// Whether a datagram's first bytes look like STUN (RFC 7983: first byte 0 to 3, magic cookie).
pub fn is_stun(packet: &[u8]) -> bool {
    packet.len() >= 20 && packet[0] < 4 && packet[4..8] == [0x21, 0x12, 0xA4, 0x42]
}

/// The receiver's half of USERNAME ("receiver:sender") of a binding request, before any check of integrity.
pub fn ufrag_of_request(_packet: &[u8]) -> Option<&str> {
    unimplemented!()
}
