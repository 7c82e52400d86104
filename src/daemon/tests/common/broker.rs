//! A scripted gateway and broker, just enough for one phone.

use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use super::tls::{Authority, Stream, serve};

/// What the phone sent.
#[derive(Debug)]
pub struct Packet {
    /// The first byte of its fixed header.
    pub first: u8,
    /// What follows the fixed header.
    pub rest: Vec<u8>,
}

/// A gateway and a broker that serve until the test ends.
pub struct World {
    /// The gateway's address.
    pub gateway: String,
    /// Frames for the phone: each is published on every connection that subscribes.
    pub frames: Arc<Mutex<Vec<String>>>,
    /// Every packet that phones sent, in order.
    pub packets: Receiver<Packet>,
}

impl World {
    pub fn new(authority: &Authority) -> Self {
        let frames = Arc::new(Mutex::new(Vec::new()));
        let (sender, packets) = channel();
        let script = Arc::clone(&frames);
        let broker = serve(authority.server("127.0.0.1", (2000, 2100)), move |stream| {
            // It ends with the connection.
            let _ = speak_mqtt(stream, &script, &sender);
        });
        let gateway = serve(authority.server("127.0.0.1", (2000, 2100)), move |mut stream| {
            let _ = register(&mut stream, broker);
        });
        Self { gateway: format!("https://127.0.0.1:{gateway}"), frames, packets }
    }

    /// Waits for a packet of this type, 1 to 15.
    pub fn wait(&self, kind: u8) -> Packet {
        loop {
            let packet = self.packets.recv_timeout(super::PATIENCE).expect("no such packet");
            if packet.first >> 4 == kind {
                return packet;
            }
        }
    }
}

/// A message frame under number `n` of epoch `e`.
pub fn message_frame(n: u64, id: &str, title: &str) -> String {
    format!(
        r#"{{"v":1,"epoch":"e","entries":[{{"n":{n},"id":"{id}","kind":"message","body":{{"id":"{id}",
        "target":{{"kind":"regid"}},"title":"{title}","description":"text","payload":"p","expiresIn":3600000,
        "sentAt":1,"extra":{{"ext":"x"}}}}}}]}}"#
    )
}

fn register(stream: &mut Stream, broker: u16) -> io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.ends_with(b"}") {
        let count = stream.read(&mut buffer)?;
        request.extend_from_slice(&buffer[..count]);
    }
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let reg_id = "r".repeat(43);
    let body = format!(r#"{{"code":0,"regId":"{reg_id}","brokers":["mqtts://127.0.0.1:{broker}"],"time":{time}}}"#);
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())?;
    stream.flush()
}

fn speak_mqtt(mut stream: Stream, frames: &Mutex<Vec<String>>, told: &Sender<Packet>) -> io::Result<()> {
    loop {
        let packet = read_packet(&mut stream)?;
        match packet.first >> 4 {
            // CONNECT: CONNACK without anything.
            1 => stream.write_all(&[0x20, 3, 0, 0, 0])?,
            // SUBSCRIBE: SUBACK with QoS 1, and then what is waiting.
            8 => {
                stream.write_all(&[0x90, 4, packet.rest[0], packet.rest[1], 0, 1])?;
            }
            // PUBLISH with QoS 1: PUBACK. A hello is answered, and then comes what is waiting.
            3 => {
                let topic = usize::from(packet.rest[0]) << 8 | usize::from(packet.rest[1]);
                if packet.first & 0b110 != 0 {
                    stream.write_all(&[0x40, 2, packet.rest[2 + topic], packet.rest[3 + topic]])?;
                }
                let text = String::from_utf8_lossy(&packet.rest);
                if let Some((_, rest)) = text.split_once(r#""hello":{"connection":""#) {
                    let connection = rest.split('"').next().unwrap_or_default();
                    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
                    let answer = format!(
                        r#"{{"v":1,"epoch":"e","answer":{{"connection":"{connection}","bindings":{{"upTo":0,"valid":[]}},
                        "time":{}}}}}"#,
                        time.as_millis()
                    );
                    publish(&mut stream, 1, &answer)?;
                    let waiting = frames.lock().unwrap().clone();
                    for (index, frame) in waiting.iter().enumerate() {
                        publish(&mut stream, 2 + index as u16, frame)?;
                    }
                }
            }
            12 => stream.write_all(&[0xD0, 0])?,
            _ => {}
        }
        stream.flush()?;
        let _ = told.send(packet);
    }
}

fn publish(stream: &mut Stream, id: u16, payload: &str) -> io::Result<()> {
    let topic = format!("op/d/{}", "r".repeat(43));
    let mut rest = (topic.len() as u16).to_be_bytes().to_vec();
    rest.extend_from_slice(topic.as_bytes());
    rest.extend_from_slice(&id.to_be_bytes());
    rest.push(0);
    rest.extend_from_slice(payload.as_bytes());
    let mut packet = vec![0x32];
    let mut length = rest.len();
    loop {
        let byte = (length % 128) as u8;
        length /= 128;
        packet.push(if length > 0 { byte | 0x80 } else { byte });
        if length == 0 {
            break;
        }
    }
    packet.extend_from_slice(&rest);
    stream.write_all(&packet)
}

fn read_packet(stream: &mut Stream) -> io::Result<Packet> {
    let mut byte = [0];
    stream.read_exact(&mut byte)?;
    let first = byte[0];
    let (mut length, mut shift) = (0, 0);
    loop {
        stream.read_exact(&mut byte)?;
        length |= usize::from(byte[0] & 0x7F) << shift;
        shift += 7;
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    let mut rest = vec![0; length];
    stream.read_exact(&mut rest)?;
    Ok(Packet { first, rest })
}
