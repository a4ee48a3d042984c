//! RTP packets (RFC 3550 section 5) and their header extensions (RFC 8285): one parsed view, one writer.

pub const FIXED_HEADER: usize = 12;
const ONE_BYTE_PROFILE: u16 = 0xBEDE;
const TWO_BYTE_PROFILE: u16 = 0x1000;

/// A parsed header. It names offsets instead of borrowing the packet, which is decrypted in place after parsing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub marker: bool,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    /// Length of everything that is not encrypted: fixed part, CSRCs, extensions.
    pub length: usize,
    padded: bool,
    extensions_at: usize,
    extensions_profile: u16,
}

impl Header {
    /// None if `packet` is too short for what its header promises, or not of version 2.
    pub fn parse(packet: &[u8]) -> Option<Self> {
        let fixed: &[u8; FIXED_HEADER] = packet.first_chunk()?;
        if fixed[0] >> 6 != 2 {
            return None;
        }
        let mut header = Self {
            marker: fixed[1] & 0x80 != 0,
            payload_type: fixed[1] & 0x7F,
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
            length: FIXED_HEADER + 4 * usize::from(fixed[0] & 0x0F),
            padded: fixed[0] & 0x20 != 0,
            extensions_at: 0,
            extensions_profile: 0,
        };
        if fixed[0] & 0x10 != 0 {
            let [p0, p1, l0, l1] = *packet.get(header.length..)?.first_chunk()?;
            header.extensions_profile = u16::from_be_bytes([p0, p1]);
            header.extensions_at = header.length + 4;
            header.length = header.extensions_at + 4 * usize::from(u16::from_be_bytes([l0, l1]));
        }
        (header.length <= packet.len()).then_some(header)
    }

    /// The payload of a decrypted packet without its padding; None if the padding is longer than the payload.
    pub fn payload<'a>(&self, packet: &'a [u8]) -> Option<&'a [u8]> {
        let body = packet.get(self.length..)?;
        if !self.padded {
            return Some(body);
        }
        let padding = usize::from(*body.last()?);
        if padding == 0 {
            return None;
        }
        body.get(..body.len().checked_sub(padding)?)
    }

    /// The (id, data) of each header extension.
    pub fn extensions<'a>(&self, packet: &'a [u8]) -> Extensions<'a> {
        let end = if self.extensions_at == 0 { 0 } else { self.length };
        Extensions {
            rest: packet.get(self.extensions_at..end).unwrap_or_default(),
            two_bytes: self.extensions_profile & 0xFFF0 == TWO_BYTE_PROFILE,
            known: self.extensions_profile == ONE_BYTE_PROFILE || self.extensions_profile & 0xFFF0 == TWO_BYTE_PROFILE,
        }
    }
}

pub struct Extensions<'a> {
    rest: &'a [u8],
    two_bytes: bool,
    known: bool,
}

impl<'a> Iterator for Extensions<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if !self.known {
            return None;
        }
        loop {
            let (&first, rest) = self.rest.split_first()?;
            if first == 0 {
                self.rest = rest; // padding between elements
                continue;
            }
            let (id, length, rest) = if self.two_bytes {
                let (&length, rest) = rest.split_first()?;
                (first, usize::from(length), rest)
            } else {
                (first >> 4, usize::from(first & 0x0F) + 1, rest)
            };
            // RFC 8285 section 4.2: id 15 ends a one-byte list.
            if (!self.two_bytes && id == 15) || rest.len() < length {
                self.rest = &[];
                return None;
            }
            let (data, rest) = rest.split_at(length);
            self.rest = rest;
            return Some((id, data));
        }
    }
}

/// What the header of an outgoing packet says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    pub marker: bool,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
}

/// A list of one-byte header extensions, ready to be copied behind a fixed header. Empty: no extension bit.
#[derive(Clone, Debug)]
pub struct ExtensionBlock {
    bytes: [u8; Self::CAPACITY],
    length: usize,
}

impl Default for ExtensionBlock {
    fn default() -> Self {
        Self {
            bytes: [0; Self::CAPACITY],
            length: 0,
        }
    }
}

impl ExtensionBlock {
    const CAPACITY: usize = 40;

    /// Adds one element. Not negotiated (id 0), two-byte only (id above 14, over 16 bytes) or too much: left out.
    pub fn push(&mut self, id: u8, data: &[u8]) {
        let start = if self.length == 0 { 4 } else { self.length };
        let end = start + 1 + data.len();
        if !(1..=14).contains(&id) || !(1..=16).contains(&data.len()) || end > Self::CAPACITY {
            return;
        }
        self.bytes[..2].copy_from_slice(&ONE_BYTE_PROFILE.to_be_bytes());
        self.bytes[start] = id << 4 | (data.len() - 1) as u8;
        self.bytes[start + 1..end].copy_from_slice(data);
        self.length = end;
    }

    /// Length on the wire, a multiple of 4.
    pub fn wire_length(&self) -> usize {
        self.length.next_multiple_of(4)
    }

    fn write(&self, out: &mut [u8]) {
        let wire = self.wire_length();
        out[..self.length].copy_from_slice(&self.bytes[..self.length]);
        out[self.length..wire].fill(0);
        out[2..4].copy_from_slice(&((wire / 4 - 1) as u16).to_be_bytes());
    }
}

/// Writes a header and returns its length. `padded` sets the padding bit. `out` has room for both parts.
pub fn write_header(out: &mut [u8], fields: &Fields, extensions: &ExtensionBlock, padded: bool) -> usize {
    let extended = extensions.length > 0;
    out[0] = 0x80 | u8::from(padded) << 5 | u8::from(extended) << 4;
    out[1] = u8::from(fields.marker) << 7 | fields.payload_type & 0x7F;
    out[2..4].copy_from_slice(&fields.sequence.to_be_bytes());
    out[4..8].copy_from_slice(&fields.timestamp.to_be_bytes());
    out[8..12].copy_from_slice(&fields.ssrc.to_be_bytes());
    if extended {
        extensions.write(&mut out[FIXED_HEADER..]);
    }
    FIXED_HEADER + extensions.wire_length()
}

/// Fills `out`, whose length is the number of padding bytes (1 to 255), with RTP padding.
pub fn write_padding(out: &mut [u8]) {
    out.fill(0);
    let count = out.len() as u8;
    if let Some(last) = out.last_mut() {
        *last = count;
    }
}

/// Whether sequence number `a` is after `b`, wraparound regarded.
pub fn is_newer(a: u16, b: u16) -> bool {
    a != b && a.wrapping_sub(b) < 0x8000
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields() -> impl Strategy<Value = Fields> {
        (any::<bool>(), 0u8..128, any::<u16>(), any::<u32>(), any::<u32>()).prop_map(
            |(marker, payload_type, sequence, timestamp, ssrc)| Fields {
                marker,
                payload_type,
                sequence,
                timestamp,
                ssrc,
            },
        )
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(packet in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(header) = Header::parse(&packet) {
                prop_assert!(header.length <= packet.len());
                let total: usize = header.extensions(&packet).map(|(_, data)| data.len()).sum();
                prop_assert!(total <= packet.len());
                if let Some(payload) = header.payload(&packet) {
                    prop_assert!(payload.len() + header.length <= packet.len());
                }
            }
        }

        #[test]
        fn any_extension_list_is_read_without_panic(
            two_bytes in any::<bool>(),
            list in proptest::collection::vec(any::<u8>(), 0..15).prop_map(|mut list| { list.resize(list.len().next_multiple_of(4), 0); list }),
        ) {
            let mut packet = vec![0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
            packet.extend_from_slice(if two_bytes { &[0x10, 0x00] } else { &[0xBE, 0xDE] });
            packet.extend_from_slice(&((list.len() / 4) as u16).to_be_bytes());
            packet.extend_from_slice(&list);
            let header = Header::parse(&packet).unwrap();
            prop_assert_eq!(header.length, packet.len());
            prop_assert!(header.extensions(&packet).count() <= list.len());
        }

        #[test]
        fn what_is_written_is_read(
            fields in fields(),
            mid in proptest::collection::vec(any::<u8>(), 1..17),
            level in any::<u8>(),
            payload in proptest::collection::vec(any::<u8>(), 0..50),
            padding in 0usize..20,
        ) {
            let mut block = ExtensionBlock::default();
            block.push(3, &mid);
            block.push(1, &[level]);
            block.push(0, &[9]);
            let mut packet = vec![0xAA; 200];
            let start = write_header(&mut packet, &fields, &block, padding > 0);
            packet.truncate(start);
            packet.extend_from_slice(&payload);
            packet.resize(packet.len() + padding, 0xAA);
            let end = packet.len();
            write_padding(&mut packet[end - padding..]);
            let header = Header::parse(&packet).unwrap();
            let read = Fields {
                marker: header.marker,
                payload_type: header.payload_type,
                sequence: header.sequence,
                timestamp: header.timestamp,
                ssrc: header.ssrc,
            };
            prop_assert_eq!(read, fields);
            let extensions: Vec<_> = header.extensions(&packet).collect();
            let level = [level];
            prop_assert_eq!(extensions, vec![(3, mid.as_slice()), (1, &level[..])]);
            prop_assert_eq!(header.payload(&packet).unwrap(), payload.as_slice());
        }
    }

    #[test]
    fn two_byte_extensions_may_be_empty_and_padded() {
        let packet = [
            0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0x10, 0x00, 0, 2, 0, 5, 0, 7, 2, 1, 2, 0,
        ];
        let header = Header::parse(&packet).unwrap();
        let extensions: Vec<_> = header.extensions(&packet).collect();
        assert_eq!(extensions, vec![(5, &[][..]), (7, &[1, 2][..])]);
    }

    #[test]
    fn padding_longer_than_the_payload_is_refused() {
        let mut packet = vec![0xA0, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4];
        assert_eq!(Header::parse(&packet).unwrap().payload(&packet), Some(&[][..]));
        packet[15] = 5;
        assert_eq!(Header::parse(&packet).unwrap().payload(&packet), None);
        packet[15] = 0;
        assert_eq!(Header::parse(&packet).unwrap().payload(&packet), None);
    }

    #[test]
    fn newer_wraps() {
        assert!(is_newer(0, 65535));
        assert!(!is_newer(65535, 0));
        assert!(!is_newer(7, 7));
    }
}
