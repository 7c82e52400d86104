//! The broker: sessions, keep-alive, takeover; behind it the gateway.

use std::collections::BTreeMap;

use crate::gateway::{Gateway, Sent};
use crate::packets::{self, FromClient};

/// The device's client id and address.
pub(crate) const REG_ID: &str = "simulated-0123456789-0123456789-01234567890";

/// The topic the device reads.
pub(crate) fn down_topic() -> String {
    offpush_wire::down_topic(offpush_wire::DEFAULT_TOPIC_PREFIX, REG_ID)
}

/// MQTT 5 §3.1.2.10: a server closes after one and a half times the keep-alive without a packet.
fn patience(keep_alive: u16) -> u64 {
    u64::from(keep_alive) * 1_500
}

/// A connection as the server numbers it.
pub(crate) type Key = usize;

/// What the server does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Send(Key, Vec<u8>),
    /// Closes the connection.
    Close(Key),
    /// Looks at that connection again at that time.
    Look(Key, u64),
}

#[derive(Debug, Default)]
struct Session {
    client_id: Option<String>,
    keep_alive: u16,
    heard: u64,
    received: Vec<u8>,
}

/// The broker with its gateway.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) is_up: bool,
    keep_alive: Option<u16>,
    sessions: BTreeMap<Key, Session>,
    gateway: Gateway,
    packet_id: u16,
}

impl Server {
    pub(crate) fn new(keep_alive: Option<u16>, wall: i64) -> Self {
        Self { is_up: true, keep_alive, sessions: BTreeMap::new(), gateway: Gateway::new(wall), packet_id: 0 }
    }

    pub(crate) fn opened(&mut self, key: Key, now: u64) {
        self.sessions.insert(key, Session { heard: now, ..Session::default() });
    }

    pub(crate) fn closed(&mut self, key: Key) {
        self.sessions.remove(&key);
    }

    /// It is there again.
    pub(crate) fn start(&mut self, now: u64) {
        self.is_up = true;
        self.gateway.since = now;
    }

    /// It stops: gives the connections that were open.
    pub(crate) fn stop(&mut self) -> Vec<Key> {
        self.is_up = false;
        std::mem::take(&mut self.sessions).into_keys().collect()
    }

    /// The time to look at a session has come.
    pub(crate) fn look(&mut self, key: Key, now: u64) -> Vec<Answer> {
        let Some(session) = self.sessions.get(&key).filter(|session| session.keep_alive > 0) else { return Vec::new() };
        let until = session.heard + patience(session.keep_alive);
        if now < until {
            return vec![Answer::Look(key, until)];
        }
        self.sessions.remove(&key);
        // 0x8D: keep alive timeout.
        vec![Answer::Send(key, packets::disconnect(0x8D)), Answer::Close(key)]
    }

    pub(crate) fn received(&mut self, key: Key, now: u64, bytes: &[u8]) -> Vec<Answer> {
        let Some(session) = self.sessions.get_mut(&key) else { return Vec::new() };
        session.heard = now;
        session.received.extend(bytes);
        let mut packets = Vec::new();
        while let Some((packet, length)) = packets::decode(&session.received) {
            session.received.drain(..length);
            packets.push(packet);
        }
        let mut answers = Vec::new();
        for packet in packets {
            self.packet(key, now, packet, &mut answers);
        }
        answers
    }

    fn packet(&mut self, key: Key, now: u64, packet: FromClient, answers: &mut Vec<Answer>) {
        match packet {
            FromClient::Connect { client_id, keep_alive } => {
                let same = |session: &Session| session.client_id.as_ref() == Some(&client_id);
                let before = self.sessions.iter().find(|(other, session)| **other != key && same(session));
                if let Some(before) = before.map(|(before, _)| *before) {
                    self.sessions.remove(&before);
                    // 0x8E: session taken over.
                    answers.push(Answer::Send(before, packets::disconnect(0x8E)));
                    answers.push(Answer::Close(before));
                }
                let keep_alive = self.keep_alive.unwrap_or(keep_alive);
                if let Some(session) = self.sessions.get_mut(&key) {
                    session.client_id = Some(client_id);
                    session.keep_alive = keep_alive;
                }
                answers.push(Answer::Send(key, packets::conn_ack(self.keep_alive)));
                if keep_alive > 0 {
                    answers.push(Answer::Look(key, now + patience(keep_alive)));
                }
            }
            FromClient::Subscribe { packet_id } => answers.push(Answer::Send(key, packets::sub_ack(packet_id))),
            FromClient::Publish { packet_id, payload } => {
                if let Some(packet_id) = packet_id {
                    answers.push(Answer::Send(key, packets::pub_ack(packet_id)));
                }
                let frames = self.gateway.take(now, &payload);
                self.publish(key, &frames, answers);
            }
            FromClient::PingReq => answers.push(Answer::Send(key, packets::ping_resp())),
            FromClient::Disconnect => {
                self.sessions.remove(&key);
                answers.push(Answer::Close(key));
            }
            FromClient::PubAck => {}
        }
    }

    fn publish(&mut self, key: Key, frames: &[Vec<u8>], answers: &mut Vec<Answer>) {
        for frame in frames {
            self.packet_id = self.packet_id.checked_add(1).unwrap_or(1);
            answers.push(Answer::Send(key, packets::publish(self.packet_id, &down_topic(), frame)));
        }
    }

    /// A message for the device.
    pub(crate) fn push(&mut self, now: u64, message: Sent) -> Vec<Answer> {
        let frames = self.gateway.accept(now, message);
        let device = |session: &Session| session.client_id.as_deref() == Some(REG_ID);
        let key = self.sessions.iter().find(|(_, session)| device(session)).map(|(key, _)| *key);
        let mut answers = Vec::new();
        if let Some(key) = key {
            self.publish(key, &frames, &mut answers);
        }
        answers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a client says first.
    fn hello(client_id: &str, keep_alive: u16) -> Vec<u8> {
        let mut out = Vec::new();
        let connect = offpush_mqtt::Connect {
            client_id,
            username: client_id,
            password: b"secret",
            keep_alive_seconds: keep_alive,
            clean_start: true,
            session_expiry_seconds: 0,
            receive_maximum: 10,
            maximum_packet_size: 1_024,
            will: None,
        };
        offpush_mqtt::encode_connect(&mut out, &connect).expect("short");
        out
    }

    #[test]
    fn a_second_connection_of_the_same_client_ends_the_first() {
        // With the reason that MQTT has for it; another client's stays.
        let mut server = Server::new(None, 0);
        for key in [1, 2, 3] {
            server.opened(key, 0);
        }
        server.received(1, 0, &hello("a", 60));
        server.received(2, 0, &hello("b", 60));
        let answers = server.received(3, 0, &hello("a", 60));
        assert_eq!(answers[..2], [Answer::Send(1, packets::disconnect(0x8E)), Answer::Close(1)]);
        assert!(!answers.iter().any(|answer| matches!(answer, Answer::Send(2, _) | Answer::Close(2))));
    }

    #[test]
    fn a_silent_client_is_dropped_after_one_and_a_half_times_its_keep_alive() {
        // Each packet starts the time anew.
        let mut server = Server::new(None, 0);
        server.opened(1, 0);
        server.received(1, 0, &hello("a", 60));
        assert_eq!(server.look(1, 89_999), [Answer::Look(1, 90_000)]);
        server.received(1, 50_000, &[0xC0, 0]);
        assert_eq!(server.look(1, 90_000), [Answer::Look(1, 140_000)]);
        assert_eq!(server.look(1, 140_000), [Answer::Send(1, packets::disconnect(0x8D)), Answer::Close(1)]);
    }

    #[test]
    fn a_server_that_stops_forgets_its_connections() {
        // It names them, so that they can be told or left without a word.
        let mut server = Server::new(Some(30), 0);
        server.opened(4, 0);
        assert_eq!(server.stop(), [4]);
        assert_eq!(server.received(4, 0, &hello("a", 60)), []);
    }
}
