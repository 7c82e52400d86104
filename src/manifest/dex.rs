//! The classes of a dex file and what they extend (source.android.com, "Dalvik executable format").

use crate::bytes::{size_at, u32_at};
use crate::contents::Classes;

/// Bytes of a class's name at most.
const MAXIMUM_NAME: usize = 4096;
/// No class: that of what `java.lang.Object` extends.
const NO_INDEX: u32 = u32::MAX;

/// Adds the classes of a dex file; those that are damaged are left out.
///
/// Returns none if it is no dex file.
pub(crate) fn read(data: &[u8], classes: &mut Classes) -> Option<()> {
    if !data.starts_with(b"dex\n") {
        return None;
    }
    let file = File {
        data,
        strings: (size_at(data, 0x38)?, size_at(data, 0x3c)?),
        types: (size_at(data, 0x40)?, size_at(data, 0x44)?),
    };
    let (count, start) = (size_at(data, 0x60)?, size_at(data, 0x64)?);
    for at in 0..count {
        let Some(definition) = at.checked_mul(32).and_then(|offset| start.checked_add(offset)) else { break };
        let (Some(class), Some(base)) = (u32_at(data, definition), u32_at(data, definition.checked_add(8)?)) else {
            break;
        };
        if let Some(name) = file.class(class) {
            let base = if base == NO_INDEX { None } else { file.class(base) };
            if !classes.add(name, base) {
                break;
            }
        }
    }
    Some(())
}

struct File<'b> {
    data: &'b [u8],
    /// How many there are, and where.
    strings: (usize, usize),
    types: (usize, usize),
}

impl File<'_> {
    /// The name with dots of a type that is a class.
    fn class(&self, index: u32) -> Option<String> {
        let number = u32_at(self.data, item(self.types, index)?)?;
        let at = size_at(self.data, item(self.strings, number)?)?;
        // The length in UTF-16 units, seven bits a byte, then the text up to a zero.
        let rest = self.data.get(at..)?;
        let length = rest.iter().take(5).position(|byte| byte & 0x80 == 0)? + 1;
        let text = rest.get(length..)?;
        let end = text.iter().take(MAXIMUM_NAME).position(|byte| *byte == 0)?;
        let descriptor = std::str::from_utf8(text.get(..end)?).ok()?;
        Some(descriptor.strip_prefix('L')?.strip_suffix(';')?.replace('/', "."))
    }
}

/// Where the item of four bytes of this number is.
fn item((count, start): (usize, usize), index: u32) -> Option<usize> {
    let index = usize::try_from(index).ok().filter(|index| *index < count)?;
    start.checked_add(index.checked_mul(4)?)
}
