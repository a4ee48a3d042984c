//! Peers whose line lets no UDP through: ICE over TCP (RFC 6544).

mod support;

use std::time::Duration;

use sfu::model::Feedback;
use support::*;

#[test]
fn picture_and_sound_go_through_tcp_both_ways() {
    let core = start_core();
    let tcp = || Line::tcp(core.tcp_port().unwrap());
    let sources = vec![video_source(1, &[VP8]), audio_source(2)];
    let mut publisher = TestPeer::join_by(tcp(), &core, 1, Feedback::TransportCc, sources, vec![]);
    let slots = vec![video_slot(1, &[VP8]), audio_slot(2)];
    let mut watcher = TestPeer::join_by(tcp(), &core, 2, Feedback::None, vec![], slots);
    let slots = vec![video_slot(3, &[VP8])];
    let mut other = TestPeer::join(&core, 3, Feedback::None, vec![], slots);
    connect(&mut [&mut publisher, &mut watcher, &mut other]);
    core.assign(vec![(2, 1, Some(1)), (2, 2, Some(2)), (3, 3, Some(1))])
        .unwrap();
    for round in 0..50 {
        publisher.send_frame(1, VP8, round == 0, 8);
        publisher.send_frame(2, OPUS, false, 1);
        drive(
            &mut [&mut publisher, &mut watcher, &mut other],
            Duration::from_millis(5),
        );
    }
    drive_until(
        &mut [&mut publisher, &mut watcher, &mut other],
        Duration::from_secs(2),
        |peers| peers[1].in_slot(1).len() == 400 && peers[1].in_slot(2).len() == 50 && peers[2].in_slot(3).len() == 400,
    );
    assert!(
        publisher.seen.transport_feedback_in > 0,
        "its estimate goes on over TCP"
    );
    assert_eq!(counter(&core, "dropped_send"), 0);
}

#[test]
fn a_line_that_takes_nothing_costs_pictures_and_no_sound() {
    let core = start_core();
    let sources = vec![video_source(1, &[VP8]), audio_source(2)];
    let mut publisher = TestPeer::join(&core, 1, Feedback::TransportCc, sources, vec![]);
    let slots = vec![video_slot(1, &[VP8]), audio_slot(2)];
    let line = Line::tcp(core.tcp_port().unwrap());
    let mut watcher = TestPeer::join_by(line, &core, 2, Feedback::None, vec![], slots);
    connect(&mut [&mut publisher, &mut watcher]);
    core.assign(vec![(2, 1, Some(1)), (2, 2, Some(2))]).unwrap();
    drive(&mut [&mut publisher, &mut watcher], Duration::from_millis(50));
    watcher.line().stick(true);
    // More than kernels keep for one connection on loopback.
    for round in 0..200 {
        publisher.send_frame(1, VP8, round == 0, 40);
        publisher.send_frame(2, OPUS, false, 1);
        drive(&mut [&mut publisher, &mut watcher], Duration::from_millis(4));
    }
    drive(&mut [&mut publisher, &mut watcher], Duration::from_millis(500));
    watcher.line().stick(false);
    drive_until(&mut [&mut publisher, &mut watcher], Duration::from_secs(3), |peers| {
        peers[1].in_slot(2).len() == 200
    });
    assert!(watcher.in_slot(1).len() < 8_000, "old pictures were given up");
    drive(&mut [&mut publisher, &mut watcher], Duration::from_millis(1_100));
    assert!(counter(&core, "dropped_send") > 0);
}

#[test]
fn a_peer_whose_connection_breaks_comes_back_by_another() {
    let core = start_core();
    let sources = vec![audio_source(2)];
    let mut publisher = TestPeer::join(&core, 1, Feedback::None, sources, vec![]);
    let line = Line::tcp(core.tcp_port().unwrap());
    let mut watcher = TestPeer::join_by(line, &core, 2, Feedback::None, vec![], vec![audio_slot(2)]);
    connect(&mut [&mut publisher, &mut watcher]);
    core.assign(vec![(2, 2, Some(2))]).unwrap();
    watcher.change_port();
    let mut heard = 0;
    drive_until(&mut [&mut publisher, &mut watcher], Duration::from_secs(8), |peers| {
        peers[0].send_frame(2, OPUS, false, 1);
        heard = peers[1].in_slot(2).len();
        heard > 20
    });
}
