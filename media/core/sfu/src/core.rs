//! The handle of a running core, for any thread.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::dtls::Identity;
use crate::event::{Counters, Event, EventQueue};
use crate::model::PeerSpec;
use crate::registry::{Registry, SpecError};
use crate::shard::{Command, CommandQueue, Shard, Shared};
use crate::socket::Socket;

pub struct Core {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    port: u16,
    fingerprint: String,
}

impl Core {
    /// Binds UDP `address` and starts the thread. `max_video_bitrate` in bit/s caps what REMB grants a publisher.
    pub fn start(address: SocketAddr, max_video_bitrate: u64) -> io::Result<Self> {
        let socket = Socket::bind(address)?;
        let port = socket.port()?;
        let identity = Identity::generate();
        let fingerprint = identity.fingerprint().to_owned();
        let shared = Arc::new(Shared {
            commands: CommandQueue::new()?,
            events: EventQueue::new()?,
            counters: Counters::default(),
            registry: Mutex::new(Registry::default()),
        });
        let shard = Shard::new(Arc::clone(&shared), socket, identity, max_video_bitrate);
        let thread = std::thread::Builder::new()
            .name("sfu-shard".into())
            .spawn(move || shard.run())?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
            port,
            fingerprint,
        })
    }

    pub fn port(&self) -> u16 {
        self.port
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

    pub fn add_peer(&self, spec: PeerSpec) -> Result<(), SpecError> {
        let generation = self.registry().add(&spec)?;
        self.shared.commands.push(Command::AddPeer(Box::new(spec), generation));
        Ok(())
    }

    /// Unknown ids: nothing happens.
    pub fn remove_peer(&self, peer: u32) {
        if self.registry().remove(peer) {
            self.shared.commands.push(Command::RemovePeer(peer));
        }
    }

    /// (peer, slot, source): shows each source from its next key frame on; None empties the slot.
    pub fn assign(&self, assignments: Vec<(u32, u32, Option<u32>)>) {
        self.shared.commands.push(Command::Assign(assignments));
    }

    pub fn request_key_frame(&self, source: u32) {
        self.shared.commands.push(Command::RequestKeyFrame(source));
    }

    /// Makes the next delivery to `peer` panic, to show that it alone dies.
    #[cfg(feature = "fault-injection")]
    pub fn inject_fault(&self, peer: u32) {
        self.shared.commands.push(Command::InjectFault(peer));
    }

    /// (name, value) of each total since the start.
    pub fn counters(&self) -> Vec<(&'static str, u64)> {
        self.shared.counters.read()
    }

    /// Ends the thread and joins it. Idempotent.
    pub fn close(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            self.shared.commands.push(Command::Close);
            // It ends by panic only if a panic was not any peer's; then there is nothing left to end.
            let _ = thread.join();
        }
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.shared.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.close();
    }
}
