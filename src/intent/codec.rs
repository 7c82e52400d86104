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

/// Decodes percent-encoded UTF-8; `+` stays as it is.
///
/// Android never fails here. It leaves U+FFFD behind, and for a bad digit also the byte read so far; how many U+FFFD is
/// the Java runtime's matter (ICU on phones, another decoder elsewhere).
pub(crate) fn decode(text: &str) -> Result<String, ParseProblem> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, escape)) = rest.split_once('%') {
        let digits = escape.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).ok_or(ParseProblem::Escape)?;
        bytes.extend(plain.bytes());
        bytes.push(byte);
        rest = &escape[2..];
    }
    bytes.extend(rest.bytes());
    String::from_utf8(bytes).map_err(|_| ParseProblem::Escape)
}
