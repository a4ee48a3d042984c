//! Loss, repair, reports and feedback with real peers.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use sfu::demux::{Class, classify};
use sfu::event::{Event, PeerStatistics};
use sfu::model::Feedback;
use sfu::rtcp::{self, Compound, ReportBlock, Rtcp};
use sfu::rtp::{ExtensionBlock, Fields};
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

#[test]
fn publishers_hear_of_the_worst_listeners_loss() {
    let core = start_core();
    let mut publisher = RawPeer::join(&core, 1, Feedback::None, vec![audio_source(1)], vec![]);
    let mut listener = RawPeer::join(&core, 2, Feedback::None, vec![], vec![audio_slot(1)]);
    core.assign(vec![(2, 1, Some(1))]).unwrap();
    connect_all(&mut [&mut publisher, &mut listener], &mut []);
    let told = |publisher: &RawPeer| {
        let mut worst = 0;
        for bytes in &publisher.reports {
            for report in Compound::new(bytes) {
                if let Rtcp::ReceiverReport { blocks } = report {
                    worst = blocks.map(|block| block.fraction_lost).fold(worst, u8::max);
                }
            }
        }
        worst
    };
    let mut sequence = 0;
    run_until(
        &mut [&mut publisher, &mut listener],
        &mut [],
        Duration::from_secs(5),
        |raws, _| {
            sequence += 1;
            raws[0].send_rtp(OPUS, SOURCE, sequence, u32::from(sequence) * 960, false, &[0xFC]);
            let block = ReportBlock {
                ssrc: SLOT,
                fraction_lost: 26,
                ..ReportBlock::default()
            };
            raws[1].send_rtcp(|writer| rtcp::write_receiver_report(writer, 1, &[block]));
            std::thread::sleep(Duration::from_millis(10));
            told(raws[0]) > 0
        },
    );
    assert_eq!(told(&publisher), 26);
}

#[test]
fn reports_are_whole_and_fit_the_line() {
    let core = start_core();
    let sources = vec![video_source(1, &[VP8]), video_source(2, &[VP8])];
    let mut publisher = RawPeer::join(&core, 1, Feedback::None, sources, vec![]);
    let slots = vec![video_slot(1, &[VP8]), video_slot(2, &[VP8])];
    let mut watcher = TestPeer::join(&core, 2, Feedback::None, vec![], slots);
    core.assign(vec![(2, 1, Some(1)), (2, 2, Some(2))]).unwrap();
    connect_all(&mut [&mut publisher], &mut [&mut watcher]);
    // Every eighteenth missing: one number needs a pair of its own.
    for sequence in 1..=4_300 {
        if sequence % 18 != 0 {
            publisher.send_rtp(VP8, 1_000, sequence, sequence.into(), true, &[0x10, 0x11]);
            publisher.send_rtp(VP8, 2_000, sequence, sequence.into(), true, &[0x10, 0x11]);
        }
    }
    run(&mut [&mut publisher], &mut [&mut watcher], Duration::from_millis(60));
    // All that is missing is due at once: 238 numbers of each source, four bytes a number.
    core.inject_delay(Duration::from_millis(100));
    run(&mut [&mut publisher], &mut [&mut watcher], Duration::from_millis(1_500));
    assert!(count_reports(&publisher, |report| matches!(report, Rtcp::Nack { .. })) >= 2);
    assert!(key_frame_requests(&publisher) > 0);
    for bytes in &publisher.reports {
        let mut reports = Compound::new(bytes);
        assert!(matches!(
            reports.next(),
            Some(Rtcp::ReceiverReport { .. } | Rtcp::SenderReport { .. })
        ));
        assert!(reports.any(|report| matches!(report, Rtcp::SourceDescription)));
        // RFC 3550 section 6.5.1: one CNAME, the one that answers (SDP) give, too.
        assert!(bytes.windows(9).any(|item| item == b"\x01\x07nhipcau"), "{bytes:?}");
        assert!(bytes.len() <= 1_200, "{} bytes", bytes.len());
    }
    assert_eq!(counter(&core, "dropped_send"), 0);
}

#[test]
fn sender_reports_count_what_left_for_the_first_time() {
    let core = start_core();
    let mut publisher = RawPeer::join(&core, 1, Feedback::None, vec![video_source(1, &[VP8])], vec![]);
    let mut watcher = RawPeer::join(&core, 2, Feedback::None, vec![], vec![video_slot(1, &[VP8])]);
    core.assign(vec![(2, 1, Some(1))]).unwrap();
    connect_all(&mut [&mut publisher, &mut watcher], &mut []);
    send_vp8(&publisher, SOURCE, 100, true, 20);
    run(&mut [&mut publisher, &mut watcher], &mut [], SETTLE);
    let first = watcher.packets[0].1;
    watcher.send_rtcp(|writer| {
        rtcp::write_receiver_report(writer, 1, &[]);
        rtcp::write_nack(writer, 1, SLOT, &[first, first + 1, first + 2]);
    });
    run(&mut [&mut publisher, &mut watcher], &mut [], SETTLE);
    assert_eq!(watcher.packets.len(), 23, "three came again");
    watcher.reports.clear();
    // RFC 3550 section 6.4.1: packets and payload octets of this SSRC; repetitions have another.
    let word = |bytes: &[u8], at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    run_until(
        &mut [&mut publisher, &mut watcher],
        &mut [],
        Duration::from_secs(3),
        |raws, _| !raws[1].reports.is_empty(),
    );
    let report = &watcher.reports[0];
    assert_eq!(
        (report[1], word(report, 4)),
        (200, SLOT),
        "it begins with the sender report"
    );
    assert_eq!((word(report, 20), word(report, 24)), (20, 20_000));
}

#[test]
fn feedback_tells_when_packets_came_and_not_when_they_were_read() {
    let core = start_core();
    let mut publisher = RawPeer::join(&core, 1, Feedback::TransportCc, vec![audio_source(1)], vec![]);
    connect_all(&mut [&mut publisher], &mut []);
    core.inject_delay(Duration::from_millis(150));
    std::thread::sleep(Duration::from_millis(20));
    for number in 1..=2 {
        let mut extensions = ExtensionBlock::default();
        extensions.push(3, &[0, number]);
        let fields = Fields {
            marker: false,
            payload_type: OPUS,
            sequence: number.into(),
            timestamp: 960 * u32::from(number),
            ssrc: SOURCE,
        };
        publisher.send_rtp_with(&extensions, fields, &[0xFC]);
        std::thread::sleep(Duration::from_millis(40));
    }
    let mut told = None;
    run_until(&mut [&mut publisher], &mut [], Duration::from_secs(3), |raws, _| {
        for bytes in &raws[0].reports {
            for report in Compound::new(bytes) {
                if let Rtcp::TransportCc { body } = report {
                    told = Some(body.to_vec());
                }
            }
        }
        told.is_some()
    });
    // Base 1, two packets; a chunk for both; the first one's time, and what lies between, in 250 us.
    let told = told.unwrap();
    assert_eq!(told[..4], [0, 1, 0, 2]);
    // One byte for each where both are short.
    let between = if told.len() == 12 {
        u16::from(told[11])
    } else {
        u16::from_be_bytes([told[11], told[12]])
    };
    assert!((150..400).contains(&between), "{between}: {told:?}");
}
