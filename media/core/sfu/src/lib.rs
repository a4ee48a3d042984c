//! Selective forwarding unit.
