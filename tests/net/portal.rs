//! A captive portal in a router of the [`Lab`](super::Lab).

use std::io::{Read, Write};
use std::net::{Ipv6Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::router::Router;

/// Where it answers, whatever port was asked for.
const PORT: u16 = 8080;
/// A client that says nothing is not waited for any longer.
const PATIENCE: Duration = Duration::from_secs(5);
/// What it answers to everything, TLS included.
const ANSWER: &[u8] =
    b"HTTP/1.1 302 Found\r\nLocation: http://login.portal.lab.test/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Answers in the server's place, and lets nothing else out, until it is dropped: somebody signed in.
#[derive(Debug)]
pub struct Portal<'a> {
    router: &'a Router,
    closed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl<'a> Portal<'a> {
    pub(super) fn open(router: &'a Router) -> Self {
        let listener = router.inside(|| TcpListener::bind((Ipv6Addr::UNSPECIFIED, PORT))).expect("a port of ours");
        let closed = Arc::new(AtomicBool::new(false));
        let ended = closed.clone();
        let thread = thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                thread::spawn(move || answer(client));
            }
        });
        router.replace(&[("portal", &format!("meta l4proto tcp redirect to :{PORT}")), ("gate", "iifname lan drop")]);
        Self { router, closed, thread: Some(thread) }
    }
}

impl Drop for Portal<'_> {
    fn drop(&mut self) {
        self.router.replace(&[("portal", ""), ("gate", "")]);
        self.closed.store(true, Ordering::Relaxed);
        let _ = self.router.inside(|| TcpStream::connect((Ipv6Addr::LOCALHOST, PORT)));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn answer(mut client: TcpStream) {
    let _ = client.set_read_timeout(Some(PATIENCE));
    if client.read(&mut [0; 4096]).is_ok_and(|length| length > 0) {
        let _ = client.write_all(ANSWER);
    }
}
