//! The messages on this phone: what stands where. Bodies stay in the store.

use std::collections::{BTreeMap, VecDeque};

use crate::config::limit;
use crate::journal::Journal;
use crate::record::{MessageFacts, MessageState, Record, RecordKey, StateRecord, StoredMessage, Write, kind};
use crate::sorted::Sorted;
use crate::status::MessageView;
use crate::time::Now;

#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) facts: MessageFacts,
    pub(crate) state: MessageState,
    shown_at: i64,
    clicked_at: i64,
}

/// All messages that are kept, by their number on this phone.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    /// In the order of their numbers. Messages come and go at the ends: this takes half of what a tree takes.
    all: VecDeque<(u64, Message)>,
    /// Those to be shown, in order of arrival.
    pending: Sorted<u64>,
    /// When the time of each message that waits for the screen or the app is over, in this boot's time; of those that
    /// arrived in it.
    deadlines: Sorted<(u64, u64)>,
    /// Those that wait and arrived in another boot.
    from_other_boots: Sorted<u64>,
    boot_id: u64,
    /// Those done, the first done first; the oldest are forgotten.
    done: VecDeque<u64>,
    next: u64,
}

impl Messages {
    pub(crate) fn restore(
        mut messages: Vec<(u64, MessageFacts)>,
        mut states: Vec<(u64, StateRecord)>,
        boot_id: u64,
    ) -> Self {
        messages.sort_unstable_by_key(|(sequence, _)| *sequence);
        states.sort_unstable_by_key(|(sequence, _)| *sequence);
        let mut restored = Self { next: 1, boot_id, ..Self::default() };
        // A number whose state is known is taken, even if the message could not be read.
        restored.next = states.last().map_or(1, |(sequence, _)| sequence + 1);
        for (sequence, mut facts) in messages {
            let record =
                states.binary_search_by_key(&sequence, |(sequence, _)| *sequence).ok().map(|place| &states[place].1);
            facts.silent |= record.is_some_and(|record| record.silent);
            let (state, shown_at, clicked_at) = record
                .map_or((MessageState::Pending, 0, 0), |record| (record.state, record.shown_at, record.clicked_at));
            if state == MessageState::Pending {
                restored.wait(sequence, &facts);
            } else if state.is_done() {
                restored.done.push_back(sequence);
            }
            restored.next = restored.next.max(sequence + 1);
            restored.all.push_back((sequence, Message { facts, state, shown_at, clicked_at }));
        }
        restored
    }

    /// Takes a new message.
    pub(crate) fn add(&mut self, journal: &mut Journal, facts: MessageFacts, body: Vec<u8>) -> u64 {
        let sequence = self.next;
        self.next += 1;
        journal.write(Write::Put(Record::Message(sequence, StoredMessage { facts: facts.clone(), body })));
        self.wait(sequence, &facts);
        self.all.push_back((sequence, Message { facts, state: MessageState::Pending, shown_at: 0, clicked_at: 0 }));
        sequence
    }

    fn wait(&mut self, sequence: u64, facts: &MessageFacts) {
        if !facts.pass_through {
            self.pending.insert(sequence);
        }
        if facts.boot_id == self.boot_id {
            self.deadlines.insert((deadline(facts), sequence));
        } else {
            self.from_other_boots.insert(sequence);
        }
    }

    fn place(&self, sequence: u64) -> Option<usize> {
        self.all.binary_search_by_key(&sequence, |(sequence, _)| *sequence).ok()
    }

    pub(crate) fn get(&self, sequence: u64) -> Option<&Message> {
        self.all.get(self.place(sequence)?).map(|(_, message)| message)
    }

    fn get_mut(&mut self, sequence: u64) -> Option<&mut Message> {
        let place = self.place(sequence)?;
        self.all.get_mut(place).map(|(_, message)| message)
    }

    /// The newest message with this id.
    pub(crate) fn find(&self, id: &str) -> Option<u64> {
        self.all.iter().rev().find(|(_, message)| message.facts.id == id).map(|(sequence, _)| *sequence)
    }

    /// Whether a message with this job key is known.
    pub(crate) fn has_job(&self, job: u64) -> bool {
        self.all.iter().any(|(_, message)| message.facts.job == Some(job))
    }

    /// Moves a message to another state, durably. `false` if it is not known or already there.
    pub(crate) fn set_state(
        &mut self,
        journal: &mut Journal,
        now: Now,
        sequence: u64,
        state: MessageState,
        reason: Option<&str>,
    ) -> bool {
        let Some(message) = self.get_mut(sequence) else { return false };
        if message.state == state {
            return false;
        }
        let was_done = message.state.is_done();
        let facts = message.facts.clone();
        message.state = state;
        match state {
            MessageState::Shown | MessageState::Folded => message.shown_at = now.wall,
            MessageState::Clicked => message.clicked_at = now.wall,
            _ => {}
        }
        journal.write(Write::Put(Record::MessageState(
            sequence,
            StateRecord {
                state,
                shown_at: message.shown_at,
                clicked_at: message.clicked_at,
                silent: message.facts.silent,
                reason: reason.map(str::to_owned),
            },
        )));
        if state == MessageState::Pending {
            self.wait(sequence, &facts);
        } else {
            self.pending.remove(&sequence);
            self.deadlines.remove(&(deadline(&facts), sequence));
            self.from_other_boots.remove(&sequence);
        }
        if state.is_done() && !was_done {
            self.done.push_back(sequence);
        }
        true
    }

    /// It is to be shown without a sound; durable with its next state.
    pub(crate) fn set_silent(&mut self, sequence: u64) {
        if let Some(message) = self.get_mut(sequence) {
            message.facts.silent = true;
        }
    }

    /// The next one to be shown.
    pub(crate) fn first_pending(&self) -> Option<u64> {
        self.pending.first().copied()
    }

    /// How many wait to be shown.
    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Those handed to the platform and not confirmed.
    pub(crate) fn presenting(&self) -> impl Iterator<Item = u64> {
        self.all.iter().filter(|(_, message)| message.state == MessageState::Presenting).map(|(sequence, _)| *sequence)
    }

    /// Those that are not done or may be in the notification bar, and that `wanted` picks.
    pub(crate) fn visible_or_waiting(&self, wanted: impl Fn(&MessageFacts) -> bool) -> Vec<u64> {
        self.all
            .iter()
            .filter(|(_, message)| {
                (message.state == MessageState::Pending || message.state.is_showing()) && wanted(&message.facts)
            })
            .map(|(sequence, _)| *sequence)
            .collect()
    }

    /// How long a message is still worth showing, in milliseconds; 0 if its time is over.
    pub(crate) fn time_left(facts: &MessageFacts, boot_id: u64, now: Now) -> u64 {
        let age = if facts.boot_id == boot_id {
            now.boot.saturating_sub(facts.arrived_boot)
        } else {
            // Another boot's clock means nothing: the wall's difference, never negative.
            u64::try_from(now.wall - facts.arrived_wall).unwrap_or(0)
        };
        facts.time_to_live.saturating_sub(age)
    }

    /// The earliest moment, in boot time, at which a waiting message's time is over.
    pub(crate) fn next_expiry(&self, now: Now) -> Option<u64> {
        let left = |sequence: &u64| self.get(*sequence).map(|m| Self::time_left(&m.facts, self.boot_id, now));
        let others = self.from_other_boots.iter().filter_map(left).map(|left| now.boot.saturating_add(left)).min();
        self.deadlines.first().map(|(deadline, _)| *deadline).into_iter().chain(others).min()
    }

    /// The waiting messages whose time is over.
    pub(crate) fn expired(&self, now: Now) -> Vec<u64> {
        let is_over =
            |sequence: &&u64| self.get(**sequence).is_some_and(|m| Self::time_left(&m.facts, self.boot_id, now) == 0);
        let over =
            self.deadlines.iter().take_while(|(deadline, _)| *deadline <= now.boot).map(|(_, sequence)| *sequence);
        over.chain(self.from_other_boots.iter().filter(is_over).copied()).collect()
    }

    /// Forgets the oldest done messages beyond the limit, except those that `needed` names.
    pub(crate) fn prune(&mut self, journal: &mut Journal, needed: impl Fn(u64) -> bool) {
        let mut excess = self.done.len().saturating_sub(limit::DONE);
        while excess > 0 {
            excess -= 1;
            let Some(sequence) = self.done.pop_front() else { return };
            // The newest stays: its number tells the next one after a restart.
            if needed(sequence) || sequence + 1 == self.next {
                self.done.push_back(sequence);
                continue;
            }
            if let Some(place) = self.place(sequence) {
                self.all.remove(place);
            }
            journal.write(Write::Delete(RecordKey { kind: kind::MESSAGE, id: sequence }));
            journal.write(Write::Delete(RecordKey { kind: kind::MESSAGE_STATE, id: sequence }));
        }
    }

    pub(crate) fn counts(&self) -> Vec<(MessageState, usize)> {
        let mut counts = BTreeMap::new();
        for (_, message) in &self.all {
            *counts.entry(message.state).or_insert(0) += 1;
        }
        counts.into_iter().collect()
    }

    pub(crate) fn views(&self) -> impl DoubleEndedIterator<Item = MessageView<'_>> {
        self.all.iter().map(|(sequence, message)| MessageView {
            sequence: *sequence,
            id: &message.facts.id,
            state: message.state,
            arrived_at: message.facts.arrived_wall,
            shown_at: message.shown_at,
            clicked_at: message.clicked_at,
        })
    }
}

/// When a message's time is over, in the time of the boot it arrived in.
fn deadline(facts: &MessageFacts) -> u64 {
    facts.arrived_boot.saturating_add(facts.time_to_live)
}
