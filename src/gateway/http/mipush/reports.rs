//! What became of messages, in the API's own shapes.

use offpush_wire::code;
use serde_json::{Value, json};

use super::Fields;
use super::answer::{Answer, codes};
use super::message::missing;
use crate::core::{ApiError, Core, MessageView};

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The longest period that `stats/message/counters` takes (`mipush-api` §3.2).
const LONGEST_PERIOD_DAYS: i64 = 30;

/// `stats/message/counters`.
pub(super) async fn counters(core: &Core, app: &str, fields: &Fields) -> Result<Answer, ApiError> {
    let from = day(fields, "start_date")?;
    let to = day(fields, "end_date")?;
    if !(from..from + LONGEST_PERIOD_DAYS * DAY_MS).contains(&to) {
        return Err(ApiError::new(code::INVALID_VALUE, "end_date is before start_date, or 30 days and more after it"));
    }
    Ok(Answer::data(json!({ "data": core.day_counters(app, from, to + DAY_MS - 1).await? })))
}

/// `trace/message/status`, by message id or job key.
pub(super) async fn trace(core: &Core, app: &str, fields: &Fields) -> Result<Answer, ApiError> {
    let none = || ApiError::new(codes::NO_SUCH_MESSAGE, "there is no such message");
    if let Some(id) = fields.get("msg_id") {
        let path = core.message(Some(app), id).await?.ok_or_else(none)?;
        return Ok(Answer::data(json!({ "data": status(&path.message) })));
    }
    let key = fields.get("job_key").or_else(|| fields.get("jobkey")).ok_or_else(|| missing("msg_id"))?;
    let messages = core.messages_by_job_key(app, key).await?;
    if messages.is_empty() {
        return Err(none());
    }
    Ok(Answer::data(json!({ "data": messages.iter().map(status).collect::<Vec<_>>() })))
}

/// `trace/messages/status` of a period.
pub(super) async fn trace_between(core: &Core, app: &str, fields: &Fields) -> Result<Answer, ApiError> {
    let time = |name: &str| {
        let text = fields.get(name).ok_or_else(|| missing(name))?;
        text.parse::<i64>()
            .map_err(|_| ApiError::new(code::INVALID_VALUE, format!("{name} is no time in milliseconds")))
    };
    let messages = core.messages_between(app, time("begin_time")?, time("end_time")?).await?;
    Ok(Answer::data(json!({ "data": messages.iter().map(status).collect::<Vec<_>>() })))
}

fn status(message: &MessageView) -> Value {
    let counts = &message.counts;
    let rate = |part: i64, whole: i64| match whole {
        0 => "0%".to_owned(),
        whole => format!("{:.2}%", part as f64 * 100.0 / whole as f64),
    };
    json!({
        "id": message.id,
        "create_timestamp": message.accepted_at,
        "time_to_live": format!("{}s", (message.expires_at - message.send_at).max(0) / 1000),
        "resolved": counts.devices,
        "delivered": counts.arrived,
        "delivery_rate": rate(counts.arrived, counts.devices),
        "click": counts.clicked,
        "click_rate": rate(counts.clicked, counts.arrived),
    })
}

/// A date `yyyyMMdd` as milliseconds since 1970 of its beginning, UTC.
fn day(fields: &Fields, name: &str) -> Result<i64, ApiError> {
    let text = fields.get(name).ok_or_else(|| missing(name))?;
    let invalid = || ApiError::new(code::INVALID_VALUE, format!("{name} is no date yyyyMMdd"));
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(invalid());
    }
    let number: i64 = text.parse().map_err(|_| invalid())?;
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return Err(invalid());
    }
    Ok(days_since_1970(year, month, day) * DAY_MS)
}

/// The proleptic Gregorian calendar, counted in years that begin in March (so that the leap day is a year's last).
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    // 719,468 days lie between 1 March of the year 0 and 1 January 1970.
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_the_beginning_of_its_day_in_utc() {
        // Dates around leap days and centuries give the day numbers of the calendar; what is no date is refused.
        for (text, days) in [("19700101", 0), ("20000229", 11016), ("20000301", 11017), ("20260101", 20454)] {
            let mut fields = Fields::default();
            fields.add(format!("d={text}").as_bytes());
            assert_eq!(day(&fields, "d").unwrap(), days * DAY_MS, "{text}");
        }
        for text in ["", "2026", "20261301", "2026010a", "99999999"] {
            let mut fields = Fields::default();
            fields.add(format!("d={text}").as_bytes());
            assert!(day(&fields, "d").is_err(), "{text}");
        }
    }
}
