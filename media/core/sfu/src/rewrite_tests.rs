use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

fn packet(sequence: u64, timestamp: u32, picture: u16) -> Incoming {
    Incoming {
        sequence,
        timestamp,
        numbers: PictureNumbers {
            picture_id: Some(PictureId {
                at: 2,
                wide: true,
                value: picture & 0x7FFF,
            }),
            tl0_index: Some((4, picture as u8)),
        },
    }
}

fn picture(outgoing: &Outgoing) -> u16 {
    outgoing.numbers.picture_id.unwrap().value
}

#[test]
fn a_switch_continues_all_numbers() {
    let now = Instant::now();
    let mut rewriter = Rewriter::new(90_000, 100);
    assert_eq!(rewriter.map(&packet(70_000, 5_000, 7), now), None);
    rewriter.attach(&packet(70_000, 5_000, 7), now);
    let first = rewriter.map(&packet(70_000, 5_000, 7), now).unwrap();
    assert_eq!((first.sequence, first.timestamp, picture(&first)), (100, 5_000, 7));
    rewriter.map(&packet(70_001, 8_000, 0x7FFF), now).unwrap();

    rewriter.detach();
    assert_eq!(rewriter.map(&packet(70_002, 11_000, 0), now), None);
    let later = now + Duration::from_millis(100);
    rewriter.attach(&packet(900, 4_000_000_000, 300), later);
    let other = rewriter.map(&packet(900, 4_000_000_000, 300), later).unwrap();
    assert_eq!(
        (other.sequence, other.timestamp, picture(&other)),
        (102, 8_000 + 9_000, 0)
    );
    assert_eq!(other.numbers.tl0_index, Some((4, 0xFFu8.wrapping_add(1))));
    assert_eq!(
        rewriter.map(&packet(899, 4_000_000_000, 299), later),
        None,
        "older than the attachment"
    );
}

#[test]
fn order_and_gaps_pass_through() {
    let now = Instant::now();
    let mut rewriter = Rewriter::new(90_000, 0x7FFF);
    rewriter.attach(&packet(65_530, 0, 1), now);
    let out: Vec<u64> = [65_530, 65_533, 65_532, 65_540, 65_539]
        .map(|sequence| rewriter.map(&packet(sequence, 0, 1), now).unwrap().sequence)
        .to_vec();
    assert_eq!(out, [0x7FFF, 0x8002, 0x8001, 0x8009, 0x8008]);
    rewriter.attach(&packet(10, 0, 1), now);
    assert_eq!(
        rewriter.map(&packet(10, 0, 1), now).unwrap().sequence,
        0x800A,
        "after the newest, not the last"
    );
}

#[test]
fn a_source_without_picture_numbers_keeps_the_count_for_the_next() {
    let now = Instant::now();
    let mut rewriter = Rewriter::new(90_000, 0);
    rewriter.attach(&packet(1, 0, 500), now);
    rewriter.map(&packet(1, 0, 500), now).unwrap();
    let plain = Incoming {
        sequence: 7,
        timestamp: 1,
        numbers: PictureNumbers::default(),
    };
    rewriter.attach(&plain, now);
    assert_eq!(rewriter.map(&plain, now).unwrap().numbers, PictureNumbers::default());
    rewriter.attach(&packet(1, 0, 9), now);
    assert_eq!(picture(&rewriter.map(&packet(1, 0, 9), now).unwrap()), 501);
}

proptest! {
    /// However sources change, come back, restart, lose and reorder: no outgoing number is used twice (with AES-GCM
    /// that would be a nonce used twice), and each attachment starts after all that left before.
    #[test]
    fn no_number_leaves_twice(
        runs in proptest::collection::vec(
            (any::<u32>(), any::<u32>(), any::<u16>(), proptest::collection::vec(0u64..40, 1..30), 0u64..5_000), 1..12,
        ),
    ) {
        let mut now = Instant::now();
        let mut rewriter = Rewriter::new(90_000, 65_535);
        let mut seen = HashSet::new();
        let mut newest = 0;
        let mut last_timestamp = None;
        for (start, timestamp, id, steps, pause) in runs {
            now += Duration::from_millis(pause);
            let start = u64::from(start) + 65_536;
            rewriter.attach(&packet(start, timestamp, id), now);
            let begin = rewriter.map(&packet(start, timestamp, id), now).unwrap();
            prop_assert!(begin.sequence > newest || seen.is_empty());
            if let Some(last) = last_timestamp {
                let step = begin.timestamp.wrapping_sub(last);
                prop_assert!(step >= 1_800 && u64::from(step) <= 90 * pause.max(20) + 1);
            }
            prop_assert!(seen.insert(begin.sequence));
            newest = begin.sequence;
            let mut arrived = HashSet::from([start]);
            for step in steps {
                let sequence = start + step;
                if arrived.insert(sequence) {
                    let out = rewriter.map(&packet(sequence, timestamp, id), now).unwrap();
                    prop_assert!(seen.insert(out.sequence));
                    prop_assert_eq!(out.sequence - begin.sequence, step);
                    newest = newest.max(out.sequence);
                }
            }
            last_timestamp = rewriter.newest().map(|(timestamp, _)| timestamp);
        }
    }
}
