use proptest::prelude::*;

use super::*;

/// RFC 5769 sections 2.1 to 2.3; its password.
const PASSWORD: &str = "VOkJxbRl1RmTxUk/WvJxBt";
const REQUEST: &str = concat!(
    "000100582112a442b7e7a701bc34d686fa87dfae",
    "802200105354554e207465737420636c69656e74",
    "002400046e0001ff",
    "80290008932ff9b151263b36",
    "000600096576746a3a68367659202020",
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2",
    "80280004e57a3bcf"
);
const RESPONSE_V4: &str = concat!(
    "0101003c2112a442b7e7a701bc34d686fa87dfae",
    "8022000b7465737420766563746f7220",
    "002000080001a147e112a643",
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7",
    "80280004c07d4c96"
);
const RESPONSE_V6: &str = concat!(
    "010100482112a442b7e7a701bc34d686fa87dfae",
    "8022000b7465737420766563746f7220",
    "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9",
    "00080014a382954e4be67bf11784c97c8292c275bfe3ed41",
    "80280004c8fb0b4c"
);

fn bytes(hex: &str) -> Vec<u8> {
    let value = |digit: u8| (digit as char).to_digit(16).unwrap() as u8;
    let pairs = hex.as_bytes().chunks(2);
    pairs.map(|pair| value(pair[0]) << 4 | value(pair[1])).collect()
}

#[test]
fn rfc_5769_request() {
    let packet = bytes(REQUEST);
    let message = Message::parse(&packet).unwrap();
    assert_eq!(message.class, Class::Request);
    assert_eq!(message.username, Some("evtj:h6vY"));
    assert_eq!(message.priority, Some(0x6e00_01ff));
    assert_eq!(message.role, Some(IceRole::Controlled(0x932f_f9b1_5126_3b36)));
    assert!(message.has_fingerprint && !message.use_candidate);
    assert!(message.verify(&integrity_key(PASSWORD)));
    assert!(!message.verify(&integrity_key("another")));
    assert_eq!(ufrag_of_request(&packet), Some("evtj"));
}

#[test]
fn rfc_5769_responses() {
    for (packet, address) in [
        (RESPONSE_V4, "192.0.2.1:32853"),
        (RESPONSE_V6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853"),
    ] {
        let packet = bytes(packet);
        let message = Message::parse(&packet).unwrap();
        assert_eq!(message.class, Class::Success);
        assert_eq!(message.mapped_address, Some(address.parse().unwrap()));
        assert!(message.has_fingerprint);
        assert!(message.verify(&integrity_key(PASSWORD)));
        assert_eq!(ufrag_of_request(&packet), None);
    }
}

#[test]
fn written_messages_are_read_back() {
    let key = integrity_key("a password of twenty-four");
    let mut out = Vec::new();
    Writer::new(&mut out, Class::Request, &[7; 12])
        .username("srv1:hall")
        .priority(1_853_817_087)
        .role(IceRole::Controlling(42))
        .use_candidate()
        .finish(&key);
    let message = Message::parse(&out).unwrap();
    assert!(message.verify(&key) && message.has_fingerprint && message.use_candidate);
    assert_eq!(message.username, Some("srv1:hall"));
    assert_eq!(message.priority, Some(1_853_817_087));
    assert_eq!(message.role, Some(IceRole::Controlling(42)));

    for address in ["10.20.30.40:50000", "[fd00::17]:7000"] {
        let address = address.parse().unwrap();
        Writer::new(&mut out, Class::Success, &[9; 12])
            .mapped_address(address)
            .finish(&key);
        let message = Message::parse(&out).unwrap();
        assert_eq!(message.mapped_address, Some(address));
        assert_eq!(message.transaction, [9; 12]);
    }

    Writer::new(&mut out, Class::Error, &[9; 12])
        .error(487, "Role Conflict")
        .finish(&key);
    assert_eq!(Message::parse(&out).unwrap().error_code, Some(487));
}

#[test]
fn an_ipv4_address_in_ipv6_form_is_told_as_ipv4() {
    let mut out = Vec::new();
    Writer::new(&mut out, Class::Success, &[9; 12])
        .mapped_address("[::ffff:10.0.0.1]:5000".parse().unwrap())
        .finish(&integrity_key("x"));
    let message = Message::parse(&out).unwrap();
    assert_eq!(message.mapped_address, Some("10.0.0.1:5000".parse().unwrap()));
}

#[test]
fn every_changed_bit_is_noticed() {
    let packet = bytes(REQUEST);
    let key = integrity_key(PASSWORD);
    for bit in 0..packet.len() * 8 {
        let mut changed = packet.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let accepted = Message::parse(&changed).is_some_and(|m| m.has_fingerprint && m.verify(&key));
        assert!(!accepted, "bit {bit}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(data in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Message::parse(&data);
        let _ = ufrag_of_request(&data);
    }

    #[test]
    fn mutated_messages_never_panic(
        which in 0usize..3, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8), cut: u8,
    ) {
        let mut packet = bytes([REQUEST, RESPONSE_V4, RESPONSE_V6][which]);
        for (at, value) in changes {
            let at = at.index(packet.len());
            // Keep the cookie, so that the attributes are reached.
            if !(4..8).contains(&at) {
                packet[at] = value;
            }
        }
        packet.truncate(packet.len() - usize::from(cut % 9));
        if let Some(message) = Message::parse(&packet) {
            let _ = message.verify(&integrity_key(PASSWORD));
        }
    }
}
