//! The least that a subscriber of QoS 1 can do: decrypt, find each packet's end and id, and acknowledge many with one
//! write. It looks into no message, keeps nothing and reports nothing.
//!
//! So its rate is what broker, TLS and kernel have to give: a bound for every client of the same broker on the same
//! machine, whatever that client does with the messages.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use offpush_mqtt as mqtt;
use offpush_mqtt::{Packet, QoS};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use crate::Failure;
use crate::broker::RECEIVE_MAXIMUM;
use crate::peers::{PeerOptions, tls, topic};

/// Messages acknowledged together: half of what may be under way, so that the broker always has room for the next ones.
/// Of 1, 16, 64 and 100 it cost the broker least.
const TOGETHER: usize = RECEIVE_MAXIMUM as usize / 2;

/// When nothing comes for so long, what waits is acknowledged: the end, or the broker's own pause.
const PAUSE: Duration = Duration::from_millis(20);

/// Bytes of one read: several windows of messages.
const READ_BYTES: usize = 256 * 1024;

/// The process: counts, and says `done` after the last message. It stays until it is ended.
pub(crate) fn run(options: &PeerOptions) -> Result<(), Failure> {
    let stream = TcpStream::connect(("localhost", options.port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PAUSE))?;
    let name = ServerName::try_from("localhost")?;
    let mut tls = StreamOwned::new(ClientConnection::new(Arc::new(tls(&options.ca)?), name)?, stream);

    let mut out = Vec::new();
    mqtt::encode_connect(
        &mut out,
        &mqtt::Connect {
            client_id: &options.reg_id,
            username: &options.reg_id,
            password: options.secret.as_bytes(),
            keep_alive_seconds: 240,
            clean_start: true,
            session_expiry_seconds: 0,
            receive_maximum: RECEIVE_MAXIMUM,
            maximum_packet_size: u32::MAX,
            will: None,
        },
    )?;
    let id = std::num::NonZeroU16::MIN;
    mqtt::encode_subscribe(&mut out, id, &topic(&options.reg_id), QoS::AtLeastOnce)?;
    let (mut taken, mut waiting, mut received, mut chunk) = (0, TOGETHER, Vec::new(), vec![0; READ_BYTES]);
    loop {
        if waiting >= TOGETHER {
            tls.write_all(&out)?;
            tls.flush()?;
            out.clear();
            waiting = 0;
        }
        let count = match tls.read(&mut chunk) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                waiting = TOGETHER;
                continue;
            }
            read => read?,
        };
        if count == 0 {
            return Err("the broker ended the connection".into());
        }
        received.extend_from_slice(&chunk[..count]);
        let mut rest = &received[..];
        while let Some((packet, length)) = mqtt::decode(rest, u32::MAX)? {
            rest = &rest[length..];
            if let Packet::Publish(publish) = packet {
                taken += 1;
                if let Some(id) = publish.packet_id {
                    mqtt::encode_puback(&mut out, id, mqtt::ReasonCode::SUCCESS);
                    waiting += 1;
                }
            }
        }
        let left = rest.len();
        received.drain(..received.len() - left);
        if taken == options.messages {
            println!("done");
            std::io::stdout().flush()?;
        }
    }
}
