//! One seed is one whole run. What libraries draw or read by themselves (keys of hash maps, SSRCs, jitter of timers, the
//! clock) they ask of the C library's `getrandom` and `clock_gettime`; in the thread of a run both are answered from its
//! seed and its virtual time. Only the cryptography draws on its own: that shows in bytes, never in lengths or times (but
//! for signatures in a handshake, whose datagrams the network counts as equally long).
#![allow(unsafe_code)] // takes the place of two functions of the C library

use std::cell::Cell;
use std::ffi::{c_int, c_long, c_uint};
use std::panic::resume_unwind;
use std::sync::Once;
use std::time::{Duration, Instant};

use libc::{CLOCK_REALTIME, c_void, clockid_t, size_t, ssize_t, timespec};

thread_local! {
    /// None: not a run's thread.
    static TIME: Cell<Option<Duration>> = const { Cell::new(None) };
    static CHANCE: Cell<Random> = const { Cell::new(Random(0)) };
}

/// 2026-11-28, 00:00 UTC
const WALL: Duration = Duration::from_secs(1_795_824_000);
const UPTIME: Duration = Duration::from_secs(1_000_000);

/// xorshift64*
#[derive(Clone, Copy)]
pub struct Random(u64);

impl Random {
    /// `stream`: draws of one seed that do not depend on each other.
    pub fn new(seed: u64, stream: u64) -> Self {
        // splitmix64: seeds that lie side by side begin far apart.
        let mut mixed = seed.wrapping_add(stream.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Self((mixed ^ (mixed >> 31)).max(1))
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// From 0 to 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Runs `play` in a thread whose chance and time are those of `seed`.
pub fn whole_run<T: Send + 'static>(seed: u64, play: impl FnOnce() -> T + Send + 'static) -> T {
    static FIRST: Once = Once::new();
    // str0m reads the clock once a process: let that be a run's first moment, whichever run comes first.
    FIRST.call_once(|| in_thread(0, || drop(str0m::Rtc::new(Instant::now()))));
    in_thread(seed, play)
}

fn in_thread<T: Send + 'static>(seed: u64, play: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::spawn(move || {
        TIME.set(Some(Duration::ZERO));
        CHANCE.set(Random::new(seed, 0));
        // It would seed itself from the thread's number.
        fastrand::seed(seed);
        play()
    });
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

pub fn is_running() -> bool {
    TIME.get().is_some()
}

pub fn advance(step: Duration) {
    TIME.set(TIME.get().map(|time| time + step));
}

#[unsafe(no_mangle)]
extern "C" fn getrandom(buffer: *mut c_void, length: size_t, flags: c_uint) -> ssize_t {
    if !is_running() {
        // SAFETY: the arguments are the caller's.
        return unsafe { libc::syscall(libc::SYS_getrandom, buffer, length, flags) as ssize_t };
    }
    let mut random = CHANCE.get();
    for at in 0..length {
        // SAFETY: the caller has `length` bytes there.
        unsafe { buffer.cast::<u8>().add(at).write((random.next() >> 32) as u8) };
    }
    CHANCE.set(random);
    length as ssize_t
}

#[unsafe(no_mangle)]
extern "C" fn clock_gettime(clock: clockid_t, out: *mut timespec) -> c_int {
    let Some(time) = TIME.get() else {
        // SAFETY: the arguments are the caller's.
        return unsafe { libc::syscall(libc::SYS_clock_gettime, clock as c_long, out) as c_int };
    };
    let time = time + if clock == CLOCK_REALTIME { WALL } else { UPTIME };
    let time = timespec {
        tv_sec: time.as_secs() as i64,
        tv_nsec: time.subsec_nanos().into(),
    };
    // SAFETY: the caller has a place for it there.
    unsafe { out.write(time) };
    0
}
