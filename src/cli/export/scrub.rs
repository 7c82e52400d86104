//! What is taken out before anything leaves the phone.
//!
//! By permission, not by prohibition: of an event only numbers and those texts that are known to come from the program are
//! kept as they are. Free text, such as a library's error, loses what is quoted in it and whatever looks like a key; texts
//! under a name that is not known here are left out.

use std::collections::BTreeSet;

use offpush_inspect::{Diagnosis, HistoryItem, Notification, StatusPage};
use serde::Serialize;
use serde_json::{Map, Value};

/// Stands for what was taken out.
const GONE: &str = "[…]";

/// Letters and digits in a row from which on they may be a key: the shortest that is made here, a UserSig's or regId's,
/// has more, and words have fewer.
const KEY_LETTERS: usize = 20;

/// Digits in a row from which on they may be a key or a telephone number: AppKeys have 13, times of day fewer.
const KEY_DIGITS: usize = 9;

/// Details of events that come from the program, or are addresses: kept as they are.
const KNOWN: [&str; 19] = [
    "address",
    "brokers",
    "broker",
    "cause",
    "command",
    "epoch",
    "failure",
    "family",
    "host",
    "id",
    "internet",
    "kind",
    "name",
    "network",
    "problem",
    "state",
    "transport",
    "version",
    "outcome",
];

/// Details that are free text.
const FREE: [&str; 5] = ["reason", "error", "damage", "what", "message"];

/// Takes out, and counts what it took.
#[derive(Debug, Default)]
pub(crate) struct Scrubber {
    /// Texts that are known to belong to somebody: names, titles and so on.
    private: BTreeSet<String>,
    messages: usize,
    names: usize,
    texts: usize,
    reg_ids: usize,
}

/// A message without what it says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope {
    pub(crate) id: String,
    pub(crate) seq: u64,
    pub(crate) state: String,
    pass_through: u8,
    notify_id: i32,
    /// `app`, `launcher`, `web` or `page`.
    click: String,
    title_bytes: usize,
    description_bytes: usize,
    payload_bytes: usize,
    extras: usize,
    pub(crate) sent_at: Option<i64>,
    pub(crate) arrived_at: i64,
    pub(crate) shown_at: Option<i64>,
    pub(crate) clicked_at: Option<i64>,
}

impl Scrubber {
    /// Learns what is private from what there is.
    pub(crate) fn new(page: &StatusPage, messages: &[Notification]) -> Self {
        let mut private = BTreeSet::new();
        let names = &page.names;
        private.extend([&names.aliases, &names.accounts, &names.topics].into_iter().flatten().cloned());
        for message in messages {
            private.extend([&message.title, &message.description, &message.payload].map(Clone::clone));
            private.extend(message.extra.values().cloned());
        }
        // One letter is no secret, and would be found in every word.
        private.retain(|text| text.chars().count() > 1);
        Self { private, ..Self::default() }
    }

    /// The page without names, and with its texts cleaned.
    pub(crate) fn page(&mut self, mut page: StatusPage) -> StatusPage {
        let names = std::mem::take(&mut page.names);
        self.names += names.aliases.len() + names.accounts.len() + names.topics.len();
        page.names.accept_time = names.accept_time;
        page.reason = page.reason.map(|text| self.text(&text));
        for problem in &mut page.problems {
            problem.title = self.text(&problem.title);
            problem.action = self.text(&problem.action);
        }
        for said in page.platform.values_mut() {
            said.words = self.text(&said.words);
        }
        let storage = &mut page.storage;
        storage.damage = storage.damage.iter().map(|text| self.text(text)).collect();
        storage.failure = storage.failure.take().map(|text| self.text(&text));
        // Where somebody keeps their files.
        storage.set_aside = storage.set_aside.take().and_then(|path| Some(path.rsplit('/').next()?.to_owned()));
        page
    }

    /// The events without what is nobody's business.
    pub(crate) fn history(&mut self, items: Vec<HistoryItem>) -> Vec<HistoryItem> {
        let clean = |item: HistoryItem| {
            let details: Map<String, Value> = item
                .details
                .into_iter()
                .filter_map(|(name, value)| Some((name.clone(), self.detail(&name, value)?)))
                .collect();
            HistoryItem { details, ..item }
        };
        items.into_iter().map(clean).collect()
    }

    fn detail(&mut self, name: &str, value: Value) -> Option<Value> {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => Some(value),
            Value::String(_) | Value::Array(_) if KNOWN.contains(&name) => Some(value),
            Value::String(text) if FREE.contains(&name) => Some(Value::String(self.text(&text))),
            _ => {
                if name == "regId" {
                    self.reg_ids += 1;
                } else {
                    self.texts += 1;
                }
                None
            }
        }
    }

    pub(crate) fn messages(&mut self, messages: Vec<Notification>) -> Vec<Envelope> {
        self.messages += messages.len();
        let envelope = |message: Notification| Envelope {
            click: message.click.get("type").and_then(Value::as_str).unwrap_or_default().to_owned(),
            id: message.id,
            seq: message.seq,
            state: message.state,
            pass_through: message.pass_through,
            notify_id: message.notify_id,
            title_bytes: message.title.len(),
            description_bytes: message.description.len(),
            payload_bytes: message.payload.len(),
            extras: message.extra.len(),
            sent_at: message.sent_at,
            arrived_at: message.arrived_at,
            shown_at: message.shown_at,
            clicked_at: message.clicked_at,
        };
        messages.into_iter().map(envelope).collect()
    }

    /// What was found, with its texts cleaned.
    pub(crate) fn diagnosis(&mut self, diagnosis: &mut Diagnosis) {
        for check in &mut diagnosis.checks {
            check.found = self.text(&check.found);
            check.action = check.action.take().map(|text| self.text(&text));
            check.details = check.details.iter().map(|text| self.text(text)).collect();
        }
    }

    /// A log, line by line. What a daemon tells of notifications is text of messages, and left out.
    pub(crate) fn log(&mut self, log: &str) -> String {
        let lines = log.lines().filter(|line| !line.starts_with("notification "));
        lines.fold(String::new(), |clean, line| clean + &self.text(line) + "\n")
    }

    /// Free text without what is quoted, known to be private, or looks like a key.
    fn text(&mut self, text: &str) -> String {
        let mut clean = text.to_owned();
        for private in &self.private {
            if clean.contains(private.as_str()) {
                clean = clean.replace(private.as_str(), GONE);
            }
        }
        let clean = without_keys(&without_quotes(&clean));
        self.texts += usize::from(clean != text);
        clean
    }

    /// What was taken out, in words.
    pub(crate) fn removed(&self) -> Vec<String> {
        let mut removed = vec![
            format!(
                "titles, texts, payloads, extras and targets of {} messages; their lengths are kept",
                self.messages
            ),
            format!("{} aliases, accounts and topics", self.names),
            "the regId but for its first letters, and every secret".to_owned(),
        ];
        if self.texts > 0 {
            removed.push(format!("from {} texts what was quoted, private or looked like a key", self.texts));
        }
        removed
    }
}

/// Quotes and what is between them become a mark; a quote that is not closed counts to the end. An apostrophe is none.
fn without_quotes(text: &str) -> String {
    let mut clean = String::new();
    let mut rest = text;
    while let Some((before, quoted)) = rest.split_once(['"', '`', '«', '“']) {
        clean.push_str(before);
        clean.push_str(GONE);
        // An escaped quote is part of what is quoted, and so may be whatever comes up to the last quote.
        rest = quoted.rsplit_once(['"', '`', '»', '”']).map_or("", |(_, after)| after);
    }
    clean + rest
}

/// Words that may be keys become a mark.
fn without_keys(text: &str) -> String {
    let is_key_letter = |letter: char| letter.is_ascii_alphanumeric() || "-_+/=*".contains(letter);
    let mut clean = String::new();
    let mut word = String::new();
    for letter in text.chars().chain(['\n']) {
        if is_key_letter(letter) {
            word.push(letter);
            continue;
        }
        let digits = word.split(|letter: char| !letter.is_ascii_digit()).map(str::len).max().unwrap_or(0);
        let is_key = word.len() >= KEY_LETTERS || digits >= KEY_DIGITS;
        clean.push_str(if is_key { GONE } else { &word });
        word.clear();
        clean.push(letter);
    }
    clean.pop();
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        Scrubber::default().text(text)
    }

    #[test]
    fn free_text_loses_quotes_and_keys_and_keeps_its_sense() {
        // What libraries quote is what somebody sent; a half-open quote counts to the end.
        assert_eq!(text("connection refused: nobody listens there"), "connection refused: nobody listens there");
        assert_eq!(
            text("the broker ended it with 0x8E, Session taken over"),
            "the broker ended it with 0x8E, Session taken over"
        );
        assert_eq!(
            text("invalid type: string \"a \\\"b\\\" c\", expected u64"),
            "invalid type: string […], expected u64"
        );
        assert_eq!(text("unknown field `Meet at 8`, expected one of `a`, `b`"), "unknown field […]");
        assert_eq!(text("broken \"off"), "broken […]");
        assert_eq!(text("the device's clock"), "the device's clock");
        assert_eq!(text("id 655jpd_v0xAYxYP9x9gQ5PL5aDgnliFcmo7tFqiW1iY, gone"), "id […], gone");
        assert_eq!(text("call 123456789012 now, at 12:30"), "call […] now, at 12:30");
        assert_eq!(text("消息 `x` 消息"), "消息 […] 消息");
    }

    #[test]
    fn what_is_known_to_be_private_goes_wherever_it_stands() {
        // A name in the middle of an error.
        let page: StatusPage = serde_json::from_value(serde_json::json!({ "names": { "aliases": ["bob"] } })).unwrap();
        let mut scrubber = Scrubber::new(&page, &[]);
        assert_eq!(scrubber.text("no room for bob's alias"), "no room for […]'s alias");
        assert!(scrubber.page(page).names.aliases.is_empty());
        assert!(scrubber.removed()[1].starts_with("1 "), "{:?}", scrubber.removed());
    }

    #[test]
    fn events_keep_numbers_and_known_words_and_lose_the_rest() {
        // A detail that a newer daemon adds is left out until it is known here.
        let item: HistoryItem = serde_json::from_value(serde_json::json!({
            "at": 1, "event": "registered", "regId": "whole", "took": 3, "state": "shown", "novel": "text", "nested": {"a": 1},
            "reason": "say \"hi\"", "brokers": ["mqtts://b"], "more": ["x"],
        }))
        .unwrap();
        let clean = Scrubber::default().history(vec![item]);
        let expected = serde_json::json!({
            "at": 1, "event": "registered", "took": 3, "state": "shown", "reason": "say […]", "brokers": ["mqtts://b"],
        });
        assert_eq!(serde_json::to_value(&clean[0]).unwrap(), expected);
    }

    #[test]
    fn a_log_loses_the_lines_that_show_messages() {
        // A daemon on a host prints each notification.
        let log = "WARN odd `x`\nnotification m1: Title: Text\nINFO fine\n";
        assert_eq!(Scrubber::default().log(log), "WARN odd […]\nINFO fine\n");
    }
}
