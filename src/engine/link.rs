//! One attempt to reach a broker and the MQTT session on it.

use std::num::NonZeroU16;

use offpush_mqtt as mqtt;
use offpush_mqtt::QoS;
use offpush_wire::MAXIMUM_FRAME_BYTES;

use crate::config::limit;
use crate::heartbeat::Heartbeat;
use crate::input::{LinkId, Path};

/// The largest packet that we take, in bytes: a frame, its topic and MQTT's own fields.
pub(crate) const MAXIMUM_PACKET: u32 = MAXIMUM_FRAME_BYTES as u32 + 1024;

/// How far a link has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// DNS, TCP, TLS.
    Connecting,
    /// CONNECT, SUBSCRIBE and hello are out.
    Handshaking,
    /// The broker said CONNACK.
    Online,
}

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) id: LinkId,
    pub(crate) stage: Stage,
    /// The network it was made on.
    pub(crate) network: Option<u64>,
    /// By which way TLS stands.
    pub(crate) path: Option<Path>,
    /// When the attempt began, boot time.
    pub(crate) began: u64,
    /// When CONNACK came, boot time.
    pub(crate) online_since: u64,
    /// The random id of this connection.
    pub(crate) connection: String,
    pub(crate) heartbeat: Heartbeat,
    /// When the last hello went out, boot time.
    pub(crate) hello_sent: u64,
    pub(crate) hello_answered: bool,
    /// The default network has gone; nothing is sent until one returns.
    pub(crate) suspended: bool,
    /// PUBLISH packets that brought what there was no room for.
    pub(crate) withheld: Vec<NonZeroU16>,
    /// Received and not decoded yet.
    received: Vec<u8>,
    /// To be sent at the end of this input.
    out: Vec<u8>,
    /// Our PUBLISH packets without PUBACK.
    unacknowledged: Vec<NonZeroU16>,
    broker_receive_maximum: usize,
    broker_maximum_packet: u32,
    last_packet_id: u16,
}

/// Our PUBLISH packets without PUBACK, at most. Entries wait for the gateway anyway; a few keep the pipe full.
const UNACKNOWLEDGED: usize = 16;

impl Link {
    pub(crate) fn new(id: LinkId, network: Option<u64>, connection: String, heartbeat: Heartbeat, now: u64) -> Self {
        Self {
            id,
            stage: Stage::Connecting,
            network,
            path: None,
            began: now,
            online_since: 0,
            connection,
            heartbeat,
            hello_sent: now,
            hello_answered: false,
            suspended: false,
            withheld: Vec::new(),
            received: Vec::new(),
            out: Vec::new(),
            unacknowledged: Vec::new(),
            broker_receive_maximum: usize::from(u16::MAX),
            broker_maximum_packet: u32::MAX,
            last_packet_id: 0,
        }
    }

    pub(crate) fn is_online(&self) -> bool {
        self.stage == Stage::Online
    }

    fn packet_id(&mut self) -> NonZeroU16 {
        loop {
            self.last_packet_id = self.last_packet_id.wrapping_add(1);
            if let Some(id) = NonZeroU16::new(self.last_packet_id)
                && !self.unacknowledged.contains(&id)
            {
                return id;
            }
        }
    }

    /// CONNECT and SUBSCRIBE; the hello follows with [`Link::publish`].
    pub(crate) fn open(
        &mut self,
        reg_id: &str,
        secret: &str,
        down_topic: &str,
        up_topic: &str,
        will: &[u8],
    ) -> Result<(), mqtt::EncodeError> {
        mqtt::encode_connect(
            &mut self.out,
            &mqtt::Connect {
                client_id: reg_id,
                username: reg_id,
                password: secret.as_bytes(),
                keep_alive_seconds: self.heartbeat.keep_alive_seconds(),
                clean_start: true,
                session_expiry_seconds: 0,
                receive_maximum: limit::RECEIVE_MAXIMUM,
                maximum_packet_size: MAXIMUM_PACKET,
                will: Some(mqtt::Will { topic: up_topic, payload: will, qos: QoS::AtLeastOnce, delay_seconds: 0 }),
            },
        )?;
        let packet_id = self.packet_id();
        mqtt::encode_subscribe(&mut self.out, packet_id, down_topic, QoS::AtLeastOnce)
    }

    /// What the broker said of itself.
    pub(crate) fn opened(&mut self, now: u64, properties: &mqtt::ConnAckProperties<'_>) {
        self.stage = Stage::Online;
        self.online_since = now;
        if let Some(maximum) = properties.receive_maximum {
            self.broker_receive_maximum = usize::from(maximum);
        }
        if let Some(maximum) = properties.maximum_packet_size {
            self.broker_maximum_packet = maximum;
        }
        if let Some(seconds) = properties.server_keep_alive_seconds {
            self.heartbeat.set_server_keep_alive(seconds);
        }
    }

    /// Whether another PUBLISH at QoS 1 may go out.
    pub(crate) fn can_publish(&self) -> bool {
        !self.suspended && self.unacknowledged.len() < self.broker_receive_maximum.min(UNACKNOWLEDGED)
    }

    /// A frame to the gateway: at QoS 1 if it must arrive on this connection, at QoS 0 if a later one says the same.
    pub(crate) fn publish(&mut self, topic: &str, payload: &[u8], qos: QoS) -> Result<(), mqtt::EncodeError> {
        let packet_id = match qos {
            QoS::AtMostOnce => None,
            QoS::AtLeastOnce => Some(self.packet_id()),
        };
        mqtt::encode_publish(&mut self.out, &mqtt::PublishOut { topic, qos, packet_id, duplicate: false, payload })?;
        self.unacknowledged.extend(packet_id);
        Ok(())
    }

    pub(crate) fn acknowledge(&mut self, packet_id: NonZeroU16) {
        mqtt::encode_puback(&mut self.out, packet_id, mqtt::ReasonCode::SUCCESS);
    }

    pub(crate) fn acknowledged(&mut self, packet_id: NonZeroU16) {
        self.unacknowledged.retain(|waiting| *waiting != packet_id);
    }

    pub(crate) fn ping(&mut self, now: u64) {
        mqtt::encode_pingreq(&mut self.out);
        self.heartbeat.ping_sent(now);
    }

    pub(crate) fn disconnect(&mut self, reason: mqtt::ReasonCode) {
        mqtt::encode_disconnect(&mut self.out, reason);
    }

    /// How many bytes of entries a frame may carry: the broker's Maximum Packet Size less what surrounds them.
    pub(crate) fn frame_room(&self) -> usize {
        let surroundings = 512;
        limit::FRAME.min((self.broker_maximum_packet as usize).saturating_sub(surroundings))
    }

    /// Takes what is to be sent.
    pub(crate) fn take_out(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// The bytes not decoded yet, with these behind them.
    pub(crate) fn take_received(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut all = std::mem::take(&mut self.received);
        all.extend_from_slice(bytes);
        all
    }

    /// Puts back what is not a whole packet yet; an idle link keeps no buffer.
    pub(crate) fn keep_received(&mut self, rest: &[u8]) {
        self.received = rest.to_vec();
    }
}
