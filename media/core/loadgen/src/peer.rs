//! One peer connection: socket, ICE, DTLS, SRTP, its tracks and its received streams.

mod incoming;

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use quinn_udp::{UdpSockRef, UdpSocketState};
use sfu::clock::Clock;
use sfu::dtls::{Dtls, Identity, Role};
use sfu::ice::{ControllingAgent, Credentials};
use sfu::rtcp::{self, ReportBlock};
use sfu::srtp::{OpenKeys, SealKeys};

use crate::outlet::Outlet;
use crate::protocol::{Connect, DtlsRole, Event, PeerId, Sent, ShapeChange, SlotSpec};
use crate::publisher::{ExtensionIds, Sending, Track};
use crate::receiver::Stream;

const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Most reception reports that fit in one packet.
const MAX_BLOCKS: usize = 31;

/// What every peer works with: the time of this turn, and buffers that all share.
pub struct Turn<'a> {
    pub now: Instant,
    /// µs since 1970.
    pub wall: u64,
    pub clock: &'a Clock,
    pub events: &'a mut Vec<Event>,
    pub scratch: &'a mut Scratch,
}

impl Turn<'_> {
    pub fn at(&self) -> f64 {
        self.wall as f64 / 1e6
    }
}

#[derive(Default)]
pub struct Scratch {
    stun: Vec<u8>,
    media: Vec<u8>,
    rtcp: rtcp::Writer,
    blocks: Vec<ReportBlock>,
}

struct Link {
    ice: ControllingAgent,
    dtls: Dtls,
    is_up: bool,
    keys: Option<(SealKeys, OpenKeys)>,
    ids: ExtensionIds,
    transport_sequence: u16,
    tracks: Vec<Track>,
    slots: Vec<SlotSpec>,
    streams: HashMap<u32, Stream>,
    asks_for_key_frames: bool,
    next_report: Instant,
}

pub struct Peer {
    pub id: PeerId,
    outlet: Outlet,
    local: Credentials,
    link: Option<Link>,
    pub plis_received: u64,
    pub nacks_received: u64,
    pub refused: u64,
}

impl Peer {
    pub fn new(id: PeerId, bind: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind(bind)?;
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        let outlet = Outlet {
            socket,
            state,
            sent: Sent::default(),
        };
        Ok(Self {
            id,
            outlet,
            local: Credentials::generate(),
            link: None,
            plis_received: 0,
            nacks_received: 0,
            refused: 0,
        })
    }

    pub fn socket(&self) -> (&UdpSocket, &UdpSocketState) {
        (&self.outlet.socket, &self.outlet.state)
    }

    pub fn created(&self, identity: &Identity) -> io::Result<Event> {
        Ok(Event::Created {
            peer: self.id,
            ufrag: self.local.ufrag.clone(),
            pwd: self.local.password.clone(),
            fingerprint: identity.fingerprint().to_owned(),
            port: self.outlet.socket.local_addr()?.port(),
        })
    }

    pub fn connect(&mut self, connect: Connect, identity: &Identity, now: Instant) {
        let remote = Credentials {
            ufrag: connect.ufrag,
            password: connect.pwd,
        };
        let role = match connect.dtls {
            DtlsRole::Client => Role::Client,
            DtlsRole::Server => Role::Server,
        };
        self.link = Some(Link {
            ice: ControllingAgent::new(self.local.clone(), remote, connect.address, now),
            dtls: Dtls::new(identity, role, &connect.fingerprint, now),
            is_up: false,
            keys: None,
            ids: ExtensionIds::new(&connect.extensions),
            transport_sequence: 0,
            tracks: connect.tracks.into_iter().map(|spec| Track::new(spec, now)).collect(),
            slots: connect.slots,
            streams: HashMap::new(),
            asks_for_key_frames: connect.pli,
            next_report: now + REPORT_INTERVAL,
        });
    }

    pub fn shape(&mut self, mid: &str, change: ShapeChange, now: Instant) {
        let tracks = self.link.iter_mut().flat_map(|link| &mut link.tracks);
        for track in tracks.filter(|track| track.spec.mid == mid) {
            track.change(change, now);
        }
    }

    pub fn is_connected(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.keys.is_some())
    }

    pub fn sent(&self) -> &Sent {
        &self.outlet.sent
    }

    pub fn streams(&self) -> impl Iterator<Item = &Stream> {
        self.link.iter().flat_map(|link| link.streams.values())
    }

    pub fn reset(&mut self) {
        self.outlet.sent = Sent::default();
        (self.plis_received, self.nacks_received, self.refused) = (0, 0, 0);
        for stream in self.link.iter_mut().flat_map(|link| link.streams.values_mut()) {
            stream.reset();
        }
    }

    pub fn close(&mut self, turn: &mut Turn<'_>) {
        if let Some(link) = &mut self.link {
            link.dtls.close();
            self.poll_dtls(turn);
        }
    }

    /// When `work` wants to be called.
    pub fn due(&self) -> Option<Instant> {
        let link = self.link.as_ref()?;
        let mut due = link.ice.timeout();
        if link.is_up {
            due = due.min(link.dtls.timeout().unwrap_or(due));
        }
        if link.keys.is_some() {
            due = due.min(link.next_report);
            due = link.tracks.iter().filter_map(Track::due).fold(due, Instant::min);
        }
        Some(due)
    }

    /// Everything that time alone brings about.
    pub fn work(&mut self, turn: &mut Turn<'_>) {
        let Some(link) = &mut self.link else { return };
        if link.ice.poll(turn.now, &mut turn.scratch.stun) {
            let len = turn.scratch.stun.len();
            self.outlet.send(link.ice.remote(), &turn.scratch.stun, len);
        }
        if link.ice.is_expired(turn.now) {
            return self.end(turn, "consent ended");
        }
        if link.is_up && link.dtls.timeout().is_some_and(|at| at <= turn.now) {
            if let Err(error) = link.dtls.handle_timeout(turn.now) {
                return self.end(turn, &error.to_string());
            }
            self.poll_dtls(turn);
        }
        self.send_media(turn);
        self.send_reports(turn);
    }

    fn end(&mut self, turn: &mut Turn<'_>, reason: &str) {
        self.link = None;
        turn.events.push(Event::Disconnected {
            peer: self.id,
            at: turn.at(),
            reason: reason.to_owned(),
        });
    }

    fn send_media(&mut self, turn: &mut Turn<'_>) {
        let Some(link) = &mut self.link else { return };
        let Some((seal, _)) = &link.keys else { return };
        for track in &mut link.tracks {
            while track.due().is_some_and(|at| at <= turn.now) {
                let mut sending = Sending {
                    seal,
                    ids: link.ids,
                    transport_sequence: &mut link.transport_sequence,
                    wall: turn.wall,
                };
                turn.scratch.media.clear();
                let segment = track.write(turn.now, &mut sending, &mut turn.scratch.media);
                self.outlet.send(link.ice.remote(), &turn.scratch.media, segment);
            }
        }
    }

    fn send_reports(&mut self, turn: &mut Turn<'_>) {
        let Some(link) = self.link.as_mut().filter(|link| link.next_report <= turn.now) else {
            return;
        };
        link.next_report = turn.now + REPORT_INTERVAL;
        let Scratch { rtcp: out, blocks, .. } = &mut *turn.scratch;
        out.clear();
        blocks.clear();
        let reports = link.streams.values_mut().filter_map(|stream| stream.report(turn.now));
        blocks.extend(reports.take(MAX_BLOCKS));
        let own: Vec<u32> = match link.tracks.as_slice() {
            [] => vec![1],
            tracks => tracks.iter().map(|track| track.spec.ssrc).collect(),
        };
        if link.tracks.is_empty() {
            rtcp::write_receiver_report(out, own[0], blocks);
        }
        for track in &link.tracks {
            let sent = (track.packets, track.octets);
            let ntp = turn.clock.ntp(turn.now);
            rtcp::write_sender_report(out, track.spec.ssrc, ntp, track.timestamp_at(turn.now), sent, blocks);
            blocks.clear();
        }
        rtcp::write_source_description(out, &own, "loadgen");
        if link.asks_for_key_frames {
            for stream in link.streams.values_mut() {
                if stream.asks_for_key_frame(turn.now) {
                    rtcp::write_pli(out, own[0], stream.ssrc);
                }
            }
        }
        self.send_rtcp(turn);
    }

    /// Seals and sends the compound in the scratch buffer.
    fn send_rtcp(&mut self, turn: &mut Turn<'_>) {
        let Some(link) = &mut self.link else { return };
        let Some((seal, _)) = &mut link.keys else { return };
        let (packet, len) = turn.scratch.rtcp.with_spare(seal.profile().rtcp_overhead());
        let sealed = seal.seal_rtcp(packet, len);
        self.outlet.send(link.ice.remote(), &packet[..sealed], sealed);
    }

    /// Asks for a key frame at once, whatever the stream's state.
    pub fn send_pli(&mut self, ssrc: u32, turn: &mut Turn<'_>) {
        turn.scratch.rtcp.clear();
        rtcp::write_receiver_report(&mut turn.scratch.rtcp, 1, &[]);
        rtcp::write_pli(&mut turn.scratch.rtcp, 1, ssrc);
        self.send_rtcp(turn);
    }
}
