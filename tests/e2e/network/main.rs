//! The connection on real networks: NATs that forget, links that flap, fail and change, in network namespaces.
//!
//! Intervals are scaled here by configuration, so that a test sees in seconds what takes minutes; deadlines are not.

mod family;
mod nat;
mod portal;
mod route;
mod site;
mod weather;
