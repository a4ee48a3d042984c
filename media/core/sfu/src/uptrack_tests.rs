use super::*;
use crate::model::CodecName;
use crate::rtp::{ExtensionBlock, Fields, write_header};

fn uptrack(kind: Kind) -> Uptrack {
    let name = match kind {
        Kind::Audio => CodecName::Opus,
        Kind::Video => CodecName::Vp8,
    };
    let codec = Codec {
        name,
        payload_type: 96,
        rtx_payload_type: Some(97),
        clock_rate: 90_000,
        profile: None,
    };
    let spec = SourceSpec {
        source: 1,
        kind,
        mid: "0".into(),
        codecs: vec![codec],
        ssrc: Some(7),
        rtx_ssrc: None,
        smaller: None,
    };
    Uptrack::new(spec, 0, 2_500_000, Instant::now())
}

fn header(sequence: u16, timestamp: u32) -> Header {
    let mut packet = [0; 12];
    let fields = Fields {
        marker: true,
        payload_type: 96,
        sequence,
        timestamp,
        ssrc: 7,
    };
    write_header(&mut packet, &fields, &ExtensionBlock::default(), false);
    Header::parse(&packet).unwrap()
}

const KEY: [u8; 2] = [0x10, 0x10];
const DELTA: [u8; 2] = [0x10, 0x11];

#[test]
fn loss_is_reported_before_repair_and_counted_after() {
    let mut track = uptrack(Kind::Video);
    let now = Instant::now();
    for sequence in [65_534, 65_535, 2, 3] {
        track.receive(&header(sequence, 0), &DELTA, Marks::default(), now, false, true);
    }
    assert_eq!(track.lost(), 2);
    let block = track.report(now).unwrap();
    assert_eq!((block.fraction_lost, block.lost, block.highest), (85, 2, 0x1_0003));
    let mut due = Vec::new();
    track.poll_nacks(now + Duration::from_millis(10), None, &mut due);
    assert_eq!(due, [0, 1]);
    track.receive(&header(0, 0), &DELTA, Marks::default(), now, true, true);
    assert_eq!((track.lost(), track.totals.recovered, track.totals.nacked), (1, 1, 2));
    assert_eq!(track.reception.take_loss(), (6, 2));
    assert_eq!(track.reception.take_loss(), (0, 0));
    assert_eq!(track.fresh.len(), 5);
}

#[test]
fn restarts_begin_a_new_epoch_and_keep_totals() {
    let mut track = uptrack(Kind::Video);
    let now = Instant::now();
    let mut epochs = Vec::new();
    let mut send = |track: &mut Uptrack, sequence| {
        track.receive(&header(sequence, 0), &KEY, Marks::default(), now, false, true);
        epochs.push(track.ring.get(*track.fresh.last().unwrap()).unwrap().0.epoch);
    };
    send(&mut track, 100);
    send(&mut track, 101);
    track.restart(8);
    send(&mut track, 9);
    send(&mut track, 40_000);
    send(&mut track, 40_001);
    assert_eq!(epochs, [0, 0, 1, 1, 2]);
    assert_eq!(track.totals.packets, 4, "the first packet after a jump may be a stray");
    assert_eq!(track.lost(), 0);
}

#[test]
fn the_loudest_of_the_second_is_kept() {
    let mut track = uptrack(Kind::Audio);
    for (sequence, level) in [(1, 0x80 | 60), (2, 30), (3, 90)] {
        let marks = Marks {
            audio_level: Some(level),
            orientation: None,
        };
        track.receive(&header(sequence, 0), &[1], marks, Instant::now(), false, false);
    }
    assert_eq!(track.take_level(), Some(30));
    assert_eq!(track.take_level(), None);
    assert!(track.fresh.is_empty(), "nobody listens");
}

#[test]
fn jitter_follows_appendix_a8() {
    let mut track = uptrack(Kind::Video);
    let start = Instant::now();
    track.reception.note_sender_report(1 << 32, 0, start);
    for (sequence, ms) in [(1u16, 0u64), (2, 42), (3, 80)] {
        let timestamp = u32::from(sequence) * 3600;
        let now = start + Duration::from_millis(ms);
        track.receive(
            &header(sequence, timestamp),
            &DELTA,
            Marks::default(),
            now,
            false,
            false,
        );
    }
    // |D| is 180 ticks twice: J16 = 180, then 180 + 180 - (188 >> 4) = 349
    assert_eq!(track.report(start).unwrap().jitter, 349 >> 4);
}

#[test]
fn unknown_payload_types_and_repetitions_are_named() {
    let mut track = uptrack(Kind::Video);
    let mut strange = header(1, 0);
    strange.payload_type = 50;
    let now = Instant::now();
    let mut receive = |header: &Header| track.receive(header, &KEY, Marks::default(), now, false, true);
    assert_eq!(receive(&strange), Receipt::UnknownPayloadType);
    assert_eq!(receive(&header(1, 0)), Receipt::Accepted);
    assert_eq!(receive(&header(1, 0)), Receipt::Duplicate);
}

#[test]
fn part_of_a_picture_waits_for_the_rest() {
    let mut track = uptrack(Kind::Video);
    let start = Instant::now();
    let mut receive = |sequence, marker, ms, recovered| {
        let mut header = header(sequence, 0);
        header.marker = marker;
        let now = start + Duration::from_millis(ms);
        track.receive(&header, &KEY, Marks::default(), now, recovered, true);
        let waits = track.waits_since();
        if waits.is_none() {
            track.fresh.clear();
        }
        waits
    };
    assert_eq!(receive(1, false, 0, false), Some(start));
    assert_eq!(receive(2, false, 1, false), Some(start));
    assert_eq!(receive(3, true, 2, false), None);
    assert_eq!(receive(4, false, 3, true), None, "a repaired packet is late already");
}

#[test]
fn a_new_epoch_asks_for_a_key_frame() {
    let mut track = uptrack(Kind::Video);
    let now = Instant::now();
    let send = |track: &mut Uptrack, sequence, payload| {
        track.receive(
            &header(sequence, sequence.into()),
            payload,
            Marks::default(),
            now,
            false,
            true,
        );
        track.key_frames.poll(now, None)
    };
    assert!(!send(&mut track, 10, &DELTA));
    assert!(!send(&mut track, 5_000, &DELTA), "perhaps a stray");
    assert!(send(&mut track, 5_001, &DELTA));
    let mut track = uptrack(Kind::Video);
    assert!(!send(&mut track, 10, &DELTA));
    assert!(!send(&mut track, 5_000, &KEY));
    assert!(!send(&mut track, 5_001, &KEY), "it brought one itself");
}

#[test]
fn what_cannot_be_repaired_asks_for_a_key_frame() {
    let mut track = uptrack(Kind::Video);
    let start = Instant::now();
    for sequence in [1, 3] {
        track.receive(&header(sequence, 0), &DELTA, Marks::default(), start, false, true);
    }
    let mut due = Vec::new();
    let asked = (0..3_000).step_by(10).find(|&ms| {
        let now = start + Duration::from_millis(ms);
        track.poll_nacks(now, None, &mut due);
        track.key_frames.poll(now, None)
    });
    assert_eq!(due, [2; 10]);
    assert!(asked.is_some_and(|ms| (500..1_600).contains(&ms)), "{asked:?}");
}

#[test]
fn a_publisher_that_receives_nothing_is_asked_once_a_round_trip() {
    let mut track = uptrack(Kind::Video);
    let start = Instant::now();
    let at = |ms| start + Duration::from_millis(ms);
    let mut due = Vec::new();
    for sequence in [1, 3] {
        track.receive(&header(sequence, 0), &DELTA, Marks::default(), start, false, true);
    }
    track.poll_nacks(at(10), None, &mut due);
    track.receive(&header(2, 0), &DELTA, Marks::default(), at(410), true, true);
    assert_eq!(
        (due.as_slice(), track.repair_time),
        (&[2][..], Some(Duration::from_millis(400)))
    );
    // From now on as if its reports had told 400 ms.
    track.receive(&header(5, 0), &DELTA, Marks::default(), at(420), false, true);
    due.clear();
    for ms in (420..1_420).step_by(10) {
        track.poll_nacks(at(ms), None, &mut due);
    }
    assert_eq!(due, [4, 4], "after 5 ms and after 500");
}

fn h264() -> Uptrack {
    let mut track = uptrack(Kind::Video);
    track.codecs[0].name = CodecName::H264;
    track
}

/// Whether each packet of (sequence number, timestamp, first payload byte) starts a key frame.
fn starts(track: &mut Uptrack, packets: &[(u16, u32, u8)]) -> Vec<bool> {
    let now = Instant::now();
    let packets = packets.iter();
    packets
        .map(|&(sequence, timestamp, unit)| {
            let before = track.totals.key_frames;
            track.receive(
                &header(sequence, timestamp),
                &[unit, 1],
                Marks::default(),
                now,
                false,
                true,
            );
            let (entry, _) = track.ring.get(*track.fresh.last().unwrap()).unwrap();
            assert_eq!(entry.starts_key_frame, track.totals.key_frames > before);
            entry.starts_key_frame
        })
        .collect()
}

const SLICE: u8 = 0x41;
const IDR: u8 = 0x65;
const SPS: u8 = 0x67;

#[test]
fn slices_of_one_picture_start_one_key_frame() {
    let packets = [(1, 10, SLICE), (2, 20, IDR), (3, 20, IDR), (4, 30, SLICE), (5, 40, IDR)];
    assert_eq!(starts(&mut h264(), &packets), [false, true, false, false, true]);
    let with_sets = [(1, 10, SPS), (2, 10, IDR), (3, 10, IDR)];
    assert_eq!(starts(&mut h264(), &with_sets), [true, false, false]);
}

#[test]
fn a_picture_whose_parameter_sets_are_late_starts_with_them() {
    // The very first ones late: nothing tells that there are any but the gap.
    let first = [(1, 10, SLICE), (3, 20, IDR), (4, 20, IDR), (2, 20, SPS)];
    assert_eq!(starts(&mut h264(), &first), [false, false, false, true]);
    let later = [(1, 10, SPS), (2, 10, IDR), (4, 20, IDR), (3, 20, SPS)];
    assert_eq!(starts(&mut h264(), &later), [true, false, false, true]);
    // Whoever came later would decode with the sets of another source.
    let without = [(1, 10, SPS), (2, 10, IDR), (3, 20, IDR), (4, 30, SPS)];
    assert_eq!(starts(&mut h264(), &without), [true, false, false, true]);
}
