//! Permissions: those that the library needs, those that do nothing or harm, and Mi Push's own.

use super::Context;
use crate::catalogue::{
    BATTERY_EXEMPTION, BOOT_PERMISSION_MISSING, Check, EXACT_ALARM_RESTRICTED, INTERNET_MISSING, NETWORK_STATE_MISSING,
    NOTIFICATION_PERMISSION_MISSING, PERMISSION_LIMITED, PERMISSION_MISSPELT, PERMISSION_PHONE_STATE,
    PERMISSION_REMOVED, PERMISSION_STORAGE, PERMISSION_TASKS, PERMISSION_WIFI_STATE, RECEIVE_PERMISSION_LEVEL,
    RECEIVE_PERMISSION_PACKAGE, RECEIVE_PERMISSION_UNUSED, WAKE_LOCK_MISSING,
};
use crate::document::Node;
use crate::edit;
use crate::finding::Finding;
use crate::library::NEWEST_SDK;
use crate::manifest::Form;
use crate::similar;

/// A permission that the library needs, and what is said when it is missing. The check's `since` is when it is needed.
static NEEDED: [(&str, &Check); 5] = [
    ("android.permission.INTERNET", &INTERNET_MISSING),
    ("android.permission.ACCESS_NETWORK_STATE", &NETWORK_STATE_MISSING),
    ("android.permission.WAKE_LOCK", &WAKE_LOCK_MISSING),
    ("android.permission.RECEIVE_BOOT_COMPLETED", &BOOT_PERMISSION_MISSING),
    ("android.permission.POST_NOTIFICATIONS", &NOTIFICATION_PERMISSION_MISSING),
];

/// Permissions whose names begin or end like a needed one, so that a slip of the pen may mean them.
const ALSO_MEANT: [&str; 3] = [
    "android.permission.FOREGROUND_SERVICE",
    "android.permission.FOREGROUND_SERVICE_SPECIAL_USE",
    "android.permission.SCHEDULE_EXACT_ALARM",
];

/// Permissions that an app for offpush can do without: name, check, the last API level at which it may still be asked
/// for, the lowest target at which it matters.
static USELESS: [(&str, &Check, u32, u32); 6] = [
    ("android.permission.WRITE_EXTERNAL_STORAGE", &PERMISSION_STORAGE, 29, 30),
    ("android.permission.READ_PHONE_STATE", &PERMISSION_PHONE_STATE, 28, 29),
    ("android.permission.GET_TASKS", &PERMISSION_TASKS, 20, 1),
    ("android.permission.ACCESS_WIFI_STATE", &PERMISSION_WIFI_STATE, 0, 1),
    ("android.permission.USE_EXACT_ALARM", &EXACT_ALARM_RESTRICTED, 32, 1),
    ("android.permission.REQUEST_IGNORE_BATTERY_OPTIMIZATIONS", &BATTERY_EXEMPTION, 0, 1),
];

/// What the name of Mi Push's permission ends with, behind the package.
const RECEIVE: &str = ".permission.MIPUSH_RECEIVE";
/// The package of Xiaomi's own service, whose permission is a different one.
const XIAOMI_SERVICE: &str = "com.xiaomi.xmsf";

pub(super) fn check(context: &mut Context<'_>) {
    let misspelt = misspelt(context);
    let manifest = context.manifest;
    for (name, check) in NEEDED {
        if let Some(node) = manifest.all_uses().find(|node| node.is_removed() && node.value("name") == Some(name)) {
            context.report(Finding::at(&PERMISSION_REMOVED, node).fix(edit::remove(node)));
            continue;
        }
        let mut there = manifest.uses(name).peekable();
        if there.peek().is_none() {
            let needed = manifest.form == Form::Merged && manifest.target_sdk >= check.since.api();
            if needed && !misspelt.contains(&name) {
                missing(context, check, name);
            }
            continue;
        }
        // Asked for twice, once without end: it has no end.
        if let Some(node) = there.max_by_key(|node| last(*node))
            && let Some(end) = node.android("maxSdkVersion").filter(|_| last(node) < NEWEST_SDK)
        {
            let detail = format!("android:maxSdkVersion=\"{}\"", end.value);
            let edit = edit::remove_attribute(node, end);
            context.report(Finding::at(&PERMISSION_LIMITED, node).here(end).say(detail).fix(edit));
        }
    }
    for (name, check, end, target) in USELESS {
        if manifest.target_sdk < target {
            continue;
        }
        for node in manifest.uses(name).filter(|node| last(*node) > end) {
            let limit = matches!(end, 28 | 29).then(|| edit::set(node, "maxSdkVersion", "28")).flatten();
            context.report(Finding::at(check, node).fix(limit));
        }
    }
    receive(context);
}

/// Says that a permission is missing; the fix puts it in front of the application.
pub(super) fn missing(context: &mut Context<'_>, check: &'static Check, name: &str) {
    let mut finding = Finding::new(check, format!("uses-permission {name}"));
    finding.place = context.manifest.root.place();
    let edit = context
        .manifest
        .application
        .and_then(|node| edit::insert_before(node, &[&format!("<uses-permission android:name=\"{name}\" />")]));
    context.report(finding.fix(edit));
}

/// The last API level for which an element asks.
fn last(node: Node<'_>) -> u32 {
    node.value("maxSdkVersion").and_then(|text| text.parse().ok()).unwrap_or(u32::MAX)
}

/// The permissions that a misspelt one stands for.
fn misspelt(context: &mut Context<'_>) -> Vec<&'static str> {
    let mut meant = Vec::new();
    let known: Vec<&'static str> = NEEDED.iter().map(|&(name, _)| name).chain(ALSO_MEANT).collect();
    for node in context.manifest.all_uses().filter(|node| !node.is_removed()) {
        let Some(name) = node.android("name").filter(|name| !known.contains(&name.value.as_str())) else { continue };
        let Some(near) = known.iter().find(|known| {
            similar::is_slip(&name.value, known)
                || !name.value.contains('.') && known.rsplit('.').next() == Some(name.value.as_str())
        }) else {
            continue;
        };
        meant.push(*near);
        let detail = format!("{} is meant to be {near}", name.value);
        let edit = edit::set_value(node, name, near);
        context.report(Finding::at(&PERMISSION_MISSPELT, node).here(name).say(detail).fix(edit));
    }
    meant
}

fn receive(context: &mut Context<'_>) {
    let manifest = context.manifest;
    let named = |node: &Node<'_>| node.value("name").is_some_and(|name| name.ends_with(RECEIVE));
    let defined: Vec<_> = manifest.root.children_named("permission").filter(named).collect();
    let asked: Vec<_> = manifest.all_uses().filter(named).collect();
    for &node in defined.iter().chain(&asked) {
        let Some(name) = node.android("name") else { continue };
        let package = name.value.strip_suffix(RECEIVE).unwrap_or_default();
        let is_known = manifest.package.is_some();
        // Without a package of its own (Gradle's namespace) only the documents' packages are known to be others.
        let is_foreign = if is_known { !manifest.is_package(package) } else { is_documents(package) };
        if !is_foreign || package == XIAOMI_SERVICE || package.contains("${") {
            continue;
        }
        let own = match (manifest.form, &manifest.package) {
            (Form::Merged, Some(package)) => package.as_str(),
            _ => "${applicationId}",
        };
        let here = manifest.package.as_deref().map_or(String::new(), |here| format!(", the package is {here}"));
        context.report(
            Finding::at(&RECEIVE_PERMISSION_PACKAGE, node)
                .here(name)
                .say(format!("it names {package}{here}"))
                .fix(edit::set_value(node, name, &format!("{own}{RECEIVE}"))),
        );
    }
    for &node in &defined {
        let level = node.android("protectionLevel");
        // In a binary form the level is a number whose low four bits are 2 for signature.
        let is_signature = level.is_some_and(|level| {
            level.value.split('|').any(|word| word.starts_with("signature"))
                || level.value.parse::<u32>().is_ok_and(|number| number & 0xf == 2)
        });
        if !is_signature {
            let detail = level.map_or("android:protectionLevel is not written".to_owned(), |level| level.value.clone());
            let edit = edit::set(node, "protectionLevel", "signature");
            context.report(Finding::at(&RECEIVE_PERMISSION_LEVEL, node).say(detail).fix(edit));
        }
    }
    if manifest.form == Form::Merged && defined.is_empty() != asked.is_empty() {
        let there = defined.first().or(asked.first());
        if let Some(&node) = there {
            context.report(Finding::at(&RECEIVE_PERMISSION_UNUSED, node));
        }
    }
}

/// The packages that the documents' manifests are written for.
fn is_documents(package: &str) -> bool {
    matches!(package, "com.tencent.qcloud.tim.tuikit" | "com.xiaomi.mipushdemo")
}
