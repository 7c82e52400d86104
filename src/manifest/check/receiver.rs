//! The app's own receiver, which gets the callbacks.

use super::Context;
use crate::catalogue::{
    Check, RECEIVER_ABSTRACT, RECEIVER_ACTION_MISSPELT, RECEIVER_ARRIVED_FILTER, RECEIVER_ERROR_FILTER,
    RECEIVER_FILTER_DATA, RECEIVER_FILTER_SHARED, RECEIVER_MESSAGE_FILTER, RECEIVER_MISSING, RECEIVER_TWO, SAMPLE_NAME,
};
use crate::document::Node;
use crate::edit;
use crate::finding::Finding;
use crate::library::{ACTIONS, RECEIVER_BASE};
use crate::manifest::{Form, actions, filters};
use crate::similar;

/// What says that a filter for each action is missing.
static FILTERS: [&Check; 3] = [&RECEIVER_MESSAGE_FILTER, &RECEIVER_ARRIVED_FILTER, &RECEIVER_ERROR_FILTER];

pub(super) fn check(context: &mut Context<'_>) {
    let misspelt = misspelt(context);
    let manifest = context.manifest;
    let receivers = manifest.receivers();
    if receivers.is_empty() && misspelt.is_empty() && manifest.form != Form::Library {
        let mut finding = Finding::new(&RECEIVER_MISSING, "application");
        finding.place = manifest.application.map_or(finding.place, Node::place);
        context.report(finding);
    }
    for &node in &receivers {
        one(context, node, &misspelt);
    }
    let taking: Vec<_> =
        receivers.iter().filter(|&&node| actions(node).any(|action| action.value == ACTIONS[0])).collect();
    if let [first, second, ..] = taking.as_slice()
        && manifest.class(**first) != manifest.class(**second)
    {
        let detail = format!("{} and {}", manifest.class(**first), manifest.class(**second));
        context.report(Finding::at(&RECEIVER_TWO, **second).say(detail));
    }
}

/// Actions that are almost Mi Push's: which are meant.
fn misspelt(context: &mut Context<'_>) -> Vec<&'static str> {
    let mut meant = Vec::new();
    for node in context.manifest.components().filter(|node| node.name() == "receiver") {
        for action in filters(node).flat_map(|filter| filter.children_named("action")) {
            let Some(name) = action.android("name") else { continue };
            let is_meant = |known: &&&str| {
                similar::is_slip(&name.value, known)
                    || name.value.contains("mipush") && similar::is_same_class_elsewhere(&name.value, known)
            };
            let Some(known) = ACTIONS.iter().find(is_meant) else { continue };
            meant.push(*known);
            let detail = format!("{} is meant to be {known}", name.value);
            let edit = edit::set_value(action, name, known);
            context.report(Finding::at(&RECEIVER_ACTION_MISSPELT, action).here(name).say(detail).fix(edit));
        }
    }
    meant
}

fn one(context: &mut Context<'_>, node: Node<'_>, misspelt: &[&str]) {
    let class = context.manifest.class(node);
    for (action, check) in ACTIONS.iter().zip(FILTERS) {
        if actions(node).any(|found| found.value == *action) || misspelt.contains(action) {
            continue;
        }
        let written = format!("    <action android:name=\"{action}\" />");
        let edit = edit::insert_inside(node, &["<intent-filter>", &written, "</intent-filter>"]);
        context.report(Finding::at(check, node).fix(edit));
    }
    for filter in filters(node) {
        let ours: Vec<_> = filter
            .children_named("action")
            .filter(|action| action.value("name").is_some_and(|name| ACTIONS.contains(&name)))
            .collect();
        if let [_, others @ ..] = ours.as_slice()
            && !others.is_empty()
        {
            let mut finding = Finding::at(&RECEIVER_FILTER_SHARED, node);
            finding.place = filter.place();
            let mut lines = Vec::new();
            for other in others {
                let written = format!("    <action android:name=\"{}\" />", other.value("name").unwrap_or_default());
                lines.extend(["<intent-filter>".to_owned(), written, "</intent-filter>".to_owned()]);
                finding = finding.fix(edit::remove(*other));
            }
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            context.report(finding.fix(edit::insert_before(filter, &lines)));
        }
        for data in filter.children_named("data").filter(|_| !ours.is_empty()) {
            let mut finding = Finding::at(&RECEIVER_FILTER_DATA, node).fix(edit::remove(data));
            finding.place = data.place();
            context.report(finding);
        }
    }
    if class == RECEIVER_BASE {
        context.report(Finding::at(&RECEIVER_ABSTRACT, node));
    } else if context.contents.classes.is_none() && is_sample(&class, context.manifest.package.as_deref()) {
        context.report(Finding::at(&SAMPLE_NAME, node));
    }
}

/// Whether a class name is one of the documents' that their readers are asked to replace.
pub(super) fn is_sample(class: &str, package: Option<&str>) -> bool {
    const REPLACED: &str = "com.tencent.qcloud.uipojo.thirdpush.XiaomiMsgReceiver";
    /// The packages of Tencent's and Xiaomi's demo apps, whose code readers copy.
    const DEMOS: [&str; 2] = ["com.tencent.qcloud.", "com.xiaomi.mipushdemo."];
    class == REPLACED
        || DEMOS.iter().any(|demo| class.starts_with(demo) && !package.is_some_and(|own| own.starts_with(demo)))
}
