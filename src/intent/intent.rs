//! An intent, as far as a URI can say it.

use core::ops::BitOr;

use crate::{Extra, Ordered, ParseError, PrintError, Uri, parse, print};

/// Actions that a URI need not name.
pub mod action {
    /// What an intent URI without an action does.
    pub const VIEW: &str = "android.intent.action.VIEW";
    /// What an `android-app:` URI without data and action does.
    pub const MAIN: &str = "android.intent.action.MAIN";
}

/// Launch flags that hand out access to the data (`android.content.Intent`).
pub mod grant {
    /// `FLAG_GRANT_READ_URI_PERMISSION`
    pub const READ: u32 = 0x1;
    /// `FLAG_GRANT_WRITE_URI_PERMISSION`
    pub const WRITE: u32 = 0x2;
    /// `FLAG_GRANT_PERSISTABLE_URI_PERMISSION`
    pub const PERSISTABLE: u32 = 0x40;
    /// `FLAG_GRANT_PREFIX_URI_PERMISSION`
    pub const PREFIX: u32 = 0x80;
    /// All of them: `Intent.IMMUTABLE_FLAGS`.
    pub const ALL: u32 = READ | WRITE | PERSISTABLE | PREFIX;
}

/// The flags of `Intent.parseUri` and `toUri`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UriFlags(u8);

impl UriFlags {
    /// 0: every text is read as data and fragment. Not for texts from outside: `http://…#Intent;…` is an intent then.
    pub const NONE: Self = Self(0);
    /// `URI_INTENT_SCHEME`: only `intent:` and `android-app:` are read as intents, all else is data to view.
    pub const INTENT_SCHEME: Self = Self(1);
    /// `URI_ANDROID_APP_SCHEME`: prints `android-app:`. For reading it is the same as [`Self::INTENT_SCHEME`].
    pub const ANDROID_APP_SCHEME: Self = Self(2);
    /// `URI_ALLOW_UNSAFE`: the flags of [`grant`] are read, and not masked.
    pub const ALLOW_UNSAFE: Self = Self(4);

    /// Whether one of `flags` is set.
    pub(crate) fn any(self, flags: Self) -> bool {
        self.0 & flags.0 != 0
    }
}

impl BitOr for UriFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A component of an app: `ComponentName`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// The package of the app.
    pub package: String,
    /// The full name of the class, which need not begin with the package.
    pub class: String,
}

impl Component {
    /// Reads `package/class`, or `package/.Class` for a class under the package.
    pub(crate) fn unflatten(text: &str) -> Option<Self> {
        let (package, class) = text.split_once('/').filter(|(_, class)| !class.is_empty())?;
        let prefix = if class.starts_with('.') { package } else { "" };
        Some(Self { package: package.into(), class: format!("{prefix}{class}") })
    }

    /// Prints the shortest text that [`Self::unflatten`] reads.
    pub(crate) fn flatten(&self) -> String {
        let class = self.class.strip_prefix(&self.package).filter(|rest| rest.starts_with('.')).unwrap_or(&self.class);
        format!("{}/{class}", self.package)
    }
}

/// Where on the screen an intent came from, in pixels: `Rect`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Rectangle {
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
}

/// An intent, as far as a URI can say it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Intent {
    /// What to do, such as [`action::VIEW`].
    pub action: Option<String>,
    /// What to do it with.
    pub data: Option<Uri>,
    /// What kinds of activity may do it.
    pub categories: Ordered<()>,
    /// The MIME type of the data.
    pub mime_type: Option<String>,
    /// A name that tells this intent from others that are otherwise equal.
    pub identifier: Option<String>,
    /// How to start it: `launchFlags`.
    pub flags: u32,
    /// The app that is to do it.
    pub package: Option<String>,
    /// The class that is to do it.
    pub component: Option<Component>,
    /// Where on the screen it came from.
    pub source_bounds: Option<Rectangle>,
    /// Values for the activity.
    pub extras: Ordered<Extra>,
    /// By this intent, instead of the intent itself, the activity is looked for.
    pub selector: Option<Box<Intent>>,
}

impl Intent {
    /// Reads `text` as `Intent.parseUri(text, flags)` of Android 14 does. What a click on a phone does is
    /// [`UriFlags::INTENT_SCHEME`].
    pub fn parse(text: &str, flags: UriFlags) -> Result<Self, ParseError> {
        parse::parse(text, flags)
    }

    /// Prints the text that `Intent.toUri(flags)` of Android 14 prints, if it is read back as this intent.
    ///
    /// The one exception: fractions have as few digits as tell them from others. Android's have one more now and then.
    pub fn to_uri(&self, flags: UriFlags) -> Result<String, PrintError> {
        print::print(self, flags)
    }

    /// `new Intent(ACTION_VIEW, data)`
    pub(crate) fn view(data: Option<Uri>) -> Self {
        Self { action: Some(action::VIEW.into()), data, ..Self::default() }
    }
}
