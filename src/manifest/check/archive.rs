//! What is in the app beside its manifest: its code and the native library.

use std::collections::BTreeSet;

use super::Context;
use crate::archive::LIBRARY;
use crate::catalogue::{
    LIBRARY_ABI_MISSING, LIBRARY_CLASS_MISSING, LIBRARY_COMPRESSED, LIBRARY_MISSING, LIBRARY_PAGE_SIZE,
    LIBRARY_ZIP_ALIGNMENT, MI_PUSH_SDK, RECEIVER_CLASS_MISSING, RECEIVER_SUPERCLASS,
};
use crate::contents::{Classes, NativeLibrary};
use crate::finding::Finding;
use crate::library::{self, CLASSES, RECEIVER_BASE};
use crate::manifest::Form;

/// Pages of phones that Google Play asks to be ready for (developer.android.com, "Support 16 KB page sizes").
const PAGE: u64 = 16 * 1024;
/// Classes that are looked up from one to what it extends, at most.
const MAXIMUM_DEPTH: usize = 32;

pub(super) fn check(context: &mut Context<'_>) {
    let contents = context.contents;
    mi_push(context);
    if let Some(classes) = &contents.classes {
        code(context, classes);
    }
    if let Some(libraries) = &contents.libraries {
        native(context, libraries);
    }
}

/// Mi Push's own SDK, by what its manifest adds and by its classes.
fn mi_push(context: &mut Context<'_>) {
    let manifest = context.manifest;
    if let Some(node) = manifest.meta_data("MIPUSH_SDK_VERSION_CODE").or(manifest.meta_data("MIPUSH_SDK_VERSION_NAME"))
    {
        context.report(Finding::at(&MI_PUSH_SDK, node).say(node.value("value").unwrap_or_default()));
        return;
    }
    let mut foreign: Vec<&str> = context
        .contents
        .classes
        .iter()
        .flat_map(Classes::names)
        .filter(|name| name.starts_with("com.xiaomi.push.") || name.starts_with("com.xiaomi.mipush."))
        .map(|name| name.split('$').next().unwrap_or_default())
        // A shrinker leaves the library's renamed classes in their packages, under short names.
        .filter(|name| name.rsplit('.').next().is_some_and(|last| last.len() > 3))
        .filter(|name| !CLASSES.contains(name))
        .collect();
    foreign.sort_unstable();
    if let Some(first) = foreign.first() {
        context.report(Finding::new(&MI_PUSH_SDK, format!("class {first}")));
    }
}

fn code(context: &mut Context<'_>, classes: &Classes) {
    let manifest = context.manifest;
    if manifest.form == Form::Library {
        return;
    }
    for node in manifest.receivers() {
        let class = manifest.class(node);
        if !classes.contains(&class) {
            context.report(Finding::at(&RECEIVER_CLASS_MISSING, node));
        } else if class != RECEIVER_BASE && !extends(classes, &class) {
            context.report(Finding::at(&RECEIVER_SUPERCLASS, node));
        }
    }
    for node in manifest.components() {
        let class = manifest.class(node);
        if library::part(&class).is_some() && !classes.contains(&class) {
            context.report(Finding::at(&LIBRARY_CLASS_MISSING, node));
        }
    }
}

/// Whether a class extends PushMessageReceiver, at any distance.
fn extends(classes: &Classes, class: &str) -> bool {
    let mut class = class;
    for _ in 0..MAXIMUM_DEPTH {
        match classes.base(class) {
            Some(RECEIVER_BASE) => return true,
            Some(base) => class = base,
            None => return false,
        }
    }
    false
}

fn native(context: &mut Context<'_>, libraries: &[NativeLibrary]) {
    let manifest = context.manifest;
    let ours: Vec<&NativeLibrary> = libraries.iter().filter(|library| library.name == LIBRARY).collect();
    if manifest.form == Form::Merged {
        missing(context, libraries, &ours);
    }
    let extracted = manifest.application.and_then(|application| application.flag("extractNativeLibs"));
    for library in ours {
        let about = |check| Finding::new(check, library.path.clone());
        if library.is_compressed && extracted == Some(false) && library.offset.is_some() {
            context.report(about(&LIBRARY_COMPRESSED));
        }
        // Phones with pages of 16 KB run 64-bit code alone.
        if !matches!(library.abi.as_str(), "arm64-v8a" | "x86_64") {
            continue;
        }
        match library.alignment {
            Some(alignment) if alignment < PAGE => {
                context.report(about(&LIBRARY_PAGE_SIZE).say(format!("aligned to {alignment} bytes")));
            }
            Some(_) => {}
            None => context.report(about(&LIBRARY_PAGE_SIZE).say("it is no ELF library")),
        }
        let misplaced = library.offset.filter(|offset| !library.is_compressed && offset % PAGE != 0);
        if let Some(offset) = misplaced.filter(|_| extracted == Some(false)) {
            context.report(about(&LIBRARY_ZIP_ALIGNMENT).say(format!("it begins at byte {offset}")));
        }
    }
}

fn missing(context: &mut Context<'_>, libraries: &[NativeLibrary], ours: &[&NativeLibrary]) {
    let manifest = context.manifest;
    if ours.is_empty() {
        // A base split's libraries are in splits of their own.
        let is_split = manifest.root.flag("isSplitRequired") == Some(true)
            || manifest.meta_data("com.android.vending.splits.required").is_some();
        if !is_split && context.contents.classes.is_some() {
            context.report(Finding::new(&LIBRARY_MISSING, LIBRARY));
        }
        return;
    }
    let supported: BTreeSet<&str> = libraries.iter().map(|library| library.abi.as_str()).collect();
    for abi in supported {
        if ours.iter().all(|library| library.abi != abi) {
            let other = libraries.iter().find(|library| library.abi == abi);
            let detail = other.map_or(String::new(), |other| format!("there is {}", other.path));
            context.report(Finding::new(&LIBRARY_ABI_MISSING, format!("lib/{abi}/{LIBRARY}")).say(detail));
        }
    }
}
