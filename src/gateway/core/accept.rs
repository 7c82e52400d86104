//! Accepting messages: the message and its target are on disk before the server is answered.

use std::collections::BTreeMap;

use offpush_wire::{Message, Target, code};
use serde_json::value::RawValue;

use super::counters::ACCEPTED as MESSAGES_ACCEPTED;
use super::fan_out::FanOut;
use super::{
    Accepted, ApiError, Core, DEFAULT_TIME_TO_LIVE_MS, MAXIMUM_MESSAGE_BYTES, MAXIMUM_SCHEDULE_MS, MAXIMUM_TARGETS,
    MAXIMUM_TIME_TO_LIVE_MS, MESSAGE_TOO_LONG, NO_VALID_TARGETS, NewMessage, Targets, random_hex, to_json,
};

impl Core {
    /// Accepts a message of an app: durable when this returns, with the first devices fanned out to.
    pub(crate) async fn accept(
        &self,
        app_id: &str,
        message: NewMessage,
        targets: Targets,
    ) -> Result<Accepted, ApiError> {
        self.accept_with(app_id, message, targets, None).await
    }

    pub(super) async fn accept_with(
        &self,
        app_id: &str,
        message: NewMessage,
        targets: Targets,
        offline_push_info: Option<Box<RawValue>>,
    ) -> Result<Accepted, ApiError> {
        let now = self.now();
        let targets = checked(targets)?;
        let send_at = message.time_to_send.unwrap_or(now).max(now);
        if send_at - now > MAXIMUM_SCHEDULE_MS {
            return Err(ApiError::new(code::INVALID_VALUE, "time_to_send is more than 30 days ahead"));
        }
        let life = message.time_to_live.unwrap_or(DEFAULT_TIME_TO_LIVE_MS).min(MAXIMUM_TIME_TO_LIVE_MS);
        let expires_at = send_at.saturating_add(i64::try_from(life).unwrap_or(i64::MAX));
        let message_id = format!("som{}", random_hex::<16>()?);
        let label = targets.label();
        let body = body(message_id.clone(), message, now, offline_push_info);
        let json = to_json(&body)?;
        if json.len() > MAXIMUM_MESSAGE_BYTES {
            return Err(ApiError::new(
                MESSAGE_TOO_LONG,
                format!("a message has at most {MAXIMUM_MESSAGE_BYTES} bytes"),
            ));
        }
        let job_key = body.job_key().map(str::to_owned);
        let (core, app_id) = (self.clone(), app_id.to_owned());
        let (accepted, fan_out) = self
            .0
            .db
            .write(move |connection| {
                Box::pin(async move {
                    let id: i64 = sqlx::query_scalar(
                        "INSERT INTO messages
                             (message_id, app_id, target, body, job_key, accepted_at, send_at, expires_at, state,
                              only_online)
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', $9) RETURNING id",
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
                    Ok((Accepted { message_id, invalid }, fan_out))
                })
            })
            .await?;
        self.0.counters.add(MESSAGES_ACCEPTED, label, 1);
        self.after_fan_out(&fan_out);
        Ok(accepted)
    }
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
        Targets::Topic(topic) if topic.is_empty() => {
            return Err(ApiError::new(code::MISSING_PARAMETER, "no topic is named"));
        }
        Targets::Topic(topic) => Targets::Topic(topic),
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
