//! INOS.
