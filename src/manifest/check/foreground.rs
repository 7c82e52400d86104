//! The foreground service, its permission and its type; and what there is without one.

use super::Context;
use super::permissions::missing;
use crate::catalogue::{
    FOREGROUND_OFF_PERMISSION, FOREGROUND_PERMISSION_MISSING, FOREGROUND_PROPERTY_MISSING, FOREGROUND_TYPE_LIMITED,
    FOREGROUND_TYPE_MISSING, FOREGROUND_TYPE_PERMISSION, NO_FOREGROUND_NO_ALARM,
};
use crate::edit;
use crate::finding::Finding;
use crate::library::{self, PUSH_SERVICE};
use crate::manifest::{Form, Manifest};

const FOREGROUND_SERVICE: &str = "android.permission.FOREGROUND_SERVICE";
const SPECIAL_USE: &str = "android.permission.FOREGROUND_SERVICE_SPECIAL_USE";
const PROPERTY: &str = "android.app.PROPERTY_SPECIAL_USE_FGS_SUBTYPE";

/// Types of foreground services: their name, bit (`ServiceInfo.FOREGROUND_SERVICE_TYPE_*`) and the end of their
/// permission's name; whether Android 15 lets them start at boot and go on for longer than six hours.
const TYPES: [(&str, u32, &str, bool); 14] = [
    ("dataSync", 1, "DATA_SYNC", false),
    ("mediaPlayback", 1 << 1, "MEDIA_PLAYBACK", false),
    ("phoneCall", 1 << 2, "PHONE_CALL", false),
    ("location", 1 << 3, "LOCATION", true),
    ("connectedDevice", 1 << 4, "CONNECTED_DEVICE", true),
    ("mediaProjection", 1 << 5, "MEDIA_PROJECTION", false),
    ("camera", 1 << 6, "CAMERA", false),
    ("microphone", 1 << 7, "MICROPHONE", false),
    ("health", 1 << 8, "HEALTH", true),
    ("remoteMessaging", 1 << 9, "REMOTE_MESSAGING", true),
    ("systemExempted", 1 << 10, "SYSTEM_EXEMPTED", true),
    ("fileManagement", 1 << 12, "FILE_MANAGEMENT", false),
    ("mediaProcessing", 1 << 13, "MEDIA_PROCESSING", false),
    ("specialUse", 1 << 30, "SPECIAL_USE", true),
];

pub(super) fn check(context: &mut Context<'_>) {
    let manifest = context.manifest;
    if manifest.form == Form::Library {
        return;
    }
    if manifest.wants_foreground() { wanted(context) } else { unwanted(context) }
}

fn wanted(context: &mut Context<'_>) {
    let manifest = context.manifest;
    let target = manifest.target_sdk;
    if target >= 28 && !is_asked(manifest, FOREGROUND_SERVICE) {
        lacking(context, &FOREGROUND_PERMISSION_MISSING, FOREGROUND_SERVICE);
    }
    if target < 34 {
        return;
    }
    let Some(service) = manifest.component(PUSH_SERVICE) else {
        // The library's own declaration comes by merging.
        if manifest.form == Form::Source && !is_asked(manifest, SPECIAL_USE) {
            lacking(context, &FOREGROUND_TYPE_PERMISSION, SPECIAL_USE);
        }
        return;
    };
    let written = service.android("foregroundServiceType");
    let types = match written {
        Some(attribute) => types(&attribute.value),
        None if manifest.form == Form::Source => types("specialUse"),
        None => Vec::new(),
    };
    if types.is_empty() {
        let edit = edit::set(service, "foregroundServiceType", "specialUse");
        let detail = written.map_or(String::new(), |attribute| format!("\"{}\" is no type", attribute.value));
        context.report(Finding::at(&FOREGROUND_TYPE_MISSING, service).say(detail).fix(edit));
        return;
    }
    for (_, _, end, _) in &types {
        let name = format!("{FOREGROUND_SERVICE}_{end}");
        if !is_asked(manifest, &name) {
            lacking(context, &FOREGROUND_TYPE_PERMISSION, &name);
        }
    }
    let limited: Vec<_> = types.iter().filter(|(_, _, _, lasts)| !lasts).map(|(name, ..)| *name).collect();
    if target >= 35 && !limited.is_empty() {
        let edit = edit::set(service, "foregroundServiceType", "specialUse");
        let finding = Finding::at(&FOREGROUND_TYPE_LIMITED, service).say(limited.join("|")).fix(edit);
        context.report(written.into_iter().fold(finding, Finding::here));
    }
    let is_special = types.iter().any(|(name, ..)| *name == "specialUse");
    let is_described = service.children_named("property").any(|property| property.value("name") == Some(PROPERTY));
    if is_special && !is_described && manifest.form == Form::Merged {
        let edit = library::declared(PUSH_SERVICE)
            .and_then(|ours| ours.children_named("property").next())
            .and_then(|ours| ours.value("value"))
            .and_then(|value| {
                let name = format!("    android:name=\"{PROPERTY}\"");
                let value = format!("    android:value=\"{value}\" />");
                edit::insert_inside(service, &["<property", &name, &value])
            });
        context.report(Finding::at(&FOREGROUND_PROPERTY_MISSING, service).fix(edit));
    }
}

fn unwanted(context: &mut Context<'_>) {
    let manifest = context.manifest;
    // The library brings SPECIAL_USE unless the app takes it out.
    if let Some(node) = manifest.meta_data("offpush.foreground") {
        if is_asked(manifest, SPECIAL_USE) {
            context.report(Finding::at(&FOREGROUND_OFF_PERMISSION, node).say(SPECIAL_USE));
        }
        let ways = ["SCHEDULE_EXACT_ALARM", "USE_EXACT_ALARM", "REQUEST_IGNORE_BATTERY_OPTIMIZATIONS"];
        if !ways.iter().any(|way| manifest.uses(&format!("android.permission.{way}")).next().is_some()) {
            context.report(Finding::at(&NO_FOREGROUND_NO_ALARM, node));
        }
    }
}

/// Whether the installed app asks for a permission: in an app's own manifest also what the library brings.
fn is_asked(manifest: &Manifest<'_>, name: &str) -> bool {
    if manifest.uses(name).next().is_some() {
        return true;
    }
    let is_brought = name == FOREGROUND_SERVICE || name == SPECIAL_USE;
    let is_removed = manifest.all_uses().any(|node| node.is_removed() && node.value("name") == Some(name));
    manifest.form == Form::Source && is_brought && !is_removed
}

/// A permission is missing, or taken out by the build tools: then that element is the place, and goes.
fn lacking(context: &mut Context<'_>, check: &'static crate::catalogue::Check, name: &str) {
    let removed = context.manifest.all_uses().find(|node| node.is_removed() && node.value("name") == Some(name));
    match removed {
        Some(node) => context.report(Finding::at(check, node).say("tools:node takes it out").fix(edit::remove(node))),
        None if context.found("permission-misspelt") && is_meant(context, name) => {}
        None => missing(context, check, name),
    }
}

/// Whether a misspelt permission stands for this one.
fn is_meant(context: &Context<'_>, name: &str) -> bool {
    context.findings.iter().any(|finding| finding.check.id == "permission-misspelt" && finding.detail.ends_with(name))
}

/// The types in an attribute's value: names with bars between, or in a binary form the bits.
fn types(value: &str) -> Vec<&'static (&'static str, u32, &'static str, bool)> {
    let bits: Option<u32> = value.parse().ok();
    TYPES
        .iter()
        .filter(|(name, bit, ..)| match bits {
            Some(bits) => bits & bit != 0,
            None => value.split('|').any(|word| word.trim() == *name),
        })
        .collect()
}
