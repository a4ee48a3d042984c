//! Raw peers and WebRTC peers driven together, and what raw ones send and are told.

use std::time::{Duration, Instant};

use sfu::rtcp::{Compound, Rtcp};

use super::{RawPeer, TestPeer, VP8};

/// SSRCs of `video_source(1, …)` and `video_slot(1, …)`.
pub const SOURCE: u32 = 1_000;
pub const SLOT: u32 = 500_010;
/// Time for commands to be applied and packets to arrive on a busy machine.
pub const SETTLE: Duration = Duration::from_millis(250);

/// Drives `raw` and `peers` until `done` or fails after `limit`.
pub fn run_until(
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

pub fn run(raws: &mut [&mut RawPeer], peers: &mut [&mut TestPeer], time: Duration) {
    let end = Instant::now() + time;
    run_until(raws, peers, time + Duration::from_secs(5), |_, _| Instant::now() >= end);
}

pub fn connect_all(raws: &mut [&mut RawPeer], peers: &mut [&mut TestPeer]) {
    run_until(raws, peers, Duration::from_secs(20), |raws, peers| {
        raws.iter().all(|raw| raw.is_connected()) && peers.iter().all(|peer| peer.seen.connected)
    });
}

pub fn vp8(key: bool, first: bool) -> Vec<u8> {
    let mut payload = vec![if first { 0x10 } else { 0 }, u8::from(!key)];
    payload.resize(1_000, 7);
    payload
}

/// One frame of `parts` packets from `sequence` on.
pub fn send_vp8(raw: &RawPeer, ssrc: u32, sequence: u16, key: bool, parts: u16) {
    for part in 0..parts {
        let payload = vp8(key, part == 0);
        let timestamp = u32::from(sequence) * 3_000;
        raw.send_rtp(VP8, ssrc, sequence + part, timestamp, part + 1 == parts, &payload);
    }
}

pub fn count_reports(raw: &RawPeer, wanted: impl Fn(&Rtcp<'_>) -> bool) -> usize {
    let compounds = raw.reports.iter();
    compounds
        .map(|bytes| Compound::new(bytes).filter(|report| wanted(report)).count())
        .sum()
}

pub fn key_frame_requests(raw: &RawPeer) -> usize {
    count_reports(raw, |report| matches!(report, Rtcp::PictureLoss { .. }))
}
