//! What all checks together say of a file.

use std::fmt;

use crate::catalogue::{Severity, Since};
use crate::edit;
use crate::finding::Finding;
use crate::library::NEWEST_SDK;
use crate::manifest::Form;
use crate::read::{Options, check_text};

/// Corrections that follow from corrections end after this many rounds; real manifests take two.
const MAXIMUM_ROUNDS: usize = 16;

/// What all checks together say of a file.
#[derive(Debug, Clone)]
pub struct Report {
    /// The file, as it was named.
    pub file: String,
    /// What it was taken for.
    pub form: Form,
    /// The package, where it is said.
    pub package: Option<String>,
    /// The API level that the app targets.
    pub target_sdk: u32,
    /// Whether nobody said the target, and the newest known is taken.
    pub target_is_assumed: bool,
    /// The worst first; of the same severity in the catalogue's order, then by place.
    pub findings: Vec<Finding>,
    /// What was found and is set aside ([`Options::ignored`]), in the same order.
    pub ignored: Vec<Finding>,
    /// The manifest, if it was given as a text by itself.
    pub(crate) text: Option<String>,
    pub(crate) options: Options,
}

impl Report {
    /// How many findings there are of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.check.severity == severity).count()
    }

    /// The manifest, if it was given as a text by itself: what [`Report::fixed`] corrects.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Whether something is wrong that keeps push from working.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// Whether [`Report::fixed`] corrects this finding.
    #[must_use]
    pub fn corrects(&self, finding: &Finding) -> bool {
        self.text.is_some() && finding.file.is_none() && finding.is_fixable()
    }

    /// The text with what can be corrected corrected, and nothing else changed; none if that is nothing.
    #[must_use]
    pub fn fixed(&self) -> Option<String> {
        let mut report = self.clone();
        let mut fixed = None;
        for _ in 0..MAXIMUM_ROUNDS {
            let groups =
                report.findings.iter().filter(|finding| report.corrects(finding)).map(|finding| &finding.edits[..]);
            let Some(text) = report.text.as_deref().and_then(|text| edit::apply(text, groups)) else { break };
            match check_text(&self.file, &text, &self.options) {
                Ok(next) => report = next,
                Err(_) => break,
            }
            fixed = Some(text);
        }
        fixed
    }

    fn title(&self) -> String {
        let form = match self.form {
            Form::Source => "an app's own manifest, into which the build merges the library's",
            Form::Merged => "a manifest as it is installed",
            Form::Library => "a library's manifest",
        };
        let package =
            self.package.as_deref().map_or(String::new(), |package| format!(", package {}", printable(package)));
        let target = if self.target_is_assumed {
            format!("target SDK not said, {NEWEST_SDK} assumed")
        } else {
            format!("target SDK {}", self.target_sdk)
        };
        format!("{}: {form}{package}, {target}", self.file)
    }
}

/// What a manifest says, on one line of a terminal: a control character could do more than be read.
fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { char::REPLACEMENT_CHARACTER } else { character }).collect()
}

/// For people.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title())?;
        for finding in &self.findings {
            let check = finding.check;
            let file = finding.file.as_deref().unwrap_or(&self.file);
            let place = match (finding.place.line, finding.place.column) {
                (0, _) => file.to_owned(),
                (line, 0) => format!("{file}:{line}"),
                (line, column) => format!("{file}:{line}:{column}"),
            };
            writeln!(f, "\n{} {}: {}", check.severity, check.id, check.title)?;
            let detail = if finding.detail.is_empty() { String::new() } else { format!(": {}", finding.detail) };
            writeln!(f, "    at      {place}  {}{}", printable(&finding.subject), printable(&detail))?;
            writeln!(f, "    breaks  {}", check.breaks)?;
            if check.since != Since::Always {
                writeln!(f, "    on      {}", check.since)?;
            }
            let by_itself = if self.corrects(finding) { "  (--fix does it)" } else { "" };
            writeln!(f, "    fix     {}{by_itself}", check.fix)?;
        }
        let counted = |severity: Severity| {
            let number = self.count(severity);
            format!("{number} {severity}{}", if number == 1 { "" } else { "s" })
        };
        let correctable = self.findings.iter().filter(|finding| self.corrects(finding)).count();
        let by_itself = if correctable > 0 { format!("; --fix corrects {correctable}") } else { String::new() };
        let ignored = match self.ignored.len() {
            0 => String::new(),
            number => format!("; {number} ignored"),
        };
        if self.findings.is_empty() {
            writeln!(f, "nothing found{ignored}")
        } else {
            let all = [Severity::Error, Severity::Warning, Severity::Note].map(counted).join(", ");
            writeln!(f, "\n{all}{ignored}{by_itself}")
        }
    }
}
