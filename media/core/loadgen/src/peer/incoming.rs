//! What a peer receives: checks, handshake, media, reports.

use std::net::SocketAddr;

use sfu::dtls::DtlsOutput;
use sfu::ice::CheckResult;
use sfu::rtcp::{Compound, Rtcp};
use sfu::rtp::Header;
use sfu::stun;

use super::{Peer, Turn};
use crate::protocol::Event;
use crate::publisher::Track;
use crate::receiver::{Arrival, Stream};

impl Peer {
    /// Takes one received datagram.
    pub fn receive(&mut self, turn: &mut Turn<'_>, from: SocketAddr, packet: &mut [u8]) {
        // RFC 7983 section 7.
        match packet.first() {
            Some(0..=3) if stun::is_stun(packet) => self.receive_stun(turn, from, packet),
            Some(20..=63) => self.receive_dtls(turn, packet),
            Some(128..=191) if packet.len() > 1 && (192..=223).contains(&packet[1]) => self.receive_rtcp(turn, packet),
            Some(128..=191) => self.receive_rtp(turn, packet),
            _ => self.refused += 1,
        }
    }

    fn receive_stun(&mut self, turn: &mut Turn<'_>, from: SocketAddr, packet: &[u8]) {
        let Some(link) = &mut self.link else { return };
        match link.ice.handle(turn.now, from, packet, &mut turn.scratch.stun) {
            CheckResult::Ignored => self.refused += 1,
            CheckResult::Answer => {
                let len = turn.scratch.stun.len();
                self.outlet.send(from, &turn.scratch.stun, len);
            }
            CheckResult::Connected => {
                link.is_up = true;
                if let Err(error) = link.dtls.handle_timeout(turn.now) {
                    return self.end(turn, &error.to_string());
                }
                self.poll_dtls(turn);
            }
            CheckResult::Confirmed => {}
        }
    }

    fn receive_dtls(&mut self, turn: &mut Turn<'_>, packet: &[u8]) {
        let Some(link) = &mut self.link else { return };
        if let Err(error) = link.dtls.handle(packet, turn.now) {
            return self.end(turn, &error.to_string());
        }
        self.poll_dtls(turn);
    }

    pub(super) fn poll_dtls(&mut self, turn: &mut Turn<'_>) {
        let Some(link) = &mut self.link else { return };
        let (outlet, keys, remote) = (&mut self.outlet, &mut link.keys, link.ice.remote());
        let mut connected = None;
        let mut is_closed = false;
        let result = link.dtls.poll(turn.now, &mut |output| match output {
            DtlsOutput::Packet(packet) => outlet.send(remote, packet, packet.len()),
            DtlsOutput::Connected { seal, open, profile } => {
                *keys = Some((seal, open));
                connected = Some(profile);
            }
            DtlsOutput::Closed => is_closed = true,
        });
        if let Some(profile) = connected {
            turn.events.push(Event::Connected {
                peer: self.id,
                at: turn.at(),
                profile: format!("{profile:?}"),
            });
        }
        match result {
            Err(error) => self.end(turn, &error.to_string()),
            Ok(()) if is_closed => self.end(turn, "closed by the other side"),
            Ok(()) => {}
        }
    }

    fn receive_rtp(&mut self, turn: &mut Turn<'_>, packet: &mut [u8]) {
        let Some(link) = &mut self.link else { return };
        let (Some((_, open)), Some(header)) = (&link.keys, Header::parse(packet)) else {
            self.refused += 1;
            return;
        };
        let slots = &link.slots;
        let stream = link.streams.entry(header.ssrc).or_insert_with(|| {
            let slot = slots.iter().find(|slot| slot.ssrc == header.ssrc);
            Stream::new(header.ssrc, slot.cloned())
        });
        let Ok(len) = open.open_rtp(packet, header.length, &mut stream.replay) else {
            self.refused += 1;
            return;
        };
        let arrival = stream.take(&header, &packet[..len], turn.wall);
        let slot = stream.slot.as_ref().map(|slot| slot.name.clone()).unwrap_or_default();
        let (peer, at) = (self.id, turn.at());
        match arrival {
            Arrival::Nothing => {}
            Arrival::Picture(publisher) => turn.events.push(Event::Picture {
                peer,
                slot,
                publisher,
                at,
            }),
            Arrival::Sound(publisher) => turn.events.push(Event::Sound {
                peer,
                slot,
                publisher,
                at,
            }),
        }
    }

    fn receive_rtcp(&mut self, turn: &mut Turn<'_>, packet: &mut [u8]) {
        let Some(link) = &mut self.link else { return };
        let opened = link.keys.as_mut().and_then(|(_, open)| open.open_rtcp(packet).ok());
        let Some(len) = opened else {
            self.refused += 1;
            return;
        };
        for report in Compound::new(&packet[..len]) {
            match report {
                Rtcp::SenderReport { ssrc, ntp, .. } => {
                    if let Some(stream) = link.streams.get_mut(&ssrc) {
                        stream.note_sender_report(ntp, turn.now);
                    }
                }
                Rtcp::PictureLoss { ssrc } => {
                    self.plis_received += 1;
                    request_key_frame(&mut link.tracks, ssrc);
                }
                Rtcp::FullIntra { entries } => {
                    self.plis_received += 1;
                    entries.for_each(|ssrc| request_key_frame(&mut link.tracks, ssrc));
                }
                Rtcp::Nack { .. } => self.nacks_received += 1,
                _ => {}
            }
        }
    }
}

fn request_key_frame(tracks: &mut [Track], ssrc: u32) {
    if let Some(track) = tracks.iter_mut().find(|track| track.spec.ssrc == ssrc) {
        track.request_key_frame();
    }
}
