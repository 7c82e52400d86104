//! What the application says of itself: backup, cleartext, a way in.

use super::Context;
use crate::catalogue::{
    APPLICATION_DISABLED, BACKUP_REGISTRATION, CLEARTEXT_PERMITTED, LAUNCHER_MISSING, TRANSFER_REGISTRATION,
};
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
    let allowed = application.flag("allowBackup") != Some(false);
    if allowed && application.android("fullBackupContent").is_none() && manifest.min_sdk.is_none_or(|min| min < 31) {
        let edit = edit::set(application, "fullBackupContent", "@xml/offpush_backup_rules");
        context.report(about(&BACKUP_REGISTRATION).fix(edit));
    }
    if manifest.target_sdk >= 31 && application.android("dataExtractionRules").is_none() {
        let edit = edit::set(application, "dataExtractionRules", "@xml/offpush_data_extraction_rules");
        context.report(about(&TRANSFER_REGISTRATION).fix(edit));
    }
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
