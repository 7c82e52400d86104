//! Registration: how a phone gets its regId, keeps it, and gives it back.

use offpush_wire::{RegisterAnswer, RegisterRequest, code};

use crate::config::limit;
use crate::engine::Engine;
use crate::entropy::token;
use crate::event::{Disconnected, Event};
use crate::input::{HttpAnswer, LinkFailure, LinkId, Network};
use crate::journal::After;
use crate::output::{Callback, Output};
use crate::record::{Identity, Names, Record, RecordKey, Standing, StoredCallback, Write, kind};
use crate::status::{Phase, WaitReason};
use crate::time::{HOUR, MINUTE, SECOND};
use crate::timer::Timer;
use crate::waiting::Ending;

/// The app may ask again this many milliseconds after the gateway refused.
const ASK_AGAIN: u64 = 10 * SECOND;

/// The device's clock is named wrong when it differs from the gateway's by more milliseconds than this.
const CLOCK_TOLERANCE: i64 = 5 * MINUTE as i64;

impl Engine {
    /// The app calls `registerPush`, for the first time or again: its result follows as a callback.
    pub fn handle_register(&mut self, now: crate::Now) {
        self.now = now;
        match self.identity.as_ref().map(|identity| identity.standing) {
            Some(Standing::Leaving) => self.register_after_leaving = true,
            None | Some(Standing::Left) => {
                self.new_identity();
                self.attempt();
            }
            Some(Standing::Active) => match &self.phase {
                Phase::RegistrationRefused { .. } if now.boot >= self.refused_at + ASK_AGAIN => self.attempt(),
                _ => self.tell_registration(),
            },
        }
        self.finish();
    }

    /// The answer to [`Output::Register`], or why there is none.
    pub fn handle_register_answer(&mut self, now: crate::Now, link: LinkId, answer: Result<HttpAnswer, LinkFailure>) {
        self.now = now;
        if self.registering.take_if(|current| *current == link).is_some() {
            self.timers.clear(Timer::Attempt);
            match answer {
                Ok(http) => self.registration_answered(&http),
                Err(failure) => self.registration_failed(failure.to_string(), Some(failure), 0),
            }
        }
        self.finish();
    }

    /// Draws a new identity with its own outbox, to be registered.
    pub(crate) fn new_identity(&mut self) {
        let identity = Identity {
            request_id: token(&mut *self.entropy, 32),
            secret: token(&mut *self.entropy, 32),
            app_id: self.config.app_id.clone(),
            package: self.config.package.clone(),
            reg_id: None,
            brokers: Vec::new(),
            topic_prefix: offpush_wire::DEFAULT_TOPIC_PREFIX.to_owned(),
            standing: Standing::Active,
        };
        let had_names = self.names != Names::default();
        self.names.bindings = Default::default();
        let snapshot = had_names.then(|| self.snapshot());
        self.save_identity(identity);
        self.outbox.renew(&mut self.journal, &mut *self.entropy, snapshot);
        self.reset_mark("");
        self.repeat_registration = false;
        self.moved_to = None;
        self.reset_waits();
    }

    pub(crate) fn save_identity(&mut self, identity: Identity) {
        self.journal.write(Write::Put(Record::Identity(identity.clone())));
        self.journal.make_urgent();
        self.identity = Some(identity);
    }

    /// Asks the gateway, once what the request says is on disk.
    pub(crate) fn register(&mut self) {
        self.set_phase(Phase::Registering);
        let repeat = self.has_reg_id();
        self.event(Event::Registering { repeat });
        let link = self.new_link();
        self.registering = Some(link);
        self.timers.set(Timer::Attempt, self.now.boot + limit::REGISTER, 0);
        self.journal.then(After::Register { link });
    }

    pub(crate) fn send_registration(&mut self, link: LinkId) {
        let Some(identity) = self.identity.as_ref().filter(|_| self.registering == Some(link)) else { return };
        let request = RegisterRequest {
            request_id: identity.request_id.clone(),
            secret: identity.secret.clone(),
            app_id: identity.app_id.clone(),
            app_key: self.config.app_key.clone(),
            package: identity.package.clone(),
            reg_id: identity.reg_id.clone(),
            version: self.config.version.clone(),
        };
        self.output(Output::Register { link, body: request.encode() });
    }

    fn registration_answered(&mut self, http: &HttpAnswer) {
        // Whoever answered may ask for patience, but not for ever.
        let retry_after = (u64::from(http.retry_after.unwrap_or(0)) * SECOND).min(self.config.timing.long_back_off_cap);
        let Ok(answer) = RegisterAnswer::decode(&http.body) else {
            let reason = format!(
                "what answered (HTTP {}) is not the gateway: a captive portal, or a wrong server address",
                http.status
            );
            let failure = LinkFailure::Http { error: reason.clone() };
            return self.registration_failed(reason, Some(failure), retry_after);
        };
        self.learn_time(answer.time);
        let repeated = self.has_reg_id();
        match (answer.code, answer.reg_id) {
            (code::SUCCESS, Some(reg_id)) if offpush_wire::is_reg_id(&reg_id) && !answer.brokers.is_empty() => {
                self.registered(reg_id, answer.brokers, answer.topic_prefix);
            }
            (code::SUCCESS, _) => {
                let reason = "the gateway's answer has no proper regId, or no broker".to_owned();
                self.registration_failed(reason, None, retry_after);
            }
            (code::UNKNOWN_DEVICE, _) if repeated => self.forgotten(),
            (code @ (code::INTERNAL | code::BUSY), _) => {
                let reason = answer.reason.unwrap_or_else(|| format!("the gateway answered code {code}"));
                self.registration_failed(reason, None, retry_after);
            }
            (code, _) => self.registration_refused(code, answer.reason),
        }
    }

    fn registered(&mut self, reg_id: String, mut brokers: Vec<String>, topic_prefix: Option<String>) {
        let Some(mut identity) = self.identity.clone() else { return };
        let first = identity.reg_id.as_ref() != Some(&reg_id);
        brokers.truncate(limit::BROKERS);
        identity.reg_id = Some(reg_id.clone());
        identity.brokers = brokers;
        identity.topic_prefix = topic_prefix.unwrap_or_else(|| offpush_wire::DEFAULT_TOPIC_PREFIX.to_owned());
        self.save_identity(identity);
        self.repeat_registration = false;
        self.moved_to = None;
        self.last_failure = None;
        // The gateway was reached: the next repetition comes a whole period later.
        self.contact.made(&mut self.journal, self.now.boot);
        self.event(Event::Registered { reg_id });
        if first {
            self.back_off.reset();
            self.tell_registration();
        }
        self.connect();
    }

    /// A refusal. The first registration ends with it; a repeated one is asked again, for the app may be restored.
    fn registration_refused(&mut self, code: i64, reason: Option<String>) {
        self.event(Event::RegistrationRefused { code, reason: reason.clone() });
        if self.has_reg_id() {
            self.last_failure = None;
            if self.wait(WaitReason::CredentialsRefused, Ending::default()).is_some() {
                let words = reason.map(|reason| format!(", {reason}")).unwrap_or_default();
                let reason = format!("the gateway refuses to repeat it with code {code}{words}");
                self.set_phase(Phase::WaitingToRegister { reason });
            }
            return;
        }
        self.refused_at = self.now.boot;
        self.set_phase(Phase::RegistrationRefused { code, reason });
        self.tell_registration();
    }

    pub(crate) fn registration_failed(&mut self, reason: String, failure: Option<LinkFailure>, retry_after: u64) {
        if let Some(failure) = &failure {
            self.look_for_a_way_out(failure);
        }
        self.last_failure = failure.map(|failure| Disconnected::Link { failure });
        let wait = self.draw_retry(if self.has_reg_id() { 0 } else { retry_after });
        self.patience_until = self.now.boot + retry_after;
        self.contact.failed(&mut self.journal, self.now.boot);
        self.event(Event::RegistrationFailed { reason: reason.clone(), retry_in: wait });
        if self.network == Network::None {
            return self.set_phase(Phase::NoNetwork);
        }
        self.set_phase(Phase::WaitingToRegister { reason });
    }

    /// The gateway does not know us: the only reason for a new registration.
    fn forgotten(&mut self) {
        self.event(Event::Forgotten);
        if self.identity.as_ref().is_some_and(|identity| identity.standing == Standing::Leaving) {
            // Refused and unknown is the result of the unregistration.
            return self.left_without_result();
        }
        self.new_identity();
        self.register();
    }

    /// The identity has ended, and nobody is there to say so but we.
    pub(crate) fn left_without_result(&mut self) {
        self.callbacks.push(
            &mut self.journal,
            StoredCallback::Result {
                command: offpush_wire::names::UNREGISTER.to_owned(),
                arguments: Vec::new(),
                code: code::SUCCESS,
                reason: None,
            },
        );
        self.left();
    }

    /// The identity has ended.
    pub(crate) fn left(&mut self) {
        if let Some(mut identity) = self.identity.take() {
            identity.standing = Standing::Left;
            self.save_identity(identity);
        }
        self.names = Names::default();
        self.journal.write(Write::Delete(RecordKey { kind: kind::NAMES, id: 0 }));
        // What was meant for the old identity, the unregistration itself included, must not reach the next one.
        self.outbox.clear(&mut self.journal);
        self.disconnect(offpush_mqtt::ReasonCode::NORMAL_DISCONNECTION, Disconnected::Unregistered);
        self.set_phase(Phase::Unregistered);
        if std::mem::take(&mut self.register_after_leaving) {
            self.new_identity();
            self.attempt();
        }
    }

    /// Tells a listening app how its registration stands, if that is settled.
    pub(crate) fn tell_registration(&mut self) {
        if !self.callbacks.app_listens() || !self.is_active() {
            return;
        }
        let reg_id = self.identity.as_ref().and_then(|identity| identity.reg_id.clone());
        let (code, reason) = match &self.phase {
            Phase::RegistrationRefused { code, reason } => (*code, reason.clone()),
            _ if reg_id.is_some() => (code::SUCCESS, None),
            _ => return,
        };
        self.output(Output::Callback { id: None, callback: Callback::Registered { code, reason, reg_id } });
    }

    /// What a gateway told of the time: kept, so that a certificate can be judged although the clock is behind.
    pub(crate) fn learn_time(&mut self, time: i64) {
        if time <= 0 {
            return;
        }
        let known = self.gateway_time_at(self.now.boot);
        self.gateway_time = Some((time, self.now.boot));
        // An hour's difference matters to no certificate and saves a write at every hello.
        if known.is_none_or(|known| known.abs_diff(time) > HOUR) {
            self.journal.write(Write::Put(Record::GatewayTime(time)));
            self.journal.make_urgent();
        }
        let ahead = self.now.wall.saturating_sub(time);
        if ahead.saturating_abs() > CLOCK_TOLERANCE {
            self.event(Event::ClockWrong { ahead });
        }
    }

    pub(crate) fn gateway_time_at(&self, boot: u64) -> Option<i64> {
        self.gateway_time.map(|(time, at)| time.saturating_add_unsigned(boot.saturating_sub(at)))
    }

    /// The last time that a gateway told, plus the time since: the latest of it, the device's clock and the build
    /// date is what a certificate is judged by.
    pub fn gateway_time(&self, now: crate::Now) -> Option<i64> {
        self.gateway_time_at(now.boot)
    }
}
