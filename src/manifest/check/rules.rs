//! The app's shrinker rules beside its manifest.

use std::collections::HashSet;

use super::Context;
use super::receiver::is_sample;
use crate::catalogue::{RULE_RECEIVER_MISSING, RULE_SAMPLE_NAME, RULE_WEAK, RULE_WITHOUT_CLASS};
use crate::finding::Finding;
use crate::library::PARTS;
use crate::shrinker::Keep;

/// Receivers that are looked for in the rules; an app has one.
const MAXIMUM_RECEIVERS: usize = 50;

pub(super) fn check(context: &mut Context<'_>) {
    let Some(rules) = context.rules else { return };
    let manifest = context.manifest;
    let receivers: Vec<String> =
        manifest.receivers().iter().take(MAXIMUM_RECEIVERS).map(|&node| manifest.class(node)).collect();
    let started: Vec<&str> = receivers.iter().map(String::as_str).chain(PARTS.iter().map(|part| part.class)).collect();
    let kept: HashSet<&str> = started
        .iter()
        .copied()
        .filter(|class| rules.keeps.iter().any(|keep| keep.is_firm() && keep.matches(class)))
        .collect();
    let about = |check, keep: &Keep| {
        Finding::new(check, format!("{} {}", keep.directive, keep.class)).in_file(&rules.file, keep.line)
    };
    for keep in &rules.keeps {
        if !keep.has_keyword {
            let detail = format!("{} class {} {{ *; }}", keep.directive, keep.class);
            context.report(about(&RULE_WITHOUT_CLASS, keep).say(format!("write {detail}")));
            continue;
        }
        // A rule for everything, as the platform's own default rules have them, is not meant for these classes.
        let is_general = keep.class.contains('*');
        if let Some(class) =
            started.iter().find(|class| keep.is_weak() && !is_general && keep.matches(class) && !kept.contains(*class))
        {
            context.report(about(&RULE_WEAK, keep).say((*class).to_owned()));
        }
        if is_sample(&keep.class, manifest.package.as_deref()) && manifest.component(&keep.class).is_none() {
            context.report(about(&RULE_SAMPLE_NAME, keep));
        }
    }
    for receiver in &receivers {
        if !rules.keeps.iter().any(|keep| keep.matches(receiver)) {
            context
                .report(Finding::new(&RULE_RECEIVER_MISSING, format!("receiver {receiver}")).in_file(&rules.file, 0));
        }
    }
}
