//! The file as a whole: its shape, its package, its versions.

use super::Context;
use crate::catalogue::{
    APPLICATION_MISSING, ATTRIBUTE_WITHOUT_PREFIX, ELEMENT_MISPLACED, MIN_SDK_LOW, PACKAGE_INVALID, PLACEHOLDER_LEFT,
    TARGET_SDK_REFUSED,
};
use crate::document::{Node, Space};
use crate::edit::Edit;
use crate::finding::Finding;
use crate::library::{META_DATA, MIN_SDK};
use crate::manifest::Form;

/// The lowest target that Android 14 and later install: 23 in 14, 24 in 15
/// (developer.android.com, "Minimum installable target API level").
const INSTALLABLE_TARGET: u32 = 24;

pub(super) fn check(context: &mut Context<'_>) {
    shape(context);
    for node in context.manifest.document.all() {
        prefixes(context, node);
        placeholders(context, node);
    }
    versions(context);
}

fn shape(context: &mut Context<'_>) {
    let manifest = context.manifest;
    if manifest.application.is_none() {
        context.report(Finding::at(&APPLICATION_MISSING, manifest.root));
    }
    for node in manifest.document.all() {
        let above = node.parent().map_or("", Node::name);
        let belongs = match node.name() {
            "uses-permission" | "uses-permission-sdk-23" | "permission" => ["manifest"].as_slice(),
            "service" | "receiver" | "provider" | "activity" => &["application"],
            "meta-data" if node.value("name").is_some_and(|name| META_DATA.contains(&name)) => &["application"],
            _ => continue,
        };
        // <queries> has <provider>s of its own.
        if !belongs.contains(&above) && above != "queries" {
            let detail = format!("<{}> under <{above}>, not under <{}>", node.name(), belongs[0]);
            context.report(Finding::at(&ELEMENT_MISPLACED, node).say(detail));
        }
    }
    if let Some(package) = &manifest.package
        && !package.contains("${")
        && !is_package_name(package)
    {
        context.report(Finding::at(&PACKAGE_INVALID, manifest.root).say(format!("\"{package}\"")));
    }
}

/// As `android.content.pm.parsing.FrameworkParsingPackageUtils.validateName` demands.
fn is_package_name(name: &str) -> bool {
    name.contains('.')
        && name.split('.').all(|part| {
            part.starts_with(|c: char| c.is_ascii_alphabetic())
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        })
}

/// Attributes that are known with the prefix alone. `package` and the like have none.
fn prefixes(context: &mut Context<'_>, node: Node<'_>) {
    const PREFIXED: [&str; 9] = [
        "name",
        "exported",
        "enabled",
        "process",
        "permission",
        "value",
        "resource",
        "protectionLevel",
        "foregroundServiceType",
    ];
    let mut above = Some(node);
    while let Some(one) = above {
        if one.name() == "queries" {
            return;
        }
        above = one.parent();
    }
    for attribute in node.attributes() {
        if attribute.space == Space::None && PREFIXED.contains(&attribute.name.as_str()) {
            let start = attribute.range.start;
            let edit = node.text().is_some().then(|| Edit { range: start..start, text: format!("{}:", node.prefix()) });
            context.report(
                Finding::at(&ATTRIBUTE_WITHOUT_PREFIX, node)
                    .here(attribute)
                    .say(format!("{}=\"{}\"", attribute.name, attribute.value))
                    .fix(edit),
            );
        }
    }
}

/// In an app's own manifest Gradle replaces `${…}`; in what is installed nobody does.
fn placeholders(context: &mut Context<'_>, node: Node<'_>) {
    if context.manifest.form != Form::Merged {
        return;
    }
    for attribute in node.attributes().iter().filter(|attribute| attribute.value.contains("${")) {
        let value = &attribute.value;
        let edit = context
            .manifest
            .package
            .as_deref()
            .filter(|package| value.contains("${applicationId}") && !package.contains("${"))
            .and_then(|package| crate::edit::set_value(node, attribute, &value.replace("${applicationId}", package)));
        context.report(Finding::at(&PLACEHOLDER_LEFT, node).here(attribute).say(value.clone()).fix(edit));
    }
}

fn versions(context: &mut Context<'_>) {
    let manifest = context.manifest;
    let sdk = manifest.root.children_named("uses-sdk").next();
    let node = sdk.unwrap_or(manifest.root);
    let known = manifest.min_sdk.or((manifest.form == Form::Merged).then_some(1));
    if let Some(min) = known.filter(|&min| min < MIN_SDK) {
        let edit = sdk.and_then(|sdk| crate::edit::set(sdk, "minSdkVersion", &MIN_SDK.to_string()));
        context.report(Finding::at(&MIN_SDK_LOW, node).say(format!("{min}")).fix(edit));
    }
    if !manifest.target_is_assumed && manifest.target_sdk < INSTALLABLE_TARGET {
        context.report(Finding::at(&TARGET_SDK_REFUSED, node).say(format!("{}", manifest.target_sdk)));
    }
}
