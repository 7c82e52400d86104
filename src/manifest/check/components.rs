//! The library's own components, and what Android asks of every component.

use super::Context;
use crate::catalogue::{
    COMPONENT_DISABLED, COMPONENT_DUPLICATE, COMPONENT_MISSPELT, COMPONENT_REMOVED, COMPONENT_WRONG_KIND,
    EXPORTED_MISSING, JOB_PERMISSION_MISSING, MERGE_CONFLICT, NETWORK_STATUS_RECEIVER as NETWORK_STATUS,
    SERVICE_EXPORTED,
};
use crate::document::Node;
use crate::edit;
use crate::finding::Finding;
use crate::library::{self, JOB_SERVICE, NETWORK_STATUS_RECEIVER, PARTS, Part};
use crate::manifest::{Form, filters};
use crate::similar;

const BIND_JOB_SERVICE: &str = "android.permission.BIND_JOB_SERVICE";

pub(super) fn check(context: &mut Context<'_>) {
    let misspelt = misspelt(context);
    for part in &PARTS {
        let there = present(context, part);
        if !there && !misspelt.contains(&part.class) {
            missing(context, part);
        }
    }
    for node in context.manifest.components() {
        exported(context, node);
        if let Some(part) = library::part(&context.manifest.class(node)).filter(|part| part.element == node.name()) {
            merging(context, node, part);
        }
    }
    duplicates(context);
}

/// The classes that a misspelt component stands for.
fn misspelt(context: &mut Context<'_>) -> Vec<&'static str> {
    let manifest = context.manifest;
    let mut meant = Vec::new();
    for node in manifest.components() {
        let class = manifest.class(node);
        if library::part(&class).is_some() {
            continue;
        }
        let near = PARTS.iter().find(|part| {
            similar::is_slip(&class, part.class)
                || class.to_lowercase().contains("xiaomi") && similar::is_same_class_elsewhere(&class, part.class)
        });
        let (Some(part), Some(name)) = (near, node.android("name")) else { continue };
        meant.push(part.class);
        context.report(
            Finding::at(&COMPONENT_MISSPELT, node)
                .here(name)
                .say(format!("{class} is meant to be {}", part.class))
                .fix(edit::set_value(node, name, part.class)),
        );
    }
    meant
}

/// Looks at the component where it is declared; false if it is not.
fn present(context: &mut Context<'_>, part: &Part) -> bool {
    let manifest = context.manifest;
    if let Some(removed) =
        manifest.all_components().find(|&node| node.is_removed() && manifest.class(node) == part.class)
    {
        if part.missing.is_some() {
            context.report(Finding::at(&COMPONENT_REMOVED, removed).fix(edit::remove(removed)));
        }
        return true;
    }
    let Some(node) = manifest.component(part.class) else { return false };
    if node.name() != part.element {
        let detail = format!("<{}> instead of <{}>", node.name(), part.element);
        context.report(Finding::at(&COMPONENT_WRONG_KIND, node).say(detail));
        return true;
    }
    if part.class == NETWORK_STATUS_RECEIVER {
        if manifest.target_sdk >= 24 {
            context.report(Finding::at(&NETWORK_STATUS, node));
        }
        return true;
    }
    if let Some(enabled) = node.android("enabled").filter(|enabled| enabled.value == "false") {
        let edit = edit::remove_attribute(node, enabled);
        context.report(Finding::at(&COMPONENT_DISABLED, node).here(enabled).fix(edit));
    }
    if part.class == JOB_SERVICE {
        let permission = node.android("permission");
        let is_right = permission.is_some_and(|permission| permission.value == BIND_JOB_SERVICE);
        let may_come = permission.is_none() && manifest.form == Form::Source;
        if !is_right && !may_come {
            let detail = permission.map_or("android:permission is not written".to_owned(), |p| p.value.clone());
            let finding = Finding::at(&JOB_PERMISSION_MISSING, node).say(detail);
            let finding = permission.into_iter().fold(finding, Finding::here);
            context.report(finding.fix(edit::set(node, "permission", BIND_JOB_SERVICE)));
        }
    }
    let ours = library::merged_attributes(part.class).any(|(name, value)| name == "exported" && value == "false");
    // In an app's own manifest the build stops before it matters: merge-conflict.
    let merges = manifest.form == Form::Source && !is_replaced(node, "exported");
    if let Some(exported) = node.android("exported").filter(|exported| ours && !merges && exported.value == "true") {
        let edit = edit::set_value(node, exported, "false");
        context.report(Finding::at(&SERVICE_EXPORTED, node).here(exported).fix(edit));
    }
    true
}

/// In an app's own manifest what is missing comes from the library.
fn missing(context: &mut Context<'_>, part: &Part) {
    let manifest = context.manifest;
    let Some(check) = part.missing.filter(|_| manifest.form == Form::Merged) else { return };
    let mut finding = Finding::new(check, format!("{} {}", part.element, part.class));
    if let Some(application) = manifest.application {
        finding.place = application.place();
        if let Some(lines) = library::lines(part.class) {
            finding = finding.fix(edit::insert_inside(application, &lines));
        }
    }
    context.report(finding);
}

/// `android:exported` beside a filter, demanded of an app that targets Android 12.
fn exported(context: &mut Context<'_>, node: Node<'_>) {
    let manifest = context.manifest;
    let needed = manifest.target_sdk >= 31
        && node.name() != "provider"
        && filters(node).next().is_some()
        && node.android("exported").is_none();
    let part = library::part(&manifest.class(node));
    if !needed || part.is_some() && manifest.form == Form::Source {
        return;
    }
    // What it was by itself before, so that nothing changes; the library's as the library says.
    let value = part
        .and_then(|part| library::merged_attributes(part.class).find(|(name, _)| *name == "exported"))
        .map_or("true", |(_, value)| value);
    context.report(Finding::at(&EXPORTED_MISSING, node).fix(edit::set(node, "exported", value)));
}

/// What Gradle's merger would refuse beside the library's manifest.
fn merging(context: &mut Context<'_>, node: Node<'_>, part: &Part) {
    // The receiver that is not in the AAR merges with nothing.
    if context.manifest.form != Form::Source || part.class == NETWORK_STATUS_RECEIVER {
        return;
    }
    for (name, value) in library::merged_attributes(part.class) {
        let Some(attribute) = node.android(name) else { continue };
        if attribute.value == value
            || attribute.value.contains("${")
            || is_replaced(node, name)
            || context.is_told(attribute.place)
        {
            continue;
        }
        let detail = format!("android:{name} is \"{}\", in the library \"{value}\"", attribute.value);
        let edit = edit::remove_attribute(node, attribute);
        context.report(Finding::at(&MERGE_CONFLICT, node).here(attribute).say(detail).fix(edit));
    }
}

fn is_replaced(node: Node<'_>, name: &str) -> bool {
    ["replace", "remove"].iter().any(|tool| {
        node.tools(tool).is_some_and(|names| names.split(',').any(|n| n.trim().trim_start_matches("android:") == name))
    }) || node.tools("node") == Some("replace")
}

fn duplicates(context: &mut Context<'_>) {
    let manifest = context.manifest;
    let components: Vec<_> = manifest.components().map(|node| (node.name(), manifest.class(node), node)).collect();
    let mut first = std::collections::HashMap::new();
    for (element, class, node) in &components {
        if class.is_empty() {
            continue;
        }
        match first.entry((*element, class.as_str())) {
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(*node);
            }
            std::collections::hash_map::Entry::Occupied(place) => {
                let line = place.get().place().line;
                let same = words(*place.get()) == words(*node);
                let edit = if same { edit::remove(*node) } else { None };
                let detail = if line > 0 { format!("the first is in line {line}") } else { String::new() };
                context.report(Finding::at(&COMPONENT_DUPLICATE, *node).say(detail).fix(edit));
            }
        }
    }
}

/// An element's text without regard to white space.
fn words(node: Node<'_>) -> Option<Vec<&str>> {
    Some(node.text()?.get(node.element().range.clone())?.split_whitespace().collect())
}
