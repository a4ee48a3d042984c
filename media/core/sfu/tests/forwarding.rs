//! Publisher, core, subscriber: real ICE, DTLS and SRTP over loopback.

mod support;

use std::time::Duration;

use sfu::demux::{Class, classify};
use sfu::event::{Event, Reason};
use sfu::model::Feedback;
use support::*;

const FRAME: Duration = Duration::from_millis(15);

fn is_rising(trace: &[(u64, u32, u64)]) -> bool {
    trace.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1)
}

#[test]
fn audio_and_video_reach_the_assigned_slots_and_no_others() {
    let core = start_core();
    let mut publisher = TestPeer::join(
        &core,
        1,
        Feedback::None,
        vec![
            audio_source(1),
            video_source(2, &[VP8, H264]),
            video_source(3, &[VP8, H264]),
        ],
        vec![],
    );
    let slots = vec![
        audio_slot(1),
        video_slot(2, &[VP8, H264]),
        video_slot(3, &[H264, VP8]),
        video_slot(4, &[VP8]),
    ];
    let mut subscriber = TestPeer::join(&core, 2, Feedback::None, vec![], slots);
    core.assign(vec![(2, 2, Some(2)), (2, 3, Some(3)), (2, 4, Some(3))])
        .unwrap();
    connect(&mut [&mut publisher, &mut subscriber]);
    for count in 0..40 {
        publisher.send_frame(1, OPUS, false, 1);
        publisher.send_frame(2, VP8, count % 10 == 5, 3);
        publisher.send_frame(3, H264, count % 10 == 7, 2);
        drive(&mut [&mut publisher, &mut subscriber], FRAME);
    }
    drive(&mut [&mut publisher, &mut subscriber], SETTLE);
    assert!(subscriber.in_slot(1).is_empty(), "audio without a slot goes nowhere");
    assert!(
        subscriber.in_slot(4).is_empty(),
        "the slot has no codec of the source's"
    );
    let (vp8, h264) = (subscriber.trace(2), subscriber.trace(3));
    assert_eq!(
        (vp8.len(), h264.len()),
        (35 * 3, 33 * 2),
        "all from the first key frame on"
    );
    assert!(is_rising(&vp8) && is_rising(&h264));
    assert!(vp8.iter().all(|packet| packet.1 == 2) && h264.iter().all(|packet| packet.1 == 3));
    assert!(
        subscriber
            .in_slot(3)
            .iter()
            .all(|packet| *packet.header.payload_type == H264)
    );

    core.assign(vec![(2, 1, Some(1))]).unwrap();
    for _ in 0..2 {
        drive(&mut [&mut publisher, &mut subscriber], SETTLE);
        publisher.send_frame(1, OPUS, false, 1);
    }
    drive(&mut [&mut publisher, &mut subscriber], SETTLE);
    let audio = subscriber.in_slot(1);
    assert_eq!(audio.len(), 2);
    assert!(audio[0].header.marker && !audio[1].header.marker, "a talkspurt begins");
    assert_eq!(audio[0].header.ext_vals.audio_level, Some(-30));
    assert_eq!(audio[0].header.ext_vals.mid, Some("t1".into()));

    let event = await_event(
        &core,
        &mut [&mut publisher, &mut subscriber],
        Duration::from_secs(3),
        |event| matches!(event, Event::Statistics(peers) if peers.len() == 2),
    );
    let Event::Statistics(peers) = event else {
        unreachable!()
    };
    let slots = &peers.iter().find(|peer| peer.peer == 2).unwrap().slots;
    assert!(slots[3].no_codec && !slots[2].no_codec);
}

#[test]
fn switching_sources_back_and_forth_keeps_one_continuous_stream() {
    for payload_type in [VP8, H264] {
        let core = start_core();
        let sources = |id| vec![video_source(id, &[payload_type])];
        let mut one = TestPeer::join(&core, 1, Feedback::None, sources(1), vec![]);
        let mut two = TestPeer::join(&core, 2, Feedback::None, sources(2), vec![]);
        let slots = vec![video_slot(1, &[VP8, H264])];
        let mut subscriber = TestPeer::join(&core, 3, Feedback::None, vec![], slots);
        connect(&mut [&mut one, &mut two, &mut subscriber]);
        for (turn, source) in [1, 2, 1, 2, 2, 1].into_iter().enumerate() {
            let again = turn == 4;
            let asked = |peers: &[&mut TestPeer]| peers[source as usize - 1].seen.picture_losses;
            let mut peers = [&mut one, &mut two, &mut subscriber];
            let before = asked(&peers);
            core.assign(vec![(3, 1, Some(source))]).unwrap();
            // The request shows that the assignment is applied.
            drive_until(&mut peers, Duration::from_secs(5), |peers| {
                again || asked(peers) > before
            });
            let seen = peers[2].in_slot(1).len();
            for count in 0..12 {
                peers[0].send_frame(1, payload_type, count == 4, 3);
                peers[1].send_frame(2, payload_type, count == 6, 3);
                drive(&mut peers, FRAME);
            }
            let expected = if again { 12 } else { [8, 6][source as usize - 1] };
            drive_until(&mut peers, Duration::from_secs(5), |peers| {
                peers[2].in_slot(1).len() >= seen + 3 * expected
            });
            drive(&mut peers, FRAME);
            let trace = peers[2].trace(1);
            assert!(
                trace[seen..].iter().all(|packet| packet.1 == source),
                "turn {turn}: nothing of another source"
            );
            assert_eq!(trace.len() - seen, 3 * expected, "turn {turn}: from the key frame on");
        }
        let packets = subscriber.in_slot(1);
        assert!(is_rising(&subscriber.trace(1)));
        if payload_type == VP8 {
            let picture = |at: usize| u16::from_be_bytes([packets[at].payload[2] & 0x7F, packets[at].payload[3]]);
            for at in 1..packets.len() {
                let same = packets[at].header.timestamp == packets[at - 1].header.timestamp;
                let step = picture(at).wrapping_sub(picture(at - 1)) & 0x7FFF;
                assert_eq!(step, u16::from(!same), "picture ids rise by one for each picture");
            }
        }
        assert!(
            one.seen.picture_losses > 0 && two.seen.picture_losses > 0,
            "asked at each switch"
        );
    }
}

#[test]
fn a_source_that_restarts_with_another_ssrc_goes_on_in_the_same_slot() {
    let core = start_core();
    let mut publisher = TestPeer::join(&core, 1, Feedback::None, vec![video_source(1, &[VP8])], vec![]);
    let mut subscriber = TestPeer::join(&core, 2, Feedback::None, vec![], vec![video_slot(1, &[VP8])]);
    core.assign(vec![(2, 1, Some(1))]).unwrap();
    connect(&mut [&mut publisher, &mut subscriber]);
    for count in 0..5 {
        publisher.send_frame(1, VP8, count == 0, 3);
        drive(&mut [&mut publisher, &mut subscriber], FRAME);
    }
    drive(&mut [&mut publisher, &mut subscriber], Duration::from_millis(250));
    publisher.restart_source(1, 777_000);
    let before = publisher.seen.picture_losses;
    for count in 0..12 {
        publisher.send_frame(1, VP8, count == 8, 3);
        drive(&mut [&mut publisher, &mut subscriber], FRAME);
    }
    drive(&mut [&mut publisher, &mut subscriber], SETTLE);
    let trace = subscriber.trace(1);
    assert!(is_rising(&trace));
    assert_eq!(trace.len(), 15 + 12);
    assert!(publisher.seen.picture_losses > before);
}

#[test]
fn an_ssrc_that_signalling_did_not_name_is_learned_from_its_mid() {
    let core = start_core();
    let unnamed = |id| sfu::model::SourceSpec {
        ssrc: None,
        rtx_ssrc: None,
        ..video_source(id, &[VP8])
    };
    let mut publisher = TestPeer::join(&core, 1, Feedback::None, vec![unnamed(1), unnamed(2)], vec![]);
    let slots = vec![video_slot(1, &[VP8]), video_slot(2, &[VP8])];
    let mut subscriber = TestPeer::join(&core, 2, Feedback::None, vec![], slots);
    core.assign(vec![(2, 1, Some(2)), (2, 2, Some(1))]).unwrap();
    connect(&mut [&mut publisher, &mut subscriber]);
    for _ in 0..5 {
        publisher.send_frame(1, VP8, true, 2);
        publisher.send_frame(2, VP8, true, 2);
        drive(&mut [&mut publisher, &mut subscriber], FRAME);
    }
    drive(&mut [&mut publisher, &mut subscriber], SETTLE);
    let (one, two) = (subscriber.trace(1), subscriber.trace(2));
    assert_eq!((one.len(), two.len()), (10, 10));
    assert!(one.iter().all(|packet| packet.1 == 2) && two.iter().all(|packet| packet.1 == 1));
    assert_eq!(counter(&core, "dropped_unknown_ssrc"), 0);
}

#[test]
fn a_peer_that_moves_to_another_port_goes_on() {
    let core = start_core();
    let mut publisher = TestPeer::join(&core, 1, Feedback::None, vec![audio_source(1)], vec![]);
    let mut subscriber = TestPeer::join(&core, 2, Feedback::None, vec![], vec![audio_slot(1)]);
    core.assign(vec![(2, 1, Some(1))]).unwrap();
    connect(&mut [&mut publisher, &mut subscriber]);
    publisher.send_frame(1, OPUS, false, 1);
    drive(&mut [&mut publisher, &mut subscriber], SETTLE);
    assert_eq!(subscriber.in_slot(1).len(), 1);
    subscriber.change_port();
    // The next consent check carries the new address.
    drive_until(
        &mut [&mut publisher, &mut subscriber],
        Duration::from_secs(12),
        |peers| {
            peers[0].send_frame(1, OPUS, false, 1);
            std::thread::sleep(Duration::from_millis(10));
            peers[1].in_slot(1).len() > 5
        },
    );
}

#[test]
fn a_peer_whose_code_panics_dies_alone() {
    let core = start_core();
    let mut publisher = TestPeer::join(&core, 1, Feedback::None, vec![video_source(1, &[VP8])], vec![]);
    let slot = |id| vec![video_slot(id, &[VP8])];
    let mut bad = TestPeer::join(&core, 2, Feedback::None, vec![], slot(1));
    let mut good = TestPeer::join(&core, 3, Feedback::None, vec![], slot(2));
    core.assign(vec![(2, 1, Some(1)), (3, 2, Some(1))]).unwrap();
    connect(&mut [&mut publisher, &mut bad, &mut good]);
    publisher.send_frame(1, VP8, true, 3);
    drive(&mut [&mut publisher, &mut bad, &mut good], SETTLE);
    assert_eq!((bad.in_slot(1).len(), good.in_slot(2).len()), (3, 3));
    core.inject_fault(2);
    for _ in 0..5 {
        drive(&mut [&mut publisher, &mut bad, &mut good], FRAME);
        publisher.send_frame(1, VP8, false, 3);
    }
    let event = await_event(
        &core,
        &mut [&mut publisher, &mut good],
        Duration::from_secs(2),
        |event| matches!(event, Event::Disconnected { .. }),
    );
    assert!(matches!(
        event,
        Event::Disconnected {
            peer: 2,
            reason: Reason::Fault
        }
    ));
    drive(&mut [&mut publisher, &mut good], SETTLE);
    assert_eq!(bad.in_slot(1).len(), 3);
    assert!(
        good.in_slot(2).len() >= 3 + 4 * 3,
        "the others miss at most the batch in which it happened"
    );
    assert_eq!(counter(&core, "faults"), 1);
}

#[test]
fn removed_peers_say_good_bye_and_empty_the_slots() {
    let core = start_core();
    let mut publisher = TestPeer::join(&core, 1, Feedback::None, vec![audio_source(1)], vec![]);
    let mut subscriber = TestPeer::join(&core, 2, Feedback::None, vec![], vec![audio_slot(1)]);
    core.assign(vec![(2, 1, Some(1))]).unwrap();
    connect(&mut [&mut publisher, &mut subscriber]);
    core.remove_peer(1).unwrap();
    let event = await_event(
        &core,
        &mut [&mut subscriber],
        Duration::from_secs(3),
        |event| matches!(event, Event::Statistics(peers) if peers.len() == 1),
    );
    let Event::Statistics(peers) = event else {
        unreachable!()
    };
    assert_eq!((peers[0].peer, peers[0].slots[0].source), (2, None));
    drive_until(&mut [&mut publisher], Duration::from_secs(3), |peers| {
        !peers[0].rtc.is_alive()
    });
    // The same ids may be used again at once.
    let mut again = TestPeer::join(&core, 1, Feedback::None, vec![audio_source(1)], vec![]);
    core.assign(vec![(2, 1, Some(1))]).unwrap();
    connect(&mut [&mut again, &mut subscriber]);
    again.send_frame(1, OPUS, false, 1);
    drive(&mut [&mut again, &mut subscriber], SETTLE);
    assert_eq!(subscriber.in_slot(1).len(), 1);
}

#[test]
fn a_core_sleeps_while_nothing_is_due() {
    let core = start_core();
    let sources = vec![video_source(1, &[VP8]), audio_source(2)];
    let mut publisher = TestPeer::join(&core, 1, Feedback::TransportCc, sources, vec![]);
    let slots = vec![video_slot(1, &[VP8]), audio_slot(2)];
    let mut subscriber = TestPeer::join(&core, 2, Feedback::None, vec![], slots);
    core.assign(vec![(2, 1, Some(1)), (2, 2, Some(2))]).unwrap();
    connect(&mut [&mut publisher, &mut subscriber]);
    for _ in 0..2 {
        publisher.send_frame(1, VP8, true, 3);
        publisher.send_frame(2, OPUS, false, 1);
        drive(&mut [&mut publisher, &mut subscriber], SETTLE);
    }
    let (before, heard) = (counter(&core, "turns"), counter(&core, "packets_in"));
    drive(&mut [&mut publisher, &mut subscriber], Duration::from_secs(2));
    let (turns, packets) = (counter(&core, "turns") - before, counter(&core, "packets_in") - heard);
    // One for each packet that comes, one soon after, and the statistics; a look every 10 ms would be 200.
    assert!(
        turns <= 2 * packets + 10 && turns < 150,
        "{turns} with {packets} packets"
    );
    // And wakes for what is due soon: the second packet of a frame is lost and asked for again.
    let mut media = 0;
    publisher.drop_out = Box::new(move |datagram| {
        let is_media = classify(datagram) == Class::Rtp;
        media += usize::from(is_media);
        is_media && media == 2
    });
    let asked = publisher.seen.nacks_in;
    publisher.send_frame(1, VP8, false, 3);
    drive_until(&mut [&mut publisher, &mut subscriber], SETTLE, |peers| {
        peers[0].seen.nacks_in > asked
    });
}
