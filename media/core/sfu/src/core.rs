//! The handle of a running core, for any thread.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use crate::dtls::Identity;
use crate::event::{Counters, Event, EventQueue};
use crate::io::{self as ports, Ports};
use crate::model::PeerSpec;
use crate::registry::{Registry, SpecError};
pub use crate::shard::QueueFull;
use crate::shard::{Command, CommandQueue, Shard, Shared};
use crate::socket;

pub struct Core {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    port: u16,
    tcp_port: Option<u16>,
    fingerprint: String,
    buffer_sizes: (usize, usize),
}

/// Why a peer could not be added.
#[derive(Debug, PartialEq, Eq)]
pub enum AddError {
    Spec(SpecError),
    QueueFull(QueueFull),
}

impl fmt::Display for AddError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spec(error) => error.fmt(formatter),
            Self::QueueFull(error) => error.fmt(formatter),
        }
    }
}

impl std::error::Error for AddError {}

impl Core {
    /// Binds UDP `address`, and `tcp` if given, and starts the thread. `max_video_bitrate` in bit/s caps what REMB grants a
    /// publisher.
    pub fn start(address: SocketAddr, tcp: Option<SocketAddr>, max_video_bitrate: u64) -> io::Result<Self> {
        let ports = Ports::bind(address, tcp)?;
        let port = ports.udp.port()?;
        let tcp_port = ports.tcp.as_ref().map(|tcp| tcp.port()).transpose()?;
        let buffer_sizes = ports.udp.buffer_sizes()?;
        let identity = Identity::generate();
        let fingerprint = identity.fingerprint().to_owned();
        let shared = Arc::new(Shared {
            commands: CommandQueue::new()?,
            events: EventQueue::new()?,
            counters: Counters::default(),
            registry: Mutex::new(Registry::default()),
        });
        let shard = Shard::new(Arc::clone(&shared), ports, identity, max_video_bitrate, Instant::now());
        let notice = DeathNotice(Arc::clone(&shared));
        let thread = std::thread::Builder::new().name("sfu-shard".into()).spawn(move || {
            let _notice = notice;
            ports::run(shard);
        })?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
            port,
            tcp_port,
            fingerprint,
            buffer_sizes,
        })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// None where it listens on no TCP port.
    pub fn tcp_port(&self) -> Option<u16> {
        self.tcp_port
    }

    /// SHA-256 of the DTLS certificate, "AB:CD:…".
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Readable while events wait.
    pub fn event_fd(&self) -> RawFd {
        self.shared.events.as_raw_fd()
    }

    /// All waiting events, oldest first. Never blocks.
    pub fn drain_events(&self) -> impl Iterator<Item = Event> {
        self.shared.events.drain().into_iter()
    }

    pub fn add_peer(&self, spec: PeerSpec) -> Result<(), AddError> {
        let peer = spec.peer;
        let mut registry = self.registry();
        let generation = registry.add(&spec).map_err(AddError::Spec)?;
        let pushed = self.shared.commands.push(Command::AddPeer(Box::new(spec), generation));
        pushed.map_err(|full| {
            registry.remove(peer);
            AddError::QueueFull(full)
        })
    }

    /// Unknown ids: nothing happens.
    pub fn remove_peer(&self, peer: u32) -> Result<(), QueueFull> {
        let mut registry = self.registry();
        if registry.knows(peer) {
            self.shared.commands.push(Command::RemovePeer(peer))?;
            registry.remove(peer);
        }
        Ok(())
    }

    /// (peer, slot, source): shows each source from its next key frame on; None empties the slot.
    pub fn assign(&self, assignments: Vec<(u32, u32, Option<u32>)>) -> Result<(), QueueFull> {
        self.shared.commands.push(Command::Assign(assignments))
    }

    pub fn request_key_frame(&self, source: u32) -> Result<(), QueueFull> {
        self.shared.commands.push(Command::RequestKeyFrame(source))
    }

    /// Bytes the kernel granted for what waits to be (received, sent); less than [`Core::WISHED_BUFFER`] where the system
    /// allows no more.
    pub fn buffer_sizes(&self) -> (usize, usize) {
        self.buffer_sizes
    }

    pub const WISHED_BUFFER: usize = socket::BUFFER;

    /// Makes the next delivery to `peer` panic, to show that it alone dies.
    #[cfg(feature = "fault-injection")]
    pub fn inject_fault(&self, peer: u32) {
        let _ = self.shared.commands.push(Command::InjectFault(peer));
    }

    /// Makes each delivery of `source` panic, to show that its publisher is dropped and not all who watch.
    #[cfg(feature = "fault-injection")]
    pub fn inject_source_fault(&self, source: u32) {
        let _ = self.shared.commands.push(Command::InjectSourceFault(source));
    }

    /// Ends the thread by a panic that is nobody's.
    #[cfg(feature = "fault-injection")]
    pub fn inject_death(&self) {
        let _ = self.shared.commands.push(Command::InjectDeath);
    }

    /// Keeps the thread busy for `time`.
    #[cfg(feature = "fault-injection")]
    pub fn inject_delay(&self, time: std::time::Duration) {
        let _ = self.shared.commands.push(Command::InjectDelay(time));
    }

    /// (name, value) of each total since the start.
    pub fn counters(&self) -> Vec<(&'static str, u64)> {
        self.shared.counters.read()
    }

    /// Ends the thread and joins it. Idempotent.
    pub fn close(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = self.shared.commands.push(Command::Close); // for which there is always room
            // It ends by panic only if a panic was not any peer's; then there is nothing left to end.
            let _ = thread.join();
        }
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.shared.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the owner when the thread ends by a panic: then nothing is forwarded any more.
struct DeathNotice(Arc<Shared>);

impl Drop for DeathNotice {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.events.push(Event::Dead);
        }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.close();
    }
}
