//! The app's resources, as far as a manifest refers to them: strings, truth values, numbers and XML files (by their path)
//! of the default configuration.

use std::collections::HashMap;

use crate::bytes::{Chunk, chunk, chunks, size_at, u16_at, u32_at};
use crate::document::Kind;
use crate::pool::Pool;

/// Resources that are kept at most; large apps have some ten thousand.
const MAXIMUM_RESOURCES: usize = 400_000;
/// Bytes of their names and values at most: many may share one text of the table. Large apps have some million.
const MAXIMUM_TEXT: usize = 64 << 20;
/// References from one resource to the next, at most; more is a circle.
const MAXIMUM_HOPS: usize = 8;
/// The types whose values a manifest's checks ask for.
pub(crate) const TYPES: [&str; 4] = ["string", "bool", "integer", "xml"];

const TABLE: u16 = 0x0002;
const PACKAGE: u16 = 0x0200;
const TYPE: u16 = 0x0201;
/// The flags of a type chunk: entries that are not there are left out; offsets take two bytes.
const SPARSE: u8 = 1;
const SHORT_OFFSETS: u8 = 2;
/// The flags of an entry: a map of values; key and value in eight bytes.
const COMPLEX: u16 = 1;
const COMPACT: u16 = 8;
/// An entry that is not there.
const NO_ENTRY: u32 = u32::MAX;

/// A value of a resource or an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) text: String,
    pub(crate) kind: Kind,
}

/// Resources by name, `string/app_name`.
#[derive(Debug, Default)]
pub(crate) struct Resources {
    values: HashMap<String, Value>,
    names: HashMap<u32, String>,
    bytes: usize,
}

impl Resources {
    /// Keeps a value; of several configurations the first to come, or the default one.
    pub(crate) fn add(&mut self, name: String, value: Value, is_default: bool) {
        if self.has_room() && (is_default || !self.values.contains_key(&name)) {
            self.bytes += name.len() + value.text.len();
            self.values.insert(name, value);
        }
    }

    fn has_room(&self) -> bool {
        self.names.len().max(self.values.len()) < MAXIMUM_RESOURCES && self.bytes < MAXIMUM_TEXT
    }

    /// The names of all strings.
    pub(crate) fn strings(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.values.keys().filter_map(|name| name.strip_prefix("string/")).map(str::to_owned).collect();
        names.sort();
        names
    }

    /// The value that a resource's name leads to.
    pub(crate) fn named(&self, name: &str) -> Option<Value> {
        let mut name = name;
        for _ in 0..MAXIMUM_HOPS {
            let value = self.values.get(name)?;
            match (value.kind, value.text.strip_prefix('@')) {
                (Kind::Reference, Some(next)) => name = next,
                (Kind::Reference, None) => return None,
                _ => return Some(value.clone()),
            }
        }
        None
    }

    /// The name of a resource's number.
    pub(crate) fn name(&self, id: u32) -> Option<&str> {
        self.names.get(&id).map(String::as_str)
    }

    /// Reads `resources.arsc`. What is damaged is left out: a reference to it stays unknown.
    pub(crate) fn read(data: &[u8]) -> Self {
        let mut resources = Self::default();
        if let Some(table) = chunk(data).filter(|table| table.kind == TABLE) {
            let mut strings = Pool::default();
            for part in table.data.get(table.header..).into_iter().flat_map(chunks) {
                if let Some(pool) = Pool::new(part) {
                    strings = pool;
                } else if part.kind == PACKAGE {
                    resources.package(part, &strings);
                }
            }
        }
        resources.link();
        resources
    }

    fn package(&mut self, package: Chunk<'_>, strings: &Pool<'_>) -> Option<()> {
        let id = u32_at(package.data, 8)?;
        // Behind the name of 128 units: where the pools of type and key names are.
        let pool = |at: usize| Pool::new(chunk(package.data.get(size_at(package.data, at)?..)?)?);
        let (types, keys) = (pool(268)?, pool(276)?);
        for part in chunks(package.data.get(package.header..)?).filter(|part| part.kind == TYPE) {
            self.of_type(part, id, &types, &keys, strings);
        }
        Some(())
    }

    fn of_type(
        &mut self,
        part: Chunk<'_>,
        package: u32,
        types: &Pool<'_>,
        keys: &Pool<'_>,
        strings: &Pool<'_>,
    ) -> Option<()> {
        let number = u32::from(*part.data.get(8)?);
        let kind = types.get(number.checked_sub(1)?)?;
        if !TYPES.contains(&kind.as_str()) {
            return None;
        }
        let flags = *part.data.get(9)?;
        let count = size_at(part.data, 12)?;
        let entries = size_at(part.data, 16)?;
        // The configuration: its size, then nothing but zeros where it is the default.
        let configuration = size_at(part.data, 20)?.min(part.header.saturating_sub(20));
        let is_default = part.data.get(24..20 + configuration.max(4))?.iter().all(|byte| *byte == 0);
        let width = if flags & SHORT_OFFSETS != 0 { 2 } else { 4 };
        for at in 0..count {
            let place = part.header.checked_add(at.checked_mul(width)?)?;
            let (index, offset) = match (flags & SPARSE != 0, width) {
                (true, _) => (u32::from(u16_at(part.data, place)?), usize::from(u16_at(part.data, place + 2)?) * 4),
                (false, 2) => match u16_at(part.data, place)? {
                    u16::MAX => continue,
                    offset => (u32::try_from(at).ok()?, usize::from(offset) * 4),
                },
                (false, _) => match u32_at(part.data, place)? {
                    NO_ENTRY => continue,
                    offset => (u32::try_from(at).ok()?, usize::try_from(offset).ok()?),
                },
            };
            let Some((key, value)) = entry(part.data, entries.checked_add(offset)?, strings) else { continue };
            let Some(key) = keys.get(key) else { continue };
            if !self.has_room() {
                return None;
            }
            let name = format!("{kind}/{key}");
            self.bytes += name.len();
            self.names.insert(package << 24 | number << 16 | index & 0xffff, name.clone());
            self.add(name, value, is_default);
        }
        Some(())
    }

    /// References by number become references by name.
    fn link(&mut self) {
        for value in self.values.values_mut().filter(|value| value.kind == Kind::Reference) {
            if let Some(name) = number(&value.text).and_then(|id| self.names.get(&id)) {
                value.text = format!("@{name}");
            }
        }
    }
}

/// The number in `@0x7f010001`.
fn number(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("@0x")?, 16).ok()
}

/// The key and the value of an entry; none if it is a map.
fn entry(data: &[u8], at: usize, strings: &Pool<'_>) -> Option<(u32, Value)> {
    let flags = u16_at(data, at.checked_add(2)?)?;
    if flags & COMPACT != 0 {
        let kind = u8::try_from(flags >> 8).ok()?;
        return Some((u32::from(u16_at(data, at)?), typed(kind, u32_at(data, at + 4)?, strings)?));
    }
    if flags & COMPLEX != 0 {
        return None;
    }
    let value = at.checked_add(usize::from(u16_at(data, at)?))?;
    Some((u32_at(data, at + 4)?, typed(*data.get(value.checked_add(3)?)?, u32_at(data, value + 4)?, strings)?))
}

/// A typed value (`Res_value`): what it is as text, and what kind.
pub(crate) fn typed(kind: u8, data: u32, strings: &Pool<'_>) -> Option<Value> {
    const REFERENCE: u8 = 0x01;
    const ATTRIBUTE: u8 = 0x02;
    const STRING: u8 = 0x03;
    const FLOAT: u8 = 0x04;
    const DYNAMIC_REFERENCE: u8 = 0x07;
    const DECIMAL: u8 = 0x10;
    const BOOLEAN: u8 = 0x12;
    let value = |text: String, kind| Value { text, kind };
    Some(match kind {
        REFERENCE | ATTRIBUTE | DYNAMIC_REFERENCE => value(format!("@0x{data:08x}"), Kind::Reference),
        STRING => value(strings.get(data)?, Kind::Text),
        FLOAT => value(f32::from_bits(data).to_string(), Kind::Number),
        BOOLEAN => value((data != 0).to_string(), Kind::Boolean),
        // Signed, as people write it; a flag's bits are not.
        DECIMAL => value(data.cast_signed().to_string(), Kind::Number),
        _ => value(data.to_string(), Kind::Number),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value { text: text.to_owned(), kind: Kind::Text }
    }

    #[test]
    fn the_default_counts_wherever_it_stands() {
        // Build tools write the default first; nothing says that they must.
        let mut resources = Resources::default();
        for (value, is_default) in [("some", false), ("every", true), ("others", false)] {
            resources.add("string/server".to_owned(), text(value), is_default);
        }
        assert_eq!(resources.named("string/server"), Some(text("every")));
    }

    #[test]
    fn what_is_kept_has_a_limit() {
        // A table of some kilobytes can name one long text any number of times.
        let mut resources = Resources::default();
        let long = "x".repeat(1 << 20);
        for number in 0..200 {
            resources.add(format!("string/s{number}"), text(&long), true);
        }
        let kept: usize = resources.values.values().map(|value| value.text.len()).sum();
        assert!(kept <= MAXIMUM_TEXT + long.len(), "{kept}");
    }
}
