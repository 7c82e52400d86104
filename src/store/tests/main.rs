//! What the store promises, by theme. One binary, so that it links once.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod crash;
mod damage;
mod full_disk;
mod golden;
mod history;
mod limits;
mod lock;
mod model;
mod read_only;
mod support;
