//! Extends 16-bit sequence numbers by their roll-over count and remembers which of the last ones have arrived.

const WINDOW: u64 = 1024;
/// A jump by more than this (RFC 3550 appendix A.1, MAX_DROPOUT) is a restarted sender, not loss.
const MAX_JUMP: i64 = 3000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The newest so far; `missing` numbers right before it have not arrived (yet).
    New { sequence: u64, missing: u64 },
    /// Fills a gap.
    Late { sequence: u64 },
    /// Has been here before, or is too old to know.
    Duplicate,
    /// The numbers make no sense together with the ones before: the sender began anew.
    Restart { sequence: u64 },
}

#[derive(Debug)]
pub struct SequenceWindow {
    highest: Option<u64>,
    arrived: [u64; (WINDOW / 64) as usize],
    strays: u8,
    stray_next: u16,
}

impl Default for SequenceWindow {
    fn default() -> Self {
        Self {
            highest: None,
            arrived: [0; (WINDOW / 64) as usize],
            strays: 0,
            stray_next: 0,
        }
    }
}

impl SequenceWindow {
    /// Highest number so far, with its roll-over count (which starts at 1, so that earlier numbers stay positive).
    pub fn highest(&self) -> Option<u64> {
        self.highest
    }

    /// `repeated`: it came a second time or by RTX. However far away, that is no sign of a sender that began anew.
    pub fn arrive(&mut self, sequence: u16, repeated: bool) -> Arrival {
        let Some(highest) = self.highest else {
            return Arrival::New {
                sequence: self.restart(sequence),
                missing: 0,
            };
        };
        let step = i64::from(sequence.wrapping_sub(highest as u16) as i16);
        if !(-MAX_JUMP..=MAX_JUMP).contains(&step) {
            if repeated {
                return Arrival::Duplicate;
            }
            // One such packet may be a stray; a second that follows it is a restart (RFC 3550 appendix A.1).
            if self.strays > 0 && sequence == self.stray_next {
                return Arrival::Restart {
                    sequence: self.restart(sequence),
                };
            }
            self.strays = 1;
            self.stray_next = sequence.wrapping_add(1);
            return Arrival::Duplicate;
        }
        self.strays = 0;
        let extended = highest.wrapping_add_signed(step);
        if step > 0 {
            for skipped in highest + 1..extended.min(highest + WINDOW) {
                self.set(skipped, false);
            }
            if extended - highest > WINDOW {
                self.arrived.fill(0);
            }
            self.set(extended, true);
            self.highest = Some(extended);
            return Arrival::New {
                sequence: extended,
                missing: step as u64 - 1,
            };
        }
        if highest - extended >= WINDOW || self.has(extended) {
            return Arrival::Duplicate;
        }
        self.set(extended, true);
        Arrival::Late { sequence: extended }
    }

    /// Whether this number is among the last ones that have arrived.
    pub fn has_arrived(&self, sequence: u64) -> bool {
        self.highest
            .and_then(|highest| highest.checked_sub(sequence))
            .is_some_and(|age| age < WINDOW)
            && self.has(sequence)
    }

    fn restart(&mut self, sequence: u16) -> u64 {
        let extended = 0x1_0000 + u64::from(sequence);
        // What came before the first packet is not missing, but takes its place if it still comes.
        self.arrived.fill(0);
        self.strays = 0;
        self.highest = Some(extended);
        self.set(extended, true);
        extended
    }

    fn set(&mut self, sequence: u64, arrived: bool) {
        let bit = sequence % WINDOW;
        let word = &mut self.arrived[(bit / 64) as usize];
        *word = *word & !(1 << (bit % 64)) | u64::from(arrived) << (bit % 64);
    }

    fn has(&self, sequence: u64) -> bool {
        let bit = sequence % WINDOW;
        self.arrived[(bit / 64) as usize] >> (bit % 64) & 1 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn counts_over_the_wrap() {
        let mut window = SequenceWindow::default();
        assert_eq!(
            window.arrive(65_534, false),
            Arrival::New {
                sequence: 0x1_FFFE,
                missing: 0
            }
        );
        assert_eq!(
            window.arrive(1, false),
            Arrival::New {
                sequence: 0x2_0001,
                missing: 2
            }
        );
        assert_eq!(window.arrive(65_535, false), Arrival::Late { sequence: 0x1_FFFF });
        assert_eq!(window.arrive(65_535, false), Arrival::Duplicate);
        assert_eq!(window.arrive(0, false), Arrival::Late { sequence: 0x2_0000 });
    }

    #[test]
    fn a_restart_needs_two_packets_in_a_row() {
        let mut window = SequenceWindow::default();
        window.arrive(10, false);
        assert_eq!(window.arrive(30_000, false), Arrival::Duplicate);
        assert_eq!(
            window.arrive(11, false),
            Arrival::New {
                sequence: 0x1_000B,
                missing: 0
            }
        );
        assert_eq!(window.arrive(30_001, false), Arrival::Duplicate);
        assert_eq!(
            window.arrive(30_002, false),
            Arrival::Restart {
                sequence: 0x1_0000 + 30_002
            }
        );
        assert_eq!(
            window.arrive(30_003, false),
            Arrival::New {
                sequence: 0x1_0000 + 30_003,
                missing: 0
            }
        );
    }

    #[test]
    fn repeated_packets_restart_nothing() {
        let mut window = SequenceWindow::default();
        window.arrive(10, false);
        assert_eq!(window.arrive(20_000, true), Arrival::Duplicate);
        assert_eq!(window.arrive(20_001, true), Arrival::Duplicate);
        assert_eq!(window.highest(), Some(0x1_000A));
        assert!(window.has_arrived(0x1_000A) && !window.has_arrived(0x1_0009));
    }

    proptest! {
        #[test]
        fn each_number_is_taken_once(start in any::<u16>(), steps in proptest::collection::vec(-60i32..80, 1..400)) {
            let mut window = SequenceWindow::default();
            let mut seen = std::collections::HashSet::new();
            let mut at = i64::from(start) + 0x1_0000;
            for step in steps {
                at += i64::from(step);
                match window.arrive(at as u16, false) {
                    Arrival::New { sequence, .. } | Arrival::Late { sequence } => {
                        prop_assert_eq!(sequence as u16, at as u16);
                        prop_assert!(seen.insert(sequence));
                    }
                    Arrival::Duplicate => {}
                    Arrival::Restart { .. } => prop_assert!(false),
                }
                at = at.max(window.highest().unwrap() as i64 - 200);
            }
        }
    }
}
