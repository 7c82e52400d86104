//! Which process a component runs in, and how long.

use super::Context;
use crate::catalogue::{
    CALLBACK_PROCESS_WRONG, DIRECT_BOOT, ISOLATED_PROCESS, PROCESS_INVALID, PROCESS_WRONG, STOP_WITH_TASK,
};
use crate::document::Node;
use crate::edit;
use crate::finding::Finding;
use crate::library::{self, DAEMON_PROCESS, PUSH_SERVICE, Runs};
use crate::manifest::{Form, actions};

pub(super) fn check(context: &mut Context<'_>) {
    let manifest = context.manifest;
    let receivers = manifest.receivers();
    for node in manifest.components() {
        let class = manifest.class(node);
        invalid(context, node);
        match library::part(&class).map(|part| part.runs) {
            Some(Runs::Daemon) => daemon(context, node, &class),
            Some(Runs::App) => callback(context, node),
            None if receivers.contains(&node) => callback(context, node),
            None => {}
        }
    }
}

fn invalid(context: &mut Context<'_>, node: Node<'_>) {
    let Some(process) = node.android("process") else { return };
    let name = &process.value;
    if !name.is_empty() && !name.starts_with(':') && !name.contains('.') && !name.contains("${") {
        let detail = format!("android:process=\"{name}\"");
        let edit = edit::set_value(node, process, &format!(":{name}"));
        context.report(Finding::at(&PROCESS_INVALID, node).here(process).say(detail).fix(edit));
    }
}

fn daemon(context: &mut Context<'_>, node: Node<'_>, class: &str) {
    let manifest = context.manifest;
    let process = node.android("process");
    let is_right = |name: &str| {
        name.strip_suffix(DAEMON_PROCESS).is_some_and(|package| package.is_empty() || manifest.is_package(package))
    };
    match process {
        Some(process) if is_right(&process.value) || context.is_told(process.place) => {}
        Some(process) => {
            let detail = format!("android:process=\"{}\"", process.value);
            let edit = edit::set_value(node, process, DAEMON_PROCESS);
            context.report(Finding::at(&PROCESS_WRONG, node).here(process).say(detail).fix(edit));
        }
        // Merging takes the library's.
        None if manifest.form == Form::Source => {}
        None => {
            let edit = edit::set(node, "process", DAEMON_PROCESS);
            context.report(Finding::at(&PROCESS_WRONG, node).say("android:process is not written").fix(edit));
        }
    }
    if let Some(attribute) = node.android("directBootAware").filter(|attribute| attribute.value == "true") {
        let edit = edit::remove_attribute(node, attribute);
        context.report(Finding::at(&DIRECT_BOOT, node).here(attribute).say("android:directBootAware").fix(edit));
    }
    if let Some(action) = actions(node).find(|action| action.value == "android.intent.action.LOCKED_BOOT_COMPLETED") {
        context.report(Finding::at(&DIRECT_BOOT, node).here(action).say("LOCKED_BOOT_COMPLETED"));
    }
    if class == PUSH_SERVICE {
        for (name, check) in [("isolatedProcess", &ISOLATED_PROCESS), ("stopWithTask", &STOP_WITH_TASK)] {
            if let Some(attribute) = node.android(name).filter(|attribute| attribute.value == "true") {
                let edit = edit::remove_attribute(node, attribute);
                context.report(Finding::at(check, node).here(attribute).fix(edit));
            }
        }
    }
}

fn callback(context: &mut Context<'_>, node: Node<'_>) {
    let manifest = context.manifest;
    let Some(process) = node.android("process") else { return };
    let of_application = manifest.application.and_then(|application| application.value("process"));
    let own = process.value.is_empty()
        || manifest.is_package(&process.value)
        || of_application == Some(process.value.as_str());
    if !own && !context.is_told(process.place) {
        let detail = format!("android:process=\"{}\"", process.value);
        let edit = edit::remove_attribute(node, process);
        context.report(Finding::at(&CALLBACK_PROCESS_WRONG, node).here(process).say(detail).fix(edit));
    }
}
