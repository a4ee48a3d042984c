use proptest::prelude::*;

use super::*;

fn block() -> impl Strategy<Value = ReportBlock> {
    (any::<[u32; 5]>(), any::<u8>(), -0x80_0000i32..0x80_0000).prop_map(|(words, fraction_lost, lost)| ReportBlock {
        ssrc: words[0],
        fraction_lost,
        lost,
        highest: words[1],
        jitter: words[2],
        last_report: words[3],
        delay: words[4],
    })
}

fn only(writer: &Writer) -> Rtcp<'_> {
    let mut compound = Compound::new(writer.as_slice());
    let packet = compound.next().unwrap();
    assert!(compound.next().is_none() && !compound.is_broken());
    packet
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        exhaust(&bytes);
    }

    /// Bytes that look like RTCP, so that the insides of packets are reached.
    #[test]
    fn any_bodies_are_read_without_panic(
        packets in proptest::collection::vec((0u8..64, 200u8..208, proptest::collection::vec(any::<u8>(), 0..60)), 1..5),
    ) {
        let mut bytes = Vec::new();
        for (count, kind, mut body) in packets {
            body.resize(body.len().next_multiple_of(4), 0);
            bytes.extend_from_slice(&[0x80 | count, kind]);
            bytes.extend_from_slice(&((body.len() / 4) as u16).to_be_bytes());
            bytes.extend_from_slice(&body);
        }
        exhaust(&bytes);
    }

    #[test]
    fn reports_round_trip(
        ssrc in any::<u32>(), ntp in any::<u64>(), timestamp in any::<u32>(),
        blocks in proptest::collection::vec(block(), 0..31),
    ) {
        let mut out = Writer::default();
        write_sender_report(&mut out, ssrc, ntp, timestamp, (1, 2), &blocks);
        write_receiver_report(&mut out, ssrc, &blocks);
        write_source_description(&mut out, &[ssrc, 5], "nhip-cau");
        write_bye(&mut out, &[ssrc]);
        let packets: Vec<_> = Compound::new(out.as_slice()).collect();
        let [Rtcp::SenderReport { ssrc: read_ssrc, ntp: read_ntp, timestamp: read_time, blocks: sent },
             Rtcp::ReceiverReport { blocks: received }, Rtcp::SourceDescription, Rtcp::Bye { ssrcs }] = packets[..]
        else { panic!("{packets:?}") };
        prop_assert_eq!((read_ssrc, read_ntp, read_time), (ssrc, ntp, timestamp));
        prop_assert_eq!(&sent.collect::<Vec<_>>(), &blocks);
        prop_assert_eq!(&received.collect::<Vec<_>>(), &blocks);
        prop_assert_eq!(ssrcs.collect::<Vec<_>>(), vec![ssrc]);
    }

    #[test]
    fn nacks_round_trip(first in any::<u16>(), steps in proptest::collection::vec(1u16..40, 0..60)) {
        let mut numbers = vec![first];
        for step in steps {
            numbers.push(numbers.last().unwrap().wrapping_add(step));
        }
        let mut out = Writer::default();
        write_nack(&mut out, 1, 2, &numbers);
        let Rtcp::Nack { ssrc: 2, numbers: read } = only(&out) else { panic!() };
        prop_assert_eq!(read.collect::<Vec<_>>(), numbers);
    }

    #[test]
    fn remb_round_trips_to_18_bits(bitrate in any::<u64>(), ssrcs in proptest::collection::vec(any::<u32>(), 0..9)) {
        let mut out = Writer::default();
        write_remb(&mut out, 1, bitrate, &ssrcs);
        let Rtcp::Remb { bitrate: read, ssrcs: read_ssrcs } = only(&out) else { panic!() };
        prop_assert!(read <= bitrate && bitrate - read <= bitrate >> 17);
        prop_assert_eq!(read_ssrcs.collect::<Vec<_>>(), ssrcs);
    }
}

fn exhaust(bytes: &[u8]) {
    for packet in Compound::new(bytes) {
        match packet {
            Rtcp::SenderReport { blocks, .. } | Rtcp::ReceiverReport { blocks } => assert!(blocks.count() < 32),
            Rtcp::Bye { ssrcs } | Rtcp::Remb { ssrcs, .. } => assert!(ssrcs.count() < 256),
            Rtcp::Nack { numbers, .. } => assert!(numbers.count() <= 17 * bytes.len()),
            Rtcp::FullIntra { entries } => assert!(entries.count() <= bytes.len()),
            _ => {}
        }
    }
}

#[test]
fn picture_loss_and_full_intra() {
    let mut out = Writer::default();
    write_pli(&mut out, 1, 77);
    assert_eq!(only(&out), Rtcp::PictureLoss { ssrc: 77 });
    let bytes = [0x84, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 78, 9, 0, 0, 0];
    let Some(Rtcp::FullIntra { entries }) = Compound::new(&bytes).next() else {
        panic!()
    };
    assert_eq!(entries.collect::<Vec<_>>(), [78]);
}

#[test]
fn nothing_to_ask_for_writes_nothing() {
    let mut out = Writer::default();
    write_nack(&mut out, 1, 2, &[]);
    assert!(out.is_empty());
}
