//! Reads the binary manifest of an APK. The format has not changed since Android 1 (`ResXMLTree` in AOSP's
//! `ResourceTypes.h`), and the crates for it give every value as text, which hides what a check asks: whether an AppID
//! is a text or a number.

use crate::bytes::{Chunk, chunk, chunks, size_at, u16_at, u32_at};
use crate::document::{Attribute, Document, Element, Kind, Place, Space};
use crate::pool::Pool;
use crate::resources::{Resources, Value, typed};

const XML: u16 = 0x0003;
const START_ELEMENT: u16 = 0x0102;
const END_ELEMENT: u16 = 0x0103;
/// No string.
const NONE: u32 = u32::MAX;
/// Attributes of one element at most.
const MAXIMUM_ATTRIBUTES: usize = 1_000;

/// Whether some bytes begin as a binary XML document does.
pub(crate) fn is_binary(data: &[u8]) -> bool {
    u16_at(data, 0) == Some(XML) && u16_at(data, 2) == Some(8)
}

/// Reads a binary document; references are followed into the resources.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn read(data: &[u8], resources: &Resources) -> Result<Document, String> {
    let whole = chunk(data).filter(|whole| whole.kind == XML).ok_or("it is no binary XML document, or cut off")?;
    let mut document = Document::default();
    let mut strings = Pool::default();
    let mut open: Vec<usize> = Vec::new();
    for part in whole.data.get(whole.header..).into_iter().flat_map(chunks) {
        if let Some(pool) = Pool::new(part) {
            strings = pool;
        } else if part.kind == START_ELEMENT {
            let element = element(part, &strings, resources, open.last().copied()).ok_or("an element is damaged")?;
            open.push(document.add(element).map_err(|error| error.to_string())?);
        } else if part.kind == END_ELEMENT {
            open.pop().ok_or("an element ends that did not begin")?;
        }
    }
    if document.elements.is_empty() || !open.is_empty() {
        return Err("it ends too early".to_owned());
    }
    Ok(document)
}

fn element(part: Chunk<'_>, strings: &Pool<'_>, resources: &Resources, parent: Option<usize>) -> Option<Element> {
    let place = Place { line: u32_at(part.data, 8)?, column: 0 };
    let body = part.data.get(part.header..)?;
    let name = strings.get(u32_at(body, 4)?)?;
    let start = usize::from(u16_at(body, 8)?);
    let size = usize::from(u16_at(body, 10)?);
    let count = usize::from(u16_at(body, 12)?);
    if size < 20 || count > MAXIMUM_ATTRIBUTES {
        return None;
    }
    let attributes = (0..count)
        .map(|at| attribute(body.get(start + at * size..)?, strings, resources, place))
        .collect::<Option<Vec<_>>>()?;
    Some(Element { name, parent, children: Vec::new(), attributes, place, range: 0..0 })
}

fn attribute(data: &[u8], strings: &Pool<'_>, resources: &Resources, place: Place) -> Option<Attribute> {
    let space = match u32_at(data, 0)? {
        NONE => None,
        number => Some(strings.get(number)?),
    };
    let name = strings.get(u32_at(data, 4)?)?;
    let raw = u32_at(data, 8)?;
    let kind = *data.get(15)?;
    let mut value = match typed(kind, u32_at(data, 16)?, strings) {
        Some(value) => value,
        None if raw != NONE => Value { text: strings.get(raw)?, kind: Kind::Text },
        None => return None,
    };
    if value.kind == Kind::Reference {
        let id = size_at(data, 16).and_then(|id| u32::try_from(id).ok())?;
        if let Some(found) = resources.name(id).and_then(|name| resources.named(name)) {
            value = found;
        }
    }
    Some(Attribute {
        space: Space::of(space.as_deref()),
        name,
        value: value.text,
        kind: value.kind,
        place,
        range: 0..0,
        value_range: 0..0,
    })
}
