//! What Python says of peers, checked and brought into the core's own types.

use std::collections::HashMap;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use sfu::dtls::Role;
use sfu::model::{self, CodecName, ExtensionIds, Feedback, Kind, PeerSpec, SlotSpec, SourceSpec};

#[pyclass(frozen, from_py_object, module = "media._core")]
#[derive(Clone)]
pub struct Codec(model::Codec);

#[pymethods]
impl Codec {
    #[new]
    #[pyo3(signature = (name, payload_type, clock_rate, *, rtx_payload_type = None, profile = None))]
    fn new(
        name: &str,
        payload_type: u8,
        clock_rate: u32,
        rtx_payload_type: Option<u8>,
        profile: Option<&str>,
    ) -> PyResult<Self> {
        let known = CodecName::parse(name).ok_or_else(|| refuse("codec", name))?;
        if clock_rate == 0 {
            return Err(PyValueError::new_err("the clock rate is 0"));
        }
        let read = |text| model::Codec::parse_profile(text).ok_or_else(|| refuse("profile-level-id", text));
        Ok(Self(model::Codec {
            name: known,
            payload_type,
            rtx_payload_type,
            clock_rate,
            profile: profile.map(read).transpose()?,
        }))
    }
}

#[pyclass(frozen, from_py_object, module = "media._core")]
#[derive(Clone)]
pub struct Source(SourceSpec);

#[pymethods]
impl Source {
    #[new]
    #[pyo3(signature = (source, kind, mid, codecs, *, ssrc = None, rtx_ssrc = None, smaller = None))]
    fn new(
        source: u32,
        kind: &str,
        mid: String,
        codecs: Vec<Codec>,
        ssrc: Option<u32>,
        rtx_ssrc: Option<u32>,
        smaller: Option<u32>,
    ) -> PyResult<Self> {
        Ok(Self(SourceSpec {
            source,
            kind: parse_kind(kind)?,
            mid,
            codecs: codecs.into_iter().map(|codec| codec.0).collect(),
            ssrc,
            rtx_ssrc,
            smaller,
        }))
    }
}

#[pyclass(frozen, from_py_object, module = "media._core")]
#[derive(Clone)]
pub struct Slot(SlotSpec);

#[pymethods]
impl Slot {
    #[new]
    #[pyo3(signature = (slot, kind, mid, codecs, *, ssrc, rtx_ssrc = None, tells_arrivals = false))]
    fn new(
        slot: u32,
        kind: &str,
        mid: String,
        codecs: Vec<Codec>,
        ssrc: u32,
        rtx_ssrc: Option<u32>,
        tells_arrivals: bool,
    ) -> PyResult<Self> {
        Ok(Self(SlotSpec {
            slot,
            kind: parse_kind(kind)?,
            mid,
            codecs: codecs.into_iter().map(|codec| codec.0).collect(),
            ssrc,
            rtx_ssrc,
            tells_arrivals,
        }))
    }
}

#[pyclass(frozen, module = "media._core")]
pub struct Peer(pub PeerSpec);

#[pymethods]
impl Peer {
    #[new]
    #[pyo3(signature = (
        peer, *, local_ufrag, local_password, remote_ufrag, remote_password, fingerprint, dtls_role, extensions,
        feedback, sources, slots,
    ))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        peer: u32,
        local_ufrag: String,
        local_password: String,
        remote_ufrag: String,
        remote_password: String,
        fingerprint: String,
        dtls_role: &str,
        extensions: HashMap<String, u8>,
        feedback: &str,
        sources: Vec<Source>,
        slots: Vec<Slot>,
    ) -> PyResult<Self> {
        let dtls_role = match dtls_role {
            "client" => Role::Client,
            "server" => Role::Server,
            other => return Err(refuse("DTLS role", other)),
        };
        let feedback = match feedback {
            "transport-cc" => Feedback::TransportCc,
            "remb" => Feedback::Remb,
            "none" => Feedback::None,
            other => return Err(refuse("feedback", other)),
        };
        let mut ids = ExtensionIds::default();
        for (uri, id) in extensions {
            if !(1..=14).contains(&id) {
                return Err(PyValueError::new_err(format!(
                    "extension id {id} is not within 1 to 14"
                )));
            }
            ids.set(&uri, id);
        }
        Ok(Self(PeerSpec {
            peer,
            local_ufrag,
            local_password,
            remote_ufrag,
            remote_password,
            fingerprint,
            dtls_role,
            extensions: ids,
            feedback,
            sources: sources.into_iter().map(|source| source.0).collect(),
            slots: slots.into_iter().map(|slot| slot.0).collect(),
        }))
    }
}

fn parse_kind(kind: &str) -> PyResult<Kind> {
    match kind {
        "audio" => Ok(Kind::Audio),
        "video" => Ok(Kind::Video),
        other => Err(refuse("kind", other)),
    }
}

fn refuse(what: &str, value: &str) -> PyErr {
    PyValueError::new_err(format!("unknown {what}: {value:?}"))
}
