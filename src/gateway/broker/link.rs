//! The gateway's own connection to its broker: QoS 1 both ways, many publishes in flight, its own reconnecting.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use offpush_wire::{MAXIMUM_FRAME_BYTES, is_reg_id};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, PubAckReason, Publish, SubscribeReasonCode};
use rumqttc::v5::{AsyncClient, Event as ClientEvent, EventLoop, MqttOptions};
use rumqttc::{NetworkOptions, Outgoing, TlsConfiguration, Transport};
use rustls::ClientConfig;
use tokio::sync::{mpsc, watch};

use super::dynamic_security;
use crate::core::BrokerError;
use crate::files;

/// The most publishes without an answer from the broker, in either direction. A phone takes up to 64; several hundred
/// keep a link with 50 ms round trip busy (20,000 messages/s), and with frames of typically 1 KiB cost 1 MiB.
pub(crate) const IN_FLIGHT: u16 = 1024;
/// What a PUBLISH needs besides its payload: topic, properties, header.
const PACKET_OVERHEAD_BYTES: usize = 4096;
/// The largest packet either side takes.
pub(crate) const MAXIMUM_PACKET_BYTES: u32 = (MAXIMUM_FRAME_BYTES + PACKET_OVERHEAD_BYTES) as u32;
/// Silence after which the broker is asked whether it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// The first wait before connecting again, and the longest. A broker that restarts is back within seconds.
const FIRST_BACK_OFF: Duration = Duration::from_millis(100);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(10);

/// Where the broker is, and who the gateway is there.
#[derive(Clone)]
pub(crate) struct LinkOptions {
    pub(crate) address: Address,
    pub(crate) client_id: String,
    pub(crate) user: String,
    pub(crate) password: String,
    /// What to subscribe to for the phones' frames.
    pub(crate) uplink_filter: String,
    /// The broker is administered through this connection.
    pub(crate) administer: bool,
}

/// A broker's address.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// TLS, if it is spoken.
    pub(crate) tls: Option<Arc<ClientConfig>>,
}

/// What the connection tells.
pub(crate) enum Event {
    /// Connected to a broker that is administered through this connection: now the gateway's own access is to be put
    /// right, and then [`Link::subscribe_uplink`] called.
    Administrator,
    /// Connected and subscribed: publishing works, and the phones' frames come.
    Ready,
    /// The connection is gone.
    Lost,
    /// A frame from a phone. It is acknowledged with [`Delivery::done`], and at most [`IN_FLIGHT`] are under way.
    Up(Delivery),
    /// The broker had nobody to give a frame for this device to: it is not connected. Not every broker says so.
    Absent(String),
    /// An answer of the broker's administration.
    Control(Vec<u8>),
}

/// One frame from a phone.
pub(crate) struct Delivery {
    publish: Publish,
    client: AsyncClient,
}

impl Delivery {
    /// The last level of the topic: the regId.
    pub(crate) fn reg_id(&self) -> Option<&str> {
        std::str::from_utf8(&self.publish.topic).ok()?.rsplit('/').next()
    }

    /// The frame.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.publish.payload
    }

    /// Acknowledges it to the broker. A failure is of no interest: the phone sends again what has no mark.
    pub(crate) async fn done(&self) {
        let _ = self.client.ack(&self.publish).await;
    }

    /// Acknowledges it without waiting, and without anybody having read it.
    pub(crate) fn drop_it(&self) {
        let _ = self.client.try_ack(&self.publish);
    }
}

/// A topic and a payload.
type Publication = (String, Vec<u8>);

/// What those who use the current connection need.
#[derive(Clone)]
struct Handle {
    client: AsyncClient,
    publications: mpsc::Sender<Publication>,
}

/// The connection, as those who publish see it.
#[derive(Default)]
pub(crate) struct Link {
    handle: RwLock<Option<Handle>>,
    ready: watch::Sender<bool>,
}

impl Link {
    /// Whether frames go both ways at this moment.
    pub(crate) fn is_ready(&self) -> bool {
        *self.ready.borrow()
    }

    /// Waits until frames go both ways.
    pub(crate) async fn until_ready(&self) {
        // The sender is in `self`, so waiting does not fail.
        let _ = self.ready.subscribe().wait_for(|ready| *ready).await;
    }

    fn handle(&self) -> Option<Handle> {
        self.handle.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_handle(&self, handle: Option<Handle>) {
        *self.handle.write().unwrap_or_else(PoisonError::into_inner) = handle;
    }

    /// Publishes with QoS 1. Returns when the connection has taken it over; waits while [`IN_FLIGHT`] are under way.
    pub(crate) async fn publish(&self, topic: String, payload: Vec<u8>) -> Result<(), BrokerError> {
        // A packet that the broker does not take would end the connection, again and again.
        if payload.len() > MAXIMUM_FRAME_BYTES {
            return Err(BrokerError(format!("a frame of {} bytes is too long", payload.len())));
        }
        let handle = self.handle().ok_or_else(|| BrokerError("not connected".to_owned()))?;
        let taken = handle.publications.send((topic, payload)).await;
        taken.map_err(|_| BrokerError("the connection was lost".to_owned()))
    }

    /// Subscribes to the phones' frames, once the gateway's own access is right.
    pub(crate) async fn subscribe_uplink(&self, filter: &str) {
        if let Some(Handle { client, .. }) = self.handle() {
            let _ = client.subscribe(filter, QoS::AtLeastOnce).await;
        }
    }

    /// Ends the connection; another one is made after the back-off.
    pub(crate) async fn disconnect(&self) {
        if let Some(Handle { client, .. }) = self.handle() {
            let _ = client.disconnect().await;
        }
    }

    /// Connects, and again whenever the connection is lost. Returns only when nobody listens to the events any more.
    pub(crate) async fn run(&self, options: LinkOptions, events: mpsc::UnboundedSender<Event>) {
        let mut back_off = FIRST_BACK_OFF;
        while !events.is_closed() {
            // Each connection is a new client: what an old one had in flight is published anew by the core.
            let (client, event_loop) = AsyncClient::new(client_options(&options), usize::from(IN_FLIGHT));
            let (publications, waiting) = mpsc::channel(usize::from(IN_FLIGHT));
            let handle = Handle { client: client.clone(), publications };
            let order = Mutex::default();
            let error = tokio::select! {
                error = self.connection(&options, handle, event_loop, &order, &events, &mut back_off) => error,
                () = hand_over(client, waiting, &order) => "the connection takes nothing more".to_owned(),
            };
            self.set_handle(None);
            if self.ready.send_replace(false) {
                let _ = events.send(Event::Lost);
            }
            log::warn!("no connection to the broker, next attempt within {} ms: {error}", back_off.as_millis());
            tokio::time::sleep(jittered(back_off)).await;
            back_off = (back_off * 2).min(LONGEST_BACK_OFF);
        }
    }

    /// One connection, until it ends; says why it did.
    async fn connection(
        &self,
        options: &LinkOptions,
        handle: Handle,
        mut event_loop: EventLoop,
        order: &Mutex<VecDeque<String>>,
        events: &mpsc::UnboundedSender<Event>,
        back_off: &mut Duration,
    ) -> String {
        let client = &handle.client;
        let mut administrator = false;
        // Topics by packet identifier.
        let mut under_way = HashMap::new();
        loop {
            let packet = match event_loop.poll().await {
                Ok(ClientEvent::Incoming(packet)) => packet,
                Ok(ClientEvent::Outgoing(Outgoing::Publish(id))) => {
                    let topic = order.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    under_way.extend(topic.map(|topic| (id, topic)));
                    continue;
                }
                Ok(ClientEvent::Outgoing(_)) => continue,
                Err(error) => return error.to_string(),
            };
            let sent = match packet {
                Packet::ConnAck(_) => {
                    let filter =
                        if options.administer { dynamic_security::RESPONSE_TOPIC } else { &options.uplink_filter };
                    if client.try_subscribe(filter, QoS::AtLeastOnce).is_err() {
                        return "the connection takes no subscription".to_owned();
                    }
                    Ok(())
                }
                Packet::SubAck(ack) => {
                    let granted = |code: &SubscribeReasonCode| matches!(code, SubscribeReasonCode::Success(_));
                    if !ack.return_codes.iter().all(granted) {
                        let codes = ack.return_codes;
                        return format!("the broker does not let {:?} subscribe: {codes:?}", options.user);
                    }
                    self.set_handle(Some(handle.clone()));
                    if options.administer && !administrator {
                        administrator = true;
                        events.send(Event::Administrator)
                    } else {
                        *back_off = FIRST_BACK_OFF;
                        self.ready.send_replace(true);
                        events.send(Event::Ready)
                    }
                }
                Packet::Publish(publish) if publish.topic == dynamic_security::RESPONSE_TOPIC.as_bytes() => {
                    let _ = client.try_ack(&publish);
                    events.send(Event::Control(publish.payload.to_vec()))
                }
                Packet::Publish(publish) => events.send(Event::Up(Delivery { publish, client: client.clone() })),
                Packet::PubAck(ack) => match (under_way.remove(&ack.pkid), ack.reason) {
                    (Some(topic), PubAckReason::NoMatchingSubscribers) => match topic.rsplit('/').next() {
                        Some(reg_id) if is_reg_id(reg_id) => events.send(Event::Absent(reg_id.to_owned())),
                        _ => Ok(()),
                    },
                    _ => Ok(()),
                },
                Packet::Disconnect(disconnect) => return format!("the broker closed: {:?}", disconnect.reason_code),
                _ => Ok(()),
            };
            if sent.is_err() {
                return "the gateway stops".to_owned();
            }
        }
    }
}

/// Hands publications to the client one after the other, so that their order is known: the client tells the packet
/// identifier that each gets, but not which one it is.
async fn hand_over(
    client: AsyncClient,
    mut publications: mpsc::Receiver<Publication>,
    order: &Mutex<VecDeque<String>>,
) {
    while let Some((topic, payload)) = publications.recv().await {
        order.lock().unwrap_or_else(PoisonError::into_inner).push_back(topic.clone());
        if client.publish(topic, QoS::AtLeastOnce, false, payload).await.is_err() {
            return;
        }
    }
}

fn client_options(options: &LinkOptions) -> MqttOptions {
    let Address { host, port, tls } = &options.address;
    let mut client = MqttOptions::new(&options.client_id, host, *port);
    // Frames are small and answered: waiting for company costs up to the peer's delayed ACK, 40 ms on Linux.
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    client
        .set_network_options(network)
        .set_credentials(&options.user, &options.password)
        .set_clean_start(true)
        .set_keep_alive(KEEP_ALIVE)
        .set_manual_acks(true)
        .set_receive_maximum(Some(IN_FLIGHT))
        .set_max_packet_size(Some(MAXIMUM_PACKET_BYTES))
        .set_outgoing_inflight_upper_limit(IN_FLIGHT);
    if let Some(tls) = tls {
        client.set_transport(Transport::Tls(TlsConfiguration::Rustls(tls.clone())));
    }
    client
}

/// Between half of it and all of it, so that several gateways do not come back at the same moment.
fn jittered(back_off: Duration) -> Duration {
    let random = files::random::<1>().map_or(0, |[byte]| byte);
    back_off.mul_f64(0.5 + f64::from(random) / 510.0)
}
