//! A peer's MQTT session: what every client has to say to be served, and what it takes from what comes in.

use std::num::NonZeroU16;

use offpush_mqtt::{self as mqtt, Packet, QoS, ReasonCode};
use offpush_wire::{Down, DownFrame, Entry, Have, Hello, Up, UpFrame};

use crate::server::REG_ID;

/// The keep-alive that peers ask the broker for, in seconds: an hour, so that it never decides in place of their rules.
const KEEP_ALIVE: u16 = 3_600;

/// The largest packet taken.
const MAXIMUM_PACKET: u32 = 256 * 1024;

const OUTBOX: &str = "simulated-peer";

/// What came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    Accepted,
    Message(String),
    Refused,
}

/// One connection's session, or the one before: the mark goes on.
#[derive(Debug, Default)]
pub(crate) struct Session {
    received: Vec<u8>,
    epoch: String,
    up_to: u64,
    id_of_up_to: String,
}

impl Session {
    /// CONNECT, SUBSCRIBE and hello. A probing connection has another name, and asks for no messages.
    pub(crate) fn open(&mut self, probe: bool) -> Vec<u8> {
        self.received.clear();
        let mut out = Vec::new();
        let client_id = if probe { format!("{REG_ID}:adaptive") } else { REG_ID.to_owned() };
        let connect = mqtt::Connect {
            client_id: &client_id,
            username: &client_id,
            password: &[b'0'; 43],
            keep_alive_seconds: KEEP_ALIVE,
            clean_start: true,
            session_expiry_seconds: 0,
            receive_maximum: 128,
            maximum_packet_size: MAXIMUM_PACKET,
            will: None,
        };
        // Its fields are constants that fit.
        let _ = mqtt::encode_connect(&mut out, &connect);
        if !probe {
            let _ = mqtt::encode_subscribe(&mut out, NonZeroU16::MIN, &crate::server::down_topic(), QoS::AtLeastOnce);
            let hello = Hello {
                connection: "connection".to_owned(),
                id_of_up_to: (self.up_to > 0).then(|| self.id_of_up_to.clone()),
                version: "peer".to_owned(),
                network: None,
                heartbeat: None,
            };
            self.publish(&mut out, Some(hello));
        }
        out
    }

    fn publish(&self, out: &mut Vec<u8>, hello: Option<Hello>) {
        let mut frame: UpFrame<'_, Entry<Up>> = UpFrame::new(OUTBOX);
        frame.have = (!self.epoch.is_empty()).then(|| Have { epoch: self.epoch.clone(), up_to: self.up_to });
        frame.hello = hello;
        let topic = offpush_wire::up_topic(offpush_wire::DEFAULT_TOPIC_PREFIX, REG_ID);
        let payload = frame.encode();
        let publish = mqtt::PublishOut {
            topic: &topic,
            qos: QoS::AtMostOnce,
            packet_id: None,
            duplicate: false,
            payload: &payload,
        };
        let _ = mqtt::encode_publish(out, &publish);
    }

    pub(crate) fn ping() -> Vec<u8> {
        let mut out = Vec::new();
        mqtt::encode_pingreq(&mut out);
        out
    }

    /// Takes bytes; gives what they say and what is to be sent back.
    pub(crate) fn received(&mut self, bytes: &[u8]) -> (Vec<Heard>, Vec<u8>) {
        let (mut heard, mut out) = (Vec::new(), Vec::new());
        let mut all = std::mem::take(&mut self.received);
        all.extend_from_slice(bytes);
        let mut rest = &all[..];
        let mut took = false;
        while let Ok(Some((packet, length))) = mqtt::decode(rest, MAXIMUM_PACKET) {
            rest = &rest[length..];
            match packet {
                Packet::ConnAck(answer) if answer.reason.is_error() => heard.push(Heard::Refused),
                Packet::ConnAck(_) => heard.push(Heard::Accepted),
                Packet::Publish(publish) => {
                    took |= self.take(publish.payload, &mut heard);
                    if let Some(packet_id) = publish.packet_id {
                        mqtt::encode_puback(&mut out, packet_id, ReasonCode::SUCCESS);
                    }
                }
                Packet::Disconnect(_) => heard.push(Heard::Refused),
                _ => {}
            }
        }
        self.received = rest.to_vec();
        if took {
            self.publish(&mut out, None);
        }
        (heard, out)
    }

    fn take(&mut self, payload: &[u8], heard: &mut Vec<Heard>) -> bool {
        let Ok(frame) = DownFrame::decode(payload) else { return false };
        if self.epoch != frame.epoch {
            self.epoch = frame.epoch.clone().into_owned();
            self.up_to = 0;
        }
        let before = self.up_to;
        for entry in frame.entries.iter() {
            if entry.n == self.up_to + 1 {
                self.up_to = entry.n;
                self.id_of_up_to = entry.id.clone().into_owned();
                if let Ok(Down::Message(message)) = entry.down() {
                    heard.push(Heard::Message(message.id));
                }
            }
        }
        self.up_to > before
    }
}
