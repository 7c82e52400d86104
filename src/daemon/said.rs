//! What the platform says of itself, topic by topic in words (`org.offpush.Status` on Android), and what of it is wrong.

use std::collections::BTreeMap;

use offpush_inspect::{Problem, Severity};

/// How what is said begins where nothing is wrong.
const FINE: [&str; 4] = ["a foreground service", "exact", "none is needed", "exempt"];

/// See the module's page.
#[derive(Debug, Default)]
pub(crate) struct Said(BTreeMap<String, (String, i64)>);

impl Said {
    /// This is what is said now; replaces what was said before.
    pub(crate) fn tell(&mut self, wall: i64, topics: BTreeMap<String, String>) {
        let mut before = std::mem::take(&mut self.0);
        self.0.extend(topics.into_iter().map(|(topic, words)| {
            let since = before.remove(&topic).filter(|(said, _)| *said == words).map_or(wall, |(_, since)| since);
            (topic, (words, since))
        }));
    }

    /// What is said of a topic.
    pub(crate) fn of(&self, topic: &str) -> Option<&str> {
        self.0.get(topic).map(|(words, _)| words.as_str())
    }

    /// All of it.
    pub(crate) fn topics(&self) -> BTreeMap<String, String> {
        self.0.iter().map(|(topic, (words, _))| (topic.clone(), words.clone())).collect()
    }

    /// What of it is wrong.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let is_wrong = |words: &str| !FINE.iter().any(|fine| words.starts_with(fine));
        self.0
            .iter()
            .filter(|(_, (words, _))| is_wrong(words))
            .map(|(topic, (words, since))| {
                let (code, severity, impact, action) = meaning(topic);
                Problem {
                    code: code.to_owned(),
                    severity,
                    title: format!("{topic}: {words}"),
                    since: Some(*since),
                    impact: impact.to_owned(),
                    action: action.to_owned(),
                    ..Problem::default()
                }
            })
            .collect()
    }
}

/// Code, severity, what it breaks, and what to do.
fn meaning(topic: &str) -> (&'static str, Severity, &'static str, &'static str) {
    match topic {
        "notifications" => (
            "notifications-denied",
            Severity::Error,
            "messages are not shown; they wait for their time to live",
            "allow the app's notifications in the phone's settings",
        ),
        "alarm" => (
            "alarms-inexact",
            Severity::Warning,
            "in Doze a dead connection is noticed late, and messages with it",
            "allow \"Alarms & reminders\" for the app, or take it out of battery optimisation",
        ),
        "service" => (
            "no-foreground-service",
            Severity::Warning,
            "in Doze there is no network, and the process may be ended",
            "open the app once; see the foreground service's type and permission in the manifest",
        ),
        "battery" => (
            "battery-restricted",
            Severity::Warning,
            "the phone may keep the app from running and from the network",
            "take the app out of battery optimisation in the phone's settings",
        ),
        "network" => (
            "network-unseen",
            Severity::Warning,
            "a new network is noticed only when the connection dies",
            "add ACCESS_NETWORK_STATE to the manifest",
        ),
        "trust" => (
            "certificate-refused",
            Severity::Warning,
            "that server is not spoken to",
            "see the server's certificate, and the app's network security config",
        ),
        "click" => {
            ("click-redirected", Severity::Note, "the click opened the app instead", "see the message's intent URI")
        }
        "receivers" | "manifest" | "configuration" | "jobs" | "wake lock" => {
            ("manifest", Severity::Warning, "what is named there does not work", "mend the app's manifest")
        }
        _ => ("platform", Severity::Note, "see what is said", "see the app's log"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics(said: &[(&str, &str)]) -> BTreeMap<String, String> {
        said.iter().map(|(topic, words)| ((*topic).to_owned(), (*words).to_owned())).collect()
    }

    #[test]
    fn what_the_platform_denies_is_a_problem_since_it_was_first_said() {
        // What is allowed is none; what is said again is no newer, what is not said any more is over.
        let mut said = Said::default();
        let denied = ("notifications", "the person has not allowed notifications: messages wait");
        said.tell(1, topics(&[("service", "a foreground service"), ("alarm", "exact, also in Doze"), denied]));
        let found = said.problems();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].code.as_str(), found[0].since), ("notifications-denied", Some(1)));
        said.tell(2, topics(&[("alarm", "a job (no alarms): not in Doze"), denied]));
        let since: Vec<_> = said.problems().into_iter().map(|problem| (problem.code, problem.since)).collect();
        assert_eq!(since, [("alarms-inexact".to_owned(), Some(2)), ("notifications-denied".to_owned(), Some(1))]);
        assert_eq!(said.of("service"), None);
        said.tell(3, topics(&[]));
        assert_eq!(said.problems(), []);
    }
}
