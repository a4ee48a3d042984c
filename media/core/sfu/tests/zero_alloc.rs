//! After warm-up the core's thread allocates nothing for packets it forwards.
//!
//! A file of its own: the counting allocator is the whole process's.
#![allow(unsafe_code)]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sfu::event::Event;
use sfu::model::Feedback;
use support::*;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// Set on the threads of the test itself, where str0m's peers live.
    static EXEMPT: Cell<bool> = const { Cell::new(false) };
}

struct Counting;

fn count() {
    if !EXEMPT.try_with(Cell::get).unwrap_or(true) {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: all calls are handed to the system's allocator unchanged; counting neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are those of `System`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const SUBSCRIBERS: u32 = 6;

fn send_round(publisher: &mut TestPeer, count: u32) {
    publisher.send_frame(1, VP8, count == 0, 2);
    publisher.send_frame(2, OPUS, false, 1);
}

#[test]
fn forwarding_allocates_nothing() {
    EXEMPT.set(true);
    let before_any = ALLOCATIONS.load(Ordering::Relaxed);
    let core = start_core();
    let sources = vec![video_source(1, &[VP8]), audio_source(2)];
    let mut publisher = TestPeer::join(&core, 1, Feedback::TransportCc, sources, vec![]);
    let mut subscribers: Vec<TestPeer> = (10..10 + SUBSCRIBERS)
        .map(|id| {
            let slots = vec![video_slot(id, &[VP8]), audio_slot(100 + id)];
            TestPeer::join(&core, id, Feedback::None, vec![], slots)
        })
        .collect();
    let mut peers: Vec<&mut TestPeer> = std::iter::once(&mut publisher).chain(&mut subscribers).collect();
    connect(&mut peers);
    let shown = |id| [(id, id, Some(1)), (id, 100 + id, Some(2))];
    core.assign((10..10 + SUBSCRIBERS).flat_map(shown).collect()).unwrap();
    drive(&mut peers, Duration::from_millis(20));
    for round in 0..100 {
        send_round(peers[0], round);
        drive(&mut peers, Duration::from_millis(5));
    }
    assert!(
        ALLOCATIONS.load(Ordering::Relaxed) > before_any,
        "the core's thread is counted"
    );

    // Statistics are built once a second and consent checks come every few seconds; both may allocate. So a window
    // without them must be found soon, and in it the count must stand still.
    let mut counts = Vec::new();
    for _ in 0..12 {
        await_event(&core, &mut peers, Duration::from_secs(3), |event| {
            matches!(event, Event::Statistics(_))
        });
        let forwarded = counter(&core, "packets_out");
        let allocations = ALLOCATIONS.load(Ordering::Relaxed);
        for round in 1..60 {
            send_round(peers[0], round);
            drive(&mut peers, Duration::from_millis(4));
        }
        let forwarded = counter(&core, "packets_out") - forwarded;
        assert!(forwarded >= u64::from(SUBSCRIBERS) * 3 * 55, "{forwarded} forwarded");
        counts.push(ALLOCATIONS.load(Ordering::Relaxed) - allocations);
        if counts.last() == Some(&0) {
            return;
        }
    }
    panic!(
        "allocations in each window of about {} packets: {counts:?}",
        SUBSCRIBERS * 3 * 59
    );
}
