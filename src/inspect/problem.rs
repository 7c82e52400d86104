//! What is wrong with a daemon or its surroundings.

use serde::{Deserialize, Serialize};

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Problem {
    /// Which problem, in kebab-case. The same code always means the same problem.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one sentence.
    pub title: String,
    /// Since when, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// The codes of those problems on the same page that it is a mere consequence of: it is gone when they are, and
    /// [`render`](crate::render) leaves it out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
    /// What does not work because of it, in one sentence; empty where a daemon does not say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub impact: String,
    /// What to do about it.
    pub action: String,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// No push arrives, or something was lost.
    Error,
    /// Something does not work as it should, or soon will not.
    #[default]
    Warning,
    /// Good to know.
    Note,
    /// One that this version does not know.
    #[serde(other)]
    Unknown,
}

/// Puts problems in order, the worst first; of several with the same code the first of the worst is kept; and says of each
/// which of the others it is a mere consequence of.
pub fn settle(problems: &mut Vec<Problem>) {
    problems.sort_by_key(|problem| problem.severity);
    let mut codes: Vec<String> = Vec::new();
    problems.retain(|problem| {
        let is_new = !codes.contains(&problem.code);
        if is_new {
            codes.push(problem.code.clone());
        }
        is_new
    });
    for problem in problems {
        let causes = causes(&problem.code);
        problem.depends_on = codes.iter().filter(|code| causes.contains(&code.as_str())).cloned().collect();
    }
}

/// Where no byte gets through to a server, and no server is to blame.
const WAY_OUT: &[&str] = &["no-network", "captive-portal", "no-internet"];

/// The codes of what causes a problem, where that is another one.
fn causes(code: &str) -> &'static [&'static str] {
    match code {
        "gateway-unreachable" | "broker-unreachable" | "name-unresolved" | "not-a-gateway" | "not-registered" => {
            WAY_OUT
        }
        // What is full empties by itself once messages can be shown and entries sent.
        "full" => &[
            "no-network",
            "captive-portal",
            "no-internet",
            "broker-unreachable",
            "credentials-refused",
            "gateway-silent",
            "identity-in-use",
            "notifications-denied",
            "storage-failed",
        ],
        _ => &[],
    }
}
