//! `android.net.Uri.encode` and `decode`.

use crate::error::ParseProblem;

/// Percent-encodes everything but `A-Za-z0-9_-!.~'()*` and the characters of `allow`.
pub(crate) fn encode(text: &str, allow: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_alphanumeric() || "_-!.~'()*".contains(character) || allow.contains(character) {
            encoded.push(character);
            continue;
        }
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            encoded.push('%');
            encoded.push(char::from(DIGITS[usize::from(byte >> 4)]));
            encoded.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    encoded
}

/// Decodes as Android does, which never fails and leaves odd things behind: for a character that is no hexadecimal
/// digit U+FFFD and the byte read so far, for a text that ends in an escape U+FFFD.
///
/// `%` before a character beyond U+FFFF is refused: Android takes the first half of it for the digit.
pub(crate) fn decode(text: &str) -> Result<String, ParseProblem> {
    let mut decoded = String::with_capacity(text.len());
    let mut bytes = Vec::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            flush(&mut decoded, &mut bytes);
            decoded.push(character);
            continue;
        }
        let mut byte = 0;
        for _ in 0..2 {
            let Some(character) = characters.next() else {
                flush(&mut decoded, &mut bytes);
                decoded.push(char::REPLACEMENT_CHARACTER);
                return Ok(decoded);
            };
            if character.len_utf16() == 2 {
                return Err(ParseProblem::HalfCharacter);
            }
            let Some(digit) = character.to_digit(16).and_then(|digit| u8::try_from(digit).ok()) else {
                flush(&mut decoded, &mut bytes);
                decoded.push(char::REPLACEMENT_CHARACTER);
                break;
            };
            byte = byte << 4 | digit;
        }
        bytes.push(byte);
    }
    flush(&mut decoded, &mut bytes);
    Ok(decoded)
}

/// Appends the bytes of a run of escapes. What is not UTF-8 in it becomes U+FFFD, by the same rule as in Java.
fn flush(decoded: &mut String, bytes: &mut Vec<u8>) {
    decoded.push_str(&String::from_utf8_lossy(bytes));
    bytes.clear();
}
