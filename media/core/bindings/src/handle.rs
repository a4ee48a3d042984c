//! The running core as Python holds it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::fd::RawFd;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::description::Peer;
use crate::events::Event;

#[pyclass(frozen, module = "media._core")]
pub struct Core(sfu::core::Core);

#[pymethods]
impl Core {
    #[new]
    #[pyo3(signature = (bind, *, max_video_bitrate = 2_500_000))]
    fn new(bind: &str, max_video_bitrate: u64) -> PyResult<Self> {
        let address: SocketAddr = bind
            .parse()
            .map_err(|_| PyValueError::new_err(format!("not an address with port: {bind:?}")))?;
        Ok(Self(sfu::core::Core::start(address, max_video_bitrate)?))
    }

    #[getter]
    fn port(&self) -> u16 {
        self.0.port()
    }

    #[getter]
    fn fingerprint(&self) -> &str {
        self.0.fingerprint()
    }

    #[getter]
    fn event_fd(&self) -> RawFd {
        self.0.event_fd()
    }

    fn drain_events(&self, py: Python<'_>) -> PyResult<Vec<Event>> {
        self.0.drain_events().map(|event| Event::new(py, &event)).collect()
    }

    fn add_peer(&self, peer: &Peer) -> PyResult<()> {
        let added = self.0.add_peer(peer.0.clone());
        added.map_err(|error| PyValueError::new_err(error.to_string()))
    }

    fn remove_peer(&self, peer: u32) {
        self.0.remove_peer(peer);
    }

    fn assign(&self, peer: u32, slot: u32, source: Option<u32>) {
        self.0.assign(vec![(peer, slot, source)]);
    }

    fn assign_many(&self, assignments: Vec<(u32, u32, Option<u32>)>) {
        self.0.assign(assignments);
    }

    fn request_key_frame(&self, source: u32) {
        self.0.request_key_frame(source);
    }

    fn counters(&self) -> BTreeMap<&'static str, u64> {
        self.0.counters().into_iter().collect()
    }

    fn close(&self, py: Python<'_>) {
        py.detach(|| self.0.close());
    }
}
