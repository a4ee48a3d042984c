//! A peer that sends whatever a test wants, byte by byte, authentic or not.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::time::Instant;

use sfu::core::Core;
use sfu::demux::{Class, classify};
use sfu::dtls::{Dtls, DtlsOutput, Identity, Role};
use sfu::ice::{CheckResult, ControllingAgent, Credentials};
use sfu::model::{ExtensionIds, Feedback, PeerSpec, SlotSpec, SourceSpec};
use sfu::rtcp::Writer;
use sfu::rtp::{ExtensionBlock, Fields, Header, write_header};
use sfu::srtp::{OpenKeys, ReceiveStream, SealKeys};

pub struct RawPeer {
    pub socket: UdpSocket,
    /// Received compounds in plain text.
    pub reports: Vec<Vec<u8>>,
    /// (SSRC, sequence number, payload) of received packets.
    pub packets: Vec<(u32, u16, Vec<u8>)>,
    pub bytes_in: usize,
    remote: SocketAddr,
    credentials: (Credentials, Credentials),
    ice: ControllingAgent,
    dtls: Dtls,
    is_up: bool,
    keys: Option<(SealKeys, OpenKeys)>,
    streams: HashMap<u32, ReceiveStream>,
}

impl RawPeer {
    pub fn join(core: &Core, id: u32, feedback: Feedback, sources: Vec<SourceSpec>, slots: Vec<SlotSpec>) -> Self {
        let now = Instant::now();
        let identity = Identity::generate();
        let (ours, theirs) = (Credentials::generate(), Credentials::generate());
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let remote = SocketAddr::from(([127, 0, 0, 1], core.port()));
        let spec = PeerSpec {
            peer: id,
            local_ufrag: theirs.ufrag.clone(),
            local_password: theirs.password.clone(),
            remote_ufrag: ours.ufrag.clone(),
            remote_password: ours.password.clone(),
            fingerprint: identity.fingerprint().to_owned(),
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
        core.add_peer(spec).unwrap();
        Self {
            socket,
            reports: Vec::new(),
            packets: Vec::new(),
            bytes_in: 0,
            remote,
            credentials: (ours.clone(), theirs.clone()),
            ice: ControllingAgent::new(ours, theirs, remote, now),
            dtls: Dtls::new(&identity, Role::Client, core.fingerprint(), now),
            is_up: false,
            keys: None,
            streams: HashMap::new(),
        }
    }

    pub fn is_connected(&self) -> bool {
        self.keys.is_some()
    }

    pub fn poll(&mut self) {
        let now = Instant::now();
        let mut out = Vec::new();
        if self.ice.poll(now, &mut out) {
            self.send(&out);
        }
        let mut buffer = [0; 2_000];
        while let Ok((length, from)) = self.socket.recv_from(&mut buffer) {
            self.bytes_in += length;
            self.receive(&mut buffer[..length], from, now);
        }
        if self.is_up && self.dtls.timeout().is_some_and(|at| at <= now) {
            self.dtls.handle_timeout(now).unwrap();
            self.poll_dtls(now);
        }
    }

    fn receive(&mut self, packet: &mut [u8], from: SocketAddr, now: Instant) {
        match classify(packet) {
            Class::Stun => {
                let mut out = Vec::new();
                match self.ice.handle(now, from, packet, &mut out) {
                    CheckResult::Answer => self.send(&out),
                    CheckResult::Connected if !self.is_up => {
                        self.is_up = true;
                        self.dtls.handle_timeout(now).unwrap();
                        self.poll_dtls(now);
                    }
                    _ => {}
                }
            }
            Class::Dtls => {
                self.dtls.handle(packet, now).unwrap();
                self.poll_dtls(now);
            }
            Class::Rtp => {
                let (Some((_, open)), Some(header)) = (&self.keys, Header::parse(packet)) else {
                    return;
                };
                let stream = self.streams.entry(header.ssrc).or_default();
                if let Ok(length) = open.open_rtp(packet, header.length, stream) {
                    let payload = header.payload(&packet[..length]).unwrap().to_vec();
                    self.packets.push((header.ssrc, header.sequence, payload));
                }
            }
            Class::Rtcp => {
                let opened = self.keys.as_mut().and_then(|(_, open)| open.open_rtcp(packet).ok());
                self.reports.extend(opened.map(|length| packet[..length].to_vec()));
            }
            Class::Other => {}
        }
    }

    fn poll_dtls(&mut self, now: Instant) {
        let (socket, remote, keys) = (&self.socket, self.remote, &mut self.keys);
        let result = self.dtls.poll(now, &mut |output| match output {
            DtlsOutput::Packet(packet) => {
                socket.send_to(packet, remote).unwrap();
            }
            DtlsOutput::Connected { seal, open, .. } => *keys = Some((seal, open)),
            DtlsOutput::Closed => {}
        });
        result.unwrap();
    }

    pub fn send(&self, datagram: &[u8]) {
        self.socket.send_to(datagram, self.remote).unwrap();
    }

    /// A packet of the first 2^16.
    pub fn send_rtp(&self, payload_type: u8, ssrc: u32, sequence: u16, timestamp: u32, marker: bool, payload: &[u8]) {
        let fields = Fields {
            marker,
            payload_type,
            sequence,
            timestamp,
            ssrc,
        };
        self.send_rtp_with(&ExtensionBlock::default(), fields, payload);
    }

    pub fn send_rtp_with(&self, extensions: &ExtensionBlock, fields: Fields, payload: &[u8]) {
        let mut packet = vec![0; 1_600];
        let header = write_header(&mut packet, &fields, extensions, false);
        packet[header..header + payload.len()].copy_from_slice(payload);
        let (seal, _) = self.keys.as_ref().unwrap();
        let length = seal.seal_rtp(&mut packet, header, header + payload.len(), 0);
        self.send(&packet[..length]);
    }

    pub fn send_rtcp(&mut self, write: impl FnOnce(&mut Writer)) {
        let mut writer = Writer::default();
        write(&mut writer);
        let (seal, _) = self.keys.as_mut().unwrap();
        let (bytes, length) = writer.with_spare(32);
        let length = seal.seal_rtcp(bytes, length);
        let sealed = bytes[..length].to_vec();
        self.send(&sealed);
    }

    /// An authentic check of this peer, to be sent from anywhere.
    pub fn check(&self) -> Vec<u8> {
        let (ours, theirs) = self.credentials.clone();
        let now = Instant::now();
        let mut out = Vec::new();
        assert!(ControllingAgent::new(ours, theirs, self.remote, now).poll(now, &mut out));
        out
    }
}
