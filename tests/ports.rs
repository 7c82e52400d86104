//! Ports that stay ours while a server restarts.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the range from which the system takes ports for outgoing connections (32768 on Linux), so that no client
/// takes the port of a server that is down for a moment.
const FIRST: u16 = 12_000;
/// How many there are.
const COUNT: u16 = 20_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port on 127.0.0.1 on which nobody listens.
pub fn free_port() -> u16 {
    // Test programs that run at the same time begin at different places.
    let offset = (std::process::id().wrapping_mul(997) % u32::from(COUNT)) as u16;
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        let port = FIRST + (offset + step) % COUNT;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no port of {COUNT} is free");
}
