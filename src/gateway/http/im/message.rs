//! `openim/sendmsg` and `openim/batchsendmsg`.

use offpush_wire::code as mi;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::{ADMINISTRATOR, codes, internal, users};
use crate::core::{ApiError, App, Clock, Core, ImAccepted, ImMessage, SystemClock};

/// Bytes of `MsgBody` at most (12 KB).
const MAXIMUM_BODY_BYTES: usize = 12 * 1024;
/// Bytes of `OfflinePushInfo` at most: ours. Its longest part, Ext, is recommended to stay below 1 KB.
const MAXIMUM_PUSH_INFO_BYTES: usize = 8 * 1024;
/// The longest `MsgLifeTime`: 7 days.
const MAXIMUM_LIFE_TIME_S: u64 = 604_800;

pub(super) async fn send(core: &Core, app: &App, body: &Map<String, Value>) -> Result<Value, ApiError> {
    let user = match body.get("To_Account") {
        Some(Value::String(user)) if !user.is_empty() => user.clone(),
        _ => return Err(ApiError::new(codes::TO_ACCOUNT, "To_Account is missing or no text")),
    };
    let (message, key) = message(body)?;
    let mut answer = json!({ "MsgTime": SystemClock.now_ms() / 1000, "MsgKey": key });
    if let ImAccepted::Push { message_id, .. } = accept(core, app, &[user], message).await? {
        answer["MsgId"] = message_id.into();
    }
    Ok(answer)
}

pub(super) async fn send_many(core: &Core, app: &App, body: &Map<String, Value>) -> Result<Value, ApiError> {
    let users = users(body, "To_Account")?;
    let (message, key) = message(body)?;
    accept(core, app, &users, message).await?;
    Ok(json!({ "MsgTime": SystemClock.now_ms() / 1000, "MsgKey": key, "ErrorList": [] }))
}

async fn accept(core: &Core, app: &App, users: &[String], message: ImMessage) -> Result<ImAccepted, ApiError> {
    core.send_im(&app.app_id, users, message).await.map_err(|error| match error.code {
        mi::INVALID_VALUE | mi::MISSING_PARAMETER => ApiError::new(codes::ELEMENT, error.reason),
        _ => internal(error),
    })
}

/// Judges the fields that both calls share; with the message comes its `MsgKey`.
fn message(body: &Map<String, Value>) -> Result<(ImMessage, String), ApiError> {
    if !matches!(body.get("SyncOtherMachine").and_then(Value::as_i64), None | Some(1 | 2)) {
        return Err(ApiError::new(codes::SYNC, "SyncOtherMachine is 1 or 2"));
    }
    if body.get("From_Account").is_some_and(|from| !from.is_string()) {
        return Err(ApiError::new(codes::FROM_ACCOUNT, "From_Account is no text"));
    }
    let random = body.get("MsgRandom").and_then(Value::as_u64).and_then(|random| u32::try_from(random).ok());
    let random = random.ok_or_else(|| ApiError::new(codes::RANDOM, "MsgRandom is missing or no 32-bit number"))?;
    let life_time_s = match body.get("MsgLifeTime") {
        None => None,
        Some(value) => Some(
            value
                .as_u64()
                .filter(|&seconds| seconds <= MAXIMUM_LIFE_TIME_S)
                .ok_or_else(|| ApiError::new(codes::LIFE_TIME, "MsgLifeTime is 0 to 604800 seconds"))?,
        ),
    };
    let elements = body.get("MsgBody").ok_or_else(|| ApiError::new(codes::NO_BODY, "MsgBody is missing"))?;
    check_elements(elements)?;
    let sequence = body.get("MsgSeq").and_then(Value::as_u64);
    let sender = body.get("From_Account").and_then(Value::as_str).unwrap_or(ADMINISTRATOR);
    let key = format!("{}_{random}_{}", sequence.unwrap_or_default(), SystemClock.now_ms() / 1000);
    let message = ImMessage {
        offline_push_info: match body.get("OfflinePushInfo") {
            None | Some(Value::Null) => None,
            Some(info @ Value::Object(_)) => Some(raw(info, MAXIMUM_PUSH_INFO_BYTES, "OfflinePushInfo")?),
            Some(_) => return Err(ApiError::new(codes::JSON, "OfflinePushInfo is no object")),
        },
        body: Some(raw(elements, MAXIMUM_BODY_BYTES, "MsgBody")?),
        identity: sequence.map(|sequence| (sender.to_owned(), sequence, random)),
        life_time_s,
    };
    Ok((message, key))
}

fn check_elements(elements: &Value) -> Result<(), ApiError> {
    let elements = elements.as_array().filter(|elements| !elements.is_empty());
    let elements = elements.ok_or_else(|| ApiError::new(codes::BODY, "MsgBody is no list of elements"))?;
    let is_element = |element: &Value| element["MsgType"].is_string() && element["MsgContent"].is_object();
    match elements.iter().all(is_element) {
        true => Ok(()),
        false => Err(ApiError::new(codes::ELEMENT, "an element of MsgBody is not {\"MsgType\", \"MsgContent\"}")),
    }
}

fn raw(value: &Value, limit: usize, name: &str) -> Result<Box<RawValue>, ApiError> {
    let raw = serde_json::value::to_raw_value(value);
    let raw = raw.map_err(|error| ApiError::new(codes::JSON, format!("{name}: {error}")))?;
    match raw.get().len() <= limit {
        true => Ok(raw),
        false => Err(ApiError::new(codes::TOO_LONG, format!("{name} has more than {limit} bytes"))),
    }
}
