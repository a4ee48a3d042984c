use std::time::{Duration, Instant};

use is::{Candidate, IceAgent, IceCreds, Protocol};

use super::*;
use crate::stun::{IceRole, integrity_key};

fn address(of: &str) -> SocketAddr {
    of.parse().unwrap()
}

struct Pair {
    lite: LiteAgent,
    full: ControllingAgent,
    now: Instant,
}

fn pair() -> Pair {
    let (server, hall) = (Credentials::generate(), Credentials::generate());
    let now = Instant::now();
    Pair {
        lite: LiteAgent::new(server.clone(), hall.clone()),
        full: ControllingAgent::new(hall, server, address("10.0.0.1:7000"), now),
        now,
    }
}

#[test]
fn credentials_have_the_lengths_and_characters_of_rfc_8445() {
    let credentials = Credentials::generate();
    assert_eq!((credentials.ufrag.len(), credentials.password.len()), (8, 24));
    let all = credentials.ufrag + &credentials.password;
    assert!(all.bytes().all(|c| ICE_CHARS.contains(&c)));
    assert_ne!(Credentials::generate(), Credentials::generate());
}

#[test]
fn a_check_is_answered_and_selects_the_address() {
    let Pair {
        mut lite,
        mut full,
        now,
    } = pair();
    let (hall, server) = (address("10.0.0.2:5000"), address("10.0.0.1:7000"));
    let (mut check, mut response) = (Vec::new(), Vec::new());
    assert!(full.poll(now, &mut check));
    assert_eq!(lite.last_heard(), None);
    assert_eq!(
        lite.handle(now, hall.into(), &check, &mut response),
        IceResult::Selected(hall.into())
    );
    assert_eq!(lite.selected(), Some(hall.into()));
    assert_eq!(lite.last_heard(), Some(now));
    assert_eq!(full.handle(now, server, &response, &mut check), CheckResult::Connected);
    // The same response again answers nothing that is open.
    assert_eq!(full.handle(now, server, &response, &mut check), CheckResult::Ignored);

    let later = full.timeout();
    assert!(later >= now + Duration::from_secs(4) && later <= now + Duration::from_secs(6));
    assert!(full.poll(later, &mut check));
    assert_eq!(
        lite.handle(later, hall.into(), &check, &mut response),
        IceResult::Answered
    );
    assert_eq!(
        full.handle(later, server, &response, &mut check),
        CheckResult::Confirmed
    );
    // The hall moves to another network.
    let moved = address("172.16.0.9:40000");
    assert!(full.poll(full.timeout(), &mut check));
    assert_eq!(
        lite.handle(later, moved.into(), &check, &mut response),
        IceResult::Selected(moved.into())
    );
}

#[test]
fn lost_checks_are_sent_again_and_consent_ends() {
    let Pair {
        mut lite,
        mut full,
        now,
    } = pair();
    let (hall, server) = (address("10.0.0.2:5000"), address("10.0.0.1:7000"));
    let (mut check, mut response) = (Vec::new(), Vec::new());
    for _ in 0..4 {
        let due = full.timeout();
        assert!(full.poll(due, &mut check));
        assert!(!full.poll(due, &mut check));
    }
    let due = full.timeout();
    assert!(due - now > Duration::from_millis(1_000) && !full.is_expired(due + CONSENT));
    lite.handle(due, hall.into(), &check, &mut response);
    assert_eq!(full.handle(due, server, &response, &mut check), CheckResult::Connected);
    assert!(!full.is_expired(due + CONSENT - Duration::from_secs(1)));
    assert!(full.is_expired(due + CONSENT + Duration::from_secs(1)));
}

const CONSENT: Duration = Duration::from_secs(30);

#[test]
fn strangers_get_no_answer() {
    let Pair { mut lite, now, .. } = pair();
    let from = address("10.0.0.2:5000");
    let mut out = Vec::new();
    let (server, hall) = (Credentials::generate(), Credentials::generate());
    let mut stranger = ControllingAgent::new(hall, server, address("10.0.0.1:7000"), now);
    let mut check = Vec::new();
    stranger.poll(now, &mut check);
    assert_eq!(lite.handle(now, from.into(), &check, &mut out), IceResult::Ignored);
    assert_eq!((lite.last_heard(), lite.selected()), (None, None));
    assert!(out.is_empty());
}

#[test]
fn right_name_with_wrong_password_gets_no_answer() {
    let (server, hall) = (Credentials::generate(), Credentials::generate());
    let mut lite = LiteAgent::new(server.clone(), hall.clone());
    let now = Instant::now();
    let guessed = Credentials {
        password: "guessed-guessed-guessed-".into(),
        ..server
    };
    let mut full = ControllingAgent::new(hall, guessed, address("10.0.0.1:7000"), now);
    let (mut check, mut out) = (Vec::new(), Vec::new());
    full.poll(now, &mut check);
    assert_eq!(
        lite.handle(now, full.remote().into(), &check, &mut out),
        IceResult::Ignored
    );
}

#[test]
fn a_peer_that_thinks_it_is_controlled_is_told_otherwise() {
    let (server, hall) = (Credentials::generate(), Credentials::generate());
    let mut lite = LiteAgent::new(server.clone(), hall.clone());
    let (mut check, mut out) = (Vec::new(), Vec::new());
    Writer::new(&mut check, Class::Request, &[1; 12])
        .username(&format!("{}:{}", server.ufrag, hall.ufrag))
        .priority(1)
        .role(IceRole::Controlled(5))
        .finish(&integrity_key(&server.password));
    let result = lite.handle(Instant::now(), address("10.0.0.2:5000").into(), &check, &mut out);
    assert_eq!(result, IceResult::Answered);
    assert_eq!(Message::parse(&out).unwrap().error_code, Some(487));
    assert_eq!(lite.last_heard(), None);
}

/// The full agent of the crate `is` (str0m's) as the other side.
#[test]
fn a_full_agent_connects_to_the_lite_one() {
    let (server, hall) = (Credentials::generate(), IceCreds::new());
    let (hall_address, server_address) = (address("10.0.0.2:5000"), address("10.0.0.1:7000"));
    let remote = Credentials {
        ufrag: hall.ufrag.clone(),
        password: hall.pass.clone(),
    };
    let mut lite = LiteAgent::new(server.clone(), remote);
    let mut full = IceAgent::new(hall);
    full.set_controlling(true);
    full.add_local_candidate(Candidate::host(hall_address, "udp").unwrap());
    full.set_remote_credentials(IceCreds {
        ufrag: server.ufrag,
        pass: server.password,
    });
    full.add_remote_candidate(Candidate::host(server_address, "udp").unwrap());

    let mut now = Instant::now();
    let mut response = Vec::new();
    for _ in 0..100 {
        full.handle_timeout(now);
        while let Some(transmit) = full.poll_transmit() {
            let result = lite.handle(now, hall_address.into(), &transmit.contents, &mut response);
            assert_ne!(result, IceResult::Ignored);
            let message = is::stun::StunMessage::parse(&response).unwrap();
            let packet = is::stun::StunPacket {
                proto: Protocol::Udp,
                source: server_address,
                destination: hall_address,
                message,
            };
            assert!(full.handle_packet(now, packet));
        }
        now += Duration::from_millis(50);
    }
    assert!(full.state().is_connected());
    assert_eq!(lite.selected(), Some(hall_address.into()));
}
