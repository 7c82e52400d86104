//! Reads the protobuf manifest and resources of an AAB (aapt2's `Resources.proto`), the fields that the checks ask for.

use prost::Message;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use crate::document::{Attribute, Document, Element, Kind, Place, Space};
use crate::resources::{Resources, TYPES, Value};

#[derive(Clone, PartialEq, Message)]
struct XmlNode {
    #[prost(message, optional, tag = "1")]
    element: Option<XmlElement>,
    #[prost(message, optional, tag = "3")]
    source: Option<Position>,
}

#[derive(Clone, PartialEq, Message)]
struct Position {
    #[prost(uint32, tag = "1")]
    line: u32,
    #[prost(uint32, tag = "2")]
    column: u32,
}

#[derive(Clone, PartialEq, Message)]
struct XmlElement {
    #[prost(string, tag = "3")]
    name: String,
    #[prost(message, repeated, tag = "4")]
    attributes: Vec<XmlAttribute>,
    #[prost(message, repeated, tag = "5")]
    children: Vec<XmlNode>,
}

#[derive(Clone, PartialEq, Message)]
struct XmlAttribute {
    #[prost(string, tag = "1")]
    namespace: String,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(string, tag = "3")]
    value: String,
    #[prost(message, optional, tag = "4")]
    source: Option<Position>,
    #[prost(message, optional, tag = "6")]
    item: Option<Item>,
}

#[derive(Clone, PartialEq, Message)]
struct Item {
    #[prost(oneof = "ItemValue", tags = "1, 2, 3, 5, 7")]
    value: Option<ItemValue>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum ItemValue {
    #[prost(message, tag = "1")]
    Reference(Reference),
    #[prost(message, tag = "2")]
    Text(Text),
    #[prost(message, tag = "3")]
    RawText(Text),
    #[prost(message, tag = "5")]
    File(File),
    #[prost(message, tag = "7")]
    Primitive(Primitive),
}

#[derive(Clone, PartialEq, Message)]
struct Reference {
    #[prost(string, tag = "3")]
    name: String,
}

#[derive(Clone, PartialEq, Message)]
struct Text {
    #[prost(string, tag = "1")]
    value: String,
}

#[derive(Clone, PartialEq, Message)]
struct File {
    #[prost(string, tag = "1")]
    path: String,
}

#[derive(Clone, PartialEq, Message)]
struct Primitive {
    #[prost(oneof = "PrimitiveValue", tags = "3, 6, 7, 8")]
    value: Option<PrimitiveValue>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum PrimitiveValue {
    #[prost(float, tag = "3")]
    Float(f32),
    #[prost(int32, tag = "6")]
    Decimal(i32),
    #[prost(uint32, tag = "7")]
    Hexadecimal(u32),
    #[prost(bool, tag = "8")]
    Boolean(bool),
}

#[derive(Clone, PartialEq, Message)]
struct ConfigValue {
    /// The configuration as its bytes: none in the default one.
    #[prost(bytes = "vec", optional, tag = "1")]
    configuration: Option<Vec<u8>>,
    #[prost(message, optional, tag = "2")]
    value: Option<ResourceValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceValue {
    #[prost(message, optional, tag = "4")]
    item: Option<Item>,
}

/// Reads `base/manifest/AndroidManifest.xml`.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn read(data: &[u8], resources: &Resources) -> Result<Document, String> {
    let root = XmlNode::decode(data).map_err(|error| format!("its protobuf is damaged: {error}"))?;
    let mut document = Document::default();
    // prost itself refuses more than a hundred levels; the document fewer.
    let mut open = vec![(root, None)];
    while let Some((node, parent)) = open.pop() {
        let Some(element) = node.element else { continue };
        let place = place(node.source.as_ref());
        let attributes = element.attributes.into_iter().map(|written| attribute(written, resources, place)).collect();
        let index = document
            .add(Element { name: element.name, parent, children: Vec::new(), attributes, place, range: 0..0 })
            .map_err(|error| error.to_string())?;
        // The last on the stack is the first to be taken.
        open.extend(element.children.into_iter().rev().map(|child| (child, Some(index))));
    }
    if document.elements.is_empty() { Err("it has no element".to_owned()) } else { Ok(document) }
}

/// Reads `base/resources.pb`: `ResourceTable` > `Package` > `Type` > `Entry` > `ConfigValue`, one value at a time, as the
/// whole tree of a damaged table would take many times its size. What is damaged is left out: a reference to it stays
/// unknown.
pub(crate) fn read_resources(data: &[u8]) -> Resources {
    let mut resources = Resources::default();
    for kind in fields(data, 2).flat_map(|package| fields(package, 3)) {
        let Some(name) = name(kind).filter(|name| TYPES.contains(name)) else { continue };
        for entry in fields(kind, 3) {
            let Some(key) = self::name(entry) else { continue };
            for written in fields(entry, 6).filter_map(|value| ConfigValue::decode(value).ok()) {
                let is_default = written.configuration.is_none_or(|configuration| configuration.is_empty());
                if let Some(value) = written.value.and_then(|value| value.item).and_then(value_of) {
                    resources.add(format!("{name}/{key}"), value, is_default);
                }
            }
        }
    }
    resources
}

/// The name of a type or an entry: its field 2.
fn name(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(fields(data, 2).next()?).ok()
}

/// The messages or texts of a field, up to where the bytes are damaged.
fn fields(mut data: &[u8], field: u32) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        loop {
            let (tag, wire_type) = decode_key(&mut data).ok()?;
            if wire_type != WireType::LengthDelimited {
                skip_field(wire_type, tag, &mut data, DecodeContext::default()).ok()?;
                continue;
            }
            let length = usize::try_from(decode_varint(&mut data).ok()?).ok()?;
            let (value, rest) = data.split_at_checked(length)?;
            data = rest;
            if tag == field {
                return Some(value);
            }
        }
    })
}

fn place(source: Option<&Position>) -> Place {
    source.map_or(Place::default(), |source| Place { line: source.line, column: source.column })
}

fn attribute(written: XmlAttribute, resources: &Resources, element: Place) -> Attribute {
    let mut value = written.item.and_then(value_of).unwrap_or(Value { text: written.value, kind: Kind::Text });
    if value.kind == Kind::Reference
        && let Some(found) = value.text.strip_prefix('@').and_then(|name| resources.named(name))
    {
        value = found;
    }
    let own = place(written.source.as_ref());
    Attribute {
        space: Space::of(Some(&written.namespace)),
        name: written.name,
        value: value.text,
        kind: value.kind,
        place: if own.line > 0 { own } else { element },
        range: 0..0,
        value_range: 0..0,
    }
}

fn value_of(item: Item) -> Option<Value> {
    let (text, kind) = match item.value? {
        ItemValue::Reference(reference) => {
            // The name may carry its package, `com.example.app:string/name`.
            let name = reference.name.rsplit(':').next().unwrap_or_default().to_owned();
            (format!("@{name}"), Kind::Reference)
        }
        ItemValue::Text(text) | ItemValue::RawText(text) => (text.value, Kind::Text),
        ItemValue::File(file) => (file.path, Kind::Text),
        ItemValue::Primitive(primitive) => match primitive.value? {
            PrimitiveValue::Float(number) => (number.to_string(), Kind::Number),
            PrimitiveValue::Decimal(number) => (number.to_string(), Kind::Number),
            PrimitiveValue::Hexadecimal(number) => (number.to_string(), Kind::Number),
            PrimitiveValue::Boolean(value) => (value.to_string(), Kind::Boolean),
        },
    };
    Some(Value { text, kind })
}
