//! What devices there are, and what they are called: topics, aliases, accounts, presence.

use offpush_wire::code;
use serde_json::{Value, json};

use super::answer::Answer;
use super::message::missing;
use super::{Call, Fields};
use crate::core::{ApiError, Core, DeviceView, MAXIMUM_TARGETS};

fn reg_ids(fields: &Fields, name: &str) -> Result<Vec<String>, ApiError> {
    let list = fields.list(name);
    match list.len() {
        0 => Err(missing(name)),
        1..=MAXIMUM_TARGETS => Ok(list),
        count => {
            let reason = format!("{name} has {count} parts, {MAXIMUM_TARGETS} are allowed");
            Err(ApiError::new(code::INVALID_VALUE, reason))
        }
    }
}

/// `topic/subscribe` and `topic/unsubscribe`.
pub(super) async fn subscribe(core: &Core, app: &str, fields: &Fields, on: bool) -> Result<Answer, ApiError> {
    let devices = reg_ids(fields, "registration_id")?;
    let topic = fields.get("topic").ok_or_else(|| missing("topic"))?;
    core.subscribe(app, &devices, topic, on).await?;
    Ok(Answer::data(json!({})))
}

/// The same by alias; the libraries call the field `alias` or `aliases`.
pub(super) async fn subscribe_aliases(core: &Core, app: &str, fields: &Fields, on: bool) -> Result<Answer, ApiError> {
    let aliases = reg_ids(fields, "aliases").or_else(|_| reg_ids(fields, "alias"))?;
    let topic = fields.get("topic").ok_or_else(|| missing("topic"))?;
    core.subscribe_aliases(app, &aliases, topic, on).await?;
    Ok(Answer::data(json!({})))
}

/// `alias/all`, `topic/all`, `account/all` of one device.
pub(super) async fn all(core: &Core, app: &str, fields: &Fields, call: Call) -> Result<Answer, ApiError> {
    let device = device(core, app, fields.get("registration_id").ok_or_else(|| missing("registration_id"))?).await?;
    let device = device.ok_or_else(|| ApiError::new(code::UNKNOWN_DEVICE, "there is no such device"))?;
    let list = match call {
        Call::AllAliases => device.aliases,
        Call::AllTopics => device.topics,
        _ => device.accounts,
    };
    Ok(Answer::data(json!({ "list": list })))
}

/// `validation/regids`: those that are valid.
pub(super) async fn valid_reg_ids(core: &Core, app: &str, fields: &Fields) -> Result<Answer, ApiError> {
    let devices = reg_ids(fields, "registration_ids").or_else(|_| reg_ids(fields, "registration_id"))?;
    Ok(Answer::data(json!({ "list": core.valid_reg_ids(app, &devices).await? })))
}

/// `regid/presence`: who is connected at this moment.
pub(super) async fn presence(core: &Core, app: &str, fields: &Fields) -> Result<Answer, ApiError> {
    let mut data = Vec::new();
    for reg_id in reg_ids(fields, "registration_id")? {
        let state = match device(core, app, &reg_id).await? {
            Some(device) if device.connected => "online",
            Some(_) => "offline",
            None => "invalid",
        };
        data.push(json!({ "registration_id": reg_id, "presence": state }));
    }
    Ok(Answer::data(Value::Array(data)))
}

/// `feedback/fetch_invalid_regids`: each is told once.
pub(super) async fn invalid_reg_ids(core: &Core, app: &str) -> Result<Answer, ApiError> {
    Ok(Answer::data(json!({ "list": core.take_invalid_reg_ids(app).await? })))
}

async fn device(core: &Core, app: &str, reg_id: &str) -> Result<Option<DeviceView>, ApiError> {
    Ok(core.device(reg_id).await?.filter(|device| device.app_id == app && device.state == "valid"))
}
