//! The life of a connection: when to try, what each end of it means, and what comes in on it.

use offpush_mqtt as mqtt;
use offpush_mqtt::{Packet, ReasonCode};

use crate::actions::{Action, action};
use crate::config::limit;
use crate::engine::Engine;
use crate::event::{Disconnected, Event};
use crate::input::{LinkFailure, LinkId, Network, Path};
use crate::link::{Link, MAXIMUM_PACKET, Stage};
use crate::output::Output;
use crate::record::Standing;
use crate::status::{Phase, WaitReason};
use crate::time::{HOUR, Now};
use crate::timer::Timer;
use crate::waiting::{Ending, LastingWait};

impl Engine {
    /// TLS stands, by this way.
    pub fn handle_connected(&mut self, now: Now, link: LinkId, path: Path) {
        self.now = now;
        if let Some(current) = self.link.as_mut().filter(|l| l.id == link && l.stage == Stage::Connecting) {
            current.path = Some(path);
            self.handshake();
        } else {
            self.succeed(link, path);
        }
        self.finish();
    }

    /// The attempt failed, or the link has ended.
    pub fn handle_closed(&mut self, now: Now, link: LinkId, failure: LinkFailure) {
        self.now = now;
        if self.link.as_ref().is_some_and(|current| current.id == link) {
            self.suspect_silence();
            let cause = Disconnected::Link { failure };
            let ending = self.ending(&cause);
            self.drop_link(cause, WaitReason::BackOff, ending);
        } else if self.successor.as_ref().is_some_and(|successor| successor.id == link) {
            self.successor_failed(failure);
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
                    self.ended_by_broker(answer.reason, answer.reason_string, None, None);
                }
            }
            Packet::SubAck(answer) => {
                if let Some(code) = answer.reasons.first().map(|code| ReasonCode(*code)).filter(|code| code.is_error())
                {
                    self.ended_by_broker(code, answer.reason_string, None, None);
                }
            }
            Packet::Disconnect(end) => {
                self.ended_by_broker(end.reason, end.reason_string, end.server_reference, end.retry_after_seconds);
            }
            _ => {}
        }
    }

    fn conn_ack(&mut self, answer: &mqtt::ConnAck<'_>) {
        if answer.reason.is_error() {
            let mqtt::ConnAckProperties { reason_string, server_reference, retry_after_seconds, .. } =
                answer.properties;
            return self.ended_by_broker(answer.reason, reason_string, server_reference, retry_after_seconds);
        }
        if answer.properties.maximum_qos == Some(mqtt::QoS::AtMostOnce) {
            return self.ended_by_broker(ReasonCode::QOS_NOT_SUPPORTED, Some("it does not offer QoS 1"), None, None);
        }
        if answer.session_present {
            let error = "a session is present although a clean one was asked for".to_owned();
            return self.violated(ReasonCode::PROTOCOL_ERROR, error);
        }
        let now = self.now.boot;
        let Some(link) = &mut self.link else { return };
        link.opened(now, &answer.properties);
        let took = now.saturating_sub(link.began);
        if let (Some(network), Some(path)) = (link.network, link.path.clone()) {
            self.networks.worked(&mut self.journal, network, path, self.now.wall);
        }
        self.found_a_way_out();
        self.contact.made(&mut self.journal, now);
        self.judge_silence();
        self.last_failure = None;
        self.timers.clear(Timer::Attempt);
        self.set_phase(Phase::Connected);
        self.event(Event::Connected { took });
    }

    /// The broker refused, or said goodbye.
    fn ended_by_broker(
        &mut self,
        code: ReasonCode,
        reason: Option<&str>,
        reference: Option<&str>,
        retry_after_seconds: Option<u32>,
    ) {
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
        let was_online = self.link.as_ref().is_some_and(Link::is_online);
        let ending = Ending::said_by_server(code, was_online, retry_after_seconds);
        self.drop_link(cause, wait, ending);
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
            self.drop_link(Disconnected::IdentityShared, WaitReason::IdentityInUse, Ending::default());
        }
        shared
    }

    pub(crate) fn remember_connection(&mut self, connection: String) {
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
        self.drop_link(Disconnected::Protocol { error }, WaitReason::BackOff, Ending::default());
    }

    /// Says goodbye and ends what is under way, without a next attempt.
    pub(crate) fn disconnect(&mut self, reason: ReasonCode, cause: Disconnected) {
        for timer in [Timer::Attempt, Timer::Retry, Timer::Resend] {
            self.timers.clear(timer);
        }
        if let Some(link) = self.registering.take() {
            self.output(Output::Close { link });
        }
        self.give_up_successor();
        self.end_probe();
        if let Some(link) = &mut self.link {
            if link.stage != Stage::Connecting {
                link.disconnect(reason);
            }
            self.close_link(cause, None);
        }
    }

    /// The end of a link or attempt, followed by a wait; or by nothing, if its successor is under way.
    fn drop_link(&mut self, cause: Disconnected, reason: WaitReason, ending: Ending) {
        let Some(link) = &self.link else { return };
        let was_online = link.is_online();
        self.credit_link();
        self.last_failure = Some(cause.clone());
        if reason == WaitReason::BackOff && self.successor.is_some() {
            self.close_link(cause, None);
            self.promote_successor();
            return;
        }
        self.give_up_successor();
        self.timers.clear(Timer::Attempt);
        if let Disconnected::Link { failure } = &cause
            && !was_online
        {
            self.look_for_a_way_out(failure);
        }
        let retry_in = self.wait(reason, ending);
        self.close_link(cause, retry_in);
    }

    /// What a connection that ends has earned: there was contact until now, and one that lasted starts the back-off anew.
    pub(crate) fn credit_link(&mut self) {
        let now = self.now.boot;
        let Some(link) = self.link.as_ref().filter(|link| link.is_online()) else { return };
        self.contact.made(&mut self.journal, now);
        if now.saturating_sub(link.online_since) >= limit::STABLE {
            self.reset_waits();
        }
    }

    pub(crate) fn close_link(&mut self, cause: Disconnected, retry_in: Option<u64>) {
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

    /// Does what is next: register, or connect, or nothing.
    pub(crate) fn attempt(&mut self) {
        self.timers.clear(Timer::Retry);
        self.lasting_wait = None;
        if self.is_moving() && self.successor.is_none() {
            return self.hand_over();
        }
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
        self.link = self.begin_link();
        if self.link.is_some() {
            self.set_phase(Phase::Connecting);
        }
    }

    pub(crate) fn attempt_timed_out(&mut self) {
        if let Some(link) = self.registering.take() {
            self.output(Output::Close { link });
            let failure = LinkFailure::TimedOut;
            self.registration_failed(failure.to_string(), Some(failure), 0);
        } else if self.successor.is_some() {
            self.successor_failed(LinkFailure::TimedOut);
        } else if let Some(link) = &self.link {
            let cause = match link.stage {
                Stage::Connecting => Disconnected::Link { failure: LinkFailure::TimedOut },
                Stage::Handshaking | Stage::Online => Disconnected::NoConnAck,
            };
            if link.stage == Stage::Connecting {
                // Nobody answered for so long: a wait shorter than the attempt would be a wake-up for nothing.
                self.back_off.at_least(limit::CONNECT.min(self.config.timing.back_off_base * 20));
            }
            self.drop_link(cause, WaitReason::BackOff, Ending::default());
        }
    }

    pub(crate) fn network_lost(&mut self) {
        self.timers.set(Timer::NetworkRecheck, self.now.boot + limit::NETWORK_RECHECK, HOUR);
        self.timers.clear(Timer::Retry);
        self.timers.clear(Timer::Attempt);
        self.give_up_successor();
        self.lasting_wait = self.lasting_wait.filter(|wait| wait.reason.is_long());
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

    /// There is a default network, `news` says what is new about it.
    pub(crate) fn network_gained(&mut self, key: u64, news: News) {
        self.timers.clear(Timer::NetworkRecheck);
        match &mut self.link {
            Some(link) if link.network == Some(key) => {
                let flapped = std::mem::take(&mut link.suspended) || news != News::Nothing;
                if link.is_online() && flapped {
                    // It may well live: ask before rebuilding anything.
                    self.give_up_successor();
                    self.set_phase(Phase::Connected);
                    self.ask_link();
                }
                return;
            }
            Some(link) if link.is_online() && !link.suspended => {
                match news {
                    News::Nothing => {}
                    News::Change if self.successor.is_some() => {}
                    News::Change | News::Network => {
                        self.credit_link();
                        self.hand_over();
                    }
                }
                return;
            }
            Some(_) => {
                self.credit_link();
                self.close_link(Disconnected::NetworkChanged, None);
            }
            None if news == News::Nothing => return,
            None => {}
        }
        // A request on the network that is gone would only run into its deadline.
        if let Some(link) = self.registering.take() {
            self.timers.clear(Timer::Attempt);
            self.output(Output::Close { link });
        }
        if matches!(self.phase, Phase::RegistrationRefused { .. } | Phase::Unregistered) {
            return;
        }
        match self.wait_in_force(key) {
            Some(LastingWait { reason, until, .. }) => {
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
        self.drop_link(Disconnected::PingUnanswered, WaitReason::BackOff, Ending::default());
    }
}

/// What is new about a default network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    /// Nothing: platforms repeat themselves.
    Nothing,
    /// It is the same, with other addresses, or it is known to lead somewhere, or no longer.
    Change,
    /// It is another one, or the first after a while without.
    Network,
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
