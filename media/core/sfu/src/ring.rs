//! The last packets of one source in plain text, shared by first delivery and all retransmissions.
//!
//! Payloads lie one behind the other in a byte ring; entries are found by a running index. Both are allocated with the
//! first packet and never again.

use crate::picture::PictureNumbers;

/// One packet without its payload.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Sequence number with roll-over count, of the source.
    pub sequence: u64,
    pub timestamp: u32,
    /// The uptrack's count of restarts when the packet came.
    pub epoch: u32,
    pub numbers: PictureNumbers,
    pub starts_key_frame: bool,
    pub marker: bool,
    /// Index in the source's codecs.
    pub codec: u8,
    /// RFC 6464 byte, and the orientation byte of 3GPP TS 26.114, where the packet bore them.
    pub audio_level: Option<u8>,
    pub orientation: Option<u8>,
}

struct Stored {
    index: u64,
    position: u64,
    /// Where `position` lies in the buffer.
    start: usize,
    length: usize,
    entry: Entry,
}

pub struct Ring {
    bytes: Vec<u8>,
    entries: Vec<Option<Stored>>,
    byte_capacity: usize,
    entry_capacity: usize,
    next_index: u64,
    /// Bytes ever written, gaps at the end of the buffer included.
    head: u64,
}

impl Ring {
    /// `entry_capacity` is a power of two; a payload is at most `byte_capacity` long.
    pub fn new(entry_capacity: usize, byte_capacity: usize) -> Self {
        Self {
            bytes: Vec::new(),
            entries: Vec::new(),
            byte_capacity,
            entry_capacity,
            next_index: 0,
            head: 0,
        }
    }

    /// Stores a packet and returns its index, overwriting the oldest ones.
    pub fn push(&mut self, entry: Entry, payload: &[u8]) -> u64 {
        if self.bytes.is_empty() {
            self.bytes.resize(self.byte_capacity, 0);
            self.entries.resize_with(self.entry_capacity, || None);
        }
        let capacity = self.byte_capacity as u64;
        let mut start = (self.head % capacity) as usize;
        if start + payload.len() > self.byte_capacity {
            self.head += capacity - start as u64; // a payload never wraps
            start = 0;
        }
        self.bytes[start..start + payload.len()].copy_from_slice(payload);
        let stored = Stored {
            index: self.next_index,
            position: self.head,
            start,
            length: payload.len(),
            entry,
        };
        self.head += payload.len() as u64;
        let place = self.next_index as usize & (self.entry_capacity - 1);
        self.entries[place] = Some(stored);
        self.next_index += 1;
        self.next_index - 1
    }

    /// The packets that came before the one at `index`, the latest first.
    pub fn before(&self, index: u64) -> impl Iterator<Item = (u64, &Entry)> {
        let oldest = self.next_index.saturating_sub(self.entry_capacity as u64);
        (oldest..index)
            .rev()
            .map_while(|index| self.get(index).map(|(entry, _)| (index, entry)))
    }

    /// None once the packet has been overwritten.
    pub fn get(&self, index: u64) -> Option<(&Entry, &[u8])> {
        let stored = self.entries.get(index as usize & (self.entry_capacity - 1))?.as_ref()?;
        if stored.index != index || self.head - stored.position > self.byte_capacity as u64 {
            return None;
        }
        Some((&stored.entry, &self.bytes[stored.start..stored.start + stored.length]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(sequence: u64) -> Entry {
        Entry {
            sequence,
            timestamp: 0,
            epoch: 0,
            numbers: PictureNumbers::default(),
            starts_key_frame: false,
            marker: false,
            codec: 0,
            audio_level: None,
            orientation: None,
        }
    }

    proptest! {
        #[test]
        fn gives_back_what_was_stored_or_nothing(lengths in proptest::collection::vec(0usize..40, 1..200)) {
            let mut ring = Ring::new(16, 200);
            let mut stored: Vec<Vec<u8>> = Vec::new();
            for (number, length) in lengths.into_iter().enumerate() {
                let payload = vec![number as u8; length];
                prop_assert_eq!(ring.push(entry(number as u64), &payload), number as u64);
                stored.push(payload);
                prop_assert!(ring.get(number as u64).is_some());
                for (index, expected) in stored.iter().enumerate() {
                    if let Some((entry, payload)) = ring.get(index as u64) {
                        prop_assert_eq!(entry.sequence, index as u64);
                        prop_assert_eq!(payload, expected.as_slice());
                    }
                }
                prop_assert!(ring.get(number as u64 + 1).is_none());
            }
        }
    }
}
