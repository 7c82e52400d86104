//! Numbers as Java reads and prints them.

use core::str::FromStr;

use crate::error::ParseProblem;

/// `Integer.parseInt` and its kin: Rust's rule for ASCII is the same.
pub(crate) fn integer<T: FromStr>(text: &str) -> Result<T, ParseProblem> {
    text.parse().map_err(|_| problem_of(text))
}

/// `Integer.decode`: a sign, then decimal, `0x` or `#` hexadecimal, or octal with a leading 0. The result as bits.
pub(crate) fn flags(text: &str) -> Result<u32, ParseProblem> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let hexadecimal = ["0x", "0X", "#"].iter().find_map(|prefix| digits.strip_prefix(prefix));
    let (radix, digits) = match (hexadecimal, digits.strip_prefix('0')) {
        (Some(rest), _) => (16, rest),
        (None, Some(rest)) if !rest.is_empty() => (8, rest),
        _ => (10, digits),
    };
    let signed = digits.starts_with(['+', '-']);
    let magnitude = u32::from_str_radix(digits, radix).ok().filter(|_| !signed);
    let value = magnitude.map(|value| if negative { -i64::from(value) } else { i64::from(value) });
    let value = value.and_then(|value| i32::try_from(value).ok());
    value.map(i32::cast_unsigned).ok_or_else(|| problem_of(text))
}

fn problem_of(text: &str) -> ParseProblem {
    if text.is_ascii() { ParseProblem::Number } else { ParseProblem::ForeignDigits }
}

/// `Double.parseDouble` and `Float.parseFloat`, but for hexadecimal.
pub(crate) fn fraction<T: FromStr>(text: &str) -> Result<T, ParseProblem> {
    let text = text.trim_matches(|character| character <= ' ');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.starts_with("0x") || unsigned.starts_with("0X") {
        return Err(ParseProblem::HexadecimalFraction);
    }
    let number = match unsigned {
        // Java has one NaN, without a sign.
        "NaN" => "NaN",
        "Infinity" => text,
        _ => text.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(text),
    };
    // Rust has words for infinity and NaN that Java does not know.
    let known = matches!(unsigned, "NaN" | "Infinity") || number.bytes().all(|byte| b"0123456789.eE+-".contains(&byte));
    if known { number.parse().map_err(|_| ParseProblem::Number) } else { Err(ParseProblem::Number) }
}

/// `Double.toString`
pub(crate) fn double(value: f64) -> String {
    let two_digits = format!("{value:.1e}");
    java(value, if two_digits.parse() == Ok(value) { two_digits } else { format!("{value:e}") })
}

/// `Float.toString`
pub(crate) fn float(value: f32) -> String {
    let two_digits = format!("{value:.1e}");
    java(value.into(), if two_digits.parse() == Ok(value) { two_digits } else { format!("{value:e}") })
}

/// Java's form of a number that Rust printed as `-d.ddde-n`: a plain decimal from 10^-3 up to 10^7, always with a
/// fraction.
fn java(value: f64, scientific: String) -> String {
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return match scientific.as_str() {
            "inf" => "Infinity".into(),
            "-inf" => "-Infinity".into(),
            other => other.into(),
        };
    };
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits = mantissa.replace('.', "");
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if value != 0.0 && !(-3..7).contains(&exponent) {
        return format!(
            "{sign}{}.{}E{exponent}",
            &digits[..1],
            digits.get(1..).filter(|d| !d.is_empty()).unwrap_or("0")
        );
    }
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    // The point stands before the digit of this index.
    let point = usize::try_from(exponent + 1).unwrap_or_default();
    let padded = format!("{}{digits}", zeros(-exponent - 1));
    let padded = format!("{padded}{}", "0".repeat((point + 1).saturating_sub(padded.len())));
    let (whole, fraction) = padded.split_at(point);
    let fraction = fraction.trim_end_matches('0');
    format!("{sign}{}.{}", if whole.is_empty() { "0" } else { whole }, if fraction.is_empty() { "0" } else { fraction })
}
