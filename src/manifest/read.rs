//! Takes a file of any form to the checks.

use std::fmt;

use crate::archive;
use crate::binary;
use crate::catalogue::{Check, catalogue};
use crate::check::{self, Context};
use crate::contents::Contents;
use crate::document::{Document, Place};
use crate::manifest::{Form, Manifest};
use crate::report::Report;
use crate::resources::Resources;
use crate::shrinker::Rules;
use crate::text;

/// Bytes of a manifest at most: the largest of real apps have a few hundred thousand.
pub(crate) const MAXIMUM_MANIFEST: usize = 2 << 20;

/// What the file alone does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The text is as it is installed; nothing is merged into it any more. An APK's and an AAB's always are.
    pub merged: bool,
    /// The application id, where the manifest does not have it (Gradle's `namespace` and `applicationId`).
    pub package: Option<String>,
    /// What the app targets, where the manifest does not have it.
    pub target_sdk: Option<u32>,
    /// The app's shrinker rules: the file's name and its text.
    pub rules: Option<(String, String)>,
    /// Checks whose findings are set aside: not told, not corrected, and no error.
    pub ignored: Vec<&'static Check>,
}

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// The file, or the file within it.
    pub file: String,
    /// Where, if that is known.
    pub place: Place,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.place.line > 0 {
            write!(f, ":{}:{}", self.place.line, self.place.column)?;
        }
        write!(f, ": {}", self.why)
    }
}

impl std::error::Error for ReadError {}

impl ReadError {
    pub(crate) fn new(file: &str, why: impl fmt::Display) -> Self {
        Self { file: file.to_owned(), place: Place::default(), why: why.to_string() }
    }
}

/// Checks a file, whose form is told by its bytes.
///
/// # Errors
/// It is no manifest and has none, or it is damaged or too large.
pub fn check(file: &str, bytes: &[u8], options: &Options) -> Result<Report, ReadError> {
    if archive::is_archive(bytes) {
        let opened = archive::open(file, bytes)?;
        return check_document(file, &opened.document, opened.form, &opened.contents, options);
    }
    if bytes.len() > MAXIMUM_MANIFEST {
        return Err(ReadError::new(file, format!("larger than the {MAXIMUM_MANIFEST} bytes that a manifest may have")));
    }
    if binary::is_binary(bytes) {
        let document = binary::read(bytes, &Resources::default()).map_err(|why| ReadError::new(file, why))?;
        return check_document(file, &document, Form::Merged, &Contents::default(), options);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => check_text(file, text, options),
        Err(_) => Err(ReadError::new(file, "neither a manifest as text in UTF-8 nor an APK, AAB or AAR")),
    }
}

/// Checks a manifest as text.
pub(crate) fn check_text(file: &str, text: &str, options: &Options) -> Result<Report, ReadError> {
    let document = text::read(text).map_err(|error| ReadError {
        file: file.to_owned(),
        place: error.place(),
        why: error.to_string(),
    })?;
    let form = if options.merged { Form::Merged } else { Form::Source };
    let mut report = check_document(file, &document, form, &Contents::default(), options)?;
    report.text = Some(text.to_owned());
    Ok(report)
}

/// Runs the checks over what was read.
pub(crate) fn check_document(
    file: &str,
    document: &Document,
    form: Form,
    contents: &Contents,
    options: &Options,
) -> Result<Report, ReadError> {
    let manifest = Manifest::new(document, form, options.package.as_deref(), options.target_sdk)
        .ok_or_else(|| ReadError::new(file, "its root is no <manifest>"))?;
    let rules = options.rules.as_ref().map(|(file, text)| Rules::read(file, text));
    let mut context = Context { manifest: &manifest, contents, rules: rules.as_ref(), findings: Vec::new() };
    check::run(&mut context);
    let mut findings = context.findings;
    findings.sort_by_key(|finding| (finding.check.severity, order(finding.check), finding.place));
    let (ignored, findings) = findings.into_iter().partition(|finding| options.ignored.contains(&finding.check));
    Ok(Report {
        file: file.to_owned(),
        form,
        package: manifest.package.clone(),
        target_sdk: manifest.target_sdk,
        target_is_assumed: manifest.target_is_assumed,
        findings,
        ignored,
        text: None,
        options: options.clone(),
    })
}

fn order(check: &Check) -> usize {
    catalogue().iter().position(|other| other.id == check.id).unwrap_or(usize::MAX)
}
