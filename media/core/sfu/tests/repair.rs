//! Loss, repair, feedback and key-frame requests with real peers.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use sfu::demux::{Class, classify};
use sfu::event::{Event, PeerStatistics};
use sfu::model::Feedback;
use support::*;

const FRAME: Duration = Duration::from_millis(15);

/// Drops every `nth` video packet of the original stream (repetitions on another SSRC pass) and counts them.
fn drop_every(nth: usize, ssrc: u32) -> (Filter, Arc<AtomicUsize>) {
    let dropped = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&dropped);
    let mut seen = 0;
    let filter = move |datagram: &[u8]| {
        let is_media = classify(datagram) == Class::Rtp && datagram[8..12] == ssrc.to_be_bytes();
        seen += usize::from(is_media);
        let drop = is_media && seen % nth == 0;
        count.fetch_add(usize::from(drop), Ordering::Relaxed);
        drop
    };
    (Box::new(filter), dropped)
}

/// Of the second that comes.
fn statistics_of(core: &sfu::core::Core, peers: &mut [&mut TestPeer], id: u32) -> PeerStatistics {
    core.drain_events().for_each(drop);
    let event = await_event(core, peers, Duration::from_secs(3), |event| {
        matches!(event, Event::Statistics(_))
    });
    let Event::Statistics(all) = event else { unreachable!() };
    all.into_iter().find(|peer| peer.peer == id).unwrap()
}

#[test]
fn packets_lost_on_the_way_down_come_again_by_rtx() {
    for payload_type in [VP8, H264] {
        let core = start_core();
        let sources = vec![video_source(1, &[payload_type])];
        let mut publisher = TestPeer::join(&core, 1, Feedback::None, sources, vec![]);
        let mut subscriber = TestPeer::join(&core, 2, Feedback::None, vec![], vec![video_slot(1, &[VP8, H264])]);
        core.assign(vec![(2, 1, Some(1))]).unwrap();
        connect(&mut [&mut publisher, &mut subscriber]);
        let (filter, dropped) = drop_every(10, 500_010);
        subscriber.drop_in = filter;
        for count in 0..60 {
            publisher.send_frame(1, payload_type, count == 0, 5);
            drive(&mut [&mut publisher, &mut subscriber], FRAME);
        }
        publisher.send_frame(1, payload_type, false, 5);
        drive(&mut [&mut publisher, &mut subscriber], Duration::from_millis(400));
        let mut trace = subscriber.trace(1);
        trace.sort_unstable();
        trace.dedup();
        assert!(dropped.load(Ordering::Relaxed) >= 25);
        assert_eq!(trace.len(), 61 * 5, "every packet arrived in the end");
        assert!(counter(&core, "retransmissions") >= 25);
        // Payloads belong to their numbers, repeated or not.
        let offset = trace[0].0.wrapping_sub(trace[0].2);
        assert!(trace.iter().all(|(out, _, sent)| out.wrapping_sub(*sent) == offset));
    }
}

#[test]
fn packets_lost_on_the_way_up_are_asked_for_and_taken_from_rtx() {
    let core = start_core();
    let mut publisher = TestPeer::join(&core, 1, Feedback::Remb, vec![video_source(1, &[VP8])], vec![]);
    let mut subscriber = TestPeer::join(&core, 2, Feedback::None, vec![], vec![video_slot(1, &[VP8])]);
    core.assign(vec![(2, 1, Some(1))]).unwrap();
    connect(&mut [&mut publisher, &mut subscriber]);
    let (filter, dropped) = drop_every(10, 1000);
    publisher.drop_out = filter;
    for count in 0..60 {
        publisher.send_frame(1, VP8, count == 0, 5);
        drive(&mut [&mut publisher, &mut subscriber], FRAME);
    }
    publisher.send_frame(1, VP8, false, 5);
    drive(&mut [&mut publisher, &mut subscriber], Duration::from_millis(500));
    let mut trace = subscriber.trace(1);
    trace.sort_unstable();
    trace.dedup();
    let lost = dropped.load(Ordering::Relaxed) as u64;
    assert!(lost >= 25);
    assert_eq!(trace.len(), 61 * 5);
    assert!(publisher.seen.nacks_in > 0);
    let statistics = statistics_of(&core, &mut [&mut publisher, &mut subscriber], 1);
    let source = &statistics.sources[0];
    assert_eq!((source.lost, source.packets), (0, 305));
    assert!(source.recovered >= lost && source.nacked >= lost);
    assert!(publisher.seen.remb.iter().all(|&bitrate| bitrate <= 2_500_000.0) && !publisher.seen.remb.is_empty());
}

#[test]
fn a_hundred_wishes_for_a_key_frame_become_few_requests() {
    let core = start_core();
    let mut publisher = TestPeer::join(&core, 1, Feedback::None, vec![video_source(1, &[VP8])], vec![]);
    let mut subscribers: Vec<TestPeer> = (0..100)
        .map(|id| {
            TestPeer::join(
                &core,
                10 + id,
                Feedback::None,
                vec![],
                vec![video_slot(100 + id, &[VP8])],
            )
        })
        .collect();
    let mut peers: Vec<&mut TestPeer> = std::iter::once(&mut publisher).chain(&mut subscribers).collect();
    drive_until(&mut peers, Duration::from_secs(60), |peers| {
        peers.iter().all(|peer| peer.seen.connected)
    });
    core.assign((0..100).map(|id| (10 + id, 100 + id, Some(1))).collect())
        .unwrap();
    peers[0].send_frame(1, VP8, true, 2);
    drive(&mut peers, Duration::from_millis(700));
    peers[0].send_frame(1, VP8, true, 2);
    // Two key frames in two seconds are enough.
    drive(&mut peers, Duration::from_millis(2_100));
    let before = peers[0].seen.picture_losses;
    let begin = Instant::now();
    for peer in &mut peers[1..] {
        let slot = peer.id + 90;
        assert_eq!(peer.in_slot(slot).len() % 2, 0);
        peer.ask_for_key_frame(slot);
    }
    drive(&mut peers, Duration::from_millis(300));
    let requests = peers[0].seen.picture_losses - before;
    let most = 1 + begin.elapsed().as_millis() as usize / 200;
    assert!((1..=most).contains(&requests), "{requests} requests, at most {most}");
    peers[0].send_frame(1, VP8, true, 2);
    drive(&mut peers, Duration::from_millis(100));
    assert!(peers[1..].iter().all(|peer| peer.in_slot(peer.id + 90).len() >= 2));
}

#[test]
fn an_unanswered_key_frame_request_is_repeated() {
    let core = start_core();
    let mut publisher = TestPeer::join(&core, 1, Feedback::None, vec![video_source(1, &[VP8])], vec![]);
    let mut subscriber = TestPeer::join(&core, 2, Feedback::None, vec![], vec![video_slot(1, &[VP8])]);
    connect(&mut [&mut publisher, &mut subscriber]);
    publisher.send_frame(1, VP8, false, 2);
    core.assign(vec![(2, 1, Some(1))]).unwrap();
    drive(&mut [&mut publisher, &mut subscriber], Duration::from_millis(900));
    assert!(
        (3..=6).contains(&publisher.seen.picture_losses),
        "{}",
        publisher.seen.picture_losses
    );
    publisher.send_frame(1, VP8, true, 2);
    drive(&mut [&mut publisher, &mut subscriber], FRAME);
    let asked = publisher.seen.picture_losses;
    drive(&mut [&mut publisher, &mut subscriber], Duration::from_millis(600));
    assert_eq!(publisher.seen.picture_losses, asked);
    assert_eq!(subscriber.in_slot(1).len(), 2);
}

#[test]
fn reports_and_feedback_flow() {
    let core = start_core();
    let sources = vec![video_source(1, &[VP8]), audio_source(2)];
    let mut publisher = TestPeer::join(&core, 1, Feedback::TransportCc, sources, vec![audio_slot(9)]);
    let slots = vec![video_slot(1, &[VP8]), audio_slot(2)];
    let mut subscriber = TestPeer::join(&core, 2, Feedback::None, vec![], slots);
    core.assign(vec![(2, 1, Some(1)), (2, 2, Some(2))]).unwrap();
    connect(&mut [&mut publisher, &mut subscriber]);
    let mut last = None;
    for count in 0..260 {
        publisher.send_frame(1, VP8, count == 0, 3);
        publisher.send_frame(2, OPUS, false, 1);
        drive(&mut [&mut publisher, &mut subscriber], FRAME);
        last = core
            .drain_events()
            .filter_map(|event| match event {
                Event::Statistics(peers) if peers.len() == 2 => Some(peers),
                _ => None,
            })
            .last()
            .or(last);
    }
    assert!(
        publisher.seen.transport_feedback_in > 20,
        "{}",
        publisher.seen.transport_feedback_in
    );
    assert!(publisher.seen.remb.is_empty());
    assert!(publisher.seen.receiver_reports >= 2);
    assert!(subscriber.seen.sender_reports >= 4);
    let peers = last.unwrap();
    let find = |id| peers.iter().find(|peer| peer.peer == id).unwrap();
    let (up, down) = (find(1), find(2));
    assert!(up.bitrate_up > 1_000_000 && down.bitrate_down > 1_000_000);
    assert_eq!((up.loss_up, down.loss_down), (0.0, 0.0));
    assert!((40.0..80.0).contains(&up.sources[0].fps), "{}", up.sources[0].fps);
    assert_eq!((up.sources[1].audio_level, up.sources[0].audio_level), (Some(30), None));
    assert!(down.rtt_ms.is_some_and(|rtt| rtt < 200.0), "{:?}", down.rtt_ms);
    assert!(!down.slots[0].waiting_key_frame && down.slots[0].source == Some(1));
    // Both tracks of a publisher are reported on one clock, ours.
    for slot in [1, 2] {
        let report = subscriber.in_slot(slot).last().unwrap().last_sender_info.unwrap();
        let age = SystemTime::now().duration_since(report.ntp_time).unwrap_or_default();
        assert!(age < Duration::from_secs(3), "slot {slot}: {age:?}");
    }
}
