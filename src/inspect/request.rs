//! How a line to the daemon is read.

use serde::Deserialize;
use serde_json::Value;

use crate::page::SCHEMA;
use crate::protocol::{Command, Operation, Request};

/// The fields of every operation and command. Enums that are told from fields, one inside the other, are read through
/// two copies of the whole, with code of its own for each variant: 3 % of the library that apps carry.
#[derive(Deserialize)]
pub(crate) struct Fields {
    schema: Option<u32>,
    op: String,
    /// A message's is text, a callback's a number.
    id: Option<Value>,
    ids: Option<Vec<String>>,
    seq: Option<u64>,
    after: Option<u64>,
    limit: Option<usize>,
    command: Option<String>,
    alias: Option<String>,
    account: Option<String>,
    topic: Option<String>,
    start: Option<u16>,
    end: Option<u16>,
    certificate: Option<u64>,
    user: Option<String>,
    sig: Option<String>,
    text: Option<String>,
}

impl TryFrom<Fields> for Request {
    type Error = String;

    fn try_from(mut fields: Fields) -> Result<Self, String> {
        let schema = fields.schema.unwrap_or(SCHEMA);
        let operation = match fields.op.as_str() {
            "status" => Operation::Status,
            "notifications" => Operation::Notifications { after: fields.after, limit: fields.limit },
            "message" => Operation::Message { seq: given(fields.seq, "seq")? },
            "history" => Operation::History { limit: fields.limit },
            "networks" => Operation::Networks,
            "watch" => Operation::Watch,
            "click" => Operation::Click { id: message(fields.id)? },
            "dismiss" => Operation::Dismiss { id: message(fields.id)? },
            "click-summary" => Operation::ClickSummary { ids: given(fields.ids.take(), "ids")? },
            "dismiss-summary" => Operation::DismissSummary { ids: given(fields.ids.take(), "ids")? },
            "command" => Operation::Command(command(fields)?),
            "echo" => Operation::Echo { text: given(fields.text.take(), "text")? },
            "register" => Operation::Register,
            "listen" => Operation::Listen,
            "taken" => Operation::Taken { callback: given(fields.id.as_ref().and_then(Value::as_u64), "id")? },
            _ => Operation::Unknown,
        };
        Ok(Self { schema, operation })
    }
}

fn command(fields: Fields) -> Result<Command, String> {
    let alias = || given(fields.alias, "alias");
    let account = || given(fields.account, "account");
    let topic = || given(fields.topic, "topic");
    let name = given(fields.command, "command")?;
    Ok(match name.as_str() {
        "set-alias" => Command::SetAlias { alias: alias()? },
        "unset-alias" => Command::UnsetAlias { alias: alias()? },
        "set-account" => Command::SetAccount { account: account()? },
        "unset-account" => Command::UnsetAccount { account: account()? },
        "subscribe-topic" => Command::SubscribeTopic { topic: topic()? },
        "unsubscibe-topic" | "unsubscribe-topic" => Command::UnsubscribeTopic { topic: topic()? },
        "accept-time" => Command::AcceptTime { start: given(fields.start, "start")?, end: given(fields.end, "end")? },
        "pause" => Command::Pause,
        "resume" => Command::Resume,
        "report-token" => Command::ReportToken {
            certificate: given(fields.certificate, "certificate")?,
            user: given(fields.user, "user")?,
            sig: given(fields.sig, "sig")?,
        },
        "logout" => Command::Logout { user: given(fields.user, "user")? },
        "unregister" => Command::Unregister,
        other => return Err(format!("unknown command `{other}`")),
    })
}

fn message(id: Option<Value>) -> Result<String, String> {
    match id {
        Some(Value::String(id)) => Ok(id),
        _ => given(None, "id"),
    }
}

fn given<T>(field: Option<T>, name: &str) -> Result<T, String> {
    field.ok_or_else(|| format!("the field `{name}` is missing or of another type"))
}
