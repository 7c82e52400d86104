//! `Intent.parseUri`, as in Android 14.

use crate::codec::decode;
use crate::error::{ParseError, ParseProblem};
use crate::intent::{Component, Intent, Rectangle, UriFlags, action, grant};
use crate::{Extra, Uri, number, parse_old};

/// What opens the items of an intent URI.
const START: &str = "#Intent;";

/// Reads a text by any of the grammars.
pub(crate) fn parse(text: &str, flags: UriFlags) -> Result<Intent, ParseError> {
    let android_app = text.starts_with("android-app:");
    let schemes_only = flags.any(UriFlags::INTENT_SCHEME | UriFlags::ANDROID_APP_SCHEME);
    if schemes_only && !android_app && !text.starts_with("intent:") {
        return Ok(Intent::view(Some(Uri::new(text))));
    }
    let (data, items) = match text.rfind('#') {
        Some(at) if text[at..].starts_with(START) => (&text[..at], Items::read(text, at + START.len(), flags)?),
        _ if android_app => (text, Items::new()),
        Some(at) => return parse_old::parse(text, at, flags),
        None => return Ok(Intent::view(Some(Uri::new(text)))),
    };
    let mut intent = items.base;
    // Before the package of an android-app URI is known: it does not replace a selector.
    intent.selector = items.selector.filter(|_| intent.package.is_none()).map(Box::new);
    let data = if let Some(rest) = data.strip_prefix("intent:") {
        items.scheme.map_or_else(|| rest.into(), |scheme| format!("{scheme}:{rest}"))
    } else if let Some(rest) = data.strip_prefix("android-app:") {
        let target = AndroidApp::read(rest, items.scheme)?;
        if let Some(package) = target.package {
            intent.package = Some(package);
            if target.opens_main && !items.explicit_action {
                intent.action = Some(action::MAIN.into());
            }
        }
        target.data
    } else {
        data.into()
    };
    intent.data = Some(data).filter(|data| !data.is_empty()).map(Uri::new);
    Ok(intent)
}

/// What stands between `#Intent;` and `end`.
struct Items {
    base: Intent,
    selector: Option<Intent>,
    scheme: Option<String>,
    explicit_action: bool,
}

impl Items {
    fn new() -> Self {
        Self { base: Intent::view(None), selector: None, scheme: None, explicit_action: false }
    }

    /// Reads from `at` on, until an item begins with `end`.
    fn read(text: &str, mut at: usize, flags: UriFlags) -> Result<Self, ParseError> {
        let mut items = Self::new();
        while !text[at..].starts_with("end") {
            let rest = &text[at..];
            let error = |problem| ParseError { at, problem };
            if rest.is_empty() {
                return Err(error(ParseProblem::MissingEnd));
            }
            let end = rest.find(';').ok_or_else(|| error(ParseProblem::MissingSemicolon))?;
            if &rest[..end] == "SEL" {
                items.selector = Some(Intent::default());
            } else {
                // The next "=" counts even if it stands in a later item: the value is empty then, and an extra's key
                // reaches as far as that.
                let equals = rest.find('=').ok_or_else(|| error(ParseProblem::MissingEquals))?;
                let value = rest.get(equals + 1..end).map_or(Ok(String::new()), decode).map_err(error)?;
                items.take(&rest[..equals], value, flags).map_err(error)?;
            }
            at += end + 1;
        }
        Ok(items)
    }

    fn take(&mut self, name: &str, value: String, flags: UriFlags) -> Result<(), ParseProblem> {
        let in_selector = self.selector.is_some();
        let intent = self.selector.as_mut().unwrap_or(&mut self.base);
        match name {
            "action" => {
                intent.action = Some(value);
                self.explicit_action |= !in_selector;
            }
            "category" => intent.categories.insert(value, ()),
            "type" => intent.mime_type = Some(value),
            "identifier" => intent.identifier = Some(value),
            "launchFlags" => intent.flags = launch_flags(&value, flags)?,
            "package" => intent.package = Some(value),
            "component" => {
                intent.component = Some(Component::unflatten(&value).ok_or(ParseProblem::Component)?);
            }
            "scheme" if in_selector => intent.data = Some(Uri::new(value + ":")),
            "scheme" => self.scheme = Some(value),
            "sourceBounds" => intent.source_bounds = rectangle(&value)?,
            _ => {
                // Android compares the beginning alone, so that the first two bytes are the type.
                let (kind, key) = name.split_at_checked(2).ok_or(ParseProblem::UnknownItem)?;
                let kind = kind.strip_suffix('.').ok_or(ParseProblem::UnknownItem)?;
                intent.extras.insert(decode(key)?, extra(kind, value)?);
            }
        }
        Ok(())
    }
}

/// `launchFlags`: what grants access is masked unless asked for.
pub(crate) fn launch_flags(value: &str, flags: UriFlags) -> Result<u32, ParseProblem> {
    let mask = if flags.any(UriFlags::ALLOW_UNSAFE) { 0 } else { grant::ALL };
    Ok(number::flags(value)? & !mask)
}

/// An extra of the type that the letter `kind` names.
pub(crate) fn extra(kind: &str, value: String) -> Result<Extra, ParseProblem> {
    Ok(match kind {
        "S" => Extra::String(value),
        "B" => Extra::Boolean(value.eq_ignore_ascii_case("true")),
        "b" => Extra::Byte(number::integer(&value)?),
        "c" => Extra::Character(value.encode_utf16().next().ok_or(ParseProblem::EmptyCharacter)?),
        "d" => Extra::Double(number::fraction(&value)?),
        "f" => Extra::Float(number::fraction(&value)?),
        "i" => Extra::Integer(number::integer(&value)?),
        "l" => Extra::Long(number::integer(&value)?),
        "s" => Extra::Short(number::integer(&value)?),
        _ => return Err(ParseProblem::UnknownItem),
    })
}

/// `Rect.unflattenFromString`: four integers, one space between them. Anything else is no rectangle, and no error;
/// integers out of range are one.
fn rectangle(text: &str) -> Result<Option<Rectangle>, ParseProblem> {
    let is_integer = |part: &&str| {
        let digits = part.strip_prefix('-').unwrap_or(part);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let parts: Vec<&str> = text.split(' ').take_while(is_integer).collect();
    let &[left, top, right, bottom] = parts.as_slice() else { return Ok(None) };
    if text.split(' ').count() != parts.len() {
        return Ok(None);
    }
    let [left, top, right, bottom] = [left, top, right, bottom].map(number::integer);
    Ok(Some(Rectangle { left: left?, top: top?, right: right?, bottom: bottom? }))
}

/// `android-app://package/scheme/authority/path`
struct AndroidApp {
    /// None if the scheme is not followed by `//`.
    package: Option<String>,
    /// Whether there is nothing but a package.
    opens_main: bool,
    data: String,
}

impl AndroidApp {
    /// Reads what follows `android-app:`. `scheme` is the one that the items name: it counts if there is none here.
    fn read(rest: &str, scheme: Option<String>) -> Result<Self, ParseError> {
        if matches!(rest, "" | "/") {
            return Err(ParseError { at: "android-app:".len(), problem: ParseProblem::AndroidApp });
        }
        let Some(rest) = rest.strip_prefix("//") else {
            return Ok(Self { package: None, opens_main: false, data: String::new() });
        };
        let Some((package, rest)) = rest.split_once('/') else {
            return Ok(Self { package: Some(rest.into()), opens_main: true, data: String::new() });
        };
        let (scheme, rest) = match rest.split_once('/') {
            _ if rest.is_empty() => (scheme, ""),
            Some((scheme, rest)) => (Some(scheme.into()), rest),
            None => (Some(rest.into()), ""),
        };
        let data = scheme.as_ref().map_or_else(String::new, |scheme| match rest.find('/') {
            Some(_) => format!("{scheme}://{rest}"),
            // An authority without a path is lost.
            None => format!("{scheme}:"),
        });
        Ok(Self { package: Some(package.into()), opens_main: scheme.is_none(), data })
    }
}
