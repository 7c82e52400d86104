//! Registration, log-ins at the broker, and the end of a regId.

use std::net::IpAddr;

use offpush_wire::{RegisterAnswer, RegisterRequest, code, is_reg_id};
use sqlx::{FromRow, SqliteConnection};
use subtle::ConstantTimeEq;

use super::command::{check_name, subscribe, unsubscribe};
use super::counters::REGISTRATIONS;
use super::{
    ApiError, Core, DROPPED_AT_ONCE, TOO_MANY_TOPICS, UNUSED_AT_LEAST_MS, UNUSED_PER_APP, UNUSED_PER_PEER, excerpt,
    hash,
};
use crate::db::DbError;

/// A registration that holds, and those that had to make room for it.
struct Registered {
    reg_id: String,
    dropped: Vec<String>,
}

#[derive(FromRow)]
struct Known {
    reg_id: String,
    secret_hash: Vec<u8>,
    app_id: String,
}

impl Core {
    /// Registers a phone, or gives it the answer that it had before.
    pub(crate) async fn register(&self, request: &RegisterRequest, peer: IpAddr) -> RegisterAnswer {
        let answer = |code: i64, reason: Option<String>| RegisterAnswer {
            code,
            reason,
            reg_id: None,
            brokers: Vec::new(),
            topic_prefix: None,
            time: self.now(),
        };
        let registered = match self.try_register(request, peer).await {
            Ok(registered) => registered,
            Err(error) => {
                self.0.counters.add(REGISTRATIONS, "refused", 1);
                return answer(error.code, Some(error.reason));
            }
        };
        for dropped in &registered.dropped {
            self.0.counters.add(REGISTRATIONS, "dropped_over_the_cap", 1);
            self.forget_at_broker(dropped).await;
        }
        // Also for one that is known: contact was lost perhaps because the broker forgot it.
        if let Err(error) = self.0.broker.put_device(&registered.reg_id, &request.secret).await {
            self.0.counters.add(REGISTRATIONS, "broker_failed", 1);
            log::warn!("registering {}: {error}", registered.reg_id);
            return answer(code::BUSY, Some("the broker cannot be reached by the gateway; try again".into()));
        }
        self.0.counters.add(REGISTRATIONS, "answered", 1);
        RegisterAnswer {
            reg_id: Some(registered.reg_id),
            brokers: self.0.device_brokers.clone(),
            topic_prefix: Some(self.0.topic_prefix.clone()),
            ..answer(code::SUCCESS, None)
        }
    }

    async fn try_register(&self, request: &RegisterRequest, peer: IpAddr) -> Result<Registered, ApiError> {
        // Both are 256 random bits as unpadded base64url, as a regId is.
        if !is_reg_id(&request.request_id) || !is_reg_id(&request.secret) {
            return Err(ApiError::new(code::INVALID_VALUE, "requestId and secret are 43 characters of base64url each"));
        }
        let fresh =
            crate::files::random_token().map_err(|error| ApiError::from(DbError::Damaged(error.to_string())))?;
        let epoch = format!("{}-0", self.0.epoch);
        let (request, peer, now) = (request.clone(), peer.to_string(), self.now());
        self.0
            .db
            .write(move |connection| {
                Box::pin(async move {
                    check_app(connection, &request).await?;
                    let known: Option<Known> =
                        sqlx::query_as("SELECT reg_id, secret_hash, app_id FROM devices WHERE request_hash = $1")
                            .bind(hash(&request.request_id))
                            .fetch_optional(&mut *connection)
                            .await?;
                    if let Some(known) = known {
                        let same = bool::from(known.secret_hash.ct_eq(&hash(&request.secret)));
                        if !same || known.app_id != request.app_id {
                            return Err(ApiError::new(
                                code::ILLEGAL_REQUEST,
                                "this requestId was registered with another secret or app",
                            ));
                        }
                        return Ok(Registered { reg_id: known.reg_id, dropped: Vec::new() });
                    }
                    if request.reg_id.is_some() {
                        return Err(ApiError::new(code::UNKNOWN_DEVICE, "the gateway does not know this regId"));
                    }
                    let dropped = make_room(connection, &request.app_id, &peer, now).await?;
                    sqlx::query(
                        "INSERT INTO devices
                             (reg_id, app_id, request_hash, secret_hash, peer, version, created_at, epoch)
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                    )
                    .bind(&fresh)
                    .bind(&request.app_id)
                    .bind(hash(&request.request_id))
                    .bind(hash(&request.secret))
                    .bind(&peer)
                    .bind(excerpt(&request.version))
                    .bind(now)
                    .bind(epoch)
                    .execute(connection)
                    .await?;
                    Ok(Registered { reg_id: fresh, dropped })
                })
            })
            .await
    }

    /// Whether this is the device's password. The first log-in makes its registration a used one.
    pub(crate) async fn authenticate_device(&self, reg_id: &str, secret: &str) -> bool {
        let row = sqlx::query_as("SELECT id, secret_hash, used_at FROM devices WHERE reg_id = $1")
            .bind(reg_id)
            .fetch_optional(self.0.db.readers())
            .await;
        let (device, stored, used_at): (i64, Vec<u8>, Option<i64>) = match row {
            Ok(Some(row)) => row,
            Ok(None) => return false,
            Err(error) => {
                log::error!("a log-in could not be checked: {error}");
                return false;
            }
        };
        if !bool::from(stored.ct_eq(&hash(secret))) {
            return false;
        }
        if used_at.is_none() {
            let now = self.now();
            let marked: Result<(), DbError> = self
                .0
                .db
                .write(move |connection| {
                    Box::pin(async move {
                        sqlx::query(
                            "UPDATE devices SET used_at = $2, last_seen = $2 WHERE id = $1 AND used_at IS NULL",
                        )
                        .bind(device)
                        .bind(now)
                        .execute(connection)
                        .await?;
                        Ok(())
                    })
                })
                .await;
            if let Err(error) = marked {
                log::error!("a log-in was not noted: {error}");
            }
            self.0.counters.add(REGISTRATIONS, "used", 1);
        }
        true
    }

    /// Tells the broker that a device is gone for good. If it fails, the device may log in but is not known here.
    pub(super) async fn forget_at_broker(&self, reg_id: &str) {
        if let Err(error) = self.0.broker.remove_device(reg_id).await {
            log::warn!("removing {reg_id}: {error}");
        }
    }

    /// Subscribes devices to a topic, or ends it, on behalf of a server.
    pub(crate) async fn subscribe(
        &self,
        app_id: &str,
        reg_ids: &[String],
        topic: &str,
        on: bool,
    ) -> Result<(), ApiError> {
        self.subscribe_by(
            "SELECT id FROM devices WHERE app_id = $1 AND reg_id = $2 AND invalid_at IS NULL",
            app_id,
            reg_ids,
            topic,
            on,
        )
        .await
    }

    /// The same for the devices that have these aliases.
    pub(crate) async fn subscribe_aliases(
        &self,
        app_id: &str,
        aliases: &[String],
        topic: &str,
        on: bool,
    ) -> Result<(), ApiError> {
        self.subscribe_by("SELECT device FROM aliases WHERE app_id = $1 AND alias = $2", app_id, aliases, topic, on)
            .await
    }

    async fn subscribe_by(
        &self,
        find: &'static str,
        app_id: &str,
        names: &[String],
        topic: &str,
        on: bool,
    ) -> Result<(), ApiError> {
        check_name("topic", topic)?;
        let (app_id, names, topic, now) = (app_id.to_owned(), names.to_vec(), topic.to_owned(), self.now());
        self.0
            .db
            .write(move |connection| {
                Box::pin(async move {
                    for name in &names {
                        let device: Option<i64> =
                            sqlx::query_scalar(find).bind(&app_id).bind(name).fetch_optional(&mut *connection).await?;
                        let Some(device) = device else {
                            return Err(ApiError::new(code::UNKNOWN_DEVICE, format!("{name} names no device")));
                        };
                        if !on {
                            unsubscribe(connection, &app_id, device, &topic).await?;
                        } else if !subscribe(connection, &app_id, device, &topic, now).await? {
                            return Err(ApiError::new(TOO_MANY_TOPICS, format!("{name} hears too many topics")));
                        }
                    }
                    Ok(())
                })
            })
            .await
    }
}

async fn check_app(connection: &mut SqliteConnection, request: &RegisterRequest) -> Result<(), ApiError> {
    let app: Option<(String, String)> = sqlx::query_as("SELECT app_key, package FROM apps WHERE app_id = $1")
        .bind(&request.app_id)
        .fetch_optional(connection)
        .await?;
    let Some((app_key, package)) = app else {
        return Err(ApiError::new(code::APP_ID, "no app has this AppID"));
    };
    if !bool::from(app_key.as_bytes().ct_eq(request.app_key.as_bytes())) {
        return Err(ApiError::new(code::APP_KEY, "the AppKey is not the app's"));
    }
    if package != request.package {
        return Err(ApiError::new(code::PACKAGE, format!("the app's package is {package}")));
    }
    Ok(())
}

/// Drops the oldest registrations that were never used, of this address and of this app, above the caps.
async fn make_room(
    connection: &mut SqliteConnection,
    app_id: &str,
    peer: &str,
    now: i64,
) -> Result<Vec<String>, sqlx::Error> {
    let mut dropped = Vec::new();
    for (count, delete, name, cap) in [
        (
            "SELECT COUNT(*) FROM devices WHERE used_at IS NULL AND peer = $1",
            "DELETE FROM devices WHERE id IN (
                 SELECT id FROM devices WHERE used_at IS NULL AND peer = $1 AND created_at <= $2
                 ORDER BY created_at, id LIMIT $3) RETURNING reg_id",
            peer,
            UNUSED_PER_PEER,
        ),
        (
            "SELECT COUNT(*) FROM devices WHERE used_at IS NULL AND app_id = $1",
            "DELETE FROM devices WHERE id IN (
                 SELECT id FROM devices WHERE used_at IS NULL AND app_id = $1 AND created_at <= $2
                 ORDER BY created_at, id LIMIT $3) RETURNING reg_id",
            app_id,
            UNUSED_PER_APP,
        ),
    ] {
        let unused: i64 = sqlx::query_scalar(count).bind(name).fetch_one(&mut *connection).await?;
        let too_many = unused + 1 - cap;
        if too_many > 0 {
            let old: Vec<String> = sqlx::query_scalar(delete)
                .bind(name)
                .bind(now - UNUSED_AT_LEAST_MS)
                .bind(too_many.min(DROPPED_AT_ONCE))
                .fetch_all(&mut *connection)
                .await?;
            dropped.extend(old);
        }
    }
    Ok(dropped)
}
