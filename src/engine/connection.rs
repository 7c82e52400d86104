//! The life of a connection: when to try, what each end of it means, and what comes in on it.

use offpush_mqtt as mqtt;
use offpush_mqtt::{Packet, ReasonCode};

use crate::actions::{Action, action};
use crate::config::limit;
use crate::engine::Engine;
use crate::event::{Disconnected, Event};
use crate::input::{Internet, LinkFailure, LinkId, Network, Path};
use crate::link::{Link, MAXIMUM_PACKET, Stage};
use crate::output::Output;
use crate::record::Standing;
use crate::status::{Phase, WaitReason};
use crate::time::{HOUR, Now};
use crate::timer::Timer;

impl Engine {
    /// TLS stands, by this way.
    pub fn handle_connected(&mut self, now: Now, link: LinkId, _path: Path) {
        self.now = now;
        if let Some(current) = self.link.as_mut().filter(|l| l.id == link && l.stage == Stage::Connecting) {
            current.stage = Stage::Handshaking;
            self.timers.set(Timer::Attempt, now.boot + limit::CONNACK, 0);
            self.set_phase(Phase::Handshaking);
            self.open_link();
        }
        self.finish();
    }

    /// What a probe found out: [`Internet::Unknown`] if the gateway's own host answered or refused.
    pub fn handle_probed(&mut self, now: Now, _link: LinkId, _found: Internet) {
        self.now = now;
        self.finish();
    }

    /// The attempt failed, or the link has ended.
    pub fn handle_closed(&mut self, now: Now, link: LinkId, failure: LinkFailure) {
        self.now = now;
        if self.link.as_ref().is_some_and(|current| current.id == link) {
            self.suspect_silence();
            self.drop_link(Disconnected::Link { failure }, WaitReason::BackOff);
        }
        self.finish();
    }

    /// Bytes from the broker, split anywhere.
    pub fn handle_received(&mut self, now: Now, link: LinkId, bytes: &[u8]) {
        self.now = now;
        if let Some(current) = self.link.as_mut().filter(|l| l.id == link && l.stage != Stage::Connecting) {
            self.bytes_received += bytes.len() as u64;
            let life = current.heartbeat.received(now.boot);
            if let Some(round_trip) = life.round_trip {
                self.event(Event::Pong { round_trip });
            }
            self.survived(life);
            self.decode(link, bytes);
        }
        self.finish();
    }

    fn decode(&mut self, id: LinkId, bytes: &[u8]) {
        let Some(link) = &mut self.link else { return };
        let all = link.take_received(bytes);
        let mut rest = &all[..];
        // A packet may end the link, or replace it.
        while self.link.as_ref().is_some_and(|link| link.id == id) {
            match mqtt::decode(rest, MAXIMUM_PACKET) {
                Ok(Some((packet, length))) => {
                    rest = &rest[length..];
                    self.packet(packet);
                }
                Ok(None) => {
                    if let Some(link) = &mut self.link {
                        link.keep_received(rest);
                    }
                    return;
                }
                Err(error) => return self.violated(error.disconnect_reason(), error.to_string()),
            }
        }
    }

    fn packet(&mut self, packet: Packet<'_>) {
        let online = self.link.as_ref().is_some_and(Link::is_online);
        match packet {
            Packet::ConnAck(answer) if !online => self.conn_ack(&answer),
            _ if !online => self.violated(ReasonCode::PROTOCOL_ERROR, "a packet came before CONNACK".to_owned()),
            Packet::ConnAck(_) => self.violated(ReasonCode::PROTOCOL_ERROR, "a second CONNACK".to_owned()),
            Packet::Publish(publish) => self.take_publish(&publish),
            Packet::PubAck(answer) => {
                if let Some(link) = &mut self.link {
                    link.acknowledged(answer.packet_id);
                }
                if answer.reason.is_error() {
                    self.ended_by_broker(answer.reason, answer.reason_string, None);
                }
            }
            Packet::SubAck(answer) => {
                if let Some(code) = answer.reasons.first().map(|code| ReasonCode(*code)).filter(|code| code.is_error())
                {
                    self.ended_by_broker(code, answer.reason_string, None);
                }
            }
            Packet::Disconnect(end) => self.ended_by_broker(end.reason, end.reason_string, end.server_reference),
            _ => {}
        }
    }

    fn conn_ack(&mut self, answer: &mqtt::ConnAck<'_>) {
        if answer.reason.is_error() {
            let properties = &answer.properties;
            return self.ended_by_broker(answer.reason, properties.reason_string, properties.server_reference);
        }
        if answer.properties.maximum_qos == Some(mqtt::QoS::AtMostOnce) {
            return self.ended_by_broker(ReasonCode::QOS_NOT_SUPPORTED, Some("it does not offer QoS 1"), None);
        }
        if answer.session_present {
            let error = "a session is present although a clean one was asked for".to_owned();
            return self.violated(ReasonCode::PROTOCOL_ERROR, error);
        }
        let now = self.now.boot;
        let Some(link) = &mut self.link else { return };
        link.opened(now, &answer.properties);
        let took = now.saturating_sub(link.began);
        self.contact.made(&mut self.journal, now);
        self.judge_silence();
        self.last_failure = None;
        self.timers.clear(Timer::Attempt);
        self.set_phase(Phase::Connected);
        self.event(Event::Connected { took });
    }

    /// The broker refused, or said goodbye.
    fn ended_by_broker(&mut self, code: ReasonCode, reason: Option<&str>, reference: Option<&str>) {
        let cause =
            Disconnected::Broker { code: code.0, name: code.name().to_owned(), reason: reason.map(str::to_owned) };
        let wait = match action(code) {
            Action::BackOff => WaitReason::BackOff,
            Action::RepeatRegistration => {
                self.repeat_registration = true;
                WaitReason::CredentialsRefused
            }
            Action::LongBackOff => WaitReason::BrokerIncompatible,
            Action::TakenOver if self.taken_over_again() => WaitReason::IdentityInUse,
            Action::TakenOver => WaitReason::BackOff,
            Action::Moved => {
                self.moved_to = reference.and_then(broker_address);
                if code == ReasonCode::SERVER_MOVED {
                    self.keep_moved_broker();
                }
                WaitReason::BackOff
            }
        };
        self.drop_link(cause, wait);
    }

    /// Notes a takeover; whether it is the second one within a minute.
    fn taken_over_again(&mut self) -> bool {
        let before = self.last_takeover.replace(self.now.boot);
        before.is_some_and(|before| self.now.boot.saturating_sub(before) <= limit::TAKEOVER)
    }

    /// Looks at the connection that the gateway had before this one. If another phone made it, for the second time
    /// within a minute, this one gives way for long.
    pub(crate) fn is_shared(&mut self, previous: &str) -> bool {
        // The first connection of a process cannot know what the one before it was.
        let first = self.own_connections.len() <= 1;
        if first || self.own_connections.iter().any(|own| own == previous) {
            return false;
        }
        // Counted once, however often this hello is answered.
        self.remember_connection(previous.to_owned());
        let shared = self.taken_over_again();
        if shared {
            if let Some(link) = &mut self.link {
                link.disconnect(ReasonCode::NORMAL_DISCONNECTION);
            }
            self.drop_link(Disconnected::IdentityShared, WaitReason::IdentityInUse);
        }
        shared
    }

    fn remember_connection(&mut self, connection: String) {
        self.own_connections.push_back(connection);
        if self.own_connections.len() > CONNECTIONS_REMEMBERED {
            self.own_connections.pop_front();
        }
    }

    /// Moved for good: the new broker is the first one from now on.
    fn keep_moved_broker(&mut self) {
        if let (Some(moved), Some(mut identity)) = (self.moved_to.take(), self.identity.clone()) {
            identity.brokers.retain(|broker| *broker != moved);
            identity.brokers.insert(0, moved);
            identity.brokers.truncate(limit::BROKERS);
            self.save_identity(identity);
        }
    }

    /// The broker broke the protocol: told with its reason, and tried again after a back-off.
    fn violated(&mut self, reason: ReasonCode, error: String) {
        if let Some(link) = &mut self.link {
            link.disconnect(reason);
        }
        self.drop_link(Disconnected::Protocol { error }, WaitReason::BackOff);
    }

    /// Says goodbye and ends what is under way, without a next attempt.
    pub(crate) fn disconnect(&mut self, reason: ReasonCode, cause: Disconnected) {
        for timer in [Timer::Attempt, Timer::Retry, Timer::Resend] {
            self.timers.clear(timer);
        }
        if let Some(link) = self.registering.take() {
            self.output(Output::Close { link });
        }
        if let Some(link) = &mut self.link {
            if link.stage != Stage::Connecting {
                link.disconnect(reason);
            }
            self.close_link(cause, None);
        }
    }

    /// The end of a link or attempt, followed by a wait.
    fn drop_link(&mut self, cause: Disconnected, reason: WaitReason) {
        if self.link.is_none() {
            return;
        }
        self.credit_link();
        self.timers.clear(Timer::Attempt);
        self.last_failure = Some(cause.clone());
        let retry_in = self.wait(reason);
        self.close_link(cause, retry_in);
    }

    /// What a connection that ends has earned: there was contact until now, and one that lasted starts the back-off anew.
    fn credit_link(&mut self) {
        let now = self.now.boot;
        let Some(link) = self.link.as_ref().filter(|link| link.is_online()) else { return };
        self.contact.made(&mut self.journal, now);
        if now.saturating_sub(link.online_since) >= limit::STABLE {
            self.back_off.reset();
            self.long_back_off.reset();
        }
    }

    fn close_link(&mut self, cause: Disconnected, retry_in: Option<u64>) {
        self.flush_before_close();
        if let Some(link) = self.link.take() {
            let lasted = if link.is_online() { self.now.boot.saturating_sub(link.online_since) } else { 0 };
            self.output(Output::Close { link: link.id });
            self.event(Event::Disconnected { cause, lasted, retry_in });
        }
    }

    fn flush_before_close(&mut self) {
        if let Some(link) = &mut self.link {
            let bytes = link.take_out();
            let link = link.id;
            if !bytes.is_empty() {
                self.output(Output::Send { link, bytes });
            }
        }
    }

    /// Arms the next attempt and tells in how many milliseconds it comes; `None` while there is no network.
    pub(crate) fn wait(&mut self, reason: WaitReason) -> Option<u64> {
        let wait = match reason {
            WaitReason::BackOff => self.back_off.next(&mut *self.entropy),
            _ => self.long_back_off.next(&mut *self.entropy),
        };
        self.contact.failed(&mut self.journal, self.now.boot);
        self.long_wait = (reason != WaitReason::BackOff).then(|| (reason, self.now.boot + wait));
        if self.network == Network::None {
            self.set_phase(Phase::NoNetwork);
            return None;
        }
        self.set_phase(Phase::Waiting(reason));
        self.timers.set(Timer::Retry, self.now.boot + wait, 0);
        Some(wait)
    }

    /// Does what is next: register, or connect, or nothing.
    pub(crate) fn attempt(&mut self) {
        self.timers.clear(Timer::Retry);
        self.long_wait = None;
        if self.link.is_some() || self.registering.is_some() {
            return;
        }
        let Some(identity) = &self.identity else { return };
        if identity.standing == Standing::Left {
            return self.set_phase(Phase::Unregistered);
        }
        if self.network == Network::None {
            return self.set_phase(Phase::NoNetwork);
        }
        // A gateway that asked for patience has it; the brokers are tried meanwhile.
        let patient = self.patience_until > self.now.boot;
        let lost = !patient && self.contact.unreached(self.now.boot) >= self.config.timing.lost_contact;
        // While contact is lost, gateway and brokers are asked in turn.
        let turn = lost && !std::mem::replace(&mut self.asked_gateway, lost);
        if identity.reg_id.is_none() || (self.repeat_registration && !patient) || turn {
            self.repeat_registration = false;
            self.register();
        } else {
            self.asked_gateway = false;
            self.connect();
        }
    }

    pub(crate) fn connect(&mut self) {
        let Some(identity) = &self.identity else { return };
        let mut brokers = identity.brokers.clone();
        if let Some(moved) = self.moved_to.take() {
            brokers.retain(|broker| *broker != moved);
            brokers.insert(0, moved);
        }
        let link = self.new_link();
        let connection = self.connection_id();
        self.remember_connection(connection.clone());
        let network = match self.network {
            Network::Up { key, .. } => Some(key),
            Network::None => None,
        };
        self.link = Some(Link::new(link, network, connection, self.new_heartbeat(), self.now.boot));
        self.timers.set(Timer::Attempt, self.now.boot + limit::CONNECT, 0);
        self.set_phase(Phase::Connecting);
        self.event(Event::Connecting { brokers: brokers.clone() });
        self.output(Output::Connect { link, brokers, prefer: None });
    }

    pub(crate) fn attempt_timed_out(&mut self) {
        if let Some(link) = self.registering.take() {
            self.output(Output::Close { link });
            let failure = LinkFailure::TimedOut;
            self.registration_failed(failure.to_string(), Some(failure), 0);
        } else if let Some(link) = &self.link {
            let cause = match link.stage {
                Stage::Connecting => Disconnected::Link { failure: LinkFailure::TimedOut },
                Stage::Handshaking | Stage::Online => Disconnected::NoConnAck,
            };
            self.drop_link(cause, WaitReason::BackOff);
        }
    }

    pub(crate) fn network_lost(&mut self) {
        self.timers.set(Timer::NetworkRecheck, self.now.boot + limit::NETWORK_RECHECK, HOUR);
        self.timers.clear(Timer::Retry);
        self.timers.clear(Timer::Attempt);
        if let Some(link) = self.registering.take() {
            self.output(Output::Close { link });
        }
        match &mut self.link {
            // It may live on if the same network returns.
            Some(link) if link.is_online() => link.suspended = true,
            Some(_) => self.close_link(Disconnected::NetworkChanged, None),
            None => {}
        }
        if !matches!(self.phase, Phase::Unregistered | Phase::RegistrationRefused { .. }) {
            self.set_phase(Phase::NoNetwork);
        }
    }

    pub(crate) fn network_gained(&mut self, key: u64, unchanged: bool) {
        self.timers.clear(Timer::NetworkRecheck);
        if let Some(link) = &mut self.link {
            if unchanged && !link.suspended {
                return;
            }
            if link.is_online() && link.network == Some(key) {
                // The same network flapped: ask before rebuilding anything.
                link.suspended = false;
                self.set_phase(Phase::Connected);
                self.ping();
                if let Some(link) = &mut self.link {
                    link.heartbeat.excuse_ping();
                }
                return;
            }
            self.credit_link();
            self.close_link(Disconnected::NetworkChanged, None);
        } else if unchanged {
            return;
        }
        // A request on the network that is gone would only run into its deadline.
        if let Some(link) = self.registering.take() {
            self.timers.clear(Timer::Attempt);
            self.output(Output::Close { link });
        }
        if matches!(self.phase, Phase::RegistrationRefused { .. } | Phase::Unregistered) {
            return;
        }
        match self.long_wait {
            // The long waits are not the network's doing, and it does not end them.
            Some((reason, until)) if until > self.now.boot => {
                self.set_phase(Phase::Waiting(reason));
                self.timers.set(Timer::Retry, until, 0);
            }
            _ if self.patience_until > self.now.boot && !self.has_reg_id() => {
                let reason = "the gateway asked for patience".to_owned();
                self.set_phase(Phase::WaitingToRegister { reason });
                self.timers.set(Timer::Retry, self.patience_until, 0);
            }
            // A new network bypasses the back-off once, without resetting it.
            _ => self.attempt(),
        }
    }

    pub(crate) fn ping(&mut self) {
        let now = self.now.boot;
        let Some(link) = self.link.as_mut().filter(|link| link.is_online() && !link.suspended) else { return };
        let idle = now.saturating_sub(link.heartbeat.last_received());
        link.ping(now);
        self.event(Event::Ping { idle });
    }

    pub(crate) fn ping_unanswered(&mut self) {
        self.suspect_silence();
        self.drop_link(Disconnected::PingUnanswered, WaitReason::BackOff);
    }
}

/// Connections of this process that are known by their ids: more than can be under way between a phone and its gateway.
const CONNECTIONS_REMEMBERED: usize = 16;

/// A Server Reference (MQTT 5 §4.13) as an address: `HOST:PORT` or `HOST`, of the references given the first.
fn broker_address(reference: &str) -> Option<String> {
    let first = reference.split_whitespace().next()?;
    if first.contains("://") {
        return first.starts_with("mqtts://").then(|| first.to_owned());
    }
    let with_port = if first.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        first.to_owned()
    } else {
        format!("{first}:8883")
    };
    Some(format!("mqtts://{with_port}"))
}
