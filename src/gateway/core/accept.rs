//! Accepting messages: the message and its target are on disk before the server is answered.

use std::collections::BTreeMap;

use offpush_wire::{Message, Target, code};
use serde_json::value::RawValue;
use sqlx::SqliteConnection;

use super::counters::ACCEPTED as MESSAGES_ACCEPTED;
use super::fan_out::FanOut;
use super::{
    Accepted, ApiError, Core, DEFAULT_TIME_TO_LIVE_MS, IM_REPEAT_MS, MAXIMUM_MESSAGE_BYTES, MAXIMUM_SCHEDULE_MS,
    MAXIMUM_TARGETS, MAXIMUM_TIME_TO_LIVE_MS, MESSAGE_TOO_LONG, NAME_BYTES, NO_VALID_TARGETS, NewMessage, Targets,
    random_hex, to_json,
};

impl Core {
    /// Accepts a message of an app: durable when this returns, with the first devices fanned out to.
    pub(crate) async fn accept(
        &self,
        app_id: &str,
        message: NewMessage,
        targets: Targets,
    ) -> Result<Accepted, ApiError> {
        self.accept_with(app_id, message, targets, ImPart::default()).await
    }

    pub(super) async fn accept_with(
        &self,
        app_id: &str,
        message: NewMessage,
        targets: Targets,
        im: ImPart,
    ) -> Result<Accepted, ApiError> {
        let now = self.now();
        let targets = checked(targets)?;
        let send_at = message.time_to_send.unwrap_or(now).max(now);
        if send_at - now > MAXIMUM_SCHEDULE_MS {
            return Err(ApiError::new(code::INVALID_VALUE, "time_to_send is more than 30 days ahead"));
        }
        let life = message.time_to_live.unwrap_or(DEFAULT_TIME_TO_LIVE_MS).min(MAXIMUM_TIME_TO_LIVE_MS);
        let expires_at = send_at.saturating_add(i64::try_from(life).unwrap_or(i64::MAX));
        let label = targets.label();
        // As Mi Push's begin, for servers that look: to somebody named, or to many.
        let prefix = if targets.list().is_some() { "scm" } else { "sdm" };
        let message_id = format!("{prefix}{}", random_hex::<16>()?);
        let body = body(message_id.clone(), message, now, im.offline_push_info);
        let json = to_json(&body)?;
        if json.len() > MAXIMUM_MESSAGE_BYTES {
            return Err(ApiError::new(
                MESSAGE_TOO_LONG,
                format!("a message has at most {MAXIMUM_MESSAGE_BYTES} bytes"),
            ));
        }
        let job_key = body.job_key().map(str::to_owned);
        let (core, app_id) = (self.clone(), app_id.to_owned());
        let (accepted, more) = self
            .0
            .db
            .write(move |connection| {
                Box::pin(async move {
                    if let Some(key) = &im.repeat_key
                        && let Some(message_id) = repeated(connection, key, now).await?
                    {
                        return Ok((Accepted { message_id, invalid: Vec::new() }, false));
                    }
                    let id: i64 = sqlx::query_scalar(
                        "INSERT INTO messages
                             (message_id, app_id, target, body, job_key, accepted_at, send_at, expires_at, state,
                              only_online, repeat_key)
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', $9, $10) RETURNING id",
                    )
                    .bind(&message_id)
                    .bind(&app_id)
                    .bind(to_json(&targets)?)
                    .bind(json)
                    .bind(job_key)
                    .bind(now)
                    .bind(send_at)
                    .bind(expires_at)
                    .bind(body.extra.get("only_send_once").is_some_and(|value| value == "1"))
                    .bind(im.repeat_key)
                    .fetch_one(&mut *connection)
                    .await?;
                    let (invalid, fan_out) = if send_at > now {
                        (core.unresolved(connection, &app_id, &targets).await?, FanOut::default())
                    } else {
                        let fan_out = core.fan_out_step(connection, id).await?;
                        (fan_out.invalid.clone(), fan_out)
                    };
                    if targets.list().is_some_and(|list| list.len() == invalid.len()) {
                        return Err(ApiError::new(NO_VALID_TARGETS, "No valid targets!"));
                    }
                    // Here: the message is accepted also if the caller has gone away meanwhile. The devices' own writes
                    // come after this one.
                    core.wake(&fan_out.wake);
                    Ok((Accepted { message_id, invalid }, fan_out.more))
                })
            })
            .await?;
        self.0.counters.add(MESSAGES_ACCEPTED, label, 1);
        if more {
            self.0.work.fan_out.notify_one();
        }
        Ok(accepted)
    }
}

/// What an IM message has besides.
#[derive(Default)]
pub(super) struct ImPart {
    pub(super) offline_push_info: Option<Box<RawValue>>,
    /// Another message with the same key within [`IM_REPEAT_MS`] is the same message.
    pub(super) repeat_key: Option<Vec<u8>>,
}

/// The message that was accepted under this key shortly before.
async fn repeated(connection: &mut SqliteConnection, key: &[u8], now: i64) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT message_id FROM messages WHERE repeat_key = $1 AND accepted_at > $2 ORDER BY accepted_at LIMIT 1",
    )
    .bind(key)
    .bind(now - IM_REPEAT_MS)
    .fetch_optional(connection)
    .await
}

fn body(id: String, message: NewMessage, now: i64, offline_push_info: Option<Box<RawValue>>) -> Message {
    Message {
        id,
        target: Target::RegId,
        pass_through: message.pass_through,
        title: message.title,
        description: message.description,
        payload: message.payload,
        notify_type: message.notify_type,
        notify_id: message.notify_id,
        expires_in: 0,
        sent_at: now,
        binding: None,
        extra: message.extra,
        offline_push_info,
        again: false,
    }
}

/// Targets without repetitions; empty or too many are refused.
fn checked(targets: Targets) -> Result<Targets, ApiError> {
    let unique = |list: Vec<String>| {
        let mut seen = BTreeMap::new();
        let list: Vec<String> =
            list.into_iter().filter(|name| !name.is_empty() && seen.insert(name.clone(), ()).is_none()).collect();
        if list.is_empty() {
            return Err(ApiError::new(code::MISSING_PARAMETER, "no target is named"));
        }
        if list.len() > MAXIMUM_TARGETS {
            let reason = format!("at most {MAXIMUM_TARGETS} targets may be named");
            return Err(ApiError::new(code::INVALID_VALUE, reason));
        }
        // Nothing has such a name, and all are stored with the message.
        if list.iter().any(|name| name.len() > NAME_BYTES) {
            return Err(ApiError::new(code::INVALID_VALUE, format!("a target has at most {NAME_BYTES} bytes")));
        }
        Ok(list)
    };
    Ok(match targets {
        Targets::RegIds(list) => Targets::RegIds(unique(list)?),
        Targets::Aliases(list) => Targets::Aliases(unique(list)?),
        Targets::Accounts(list) => Targets::Accounts(unique(list)?),
        Targets::Users(list) => Targets::Users(unique(list)?),
        Targets::Topics { topics, op } => {
            let topics = unique(topics)?;
            if topics.len() > 5 {
                return Err(ApiError::new(code::INVALID_VALUE, "at most 5 topics may be combined"));
            }
            Targets::Topics { topics, op }
        }
        Targets::Topic(topic) => Targets::Topic(unique(vec![topic])?.remove(0)),
        Targets::All => Targets::All,
    })
}

impl Targets {
    /// The names, where each of them stands for itself.
    pub(super) fn list(&self) -> Option<&[String]> {
        match self {
            Self::RegIds(list) | Self::Aliases(list) | Self::Accounts(list) | Self::Users(list) => Some(list),
            Self::Topic(_) | Self::Topics { .. } | Self::All => None,
        }
    }

    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::RegIds(_) => "regid",
            Self::Aliases(_) => "alias",
            Self::Accounts(_) => "account",
            Self::Topic(_) | Self::Topics { .. } => "topic",
            Self::All => "all",
            Self::Users(_) => "user",
        }
    }
}
