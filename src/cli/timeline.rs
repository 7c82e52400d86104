//! What a connection did over time, from the history: for the live view and the report.

use offpush_inspect::HistoryItem;
use serde_json::Value;

/// How a connection stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Link {
    /// Nothing is known: before the first event, and while no daemon ran.
    Unknown,
    /// Connected to a broker.
    Up,
    /// A server was being reached.
    Trying,
    /// There was no network.
    NoNetwork,
    /// A wait, after a failure or an end.
    Down,
}

impl Link {
    /// In words.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unknown => "no daemon",
            Self::Up => "connected",
            Self::Trying => "connecting",
            Self::NoNetwork => "no network",
            Self::Down => "not connected",
        }
    }
}

/// Something at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) at: i64,
    pub(crate) kind: Kind,
}

/// What it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A ping was answered, after so many milliseconds.
    Beat(u64),
    /// A connection ended, and why.
    Death(String),
    /// A message arrived.
    Message,
    /// Another default network, or none; its kind.
    Network(String),
}

/// See the module's page.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timeline {
    /// From when on the connection stood how, in order.
    changes: Vec<(i64, Link)>,
    /// In order.
    pub(crate) moments: Vec<Moment>,
}

impl Timeline {
    /// Of events in order.
    pub(crate) fn of<'a>(history: impl IntoIterator<Item = &'a HistoryItem>) -> Self {
        let mut timeline = Self::default();
        history.into_iter().for_each(|item| timeline.add(item));
        timeline
    }

    fn add(&mut self, item: &HistoryItem) {
        let text = |name: &str| item.details.get(name).and_then(Value::as_str).unwrap_or_default();
        let number = |name: &str| item.details.get(name).and_then(Value::as_u64).unwrap_or(0);
        let link = match item.event.as_str() {
            "started" | "registering" | "connecting" => Some(Link::Trying),
            "connected" => Some(Link::Up),
            "disconnected" | "registration-failed" | "registration-refused" => Some(Link::Down),
            "network-changed" if text("network") == "none" => Some(Link::NoNetwork),
            "stopped" => Some(Link::Unknown),
            _ => None,
        };
        // While the connection on the network before still serves, the attempt on the new one is nobody's concern.
        let is_up = self.changes.last().is_some_and(|(_, link)| *link == Link::Up);
        if let Some(link) = link.filter(|link| !(is_up && *link == Link::Trying && item.event != "started")) {
            self.changes.push((item.at, link));
        }
        let kind = match item.event.as_str() {
            "pong" => Kind::Beat(number("roundTrip")),
            "disconnected" if number("lasted") > 0 => Kind::Death(text("cause").to_owned()),
            "arrived" => Kind::Message,
            "network-changed" => match text("transport") {
                "" => Kind::Network("none".to_owned()),
                transport => Kind::Network(transport.to_owned()),
            },
            _ => return,
        };
        self.moments.push(Moment { at: item.at, kind });
    }

    /// The first moment that is known.
    pub(crate) fn start(&self) -> Option<i64> {
        let moment = self.moments.first().map(|moment| moment.at);
        self.changes.first().map(|(at, _)| *at).into_iter().chain(moment).min()
    }

    /// How the connection stood from `from` to `to`, without gaps: `(from, to, how)`.
    pub(crate) fn spans(&self, from: i64, to: i64) -> Vec<(i64, i64, Link)> {
        let before =
            self.changes.iter().take_while(|(at, _)| *at <= from).last().map_or(Link::Unknown, |(_, how)| *how);
        let mut spans = Vec::new();
        let mut open = (from, before);
        for (at, how) in self.changes.iter().copied().filter(|(at, _)| *at > from && *at < to) {
            if how != open.1 {
                spans.push((open.0, at, open.1));
                open = (at, how);
            }
        }
        spans.push((open.0, to, open.1));
        spans
    }

    /// Which network was the default one from `from` to `to`: `(from, to, kind)`, without the times when there was none.
    pub(crate) fn networks(&self, from: i64, to: i64) -> Vec<(i64, i64, &str)> {
        let changes = || {
            self.moments.iter().filter_map(|moment| match &moment.kind {
                Kind::Network(kind) => Some((moment.at, kind.as_str())),
                _ => None,
            })
        };
        let ends = changes().skip(1).map(|(at, _)| at).chain([to]);
        let spans = changes().zip(ends).map(|((start, kind), end)| (start.max(from), end.min(to), kind));
        spans.filter(|(start, end, kind)| start < end && *kind != "none").collect()
    }

    /// The same as [`spans`](Self::spans) in so many equal parts; a part tells the worst that was in it, so that nothing short is lost.
    pub(crate) fn cells(&self, from: i64, to: i64, count: u16) -> Vec<Link> {
        let spans = self.spans(from, to);
        let edge = |index: u16| from + (to - from) * i64::from(index) / i64::from(count.max(1));
        (0..count)
            .map(|index| {
                let (start, end) = (edge(index), edge(index + 1));
                let within = spans.iter().filter(|(a, b, _)| *a < end.max(start + 1) && *b > start);
                within.map(|(.., how)| *how).max().unwrap_or(Link::Unknown)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(at: i64, value: Value) -> HistoryItem {
        let mut value = value;
        value["at"] = at.into();
        serde_json::from_value(value).unwrap()
    }

    fn day() -> Timeline {
        Timeline::of(&[
            event(100, json!({ "event": "started" })),
            event(110, json!({ "event": "network-changed", "network": "up", "transport": "wifi" })),
            event(120, json!({ "event": "connecting" })),
            event(130, json!({ "event": "connected", "took": 10 })),
            event(500, json!({ "event": "pong", "roundTrip": 7 })),
            event(600, json!({ "event": "arrived", "id": "m" })),
            event(700, json!({ "event": "disconnected", "cause": "ping-unanswered", "lasted": 570 })),
            event(705, json!({ "event": "connecting" })),
            event(706, json!({ "event": "connected" })),
            event(800, json!({ "event": "network-changed", "network": "none" })),
            event(900, json!({ "event": "stopped" })),
        ])
    }

    #[test]
    fn a_history_becomes_spans_without_gaps() {
        // What came before the window is known from the last event before it; after the end of the daemon nothing is.
        use Link::{Down, NoNetwork, Trying, Unknown, Up};
        let day = day();
        assert_eq!(day.start(), Some(100));
        assert_eq!(
            day.spans(0, 1_000),
            [
                (0, 100, Unknown),
                (100, 130, Trying),
                (130, 700, Up),
                (700, 705, Down),
                (705, 706, Trying),
                (706, 800, Up),
                (800, 900, NoNetwork),
                (900, 1_000, Unknown)
            ]
        );
        assert_eq!(day.spans(200, 300), [(200, 300, Up)]);
        assert_eq!(Timeline::default().spans(0, 1), [(0, 1, Unknown)]);
    }

    #[test]
    fn networks_are_told_from_one_change_to_the_next() {
        // The one that was there when the window began too; none is no network.
        assert_eq!(day().networks(0, 1_000), [(110, 800, "wifi")]);
        assert_eq!(day().networks(500, 600), [(500, 600, "wifi")]);
        assert_eq!(day().networks(800, 1_000), []);
        assert_eq!(Timeline::default().networks(0, 1), []);
    }

    #[test]
    fn a_drop_that_is_shorter_than_a_cell_is_not_lost() {
        // Six milliseconds of a second, in ten cells.
        use Link::{Down, NoNetwork, Trying, Unknown, Up};
        let cells = day().cells(0, 1_000, 10);
        assert_eq!(cells, [Unknown, Trying, Up, Up, Up, Up, Up, Down, NoNetwork, Unknown]);
        assert_eq!(day().cells(5, 5, 3).len(), 3, "a window of no length");
        assert_eq!(day().cells(0, 1, 0), []);
    }

    #[test]
    fn what_happens_at_a_moment_is_told_with_its_kind() {
        // Beats, ends of connections, messages and networks; an attempt that failed is no death.
        let kinds: Vec<Kind> = day().moments.into_iter().map(|moment| moment.kind).collect();
        let network = |name: &str| Kind::Network(name.to_owned());
        let death = Kind::Death("ping-unanswered".to_owned());
        assert_eq!(kinds, [network("wifi"), Kind::Beat(7), Kind::Message, death, network("none")]);
        let failed = [event(1, json!({ "event": "disconnected", "cause": "link", "lasted": 0 }))];
        assert_eq!(Timeline::of(&failed).moments, []);
    }

    #[test]
    fn an_attempt_on_a_new_network_leaves_the_connection_that_still_serves() {
        // Ping first, reconnect only on silence: up to the end of the old one it is connected.
        let moving = Timeline::of(&[
            event(1, json!({ "event": "connected" })),
            event(2, json!({ "event": "network-changed", "network": "up", "transport": "cellular" })),
            event(3, json!({ "event": "connecting" })),
        ]);
        assert_eq!(moving.spans(0, 9), [(0, 1, Link::Unknown), (1, 9, Link::Up)]);
    }
}
