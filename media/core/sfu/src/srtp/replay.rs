//! Packet indices from sequence numbers, and the window against replays (RFC 3711 section 3.3 and appendix A).

/// As in libsrtp's users (mediasoup, libwebrtc): without RTX a repeated packet comes under its first index, up to some
/// seconds later.
const WINDOW: u64 = 1024;

/// The highest index seen and which of the 1,024 up to it were seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    /// One more than the highest index; 0 before the first packet.
    end: u64,
    /// Bit n: index n modulo 1,024 was seen.
    seen: [u64; (WINDOW / 64) as usize],
}

impl Window {
    pub(super) fn is_fresh(&self, index: u64) -> bool {
        match self.end.checked_sub(index + 1) {
            None => true,
            Some(age) => age < WINDOW && self.seen[word_of(index)] & bit_of(index) == 0,
        }
    }

    /// Only for packets that are fresh and authentic.
    pub(super) fn accept(&mut self, index: u64) {
        if index >= self.end {
            if index - self.end >= WINDOW {
                self.seen.fill(0);
            } else {
                for skipped in self.end..index {
                    self.seen[word_of(skipped)] &= !bit_of(skipped);
                }
            }
            self.end = index + 1;
        }
        self.seen[word_of(index)] |= bit_of(index);
    }
}

fn word_of(index: u64) -> usize {
    (index % WINDOW / 64) as usize
}

fn bit_of(index: u64) -> u64 {
    1 << (index % 64)
}

/// State of one inbound SSRC: highest packet index and a replay window of 1,024 packets.
#[derive(Clone, Debug, Default)]
pub struct ReceiveStream {
    window: Window,
}

impl ReceiveStream {
    /// The 48-bit index a packet with this sequence number most likely has; None when it could only be one from before
    /// the stream began. A stream begins with roll-over counter 0 whatever its first sequence number.
    pub(super) fn index_of(&self, sequence: u16) -> Option<u64> {
        let Some(highest) = self.window.end.checked_sub(1) else {
            return Some(u64::from(sequence));
        };
        let roll_overs = highest >> 16;
        let distance = sequence.wrapping_sub(highest as u16) as i16;
        highest
            .checked_add_signed(i64::from(distance))
            .filter(|index| index >> 48 == 0)
            .filter(|index| index >> 16 <= roll_overs + 1)
    }

    pub(super) fn is_fresh(&self, index: u64) -> bool {
        self.window.is_fresh(index)
    }

    pub(super) fn accept(&mut self, index: u64) {
        self.window.accept(index);
    }
}

/// Replay windows of SRTCP, whose index is sent with the packet. One for each SSRC that reports.
#[derive(Debug, Default)]
pub(super) struct RtcpWindows {
    windows: Vec<(u32, Window)>,
    oldest: usize,
}

/// A hall reports with one SSRC for each thing it sends: far fewer than this.
const MAX_RTCP_WINDOWS: usize = 64;

impl RtcpWindows {
    pub(super) fn is_fresh(&self, ssrc: u32, index: u32) -> bool {
        let window = self.windows.iter().find(|(of, _)| *of == ssrc);
        window.is_none_or(|(_, window)| window.is_fresh(u64::from(index)))
    }

    /// Only for packets that are fresh and authentic. Past the limit the oldest SSRC's window is given up.
    pub(super) fn accept(&mut self, ssrc: u32, index: u32) {
        let index = u64::from(index);
        if let Some((_, window)) = self.windows.iter_mut().find(|(of, _)| *of == ssrc) {
            return window.accept(index);
        }
        let mut window = Window::default();
        window.accept(index);
        if self.windows.len() < MAX_RTCP_WINDOWS {
            self.windows.push((ssrc, window));
        } else {
            self.windows[self.oldest] = (ssrc, window);
            self.oldest = (self.oldest + 1) % MAX_RTCP_WINDOWS;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn take(stream: &mut ReceiveStream, sequence: u16) -> Option<u64> {
        let index = stream.index_of(sequence).filter(|index| stream.is_fresh(*index))?;
        stream.accept(index);
        Some(index)
    }

    #[test]
    fn rolls_over_and_takes_late_packets_of_the_lap_before() {
        let mut stream = ReceiveStream::default();
        assert_eq!(take(&mut stream, 65_533), Some(65_533));
        assert_eq!(take(&mut stream, 1), Some(65_537));
        assert_eq!(take(&mut stream, 65_535), Some(65_535));
        assert_eq!(take(&mut stream, 0), Some(65_536));
        assert_eq!(take(&mut stream, 65_534), Some(65_534));
        assert_eq!(take(&mut stream, 65_534), None);
        assert_eq!(take(&mut stream, 1), None);
    }

    #[test]
    fn nothing_exists_before_the_first_lap() {
        let mut stream = ReceiveStream::default();
        assert_eq!(take(&mut stream, 2), Some(2));
        assert_eq!(take(&mut stream, 65_535), None);
        assert_eq!(take(&mut stream, 3), Some(3));
    }

    #[test]
    fn window_is_1024_packets() {
        let mut stream = ReceiveStream::default();
        take(&mut stream, 3_000);
        assert_eq!(take(&mut stream, 3_000 - 1_023), Some(1_977));
        assert_eq!(take(&mut stream, 3_000 - 1_024), None);
        assert_eq!(take(&mut stream, 3_000 - 1_023), None);
    }

    #[test]
    fn rtcp_windows_are_by_ssrc_and_bounded() {
        let mut windows = RtcpWindows::default();
        for ssrc in 0..1_000 {
            assert!(windows.is_fresh(ssrc, 7));
            windows.accept(ssrc, 7);
            assert!(!windows.is_fresh(ssrc, 7));
        }
        assert_eq!(windows.windows.len(), MAX_RTCP_WINDOWS);
    }

    proptest! {
        /// Any walk whose steps stay within half a lap of the highest index is followed exactly, and nothing is
        /// accepted twice.
        #[test]
        fn follows_any_walk(start in 0u64..65_536, steps in prop::collection::vec(-1_100i64..30_000, 1..400)) {
            let mut stream = ReceiveStream::default();
            let mut highest = start;
            let mut taken = HashSet::new();
            prop_assert_eq!(take(&mut stream, start as u16), Some(start));
            taken.insert(start);
            for step in steps {
                let Some(index) = highest.checked_add_signed(step) else { continue };
                let fresh = !taken.contains(&index) && index + WINDOW > highest;
                prop_assert_eq!(take(&mut stream, index as u16), fresh.then_some(index));
                if fresh {
                    taken.insert(index);
                    highest = highest.max(index);
                }
            }
        }

        #[test]
        fn no_sequence_panics(sequences in prop::collection::vec(any::<u16>(), 0..500)) {
            let mut stream = ReceiveStream::default();
            for sequence in sequences {
                take(&mut stream, sequence);
            }
        }
    }
}
