//! What the phone says to the gateway: hello, marks and the entries of its outbox, and what has no answer again.

use offpush_mqtt::QoS;
use offpush_wire::{Entry, Gone, Have, Hello, Up, UpFrame};

use crate::config::limit;
use crate::engine::Engine;
use crate::input::Network;
use crate::link::Stage;
use crate::output::Output;
use crate::record::Mark;
use crate::timer::Timer;

impl Engine {
    /// Sends entries as far as the broker and the gateway take them; whether any went out.
    pub(crate) fn fill_outbox(&mut self) -> bool {
        let mut sent = false;
        let Some(identity) = &self.identity else { return sent };
        let Some(reg_id) = &identity.reg_id else { return sent };
        let Some(link) = self.link.as_mut().filter(|link| link.is_online() && link.hello_answered) else {
            return sent;
        };
        let topic = offpush_wire::up_topic(&identity.topic_prefix, reg_id);
        let outbox = self.outbox.id().to_owned();
        while link.can_publish() {
            let mut frame = UpFrame::new(&outbox);
            if !self.outbox.fill(&mut frame, link.frame_room()) {
                break;
            }
            frame.have = have(&self.durable_mark);
            if link.publish(&topic, &frame.encode(), QoS::AtLeastOnce).is_err() {
                break;
            }
            sent = true;
        }
        sent
    }

    /// The mark alone. QoS 0: the next frame says the same or more, and the next hello in any case.
    pub(crate) fn send_mark(&mut self) {
        self.send_frame(|_| {}, QoS::AtMostOnce);
    }

    /// CONNECT, SUBSCRIBE and hello in one write.
    pub(crate) fn open_link(&mut self) {
        let (Some(identity), Some(link)) = (&self.identity, &mut self.link) else { return };
        let Some(reg_id) = &identity.reg_id else { return };
        let down = offpush_wire::down_topic(&identity.topic_prefix, reg_id);
        let up = offpush_wire::up_topic(&identity.topic_prefix, reg_id);
        let mut will = UpFrame::new(self.outbox.id());
        will.gone = Some(Gone { connection: link.connection.clone() });
        if let Err(error) = link.open(reg_id, &identity.secret, &down, &up, &will.encode()) {
            log::error!("cannot make CONNECT: {error}");
        }
        self.send_hello();
    }

    /// The hello of this connection, first or again.
    pub(crate) fn send_hello(&mut self) {
        let now = self.now.boot;
        let Some(link) = &mut self.link else { return };
        // A broker that does not acknowledge must not be sent more than it asked for (MQTT 5 §4.9); what it gets at
        // QoS 0 reaches the gateway too.
        let qos = if link.can_publish() { QoS::AtLeastOnce } else { QoS::AtMostOnce };
        link.hello_sent = now;
        link.hello_answered = false;
        let hello = Hello {
            connection: link.connection.clone(),
            id_of_up_to: (self.durable_mark.up_to > 0).then(|| self.durable_mark.id.clone()),
            version: self.config.version.clone(),
            network: match &self.network {
                Network::Up { transport, .. } => Some(transport.clone()),
                Network::None => None,
            },
            heartbeat: Some(u32::try_from(link.heartbeat.interval() / 1_000).unwrap_or(u32::MAX)),
        };
        self.outbox.rewind();
        self.send_frame(|frame| frame.hello = Some(hello), qos);
        self.resend_wait = self.config.timing.resend;
        self.timers.set(Timer::Resend, now + self.resend_wait, 0);
    }

    fn send_frame(&mut self, fill: impl FnOnce(&mut UpFrame<'_, Entry<Up>>), qos: QoS) {
        let (Some(identity), Some(link)) = (&self.identity, &mut self.link) else { return };
        let Some(reg_id) = &identity.reg_id else { return };
        // Before CONNECT nothing may be said; the hello says it all then.
        if link.suspended || link.stage == Stage::Connecting {
            return;
        }
        let mut frame = UpFrame::new(self.outbox.id());
        frame.have = have(&self.durable_mark);
        fill(&mut frame);
        let topic = offpush_wire::up_topic(&identity.topic_prefix, reg_id);
        if let Err(error) = link.publish(&topic, &frame.encode(), qos) {
            log::error!("cannot make PUBLISH: {error}");
        }
    }

    /// Something had no answer: the hello or the entries go out again, less and less often.
    pub(crate) fn resend(&mut self) {
        let Some(link) = self.link.as_ref().filter(|link| link.is_online() && !link.suspended) else { return };
        let wait = self.resend_wait;
        if !link.hello_answered {
            self.send_hello();
        } else if self.outbox.is_waiting() {
            self.outbox.rewind();
        } else {
            return;
        }
        self.resend_wait = (wait * 2).min(limit::RESEND_CAP);
        // From the second time on it may ride on another wake-up.
        self.timers.set(Timer::Resend, self.now.boot + self.resend_wait, self.resend_wait / 2);
    }

    pub(crate) fn flush_link(&mut self) {
        let now = self.now.boot;
        let Some(link) = &mut self.link else { return };
        let bytes = link.take_out();
        if !bytes.is_empty() {
            link.heartbeat.sent(now);
            self.bytes_sent += bytes.len() as u64;
            let link = link.id;
            self.output(Output::Send { link, bytes });
        }
    }
}

fn have(mark: &Mark) -> Option<Have> {
    (!mark.epoch.is_empty()).then(|| Have { epoch: mark.epoch.clone(), up_to: mark.up_to })
}
