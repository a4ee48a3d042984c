//! Events as Python objects.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use sfu::event::{self, PeerStatistics, SlotStatistics, SourceStatistics};

#[pyclass(frozen, get_all, module = "media._core")]
pub struct Event {
    kind: &'static str,
    peer: u32,
    data: Py<PyDict>,
}

#[pymethods]
impl Event {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let data = self.data.bind(py).repr()?;
        Ok(format!("Event(kind={:?}, peer={}, data={data})", self.kind, self.peer))
    }
}

impl Event {
    pub fn new(py: Python<'_>, event: &event::Event) -> PyResult<Self> {
        let data = PyDict::new(py);
        let (kind, peer) = match event {
            event::Event::Connected { peer } => ("connected", *peer),
            event::Event::Disconnected { peer, reason } => {
                data.set_item("reason", reason.name())?;
                ("disconnected", *peer)
            }
            event::Event::FirstPacket { peer, source } => {
                data.set_item("source", source)?;
                ("first-packet", *peer)
            }
            event::Event::Statistics(peers) => {
                data.set_item("peers", list(py, peers, of_peer)?)?;
                ("statistics", 0)
            }
            event::Event::Dead => ("dead", 0),
        };
        Ok(Self {
            kind,
            peer,
            data: data.unbind(),
        })
    }
}

type Fill<T> = fn(&Bound<'_, PyDict>, &T) -> PyResult<()>;

fn list<'py, T>(py: Python<'py>, items: &[T], fill: Fill<T>) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for item in items {
        let dict = PyDict::new(py);
        fill(&dict, item)?;
        list.append(dict)?;
    }
    Ok(list)
}

fn of_peer(dict: &Bound<'_, PyDict>, peer: &PeerStatistics) -> PyResult<()> {
    let py = dict.py();
    dict.set_item(intern!(py, "peer"), peer.peer)?;
    dict.set_item(intern!(py, "rtt_ms"), peer.rtt_ms)?;
    dict.set_item(intern!(py, "bitrate_up"), peer.bitrate_up)?;
    dict.set_item(intern!(py, "bitrate_down"), peer.bitrate_down)?;
    dict.set_item(intern!(py, "loss_up"), peer.loss_up)?;
    dict.set_item(intern!(py, "loss_down"), peer.loss_down)?;
    dict.set_item(intern!(py, "limit_down"), peer.limit_down)?;
    dict.set_item(intern!(py, "sources"), list(py, &peer.sources, of_source)?)?;
    dict.set_item(intern!(py, "slots"), list(py, &peer.slots, of_slot)?)
}

fn of_source(dict: &Bound<'_, PyDict>, source: &SourceStatistics) -> PyResult<()> {
    let py = dict.py();
    dict.set_item(intern!(py, "source"), source.source)?;
    dict.set_item(intern!(py, "ssrc"), source.ssrc)?;
    dict.set_item(intern!(py, "packets"), source.packets)?;
    dict.set_item(intern!(py, "bytes"), source.bytes)?;
    dict.set_item(intern!(py, "lost"), source.lost)?;
    dict.set_item(intern!(py, "nacked"), source.nacked)?;
    dict.set_item(intern!(py, "recovered"), source.recovered)?;
    dict.set_item(intern!(py, "key_frames"), source.key_frames)?;
    dict.set_item(intern!(py, "fps"), source.fps)?;
    dict.set_item(intern!(py, "audio_level"), source.audio_level)
}

fn of_slot(dict: &Bound<'_, PyDict>, slot: &SlotStatistics) -> PyResult<()> {
    let py = dict.py();
    dict.set_item(intern!(py, "slot"), slot.slot)?;
    dict.set_item(intern!(py, "source"), slot.source)?;
    dict.set_item(intern!(py, "packets"), slot.packets)?;
    dict.set_item(intern!(py, "bytes"), slot.bytes)?;
    dict.set_item(intern!(py, "retransmitted"), slot.retransmitted)?;
    dict.set_item(intern!(py, "loss"), slot.loss)?;
    dict.set_item(intern!(py, "waiting_key_frame"), slot.waiting_key_frame)?;
    dict.set_item(intern!(py, "no_codec"), slot.no_codec)?;
    dict.set_item(intern!(py, "paused"), slot.paused)?;
    dict.set_item(intern!(py, "reduced"), slot.reduced)
}
