//! The running core as Python holds it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::fd::RawFd;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use sfu::core::{AddError, QueueFull};

use crate::description::Peer;
use crate::events::Event;

#[pyclass(frozen, module = "media._core")]
pub struct Core(sfu::core::Core);

#[pymethods]
impl Core {
    #[new]
    #[pyo3(signature = (bind, *, tcp = None, max_video_bitrate = 2_500_000))]
    fn new(bind: &str, tcp: Option<&str>, max_video_bitrate: u64) -> PyResult<Self> {
        let tcp = tcp.map(parse).transpose()?;
        Ok(Self(sfu::core::Core::start(parse(bind)?, tcp, max_video_bitrate)?))
    }

    #[getter]
    fn port(&self) -> u16 {
        self.0.port()
    }

    #[getter]
    fn tcp_port(&self) -> Option<u16> {
        self.0.tcp_port()
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

    /// Bytes of kernel buffer that were granted (for receiving, for sending), and that were asked for.
    #[getter]
    fn buffer_sizes(&self) -> (usize, usize, usize) {
        let (receive, send) = self.0.buffer_sizes();
        (receive, send, sfu::core::Core::WISHED_BUFFER)
    }

    fn add_peer(&self, peer: &Peer) -> PyResult<()> {
        self.0.add_peer(peer.0.clone()).map_err(|error| match error {
            AddError::Spec(error) => PyValueError::new_err(error.to_string()),
            AddError::QueueFull(error) => stuck(error),
        })
    }

    fn remove_peer(&self, peer: u32) -> PyResult<()> {
        self.0.remove_peer(peer).map_err(stuck)
    }

    fn assign(&self, peer: u32, slot: u32, source: Option<u32>) -> PyResult<()> {
        self.0.assign(vec![(peer, slot, source)]).map_err(stuck)
    }

    fn assign_many(&self, assignments: Vec<(u32, u32, Option<u32>)>) -> PyResult<()> {
        self.0.assign(assignments).map_err(stuck)
    }

    fn request_key_frame(&self, source: u32) -> PyResult<()> {
        self.0.request_key_frame(source).map_err(stuck)
    }

    fn counters(&self) -> BTreeMap<&'static str, u64> {
        self.0.counters().into_iter().collect()
    }

    fn close(&self, py: Python<'_>) {
        py.detach(|| self.0.close());
    }
}

fn parse(address: &str) -> PyResult<SocketAddr> {
    address
        .parse()
        .map_err(|_| PyValueError::new_err(format!("not an address with port: {address:?}")))
}

fn stuck(error: QueueFull) -> PyErr {
    PyRuntimeError::new_err(error.to_string())
}
