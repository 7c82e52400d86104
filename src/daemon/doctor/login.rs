//! One log-in with the phone's identity, and a hello, where no daemon runs.
//!
//! Nothing is taken and nothing is acknowledged: what the gateway publishes meanwhile it publishes again to the daemon.
//! The connection says that it is gone before it ends.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Instant;

use offpush_engine::Record;
use offpush_engine::config::limit;
use offpush_engine::record::{Identity, Mark, Standing};
use offpush_inspect::{Check, CheckCode, Outcome};
use offpush_mqtt::{Connect, Packet, PublishOut, QoS, ReasonCode};
use offpush_store::ReadOnlyStore;
use offpush_wire::{DownFrame, Gone, Have, Hello, MAXIMUM_FRAME_BYTES, UpFrame};

use super::echo::token;
use super::probe::{PATIENCE, TlsStream};
use super::told;
use crate::clock;
use crate::link::{READ_BYTES, failure};
use crate::page::SOFTWARE;
use crate::records::Loader;

/// The keep-alive of a connection that lasts a few seconds, in seconds.
const KEEP_ALIVE: u16 = 60;

/// The largest packet that is taken, in bytes: a frame, and 1 KiB for what MQTT adds (docs/wire.md).
const MAXIMUM_PACKET: u32 = MAXIMUM_FRAME_BYTES as u32 + 1024;

/// What the store keeps of who this phone is.
pub(super) struct Kept {
    identity: Identity,
    mark: Mark,
    outbox: String,
    /// The time that a gateway told last.
    pub(super) time: Option<i64>,
}

/// Reads it; `None` without a registration.
pub(super) fn read(data: &Path) -> Option<Kept> {
    let store = ReadOnlyStore::open(data).ok()?;
    let (mut identity, mut mark, mut outbox, mut time) = (None, Mark::default(), String::new(), None);
    for record in Loader::new(&store) {
        match record {
            Record::Identity(stored) => identity = Some(stored),
            Record::Mark(stored) => mark = stored,
            Record::Outbox(stored) => outbox = stored.id,
            Record::GatewayTime(told) => time = Some(told),
            _ => {}
        }
    }
    let identity = identity.filter(|identity: &Identity| identity.reg_id.is_some())?;
    Some(Kept { identity, mark, outbox, time })
}

/// The checks that a log-in allows.
pub(super) fn checks(data: &Path, kept: &Kept, (broker, mut stream): (String, TlsStream)) -> Vec<Check> {
    let login = |outcome, found: String| Check::new(CheckCode::MqttLogin, outcome, found);
    if kept.identity.standing != Standing::Active {
        let found = "the app has unregistered";
        return vec![Check::new(CheckCode::Registration, Outcome::Warning, found).action("let the app register again")];
    }
    if is_owned(data) {
        return vec![login(Outcome::Skipped, "not tried: a daemon has just started with this identity".to_owned())];
    }
    let begin = Instant::now();
    match say_hello(kept, &mut stream) {
        Ok(answer) => {
            let mut checks = vec![Check {
                took: u64::try_from(begin.elapsed().as_millis()).ok(),
                ..login(Outcome::Ok, format!("{broker} takes this phone's credentials"))
            }];
            match answer {
                Some(time) => {
                    checks.push(Check::new(CheckCode::Gateway, Outcome::Ok, "it answers through the broker"));
                    checks.push(told::clock(clock::now().wall - time));
                }
                None => checks.push(
                    Check::new(
                        CheckCode::Gateway,
                        Outcome::Failure,
                        "the broker is reached and the gateway does not answer through it",
                    )
                    .action("see whether the gateway runs and is connected to the same broker"),
                ),
            }
            checks
        }
        Err(Refused::Code(code, words)) => {
            let words = words.map(|words| format!(" ({words})")).unwrap_or_default();
            let found = format!("{broker} refuses this phone with 0x{:02X}, {}{words}", code.0, code.name());
            let credentials = matches!(code, ReasonCode::BAD_USER_NAME_OR_PASSWORD | ReasonCode::NOT_AUTHORIZED);
            vec![login(Outcome::Failure, found).action(if credentials {
                "start the daemon: it asks the gateway to put its credentials right; if that does not help, see the gateway's log"
            } else {
                "see the broker's log; it has to speak MQTT 5 and let this phone reach its two topics"
            })]
        }
        Err(Refused::Broken(error)) => vec![
            login(Outcome::Failure, format!("{broker} does not speak MQTT 5 with this phone: {error}"))
                .action("see whether a broker listens there, and its log"),
        ],
    }
}

/// Why there is no session.
enum Refused {
    Code(ReasonCode, Option<String>),
    Broken(String),
}

fn broken(error: impl ToString) -> Refused {
    Refused::Broken(error.to_string())
}

/// Logs in and says hello; the time by the gateway's answer, if it gives one.
fn say_hello(kept: &Kept, stream: &mut TlsStream) -> Result<Option<i64>, Refused> {
    let Kept { identity, mark, outbox, .. } = kept;
    let reg_id = identity.reg_id.as_deref().unwrap_or_default();
    let up = offpush_wire::up_topic(&identity.topic_prefix, reg_id);
    let connection = token().map_err(broken)?;
    let mut hello = UpFrame::new(outbox);
    hello.have = (!mark.epoch.is_empty()).then(|| Have { epoch: mark.epoch.clone(), up_to: mark.up_to });
    hello.hello = Some(Hello {
        connection: connection.clone(),
        id_of_up_to: (mark.up_to > 0).then(|| mark.id.clone()),
        version: SOFTWARE.to_owned(),
        network: None,
        heartbeat: None,
    });
    let mut out = Vec::new();
    let connect = Connect {
        client_id: reg_id,
        username: reg_id,
        password: identity.secret.as_bytes(),
        keep_alive_seconds: KEEP_ALIVE,
        clean_start: true,
        session_expiry_seconds: 0,
        receive_maximum: limit::RECEIVE_MAXIMUM,
        maximum_packet_size: MAXIMUM_PACKET,
        will: None,
    };
    offpush_mqtt::encode_connect(&mut out, &connect).map_err(broken)?;
    let down = offpush_wire::down_topic(&identity.topic_prefix, reg_id);
    offpush_mqtt::encode_subscribe(&mut out, NonZeroU16::MIN, &down, QoS::AtLeastOnce).map_err(broken)?;
    publish(&mut out, &up, &hello.encode())?;
    send(stream, &out)?;
    let answer = receive(stream, &connection)?;
    let mut gone = UpFrame::new(outbox);
    gone.gone = Some(Gone { connection });
    out.clear();
    publish(&mut out, &up, &gone.encode())?;
    offpush_mqtt::encode_disconnect(&mut out, ReasonCode::NORMAL_DISCONNECTION);
    // What counts has been found.
    let _ = send(stream, &out);
    stream.conn.send_close_notify();
    let _ = stream.flush();
    Ok(answer)
}

fn publish(out: &mut Vec<u8>, topic: &str, payload: &[u8]) -> Result<(), Refused> {
    let publish = PublishOut { topic, qos: QoS::AtMostOnce, packet_id: None, duplicate: false, payload };
    offpush_mqtt::encode_publish(out, &publish).map_err(broken)
}

fn send(stream: &mut TlsStream, bytes: &[u8]) -> Result<(), Refused> {
    stream.write_all(bytes).and_then(|()| stream.flush()).map_err(|error| broken(failure(&error)))
}

/// Reads until the gateway answers this connection's hello; `None` if it does not, though the broker accepted.
fn receive(stream: &mut TlsStream, connection: &str) -> Result<Option<i64>, Refused> {
    let begin = Instant::now();
    let mut received = Vec::new();
    let mut buffer = vec![0; READ_BYTES];
    let mut accepted = false;
    while begin.elapsed() < 2 * PATIENCE {
        match stream.read(&mut buffer) {
            Ok(0) => return Err(broken("the broker ended the connection")),
            Ok(count) => received.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(broken(failure(&error))),
        }
        let mut read = 0;
        while let Some((packet, length)) =
            offpush_mqtt::decode(received.get(read..).unwrap_or_default(), MAXIMUM_PACKET).map_err(broken)?
        {
            match packet {
                Packet::ConnAck(answer) if answer.reason.is_error() => {
                    return Err(Refused::Code(answer.reason, answer.properties.reason_string.map(str::to_owned)));
                }
                Packet::ConnAck(_) => accepted = true,
                Packet::Disconnect(end) => {
                    return Err(Refused::Code(end.reason, end.reason_string.map(str::to_owned)));
                }
                Packet::Publish(message) => {
                    let answer = DownFrame::decode(message.payload).ok().and_then(|frame| frame.answer);
                    if let Some(answer) = answer.filter(|answer| answer.connection == connection) {
                        return Ok(Some(answer.time));
                    }
                }
                _ => {}
            }
            read += length;
        }
        received.drain(..read);
    }
    if accepted { Ok(None) } else { Err(broken("it did not answer in time")) }
}

/// Whether a process has the store open, by the kernel's list of locks (`proc_locks(5)`): to try the lock itself could keep
/// a daemon from starting.
fn is_owned(data: &Path) -> bool {
    let Ok(inode) = std::fs::metadata(data.join("lock")).map(|file| format!(":{} ", file.ino())) else { return false };
    let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    locks.lines().any(|line| line.contains(" FLOCK ") && line.contains(&inode))
}
