//! From the disk to the notification bar, and the person's answer back.

use offpush_wire::ReceiptKind;

use crate::config::limit;
use crate::engine::Engine;
use crate::event::Event;
use crate::input::{Presented, UnknownMessage};
use crate::journal::After;
use crate::messages::Messages;
use crate::output::Output;
use crate::record::{MessageFacts, MessageState, StoredCallback};
use crate::time::Now;

impl Engine {
    /// The platform's answer to [`Output::AskShowing`]: those of the messages asked for that it has shown. The
    /// others are shown again, silently.
    pub fn handle_showing(&mut self, now: Now, showing: &[u64]) {
        self.now = now;
        if !self.knows_showing {
            self.knows_showing = true;
            let unclear: Vec<u64> = self.messages.presenting().collect();
            for sequence in unclear {
                if showing.contains(&sequence) {
                    self.shown(sequence, MessageState::Shown, ReceiptKind::Shown);
                } else {
                    // It may have been shown and swiped away.
                    self.messages.set_silent(sequence);
                    self.set_state(sequence, MessageState::Pending, None);
                }
            }
        }
        self.finish();
    }

    /// The platform has done what [`Output::Present`] asked for, or not. For a message in the summary it is told again:
    /// [`Presented::Shown`] once it has a place of its own, [`Presented::Cancelled`] if another has replaced it.
    pub fn handle_presented(&mut self, now: Now, sequence: u64, outcome: Presented) {
        self.now = now;
        let state = self.messages.get(sequence).map(|message| message.state);
        if state == Some(MessageState::Folded) {
            self.left_summary(sequence, &outcome);
            return self.finish();
        }
        self.presenting = self.presenting.saturating_sub(1);
        // Cancelled meanwhile: the state is settled, and the cancellation is on its way to the platform.
        if state == Some(MessageState::Presenting) {
            self.tries_one = false;
            match outcome {
                Presented::Shown => self.shown(sequence, MessageState::Shown, ReceiptKind::Shown),
                Presented::Folded => self.shown(sequence, MessageState::Folded, ReceiptKind::Folded),
                Presented::Cancelled => {
                    self.set_state(sequence, MessageState::Cancelled, None);
                }
                Presented::Blocked { reason } => {
                    self.set_state(sequence, MessageState::Blocked, Some(&reason));
                    self.receipt_for(sequence, ReceiptKind::Blocked, Some(&reason));
                }
                Presented::Later { reason } => {
                    (self.cannot_present, self.tries_one) = (true, true);
                    self.set_state(sequence, MessageState::Pending, Some(&reason));
                }
            }
        }
        self.finish();
    }

    /// What became of a message that was in the summary. It was answered for when it went there.
    fn left_summary(&mut self, sequence: u64, outcome: &Presented) {
        match outcome {
            Presented::Shown => self.shown(sequence, MessageState::Shown, ReceiptKind::Shown),
            Presented::Cancelled => {
                self.set_state(sequence, MessageState::Cancelled, Some("replaced while it was in the summary"));
            }
            Presented::Folded | Presented::Blocked { .. } | Presented::Later { .. } => {}
        }
    }

    /// What kept the platform from presenting is over.
    pub fn handle_can_present(&mut self, now: Now) {
        self.now = now;
        self.cannot_present = false;
        self.finish();
    }

    /// The person clicked the notification. A second click on the same one changes nothing.
    pub fn handle_clicked(&mut self, now: Now, message_id: &str) -> Result<(), UnknownMessage> {
        self.now = now;
        let result = self.clicked(message_id, true);
        self.finish();
        result
    }

    /// The person clicked the summary of these messages, newest first: all are clicked, and the newest, whose text
    /// stood there, calls back as one click does. Those that nobody can click are left as they are.
    pub fn handle_summary_clicked(&mut self, now: Now, message_ids: &[String]) {
        self.now = now;
        for (place, message_id) in message_ids.iter().enumerate() {
            _ = self.clicked(message_id, place == 0);
        }
        self.finish();
    }

    fn clicked(&mut self, message_id: &str, may_call_back: bool) -> Result<(), UnknownMessage> {
        let (sequence, facts) = self.visible(message_id)?;
        let calls_back = may_call_back && facts.click_calls_back;
        if self.set_state(sequence, MessageState::Clicked, None) {
            self.receipt_for(sequence, ReceiptKind::Clicked, None);
            if calls_back {
                self.callbacks.push(&mut self.journal, StoredCallback::Clicked(sequence));
            }
            self.journal.make_urgent();
        }
        Ok(())
    }

    /// The person swiped the notification away.
    pub fn handle_dismissed(&mut self, now: Now, message_id: &str) -> Result<(), UnknownMessage> {
        self.now = now;
        let result = self.dismissed(message_id);
        self.finish();
        result
    }

    /// The person swiped the summary of these messages away. Those that nobody can swipe away are left as they are.
    pub fn handle_summary_dismissed(&mut self, now: Now, message_ids: &[String]) {
        self.now = now;
        for message_id in message_ids {
            _ = self.dismissed(message_id);
        }
        self.finish();
    }

    fn dismissed(&mut self, message_id: &str) -> Result<(), UnknownMessage> {
        let (sequence, _) = self.visible(message_id)?;
        if self.messages.get(sequence).is_some_and(|message| message.state.is_showing()) {
            self.set_state(sequence, MessageState::Dismissed, None);
            self.receipt_for(sequence, ReceiptKind::Dismissed, None);
        }
        Ok(())
    }

    /// A message that a person can act on.
    fn visible(&self, message_id: &str) -> Result<(u64, &MessageFacts), UnknownMessage> {
        let sequence = self.messages.find(message_id).ok_or(UnknownMessage)?;
        let message = self.messages.get(sequence).ok_or(UnknownMessage)?;
        let shown = message.state.is_showing() || message.state == MessageState::Clicked;
        if shown && !message.facts.pass_through { Ok((sequence, &message.facts)) } else { Err(UnknownMessage) }
    }

    /// Hands waiting messages to the platform, in order, as far as it is allowed now.
    pub(crate) fn present_next(&mut self) {
        while self.may_present()
            && let Some(sequence) = self.messages.first_pending()
            && let Some(message) = self.messages.get(sequence)
        {
            let silent = message.facts.silent;
            if Messages::time_left(&message.facts, self.config.boot_id, self.now) == 0 {
                self.expire_one(sequence);
                continue;
            }
            // On disk before the platform is called: what a crash leaves in this state is asked for.
            self.set_state(sequence, MessageState::Presenting, None);
            self.presenting += 1;
            self.journal.then(After::Present { sequence, silent });
        }
    }

    fn may_present(&self) -> bool {
        let most = if self.tries_one { 1 } else { limit::PRESENTING };
        self.knows_showing
            && !self.cannot_present
            && self.presenting < most
            && self.is_active()
            && self.names.accept_time.is_none_or(|time| time.accepts(self.now.wall))
    }

    pub(crate) fn present(&mut self, sequence: u64, silent: bool) {
        if self.messages.get(sequence).is_some_and(|message| message.state == MessageState::Presenting) {
            self.state_event(sequence, MessageState::Presenting, None);
            self.output(Output::Present { sequence, silent });
        } else {
            // Cancelled while the disk was busy.
            self.presenting = self.presenting.saturating_sub(1);
        }
    }

    fn shown(&mut self, sequence: u64, state: MessageState, receipt: ReceiptKind) {
        if self.set_state(sequence, state, None) {
            self.receipt_for(sequence, receipt, None);
        }
    }

    /// The pass-through message has reached the app.
    pub(crate) fn handed_over(&mut self, sequence: u64) {
        self.shown(sequence, MessageState::Shown, ReceiptKind::Shown);
    }

    pub(crate) fn expire(&mut self) {
        for sequence in self.messages.expired(self.now) {
            self.expire_one(sequence);
            // An app that stays away must not keep the room that its old messages take.
            self.callbacks.forget(&mut self.journal, sequence);
        }
    }

    pub(crate) fn expire_one(&mut self, sequence: u64) {
        self.set_state(sequence, MessageState::Expired, None);
        self.receipt_for(sequence, ReceiptKind::Expired, None);
    }

    /// Drops what waits and takes back what is showing, of the messages that `wanted` picks.
    pub(crate) fn cancel(&mut self, wanted: impl Fn(&MessageFacts) -> bool, reason: &str) {
        for sequence in self.messages.visible_or_waiting(wanted) {
            let showing = self.messages.get(sequence).is_some_and(|message| message.state.is_showing());
            self.set_state(sequence, MessageState::Cancelled, Some(reason));
            // An app that stays away must not keep the room that it took.
            self.callbacks.forget(&mut self.journal, sequence);
            if showing {
                // Before the commit: what a crash keeps from being recorded is told again, and cancelled again.
                self.output(Output::Cancel { sequence });
            }
        }
    }

    pub(crate) fn set_state(&mut self, sequence: u64, state: MessageState, reason: Option<&str>) -> bool {
        let changed = self.messages.set_state(&mut self.journal, self.now, sequence, state, reason);
        if changed && state != MessageState::Presenting {
            self.state_event(sequence, state, reason);
        }
        changed
    }

    fn state_event(&mut self, sequence: u64, state: MessageState, reason: Option<&str>) {
        let id = self.messages.get(sequence).map(|message| message.facts.id.clone()).unwrap_or_default();
        self.event(Event::Message { id, sequence, state, reason: reason.map(str::to_owned) });
    }

    fn receipt_for(&mut self, sequence: u64, what: ReceiptKind, reason: Option<&str>) {
        let Some(id) = self.messages.get(sequence).map(|message| message.facts.id.clone()) else { return };
        self.receipt(&id, what, reason);
    }
}
