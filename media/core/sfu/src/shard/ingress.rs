//! Received datagrams: to their peer by class, media opened and given to its source.

use std::time::Instant;

use super::Shard;
use crate::demux::{Class, classify};
use crate::outlet::{Chain, Outlet, Path};
use crate::peer::Peer;
use crate::rtp::Header;
use crate::srtp::{OpenError, ReceiveStream};
use crate::uptrack::{Marks, Receipt, Uptrack};

/// No packet that crosses an Ethernet is longer.
pub(super) const MAX_PACKET: usize = 1_600;

impl<O: Outlet> Shard<O> {
    /// Returns the number of datagrams.
    pub(super) fn receive_chain(&mut self, chain: Chain<'_>, now: Instant) -> usize {
        let path = Path {
            remote: chain.from,
            local: chain.to,
        };
        let arrived = chain.arrived;
        if chain.from.address.port() == 0 {
            // RFC 768: the sender expects no answer, and none can be sent.
            let count = chain.bytes.len().div_ceil(chain.stride);
            self.shared.counters.packets_in.add(count as u64);
            self.shared.counters.dropped_unknown_peer.add(count as u64);
            return count;
        }
        let known = self.demux.by_address(&chain.from);
        let mut count = 0;
        for datagram in chain.bytes.chunks_mut(chain.stride) {
            count += 1;
            self.shared.counters.packets_in.add(1);
            self.shared.counters.bytes_in.add(datagram.len() as u64);
            let class = classify(datagram);
            let peer = match class {
                Class::Stun => self.demux.by_request(datagram).or(known),
                _ => known,
            };
            let Some(peer) = peer.filter(|&peer| self.peers[peer].is_some()) else {
                self.shared.counters.dropped_unknown_peer.add(1);
                continue;
            };
            self.guarded(peer, |shard| match class {
                Class::Stun => shard.receive_stun(peer, datagram, path, now),
                Class::Dtls => shard.receive_dtls(peer, datagram, now),
                Class::Rtp => shard.receive_rtp(peer, datagram, arrived, now),
                Class::Rtcp => shard.receive_rtcp(peer, datagram, now),
                Class::Other => shard.shared.counters.dropped_unknown_class.add(1),
            });
        }
        count
    }

    fn receive_rtp(&mut self, index: usize, packet: &mut [u8], arrived: Instant, now: Instant) {
        let counters = &self.shared.counters;
        let Some(peer) = &mut self.peers[index] else { return };
        let Some(header) = Header::parse(packet) else {
            return counters.dropped_malformed.add(1);
        };
        if packet.len() > MAX_PACKET {
            return counters.dropped_oversized.add(1);
        }
        let Some(open) = &peer.open else {
            return counters.dropped_early.add(1);
        };
        let found = peer.streams.iter().position(|stream| stream.ssrc == header.ssrc);
        // An unknown SSRC is looked at only after it has proved to be the peer's.
        let mut fresh = ReceiveStream::default();
        let replay = match found {
            Some(place) => &mut peer.streams[place].replay,
            None => &mut fresh,
        };
        let length = match open.open_rtp(packet, header.length, replay) {
            Ok(length) => length,
            Err(OpenError::Replayed) => return counters.dropped_replayed.add(1),
            Err(OpenError::Forged) => return counters.dropped_forged.add(1),
            Err(OpenError::Short) => return counters.dropped_malformed.add(1),
        };
        peer.bytes_up += packet.len() as u64;
        let packet = &packet[..length];
        let Some(payload) = header.payload(packet) else {
            return counters.dropped_malformed.add(1);
        };

        let ids = peer.extensions;
        let (mut marks, mut mid) = (Marks::default(), None);
        for (id, data) in header.extensions(packet) {
            match (id, data) {
                (0, _) => {}
                (id, &[level]) if id == ids.audio_level => marks.audio_level = Some(level),
                (id, &[orientation]) if id == ids.orientation => marks.orientation = Some(orientation),
                (id, &[high, low]) if id == ids.transport_cc => {
                    peer.arrivals
                        .note(u16::from_be_bytes([high, low]), self.clock.micros(arrived));
                }
                (id, name) if id == ids.mid => mid = Some(name),
                _ => {}
            }
        }
        let found = found.or_else(|| {
            let (source, is_rtx) = learn(peer, &mut self.sources, &header, mid)?;
            peer.expect_stream(header.ssrc, source, is_rtx);
            let place = peer.streams.len() - 1;
            peer.streams[place].replay = fresh;
            Some(place)
        });
        let Some(stream) = found.map(|place| &peer.streams[place]) else {
            return counters.dropped_unknown_ssrc.add(1);
        };
        let (source, is_rtx, peer_id) = (stream.source, stream.is_rtx, peer.id);
        let Some(uptrack) = &mut self.sources[source] else {
            return;
        };
        let (header, payload) = match is_rtx.then(|| restore(uptrack, header, payload)) {
            None => (header, payload),
            Some(Some(restored)) => restored,
            Some(None) => return counters.dropped_padding.add(1),
        };
        let kept = self.router.is_watched(source);
        let first = uptrack.totals.packets == 0;
        match uptrack.receive(&header, payload, marks, now, is_rtx, kept) {
            Receipt::Duplicate => return counters.dropped_duplicate.add(1),
            Receipt::UnknownPayloadType => return counters.dropped_unknown_payload_type.add(1),
            Receipt::Excess => return counters.dropped_excess.add(1),
            Receipt::Accepted => {}
        }
        counters.recovered.add(u64::from(is_rtx));
        if kept && uptrack.fresh.len() == 1 {
            self.dirty.push(source);
        }
        if first {
            let source = uptrack.id;
            self.shared
                .events
                .push(crate::event::Event::FirstPacket { peer: peer_id, source });
        }
    }
}

/// Which source of `peer` an unknown SSRC is, and whether it repeats: by MID, else by payload type if only one source
/// that waits for its SSRC has it. A source that had another SSRC has restarted.
fn learn(peer: &Peer, sources: &mut [Option<Uptrack>], header: &Header, mid: Option<&[u8]>) -> Option<(usize, bool)> {
    let is_media = |track: &Uptrack| {
        track
            .codecs
            .iter()
            .any(|codec| codec.payload_type == header.payload_type)
    };
    let is_rtx = |track: &Uptrack| {
        let mut codecs = track.codecs.iter();
        codecs.any(|codec| codec.rtx_payload_type == Some(header.payload_type))
    };
    let mut candidates = peer.sources.iter().copied().filter(|&source| {
        sources[source].as_ref().is_some_and(|track| {
            let named = match mid {
                Some(mid) => track.mid.as_bytes() == mid,
                None => {
                    let waits = |rtx| {
                        !peer
                            .streams
                            .iter()
                            .any(|stream| stream.source == source && stream.is_rtx == rtx)
                    };
                    waits(is_rtx(track))
                }
            };
            named && (is_media(track) || is_rtx(track))
        })
    });
    let source = candidates.next()?;
    if candidates.next().is_some() {
        return None;
    }
    let track = sources[source].as_mut()?;
    let repeats = is_rtx(track);
    if !repeats {
        if track.ssrc.is_some_and(|before| before != header.ssrc) || track.totals.packets > 0 {
            track.restart(header.ssrc);
        }
        track.ssrc = Some(header.ssrc);
    }
    Some((source, repeats))
}

/// The packet that an RTX packet repeats (RFC 4588 section 4); None if it bears none.
fn restore<'a>(uptrack: &Uptrack, mut header: Header, payload: &'a [u8]) -> Option<(Header, &'a [u8])> {
    let (original, payload) = payload.split_first_chunk::<2>()?;
    let mut codecs = uptrack.codecs.iter();
    let codec = codecs.find(|codec| codec.rtx_payload_type == Some(header.payload_type))?;
    header.payload_type = codec.payload_type;
    header.sequence = u16::from_be_bytes(*original);
    Some((header, payload))
}
