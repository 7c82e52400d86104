//! A message's fields: what a self-hosted server keeps of Mi Push's rules, so that an app can move either way.

use std::collections::BTreeMap;

use offpush_wire::{NotifyType, code};

use super::answer::codes;
use crate::core::{ApiError, MAXIMUM_SCHEDULE_MS, MAXIMUM_TIME_TO_LIVE_MS, NewMessage};

/// Characters of a title, of any script: below this (`mipush-api` §3.3).
const TITLE_CHARACTERS: usize = 50;
/// Characters of a description: below this.
const DESCRIPTION_CHARACTERS: usize = 128;
/// Bytes of a payload at most: 4 KB.
const PAYLOAD_BYTES: usize = 4096;
/// Pairs in `extra` that are not the API's own, at most.
const CUSTOM_PAIRS: usize = 10;
/// Characters of those pairs together: below this.
const CUSTOM_CHARACTERS: usize = 1024;
/// Characters of all pairs together, the API's own included: ours, so that a frame stays below its limit.
const ALL_CHARACTERS: usize = 4096;
/// Characters of a `jobkey` at most.
const JOB_KEY_CHARACTERS: usize = 20;
/// Bytes of `callback.param` at most.
const CALLBACK_PARAMETER_BYTES: usize = 64;

/// The keys of `extra` that have a meaning of their own.
const OWN_KEYS: [&str; 29] = [
    "sound_uri",
    "ticker",
    "notify_foreground",
    "notify_effect",
    "intent_uri",
    "web_uri",
    "class_name",
    "intent_flag",
    "flow_control",
    "layout_name",
    "layout_value",
    "jobkey",
    "callback",
    "callback.param",
    "callback.type",
    "locale",
    "locale_not_in",
    "model",
    "model_not_in",
    "app_version",
    "app_version_not_in",
    "connpt",
    "only_send_once",
    "channel_id",
    "channel_name",
    "channel_description",
    "template_id",
    "template_param",
    "notification_style_type",
];
/// And those that come in families.
const OWN_PREFIXES: [&str; 4] =
    ["notification_style_button_", "notification_large_icon_", "notification_bigPic_", "notification_small_icon_"];

/// A message's fields as text, from a form or from an element of `messages`.
pub(super) struct Raw<'a> {
    /// A field, empty if left out.
    pub(super) field: &'a dyn Fn(&str) -> String,
    pub(super) extra: BTreeMap<String, String>,
}

/// Judges the fields at `now` (milliseconds since 1970, UTC).
pub(super) fn message(raw: Raw<'_>, now: i64) -> Result<NewMessage, ApiError> {
    let field = raw.field;
    let pass_through = match field("pass_through").trim() {
        "" | "0" => 0,
        "1" => 1,
        other => return Err(invalid("pass_through", other, "0 or 1")),
    };
    let (title, description) = (field("title"), field("description"));
    if pass_through == 0 {
        for (name, text) in [("title", &title), ("description", &description)] {
            if text.trim().is_empty() {
                return Err(ApiError::new(code::MISSING_PARAMETER, format!("a notification needs a {name}")));
            }
        }
    }
    for (name, text, limit) in
        [("title", &title, TITLE_CHARACTERS), ("description", &description, DESCRIPTION_CHARACTERS)]
    {
        if text.chars().count() >= limit {
            return Err(ApiError::new(code::INVALID_VALUE, format!("{name} must have less than {limit} characters")));
        }
    }
    let payload = field("payload");
    if payload.len() > PAYLOAD_BYTES {
        return Err(ApiError::new(codes::MESSAGE_TOO_LONG, format!("payload must have at most {PAYLOAD_BYTES} bytes")));
    }
    let notify_type = number(&field("notify_type"), "notify_type", -1)?;
    if !(-1..=7).contains(&notify_type) {
        return Err(invalid("notify_type", &notify_type.to_string(), "-1, or a sum of 1, 2 and 4"));
    }
    let time_to_live = match number(&field("time_to_live"), "time_to_live", 0_i64)? {
        0 => None,
        given => Some(
            u64::try_from(given)
                .map_err(|_| invalid("time_to_live", &given.to_string(), "milliseconds"))?
                // Cut, not refused: servers send more.
                .min(MAXIMUM_TIME_TO_LIVE_MS),
        ),
    };
    let time_to_send = number(&field("time_to_send"), "time_to_send", 0_i64)?;
    if time_to_send > now.saturating_add(MAXIMUM_SCHEDULE_MS) {
        return Err(invalid(
            "time_to_send",
            &time_to_send.to_string(),
            "milliseconds since 1970, at most 30 days ahead",
        ));
    }
    check_extra(&raw.extra)?;
    Ok(NewMessage {
        title,
        description,
        payload,
        pass_through,
        notify_type: NotifyType(notify_type),
        notify_id: number(&field("notify_id"), "notify_id", 0)?,
        time_to_live,
        time_to_send: (time_to_send > now).then_some(time_to_send),
        extra: raw.extra,
    })
}

fn check_extra(extra: &BTreeMap<String, String>) -> Result<(), ApiError> {
    let characters = |(key, value): (&String, &String)| key.chars().count() + value.chars().count();
    let own = |key: &str| OWN_KEYS.contains(&key) || OWN_PREFIXES.iter().any(|prefix| key.starts_with(prefix));
    if extra.keys().filter(|key| !own(key)).count() > CUSTOM_PAIRS {
        return Err(ApiError::new(codes::TOO_MANY_PAIRS, format!("extra may have {CUSTOM_PAIRS} pairs of your own")));
    }
    let custom: usize = extra.iter().filter(|(key, _)| !own(key)).map(characters).sum();
    if custom >= CUSTOM_CHARACTERS || extra.iter().map(characters).sum::<usize>() > ALL_CHARACTERS {
        return Err(ApiError::new(
            codes::PAIRS_TOO_LONG,
            format!("the pairs of extra must have less than {CUSTOM_CHARACTERS} characters together"),
        ));
    }
    if let Some(job_key) = extra.get("jobkey") {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if job_key.len() > JOB_KEY_CHARACTERS || job_key.starts_with('_') || !job_key.bytes().all(allowed) {
            return Err(invalid("extra.jobkey", job_key, "at most 20 characters [0-9A-Za-z_-], no _ first"));
        }
    }
    if extra.get("callback.param").is_some_and(|parameter| parameter.len() > CALLBACK_PARAMETER_BYTES) {
        return Err(ApiError::new(codes::CALLBACK_PARAMETER_TOO_LONG, "extra.callback.param has more than 64 bytes"));
    }
    let http = |url: &String| url.starts_with("http://") || url.starts_with("https://");
    if extra.get("callback").is_some_and(|url| !url.is_empty() && !http(url)) {
        return Err(ApiError::new(codes::CALLBACK_URL, "extra.callback is no http(s) URL"));
    }
    if extra.get("web_uri").is_some_and(|url| !url.is_empty() && !http(url)) {
        return Err(ApiError::new(code::INVALID_VALUE, "extra.web_uri is no http(s) URL"));
    }
    Ok(())
}

fn number<T: std::str::FromStr>(text: &str, name: &str, default: T) -> Result<T, ApiError> {
    match text.trim() {
        "" => Ok(default),
        text => text.parse().map_err(|_| invalid(name, text, "a number")),
    }
}

fn invalid(name: &str, value: &str, expected: &str) -> ApiError {
    // What came may be of any length.
    let shown: String = value.chars().take(40).collect();
    ApiError::new(code::INVALID_VALUE, format!("{name} is {shown:?}; expected: {expected}"))
}
