use proptest::prelude::*;

use super::*;
use crate::srtp::ReceiveStream;

struct Side {
    dtls: Dtls,
    sent: Vec<Vec<u8>>,
    keys: Option<(SealKeys, OpenKeys, Profile)>,
    is_closed: bool,
}

impl Side {
    fn new(identity: &Identity, role: Role, expected: &str, now: Instant) -> Self {
        Side {
            dtls: Dtls::new(identity, role, expected, now),
            sent: Vec::new(),
            keys: None,
            is_closed: false,
        }
    }

    fn poll(&mut self, now: Instant) -> Result<(), DtlsError> {
        let Side {
            dtls,
            sent,
            keys,
            is_closed,
        } = self;
        dtls.poll(now, &mut |output| match output {
            DtlsOutput::Packet(packet) => sent.push(packet.to_vec()),
            DtlsOutput::Connected { seal, open, profile } => *keys = Some((seal, open, profile)),
            DtlsOutput::Closed => *is_closed = true,
        })
    }

    fn take(&mut self, packets: Vec<Vec<u8>>, now: Instant) -> Result<(), DtlsError> {
        for packet in packets {
            self.dtls.handle(&packet, now)?;
            self.poll(now)?;
        }
        Ok(())
    }
}

fn sides(client_expects: Option<&str>) -> (Side, Side, Instant) {
    let (ours, theirs) = (Identity::generate(), Identity::generate());
    let now = Instant::now();
    let expected = client_expects.unwrap_or(theirs.fingerprint());
    let mut client = Side::new(&ours, Role::Client, expected, now);
    let mut server = Side::new(&theirs, Role::Server, &ours.fingerprint().to_lowercase(), now);
    client.dtls.handle_timeout(now).unwrap();
    server.dtls.handle_timeout(now).unwrap();
    client.poll(now).unwrap();
    server.poll(now).unwrap();
    (client, server, now)
}

/// Carries datagrams to and fro; `loses` says which (counted from 0) are lost.
fn shake(
    client: &mut Side,
    server: &mut Side,
    now: &mut Instant,
    loses: impl Fn(usize) -> bool,
) -> Result<(), DtlsError> {
    let mut count = 0;
    for _ in 0..60 {
        for from_client in [true, false] {
            let (from, to) = if from_client {
                (&mut *client, &mut *server)
            } else {
                (&mut *server, &mut *client)
            };
            let mut packets = std::mem::take(&mut from.sent);
            packets.retain(|_| {
                count += 1;
                !loses(count - 1)
            });
            to.take(packets, *now)?;
        }
        if client.keys.is_some() && server.keys.is_some() {
            return Ok(());
        }
        if client.sent.is_empty() && server.sent.is_empty() {
            *now += Duration::from_millis(250);
            for side in [&mut *client, &mut *server] {
                if side.dtls.timeout().is_some_and(|at| at <= *now) {
                    side.dtls.handle_timeout(*now)?;
                    side.poll(*now)?;
                }
            }
        }
    }
    panic!("no handshake within 15 s");
}

/// What one side seals, the other opens.
fn exchange(from: &Side, to: &Side) {
    let (seal, _, profile) = from.keys.as_ref().unwrap();
    let (_, open, _) = to.keys.as_ref().unwrap();
    let mut packet = vec![0x80, 96, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4, b'x', b'i', b'n'];
    let plain = packet.clone();
    packet.resize(plain.len() + profile.rtp_overhead(), 0);
    seal.seal_rtp(&mut packet, 12, plain.len(), 0);
    let len = open.open_rtp(&mut packet, 12, &mut ReceiveStream::default()).unwrap();
    assert_eq!(packet[..len], plain);
}

#[test]
fn both_sides_get_fitting_keys_and_say_good_bye() {
    let (mut client, mut server, mut now) = sides(None);
    shake(&mut client, &mut server, &mut now, |_| false).unwrap();
    assert_eq!(client.keys.as_ref().unwrap().2, server.keys.as_ref().unwrap().2);
    exchange(&client, &server);
    exchange(&server, &client);

    server.dtls.close();
    server.poll(now).unwrap();
    client.take(std::mem::take(&mut server.sent), now).unwrap();
    assert!(client.is_closed);
}

/// The other side's records may be longer than anything we write.
#[test]
fn a_record_longer_than_our_own_does_no_harm() {
    let (mut client, mut server, mut now) = sides(None);
    let generous = Config::builder().mtu(14_000).use_server_cookie(false).build().unwrap();
    let identity = Identity {
        config: Arc::new(generous),
        ..Identity::generate()
    };
    client.dtls = Dtls::new(&identity, Role::Client, &client.dtls.expected_fingerprint, now);
    server.dtls.expected_fingerprint = identity.fingerprint().to_owned();
    client.sent.clear();
    client.dtls.handle_timeout(now).unwrap();
    client.poll(now).unwrap();
    shake(&mut client, &mut server, &mut now, |_| false).unwrap();
    assert_eq!(client.dtls.inner.send_application_data(&[7; 10_000]).unwrap(), 10_000);
    client.poll(now).unwrap();
    assert!(client.sent.iter().any(|packet| packet.len() > 10_000));
    server.take(std::mem::take(&mut client.sent), now).unwrap();
    assert!(server.dtls.buffer.len() > 9_999);
    exchange(&client, &server);
}

#[test]
fn a_handshake_survives_loss() {
    for lost in [0, 1, 2, 3, 4] {
        let (mut client, mut server, mut now) = sides(None);
        shake(&mut client, &mut server, &mut now, |n| n == lost).unwrap();
        exchange(&client, &server);
    }
}

#[test]
fn a_certificate_of_somebody_else_is_refused() {
    let stranger = Identity::generate();
    let (mut client, mut server, mut now) = sides(Some(stranger.fingerprint()));
    let result = shake(&mut client, &mut server, &mut now, |_| false);
    assert!(matches!(result, Err(DtlsError::WrongFingerprint)));
    assert!(client.keys.is_none());
}

#[test]
fn an_unanswered_client_gives_up() {
    let (mut client, _, start) = sides(None);
    let mut now = start;
    let error = loop {
        now += Duration::from_secs(1);
        match client.dtls.handle_timeout(now) {
            Ok(()) => client.poll(now).unwrap(),
            Err(error) => break error,
        }
        assert!(now - start < Duration::from_secs(120));
    };
    assert!(matches!(error, DtlsError::Failed(_)), "{error}");
}

#[test]
fn fingerprints_are_64_digits_in_pairs() {
    let identity = Identity::generate();
    assert_eq!(identity.fingerprint().len(), 32 * 3 - 1);
    assert!(
        identity
            .fingerprint()
            .split(':')
            .all(|pair| u8::from_str_radix(pair, 16).is_ok())
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever arrives before, between or instead of handshake messages: no panic.
    #[test]
    fn arbitrary_and_mutated_records_never_panic(
        noise in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..4),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let (mut client, mut server, now) = sides(None);
        for mut packet in noise {
            if let Some(first) = packet.first_mut() {
                *first = 20 + *first % 6;
            }
            let _ = server.dtls.handle(&packet, now).and_then(|()| server.poll(now));
        }
        for _ in 0..4 {
            for packet in std::mem::take(&mut client.sent) {
                let mut changed = packet.clone();
                for (at, value) in &changes {
                    let at = at.index(changed.len());
                    changed[at] = *value;
                }
                let _ = server.dtls.handle(&changed, now).and_then(|()| server.poll(now));
                let _ = server.dtls.handle(&packet, now).and_then(|()| server.poll(now));
            }
            for packet in std::mem::take(&mut server.sent) {
                let mut changed = packet.clone();
                for (at, value) in &changes {
                    let at = at.index(changed.len());
                    changed[at] = *value;
                }
                let _ = client.dtls.handle(&changed, now).and_then(|()| client.poll(now));
                let _ = client.dtls.handle(&packet, now).and_then(|()| client.poll(now));
            }
        }
    }
}

/// A datagram with one ClientHello record becomes two, each with half of the message: as browsers send it when a
/// post-quantum key share has made it too long for one (RFC 6347 section 4.2.3).
fn split_hello(record: &[u8]) -> Option<[Vec<u8>; 2]> {
    const HANDSHAKE: u8 = 22;
    const CLIENT_HELLO: u8 = 1;
    if record[0] != HANDSHAKE || record[3..5] != [0, 0] || record[13] != CLIENT_HELLO {
        return None;
    }
    let (message, body) = record[13..].split_at(12);
    let half = body.len() / 2;
    let part = |offset: usize, fragment: &[u8]| {
        let mut bytes = record[..13].to_vec();
        bytes[11..13].copy_from_slice(&(12 + fragment.len() as u16).to_be_bytes());
        bytes.extend_from_slice(&message[..6]);
        bytes.extend_from_slice(&(offset as u32).to_be_bytes()[1..]);
        bytes.extend_from_slice(&(fragment.len() as u32).to_be_bytes()[1..]);
        bytes.extend_from_slice(fragment);
        bytes
    };
    Some([part(0, &body[..half]), part(half, &body[half..])])
}

#[test]
fn a_client_hello_in_fragments_in_any_order_is_understood() {
    for second_first in [false, true] {
        let (mut client, mut server, now) = sides(None);
        let (mut splits, mut sequence) = (0, 0u16);
        for _ in 0..20 {
            for packet in std::mem::take(&mut client.sent) {
                let mut parts = match split_hello(&packet) {
                    Some(parts) => {
                        splits += 1;
                        parts.to_vec()
                    }
                    None => vec![packet],
                };
                if second_first {
                    parts.reverse();
                }
                for part in &mut parts {
                    // Records of epoch 0 are numbered anew: there are more of them now.
                    if part[3..5] == [0, 0] && part.len() == 13 + usize::from(u16::from_be_bytes([part[11], part[12]]))
                    {
                        part[9..11].copy_from_slice(&sequence.to_be_bytes());
                        sequence += 1;
                    }
                }
                server.take(parts, now).unwrap();
            }
            client.take(std::mem::take(&mut server.sent), now).unwrap();
            if client.keys.is_some() && server.keys.is_some() {
                break;
            }
        }
        assert!(splits > 0);
        exchange(&client, &server);
        exchange(&server, &client);
    }
}
