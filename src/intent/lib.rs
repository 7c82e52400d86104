//! Android intent URIs: parse, print, judge. For people and servers; on the phone Android's own parser decides.
//!
//! * [`Intent::parse`] reads what `Intent.parseUri` of Android 14 reads, to the same [`Intent`]; a difference test against
//!   that code holds it to this.
//! * [`Intent::to_uri`] prints what `Intent.toUri` prints, and only if the text is read back as the same intent.
//! * [`judge`] and [`judge_page`] say what a click on a notification may start; [`judge_web`] which web page it may open.
//!
//! ```
//! use offpush_intent::{Intent, UriFlags, judge_page};
//!
//! let text = "intent:#Intent;component=com.example/.Chat;i.room=7;end";
//! let intent = Intent::parse(text, UriFlags::INTENT_SCHEME)?;
//! assert_eq!(intent.component.as_ref().map(|c| c.class.as_str()), Some("com.example.Chat"));
//! assert_eq!(intent.to_uri(UriFlags::INTENT_SCHEME).as_deref(), Ok(text));
//! assert!(judge_page(text, "com.example").is_ok());
//! assert!(judge_page(text, "com.other").is_err());
//! # Ok::<(), offpush_intent::ParseError>(())
//! ```
//!
//! # What Android accepts and this crate refuses
//!
//! | text | why |
//! |---|---|
//! | a `component` that is no `package/class` | Android drops it silently, and the intent is open to every app |
//! | digits other than 0 to 9 in an integer | Java's `Character.digit` takes them; nobody means them |
//! | hexadecimal floating point (`d.x=0x1p3`) | Java reads it and never prints it |
//! | `%` without two hexadecimal digits, or not UTF-8 | Android puts U+FFFD, how many depends on the Java runtime |
//! | a missing last `;` without [`UriFlags::INTENT_SCHEME`] | Android starts again at the text's first byte, for some texts for ever |
//!
//! Other versions differ from 14 in two items: `identifier` is refused before 10, `extendedLaunchFlags` is read from 15 on.
//!
//! Android's `toUri` prints every intent; [`PrintError`] says which are not printed here.
//!
//! Reading costs the square of the number of extras in the worst case: cap the length of a text from outside first, as
//! [`judge_page`] does.

mod codec;
mod error;
mod extra;
mod intent;
mod judge;
mod number;
mod ordered;
mod parse;
mod parse_old;
mod print;
mod uri;

pub use error::{ParseError, ParseProblem, PrintError};
pub use extra::Extra;
pub use intent::{Component, Intent, Rectangle, UriFlags, action, grant};
pub use judge::{
    Allowed, Dropped, MAXIMUM_EXTRA_UNITS, MAXIMUM_EXTRAS, MAXIMUM_TEXT_UNITS, Refusal, judge, judge_page, judge_web,
};
pub use ordered::Ordered;
pub use uri::Uri;
