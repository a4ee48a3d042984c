//! A core and its peers on a network that is computed, in virtual time: no socket, no sleep. A seed decides what is lost.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sfu::core::Core;
use sfu::dtls::Identity;
use sfu::event::{Counters, Event, EventQueue, PeerStatistics};
use sfu::model::{Feedback, PeerSpec, SlotSpec, SourceSpec};
use sfu::outlet::{Chain, Outlet, Path, Remote, Urgency};
use sfu::registry::Registry;
use sfu::shard::{Command, CommandQueue, Shard, Shared};

use super::line::Line;
use super::peer::TestPeer;
use super::replay::{self, Random};

/// Whom peers describe themselves to.
pub trait Node {
    fn fingerprint(&self) -> &str;
    fn add(&self, spec: PeerSpec);
}

impl Node for Core {
    fn fingerprint(&self) -> &str {
        Core::fingerprint(self)
    }

    fn add(&self, spec: PeerSpec) {
        self.add_peer(spec).unwrap();
    }
}

/// One direction of a line.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// bit/s
    pub rate: u64,
    pub delay: Duration,
    pub loss: f64,
    /// What waits before the narrow place at most.
    pub queue: Duration,
    /// Each packet is late by up to so much more, and may be overtaken.
    pub jitter: Duration,
}

impl Conditions {
    pub fn of(kbits: u64, delay_ms: u64, loss: f64) -> Self {
        Self {
            rate: kbits * 1000,
            delay: Duration::from_millis(delay_ms),
            loss,
            queue: Duration::from_millis(600),
            jitter: Duration::ZERO,
        }
    }
}

/// IPv4 and UDP.
const HEADERS: usize = 28;
/// What each datagram of a DTLS handshake counts as: the length of its signatures is chance.
const HANDSHAKE: usize = 700;

/// RFC 7983 section 7.
fn is_dtls(datagram: &[u8]) -> bool {
    matches!(datagram.first(), Some(20..=63))
}

struct Direction {
    conditions: Conditions,
    free: Instant,
    way: VecDeque<(Instant, Vec<u8>)>,
    /// Bytes that were put in, whether they came out or not.
    offered: u64,
    random: Random,
    /// What went in, when, and what became of it.
    digest: u64,
}

impl Direction {
    fn new(conditions: Conditions, random: Random, now: Instant) -> Self {
        Self {
            random,
            digest: 0xCBF2_9CE4_8422_2325,
            conditions,
            free: now,
            way: VecDeque::new(),
            offered: 0,
        }
    }

    fn push(&mut self, datagram: &[u8], time: Duration, now: Instant) {
        let length = if is_dtls(datagram) { HANDSHAKE } else { datagram.len() };
        let bytes = length + HEADERS;
        self.offered += bytes as u64;
        let (lost, late) = (self.random.unit(), self.random.unit());
        let start = self.free.max(now);
        let drowned = start - now > self.conditions.queue;
        // All of an RTP packet that is neither encrypted nor chosen by chance: version, marker and payload type.
        let kind = u64::from(datagram[0]) << 8 | u64::from(datagram[1]);
        self.note(time.as_nanos() as u64);
        self.note(kind << 32 | bytes as u64);
        if drowned || lost < self.conditions.loss {
            self.note(1 + u64::from(drowned));
            return;
        }
        self.free = start + Duration::from_secs_f64(8.0 * bytes as f64 / self.conditions.rate as f64);
        let arrival = self.free + self.conditions.delay + self.conditions.jitter.mul_f64(late);
        self.note((arrival - now).as_nanos() as u64);
        let place = self.way.partition_point(|(at, _)| *at <= arrival);
        self.way.insert(place, (arrival, datagram.to_vec()));
    }

    /// FNV-1a, by words.
    fn note(&mut self, value: u64) {
        self.digest = (self.digest ^ value).wrapping_mul(0x0100_0000_01B3);
    }

    fn pop(&mut self, now: Instant) -> Option<Vec<u8>> {
        let (arrival, _) = self.way.front()?;
        if *arrival > now {
            return None;
        }
        self.way.pop_front().map(|(_, datagram)| datagram)
    }
}

/// A peer's end.
pub struct Wire {
    local: SocketAddr,
    now: Rc<Cell<Instant>>,
    inbox: Rc<RefCell<VecDeque<Vec<u8>>>>,
    outbox: Rc<RefCell<VecDeque<Vec<u8>>>>,
}

const NODE: ([u8; 4], u16) = ([192, 0, 2, 1], 7000);

impl Wire {
    pub fn now(&self) -> Instant {
        self.now.get()
    }

    pub fn local(&self) -> SocketAddr {
        self.local
    }

    pub fn remote(&self) -> SocketAddr {
        NODE.into()
    }

    pub fn receive(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let datagram = self.inbox.borrow_mut().pop_front()?;
        buffer[..datagram.len()].copy_from_slice(&datagram);
        Some(datagram.len())
    }

    pub fn send(&mut self, datagram: &[u8]) {
        self.outbox.borrow_mut().push_back(datagram.to_vec());
    }
}

/// What leaves the core.
#[derive(Default)]
struct Wires(Vec<(SocketAddr, Vec<u8>)>);

impl Outlet for Wires {
    fn max_segments(&self, _: &Remote) -> usize {
        64
    }

    fn send(&mut self, path: &Path, bytes: &[u8], segment: usize, _: Urgency) {
        let datagrams = bytes.chunks(segment);
        self.0
            .extend(datagrams.map(|datagram| (path.remote.address, datagram.to_vec())));
    }
}

struct Described {
    shared: Arc<Shared>,
    fingerprint: String,
}

impl Node for Described {
    fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    fn add(&self, spec: PeerSpec) {
        let generation = self.shared.registry.lock().unwrap().add(&spec).unwrap();
        let added = Command::AddPeer(Box::new(spec), generation);
        assert!(self.shared.commands.push(added).is_ok());
    }
}

struct Member {
    peer: TestPeer,
    up: Direction,
    down: Direction,
    inbox: Rc<RefCell<VecDeque<Vec<u8>>>>,
    outbox: Rc<RefCell<VecDeque<Vec<u8>>>>,
}

const STEP: Duration = Duration::from_millis(2);

pub struct World {
    node: Described,
    shard: Shard<Wires>,
    now: Rc<Cell<Instant>>,
    start: Instant,
    seed: u64,
    members: BTreeMap<u32, Member>,
    due: Instant,
    /// `SIM_TRACE=1`
    tells: bool,
    /// Of the last second.
    pub statistics: Vec<PeerStatistics>,
}

impl World {
    /// In a thread of `whole_run`.
    pub fn new(seed: u64) -> Self {
        assert!(replay::is_running());
        let start = Instant::now();
        let identity = Identity::generate();
        let fingerprint = identity.fingerprint().to_owned();
        let shared = Arc::new(Shared {
            commands: CommandQueue::new().unwrap(),
            events: EventQueue::new().unwrap(),
            counters: Counters::default(),
            registry: Mutex::new(Registry::default()),
        });
        let shard = Shard::new(Arc::clone(&shared), Wires::default(), identity, 2_500_000, start);
        Self {
            node: Described { shared, fingerprint },
            shard,
            now: Rc::new(Cell::new(start)),
            start,
            seed,
            members: BTreeMap::new(),
            due: start,
            tells: std::env::var_os("SIM_TRACE").is_some(),
            statistics: Vec::new(),
        }
    }

    pub fn begun(&self) -> Instant {
        self.start
    }

    pub fn counter(&self, name: &str) -> u64 {
        let all = self.node.shared.counters.read();
        all.into_iter().find(|(other, _)| *other == name).unwrap().1
    }

    /// Since the beginning.
    pub fn time(&self) -> Duration {
        self.now.get() - self.start
    }

    pub fn join(&mut self, id: u32, conditions: Conditions, sources: Vec<SourceSpec>, slots: Vec<SlotSpec>) {
        let (inbox, outbox) = (Rc::default(), Rc::default());
        let wire = Wire {
            local: ([10, 0, 0, id as u8], 5000).into(),
            now: Rc::clone(&self.now),
            inbox: Rc::clone(&inbox),
            outbox: Rc::clone(&outbox),
        };
        let peer = TestPeer::join_by(Line::Wire(wire), &self.node, id, Feedback::TransportCc, sources, slots);
        let now = self.now.get();
        let member = Member {
            peer,
            up: Direction::new(conditions, Random::new(self.seed, 2 * u64::from(id)), now),
            down: Direction::new(conditions, Random::new(self.seed, 2 * u64::from(id) + 1), now),
            inbox,
            outbox,
        };
        self.members.insert(id, member);
        assert!(self.shard.apply_commands(now));
    }

    pub fn peer(&mut self, id: u32) -> &mut TestPeer {
        &mut self.members.get_mut(&id).unwrap().peer
    }

    /// Changes the way down to `id`.
    pub fn change(&mut self, id: u32, conditions: Conditions) {
        self.members.get_mut(&id).unwrap().down.conditions = conditions;
    }

    /// Bytes sent towards `id` so far.
    pub fn offered(&self, id: u32) -> u64 {
        self.members[&id].down.offered
    }

    /// Of every datagram so far: its kind, length, time and fate.
    pub fn digest(&self) -> u64 {
        let directions = self.members.values().flat_map(|member| [&member.up, &member.down]);
        directions.fold(0, |digest, direction| digest.rotate_left(7) ^ direction.digest)
    }

    pub fn assign(&mut self, assignments: Vec<(u32, u32, Option<u32>)>) {
        assert!(self.node.shared.commands.push(Command::Assign(assignments)).is_ok());
        assert!(self.shard.apply_commands(self.now.get()));
        self.due = self.now.get();
    }

    pub fn connect(&mut self) {
        for _ in 0..5_000 {
            self.step();
            if self.members.values().all(|member| member.peer.seen.connected) {
                return;
            }
        }
        panic!("not connected within ten seconds");
    }

    /// Lets a moment pass.
    pub fn step(&mut self) {
        let now = self.now.get() + STEP;
        self.now.set(now);
        replay::advance(STEP);
        let time = now - self.start;
        let mut came = false;
        for member in self.members.values_mut() {
            while let Some(datagram) = member.down.pop(now) {
                member.inbox.borrow_mut().push_back(datagram);
            }
            member.peer.poll();
            for datagram in member.outbox.borrow_mut().drain(..) {
                member.up.push(&datagram, time, now);
            }
            let from = ([10, 0, 0, member.peer.id as u8], 5000);
            while let Some(mut datagram) = member.up.pop(now) {
                came = true;
                let chain = Chain {
                    from: SocketAddr::from(from).into(),
                    to: None,
                    stride: datagram.len(),
                    bytes: &mut datagram,
                    arrived: now,
                };
                self.shard.receive(chain, now);
            }
        }
        if came || now >= self.due {
            self.due = now + self.shard.settle(now);
        }
        for (to, datagram) in self.shard.outlet().0.drain(..) {
            let SocketAddr::V4(to) = to else { continue };
            if let Some(member) = self.members.get_mut(&u32::from(to.ip().octets()[3])) {
                member.down.push(&datagram, time, now);
            }
        }
        for event in self.node.shared.events.drain() {
            if let Event::Statistics(statistics) = event {
                self.statistics = statistics;
                if self.tells {
                    self.tell();
                }
            }
        }
    }

    /// What receivers were given, as of the last second, for whoever looks why a seed failed.
    fn tell(&self) {
        let time = self.time().as_secs_f64();
        for peer in self.statistics.iter().filter(|peer| !peer.slots.is_empty()) {
            let limit = peer.limit_down.map(|limit| limit / 1000);
            println!(
                "{time:6.2} s: {} may get {limit:?} kbit/s, loses {:.2}",
                peer.peer, peer.loss_down
            );
            for slot in &peer.slots {
                let (paused, waits) = (slot.paused, slot.waiting_key_frame);
                let (sent, again) = (slot.packets, slot.retransmitted);
                println!(
                    "    slot {} {:?}: {sent} + {again} packets, paused {paused}, waits {waits}",
                    slot.slot, slot.source
                );
            }
        }
    }

    /// The source that `slot` of `id` shows, as of the last second.
    pub fn shown(&self, id: u32, slot: u32) -> Option<u32> {
        let peer = self.statistics.iter().find(|peer| peer.peer == id)?;
        peer.slots.iter().find(|other| other.slot == slot)?.source
    }

    /// Slots of `id` that pause, as of the last second.
    pub fn paused(&self, id: u32) -> Vec<u32> {
        let peer = self.statistics.iter().find(|peer| peer.peer == id);
        let slots = peer.map_or(&[][..], |peer| &peer.slots);
        slots.iter().filter(|slot| slot.paused).map(|slot| slot.slot).collect()
    }
}
