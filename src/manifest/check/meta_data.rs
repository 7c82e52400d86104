//! What offpush and the app read from meta-data: servers, CA, pages, identities, and secrets that must not be there.

use super::Context;
use crate::catalogue::{
    APP_ID_NUMBER, APP_ID_PLACEHOLDER, APP_SECRET, CA_VALUE, FOREGROUND_VALUE, META_DATA_DUPLICATE, META_DATA_MISSPELT,
    PAGE_UNKNOWN, SERVER_CLEARTEXT, SERVER_EXAMPLE, SERVER_INVALID, SERVER_MISSING, SERVER_RESOURCE,
};
use crate::document::{Attribute, Kind, Node};
use crate::edit::{self, Edit};
use crate::finding::Finding;
use crate::library::META_DATA;
use crate::manifest::Form;
use crate::similar;

/// Addresses or pages of one list that are looked at.
const MAXIMUM_LISTED: usize = 100;

pub(super) fn check(context: &mut Context<'_>) {
    let manifest = context.manifest;
    let misspelt = names(context);
    match manifest.meta_data("offpush.server") {
        Some(node) => server(context, node),
        None if manifest.form == Form::Library || misspelt.contains(&"offpush.server") => {}
        None if manifest.document.all().any(|node| node.value("name") == Some("offpush.server")) => {}
        None => {
            let mut finding = Finding::new(&SERVER_MISSING, "application");
            finding.place = manifest.application.map_or(finding.place, Node::place);
            context.report(finding);
        }
    }
    if let Some(node) = manifest.meta_data("offpush.ca")
        && let Some(value) = node.android("value")
        && !value.value.contains("raw/offpush")
    {
        // A file named offpush is found by its name anyway.
        let edit = value.value.starts_with('@').then(|| renamed(node, value, "resource")).flatten();
        context.report(Finding::at(&CA_VALUE, node).here(value).say(value.value.clone()).fix(edit));
    }
    if let Some(node) = manifest.meta_data("offpush.foreground")
        && let Some(value) = known(context, node)
        && !matches!(value.value.as_str(), "true" | "false")
    {
        context.report(Finding::at(&FOREGROUND_VALUE, node).here(value).say(format!("\"{}\"", value.value)));
    }
    if let Some(node) = manifest.meta_data("offpush.pages") {
        pages(context, node);
    }
    for node in manifest.document.all().filter(|node| node.name() == "meta-data") {
        identity(context, node);
    }
    for name in context.contents.strings.clone() {
        if is_secret(&name) {
            context.report(Finding::new(&APP_SECRET, format!("@string/{name}")));
        }
    }
}

/// The value of a meta-data, if it is known before the build.
fn known<'d>(context: &Context<'d>, node: Node<'d>) -> Option<&'d Attribute> {
    let value = node.android("value")?;
    let replaced = value.value.contains("${") && context.manifest.form != Form::Merged;
    (value.kind != Kind::Reference && !replaced).then_some(value)
}

/// Another name for an attribute of Android's.
fn renamed(node: Node<'_>, attribute: &Attribute, name: &str) -> Option<Edit> {
    node.text()?;
    let start = attribute.range.start;
    let end = start + node.prefix().len() + 1 + attribute.name.len();
    Some(Edit { range: start..end, text: format!("{}:{name}", node.prefix()) })
}

/// Names that are almost ours, and ours twice.
fn names(context: &mut Context<'_>) -> Vec<&'static str> {
    let manifest = context.manifest;
    let mut meant = Vec::new();
    let mut seen = Vec::new();
    for node in manifest.all_meta_data().filter(|node| !node.is_removed()) {
        let Some(name) = node.android("name") else { continue };
        if META_DATA.contains(&name.value.as_str()) {
            if seen.contains(&&name.value) {
                context.report(Finding::at(&META_DATA_DUPLICATE, node).here(name));
            }
            seen.push(&name.value);
            continue;
        }
        let near = META_DATA.iter().find(|known| similar::is_slip(&name.value, known)).or_else(|| {
            // Another separator, or none.
            META_DATA.iter().find(|known| letters(known) == letters(&name.value))
        });
        if let Some(near) = near {
            meant.push(*near);
            let edit = edit::set_value(node, name, near);
            let detail = format!("{} is meant to be {near}", name.value);
            context.report(Finding::at(&META_DATA_MISSPELT, node).here(name).say(detail).fix(edit));
        } else if name.value.to_lowercase().starts_with("offpush.") {
            context.report(Finding::at(&META_DATA_MISSPELT, node).here(name).say(name.value.clone()));
        }
    }
    meant
}

fn server(context: &mut Context<'_>, node: Node<'_>) {
    if let Some(resource) = node.android("resource") {
        let edit = renamed(node, resource, "value").filter(|_| node.android("value").is_none());
        context.report(Finding::at(&SERVER_RESOURCE, node).here(resource).fix(edit));
        return;
    }
    let Some(value) = node.android("value") else {
        context.report(Finding::at(&SERVER_INVALID, node).say("android:value is not written"));
        return;
    };
    if known(context, node).is_none() {
        return;
    }
    for address in value.value.split(',').map(str::trim).take(MAXIMUM_LISTED) {
        let written = format!("\"{address}\"");
        let finding = match judge(address) {
            Address::Good => continue,
            Address::Cleartext => {
                let secure = value.value.replacen("http://", "https://", 1);
                Finding::at(&SERVER_CLEARTEXT, node).say(written).fix(edit::set_value(node, value, &secure))
            }
            Address::Example => Finding::at(&SERVER_EXAMPLE, node).say(written),
            Address::Bad(why) => Finding::at(&SERVER_INVALID, node).say(format!("{written}: {why}")),
        };
        context.report(finding.here(value));
    }
}

enum Address {
    Good,
    Cleartext,
    Example,
    Bad(&'static str),
}

/// As the library reads an address at run time, and a little more: what cannot be meant.
fn judge(address: &str) -> Address {
    let Some(rest) = address.strip_prefix("https://") else {
        return if address.is_empty() {
            Address::Bad("an address is empty")
        } else if address.starts_with("http://") {
            Address::Cleartext
        } else {
            Address::Bad("it does not begin with https://")
        };
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Address::Bad("it carries a user name, which is not sent");
    }
    if authority.len() < rest.trim_end_matches('/').len() {
        return Address::Bad("it has a path; the gateway is at the root");
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if host.is_empty() || host.contains(char::is_whitespace) {
        return Address::Bad("it names no host");
    }
    if port.is_some_and(|port| !port.parse::<u16>().is_ok_and(|port| port > 0)) {
        return Address::Bad("its port is no number from 1 to 65535");
    }
    let host = host.to_lowercase();
    let is_example = ["example.com", "example.org", "example.net"]
        .iter()
        .any(|name| host == *name || host.strip_suffix(name).is_some_and(|before| before.ends_with('.')));
    if is_example || host == "localhost" || host.starts_with("127.") || host == "[::1]" {
        return Address::Example;
    }
    Address::Good
}

fn pages(context: &mut Context<'_>, node: Node<'_>) {
    let manifest = context.manifest;
    let Some(value) = known(context, node).filter(|_| manifest.form != Form::Library) else { return };
    let activities: Vec<String> = manifest
        .components()
        .filter(|node| matches!(node.name(), "activity" | "activity-alias"))
        .map(|node| manifest.class(node))
        .collect();
    for page in value.value.split(',').map(str::trim).filter(|page| !page.is_empty()).take(MAXIMUM_LISTED) {
        if activities.iter().any(|class| class == page) {
            continue;
        }
        let whole = manifest.class_named(page);
        let near = activities.iter().find(|class| {
            **class == whole || similar::is_slip(page, class) || similar::is_same_class_elsewhere(page, class)
        });
        // An activity may come from a library that is merged in; one that is almost there does not.
        if manifest.form != Form::Merged && near.is_none() {
            continue;
        }
        let detail = near.map_or(page.to_owned(), |near| format!("{page} is meant to be {near}"));
        let edit = near.and_then(|near| edit::set_value(node, value, &value.value.replacen(page, near, 1)));
        context.report(Finding::at(&PAGE_UNKNOWN, node).here(value).say(detail).fix(edit));
    }
}

/// The letters and digits of a name, in lower case: `MIPUSH_APP-ID` and `mipush.appId` are one.
fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn is_secret(name: &str) -> bool {
    let name = letters(name);
    name.contains("appsecret")
        || name.contains("secret") && ["xiaomi", "mipush", "offpush"].iter().any(|vendor| name.contains(vendor))
}

fn identity(context: &mut Context<'_>, node: Node<'_>) {
    let (Some(name), Some(value)) = (node.value("name"), node.android("value")) else { return };
    if is_secret(name) {
        if !value.value.is_empty() {
            context.report(Finding::at(&APP_SECRET, node).fix(edit::remove(node)));
        }
        return;
    }
    let plain = letters(name);
    let is_identity = plain.ends_with("appid") || plain.ends_with("appkey");
    let is_push = ["xiaomi", "mipush", "xmpush", "offpush"].iter().any(|vendor| plain.contains(vendor))
        || plain.starts_with("mi")
        || plain.starts_with("xm");
    if !is_identity || !is_push {
        return;
    }
    if value.kind == Kind::Number {
        let edit = edit::set_value(node, value, &format!("\\ {}", value.value));
        context.report(Finding::at(&APP_ID_NUMBER, node).here(value).say(value.value.clone()).fix(edit));
        return;
    }
    let written = letters(&value.value);
    let is_placeholder = ["appid", "appkey", "your", "xxx", "placeholder", "todo"].iter().any(|w| written.contains(w));
    let replaced = value.value.contains("${");
    if value.kind == Kind::Text && !replaced && (is_placeholder || written.is_empty()) {
        context.report(Finding::at(&APP_ID_PLACEHOLDER, node).here(value).say(format!("\"{}\"", value.value)));
    }
}
