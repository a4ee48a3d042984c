//! One thread for all peers: sleeps until a socket is readable, a peer is due, or a command comes.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io::{self, BufWriter, ErrorKind, IoSliceMut, Stdout, Write};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use quinn_udp::{RecvMeta, UdpSockRef};
use sfu::clock::Clock;
use sfu::dtls::Identity;

use crate::histogram::Histogram;
use crate::peer::{Peer, Scratch, Turn};
use crate::protocol::{Command, Delay, Event, Kind, PeerId, PeerStats, Received, Stats, StreamStats};

const WAKER: Token = Token(usize::MAX);
const BATCH: usize = 8;
/// The longest chain of datagrams that the kernel joins.
const CHAIN: usize = 65_536;

pub struct Engine {
    poll: Poll,
    identity: Identity,
    clock: Clock,
    peers: HashMap<PeerId, Peer>,
    /// When peers are due; entries that no longer hold are passed over.
    due: BinaryHeap<Reverse<(Instant, PeerId)>>,
    buffer: Vec<u8>,
    scratch: Scratch,
    events: Vec<Event>,
    out: BufWriter<Stdout>,
}

fn wall() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_micros() as u64
}

impl Engine {
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            identity: Identity::generate(),
            clock: Clock::new(Instant::now()),
            peers: HashMap::new(),
            due: BinaryHeap::new(),
            buffer: vec![0; BATCH * CHAIN],
            scratch: Scratch::default(),
            events: Vec::new(),
            out: BufWriter::new(io::stdout()),
        })
    }

    /// Wakes the engine after something was put into its queue of commands.
    pub fn waker(&self) -> io::Result<Waker> {
        Waker::new(self.poll.registry(), WAKER)
    }

    /// Runs until `quit` or the end of the commands.
    pub fn run(&mut self, commands: &Receiver<Result<Command, String>>) -> io::Result<()> {
        let mut ready = Events::with_capacity(1_024);
        loop {
            let timeout = self
                .due
                .peek()
                .map(|Reverse((at, _))| at.saturating_duration_since(Instant::now()));
            match self.poll.poll(&mut ready, timeout.map(round_up)) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            for event in &ready {
                if event.token() != WAKER {
                    self.receive(event.token().0 as PeerId);
                }
            }
            self.work();
            loop {
                match commands.try_recv() {
                    Ok(Ok(Command::Quit)) | Err(TryRecvError::Disconnected) => return self.quit(),
                    Ok(Ok(command)) => self.obey(command),
                    Ok(Err(message)) => self.events.push(Event::Error { peer: None, message }),
                    Err(TryRecvError::Empty) => break,
                }
            }
            self.tell()?;
        }
    }

    fn quit(&mut self) -> io::Result<()> {
        let peers: Vec<PeerId> = self.peers.keys().copied().collect();
        peers.into_iter().for_each(|peer| self.close(peer));
        self.tell()
    }

    fn tell(&mut self) -> io::Result<()> {
        for event in self.events.drain(..) {
            serde_json::to_writer(&mut self.out, &event)?;
            self.out.write_all(b"\n")?;
        }
        self.out.flush()
    }

    /// Lets a peer do something, and notes when it wants to be called again.
    fn with_peer(&mut self, id: PeerId, act: impl FnOnce(&mut Peer, &mut Turn<'_>)) -> bool {
        let Some(peer) = self.peers.get_mut(&id) else {
            return false;
        };
        let before = peer.due();
        let mut turn = Turn {
            now: Instant::now(),
            wall: wall(),
            clock: &self.clock,
            events: &mut self.events,
            scratch: &mut self.scratch,
        };
        act(peer, &mut turn);
        if let Some(at) = peer.due().filter(|at| Some(*at) != before) {
            self.due.push(Reverse((at, id)));
        }
        true
    }

    fn work(&mut self) {
        let now = Instant::now();
        while let Some(Reverse((at, id))) = self.due.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            self.due.pop();
            if self.peers.get(&id).is_some_and(|peer| peer.due() == Some(at)) {
                self.with_peer(id, |peer, turn| peer.work(turn));
            }
        }
    }

    /// Takes everything that waits in a peer's socket.
    fn receive(&mut self, id: PeerId) {
        let mut buffer = std::mem::take(&mut self.buffer);
        self.with_peer(id, |peer, turn| {
            let mut metas = [RecvMeta::default(); BATCH];
            loop {
                let mut slices: Vec<IoSliceMut<'_>> = buffer.chunks_mut(CHAIN).map(IoSliceMut::new).collect();
                let (socket, state) = peer.socket();
                let count = match state.recv(UdpSockRef::from(socket), &mut slices, &mut metas) {
                    Ok(count) => count,
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    // Nothing more, or an ICMP error of a server that is gone, which ICE will notice.
                    Err(_) => return,
                };
                turn.now = Instant::now();
                let wall_now = wall();
                for (meta, chain) in metas[..count].iter().zip(buffer.chunks_mut(CHAIN)) {
                    turn.wall = meta.timestamp.map_or(wall_now, |at| at.as_micros() as u64);
                    for packet in chain[..meta.len].chunks_mut(meta.stride.max(1)) {
                        peer.receive(turn, meta.addr, packet);
                    }
                }
            }
        });
        self.buffer = buffer;
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Create { peer, bind } => {
                if let Err(error) = self.create(peer, bind) {
                    self.fail(peer, &error.to_string());
                }
            }
            Command::Connect(connect) => {
                let id = connect.peer;
                let now = Instant::now();
                match self.peers.get_mut(&id) {
                    Some(peer) => peer.connect(*connect, &self.identity, now),
                    None => return self.fail(id, "no such peer"),
                }
                self.due.push(Reverse((now, id)));
                self.with_peer(id, |peer, turn| peer.work(turn));
            }
            Command::Shape { peer, mid, shape } => {
                if !self.with_peer(peer, |peer, turn| peer.shape(&mid, shape, turn.now)) {
                    self.fail(peer, "no such peer");
                }
            }
            Command::Pli { peer, ssrc } => {
                if !self.with_peer(peer, |peer, turn| peer.send_pli(ssrc, turn)) {
                    self.fail(peer, "no such peer");
                }
            }
            Command::Reset => {
                self.peers.values_mut().for_each(Peer::reset);
                self.events.push(Event::Reset {
                    at: wall() as f64 / 1e6,
                });
            }
            Command::Stats { request, detail } => {
                let stats = self.stats(request, detail);
                self.events.push(Event::Stats(Box::new(stats)));
            }
            Command::Close { peer } => self.close(peer),
            Command::Quit => unreachable!("ends the loop before it comes here"),
        }
    }

    fn fail(&mut self, peer: PeerId, message: &str) {
        self.events.push(Event::Error {
            peer: Some(peer),
            message: message.to_owned(),
        });
    }

    fn create(&mut self, id: PeerId, bind: SocketAddr) -> io::Result<()> {
        if self.peers.contains_key(&id) {
            return Err(io::Error::new(ErrorKind::AlreadyExists, "peer exists"));
        }
        let peer = Peer::new(id, bind)?;
        let descriptor = peer.socket().0.as_raw_fd();
        let registry = self.poll.registry();
        registry.register(&mut SourceFd(&descriptor), Token(id as usize), Interest::READABLE)?;
        self.events.push(peer.created(&self.identity)?);
        self.peers.insert(id, peer);
        Ok(())
    }

    fn close(&mut self, id: PeerId) {
        self.with_peer(id, |peer, turn| peer.close(turn));
        if let Some(peer) = self.peers.remove(&id) {
            let descriptor = peer.socket().0.as_raw_fd();
            // An unregistered descriptor would vanish with its socket all the same.
            let _ = self.poll.registry().deregister(&mut SourceFd(&descriptor));
        }
    }

    fn stats(&self, request: u64, detail: bool) -> Stats {
        let mut stats = Stats {
            request,
            at: wall() as f64 / 1e6,
            peers: self.peers.len(),
            ..Stats::default()
        };
        let mut delays = Histogram::default();
        for peer in self.peers.values() {
            stats.connected += usize::from(peer.is_connected());
            stats.sent.packets += peer.sent().packets;
            stats.sent.bytes += peer.sent().bytes;
            stats.sent.dropped += peer.sent().dropped;
            stats.plis_received += peer.plis_received;
            stats.nacks_received += peer.nacks_received;
            stats.refused += peer.refused;
            for stream in peer.streams() {
                let Some(kind) = stream.kind() else {
                    stats.other_packets += stream.totals.packets;
                    continue;
                };
                let sum = if kind == Kind::Audio {
                    &mut stats.audio
                } else {
                    &mut stats.video
                };
                add(sum, &stream.totals, stream.lost());
                delays.merge(&stream.delays);
            }
            if detail {
                stats.detail.push(detail_of(peer));
            }
        }
        stats.delay = Delay {
            packets: delays.total(),
            p50_us: delays.quantile(0.5),
            p95_us: delays.quantile(0.95),
            p99_us: delays.quantile(0.99),
            max_us: delays.max(),
        };
        stats
    }
}

/// Sleeping shorter than asked for would make the loop turn without anything due.
fn round_up(timeout: Duration) -> Duration {
    timeout + Duration::from_micros(50)
}

fn add(sum: &mut Received, more: &Received, lost: u64) {
    sum.packets += more.packets;
    sum.bytes += more.bytes;
    sum.lost += lost;
    sum.key_frames += more.key_frames;
    sum.orphans += more.orphans;
    sum.picture_id_jumps += more.picture_id_jumps;
    sum.foreign += more.foreign;
}

fn detail_of(peer: &Peer) -> PeerStats {
    let streams = peer.streams().map(|stream| StreamStats {
        slot: stream.slot.as_ref().map(|slot| slot.name.clone()),
        ssrc: stream.ssrc,
        packets: stream.totals.packets,
        lost: stream.lost(),
        publisher: stream.owner,
        p99_us: stream.delays.quantile(0.99),
    });
    PeerStats {
        peer: peer.id,
        sent_packets: peer.sent().packets,
        streams: streams.collect(),
    }
}
