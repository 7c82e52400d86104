//! The broker's side of MQTT 5: what a client sent, decoded strictly, and what a broker answers.

use std::num::NonZeroU16;

/// A packet from the phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sent {
    Connect(Box<Connect>),
    Subscribe { packet_id: u16, filter: String },
    Publish { packet_id: Option<u16>, topic: String, payload: Vec<u8> },
    PubAck { packet_id: u16 },
    PingReq,
    Disconnect { reason: u8 },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Connect {
    pub(crate) client_id: String,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) keep_alive: u16,
    pub(crate) clean_start: bool,
    pub(crate) receive_maximum: u16,
    pub(crate) will_topic: String,
    pub(crate) will: Vec<u8>,
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at_checked(count).expect("a packet from the phone is cut short");
        self.0 = rest;
        taken
    }

    fn u8(&mut self) -> u8 {
        self.take(1)[0]
    }

    fn u16(&mut self) -> u16 {
        let bytes = self.take(2);
        u16::from_be_bytes([bytes[0], bytes[1]])
    }

    fn binary(&mut self) -> &'a [u8] {
        let length = self.u16();
        self.take(length.into())
    }

    fn string(&mut self) -> String {
        String::from_utf8(self.binary().to_vec()).expect("UTF-8")
    }

    fn length(&mut self) -> usize {
        let mut value = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.u8();
            value |= usize::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return value;
            }
        }
        panic!("a length of more than four bytes");
    }
}

/// All packets of one write. Each has to be whole: the engine hands out packets, not pieces.
pub(crate) fn decode(bytes: &[u8]) -> Vec<Sent> {
    let mut reader = Reader(bytes);
    let mut packets = Vec::new();
    while !reader.0.is_empty() {
        let first = reader.u8();
        let length = reader.length();
        let mut body = Reader(reader.take(length));
        let packet = match first {
            0x10 => connect(&mut body),
            0x82 => {
                let packet_id = body.u16();
                assert_eq!(body.u8(), 0, "no properties in SUBSCRIBE");
                let filter = body.string();
                assert_eq!(body.u8() & 0x03, 1, "subscribed at QoS 1");
                Sent::Subscribe { packet_id, filter }
            }
            0x30 | 0x32 | 0x3A => {
                let topic = body.string();
                let packet_id = (first != 0x30).then(|| body.u16());
                assert_eq!(body.u8(), 0, "no properties in PUBLISH");
                let payload = body.take(body.0.len()).to_vec();
                Sent::Publish { packet_id, topic, payload }
            }
            0x40 => Sent::PubAck { packet_id: body.u16() },
            0xC0 => Sent::PingReq,
            0xE0 if length == 0 => Sent::Disconnect { reason: 0 },
            0xE0 => {
                let reason = body.u8();
                assert_eq!(body.u8(), 0, "no properties in DISCONNECT");
                Sent::Disconnect { reason }
            }
            other => panic!("a packet no client sends: first byte 0x{other:02X}"),
        };
        assert!(body.0.is_empty(), "bytes behind {packet:?}");
        packets.push(packet);
    }
    packets
}

fn connect(body: &mut Reader<'_>) -> Sent {
    assert_eq!(body.take(7), b"\x00\x04MQTT\x05");
    let flags = body.u8();
    assert_eq!(flags & 0b1110_0101, 0b1100_0100, "user name, password, a will that is not retained");
    let keep_alive = body.u16();
    let mut receive_maximum = u16::MAX;
    let length = body.length();
    let mut properties = Reader(body.take(length));
    while !properties.0.is_empty() {
        match properties.u8() {
            0x11 | 0x27 => drop(properties.take(4)),
            0x21 => receive_maximum = properties.u16(),
            other => panic!("property 0x{other:02X} in CONNECT"),
        }
    }
    let client_id = body.string();
    assert_eq!(body.u8(), 0, "no properties of the will");
    let will_topic = body.string();
    let will = body.binary().to_vec();
    let username = body.string();
    let password = body.string();
    let clean_start = flags & 0x02 != 0;
    Sent::Connect(Box::new(Connect {
        client_id,
        username,
        password,
        keep_alive,
        clean_start,
        receive_maximum,
        will_topic,
        will,
    }))
}

pub(crate) fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut rest = body.len();
    while rest > 0x7F {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes.extend(body);
    bytes
}

/// A string or binary field.
pub(crate) fn field(content: &str) -> Vec<u8> {
    let mut bytes = u16::try_from(content.len()).expect("short").to_be_bytes().to_vec();
    bytes.extend(content.as_bytes());
    bytes
}

/// CONNACK with these properties, encoded.
pub(crate) fn conn_ack(reason: u8, properties: &[u8]) -> Vec<u8> {
    let mut body = vec![0, reason, u8::try_from(properties.len()).expect("few")];
    body.extend(properties);
    packet(0x20, &body)
}

pub(crate) fn sub_ack(packet_id: u16, reason: u8) -> Vec<u8> {
    let [high, low] = packet_id.to_be_bytes();
    packet(0x90, &[high, low, 0, reason])
}

pub(crate) fn pub_ack(packet_id: u16, reason: u8) -> Vec<u8> {
    let [high, low] = packet_id.to_be_bytes();
    packet(0x40, &[high, low, reason])
}

pub(crate) fn publish(packet_id: Option<NonZeroU16>, topic: &str, payload: &[u8]) -> Vec<u8> {
    let mut body = field(topic);
    if let Some(packet_id) = packet_id {
        body.extend(packet_id.get().to_be_bytes());
    }
    body.push(0);
    body.extend(payload);
    packet(if packet_id.is_some() { 0x32 } else { 0x30 }, &body)
}

pub(crate) fn ping_resp() -> Vec<u8> {
    vec![0xD0, 0]
}

/// DISCONNECT; a reference names another server.
pub(crate) fn disconnect(reason: u8, reference: Option<&str>) -> Vec<u8> {
    let reference = reference.map(|reference| [&[0x1C][..], &field(reference)].concat());
    disconnect_with(reason, &reference.unwrap_or_default())
}

pub(crate) fn disconnect_with(reason: u8, properties: &[u8]) -> Vec<u8> {
    let mut body = vec![reason, u8::try_from(properties.len()).expect("short")];
    body.extend(properties);
    packet(0xE0, &body)
}
