//! What a test can see of the phone.

use offpush_engine::record::{MessageState, Record};
use offpush_engine::status::{Phase, Status};
use offpush_engine::{Disconnected, Event, Output};
use offpush_wire::{Receipt, Up};

use super::Phone;
use super::packets::Sent;

impl Phone {
    /// Milliseconds until the engine's next timeout.
    pub(crate) fn next_timeout(&self) -> Option<u64> {
        self.engine.next_timeout().map(|wake| wake.deadline.saturating_sub(self.now.boot))
    }

    pub(crate) fn status(&self) -> Status {
        self.engine.status(self.now)
    }

    pub(crate) fn phase(&self) -> Phase {
        self.status().phase
    }

    /// The state of the newest message with this id.
    pub(crate) fn state(&self, id: &str) -> Option<MessageState> {
        self.engine.messages().rfind(|message| message.id == id).map(|message| message.state)
    }

    pub(crate) fn message_ids(&self) -> Vec<String> {
        self.engine.messages().map(|message| message.id.to_owned()).collect()
    }

    /// The ids of what was ever put on the screen, in order.
    pub(crate) fn shown_ids(&self) -> Vec<String> {
        let id = |sequence: &u64| {
            let message = self.engine.messages().find(|message| message.sequence == *sequence);
            message.map(|message| message.id.to_owned()).unwrap_or_default()
        };
        self.shown.iter().map(|(sequence, _)| id(sequence)).collect()
    }

    pub(crate) fn showing_ids(&self) -> Vec<String> {
        self.engine
            .messages()
            .filter(|message| self.showing.contains(&message.sequence))
            .map(|message| message.id.to_owned())
            .collect()
    }

    pub(crate) fn receipts(&self) -> Vec<Receipt> {
        let receipt = |up: &Up| match up {
            Up::Receipt(receipt) => Some(receipt.clone()),
            _ => None,
        };
        self.gateway.taken.iter().filter_map(receipt).collect()
    }

    /// What the gateway was told of a message.
    pub(crate) fn receipts_of(&self, id: &str) -> Vec<&'static str> {
        self.receipts().iter().filter(|receipt| receipt.id == id).map(|receipt| receipt.what.as_str()).collect()
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        let event = |(_, output): &(u64, Output)| match output {
            Output::Event(event) => Some(event.clone()),
            _ => None,
        };
        self.log.iter().filter_map(event).collect()
    }

    /// Why connections ended, and how long the wait after each is.
    pub(crate) fn disconnected(&self) -> Vec<(Disconnected, Option<u64>)> {
        let end = |event: Event| match event {
            Event::Disconnected { cause, retry_in, .. } => Some((cause, retry_in)),
            _ => None,
        };
        self.events().into_iter().filter_map(end).collect()
    }

    /// The packets of all writes, in order.
    pub(crate) fn packets(&self) -> Vec<Sent> {
        self.sent.iter().flat_map(|(.., packets)| packets.clone()).collect()
    }

    pub(crate) fn pings(&self) -> Vec<u64> {
        let has_ping = |packets: &[Sent]| packets.contains(&Sent::PingReq);
        self.sent.iter().filter(|(.., packets)| has_ping(packets)).map(|(at, ..)| *at).collect()
    }

    /// Request id and secret as they are on disk.
    pub(crate) fn credentials(&self) -> (String, String) {
        let identity = |record: &Record| match record {
            Record::Identity(identity) => Some((identity.request_id.clone(), identity.secret.clone())),
            _ => None,
        };
        self.store.values().find_map(identity).expect("an identity")
    }
}
