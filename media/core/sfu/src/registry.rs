//! Which ids are in use, so that a bad description of a peer is refused where it is made, not on the core's thread.

use std::collections::{HashMap, HashSet};
use std::fmt;

use crate::model::{Codec, PeerSpec};

/// What is wrong with a description.
#[derive(Debug, PartialEq, Eq)]
pub enum SpecError {
    IdInUse(&'static str, u32),
    Fingerprint,
    PayloadTypeTwice(u8),
    SsrcTwice(u32),
    UfragInUse,
    NoCodec(u32),
    PayloadTypeRange(u8),
}

impl fmt::Display for SpecError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IdInUse(what, id) => write!(formatter, "{what} {id} is in use"),
            Self::Fingerprint => write!(formatter, "the fingerprint is not a SHA-256 in hexadecimal with colons"),
            Self::PayloadTypeTwice(value) => write!(formatter, "payload type {value} is used twice"),
            Self::SsrcTwice(value) => write!(formatter, "SSRC {value} is used twice"),
            Self::UfragInUse => write!(formatter, "the local user fragment is in use"),
            Self::NoCodec(id) => write!(formatter, "source or slot {id} has no codec"),
            Self::PayloadTypeRange(value) => write!(formatter, "payload type {value} is above 127 or means RTCP"),
        }
    }
}

impl std::error::Error for SpecError {}

#[derive(Default)]
pub struct Registry {
    peers: HashMap<u32, Entry>,
    sources: HashSet<u32>,
    slots: HashSet<u32>,
    ufrags: HashSet<String>,
    generation: u64,
}

struct Entry {
    generation: u64,
    ufrag: String,
    sources: Vec<u32>,
    slots: Vec<u32>,
}

impl Registry {
    /// Checks `spec` and takes its ids. The number returned tells this peer from later ones of the same id.
    pub fn add(&mut self, spec: &PeerSpec) -> Result<u64, SpecError> {
        self.check(spec)?;
        self.generation += 1;
        let entry = Entry {
            generation: self.generation,
            ufrag: spec.local_ufrag.clone(),
            sources: spec.sources.iter().map(|source| source.source).collect(),
            slots: spec.slots.iter().map(|slot| slot.slot).collect(),
        };
        self.sources.extend(&entry.sources);
        self.slots.extend(&entry.slots);
        self.ufrags.insert(entry.ufrag.clone());
        self.peers.insert(spec.peer, entry);
        Ok(self.generation)
    }

    /// As `remove`, unless another peer has taken the id meanwhile.
    pub fn remove_generation(&mut self, peer: u32, generation: u64) {
        if self
            .peers
            .get(&peer)
            .is_some_and(|entry| entry.generation == generation)
        {
            self.remove(peer);
        }
    }

    pub fn knows(&self, peer: u32) -> bool {
        self.peers.contains_key(&peer)
    }

    /// Gives the ids of a peer back; false if it is not known.
    pub fn remove(&mut self, peer: u32) -> bool {
        let Some(entry) = self.peers.remove(&peer) else {
            return false;
        };
        for source in entry.sources {
            self.sources.remove(&source);
        }
        for slot in entry.slots {
            self.slots.remove(&slot);
        }
        self.ufrags.remove(&entry.ufrag);
        true
    }

    fn check(&self, spec: &PeerSpec) -> Result<(), SpecError> {
        if self.peers.contains_key(&spec.peer) {
            return Err(SpecError::IdInUse("peer", spec.peer));
        }
        if self.ufrags.contains(&spec.local_ufrag) {
            return Err(SpecError::UfragInUse);
        }
        if !is_sha256(&spec.fingerprint) {
            return Err(SpecError::Fingerprint);
        }
        let (mut sources, mut slots) = (HashSet::new(), HashSet::new());
        let (mut theirs, mut ours) = (HashSet::new(), HashSet::new());
        for source in &spec.sources {
            if self.sources.contains(&source.source) || !sources.insert(source.source) {
                return Err(SpecError::IdInUse("source", source.source));
            }
            check_codecs(source.source, &source.codecs)?;
            take_ssrcs(&mut theirs, source.ssrc.into_iter().chain(source.rtx_ssrc))?;
        }
        for slot in &spec.slots {
            if self.slots.contains(&slot.slot) || !slots.insert(slot.slot) {
                return Err(SpecError::IdInUse("slot", slot.slot));
            }
            check_codecs(slot.slot, &slot.codecs)?;
            take_ssrcs(&mut ours, [slot.ssrc].into_iter().chain(slot.rtx_ssrc))?;
        }
        Ok(())
    }
}

fn take_ssrcs(taken: &mut HashSet<u32>, ssrcs: impl Iterator<Item = u32>) -> Result<(), SpecError> {
    for ssrc in ssrcs {
        if !taken.insert(ssrc) {
            return Err(SpecError::SsrcTwice(ssrc));
        }
    }
    Ok(())
}

fn check_codecs(id: u32, codecs: &[Codec]) -> Result<(), SpecError> {
    let mut taken = HashSet::new();
    for codec in codecs {
        for payload_type in [codec.payload_type].into_iter().chain(codec.rtx_payload_type) {
            // RFC 5761 section 4: with the marker bit, 64 to 95 would be RTCP.
            if payload_type > 127 || (64..=95).contains(&payload_type) {
                return Err(SpecError::PayloadTypeRange(payload_type));
            }
            if !taken.insert(payload_type) {
                return Err(SpecError::PayloadTypeTwice(payload_type));
            }
        }
    }
    if codecs.is_empty() {
        return Err(SpecError::NoCodec(id));
    }
    Ok(())
}

fn is_sha256(fingerprint: &str) -> bool {
    let parts: Vec<&str> = fingerprint.split(':').collect();
    let is_byte = |part: &&str| part.len() == 2 && part.bytes().all(|digit| digit.is_ascii_hexdigit());
    parts.len() == 32 && parts.iter().all(is_byte)
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
