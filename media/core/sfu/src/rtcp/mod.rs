//! RTCP (RFC 3550 section 6, RFC 4585, RFC 5104, REMB): reading.

mod write;

pub use write::{ReportBlock, Writer, write_bye, write_nack, write_pli, write_receiver_report, write_remb};
pub use write::{write_sender_report, write_source_description};

pub(crate) const SENDER_REPORT: u8 = 200;
pub(crate) const RECEIVER_REPORT: u8 = 201;
pub(crate) const SOURCE_DESCRIPTION: u8 = 202;
pub(crate) const BYE: u8 = 203;
pub(crate) const TRANSPORT_FEEDBACK: u8 = 205;
pub(crate) const PAYLOAD_FEEDBACK: u8 = 206;
pub(crate) const FORMAT_NACK: u8 = 1;
pub(crate) const FORMAT_TRANSPORT_CC: u8 = 15;
pub(crate) const FORMAT_PLI: u8 = 1;
const FORMAT_FIR: u8 = 4;
pub(crate) const FORMAT_ALFB: u8 = 15;

/// One packet of a compound, lists left in wire form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rtcp<'a> {
    SenderReport {
        ssrc: u32,
        /// 32.32 seconds since 1900.
        ntp: u64,
        timestamp: u32,
        blocks: Blocks<'a>,
    },
    ReceiverReport {
        blocks: Blocks<'a>,
    },
    SourceDescription,
    Bye {
        ssrcs: Words<'a>,
    },
    Nack {
        ssrc: u32,
        numbers: NackNumbers<'a>,
    },
    TransportCc {
        /// Base sequence number and everything after it.
        body: &'a [u8],
    },
    PictureLoss {
        ssrc: u32,
    },
    FullIntra {
        entries: FirEntries<'a>,
    },
    Remb {
        /// bit/s
        bitrate: u64,
        ssrcs: Words<'a>,
    },
    Other,
}

/// The packets of a compound; ends at the first that is malformed, and `is_broken` says so then.
pub struct Compound<'a> {
    rest: &'a [u8],
    broken: bool,
}

impl<'a> Compound<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            broken: false,
        }
    }

    pub fn is_broken(&self) -> bool {
        self.broken
    }

    fn split(&mut self) -> Option<Rtcp<'a>> {
        let [first, kind, high, low] = *self.rest.first_chunk()?;
        let length = 4 * (usize::from(u16::from_be_bytes([high, low])) + 1);
        if first >> 6 != 2 || self.rest.len() < length {
            return None;
        }
        let (packet, rest) = self.rest.split_at(length);
        self.rest = rest;
        let mut body = &packet[4..];
        if first & 0x20 != 0 {
            let padding = usize::from(*body.last()?);
            body = body.get(..body.len().checked_sub(padding)?)?;
        }
        read(kind, first & 0x1F, body)
    }
}

impl<'a> Iterator for Compound<'a> {
    type Item = Rtcp<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let packet = self.split();
        if packet.is_none() {
            self.broken = true;
            self.rest = &[];
        }
        packet
    }
}

fn read(kind: u8, count: u8, body: &[u8]) -> Option<Rtcp<'_>> {
    let count_usize = usize::from(count);
    Some(match (kind, count) {
        (SENDER_REPORT, _) => Rtcp::SenderReport {
            ssrc: word(body, 0)?,
            ntp: u64::from(word(body, 4)?) << 32 | u64::from(word(body, 8)?),
            timestamp: word(body, 12)?,
            blocks: Blocks(body.get(24..24 + 24 * count_usize)?),
        },
        (RECEIVER_REPORT, _) => Rtcp::ReceiverReport {
            blocks: Blocks(body.get(4..4 + 24 * count_usize)?),
        },
        (SOURCE_DESCRIPTION, _) => Rtcp::SourceDescription,
        (BYE, _) => Rtcp::Bye {
            ssrcs: Words(body.get(..4 * count_usize)?),
        },
        (TRANSPORT_FEEDBACK, FORMAT_NACK) => Rtcp::Nack {
            ssrc: word(body, 4)?,
            numbers: NackNumbers::new(body.get(8..)?),
        },
        (TRANSPORT_FEEDBACK, FORMAT_TRANSPORT_CC) => Rtcp::TransportCc { body: body.get(8..)? },
        (PAYLOAD_FEEDBACK, FORMAT_PLI) => Rtcp::PictureLoss { ssrc: word(body, 4)? },
        (PAYLOAD_FEEDBACK, FORMAT_FIR) => Rtcp::FullIntra {
            entries: FirEntries(body.get(8..)?),
        },
        (PAYLOAD_FEEDBACK, FORMAT_ALFB) if body.get(8..12) == Some(b"REMB") => {
            let head = word(body, 12)?;
            let exponent = head >> 18 & 0x3F;
            let mantissa = u64::from(head & 0x3_FFFF);
            Rtcp::Remb {
                bitrate: mantissa.checked_shl(exponent).unwrap_or(u64::MAX),
                ssrcs: Words(body.get(16..16 + 4 * (head >> 24) as usize)?),
            }
        }
        _ => Rtcp::Other,
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// A list of 32-bit numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Words<'a>(&'a [u8]);

impl Iterator for Words<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let value = word(self.0, 0)?;
        self.0 = &self.0[4..];
        Some(value)
    }
}

/// Reception reports (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blocks<'a>(&'a [u8]);

impl Iterator for Blocks<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        let (block, rest) = self.0.split_first_chunk::<24>()?;
        self.0 = rest;
        let lost = word(block, 4)?;
        Some(ReportBlock {
            ssrc: word(block, 0)?,
            fraction_lost: block[4],
            lost: ((lost << 8) as i32) >> 8,
            highest: word(block, 8)?,
            jitter: word(block, 12)?,
            last_report: word(block, 16)?,
            delay: word(block, 20)?,
        })
    }
}

/// Numbers asked for again: each pair is one number and a mask of the 16 after it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NackNumbers<'a> {
    rest: &'a [u8],
    first: u16,
    mask: u32,
}

impl<'a> NackNumbers<'a> {
    fn new(rest: &'a [u8]) -> Self {
        Self {
            rest,
            first: 0,
            mask: 0,
        }
    }
}

impl Iterator for NackNumbers<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        if self.mask == 0 {
            let pair = word(self.rest, 0)?;
            self.rest = &self.rest[4..];
            self.first = (pair >> 16) as u16;
            self.mask = (pair & 0xFFFF) << 1 | 1;
        }
        let bit = self.mask.trailing_zeros();
        self.mask &= self.mask - 1;
        Some(self.first.wrapping_add(bit as u16))
    }
}

/// SSRCs of a full intra request (RFC 5104 section 4.3.1); command numbers do not matter, requests are coalesced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FirEntries<'a>(&'a [u8]);

impl Iterator for FirEntries<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (entry, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        word(entry, 0)
    }
}

#[cfg(test)]
mod tests;
