//! The part of a gateway that registers: one HTTPS request.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use offpush_wire::{MAXIMUM_REGISTER_BYTES, RegisterAnswer, RegisterRequest};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::Failure;

/// Listens for one registration.
#[derive(Debug)]
pub(crate) struct Registrar {
    listener: TcpListener,
    tls: Arc<ServerConfig>,
}

impl Registrar {
    pub(crate) fn new(tls: Arc<ServerConfig>) -> Result<Self, Failure> {
        Ok(Self { listener: TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?, tls })
    }

    /// What a daemon takes as `--server`.
    pub(crate) fn url(&self) -> Result<String, Failure> {
        Ok(format!("https://localhost:{}", self.listener.local_addr()?.port()))
    }

    /// Waits for the request and answers it.
    pub(crate) fn serve(
        &self,
        answer: impl FnOnce(&RegisterRequest) -> Result<RegisterAnswer, Failure>,
    ) -> Result<(), Failure> {
        let (client, _) = self.listener.accept()?;
        let mut client = StreamOwned::new(ServerConnection::new(self.tls.clone())?, client);
        let request = serde_json::from_slice(&read_body(&mut client)?)?;
        let body = serde_json::to_vec(&answer(&request)?)?;
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        client.write_all(head.as_bytes())?;
        client.write_all(&body)?;
        client.conn.send_close_notify();
        Ok(client.flush()?)
    }
}

/// The body of a request with `content-length`.
fn read_body(client: &mut impl Read) -> Result<Vec<u8>, Failure> {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            let length: usize = length.ok_or("a request without content-length")?;
            if request.len() >= end + 4 + length {
                return Ok(request[end + 4..end + 4 + length].to_vec());
            }
        }
        let count = client.read(&mut chunk)?;
        if count == 0 || request.len() > 2 * MAXIMUM_REGISTER_BYTES {
            return Err("half a request".into());
        }
        request.extend_from_slice(&chunk[..count]);
    }
}
