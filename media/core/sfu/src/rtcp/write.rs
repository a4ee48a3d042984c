//! RTCP: writing. Each function appends one packet to a [`Writer`].

use super::{
    BYE, FORMAT_ALFB, FORMAT_NACK, FORMAT_PLI, PAYLOAD_FEEDBACK, RECEIVER_REPORT, SENDER_REPORT, SOURCE_DESCRIPTION,
    TRANSPORT_FEEDBACK,
};

/// One reception report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportBlock {
    pub ssrc: u32,
    /// Share lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost since the start; 24 bits on the wire.
    pub lost: i32,
    /// Highest sequence number with its roll-over count.
    pub highest: u32,
    /// In timestamp units.
    pub jitter: u32,
    /// Middle 32 bits of the NTP time of the last sender report, 0 without one.
    pub last_report: u32,
    /// Since then, in 1/65536 s.
    pub delay: u32,
}

/// A compound in the making, in a buffer that is reused.
#[derive(Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// The packets followed by `spare` bytes for sealing them in place, and the length without those.
    pub fn with_spare(&mut self, spare: usize) -> (&mut [u8], usize) {
        let length = self.bytes.len();
        self.bytes.resize(length + spare, 0);
        (&mut self.bytes, length)
    }

    /// Starts a packet; returns where.
    pub(crate) fn begin(&mut self, count: u8, kind: u8) -> usize {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0x80 | count, kind, 0, 0]);
        start
    }

    /// Pads the packet from `start` on to whole words and fills its length in.
    pub(crate) fn finish(&mut self, start: usize) {
        while !(self.bytes.len() - start).is_multiple_of(4) {
            self.bytes.push(0);
        }
        let words = ((self.bytes.len() - start) / 4 - 1) as u16;
        self.bytes[start + 2..start + 4].copy_from_slice(&words.to_be_bytes());
    }

    pub(crate) fn word(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn half(&mut self, value: u16) {
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn byte(&mut self, value: u8) {
        self.bytes.push(value);
    }

    fn blocks(&mut self, blocks: &[ReportBlock]) {
        for block in blocks {
            self.word(block.ssrc);
            let lost = block.lost.clamp(-0x80_0000, 0x7F_FFFF) as u32 & 0xFF_FFFF;
            self.word(u32::from(block.fraction_lost) << 24 | lost);
            for value in [block.highest, block.jitter, block.last_report, block.delay] {
                self.word(value);
            }
        }
    }
}

/// `ntp`: 32.32 seconds since 1900. At most 31 blocks.
pub fn write_sender_report(
    out: &mut Writer,
    ssrc: u32,
    ntp: u64,
    timestamp: u32,
    sent: (u32, u32),
    blocks: &[ReportBlock],
) {
    let start = out.begin(blocks.len() as u8, SENDER_REPORT);
    let (packets, octets) = sent;
    for value in [ssrc, (ntp >> 32) as u32, ntp as u32, timestamp, packets, octets] {
        out.word(value);
    }
    out.blocks(blocks);
    out.finish(start);
}

/// At most 31 blocks.
pub fn write_receiver_report(out: &mut Writer, sender: u32, blocks: &[ReportBlock]) {
    let start = out.begin(blocks.len() as u8, RECEIVER_REPORT);
    out.word(sender);
    out.blocks(blocks);
    out.finish(start);
}

/// The canonical name of each of `ssrcs` (at most 31); it is at most 255 bytes long.
pub fn write_source_description(out: &mut Writer, ssrcs: &[u32], cname: &str) {
    const CNAME: u8 = 1;
    let start = out.begin(ssrcs.len() as u8, SOURCE_DESCRIPTION);
    for &ssrc in ssrcs {
        let chunk = out.bytes.len();
        out.word(ssrc);
        out.byte(CNAME);
        out.byte(cname.len() as u8);
        out.bytes.extend_from_slice(cname.as_bytes());
        out.byte(0);
        while !(out.bytes.len() - chunk).is_multiple_of(4) {
            out.byte(0);
        }
    }
    out.finish(start);
}

pub fn write_bye(out: &mut Writer, ssrcs: &[u32]) {
    let start = out.begin(ssrcs.len() as u8, BYE);
    for &ssrc in ssrcs {
        out.word(ssrc);
    }
    out.finish(start);
}

/// `numbers` in rising order (wraparound regarded); none: nothing is written.
pub fn write_nack(out: &mut Writer, sender: u32, media: u32, numbers: &[u16]) {
    let Some((&first, rest)) = numbers.split_first() else {
        return;
    };
    let start = out.begin(FORMAT_NACK, TRANSPORT_FEEDBACK);
    out.word(sender);
    out.word(media);
    let (mut base, mut mask) = (first, 0u16);
    for &number in rest {
        let distance = number.wrapping_sub(base);
        if (1..=16).contains(&distance) {
            mask |= 1 << (distance - 1);
        } else if distance != 0 {
            out.half(base);
            out.half(mask);
            (base, mask) = (number, 0);
        }
    }
    out.half(base);
    out.half(mask);
    out.finish(start);
}

pub fn write_pli(out: &mut Writer, sender: u32, media: u32) {
    let start = out.begin(FORMAT_PLI, PAYLOAD_FEEDBACK);
    out.word(sender);
    out.word(media);
    out.finish(start);
}

/// Receiver estimated maximum bitrate in bit/s for all of `ssrcs` together, rounded down to 18 significant bits.
pub fn write_remb(out: &mut Writer, sender: u32, bitrate: u64, ssrcs: &[u32]) {
    let start = out.begin(FORMAT_ALFB, PAYLOAD_FEEDBACK);
    out.word(sender);
    out.word(0);
    out.bytes.extend_from_slice(b"REMB");
    let exponent = (64 - bitrate.leading_zeros()).saturating_sub(18);
    out.word((ssrcs.len() as u32) << 24 | exponent << 18 | (bitrate >> exponent) as u32);
    for &ssrc in ssrcs {
        out.word(ssrc);
    }
    out.finish(start);
}
