//! Rules for ProGuard and R8, as far as the checks ask: which classes a rule keeps, and how well.

/// A `-keep…` rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keep {
    /// The line where it begins, from 1.
    pub(crate) line: usize,
    /// The directive with its modifiers, as it is written: `-keep,allowobfuscation`.
    pub(crate) directive: String,
    /// The pattern for class names; empty if there is none.
    pub(crate) class: String,
    /// Whether `class`, `interface`, `enum` or `@interface` stands before the name.
    pub(crate) has_keyword: bool,
}

impl Keep {
    fn base(&self) -> &str {
        self.directive.split(',').next().unwrap_or_default()
    }

    fn has(&self, modifier: &str) -> bool {
        self.directive.split(',').skip(1).any(|word| word == modifier)
    }

    /// Whether class and name stay as they are: plain `-keep`, or one that allows only optimisation.
    pub(crate) fn is_firm(&self) -> bool {
        self.base() == "-keep" && self.has_keyword && !self.has("allowshrinking") && !self.has("allowobfuscation")
    }

    /// Whether it names classes and lets something of them go.
    pub(crate) fn is_weak(&self) -> bool {
        !self.is_firm() && self.has_keyword
    }

    /// Whether the pattern matches a class.
    pub(crate) fn matches(&self, class: &str) -> bool {
        !self.class.is_empty()
            && self.class.split(',').any(|pattern| matches(pattern.trim().as_bytes(), class.as_bytes()))
    }
}

/// A file of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) file: String,
    pub(crate) keeps: Vec<Keep>,
}

/// Keywords before the name of a class in a specification (ProGuard manual, "Class Specifications").
const KINDS: [&str; 4] = ["class", "interface", "enum", "@interface"];

/// Rules of a file that are looked at; the merged rules of a large app have some thousand.
const MAXIMUM_RULES: usize = 5_000;
/// Bytes of a pattern of class names that are looked at.
const MAXIMUM_PATTERN: usize = 4096;

impl Rules {
    /// Reads the rules that the checks ask for; whatever else is written is passed over.
    pub(crate) fn read(file: &str, text: &str) -> Self {
        let words = words(text);
        let mut keeps = Vec::new();
        for (at, (line, word)) in words.iter().enumerate() {
            if !word.starts_with("-keep") || matches!(word.as_str(), "-keepattributes" | "-keepdirectories") {
                continue;
            }
            if word.starts_with("-keeppackagenames") || word.starts_with("-keepparameternames") {
                continue;
            }
            // The specification ends at its braces, or where the next rule begins.
            let specification: Vec<&str> = words[at + 1..]
                .iter()
                .map(|(_, word)| word.as_str())
                .take_while(|word| !word.starts_with('-') && *word != "{")
                .collect();
            let keyword = specification.iter().position(|word| KINDS.contains(word));
            let class = match keyword {
                Some(at) => specification.get(at + 1..).unwrap_or_default(),
                None => &specification[..],
            };
            // Up to what the class extends, or is.
            let class: Vec<&str> =
                class.iter().copied().take_while(|word| !matches!(*word, "extends" | "implements")).collect();
            let mut class = class.join("");
            if keeps.len() >= MAXIMUM_RULES {
                break;
            }
            if class.len() > MAXIMUM_PATTERN {
                class.clear();
            }
            keeps.push(Keep { line: *line, directive: word.clone(), class, has_keyword: keyword.is_some() });
        }
        Self { file: file.to_owned(), keeps }
    }
}

/// The words of rules with their lines, without comments; a brace is a word, a modifier belongs to its directive.
fn words(text: &str) -> Vec<(usize, String)> {
    let mut words: Vec<(usize, String)> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default();
        let spaced = line.replace('{', " { ").replace('}', " } ").replace(" ,", ",").replace(", ", ",");
        words.extend(spaced.split_whitespace().map(|word| (number + 1, word.to_owned())));
    }
    words
}

/// Whether a pattern of ProGuard's (`?`, `*` within a package, `**` across packages) matches a name. The table of a dynamic
/// program: a pattern with many stars takes no longer than its length times the name's.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let pattern = pattern.strip_prefix(b"!").map_or(pattern, |_| b"" as &[u8]);
    // Most patterns begin with a text, and most names with another.
    let text = pattern.iter().take_while(|byte| !matches!(byte, b'*' | b'?')).count();
    let (Some(pattern), Some(name)) = (pattern.get(text..), name.strip_prefix(&pattern[..text])) else { return false };
    let mut row = vec![false; name.len() + 1];
    let mut next = row.clone();
    row[0] = true;
    let mut at = 0;
    while at < pattern.len() {
        let stars = pattern[at..].iter().take_while(|byte| **byte == b'*').count();
        if stars > 0 {
            next[0] = row[0];
            for i in 1..=name.len() {
                next[i] = row[i] || next[i - 1] && (stars > 1 || name[i - 1] != b'.');
            }
            at += stars;
        } else {
            next[0] = false;
            for i in 1..=name.len() {
                let is_same = pattern[at] == name[i - 1] || pattern[at] == b'?' && name[i - 1] != b'.';
                next[i] = row[i - 1] && is_same;
            }
            at += 1;
        }
        std::mem::swap(&mut row, &mut next);
    }
    row[name.len()]
}
