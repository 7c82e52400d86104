//! What the application says of itself: backup, cleartext, a way in.

use super::{Context, backup_rules};
use crate::archive::BACKUP_RULES;
use crate::catalogue::{
    APPLICATION_DISABLED, BACKUP_REGISTRATION, BACKUP_RULES_OWN, CLEARTEXT_PERMITTED, LAUNCHER_MISSING,
    TRANSFER_REGISTRATION,
};
use crate::document::{Document, Kind, Node};
use crate::edit;
use crate::finding::Finding;
use crate::manifest::{Form, filters};

pub(super) fn check(context: &mut Context<'_>) {
    let manifest = context.manifest;
    let Some(application) = manifest.application.filter(|_| manifest.form != Form::Library) else { return };
    let about = |check| {
        let mut finding = Finding::new(check, "application");
        finding.place = application.place();
        finding
    };
    if let Some(enabled) = application.android("enabled").filter(|enabled| enabled.value == "false") {
        let edit = edit::remove_attribute(application, enabled);
        context.report(about(&APPLICATION_DISABLED).here(enabled).fix(edit));
    }
    backup(context, application);
    if let Some(cleartext) = application.android("usesCleartextTraffic").filter(|value| value.value == "true") {
        context.report(about(&CLEARTEXT_PERMITTED).here(cleartext));
    }
    let launches = manifest
        .components()
        .filter(|node| matches!(node.name(), "activity" | "activity-alias"))
        .flat_map(filters)
        .any(|filter| {
            let has = |element, name: &str| filter.children_named(element).any(|node| node.value("name") == Some(name));
            has("action", "android.intent.action.MAIN")
                && (has("category", "android.intent.category.LAUNCHER")
                    || has("category", "android.intent.category.LEANBACK_LAUNCHER"))
        });
    if !launches && manifest.form == Form::Merged {
        context.report(about(&LAUNCHER_MISSING));
    }
}

/// Backups and moves to another phone, which may take the registration with them.
fn backup(context: &mut Context<'_>, application: Node<'_>) {
    let manifest = context.manifest;
    let is_allowed = application.flag("allowBackup") != Some(false);
    let before_12 = is_allowed && manifest.min_sdk.is_none_or(|min| min < 31);
    for (attribute, ours, check, counts) in [
        (BACKUP_RULES[0], "@xml/offpush_backup_rules", &BACKUP_REGISTRATION, before_12),
        (BACKUP_RULES[1], "@xml/offpush_data_extraction_rules", &TRANSFER_REGISTRATION, manifest.target_sdk >= 31),
    ] {
        if !counts {
            continue;
        }
        let at = |check, place| {
            let mut finding = Finding::new(check, "application");
            finding.place = place;
            finding
        };
        // "true" stands for all files.
        let written = application.android(attribute).filter(|written| written.value != "true");
        let Some(written) = written else {
            let edit = edit::set(application, attribute, ours);
            context.report(at(check, application.place()).fix(edit));
            continue;
        };
        if let Some(rules) = context.contents.backup_rules.get(&written.value).and_then(Document::root) {
            if let Some(taken) = backup_rules::taken(rules, is_allowed) {
                context.report(at(check, written.place).say(format!("{} takes {taken}", written.value)));
            }
        } else if written.kind == Kind::Reference && written.value != ours {
            context.report(at(&BACKUP_RULES_OWN, written.place).say(written.value.clone()));
        }
    }
}
