//! Times, sizes and list items as text for people.

use std::fmt::Write as _;

use serde_json::Value;

use crate::list::HistoryItem;

/// A moment seen from `now`, such as `2 min ago` or `in 3 s`.
pub fn relative_text(at: i64, now: i64) -> String {
    let difference = duration_text(at.abs_diff(now));
    match at.cmp(&now) {
        _ if at.abs_diff(now) < 1_000 => "just now".to_owned(),
        std::cmp::Ordering::Greater => format!("in {difference}"),
        _ => format!("{difference} ago"),
    }
}

/// A duration in milliseconds in its largest unit, with the next one where that matters: `1 h 5 min`.
pub fn duration_text(milliseconds: u64) -> String {
    let seconds = milliseconds / 1_000;
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..60 => format!("{seconds} s"),
        60..3_600 => with_rest(seconds / 60, "min", seconds % 60, "s"),
        3_600..86_400 => with_rest(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => with_rest(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

fn with_rest(count: u64, unit: &str, rest: u64, rest_unit: &str) -> String {
    if rest == 0 || count >= 10 { format!("{count} {unit}") } else { format!("{count} {unit} {rest} {rest_unit}") }
}

pub(crate) fn bytes_text(count: u64) -> String {
    match count {
        0..10_000 => format!("{count} B"),
        10_000..10_000_000 => format!("{} kB", count / 1_000),
        _ => format!("{} MB", count / 1_000_000),
    }
}

/// A moment as date and time of day in UTC, such as `2026-01-31 08:05:59.123`.
pub fn clock_text(at: i64) -> String {
    let (days, rest) = (at.div_euclid(86_400_000), at.rem_euclid(86_400_000));
    // The civil calendar in years that begin on 1 March, so that the leap day is the last one.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (seconds, milliseconds) = (rest / 1_000, rest % 1_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{milliseconds:03}")
}

/// One event as a line without its end.
#[must_use]
pub fn history_text(item: &HistoryItem) -> String {
    format!("{} {} {}", clock_text(item.at), printable(&item.event), details_text(item)).trim_end().to_owned()
}

/// What there is to say about an event: times in words, networks by their key's digits, and nothing that is `null`.
#[must_use]
pub fn details_text(item: &HistoryItem) -> String {
    let mut text = String::new();
    for (name, value) in &item.details {
        let value = match value {
            Value::Null => continue,
            // Of use only to compare them with others.
            Value::Number(_) if name == "addresses" => continue,
            Value::Number(number) if name == "key" => number.as_u64().map(|key| format!("{key:016x}")),
            Value::Number(number) if MILLISECONDS.contains(&name.as_str()) => number.as_i64().map(|milliseconds| {
                format!("{}{}", if milliseconds < 0 { "-" } else { "" }, duration_text(milliseconds.unsigned_abs()))
            }),
            Value::Array(values) => Some(values.iter().map(word).collect::<Vec<_>>().join(", ")),
            value => Some(word(value)),
        }
        .unwrap_or_else(|| value.to_string());
        let _ = write!(text, "{}{}={}", if text.is_empty() { "" } else { " " }, printable(name), printable(&value));
    }
    text
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The details of events that are durations in milliseconds.
const MILLISECONDS: [&str; 11] =
    ["took", "lasted", "retryIn", "idle", "roundTrip", "proved", "failed", "interval", "silence", "late", "ahead"];

/// Without control characters: what servers send must not steer a terminal.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}
