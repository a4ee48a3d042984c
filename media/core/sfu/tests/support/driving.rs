//! A core, and the passing of time: peers driven until something has happened.

use std::time::{Duration, Instant};

use sfu::core::Core;
use sfu::event::Event as CoreEvent;

use super::peer::TestPeer;

pub fn start_core() -> Core {
    let any = ([127, 0, 0, 1], 0).into();
    Core::start(any, Some(any), 2_500_000).unwrap()
}

/// Drives all peers until `done` or fails after `limit`.
pub fn drive_until(peers: &mut [&mut TestPeer], limit: Duration, mut done: impl FnMut(&mut [&mut TestPeer]) -> bool) {
    let end = Instant::now() + limit;
    loop {
        for peer in &mut *peers {
            peer.poll();
        }
        if done(peers) {
            return;
        }
        assert!(Instant::now() < end, "did not happen within {limit:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

pub fn drive(peers: &mut [&mut TestPeer], time: Duration) {
    let end = Instant::now() + time;
    drive_until(peers, time + Duration::from_secs(1), |_| Instant::now() >= end);
}

pub fn connect(peers: &mut [&mut TestPeer]) {
    drive_until(peers, Duration::from_secs(10), |peers| {
        peers.iter().all(|peer| peer.seen.connected)
    });
}

/// Events of `core` until one satisfies `found`, peers driven meanwhile.
pub fn await_event(
    core: &Core,
    peers: &mut [&mut TestPeer],
    limit: Duration,
    mut found: impl FnMut(&CoreEvent) -> bool,
) -> CoreEvent {
    let mut event = None;
    drive_until(peers, limit, |_| {
        event = core.drain_events().find(&mut found);
        event.is_some()
    });
    event.unwrap()
}

pub fn counter(core: &Core, name: &str) -> u64 {
    let found = core.counters().into_iter().find(|(other, _)| *other == name);
    found.unwrap_or_else(|| panic!("no counter {name}")).1
}
