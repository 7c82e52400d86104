//! The report for code hosts and editors: SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format").

use serde_json::{Value, json};

use crate::catalogue::Severity;
use crate::document::Place;
use crate::report::Report;

impl Report {
    /// One SARIF document of one run. Its rules are the checks that found something. What is ignored is in it as
    /// suppressed, so that a code host closes its alert as dismissed and not as mended.
    #[must_use]
    pub fn to_sarif(&self) -> Value {
        let mut rules: Vec<&'static crate::Check> = Vec::new();
        let mut results = Vec::new();
        for (finding, is_ignored) in self
            .findings
            .iter()
            .map(|finding| (finding, false))
            .chain(self.ignored.iter().map(|finding| (finding, true)))
        {
            let check = finding.check;
            let index = rules.iter().position(|rule| rule.id == check.id).unwrap_or_else(|| {
                rules.push(check);
                rules.len() - 1
            });
            let detail = if finding.detail.is_empty() { String::new() } else { format!(": {}", finding.detail) };
            let text = format!("{} ({}{detail}). {} ({})", check.title, finding.subject, check.breaks, check.since);
            let mut physical =
                json!({ "artifactLocation": { "uri": uri(finding.file.as_deref().unwrap_or(&self.file)) } });
            if finding.place.line > 0 {
                physical["region"] = region(finding.place);
            }
            let mut result = json!({
                "ruleId": check.id,
                "ruleIndex": index,
                "level": level(check.severity),
                "message": { "text": text },
                "locations": [{
                    "physicalLocation": physical,
                    "logicalLocations": [{ "fullyQualifiedName": finding.subject }],
                }],
            });
            if is_ignored {
                result["suppressions"] =
                    json!([{ "kind": "external", "justification": format!("--ignore {}", check.id) }]);
            }
            results.push(result);
        }
        let rules: Vec<Value> = rules
            .iter()
            .map(|check| {
                json!({
                    "id": check.id,
                    "shortDescription": { "text": check.title },
                    "fullDescription": { "text": format!("{} ({})", check.breaks, check.since) },
                    "help": { "text": check.fix },
                    "defaultConfiguration": { "level": level(check.severity) },
                })
            })
            .collect();
        json!({
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": { "name": "offpush", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
                "columnKind": "unicodeCodePoints",
                "results": results,
            }],
        })
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn region(place: Place) -> Value {
    let mut region = json!({ "startLine": place.line });
    if place.column > 0 {
        region["startColumn"] = json!(place.column);
    }
    region
}

/// A path as a relative or absolute URI reference (RFC 3986 §4.1).
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            b'\\' => uri.push('/'),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
