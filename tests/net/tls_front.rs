//! TLS with any certificate, in front of a plain port.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// How long one direction is waited for before the other gets its turn.
const TURN: Duration = Duration::from_millis(5);

/// Ends TLS and hands the content on to a port of this machine. It takes no new connection once dropped.
#[derive(Debug)]
pub struct TlsFront {
    port: u16,
    closed: Arc<AtomicBool>,
}

impl TlsFront {
    /// A front with this TLS for the server at `target`.
    pub fn new(tls: Arc<ServerConfig>, target: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let closed = Arc::new(AtomicBool::new(false));
        let ended = closed.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let tls = tls.clone();
                thread::spawn(move || hand_on(client, tls, target));
            }
        });
        Self { port, closed }
    }

    /// Its port, on every address of this machine.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

/// One connection, both directions by turns on one thread: a rustls connection cannot be split.
fn hand_on(client: TcpStream, tls: Arc<ServerConfig>, target: u16) {
    let Ok(connection) = ServerConnection::new(tls) else { return };
    let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)) else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let _ = (client.set_read_timeout(Some(TURN)), server.set_read_timeout(Some(TURN)));
    let mut client = StreamOwned::new(connection, client);
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(true) = turn(&mut client, &mut server, &mut buffer) {
        if !matches!(turn(&mut server, &mut client, &mut buffer), Ok(true)) {
            break;
        }
    }
    let _ = client.sock.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

/// Hands on what `from` has; whether there may be more.
fn turn(from: &mut impl Read, to: &mut impl Write, buffer: &mut [u8]) -> io::Result<bool> {
    match from.read(buffer) {
        Ok(0) => Ok(false),
        Ok(length) => to.write_all(&buffer[..length]).and_then(|()| to.flush()).map(|()| true),
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => Ok(true),
        Err(error) => Err(error),
    }
}
