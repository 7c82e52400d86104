//! What a click on a notification may start. The gate on the phone follows the same rules, on the intent that Android
//! itself has read: what is refused here does nothing there. It also asks whether the app has such an activity, and
//! whether it was made to be opened from outside, which only the phone can know.

use core::fmt;

use crate::{Component, Extra, Intent, ParseError, Uri, UriFlags, grant};

/// The longest intent URI, in UTF-16 units, which Java counts: as much as a message's payload.
pub const MAXIMUM_TEXT_UNITS: usize = 4096;

/// The most extras of an intent.
pub const MAXIMUM_EXTRAS: usize = 32;

/// The longest key of an extra and the longest text in one, in UTF-16 units.
pub const MAXIMUM_EXTRA_UNITS: usize = 1024;

/// Data with these schemes is never handed to an activity: files and provider rows of the app's own, script, and
/// intents within the intent.
const SCHEMES: [&str; 8] = ["about", "android-app", "content", "data", "file", "intent", "jar", "javascript"];

/// Extras that the library sets itself after the intent is read, so that a push cannot forge them.
const RESERVED: [&str; 6] =
    ["eventMessageType", "key_command", "key_message", "messageId", "mipush_notified", "pushTargetComponent"];

/// What a click starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// The intent, bound to the app's own package, without what is dropped.
    pub intent: Intent,
    /// What the activity does not get.
    pub dropped: Vec<Dropped>,
}

/// What is taken out of an intent, without harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dropped {
    /// `sourceBounds`: a push has no place on the screen.
    SourceBounds,
    /// `identifier`: the library's own intents must not be confused with others.
    Identifier,
    /// An extra whose key the library uses itself.
    ReservedExtra(String),
}

/// Why a click starts nothing, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The text is longer than [`MAXIMUM_TEXT_UNITS`].
    TooLong {
        /// Its length in UTF-16 units.
        units: usize,
    },
    /// The text does not begin with `intent:`.
    NotIntent,
    /// The text is no intent URI.
    Unreadable(ParseError),
    /// More extras than [`MAXIMUM_EXTRAS`].
    TooManyExtras {
        /// How many there are.
        count: usize,
    },
    /// A key or text of an extra is longer than [`MAXIMUM_EXTRA_UNITS`].
    ExtraTooLong {
        /// Its key.
        key: String,
    },
    /// Flags that would hand out access to the app's data.
    GrantFlags {
        /// Those of [`grant::ALL`] that are set.
        flags: u32,
    },
    /// A selector would let another component be found than the intent says.
    Selector,
    /// The package is another app's.
    ForeignPackage {
        /// The package.
        package: String,
        /// The app's own.
        own: String,
    },
    /// The component is another app's.
    ForeignComponent {
        /// The component.
        component: Component,
        /// The app's own package.
        own: String,
    },
    /// The data's scheme is not to be opened from a push.
    DataScheme {
        /// The scheme.
        scheme: String,
    },
    /// The data has no scheme.
    RelativeData,
    /// A web page has neither http nor https as its scheme.
    NotWeb,
    /// A web address names no host.
    NoHost,
    /// A web address has a user name or password in it.
    UserInfo,
}

/// Judges what a click on an in-app page may start in the app `package`: its own activities only.
///
/// Grant flags are only seen in an intent that was read with [`UriFlags::ALLOW_UNSAFE`].
pub fn judge(intent: &Intent, package: &str) -> Result<Allowed, Refusal> {
    if intent.selector.is_some() {
        return Err(Refusal::Selector);
    }
    if intent.flags & grant::ALL != 0 {
        return Err(Refusal::GrantFlags { flags: intent.flags & grant::ALL });
    }
    if let Some(foreign) = intent.package.as_ref().filter(|other| *other != package) {
        return Err(Refusal::ForeignPackage { package: foreign.clone(), own: package.into() });
    }
    if let Some(foreign) = intent.component.as_ref().filter(|other| other.package != package) {
        return Err(Refusal::ForeignComponent { component: foreign.clone(), own: package.into() });
    }
    match intent.data.as_ref().map(Uri::scheme) {
        Some(None) => return Err(Refusal::RelativeData),
        Some(Some(scheme)) if SCHEMES.iter().any(|refused| scheme.eq_ignore_ascii_case(refused)) => {
            return Err(Refusal::DataScheme { scheme: scheme.into() });
        }
        _ => {}
    }
    if intent.extras.len() > MAXIMUM_EXTRAS {
        return Err(Refusal::TooManyExtras { count: intent.extras.len() });
    }
    let mut allowed = Allowed { intent: intent.clone(), dropped: Vec::new() };
    allowed.intent.package = Some(package.into());
    if allowed.intent.source_bounds.take().is_some() {
        allowed.dropped.push(Dropped::SourceBounds);
    }
    if allowed.intent.identifier.take().is_some() {
        allowed.dropped.push(Dropped::Identifier);
    }
    for key in RESERVED {
        if allowed.intent.extras.remove(key).is_some() {
            allowed.dropped.push(Dropped::ReservedExtra(key.into()));
        }
    }
    for (key, extra) in allowed.intent.extras.iter() {
        let text = if let Extra::String(text) = extra { text } else { "" };
        if [key, text].into_iter().any(|text| units(text) > MAXIMUM_EXTRA_UNITS) {
            return Err(Refusal::ExtraTooLong { key: key.into() });
        }
    }
    Ok(allowed)
}

/// The length of a text in Java.
fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Reads an in-app page's intent URI as a click does, and judges it.
pub fn judge_page(text: &str, package: &str) -> Result<Allowed, Refusal> {
    let units = units(text);
    if units > MAXIMUM_TEXT_UNITS {
        return Err(Refusal::TooLong { units });
    }
    // Of anything else Android makes a VIEW, and of android-app: a package of its own choice.
    if !text.starts_with("intent:") {
        return Err(Refusal::NotIntent);
    }
    // The phone masks grant flags; here they are named, or nobody would know why they do nothing.
    let flags = UriFlags::INTENT_SCHEME | UriFlags::ALLOW_UNSAFE;
    judge(&Intent::parse(text, flags).map_err(Refusal::Unreadable)?, package)
}

/// Judges a web page's address: http or https, a host, no user.
pub fn judge_web(address: &str) -> Result<(), Refusal> {
    let uri = Uri::new(address.trim_matches(|character| character <= ' '));
    if !uri.scheme().is_some_and(|scheme| ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web))) {
        return Err(Refusal::NotWeb);
    }
    if uri.user_info().is_some() {
        return Err(Refusal::UserInfo);
    }
    if uri.host().is_none_or(str::is_empty) {
        return Err(Refusal::NoHost);
    }
    Ok(())
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SourceBounds => f.write_str("sourceBounds is left out"),
            Self::Identifier => f.write_str("the identifier is left out"),
            Self::ReservedExtra(key) => write!(f, "the extra {key:?} is left out: the library sets it itself"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { units } => {
                write!(
                    f,
                    "it has {units} characters; at most {MAXIMUM_TEXT_UNITS} are taken: put the rest into the payload"
                )
            }
            Self::NotIntent => {
                f.write_str("it does not begin with \"intent:\"; take what Intent.toUri(URI_INTENT_SCHEME) gives")
            }
            Self::Unreadable(error) => {
                write!(f, "it is no intent URI, {error}; take what Intent.toUri(URI_INTENT_SCHEME) gives")
            }
            Self::TooManyExtras { count } => {
                write!(f, "it has {count} extras; at most {MAXIMUM_EXTRAS} are taken: put the rest into the payload")
            }
            Self::ExtraTooLong { key } => {
                write!(
                    f,
                    "the extra {key:?} is too long; at most {MAXIMUM_EXTRA_UNITS} characters are taken: put it into the payload"
                )
            }
            Self::GrantFlags { flags } => {
                write!(f, "its launchFlags would hand out access to data: leave {flags:#x} out of them")
            }
            Self::Selector => f.write_str("it has a selector: leave out \"SEL;\" and what follows it"),
            Self::ForeignPackage { package, own } => {
                write!(
                    f,
                    "its package is {package:?}; a push opens pages of its own app: leave the package out or write {own:?}"
                )
            }
            Self::ForeignComponent { component, own } => {
                let Component { package, class } = component;
                write!(
                    f,
                    "its component is {package}/{class}; a push opens pages of its own app: write {own}/{class} or leave it out"
                )
            }
            Self::DataScheme { scheme } => {
                write!(f, "its data is a {scheme}: URI, which a push does not open: pass what the page needs as extras")
            }
            Self::RelativeData => f.write_str("its data has no scheme: add \"scheme=…;\" to the items"),
            Self::NotWeb => f.write_str("a web page's address begins with https:// or http://"),
            Self::NoHost => f.write_str("the address names no host"),
            Self::UserInfo => f.write_str("the address has a user name in it: leave out what stands before the \"@\""),
        }
    }
}

impl core::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        if let Self::Unreadable(error) = self { Some(error) } else { None }
    }
}
