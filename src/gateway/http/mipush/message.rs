//! Sending, withdrawing, scheduling.

use std::collections::BTreeMap;

use offpush_wire::code;
use serde_json::{Value, json};

use super::answer::{Answer, codes};
use super::validate::{self, Raw};
use super::{Call, Fields};
use crate::core::{
    Accepted, ApiError, Clock, Core, MAXIMUM_TARGETS as TARGETS, NewMessage, Selector, SystemClock, Targets, TopicOp,
};
use crate::http::request::split_list;

/// Topics of one `multi_topic` call at most.
const TOPICS: usize = 5;
/// What stands between the topics of a `multi_topic` call.
const TOPIC_SEPARATOR: &str = ";$;";

/// One message to whom the path says.
pub(super) async fn send(core: &Core, app: &str, call: Call, fields: &Fields) -> Result<Answer, ApiError> {
    let (targets, count) = targets(call, fields)?;
    let extra = fields.with_prefix("extra.").map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let field = |name: &str| fields.text(name).to_owned();
    let message = validate::message(Raw { field: &field, extra }, SystemClock.now_ms())?;
    let accepted = core.accept(app, message, targets).await?;
    let kind = match call {
        Call::RegIds => "REGID",
        Call::Aliases => "ALIAS",
        Call::Accounts => "USER_ACCOUNT",
        Call::All => "ALL",
        _ => "TOPIC",
    };
    Ok(accepted_answer(&accepted, count, kind))
}

fn accepted_answer(accepted: &Accepted, count: usize, kind: &str) -> Answer {
    let mut info = format!("Received push messages for {count} {kind}");
    if !accepted.invalid.is_empty() {
        info.push_str(&format!(", {} of them invalid", accepted.invalid.len()));
    }
    Answer { data: json!({ "id": accepted.message_id }), info: Some(info) }
}

fn targets(call: Call, fields: &Fields) -> Result<(Targets, usize), ApiError> {
    let list = |name: &str| {
        let list = fields.list(name);
        match list.len() {
            0 => Err(missing(name)),
            count if count > TARGETS => {
                Err(ApiError::new(code::INVALID_VALUE, format!("{name} has {count} targets, {TARGETS} are allowed")))
            }
            count => Ok((list, count)),
        }
    };
    Ok(match call {
        Call::RegIds => list("registration_id").map(|(list, count)| (Targets::RegIds(list), count))?,
        Call::Aliases => list("alias").map(|(list, count)| (Targets::Aliases(list), count))?,
        Call::Accounts => list("user_account").map(|(list, count)| (Targets::Accounts(list), count))?,
        Call::Topic => (Targets::Topic(fields.get("topic").ok_or_else(|| missing("topic"))?.to_owned()), 1),
        Call::MultiTopic => {
            let topics = split_list(fields.text("topics"), TOPIC_SEPARATOR);
            let op = match fields.get("topic_op") {
                None | Some("UNION") => TopicOp::Union,
                Some("INTERSECTION") => TopicOp::Intersection,
                Some("EXCEPT") => TopicOp::Except,
                Some(_) => {
                    return Err(ApiError::new(code::INVALID_VALUE, "topic_op is UNION, INTERSECTION or EXCEPT"));
                }
            };
            let count = topics.len();
            match count {
                0 => return Err(missing("topics")),
                1..=TOPICS => (Targets::Topics { topics, op }, count),
                _ => return Err(ApiError::new(codes::TOO_MANY_TOPICS, format!("at most {TOPICS} topics"))),
            }
        }
        _ => (Targets::All, 1),
    })
}

/// Several messages, each with its own target; all are judged before the first is accepted.
pub(super) async fn send_multiple(core: &Core, app: &str, call: Call, fields: &Fields) -> Result<Answer, ApiError> {
    let text = fields.get("messages").ok_or_else(|| missing("messages"))?;
    let elements: Vec<Value> =
        serde_json::from_str(text).map_err(|error| ApiError::new(codes::JSON, format!("messages: {error}")))?;
    if elements.is_empty() {
        return Err(missing("messages"));
    }
    if elements.len() > TARGETS {
        return Err(ApiError::new(code::INVALID_VALUE, format!("messages has more than {TARGETS} elements")));
    }
    let mut judged = Vec::with_capacity(elements.len());
    for element in &elements {
        let target = element["target"].as_str().map(str::trim).filter(|target| !target.is_empty());
        let target = target.ok_or_else(|| missing("messages[].target"))?.to_owned();
        let targets = match call {
            Call::MultiRegIds => Targets::RegIds(vec![target]),
            Call::MultiAliases => Targets::Aliases(vec![target]),
            _ => Targets::Accounts(vec![target]),
        };
        judged.push((element_message(&element["message"], fields)?, targets));
    }
    let count = judged.len();
    let mut ids = Vec::with_capacity(count);
    let mut refused = None;
    for (message, targets) in judged {
        match core.accept(app, message, targets).await {
            Ok(accepted) => ids.push(accepted.message_id),
            Err(error) => refused = Some(error),
        }
    }
    match (ids.first(), refused) {
        (None, Some(error)) => Err(error),
        _ => Ok(Answer {
            info: Some(format!("Received push messages for {} of {count} targets", ids.len())),
            data: json!({ "id": ids.join(",") }),
        }),
    }
}

fn element_message(message: &Value, fields: &Fields) -> Result<NewMessage, ApiError> {
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let extra = message["extra"].as_object();
    let extra: BTreeMap<String, String> =
        extra.into_iter().flatten().map(|(key, value)| (key.clone(), text(value))).collect();
    let field = |name: &str| match name {
        "time_to_send" => fields.text(name).to_owned(),
        _ => text(&message[name]),
    };
    validate::message(Raw { field: &field, extra }, SystemClock.now_ms())
}

/// `message/delete`, `…/revoke`, `switch/stop_by_…`: not shown where it has not been, and removed where it is showing.
pub(super) async fn withdraw(core: &Core, app: &str, fields: &Fields) -> Result<Answer, ApiError> {
    let ids = ["id", "msg_id", "msg_ids"].iter().flat_map(|name| fields.list(name)).map(Selector::Id);
    let job_keys = ["jobkey", "job_key", "job_keys"].iter().flat_map(|name| fields.list(name)).map(Selector::JobKey);
    let selectors: Vec<Selector> = ids.chain(job_keys).take(TARGETS).collect();
    if selectors.is_empty() {
        return Err(missing("id"));
    }
    let mut withdrawn = 0;
    for selector in &selectors {
        withdrawn += core.withdraw(app, selector).await?;
    }
    if withdrawn == 0 {
        return Err(ApiError::new(codes::NO_SUCH_MESSAGE, "there is no such message"));
    }
    Ok(Answer { data: json!({}), info: Some(format!("{withdrawn} messages withdrawn")) })
}

/// `schedule_job/exist`: code 0 if the message waits for its time.
pub(super) async fn job_exists(core: &Core, app: &str, fields: &Fields) -> Result<Answer, ApiError> {
    let job = fields.get("job_id").ok_or_else(|| missing("job_id"))?;
    match core.scheduled(app, job).await? {
        true => Ok(Answer::data(json!({ "id": job }))),
        false => Err(ApiError::new(codes::NO_SUCH_MESSAGE, "there is no such scheduled message")),
    }
}

/// `schedule_job/delete`: the message is not sent.
pub(super) async fn job_delete(core: &Core, app: &str, fields: &Fields) -> Result<Answer, ApiError> {
    let selector = match (fields.get("job_id"), fields.get("jobkey").or_else(|| fields.get("job_key"))) {
        (Some(id), _) => Selector::Id(id.to_owned()),
        (None, Some(key)) => Selector::JobKey(key.to_owned()),
        (None, None) => return Err(missing("job_id")),
    };
    match core.cancel_scheduled(app, &selector).await? {
        0 => Err(ApiError::new(codes::NO_SUCH_MESSAGE, "there is no such scheduled message")),
        _ => Ok(Answer::data(json!({}))),
    }
}

pub(super) fn missing(name: &str) -> ApiError {
    ApiError::new(code::MISSING_PARAMETER, format!("{name} is missing"))
}
