//! What the platform says of itself, topic by topic (`org.offpush.Status` on Android), and what of it is wrong.

use std::collections::BTreeMap;

use offpush_inspect::{PlatformTopic, Problem, Severity};

/// See the module's page. In the order of the topics' names.
#[derive(Debug, Default)]
pub(crate) struct Said(Vec<Topic>);

#[derive(Debug)]
struct Topic {
    name: String,
    said: PlatformTopic,
    /// Since when it says so.
    since: i64,
}

impl Said {
    /// This is what is said now; replaces what was said before.
    pub(crate) fn tell(&mut self, wall: i64, topics: BTreeMap<String, PlatformTopic>) {
        let now = topics.into_iter().map(|(name, said)| {
            let before = self.get(&name).filter(|topic| topic.said == said);
            let since = before.map_or(wall, |topic| topic.since);
            Topic { name, said, since }
        });
        self.0 = now.collect();
    }

    fn get(&self, name: &str) -> Option<&Topic> {
        self.0.iter().find(|topic| topic.name == name)
    }

    /// What is said of a topic, in words.
    pub(crate) fn words(&self, topic: &str) -> Option<&str> {
        self.get(topic).map(|topic| topic.said.words.as_str())
    }

    /// All of it.
    pub(crate) fn topics(&self) -> BTreeMap<String, PlatformTopic> {
        self.0.iter().map(|topic| (topic.name.clone(), topic.said.clone())).collect()
    }

    /// What of it is wrong.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let wrong = self.0.iter().filter_map(|topic| Some((topic, topic.said.problem.as_ref()?)));
        wrong
            .map(|(Topic { name, said, since }, code)| {
                let (severity, impact, action) = meaning(code);
                Problem {
                    code: code.clone(),
                    severity,
                    title: format!("{name}: {}", said.words),
                    since: Some(*since),
                    impact: impact.to_owned(),
                    action: action.to_owned(),
                    ..Problem::default()
                }
            })
            .collect()
    }
}

/// How bad a problem is, what it breaks, and what to do.
fn meaning(code: &str) -> (Severity, &'static str, &'static str) {
    match code {
        "notifications-denied" => (
            Severity::Error,
            "messages are not shown; they wait for their time to live",
            "allow the app's notifications in the phone's settings",
        ),
        "channel-off" => (
            Severity::Warning,
            "messages for these channels are not shown",
            "switch them on among the app's notifications in the phone's settings",
        ),
        "alarms-inexact" => (
            Severity::Warning,
            "in Doze a dead connection is noticed late, and messages with it",
            "allow \"Alarms & reminders\" for the app, or take it out of battery optimisation",
        ),
        "no-foreground-service" => (
            Severity::Warning,
            "in Doze there is no network, and the process may be ended",
            "open the app once; see the foreground service's type and permission in the manifest",
        ),
        "battery-restricted" => (
            Severity::Warning,
            "the phone may keep the app from running and from the network",
            "take the app out of battery optimisation in the phone's settings",
        ),
        "network-unseen" => (
            Severity::Warning,
            "a new network is noticed only when the connection dies",
            "add ACCESS_NETWORK_STATE to the manifest",
        ),
        "certificate-refused" => (
            Severity::Warning,
            "that server is not spoken to",
            "see the server's certificate, and the app's network security config",
        ),
        "click-redirected" => (Severity::Note, "the click opened the app instead", "see the message's intent URI"),
        "several-receivers" => (
            Severity::Note,
            "what the app does for a callback is done more than once",
            "leave one of them in the app's manifest, unless this is meant",
        ),
        "manifest" => (Severity::Warning, "what is named there does not work", "mend the app's manifest"),
        _ => (Severity::Note, "see what is said", "see the app's log"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(words: &str, problem: Option<&str>) -> PlatformTopic {
        PlatformTopic { words: words.to_owned(), problem: problem.map(str::to_owned) }
    }

    #[test]
    fn what_the_platform_denies_is_a_problem_since_it_was_first_said() {
        // What is allowed is none; what is said again is no newer, what is not said any more is over.
        let mut said = Said::default();
        let topics = |all: &[(&str, PlatformTopic)]| -> BTreeMap<String, PlatformTopic> {
            all.iter().map(|(topic, said)| ((*topic).to_owned(), said.clone())).collect()
        };
        let service = ("service", topic("a foreground service", None));
        let denied = ("notifications", topic("the person has not allowed them", Some("notifications-denied")));
        said.tell(1, topics(&[service, denied.clone()]));
        let found = said.problems();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].code.as_str(), found[0].since), ("notifications-denied", Some(1)));
        said.tell(2, topics(&[("alarm", topic("a job (no alarms)", Some("alarms-inexact"))), denied]));
        let since: Vec<_> = said.problems().into_iter().map(|problem| (problem.code, problem.since)).collect();
        assert_eq!(since, [("alarms-inexact".to_owned(), Some(2)), ("notifications-denied".to_owned(), Some(1))]);
        assert_eq!(said.words("service"), None);
        said.tell(3, topics(&[]));
        assert_eq!(said.problems(), []);
    }

    #[test]
    fn every_problem_that_android_names_has_a_meaning() {
        let java = include_str!("../../jni-glue/java/src/main/java/org/offpush/Status.java");
        let codes: Vec<&str> = java
            .split_once("// The problems' codes")
            .and_then(|(_, rest)| rest.split_once("private static final class"))
            .map(|(constants, _)| constants.split('"').skip(1).step_by(2).collect())
            .unwrap_or_default();
        assert!(codes.len() > 5, "{codes:?}");
        for code in codes {
            assert_ne!(meaning(code), meaning("unknown"), "{code}");
        }
    }
}
