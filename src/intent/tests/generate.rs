//! Intents and texts that look random and are the same in every run: valid ones, mutated ones, hostile ones.

use offpush_intent::{Component, Extra, Intent, Ordered, Rectangle, Uri, UriFlags};

/// SplitMix64: one seed, one sequence.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn some<T>(&mut self, one_in: usize, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.one_in(one_in).then(|| make(self))
    }
}

/// Characters that mean something somewhere, and some that mean nothing.
const CHARACTERS: &[&str] = &[
    "a",
    "b",
    "Z",
    "7",
    "0",
    ".",
    "/",
    "-",
    "_",
    "!",
    "~",
    "'",
    "(",
    ")",
    "*",
    "+",
    " ",
    "%",
    "#",
    ";",
    "=",
    ":",
    "?",
    "&",
    "@",
    "\\",
    "\"",
    "\0",
    "\n",
    "é",
    "中",
    "😀",
    "\u{fffd}",
    "%41",
    "%2F",
    "%3B",
    "%C3%A9",
    "%c3",
    "%E4%B8",
    "%F0%9F%98%80",
    "%ED%A0%80",
    "%zz",
    "%1g",
    "%",
    "%%",
    "%é1",
    "%4😀",
    "end",
    "SEL;",
    "Aa",
    "BB",
];

/// Words of the grammar, and what is often near them.
const WORDS: &[&str] = &[
    "intent:",
    "android-app:",
    "//",
    "/",
    "#",
    "#Intent;",
    "end",
    ";",
    "=",
    "SEL;",
    "scheme=",
    "action=",
    "category=",
    "type=",
    "identifier=",
    "launchFlags=",
    "extendedLaunchFlags=",
    "package=",
    "component=",
    "sourceBounds=",
    "S.",
    "B.",
    "b.",
    "c.",
    "d.",
    "f.",
    "i.",
    "l.",
    "s.",
    "X.",
    "com.example",
    "com.example/.Chat",
    "http",
    "https",
    "content",
    "file",
    "javascript",
    "0x4000000",
    "true",
    "1",
    "-1",
    "action(",
    "categories(",
    "type(",
    "launchFlags(",
    "component(",
    "extras(",
    ")",
    "!",
    "Sa=b",
    "host",
    "?q=1",
    "%23",
    "%",
    " ",
    "é",
    "😀",
    "a",
    ":",
    ".",
];

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "+1",
    "7",
    "007",
    "08",
    "-0",
    "127",
    "128",
    "-128",
    "-129",
    "32767",
    "32768",
    "2147483647",
    "2147483648",
    "-2147483648",
    "-2147483649",
    "9223372036854775807",
    "9223372036854775808",
    "0x10",
    "0X1f",
    "%23ff",
    "-%2310",
    "-0x80000000",
    "0x80000000",
    "0xffffffff",
    "0x",
    "#",
    "-",
    "+",
    "+-1",
    "0x-1",
    "",
    " 1",
    "1 ",
    "1.5",
    ".5",
    "5.",
    ".",
    "1e3",
    "1E-5",
    "1e",
    "1e400",
    "-1e-400",
    "1f",
    "1.0D",
    "1ff",
    "NaN",
    "-NaN",
    "nan",
    "Infinity",
    "-Infinity",
    "inf",
    "0x1p3",
    "0x1.8p-2",
    "0x1",
    "4.9E-324",
    "1.4E-45",
    "2.0E-3",
    "9999999.5",
    "1.0E7",
    "0.001",
    "9.999E-4",
    "3.4028235E38",
    "1e23",
    "2e23",
    "8.41E21",
    "١٢",
    "１２",
    "1_000",
    "195",
    "0xc3",
    "0x40000c3",
    "%31",
    "%2B5",
];

/// A text of up to `most` characters that mean something somewhere.
pub(crate) fn value(chance: &mut Chance, most: usize) -> String {
    (0..chance.below(most + 1)).map(|_| chance.pick(CHARACTERS)).collect()
}

fn name(chance: &mut Chance) -> String {
    match chance.below(8) {
        0 => value(chance, 4),
        1 => String::new(),
        // Pairs with the same hash, which Android keeps by age.
        2 => format!("{}{}", chance.pick(&["Aa", "BB"]), chance.pick(&["Aa", "BB"])),
        _ => chance.pick(&["com.example", "com.other", "room", "key_message", "ext", "a", "b"]).into(),
    }
}

fn encoded(chance: &mut Chance, text: &str) -> String {
    if chance.one_in(3) {
        return text.into();
    }
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).into() } else { format!("%{byte:02x}") })
        .collect()
}

/// A text that `Intent.parseUri` may be given.
pub(crate) fn text(chance: &mut Chance) -> String {
    match chance.below(10) {
        0 => intent(chance, 2).to_uri(form(chance)).unwrap_or_default(),
        1 => mutated(intent(chance, 2).to_uri(form(chance)).unwrap_or_default(), chance),
        2..=5 => written(chance),
        6 | 7 => mutated(written(chance), chance),
        8 => old(chance),
        _ => (0..chance.below(14)).map(|_| chance.pick(WORDS)).collect(),
    }
}

/// Flags to parse with; most often those that a click uses.
pub(crate) fn flags(chance: &mut Chance) -> (UriFlags, u8) {
    const INTENT: UriFlags = UriFlags::INTENT_SCHEME;
    [
        (INTENT, 1),
        (INTENT, 1),
        (INTENT, 1),
        (UriFlags::ANDROID_APP_SCHEME, 2),
        (INTENT | UriFlags::ALLOW_UNSAFE, 5),
        (UriFlags::NONE, 0),
    ][chance.below(6)]
}

fn form(chance: &mut Chance) -> UriFlags {
    [UriFlags::INTENT_SCHEME, UriFlags::ANDROID_APP_SCHEME, UriFlags::NONE][chance.below(3)]
}

fn base(chance: &mut Chance) -> String {
    match chance.below(9) {
        0 | 1 => "intent:".into(),
        2 | 3 => format!("intent://host/path{}", value(chance, 3)),
        4 => format!("android-app://{}", name(chance)),
        5 => format!(
            "android-app://com.example/{}/{}/{}",
            chance.pick(&["", "http", "x-y"]),
            name(chance),
            value(chance, 3)
        ),
        6 => format!("android-app:{}", value(chance, 4)),
        7 => format!("{}:{}", chance.pick(&["http", "mailto", "content", ""]), value(chance, 5)),
        _ => value(chance, 4),
    }
}

/// A text of the grammar, with any items in any order.
fn written(chance: &mut Chance) -> String {
    let mut text = base(chance) + "#Intent;";
    for _ in 0..chance.below(7) {
        let item = match chance.below(12) {
            0 if chance.one_in(2) => "SEL".into(),
            0..=3 => {
                let field = chance.pick(&["action", "category", "type", "identifier", "package", "scheme"]);
                let name = name(chance);
                format!("{field}={}", encoded(chance, &name))
            }
            4 => format!("launchFlags={}", chance.pick(NUMBERS)),
            5 => format!("component={}", chance.pick(&["a/.b", "a/b.c", "a%2Fb", "/x", "a/.", "a/", "a", "", "é/ü"])),
            6 => {
                let bounds =
                    ["1%202%203%204", "-1 2 3 4", "1 2 3", "1 2 3 4 5", "x", "1 2 3 4000000000", "1  2 3 4", ""];
                format!("sourceBounds={}", chance.pick(&bounds))
            }
            7 if chance.one_in(6) => value(chance, 4),
            7 | 8 => {
                let kind = chance.pick(&["b", "d", "f", "i", "l", "s"]);
                format!("{kind}.{}={}", name(chance), chance.pick(NUMBERS))
            }
            _ => {
                let (kind, key, content) = (chance.pick(&["S", "S", "B", "c"]), name(chance), value(chance, 4));
                let content = if chance.one_in(3) { "TRUE".into() } else { encoded(chance, &content) };
                format!("{kind}.{}={content}", encoded(chance, &key))
            }
        };
        text = text + &item + ";";
    }
    text + chance.pick(&["end", "end", "end", "end", "endfoo", "en", ""])
}

/// A text of the grammar of Android 1.0.
fn old(chance: &mut Chance) -> String {
    let mut text = base(chance) + "#";
    for field in ["action", "categories", "type", "launchFlags", "component", "extras"] {
        if chance.one_in(2) {
            continue;
        }
        let inside = match field {
            "categories" => format!("{}!{}", name(chance), name(chance)),
            "launchFlags" => chance.pick(NUMBERS).into(),
            "component" => chance.pick(&["a!b", "a", "!", "é!ü", "a!b!c"]).into(),
            "extras" => {
                let (letter, content) = (chance.pick(&["S", "c", "B"]), value(chance, 2));
                let (key, other) = (name(chance), name(chance));
                let number = chance.pick(NUMBERS);
                format!("{letter}{key}={content}!{}{other}={number}", chance.pick(&["i", "d", "l", "X", "b"]))
            }
            _ => name(chance),
        };
        text = text + field + "(" + &inside + chance.pick(&[")", ")", ")", ")", ")", ")", ""]);
    }
    text
}

/// `text` with a few characters or words taken out, put in, doubled or cut off.
fn mutated(mut text: String, chance: &mut Chance) -> String {
    for _ in 0..=chance.below(3) {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let mut place = || places[chance.below(places.len())];
        let (a, b) = (place(), place());
        let (start, end) = (a.min(b), a.max(b));
        match chance.below(6) {
            0 => text.truncate(end),
            1 => text.insert_str(start, chance.pick(WORDS)),
            2 => text.insert_str(start, chance.pick(CHARACTERS)),
            3 if end - start < 12 => text.replace_range(start..end, ""),
            4 if end - start < 40 => {
                let copy = text[start..end].to_owned();
                text.insert_str(end, &copy);
            }
            _ => {
                if let Some(character) = text[start..].chars().next() {
                    text.replace_range(start..start + character.len_utf8(), chance.pick(CHARACTERS));
                }
            }
        }
    }
    text
}

/// An intent with anything in it, with a selector up to `depth` - 1 levels down.
pub(crate) fn intent(chance: &mut Chance, depth: usize) -> Intent {
    let mut categories = Ordered::default();
    for _ in 0..chance.below(3) {
        categories.insert(name(chance), ());
    }
    let mut extras = Ordered::default();
    for _ in 0..chance.below(5) {
        extras.insert(name(chance), extra(chance));
    }
    Intent {
        action: chance.some(2, name).or(Some("android.intent.action.VIEW".into())),
        data: chance.some(2, |chance| Uri::new(base(chance))),
        categories,
        mime_type: chance.some(4, |_| "text/plain".into()),
        identifier: chance.some(8, name),
        flags: chance.some(3, |chance| chance.next() as u32 >> chance.below(32)).unwrap_or_default(),
        package: chance.some(2, name),
        component: chance.some(3, |chance| Component { package: name(chance), class: name(chance) + ".Chat" }),
        source_bounds: chance.some(8, |chance| Rectangle { left: chance.next() as i32, top: 0, right: -1, bottom: 2 }),
        extras,
        selector: if depth > 1 { chance.some(6, |chance| Box::new(intent(chance, depth - 1))) } else { None },
    }
}

fn extra(chance: &mut Chance) -> Extra {
    let bits = chance.next() >> chance.below(64);
    match chance.below(9) {
        0 => Extra::Boolean(bits & 1 == 0),
        1 => Extra::Byte(bits as i8),
        2 => Extra::Character(bits as u16),
        3 if chance.one_in(2) => Extra::Double(bits as f64 / 1000.0),
        3 => Extra::Double(f64::from_bits(chance.next())),
        4 if chance.one_in(2) => Extra::Float(bits as f32 / 1000.0),
        4 => Extra::Float(f32::from_bits(chance.next() as u32)),
        5 => Extra::Integer(bits as i32),
        6 => Extra::Long(bits as i64),
        7 => Extra::Short(bits as i16),
        _ => Extra::String(value(chance, 6)),
    }
}
