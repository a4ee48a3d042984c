//! What the owner wants done, in order.

use std::collections::VecDeque;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::Shard;
use crate::model::PeerSpec;
use crate::os::EventFd;
use crate::outlet::Outlet;
use crate::peer::Peer;
use crate::router::Target;
use crate::uptrack::Uptrack;

pub enum Command {
    /// With its generation in the registry.
    AddPeer(Box<PeerSpec>, u64),
    RemovePeer(u32),
    /// (peer, slot, source)
    Assign(Vec<(u32, u32, Option<u32>)>),
    RequestKeyFrame(u32),
    #[cfg(feature = "fault-injection")]
    InjectFault(u32),
    #[cfg(feature = "fault-injection")]
    InjectSourceFault(u32),
    #[cfg(feature = "fault-injection")]
    InjectDeath,
    /// The thread is busy for so long.
    #[cfg(feature = "fault-injection")]
    InjectDelay(std::time::Duration),
    Close,
}

/// More waiting commands than any owner makes: its thread is stuck.
const CAPACITY: usize = 65_536;

/// The command was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueFull;

impl fmt::Display for QueueFull {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{CAPACITY} commands wait: the core has stopped taking them")
    }
}

impl std::error::Error for QueueFull {}

/// A bounded queue whose descriptor is readable while commands wait.
pub struct CommandQueue {
    commands: Mutex<VecDeque<Command>>,
    waiting: AtomicBool,
    signal: EventFd,
}

impl CommandQueue {
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            commands: Mutex::default(),
            waiting: AtomicBool::new(false),
            signal: EventFd::new()?,
        })
    }

    pub fn push(&self, command: Command) -> Result<(), QueueFull> {
        let mut commands = self.lock();
        if commands.len() >= CAPACITY && !matches!(command, Command::Close) {
            return Err(QueueFull);
        }
        commands.push_back(command);
        self.waiting.store(true, Ordering::Release);
        self.signal.notify();
        Ok(())
    }

    /// Looks without taking the lock.
    pub fn are_waiting(&self) -> bool {
        self.waiting.load(Ordering::Acquire)
    }

    fn take(&self) -> VecDeque<Command> {
        let mut commands = self.lock();
        self.waiting.store(false, Ordering::Release);
        self.signal.reset();
        std::mem::take(&mut commands)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Command>> {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsRawFd for CommandQueue {
    fn as_raw_fd(&self) -> RawFd {
        self.signal.as_raw_fd()
    }
}

impl<O: Outlet> Shard<O> {
    /// False when the thread is to end. All fresh packets have left before: what is assigned now holds for all later.
    pub fn apply_commands(&mut self, now: Instant) -> bool {
        for command in self.shared.commands.take() {
            match command {
                Command::AddPeer(spec, generation) => self.add_peer(*spec, generation, now),
                Command::RemovePeer(peer) => {
                    if let Some(&index) = self.peer_ids.get(&peer) {
                        self.guarded(index, |shard| shard.close(index, now));
                    }
                }
                Command::Assign(assignments) => {
                    for (peer, slot, source) in assignments {
                        self.assign(peer, slot, source);
                    }
                }
                Command::RequestKeyFrame(source) => {
                    if let Some(&index) = self.source_ids.get(&source) {
                        self.want_key_frame(index, now);
                    }
                }
                #[cfg(feature = "fault-injection")]
                Command::InjectFault(peer) => {
                    if let Some(&index) = self.peer_ids.get(&peer)
                        && let Some(peer) = &mut self.peers[index]
                    {
                        peer.faulty = true;
                    }
                }
                #[cfg(feature = "fault-injection")]
                Command::InjectSourceFault(source) => {
                    if let Some(&index) = self.source_ids.get(&source)
                        && let Some(uptrack) = &mut self.sources[index]
                    {
                        uptrack.faulty = true;
                    }
                }
                #[cfg(feature = "fault-injection")]
                Command::InjectDelay(time) => std::thread::sleep(time),
                #[cfg(feature = "fault-injection")]
                Command::InjectDeath => panic!("injected death"),
                Command::Close => {
                    for index in 0..self.peers.len() {
                        self.guarded(index, |shard| shard.close(index, now));
                    }
                    return false;
                }
            }
        }
        true
    }

    fn add_peer(&mut self, mut spec: PeerSpec, generation: u64, now: Instant) {
        let sources = std::mem::take(&mut spec.sources);
        let mut peer = Peer::new(
            spec,
            generation,
            &self.identity,
            self.max_video_bitrate,
            now,
            random_start,
        );
        let index = vacancy(&mut self.peers);
        for spec in sources {
            let (ssrc, rtx_ssrc) = (spec.ssrc, spec.rtx_ssrc);
            let place = vacancy(&mut self.sources);
            self.source_ids.insert(spec.source, place);
            peer.sources.push(place);
            if let Some(ssrc) = ssrc {
                peer.expect_stream(ssrc, place, false);
            }
            if let Some(ssrc) = rtx_ssrc {
                peer.expect_stream(ssrc, place, true);
            }
            self.sources[place] = Some(Uptrack::new(spec, index, self.max_video_bitrate, now));
        }
        for (slot, downtrack) in peer.downtracks.iter().enumerate() {
            self.slot_ids.insert(downtrack.slot, Target { peer: index, slot });
        }
        self.demux.add(&peer.ufrag, index);
        self.peer_ids.insert(peer.id, index);
        self.peers[index] = Some(peer);
    }

    /// Unknown ids and a source that is gone leave the slot empty: its owner hears of what is gone by events.
    fn assign(&mut self, peer: u32, slot: u32, source: Option<u32>) {
        let Some(&target) = self.slot_ids.get(&slot) else {
            return;
        };
        let Some(subscriber) = self.peers[target.peer]
            .as_mut()
            .filter(|subscriber| subscriber.id == peer)
        else {
            return;
        };
        let downtrack = &mut subscriber.downtracks[target.slot];
        let source = source.and_then(|source| self.source_ids.get(&source).copied());
        if downtrack.assigned == source {
            return;
        }
        downtrack.assigned = source;
        self.show(target, source);
    }

    /// Fills a slot with `source` from its next key frame on.
    pub(super) fn show(&mut self, target: Target, source: Option<usize>) {
        let Some(subscriber) = &mut self.peers[target.peer] else {
            return;
        };
        let downtrack = &mut subscriber.downtracks[target.slot];
        if downtrack.source == source {
            return;
        }
        if let Some(before) = downtrack.source {
            self.router.remove(before, target);
            if let Some(uptrack) = self.sources[before]
                .as_mut()
                .filter(|_| !self.router.is_watched(before))
            {
                uptrack.key_frames.forget();
                uptrack.nacks.clear();
            }
        }
        let shown = source.and_then(|source| Some((source, self.sources[source].as_mut()?)));
        if let Some((source, uptrack)) = shown {
            downtrack.assign(Some((source, uptrack)));
            if downtrack.waits_for_key_frame() {
                uptrack.key_frames.want();
                self.timers.hasten();
            }
            self.router.add(source, target);
        } else {
            downtrack.assign(None);
        }
    }

    pub(super) fn want_key_frame(&mut self, source: usize, now: Instant) {
        let Some(uptrack) = &mut self.sources[source] else {
            return;
        };
        uptrack.key_frames.want();
        let publisher = uptrack.peer;
        self.guarded(publisher, |shard| shard.request_key_frames(publisher, now));
    }
}

/// The index of a free place.
fn vacancy<T>(places: &mut Vec<Option<T>>) -> usize {
    places.iter().position(Option::is_none).unwrap_or_else(|| {
        places.push(None);
        places.len() - 1
    })
}

/// Where numbers begin is to be hidden, not secret: what the standard library has for its maps serves.
fn random_start() -> u16 {
    RandomState::new().build_hasher().finish() as u16
}
