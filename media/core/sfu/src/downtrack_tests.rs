use super::*;
use crate::history::REPETITION_PAUSE;
use crate::model::{CodecName, SourceSpec};
use crate::uptrack::{Marks, Receipt};

fn codec(name: CodecName, payload_type: u8, rtx: Option<u8>) -> Codec {
    Codec {
        name,
        payload_type,
        rtx_payload_type: rtx,
        clock_rate: 90_000,
        profile: None,
    }
}

fn source(name: CodecName) -> Uptrack {
    let spec = SourceSpec {
        source: 1,
        kind: Kind::Video,
        mid: "0".into(),
        codecs: vec![codec(name, 96, None)],
        ssrc: Some(7),
        rtx_ssrc: None,
        smaller: None,
    };
    Uptrack::new(spec, 0, 2_500_000, Instant::now())
}

fn slot(rtx: bool) -> Downtrack {
    let spec = SlotSpec {
        slot: 1,
        kind: Kind::Video,
        mid: "5".into(),
        codecs: vec![codec(CodecName::Vp8, 120, rtx.then_some(121))],
        ssrc: 1000,
        rtx_ssrc: rtx.then_some(1001),
        tells_arrivals: false,
    };
    Downtrack::new(
        spec,
        ExtensionIds {
            mid: 4,
            ..Default::default()
        },
        10,
        Instant::now(),
    )
}

const KEY: &[u8] = &[0x10, 0x10];
const DELTA: &[u8] = &[0x10, 0x11];

/// Lets one packet through source and slot; the outgoing sequence number.
fn pass(track: &mut Uptrack, slot: &mut Downtrack, sequence: u16, payload: &[u8]) -> Option<u16> {
    let mut packet = [0; 12];
    let fields = Fields {
        marker: true,
        payload_type: 96,
        sequence,
        timestamp: sequence.into(),
        ssrc: 7,
    };
    crate::rtp::write_header(&mut packet, &fields, &ExtensionBlock::default(), false);
    let header = crate::rtp::Header::parse(&packet).unwrap();
    let now = Instant::now();
    let receipt = track.receive(&header, payload, Marks::default(), now, false, true);
    assert_eq!(receipt, Receipt::Accepted);
    let index = *track.fresh.last().unwrap();
    let (entry, payload) = track.ring.get(index).unwrap();
    let leaving = slot.admit(entry, index, payload.len(), now)?;
    slot.note_sent(&leaving, payload.len());
    assert_eq!((leaving.fields.payload_type, leaving.fields.ssrc), (120, 1000));
    Some(leaving.fields.sequence)
}

#[test]
fn video_begins_at_a_key_frame_and_continues_after_a_switch() {
    let (mut one, mut two, mut slot) = (source(CodecName::Vp8), source(CodecName::Vp8), slot(true));
    assert_eq!(pass(&mut one, &mut slot, 1, KEY), None, "nothing is assigned");
    slot.assign(Some((0, &one)));
    assert!(slot.waits_for_key_frame());
    assert_eq!(pass(&mut one, &mut slot, 2, DELTA), None);
    assert_eq!(pass(&mut one, &mut slot, 3, KEY), Some(10));
    assert_eq!(pass(&mut one, &mut slot, 5, DELTA), Some(12));
    slot.assign(Some((1, &two)));
    assert_eq!(pass(&mut two, &mut slot, 60_000, DELTA), None);
    assert_eq!(pass(&mut two, &mut slot, 60_001, KEY), Some(13));
    slot.assign(Some((0, &one)));
    assert_eq!(pass(&mut one, &mut slot, 6, KEY), Some(14));
    one.restart(99);
    assert_eq!(
        pass(&mut one, &mut slot, 40, DELTA),
        None,
        "a restarted source needs a key frame"
    );
    assert_eq!(pass(&mut one, &mut slot, 41, KEY), Some(15));
    slot.assign(None);
    assert_eq!(pass(&mut one, &mut slot, 42, KEY), None);
}

#[test]
fn repetitions_go_by_rtx_once_and_never_after_a_switch() {
    let (mut one, mut slot) = (source(CodecName::Vp8), slot(true));
    slot.assign(Some((0, &one)));
    pass(&mut one, &mut slot, 1, KEY);
    pass(&mut one, &mut slot, 2, DELTA);
    let now = Instant::now();
    let first = repeat(&mut slot, 11, &one, now).unwrap();
    assert_eq!(
        (first.original, first.fields.ssrc, first.fields.payload_type),
        (Some(11), 1001, 121)
    );
    assert!(
        repeat(&mut slot, 11, &one, now).is_none(),
        "asked twice within a moment"
    );
    let again = repeat(&mut slot, 11, &one, now + REPETITION_PAUSE).unwrap();
    assert_eq!(again.sequence, first.sequence + 1);
    assert!(repeat(&mut slot, 12, &one, now).is_none(), "never sent");
    slot.assign(Some((0, &one)));
    assert!(repeat(&mut slot, 10, &one, now).is_none());
}

fn repeat(slot: &mut Downtrack, sequence: u16, source: &Uptrack, now: Instant) -> Option<Leaving> {
    slot.repeat(sequence, &source.ring, None, &mut 1_000_000, now)
}

#[test]
fn a_packet_is_repeated_once_a_round_trip_and_three_times_in_all() {
    let (mut one, mut slot) = (source(CodecName::Vp8), slot(true));
    slot.assign(Some((0, &one)));
    pass(&mut one, &mut slot, 1, KEY);
    let start = Instant::now();
    for (round_trip, pause) in [(400, 350), (5, 25)] {
        let sequence = pass(&mut one, &mut slot, 2 + round_trip, DELTA).unwrap();
        let round_trip = Some(Duration::from_millis(round_trip.into()));
        let repeated: Vec<u64> = (0..4_000)
            .step_by(5)
            .filter(|&ms| {
                let now = start + Duration::from_millis(ms);
                let repetition = slot.repeat(sequence, &one.ring, round_trip, &mut 1_000_000, now);
                repetition.is_some()
            })
            .collect();
        assert_eq!(repeated, [0, pause, 2 * pause]);
    }
}

#[test]
fn repetitions_end_with_their_budget() {
    let (mut one, mut slot) = (source(CodecName::Vp8), slot(true));
    slot.assign(Some((0, &one)));
    let mut payload = KEY.to_vec();
    payload.resize(1_000, 0);
    for sequence in 1..=5 {
        pass(&mut one, &mut slot, sequence, &payload);
    }
    let (now, mut budget) = (Instant::now(), 2_500);
    let repeated = (10..15).filter(|&sequence| slot.repeat(sequence, &one.ring, None, &mut budget, now).is_some());
    assert_eq!(repeated.count(), 2);
    assert_eq!(budget, 500);
    budget = 1_000;
    assert!(
        slot.repeat(14, &one.ring, None, &mut budget, now).is_some(),
        "a refused one was not counted"
    );
}

#[test]
fn without_rtx_the_same_packet_leaves_again() {
    let (mut one, mut slot) = (source(CodecName::Vp8), slot(false));
    slot.assign(Some((0, &one)));
    pass(&mut one, &mut slot, 1, KEY);
    let again = repeat(&mut slot, 10, &one, Instant::now()).unwrap();
    assert_eq!((again.original, again.sequence, again.fields.ssrc), (None, 10, 1000));
}

#[test]
fn sender_reports_count_payload_and_no_rtx() {
    let (mut one, mut slot) = (source(CodecName::Vp8), slot(true));
    slot.assign(Some((0, &one)));
    pass(&mut one, &mut slot, 1, KEY);
    pass(&mut one, &mut slot, 2, DELTA);
    let again = repeat(&mut slot, 11, &one, Instant::now()).unwrap();
    slot.note_sent(&again, DELTA.len());
    let totals = slot.totals;
    assert_eq!((totals.packets, totals.own_packets, totals.own_octets), (3, 2, 4));
}

#[test]
fn a_slot_without_the_codec_stays_empty_and_says_so() {
    let (mut one, mut slot) = (source(CodecName::H264), slot(true));
    slot.assign(Some((0, &one)));
    assert!(slot.lacks_codec() && !slot.waits_for_key_frame());
    assert_eq!(pass(&mut one, &mut slot, 1, &[0x65, 1]), None);
}

#[test]
fn sender_reports_carry_the_publishers_clock_to_ours() {
    let (mut one, mut slot) = (source(CodecName::Vp8), slot(true));
    let start = Instant::now();
    let clock = Clock::new(start);
    slot.assign(Some((0, &one)));
    assert_eq!(slot.report_time(Some(&one), Some(0), &clock, start), None);
    pass(&mut one, &mut slot, 1, KEY);
    one.reception.note_sender_report(100 << 32, 90_001, start);
    let later = start + Duration::from_secs(2);
    let time = slot.report_time(Some(&one), Some(7 << 32), &clock, later).unwrap();
    assert_eq!(time, (109 << 32, 90_001 + 180_000));
}

#[test]
fn the_round_trip_counts_from_when_the_report_left() {
    let mut slot = slot(true);
    let start = Instant::now();
    slot.note_reported(0x1234_5678_9ABC_DEF0, start);
    let block = ReportBlock {
        fraction_lost: 64,
        last_report: 0x5678_9ABC,
        delay: 0x8000,
        ..ReportBlock::default()
    };
    let later = start + Duration::from_millis(620);
    assert_eq!(slot.note_report(&block, later), Some(Duration::from_millis(120)));
    assert_eq!(slot.loss, 0.25);
    assert_eq!(slot.note_report(&block, start), None, "a clock that runs wild");
    for second in 1..4 {
        slot.note_reported(second << 32, start + Duration::from_secs(second));
    }
    let late = start + Duration::from_millis(3_200);
    assert_eq!(
        slot.note_report(&block, late),
        Some(Duration::from_millis(2_700)),
        "four reports are remembered"
    );
    slot.note_reported(4 << 32, late);
    assert_eq!(slot.note_report(&block, late), None, "an older report");
}
