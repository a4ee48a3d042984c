//! One odd, weak or hostile peer, and all others who must not notice.

#[path = "support/raw.rs"]
mod raw;
mod support;

use std::time::{Duration, Instant};

use raw::RawPeer;
use sfu::core::{AddError, Core, QueueFull};
use sfu::event::{Event, Reason};
use sfu::model::{Feedback, PeerSpec};
use sfu::rtcp::{self, Compound, ReportBlock, Rtcp};
use support::*;

const FRAME: Duration = Duration::from_millis(15);
const SETTLE: Duration = Duration::from_millis(250);
/// SSRCs of `video_source(1, …)` and `video_slot(1, …)`.
const SOURCE: u32 = 1_000;
const SLOT: u32 = 500_010;

/// Drives `raw` and `peers` until `done` or fails after `limit`.
fn run_until(
    raws: &mut [&mut RawPeer],
    peers: &mut [&mut TestPeer],
    limit: Duration,
    mut done: impl FnMut(&mut [&mut RawPeer], &mut [&mut TestPeer]) -> bool,
) {
    let end = Instant::now() + limit;
    loop {
        raws.iter_mut().for_each(|raw| raw.poll());
        peers.iter_mut().for_each(|peer| peer.poll());
        if done(raws, peers) {
            return;
        }
        assert!(Instant::now() < end, "did not happen within {limit:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn run(raws: &mut [&mut RawPeer], peers: &mut [&mut TestPeer], time: Duration) {
    let end = Instant::now() + time;
    run_until(raws, peers, time + Duration::from_secs(5), |_, _| Instant::now() >= end);
}

fn connect_all(raws: &mut [&mut RawPeer], peers: &mut [&mut TestPeer]) {
    run_until(raws, peers, Duration::from_secs(20), |raws, peers| {
        raws.iter().all(|raw| raw.is_connected()) && peers.iter().all(|peer| peer.seen.connected)
    });
}

fn vp8(key: bool, first: bool) -> Vec<u8> {
    let mut payload = vec![if first { 0x10 } else { 0 }, u8::from(!key)];
    payload.resize(1_000, 7);
    payload
}

/// One frame of `parts` packets from `sequence` on.
fn send_vp8(raw: &RawPeer, ssrc: u32, sequence: u16, key: bool, parts: u16) {
    for part in 0..parts {
        let payload = vp8(key, part == 0);
        let timestamp = u32::from(sequence) * 3_000;
        raw.send_rtp(VP8, ssrc, sequence + part, timestamp, part + 1 == parts, &payload);
    }
}

fn count_reports(raw: &RawPeer, wanted: impl Fn(&Rtcp<'_>) -> bool) -> usize {
    let compounds = raw.reports.iter();
    compounds
        .map(|bytes| Compound::new(bytes).filter(|report| wanted(report)).count())
        .sum()
}

fn key_frame_requests(raw: &RawPeer) -> usize {
    count_reports(raw, |report| matches!(report, Rtcp::PictureLoss { .. }))
}

#[test]
fn a_source_that_said_bye_and_goes_on_is_still_asked() {
    let core = start_core();
    let mut publisher = RawPeer::join(&core, 1, Feedback::None, vec![video_source(1, &[VP8])], vec![]);
    let mut one = TestPeer::join(&core, 2, Feedback::None, vec![], vec![video_slot(1, &[VP8])]);
    let mut two = TestPeer::join(&core, 3, Feedback::None, vec![], vec![video_slot(2, &[VP8])]);
    core.assign(vec![(2, 1, Some(1))]).unwrap();
    connect_all(&mut [&mut publisher], &mut [&mut one, &mut two]);
    send_vp8(&publisher, SOURCE, 10, true, 2);
    run(&mut [&mut publisher], &mut [&mut one, &mut two], SETTLE);
    assert_eq!(one.in_slot(1).len(), 2);
    publisher.send_rtcp(|writer| {
        rtcp::write_receiver_report(writer, SOURCE, &[]);
        rtcp::write_bye(writer, &[SOURCE]);
    });
    send_vp8(&publisher, SOURCE, 12, false, 2);
    run(
        &mut [&mut publisher],
        &mut [&mut one, &mut two],
        Duration::from_millis(400),
    );
    assert_eq!(one.in_slot(1).len(), 4, "the picture goes on");
    let asked = key_frame_requests(&publisher);
    core.assign(vec![(3, 2, Some(1))]).unwrap();
    run_until(
        &mut [&mut publisher],
        &mut [&mut one, &mut two],
        Duration::from_secs(3),
        |raws, _| key_frame_requests(raws[0]) > asked,
    );
    send_vp8(&publisher, SOURCE, 14, true, 2);
    // Repair goes on as well: 16 is missing.
    send_vp8(&publisher, SOURCE, 17, false, 1);
    run(&mut [&mut publisher], &mut [&mut one, &mut two], SETTLE);
    assert_eq!(two.in_slot(2).len(), 3);
    assert!(count_reports(&publisher, |report| matches!(report, Rtcp::Nack { .. })) > 0);
}

#[test]
fn a_key_frame_whose_first_packet_is_late_is_completed() {
    let core = start_core();
    let mut publisher = RawPeer::join(&core, 1, Feedback::None, vec![video_source(1, &[VP8])], vec![]);
    let mut watcher = TestPeer::join(&core, 2, Feedback::None, vec![], vec![video_slot(1, &[VP8])]);
    core.assign(vec![(2, 1, Some(1))]).unwrap();
    connect_all(&mut [&mut publisher], &mut [&mut watcher]);
    send_vp8(&publisher, SOURCE, 10, false, 1);
    for sequence in [13, 12, 14] {
        let payload = vp8(true, false);
        publisher.send_rtp(VP8, SOURCE, sequence, 33_000, sequence == 14, &payload);
    }
    send_vp8(&publisher, SOURCE, 15, false, 2);
    run(&mut [&mut publisher], &mut [&mut watcher], Duration::from_millis(60));
    assert!(watcher.in_slot(1).is_empty());
    publisher.send_rtp(VP8, SOURCE, 11, 33_000, false, &vp8(true, true));
    run(&mut [&mut publisher], &mut [&mut watcher], SETTLE);
    let numbers: Vec<u64> = watcher.in_slot(1).iter().map(|packet| *packet.seq_no).collect();
    assert_eq!(numbers.len(), 6, "11 to 16");
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    send_vp8(&publisher, SOURCE, 17, false, 1);
    run(&mut [&mut publisher], &mut [&mut watcher], SETTLE);
    assert_eq!(watcher.in_slot(1).len(), 7, "nothing twice");
}

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
fn a_weak_line_does_not_cost_everybody_a_key_frame_a_second() {
    let core = start_core();
    let mut publisher = TestPeer::join(&core, 1, Feedback::None, vec![video_source(1, &[VP8])], vec![]);
    let mut weak = TestPeer::join(&core, 2, Feedback::None, vec![], vec![video_slot(1, &[VP8])]);
    core.assign(vec![(2, 1, Some(1))]).unwrap();
    connect(&mut [&mut publisher, &mut weak]);
    publisher.send_frame(1, VP8, true, 2);
    drive(&mut [&mut publisher, &mut weak], Duration::from_millis(2_100));
    let (begin, mut answered) = (Instant::now(), publisher.seen.picture_losses);
    let before = answered;
    let mut round = 0;
    while begin.elapsed() < Duration::from_millis(6_500) {
        if round % 10 == 0 {
            weak.ask_for_key_frame(1);
        }
        round += 1;
        let asked = publisher.seen.picture_losses;
        if asked > answered || round % 3 == 0 {
            publisher.send_frame(1, VP8, asked > answered, 2);
        }
        answered = asked;
        drive(&mut [&mut publisher, &mut weak], Duration::from_millis(10));
    }
    // At 0, 1 and 3 s, the next at 7 s; and once more where this machine answered late.
    let requests = publisher.seen.picture_losses - before;
    assert!((2..=4).contains(&requests), "{requests} requests");
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
        assert!(bytes.len() <= 1_200, "{} bytes", bytes.len());
    }
    assert_eq!(counter(&core, "dropped_send"), 0);
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
    let core = Core::start(([127, 0, 0, 1], 0).into(), 500_000).unwrap();
    let mut loud = RawPeer::join(&core, 1, Feedback::None, vec![video_source(1, &[VP8])], vec![]);
    let mut watcher = RawPeer::join(&core, 2, Feedback::None, vec![], vec![video_slot(1, &[VP8])]);
    core.assign(vec![(2, 1, Some(1))]).unwrap();
    connect_all(&mut [&mut loud, &mut watcher], &mut []);
    let (begin, mut sequence) = (Instant::now(), 10u16);
    // 8 Mbit/s for as long as it takes.
    while sequence < 2_000 {
        send_vp8(&loud, SOURCE, sequence, sequence == 10, 5);
        sequence += 5;
        run(&mut [&mut loud, &mut watcher], &mut [], Duration::from_millis(5));
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

#[test]
fn frames_leave_in_runs_after_one_address_failed() {
    // What a peer at an address that cannot be answered does to the sends of all others: nothing.
    let core = start_core();
    let mut publisher = RawPeer::join(&core, 1, Feedback::None, vec![video_source(1, &[VP8])], vec![]);
    let mut watcher = TestPeer::join(&core, 2, Feedback::None, vec![], vec![video_slot(1, &[VP8])]);
    core.assign(vec![(2, 1, Some(1))]).unwrap();
    connect_all(&mut [&mut publisher], &mut [&mut watcher]);
    let mean_run = |core: &Core, from: (u64, u64)| {
        let (packets, calls) = (counter(core, "packets_out"), counter(core, "send_calls"));
        (packets - from.0) as f64 / (calls - from.1) as f64
    };
    for sequence in (10..170).step_by(16) {
        send_vp8(&publisher, SOURCE, sequence, sequence == 10, 16);
        run(&mut [&mut publisher], &mut [&mut watcher], FRAME);
    }
    assert!(mean_run(&core, (0, 0)) > 2.0, "{}", mean_run(&core, (0, 0)));
    assert_eq!(counter(&core, "segmentation_off"), 0);
}
