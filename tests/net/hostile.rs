//! A broker that says what it likes.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Accepts connections with TLS, waits for a CONNECT and answers each with the next script; when there is none left,
/// with silence. Ended when dropped.
#[derive(Debug)]
pub struct HostileBroker {
    port: u16,
    closed: Arc<AtomicBool>,
    connections: Arc<AtomicUsize>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl HostileBroker {
    /// A broker that answers the connections one after the other with these bytes. With `true` beside them the
    /// connection is closed afterwards, else it stays open.
    pub fn new(tls: Arc<ServerConfig>, scripts: Vec<(Vec<u8>, bool)>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let closed = Arc::new(AtomicBool::new(false));
        let connections = Arc::new(AtomicUsize::new(0));
        let open: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let (ended, count, kept) = (closed.clone(), connections.clone(), open.clone());
        let scripts = Arc::new(Mutex::new(scripts.into_iter()));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                if let (Ok(client), Ok(mut kept)) = (client.try_clone(), kept.lock()) {
                    kept.push(client);
                }
                let (tls, scripts, count) = (tls.clone(), scripts.clone(), count.clone());
                thread::spawn(move || {
                    let Ok(connection) = ServerConnection::new(tls) else { return };
                    let mut client = StreamOwned::new(connection, client);
                    let mut packet = [0; 4096];
                    if !matches!(client.read(&mut packet), Ok(length) if length > 0) {
                        return;
                    }
                    count.fetch_add(1, Ordering::Relaxed);
                    let script = scripts.lock().ok().and_then(|mut scripts| scripts.next());
                    let (bytes, close) = script.unwrap_or_default();
                    let _ = client.write_all(&bytes).and_then(|()| client.flush());
                    if close {
                        client.conn.send_close_notify();
                        let _ = client.flush();
                        return;
                    }
                    while matches!(client.read(&mut packet), Ok(length) if length > 0) {}
                });
            }
        });
        Self { port, closed, connections, open }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many phones came as far as their CONNECT.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for HostileBroker {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        for connection in self.open.lock().into_iter().flat_map(|mut open| std::mem::take(&mut *open)) {
            let _ = connection.shutdown(Shutdown::Both);
        }
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}
