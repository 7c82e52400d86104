//! What `offpush doctor` said.

use std::process::Output;

use serde_json::Value;

/// Its text, and its JSON from a second run.
#[derive(Debug)]
pub struct Doctor {
    /// What a person read.
    pub text: String,
    /// The exit status of that.
    pub exit: Option<i32>,
    /// The same for scripts.
    pub json: Value,
}

impl Doctor {
    /// Reads both outputs.
    pub fn new(text: &Output, json: &Output) -> Self {
        Self {
            text: String::from_utf8_lossy(&text.stdout).into_owned(),
            exit: text.status.code(),
            json: serde_json::from_slice(&json.stdout).unwrap_or_else(|error| panic!("{error}: {json:?}")),
        }
    }

    /// How this check went.
    pub fn outcome(&self, check: &str) -> &str {
        let checks = self.json["checks"].as_array().expect("checks");
        let found = checks.iter().find(|found| found["check"] == check);
        found.and_then(|found| found["outcome"].as_str()).unwrap_or_else(|| panic!("no {check} in {}", self.json))
    }

    /// The lines of the text that name a failure or a warning, each with its action.
    pub fn findings(&self) -> Vec<(&str, &str)> {
        let mut lines = self.text.lines().peekable();
        let mut findings = Vec::new();
        while let Some(line) = lines.next() {
            if line.starts_with("[✗]") || line.starts_with("[!]") {
                let action = lines.next_if(|next| next.trim_start().starts_with('→'));
                findings.push((line, action.unwrap_or_default().trim()));
            }
        }
        findings
    }

    /// Asserts that the text names one thing, with these words, and says to do something with these.
    pub fn names(&self, words: &[&str], action: &str) {
        let findings = self.findings();
        let [(found, to_do)] = findings[..] else { panic!("one finding is expected: {}", self.text) };
        assert!(words.iter().all(|words| found.contains(words)), "{words:?} in {found}");
        assert!(to_do.contains(action), "{action:?} in {to_do}");
    }
}
