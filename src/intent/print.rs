//! `Intent.toUri`, as in Android 14.

use crate::codec::encode;
use crate::error::PrintError;
use crate::intent::{Intent, UriFlags, action};
use crate::{Extra, Uri, number, parse};

/// Prints an intent in the form that `flags` ask for, and reads it back to see that it still is the same one.
pub(crate) fn print(intent: &Intent, flags: UriFlags) -> Result<String, PrintError> {
    let text = if flags.any(UriFlags::ANDROID_APP_SCHEME) { android_app(intent)? } else { plain(intent, flags) };
    match parse::parse(&text, flags | UriFlags::ALLOW_UNSAFE) {
        Err(error) => Err(PrintError::Unreadable(error)),
        Ok(read) => match difference(intent, &read) {
            Some(field) => Err(PrintError::Changed { field }),
            None => Ok(text),
        },
    }
}

fn android_app(intent: &Intent) -> Result<String, PrintError> {
    let package = intent.package.as_deref().ok_or(PrintError::NoPackage)?;
    let mut text = format!("android-app://{package}");
    let data = intent.data.as_ref();
    let scheme = data.and_then(Uri::scheme);
    if let (Some(data), Some(scheme)) = (data, scheme) {
        text = text + "/" + scheme;
        if let Some(authority) = data.authority() {
            let path = data.path().unwrap_or_default();
            text = text + "/" + authority + path;
            for (mark, part) in [("?", data.query()), ("#", data.fragment())] {
                text = text + part.map_or("", |_| mark) + part.unwrap_or_default();
            }
        }
    }
    let default_action = if scheme.is_some() { action::VIEW } else { action::MAIN };
    fragment(&mut text, intent, None, Some(default_action), Some(package));
    Ok(text)
}

fn plain(intent: &Intent, flags: UriFlags) -> String {
    let data = intent.data.as_ref().map_or("", Uri::as_str);
    let named = flags.any(UriFlags::INTENT_SCHEME);
    let split = data.split_once(':').filter(|(scheme, _)| {
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || b".-+".contains(&byte);
        named && !scheme.is_empty() && scheme.bytes().all(valid)
    });
    let (scheme, rest) = split.map_or((None, data), |(scheme, rest)| (Some(scheme), rest));
    // Data without a scheme stands alone, and is read back as data to view.
    let mut text = String::from(if named && (scheme.is_some() || intent.data.is_none()) { "intent:" } else { "" });
    text.push_str(rest);
    fragment(&mut text, intent, scheme, Some(action::VIEW), None);
    text
}

/// Appends the items, if there are any, leaving out an action and a package that go without saying.
fn fragment(text: &mut String, intent: &Intent, scheme: Option<&str>, action: Option<&str>, package: Option<&str>) {
    let mut items = String::new();
    push_items(&mut items, intent, scheme, action, package);
    if let Some(selector) = &intent.selector {
        items.push_str("SEL;");
        // Of its data Android prints the scheme alone.
        push_items(&mut items, selector, selector.data.as_ref().and_then(Uri::scheme), None, None);
    }
    if !items.is_empty() {
        *text = format!("{text}#Intent;{items}end");
    }
}

fn push_items(items: &mut String, intent: &Intent, scheme: Option<&str>, action: Option<&str>, package: Option<&str>) {
    let mut push = |name: &str, value: &str, allow: &str| {
        for part in [name, "=", &encode(value, allow), ";"] {
            items.push_str(part);
        }
    };
    if let Some(scheme) = scheme {
        push("scheme", scheme, "");
    }
    if let Some(value) = intent.action.as_deref().filter(|&value| Some(value) != action) {
        push("action", value, "");
    }
    for (category, ()) in intent.categories.iter() {
        push("category", category, "");
    }
    if let Some(mime_type) = &intent.mime_type {
        push("type", mime_type, "/");
    }
    if let Some(identifier) = &intent.identifier {
        push("identifier", identifier, "/");
    }
    if intent.flags != 0 {
        push("launchFlags", &format!("{:#x}", intent.flags), "");
    }
    if let Some(value) = intent.package.as_deref().filter(|&value| Some(value) != package) {
        push("package", value, "");
    }
    if let Some(component) = &intent.component {
        push("component", &component.flatten(), "/");
    }
    if let Some(bounds) = intent.source_bounds {
        push("sourceBounds", &format!("{} {} {} {}", bounds.left, bounds.top, bounds.right, bounds.bottom), "");
    }
    for (key, extra) in intent.extras.iter() {
        let (kind, value) = text_of(extra);
        push(&format!("{kind}.{}", encode(key, "")), &value, "");
    }
}

/// The letter of an extra's type, and its value as Java's `toString` gives it.
fn text_of(extra: &Extra) -> (char, String) {
    match extra {
        Extra::String(value) => ('S', value.clone()),
        Extra::Boolean(value) => ('B', value.to_string()),
        Extra::Byte(value) => ('b', value.to_string()),
        // Java encodes half a character as "?".
        Extra::Character(value) => ('c', char::from_u32(u32::from(*value)).unwrap_or('?').into()),
        Extra::Double(value) => ('d', number::double(*value)),
        Extra::Float(value) => ('f', number::float(*value)),
        Extra::Integer(value) => ('i', value.to_string()),
        Extra::Long(value) => ('l', value.to_string()),
        Extra::Short(value) => ('s', value.to_string()),
    }
}

/// The first field in which two intents differ.
fn difference(a: &Intent, b: &Intent) -> Option<&'static str> {
    [
        ("action", a.action == b.action),
        ("data", a.data == b.data),
        ("categories", a.categories == b.categories),
        ("mime_type", a.mime_type == b.mime_type),
        ("identifier", a.identifier == b.identifier),
        ("flags", a.flags == b.flags),
        ("package", a.package == b.package),
        ("component", a.component == b.component),
        ("source_bounds", a.source_bounds == b.source_bounds),
        ("extras", a.extras == b.extras),
        ("selector", a.selector == b.selector),
    ]
    .into_iter()
    .find_map(|(field, same)| (!same).then_some(field))
}
