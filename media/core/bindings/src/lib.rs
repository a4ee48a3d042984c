//! Python face of the packet core: `media._core`. Types and their documentation are in `media/_core.pyi`.

mod description;
mod events;
mod handle;

use pyo3::prelude::*;
use sfu::ice::Credentials;

/// A fresh local (ufrag, password).
#[pyfunction]
fn new_ice_credentials() -> (String, String) {
    let Credentials { ufrag, password } = Credentials::generate();
    (ufrag, password)
}

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(new_ice_credentials, module)?)?;
    module.add_class::<description::Codec>()?;
    module.add_class::<description::Source>()?;
    module.add_class::<description::Slot>()?;
    module.add_class::<description::Peer>()?;
    module.add_class::<events::Event>()?;
    module.add_class::<handle::Core>()?;
    Ok(())
}
