//! One odd, greedy or hostile peer, and all others who must not notice.

mod support;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sfu::core::{AddError, Core, QueueFull};
use sfu::event::{Event, Reason};
use sfu::model::{Feedback, PeerSpec};
use sfu::rtcp;
use socket2::{Domain, Protocol, Socket, Type};
use support::*;

const FRAME: Duration = Duration::from_millis(15);

#[test]
fn a_check_from_anothers_address_takes_it_over_from_nobody() {
    let core = start_core();
    let mut victim = RawPeer::join(&core, 1, Feedback::None, vec![audio_source(1)], vec![]);
    let mut thief = RawPeer::join(&core, 2, Feedback::None, vec![], vec![audio_slot(1)]);
    core.assign(vec![(2, 1, Some(1))]).unwrap();
    connect_all(&mut [&mut victim, &mut thief], &mut []);
    for sequence in 1..=40 {
        // Forged: the thief's credentials, the victim's address.
        victim.send(&thief.check());
        victim.send_rtp(OPUS, SOURCE, sequence, u32::from(sequence) * 960, false, &[0xFC]);
        run(&mut [&mut victim, &mut thief], &mut [], Duration::from_millis(5));
    }
    // No packet of the victim's was lost.
    run_until(
        &mut [&mut victim, &mut thief],
        &mut [],
        Duration::from_secs(5),
        |raws, _| raws[1].packets.len() == 40,
    );
    assert!(counter(&core, "dropped_stun") >= 40);
}

#[test]
fn repair_is_bounded_by_what_leaves() {
    let core = start_core();
    let mut publisher = RawPeer::join(&core, 1, Feedback::None, vec![video_source(1, &[VP8])], vec![]);
    let mut greedy = RawPeer::join(&core, 2, Feedback::None, vec![], vec![video_slot(1, &[VP8])]);
    core.assign(vec![(2, 1, Some(1))]).unwrap();
    connect_all(&mut [&mut publisher, &mut greedy], &mut []);
    let mut sequence = 100u16;
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(3) {
        send_vp8(&publisher, SOURCE, sequence, sequence == 100, 4);
        sequence += 4;
        run(&mut [&mut publisher, &mut greedy], &mut [], Duration::from_millis(20));
        let newest = greedy.packets.iter().rev().find(|packet| packet.0 == SLOT);
        if let Some(&(_, newest, _)) = newest {
            let all: Vec<u16> = (0..512).map(|age| newest.wrapping_sub(511 - age)).collect();
            greedy.send_rtcp(|writer| {
                rtcp::write_receiver_report(writer, 1, &[]);
                rtcp::write_nack(writer, 1, SLOT, &all);
            });
        }
    }
    run(&mut [&mut publisher, &mut greedy], &mut [], SETTLE);
    let of = |ssrc| greedy.packets.iter().filter(|packet| packet.0 == ssrc).count();
    let (first, again) = (of(SLOT), of(SLOT + 1));
    assert!(first > 100 && again > 0);
    // A quarter, and the burst that is granted to a lost key frame.
    assert!(again <= first / 3 + 100, "{again} repetitions of {first} packets");
}

#[test]
fn oversized_reports_are_not_read() {
    let core = start_core();
    let mut publisher = TestPeer::join(&core, 1, Feedback::None, vec![video_source(1, &[VP8])], vec![]);
    let mut odd = RawPeer::join(&core, 2, Feedback::None, vec![], vec![video_slot(1, &[VP8])]);
    core.assign(vec![(2, 1, Some(1))]).unwrap();
    connect_all(&mut [&mut odd], &mut [&mut publisher]);
    odd.send_rtcp(|writer| {
        for _ in 0..200 {
            rtcp::write_pli(writer, 1, SLOT);
        }
    });
    run(&mut [&mut odd], &mut [&mut publisher], SETTLE);
    assert_eq!(counter(&core, "dropped_oversized"), 1);
    odd.send_rtcp(|writer| rtcp::write_pli(writer, 1, SLOT));
    run(&mut [&mut odd], &mut [&mut publisher], SETTLE);
    assert_eq!(counter(&core, "dropped_forged"), 0);
}

#[test]
fn a_source_without_measure_is_held_to_twice_its_rate() {
    let core = Core::start(([127, 0, 0, 1], 0).into(), None, 500_000).unwrap();
    let mut loud = RawPeer::join(&core, 1, Feedback::None, vec![video_source(1, &[VP8])], vec![]);
    let mut watcher = RawPeer::join(&core, 2, Feedback::None, vec![], vec![video_slot(1, &[VP8])]);
    core.assign(vec![(2, 1, Some(1))]).unwrap();
    connect_all(&mut [&mut loud, &mut watcher], &mut []);
    let (begin, mut sequence) = (Instant::now(), 10u16);
    // 2 MB as fast as they go: far more than a second's worth, also where this machine is slow.
    while sequence < 2_000 {
        send_vp8(&loud, SOURCE, sequence, sequence == 10, 10);
        sequence += 10;
        run(&mut [&mut loud, &mut watcher], &mut [], Duration::from_millis(1));
    }
    run(&mut [&mut loud, &mut watcher], &mut [], SETTLE);
    let allowed = 1_000_000.0 / 8.0 * (begin.elapsed().as_secs_f64() + 1.0);
    let received: usize = watcher.packets.iter().map(|packet| packet.2.len()).sum();
    assert!(
        (received as f64) < allowed && received > 100_000,
        "{received} of {allowed}"
    );
    assert!(counter(&core, "dropped_excess") > 500);
}

#[test]
fn a_poisoned_source_costs_its_publisher_and_not_those_who_watch() {
    let core = start_core();
    let mut publisher = TestPeer::join(&core, 1, Feedback::None, vec![video_source(1, &[VP8])], vec![]);
    let mut other = TestPeer::join(&core, 2, Feedback::None, vec![video_source(2, &[VP8])], vec![]);
    let mut watchers: Vec<TestPeer> = (3..6)
        .map(|id| TestPeer::join(&core, id, Feedback::None, vec![], vec![video_slot(id, &[VP8])]))
        .collect();
    core.assign((3..6).map(|id| (id, id, Some(1))).collect()).unwrap();
    let mut peers: Vec<&mut TestPeer> = [&mut publisher, &mut other].into_iter().chain(&mut watchers).collect();
    connect(&mut peers);
    core.inject_source_fault(1);
    drive(&mut peers, SETTLE);
    peers[0].send_frame(1, VP8, true, 2);
    let event = await_event(&core, &mut peers, Duration::from_secs(3), |event| {
        matches!(event, Event::Disconnected { .. })
    });
    let reason = Reason::Fault;
    assert!(matches!(event, Event::Disconnected { peer: 1, reason: found } if found == reason));
    core.assign((3..6).map(|id| (id, id, Some(2))).collect()).unwrap();
    drive(&mut peers[1..], SETTLE);
    peers[1].send_frame(2, VP8, true, 2);
    drive(&mut peers[1..], SETTLE);
    for peer in &peers[2..] {
        assert_eq!(peer.in_slot(peer.id).len(), 2, "all of them see the next hall");
    }
}

#[test]
fn a_dead_core_says_so_and_takes_no_more_commands() {
    let core = start_core();
    core.inject_death();
    let event = await_event(&core, &mut [], Duration::from_secs(3), |_| true);
    assert!(matches!(event, Event::Dead));
    let pushed = (0..100_000).find(|_| core.assign(vec![(1, 1, None)]).is_err());
    assert_eq!(pushed, Some(65_536));
    let spec = || PeerSpec {
        peer: 1,
        local_ufrag: "abcd".into(),
        local_password: "x".repeat(24),
        remote_ufrag: "efgh".into(),
        remote_password: "y".repeat(24),
        fingerprint: vec!["AB"; 32].join(":"),
        dtls_role: sfu::dtls::Role::Server,
        extensions: Default::default(),
        feedback: Feedback::None,
        sources: vec![audio_source(1)],
        slots: vec![],
    };
    for _ in 0..2 {
        let refused = core.add_peer(spec()).unwrap_err();
        assert_eq!(refused, AddError::QueueFull(QueueFull), "its ids are free again");
    }
}

/// Sends `payload` over loopback from UDP port `from`, which may be one that no socket has. False without the right to.
fn send_from(from: u16, to: u16, payload: &[u8]) -> bool {
    let Ok(socket) = Socket::new(Domain::IPV4, Type::from(libc::SOCK_RAW), Some(Protocol::UDP)) else {
        return false;
    };
    let mut datagram = Vec::new();
    // Ports, length, and no checksum (RFC 768).
    for word in [from, to, 8 + payload.len() as u16, 0] {
        datagram.extend_from_slice(&word.to_be_bytes());
    }
    datagram.extend_from_slice(payload);
    let address = SocketAddr::from(([127, 0, 0, 1], to));
    socket.send_to(&datagram, &address.into()).unwrap();
    true
}

#[test]
fn a_peer_that_cannot_be_answered_changes_nothing_for_others() {
    let core = start_core();
    let mut publisher = RawPeer::join(&core, 1, Feedback::None, vec![video_source(1, &[VP8])], vec![]);
    let mut watcher = TestPeer::join(&core, 2, Feedback::None, vec![], vec![video_slot(1, &[VP8])]);
    let odd = RawPeer::join(&core, 3, Feedback::None, vec![], vec![audio_slot(3)]);
    core.assign(vec![(2, 1, Some(1))]).unwrap();
    connect_all(&mut [&mut publisher], &mut [&mut watcher]);
    let before = counter(&core, "dropped_unknown_peer");
    // An authentic check from port 0: an answer to there fails as a card without segmentation does.
    let sent = send_from(0, core.port(), &odd.check());
    run(&mut [&mut publisher], &mut [&mut watcher], SETTLE);
    assert_eq!(counter(&core, "dropped_unknown_peer") - before, u64::from(sent));
    for sequence in (10..170).step_by(16) {
        send_vp8(&publisher, SOURCE, sequence, sequence == 10, 16);
        run(&mut [&mut publisher], &mut [&mut watcher], FRAME);
    }
    let mean_run = counter(&core, "packets_out") as f64 / counter(&core, "send_calls") as f64;
    assert!(mean_run > 2.0, "{mean_run}");
    assert_eq!(counter(&core, "segmentation_off"), 0);
    // Of the second: what failed is counted with the statistics.
    run(&mut [&mut publisher], &mut [&mut watcher], Duration::from_millis(1_100));
    assert_eq!(counter(&core, "dropped_send"), 0, "no answer was tried");
}
