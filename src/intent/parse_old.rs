//! `Intent.getIntentOld`: the grammar of Android 1.0,
//! `#action(…)categories(a!b)type(…)launchFlags(…)component(package!class)extras(Skey=value!ikey=1)`.

use crate::error::{ParseError, ParseProblem};
use crate::intent::{Component, Intent, UriFlags};
use crate::{Uri, codec, parse};

/// Reads `text`, whose last `#` is at `hash`.
pub(crate) fn parse(text: &str, hash: usize, flags: UriFlags) -> Result<Intent, ParseError> {
    let mut intent = Intent::view(None);
    let mut cursor = Cursor { text, at: hash + 1, is_intent: false };
    if cursor.opens("action(") {
        intent.action = Some(cursor.closed()?.into());
    }
    if cursor.opens("categories(") {
        for category in cursor.closed_or_restart().unwrap_or_default().split('!').filter(|text| !text.is_empty()) {
            intent.categories.insert(category, ());
        }
    }
    if cursor.opens("type(") {
        intent.mime_type = Some(cursor.closed()?.into());
    }
    if cursor.opens("launchFlags(") {
        let at = cursor.at;
        intent.flags = parse::launch_flags(cursor.closed()?, flags).map_err(|problem| ParseError { at, problem })?;
    }
    if cursor.opens("component(") {
        let error = ParseError { at: cursor.at, problem: ParseProblem::Component };
        let (package, class) = cursor.closed_or_restart().and_then(|text| text.split_once('!')).ok_or(error)?;
        intent.component = Some(Component { package: package.into(), class: class.into() });
    }
    if cursor.opens("extras(") {
        extras(&mut intent, text, cursor.at)?;
    }
    intent.data = Some(Uri::new(if cursor.is_intent { &text[..hash] } else { text }));
    Ok(intent)
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
    /// Whether any field was there; if none was, the fragment belongs to the data.
    is_intent: bool,
}

impl<'a> Cursor<'a> {
    /// Steps over `name` if it stands here.
    fn opens(&mut self, name: &str) -> bool {
        let opens = self.text[self.at..].starts_with(name);
        if opens {
            self.at += name.len();
            self.is_intent = true;
        }
        opens
    }

    /// Takes what stands before the next `)`.
    fn closed(&mut self) -> Result<&'a str, ParseError> {
        let error = ParseError { at: self.at, problem: ParseProblem::MissingParenthesis };
        self.closed_or_restart().ok_or(error)
    }

    /// Takes what stands before the next `)`. Without one, Android reads on at the text's first byte.
    fn closed_or_restart(&mut self) -> Option<&'a str> {
        let inside = self.text[self.at..].split_once(')').map(|(inside, _)| inside);
        self.at = inside.map_or(0, |inside| self.at + inside.len() + 1);
        inside
    }
}

/// Reads what follows `extras(`, at `at`.
fn extras(intent: &mut Intent, text: &str, mut at: usize) -> Result<(), ParseError> {
    let inside = &text[at..];
    let Some((inside, _)) = inside.split_once(')') else {
        return Err(ParseError { at, problem: ParseProblem::MissingParenthesis });
    };
    let close = at + inside.len();
    while at < close {
        let error = |problem| ParseError { at, problem };
        let malformed = || error(ParseProblem::OldExtra);
        let (name, rest) = text[at..close].split_once('=').ok_or_else(malformed)?;
        let value = rest.split('!').next().unwrap_or(rest);
        let (kind, key) = name.split_at_checked(1).ok_or_else(malformed)?;
        if key.is_empty() || value.is_empty() {
            return Err(malformed());
        }
        // Only texts are encoded in this grammar.
        let decoded = if matches!(kind, "S" | "c") { codec::decode(value).map_err(error)? } else { value.into() };
        intent.extras.insert(key, parse::extra(kind, decoded).map_err(error)?);
        at += name.len() + 1 + value.len() + 1;
    }
    Ok(())
}
