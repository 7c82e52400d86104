//! The report for scripts: one JSON document.

use serde_json::{Value, json};

use crate::catalogue::{Check, Severity, Since};
use crate::manifest::Form;
use crate::report::Report;

/// Raised when a field changes its meaning or goes.
const SCHEMA: u32 = 1;

impl Report {
    /// One JSON document: `{schema, file, form, package, targetSdk, targetSdkAssumed, errors, warnings, notes, ignored, findings}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let findings: Vec<Value> = self
            .findings
            .iter()
            .map(|finding| {
                let mut value = check_to_json(finding.check);
                value["file"] = json!(finding.file.as_deref().unwrap_or(&self.file));
                value["line"] = json!(Some(finding.place.line).filter(|line| *line > 0));
                value["column"] = json!(Some(finding.place.column).filter(|column| *column > 0));
                value["subject"] = json!(finding.subject);
                value["detail"] = json!(finding.detail);
                value["fixable"] = json!(self.corrects(finding));
                value
            })
            .collect();
        json!({
            "schema": SCHEMA,
            "file": self.file,
            "form": match self.form {
                Form::Source => "source",
                Form::Merged => "merged",
                Form::Library => "library",
            },
            "package": self.package,
            "targetSdk": self.target_sdk,
            "targetSdkAssumed": self.target_is_assumed,
            "errors": self.count(Severity::Error),
            "warnings": self.count(Severity::Warning),
            "notes": self.count(Severity::Note),
            "ignored": self.ignored.len(),
            "findings": findings,
        })
    }
}

/// A check as it stands in a finding, and in the list of all.
fn check_to_json(check: &Check) -> Value {
    json!({
        "id": check.id,
        "severity": check.severity.name(),
        "title": check.title,
        "breaks": check.breaks,
        "sinceApi": check.since.api(),
        "onlyIfTargeted": matches!(check.since, Since::Target(_)),
        "fix": check.fix,
    })
}

/// The catalogue: `{schema, checks}`.
#[must_use]
pub fn catalogue_to_json() -> Value {
    let checks: Vec<Value> = crate::catalogue().iter().map(|check| check_to_json(check)).collect();
    json!({ "schema": SCHEMA, "checks": checks })
}
