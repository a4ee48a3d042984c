//! Python face of the packet core.
