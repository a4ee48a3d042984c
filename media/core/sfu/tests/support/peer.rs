//! A WebRTC peer (str0m in RTP mode): sends frames that bear who sent them, and keeps what it receives.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use sfu::dtls::Role;
use sfu::ice::Credentials;
use sfu::model::{ExtensionIds, Feedback, Kind, PeerSpec, SlotSpec, SourceSpec};
use str0m::media::{KeyframeRequestKind, MediaKind};
use str0m::net::{Protocol, Receive};
use str0m::rtp::rtcp::Rtcp;
use str0m::rtp::{ExtensionValues, RawPacket, RtpPacket, RtpWrite, Ssrc};
use str0m::{Candidate, Event, IceCreds, Input, Output, Rtc};

use super::line::Line;
use super::network::Node;
use super::specs::{OPUS, VP8};

/// What went over one peer's line.
#[derive(Default)]
pub struct Seen {
    pub packets: Vec<RtpPacket>,
    pub picture_losses: usize,
    pub nacks_in: usize,
    pub transport_feedback_in: usize,
    pub remb: Vec<f64>,
    pub sender_reports: usize,
    pub receiver_reports: usize,
    pub connected: bool,
    pub closed: bool,
}

/// Decides about each datagram (true: drop it) before the peer sees it.
pub type Filter = Box<dyn FnMut(&[u8]) -> bool>;

pub struct TestPeer {
    pub id: u32,
    pub rtc: Rtc,
    pub seen: Seen,
    pub drop_in: Filter,
    pub drop_out: Filter,
    line: Line,
    local: SocketAddr,
    spec: PeerSpec,
    streams: BTreeMap<u32, Outgoing>,
}

struct Outgoing {
    sequence: u64,
    picture: u16,
    timestamp: u32,
}

impl TestPeer {
    /// Describes itself to `core` and begins to connect.
    pub fn join(
        core: &sfu::core::Core,
        id: u32,
        feedback: Feedback,
        sources: Vec<SourceSpec>,
        slots: Vec<SlotSpec>,
    ) -> Self {
        Self::join_by(Line::udp(core.port()), core, id, feedback, sources, slots)
    }

    pub fn join_by(
        line: Line,
        node: &impl Node,
        id: u32,
        feedback: Feedback,
        sources: Vec<SourceSpec>,
        mut slots: Vec<SlotSpec>,
    ) -> Self {
        for slot in &mut slots {
            slot.tells_arrivals = feedback == Feedback::TransportCc;
        }
        let now = line.now();
        let mut rtc = Rtc::builder().set_rtp_mode(true).enable_raw_packets(true).build(now);
        let (local, remote) = (line.local(), line.remote());
        // Of TCP it knows nothing: its line frames what it says.
        rtc.add_local_candidate(Candidate::host(local, "udp").unwrap());
        rtc.add_remote_candidate(Candidate::host(remote, "udp").unwrap());

        let ours = Credentials::generate();
        let mut api = rtc.direct_api();
        let theirs = api.local_ice_credentials();
        api.set_remote_ice_credentials(IceCreds {
            ufrag: ours.ufrag.clone(),
            pass: ours.password.clone(),
        });
        let digits: Vec<u8> = node
            .fingerprint()
            .split(':')
            .map(|pair| u8::from_str_radix(pair, 16).unwrap())
            .collect();
        let mut fingerprint = api.local_dtls_fingerprint().clone();
        let own: Vec<String> = fingerprint.bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        fingerprint.bytes = digits;
        api.set_remote_fingerprint(fingerprint);
        api.set_ice_controlling(true);
        api.start_dtls(true).unwrap();
        if feedback == Feedback::TransportCc {
            api.enable_twcc_feedback();
        }
        let kind = |kind| match kind {
            Kind::Audio => MediaKind::Audio,
            Kind::Video => MediaKind::Video,
        };
        let mut streams = BTreeMap::new();
        for source in &sources {
            let mid = source.mid.as_str().into();
            let ssrc = source.ssrc.unwrap_or(1000 * source.source);
            api.declare_media(mid, kind(source.kind));
            api.declare_stream_tx(ssrc.into(), source.rtx_ssrc.map(Into::into), mid, None);
            streams.insert(
                source.source,
                Outgoing {
                    sequence: 30_000 + u64::from(source.source),
                    picture: 100,
                    timestamp: source.source * 1_000_000,
                },
            );
        }
        for slot in &slots {
            let mid = slot.mid.as_str().into();
            api.declare_media(mid, kind(slot.kind));
            api.expect_stream_rx(slot.ssrc.into(), slot.rtx_ssrc.map(Into::into), mid, None);
        }
        let spec = PeerSpec {
            peer: id,
            local_ufrag: ours.ufrag,
            local_password: ours.password,
            remote_ufrag: theirs.ufrag,
            remote_password: theirs.pass,
            fingerprint: own.join(":"),
            dtls_role: Role::Server,
            extensions: ExtensionIds {
                mid: 4,
                audio_level: 1,
                orientation: 13,
                transport_cc: 3,
            },
            feedback,
            sources,
            slots,
        };
        node.add(spec.clone());
        Self {
            id,
            rtc,
            seen: Seen::default(),
            drop_in: Box::new(|_| false),
            drop_out: Box::new(|_| false),
            line,
            local,
            spec,
            streams,
        }
    }

    /// Moves to another local port, as behind a NAT that forgets.
    pub fn change_port(&mut self) {
        self.line.change_port();
    }

    pub fn line(&mut self) -> &mut Line {
        &mut self.line
    }

    /// Sends and receives what is due.
    pub fn poll(&mut self) {
        let mut buffer = [0; 2000];
        let source = self.line.remote();
        while let Some(length) = self.line.receive(&mut buffer) {
            let datagram = &buffer[..length];
            if (self.drop_in)(datagram) {
                continue;
            }
            let receive = Receive {
                proto: Protocol::Udp,
                source,
                destination: self.local,
                contents: datagram.try_into().unwrap(),
            };
            self.rtc.handle_input(Input::Receive(self.line.now(), receive)).unwrap();
            self.drain();
        }
        self.rtc.handle_input(Input::Timeout(self.line.now())).unwrap();
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(_) => return,
                Output::Transmit(transmit) => {
                    if !(self.drop_out)(&transmit.contents) {
                        self.line.send(&transmit.contents);
                    }
                }
                Output::Event(event) => self.note(event),
            }
        }
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Connected => self.seen.connected = true,
            Event::Closed => self.seen.closed = true,
            Event::RtpPacket(packet) => self.seen.packets.push(packet),
            Event::RawPacket(raw) => {
                if let RawPacket::RtcpRx(report) = *raw {
                    match report {
                        Rtcp::Pli(_) => self.seen.picture_losses += 1,
                        Rtcp::Nack(_) => self.seen.nacks_in += 1,
                        Rtcp::Twcc(_) => self.seen.transport_feedback_in += 1,
                        Rtcp::SenderReport(_) => self.seen.sender_reports += 1,
                        Rtcp::ReceiverReport(_) => self.seen.receiver_reports += 1,
                        Rtcp::Remb(remb) => self.seen.remb.push(f64::from(remb.bitrate)),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    /// Sends one frame of `source` in `parts` packets of 1,100 bytes (audio: one small packet).
    pub fn send_frame(&mut self, source: u32, payload_type: u8, key: bool, parts: usize) {
        let now = self.line.now();
        let spec = self.spec.sources.iter().find(|spec| spec.source == source).unwrap();
        let stream = self.streams.get_mut(&source).unwrap();
        stream.timestamp = stream
            .timestamp
            .wrapping_add(if payload_type == OPUS { 960 } else { 3000 });
        stream.picture = (stream.picture + 1) & 0x7FFF;
        for part in 0..parts {
            stream.sequence += 1;
            let mut payload = match payload_type {
                OPUS => vec![0xFC],
                VP8 => {
                    let [high, low] = stream.picture.to_be_bytes();
                    let start = if part == 0 { 0x10 } else { 0 };
                    vec![
                        0x80 | start,
                        0xC0,
                        0x80 | high,
                        low,
                        stream.picture as u8,
                        u8::from(!key),
                    ]
                }
                // A parameter set before the IDR picture, as encoders for WebRTC send it.
                _ if key && part == 0 => vec![0x67, 0x42],
                _ => {
                    let unit = if key { 5 } else { 1 };
                    let start = if part == usize::from(key) { 0x80 } else { 0 };
                    vec![0x7C, start | unit]
                }
            };
            // Who sent it, for the receiver to tell.
            payload.extend_from_slice(&source.to_be_bytes());
            payload.extend_from_slice(&stream.sequence.to_be_bytes());
            if payload_type != OPUS {
                payload.resize(1_100, part as u8);
            }
            let extensions = ExtensionValues {
                audio_level: (payload_type == OPUS).then_some(-30),
                voice_activity: (payload_type == OPUS).then_some(true),
                mid: Some(spec.mid.as_str().into()),
                ..Default::default()
            };
            let write = RtpWrite::new(
                payload_type.into(),
                stream.sequence.into(),
                stream.timestamp,
                now,
                payload,
            )
            .marker(part + 1 == parts && payload_type != OPUS)
            .nackable(payload_type != OPUS)
            .ext_vals(extensions);
            let mid = spec.mid.as_str().into();
            // By MID: str0m does not find a stream by the SSRC it was reset to.
            self.rtc
                .direct_api()
                .stream_tx_by_mid(mid, None)
                .unwrap()
                .write_rtp(write);
        }
        self.drain();
    }

    /// The next frames of `source` come as from a reloaded page: other SSRC, other numbers.
    pub fn restart_source(&mut self, source: u32, ssrc: u32) {
        let spec = self.spec.sources.iter_mut().find(|spec| spec.source == source).unwrap();
        let mid = spec.mid.as_str().into();
        let mut api = self.rtc.direct_api();
        api.reset_stream_tx(mid, None, ssrc.into(), Some((ssrc + 1).into()))
            .unwrap();
        spec.ssrc = Some(ssrc);
        let stream = self.streams.get_mut(&source).unwrap();
        *stream = Outgoing {
            sequence: 64,
            picture: 9_000,
            timestamp: 77,
        };
    }

    pub fn ask_for_key_frame(&mut self, slot: u32) {
        let ssrc = self.spec.slots.iter().find(|spec| spec.slot == slot).unwrap().ssrc;
        let mut api = self.rtc.direct_api();
        api.stream_rx(&ssrc.into())
            .unwrap()
            .request_keyframe(KeyframeRequestKind::Pli);
    }

    /// Packets received in `slot`, in order of arrival.
    pub fn in_slot(&self, slot: u32) -> Vec<&RtpPacket> {
        let ssrc = Ssrc::from(500_000 + 10 * slot);
        self.seen
            .packets
            .iter()
            .filter(|packet| packet.header.ssrc == ssrc)
            .collect()
    }

    /// As `in_slot`: (outgoing sequence number, sending source, its sequence number).
    pub fn trace(&self, slot: u32) -> Vec<(u64, u32, u64)> {
        self.in_slot(slot)
            .into_iter()
            .map(|packet| {
                let (source, number) = stamp(packet);
                (*packet.seq_no, source, number)
            })
            .collect()
    }
}

/// (source, its sequence number) that `send_frame` wrote.
pub fn stamp(packet: &RtpPacket) -> (u32, u64) {
    let at = match *packet.header.payload_type {
        OPUS => 1,
        VP8 => 6,
        _ => 2,
    };
    let bytes = &packet.payload[at..at + 12];
    (
        u32::from_be_bytes(bytes[..4].try_into().unwrap()),
        u64::from_be_bytes(bytes[4..].try_into().unwrap()),
    )
}
