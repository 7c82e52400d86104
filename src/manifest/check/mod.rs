//! The checks themselves, by what they look at. Each writes a finding for a check of the catalogue.

mod application;
mod archive;
mod backup_rules;
mod components;
mod file;
mod foreground;
mod meta_data;
mod permissions;
mod process;
mod receiver;
mod rules;

use crate::contents::Contents;
use crate::finding::Finding;
use crate::manifest::Manifest;
use crate::shrinker::Rules;

/// What the checks look at, and where they write.
pub(crate) struct Context<'d> {
    pub(crate) manifest: &'d Manifest<'d>,
    pub(crate) contents: &'d Contents,
    pub(crate) rules: Option<&'d Rules>,
    pub(crate) findings: Vec<Finding>,
}

impl Context<'_> {
    fn report(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    fn found(&self, id: &str) -> bool {
        self.findings.iter().any(|finding| finding.check.id == id)
    }

    /// Whether another check has a finding about the same place already.
    fn is_told(&self, place: crate::document::Place) -> bool {
        place.line > 0 && self.findings.iter().any(|finding| finding.file.is_none() && finding.place == place)
    }
}

/// Runs every check. What comes later may leave out what is a mere consequence of what was found before.
pub(crate) fn run(context: &mut Context<'_>) {
    file::check(context);
    if context.manifest.application.is_none() {
        return;
    }
    permissions::check(context);
    process::check(context);
    receiver::check(context);
    foreground::check(context);
    components::check(context);
    meta_data::check(context);
    application::check(context);
    archive::check(context);
    rules::check(context);
}
