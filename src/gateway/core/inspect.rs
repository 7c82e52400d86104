//! Looking: devices, messages and the path of one message.

use std::collections::HashMap;

use offpush_wire::{AcceptTime, Message};
use sqlx::{FromRow, SqliteConnection};

use super::device::Device;
use super::{ApiError, Core, DeviceView, MessageCounts, MessagePath, MessageView, Step, Targets, from_json};
use crate::db::DbError;

/// Devices of one message whose steps are shown.
const DEVICES_IN_PATH: i64 = 200;
/// What one look shows at most.
const MAXIMUM_ROWS: u32 = 1000;

#[derive(FromRow)]
struct MessageRow {
    id: i64,
    message_id: String,
    app_id: String,
    target: String,
    body: String,
    job_key: Option<String>,
    accepted_at: i64,
    send_at: i64,
    expires_at: i64,
    state: String,
    devices: i64,
    withdrawn_at: Option<i64>,
}

#[derive(FromRow)]
struct EntryRow {
    device: i64,
    reg_id: String,
    state: i64,
    n: Option<i64>,
    void_reason: Option<String>,
    void_at: Option<i64>,
    queued_at: i64,
    numbered_at: Option<i64>,
    published_at: Option<i64>,
    settled_at: Option<i64>,
}

#[derive(FromRow)]
struct ReceiptRow {
    device: i64,
    what: String,
    reason: Option<String>,
    received_at: i64,
}

impl Core {
    /// Devices, those seen last first.
    pub(crate) async fn devices(&self, app_id: Option<&str>, limit: u32) -> Result<Vec<DeviceView>, ApiError> {
        let rows: Vec<(i64, i64)> = sqlx::query_as(
            "SELECT id, created_at FROM devices WHERE $1 IS NULL OR app_id = $1
             ORDER BY COALESCE(last_seen, created_at) DESC, id DESC LIMIT $2",
        )
        .bind(app_id)
        .bind(limit.min(MAXIMUM_ROWS))
        .fetch_all(self.0.db.readers())
        .await?;
        let mut devices = Vec::with_capacity(rows.len());
        for (id, created_at) in rows {
            devices.extend(self.device_view(id, created_at).await?);
        }
        Ok(devices)
    }

    /// One device.
    pub(crate) async fn device(&self, reg_id: &str) -> Result<Option<DeviceView>, ApiError> {
        let row: Option<(i64, i64)> = sqlx::query_as("SELECT id, created_at FROM devices WHERE reg_id = $1")
            .bind(reg_id)
            .fetch_optional(self.0.db.readers())
            .await?;
        match row {
            Some((id, created_at)) => Ok(self.device_view(id, created_at).await?),
            None => Ok(None),
        }
    }

    async fn device_view(&self, id: i64, created_at: i64) -> Result<Option<DeviceView>, DbError> {
        let mut connection = self.0.db.readers().acquire().await?;
        let Some(device) = Device::load(&mut connection, id).await? else { return Ok(None) };
        let mut names = Vec::new();
        for query in [
            "SELECT alias FROM aliases WHERE device = $1 ORDER BY set_at, alias",
            "SELECT account FROM accounts WHERE device = $1 ORDER BY set_at, account",
            "SELECT topic FROM topics WHERE device = $1 ORDER BY set_at, topic",
            "SELECT DISTINCT user_id FROM bindings WHERE device = $1 AND valid = 1 ORDER BY user_id",
        ] {
            let list: Vec<String> = sqlx::query_scalar(query).bind(id).fetch_all(&mut *connection).await?;
            names.push(list);
        }
        let waiting: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM entries WHERE device = $1 AND state = 0")
            .bind(id)
            .fetch_one(&mut *connection)
            .await?;
        let mut names = names.into_iter();
        let mut next = || names.next().unwrap_or_default();
        Ok(Some(DeviceView {
            accept_time: device.accept_time().map(|time| {
                let (start, end) = (AcceptTime::clock(time.start), AcceptTime::clock(time.end));
                format!("{start}-{end} UTC{:+}", time.utc_offset)
            }),
            state: device.invalid_reason.unwrap_or_else(|| "valid".into()),
            connected: device.connection.is_some(),
            connected_since: device.connected_since,
            heartbeat: device.heartbeat.and_then(|seconds| u32::try_from(seconds).ok()),
            reg_id: device.reg_id,
            app_id: device.app_id,
            version: device.version,
            network: device.network,
            created_at,
            last_seen: device.last_seen,
            epoch: device.epoch,
            last_n: device.last_n,
            settled: device.settled,
            waiting,
            aliases: next(),
            accounts: next(),
            topics: next(),
            users: next(),
        }))
    }

    /// Those of these regIds that are valid for the app.
    pub(crate) async fn valid_reg_ids(&self, app_id: &str, reg_ids: &[String]) -> Result<Vec<String>, ApiError> {
        let mut valid = Vec::new();
        for reg_id in reg_ids {
            let known: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM devices WHERE app_id = $1 AND reg_id = $2 AND invalid_at IS NULL)",
            )
            .bind(app_id)
            .bind(reg_id)
            .fetch_one(self.0.db.readers())
            .await?;
            if known {
                valid.push(reg_id.clone());
            }
        }
        Ok(valid)
    }

    /// RegIds of the app that became invalid, at most 1000 a call; each is told once.
    pub(crate) async fn take_invalid_reg_ids(&self, app_id: &str) -> Result<Vec<String>, ApiError> {
        let app_id = app_id.to_owned();
        self.0
            .db
            .write(move |connection| {
                Box::pin(async move {
                    Ok(sqlx::query_scalar(
                        "UPDATE devices SET invalid_told = 1 WHERE id IN (
                             SELECT id FROM devices WHERE app_id = $1 AND invalid_at IS NOT NULL AND invalid_told = 0
                             ORDER BY invalid_at LIMIT 1000) RETURNING reg_id",
                    )
                    .bind(app_id)
                    .fetch_all(connection)
                    .await?)
                })
            })
            .await
    }

    /// Messages, the newest first.
    pub(crate) async fn messages(&self, app_id: Option<&str>, limit: u32) -> Result<Vec<MessageView>, ApiError> {
        let rows = sqlx::query_as("SELECT * FROM messages WHERE $1 IS NULL OR app_id = $1 ORDER BY id DESC LIMIT $2")
            .bind(app_id)
            .bind(limit.min(MAXIMUM_ROWS))
            .fetch_all(self.0.db.readers())
            .await?;
        self.views(rows).await
    }

    /// Messages of an app accepted from `from_ms` to `to_ms`, the oldest first.
    pub(crate) async fn messages_between(
        &self,
        app_id: &str,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<Vec<MessageView>, ApiError> {
        let rows = sqlx::query_as(
            "SELECT * FROM messages WHERE app_id = $1 AND accepted_at BETWEEN $2 AND $3 ORDER BY accepted_at LIMIT $4",
        )
        .bind(app_id)
        .bind(from_ms)
        .bind(to_ms)
        .bind(MAXIMUM_ROWS)
        .fetch_all(self.0.db.readers())
        .await?;
        self.views(rows).await
    }

    /// Messages of an app with this batch id, the oldest first.
    pub(crate) async fn messages_by_job_key(&self, app_id: &str, job_key: &str) -> Result<Vec<MessageView>, ApiError> {
        let rows = sqlx::query_as("SELECT * FROM messages WHERE app_id = $1 AND job_key = $2 ORDER BY id LIMIT $3")
            .bind(app_id)
            .bind(job_key)
            .bind(MAXIMUM_ROWS)
            .fetch_all(self.0.db.readers())
            .await?;
        self.views(rows).await
    }

    /// One message with its path, step by step.
    pub(crate) async fn message(
        &self,
        app_id: Option<&str>,
        message_id: &str,
    ) -> Result<Option<MessagePath>, ApiError> {
        // One moment for all of it: what is counted is among the steps.
        let mut snapshot = self.0.db.readers().begin().await.map_err(DbError::from)?;
        let row: Option<MessageRow> =
            sqlx::query_as("SELECT * FROM messages WHERE message_id = $1 AND ($2 IS NULL OR app_id = $2)")
                .bind(message_id)
                .bind(app_id)
                .fetch_optional(&mut *snapshot)
                .await?;
        let Some(row) = row else { return Ok(None) };
        let steps = self.steps(&mut snapshot, &row).await?;
        Ok(Some(MessagePath { message: self.view(&mut snapshot, row).await?, steps }))
    }

    async fn views(&self, rows: Vec<MessageRow>) -> Result<Vec<MessageView>, ApiError> {
        let mut snapshot = self.0.db.readers().begin().await.map_err(DbError::from)?;
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            views.push(self.view(&mut snapshot, row).await?);
        }
        Ok(views)
    }

    async fn view(&self, snapshot: &mut SqliteConnection, row: MessageRow) -> Result<MessageView, DbError> {
        let targets: Targets = from_json("a message's target", &row.target)?;
        let body: Message = from_json("a message", &row.body)?;
        let state = match row.state.as_str() {
            "pending" if row.send_at > self.now() => "scheduled",
            "pending" => "fanning-out",
            "done" => "fanned-out",
            other => other,
        };
        Ok(MessageView {
            counts: self.counts(snapshot, &row).await?,
            state: state.to_owned(),
            target: targets.describe(),
            title: body.title,
            id: row.message_id,
            app_id: row.app_id,
            accepted_at: row.accepted_at,
            send_at: row.send_at,
            expires_at: row.expires_at,
            withdrawn_at: row.withdrawn_at,
            job_key: row.job_key,
        })
    }

    async fn counts(&self, snapshot: &mut SqliteConnection, row: &MessageRow) -> Result<MessageCounts, DbError> {
        let mut counts = MessageCounts { devices: row.devices, ..MessageCounts::default() };
        let entries: Vec<(i64, Option<String>, i64)> = sqlx::query_as(
            "SELECT state, void_reason, COUNT(*) FROM entries WHERE message = $1 GROUP BY state, void_reason",
        )
        .bind(row.id)
        .fetch_all(&mut *snapshot)
        .await?;
        for (state, void, count) in entries {
            *match (state, void.as_deref()) {
                (_, Some("expired")) => &mut counts.expired,
                (_, Some("withdrawn")) => &mut counts.withdrawn,
                (_, Some(_)) | (3, None) => &mut counts.dropped,
                (0, None) => &mut counts.waiting,
                (1, None) => &mut counts.published,
                (_, None) => &mut counts.arrived,
            } += count;
        }
        let receipts: Vec<(String, i64)> =
            sqlx::query_as("SELECT what, COUNT(*) FROM receipts WHERE message = $1 GROUP BY what")
                .bind(row.id)
                .fetch_all(&mut *snapshot)
                .await?;
        for (what, count) in receipts {
            match what.as_str() {
                "shown" => counts.shown = count,
                "folded" => counts.folded = count,
                "clicked" => counts.clicked = count,
                "dismissed" => counts.dismissed = count,
                "blocked" => counts.blocked = count,
                "expired" => counts.expired += count,
                _ => {}
            }
        }
        Ok(counts)
    }

    async fn steps(&self, snapshot: &mut SqliteConnection, row: &MessageRow) -> Result<Vec<Step>, DbError> {
        let step = |at: i64, step: &str, reg_id: Option<&str>, detail: Option<String>| Step {
            at,
            step: step.to_owned(),
            reg_id: reg_id.map(str::to_owned),
            detail,
        };
        let mut steps = vec![step(row.accepted_at, "accepted", None, None)];
        if let Some(at) = row.withdrawn_at {
            steps.push(step(at, if row.state == "cancelled" { "cancelled" } else { "withdrawn" }, None, None));
        }
        let entries: Vec<EntryRow> = sqlx::query_as(
            "SELECT e.device, d.reg_id, e.state, e.n, e.void_reason, e.void_at, e.queued_at, e.numbered_at,
                 e.published_at, e.settled_at
             FROM entries e JOIN devices d ON d.id = e.device WHERE e.message = $1 ORDER BY e.device LIMIT $2",
        )
        .bind(row.id)
        .bind(DEVICES_IN_PATH)
        .fetch_all(&mut *snapshot)
        .await?;
        if let Some(at) = entries.iter().map(|entry| entry.queued_at).max() {
            let detail = format!("{} devices", row.devices);
            steps.push(step(at, if row.state == "pending" { "fanning-out" } else { "fanned-out" }, None, Some(detail)));
        } else if row.state == "done" && row.withdrawn_at.is_none() {
            steps.push(step(row.send_at, "fanned-out", None, Some("0 devices".into())));
        }
        let mut reg_ids = HashMap::new();
        for entry in entries {
            let reg_id = entry.reg_id;
            steps.push(step(entry.queued_at, "queued", Some(&reg_id), None));
            let number = entry.n.map(|n| format!("n {n}"));
            steps.extend(entry.numbered_at.map(|at| step(at, "numbered", Some(&reg_id), number)));
            steps.extend(entry.published_at.map(|at| step(at, "published", Some(&reg_id), None)));
            if let Some(at) = entry.void_at {
                let reason = entry.void_reason.as_deref().unwrap_or("dropped");
                let (name, detail) = match (reason, entry.state) {
                    ("expired" | "withdrawn", 3) => (reason, None),
                    (_, 3) => ("dropped", Some(reason.to_owned())),
                    _ => ("void", Some(reason.to_owned())),
                };
                steps.push(step(at, name, Some(&reg_id), detail));
            }
            steps.extend(entry.settled_at.map(|at| step(at, "arrived", Some(&reg_id), None)));
            reg_ids.insert(entry.device, reg_id);
        }
        let receipts: Vec<ReceiptRow> = sqlx::query_as(
            "SELECT device, what, reason, received_at FROM receipts WHERE message = $1 ORDER BY device LIMIT $2",
        )
        .bind(row.id)
        .bind(DEVICES_IN_PATH * 6)
        .fetch_all(&mut *snapshot)
        .await?;
        for receipt in receipts {
            if let Some(reg_id) = reg_ids.get(&receipt.device) {
                steps.push(step(receipt.received_at, &receipt.what, Some(reg_id), receipt.reason));
            }
        }
        // Steps of one moment stay in the order of their making.
        steps.sort_by_key(|step| step.at);
        Ok(steps)
    }
}

impl Targets {
    /// The target for people.
    fn describe(&self) -> String {
        let several = |what: &str, names: &[String]| match names {
            [name] => format!("{what} {name}"),
            names => format!("{} of kind {what}", names.len()),
        };
        match self {
            Self::RegIds(names) => several("regId", names),
            Self::Aliases(names) => several("alias", names),
            Self::Accounts(names) => several("account", names),
            Self::Users(names) => several("user", names),
            Self::Topic(topic) => format!("topic {topic}"),
            Self::Topics { topics, op } => format!("topics {} ({op:?})", topics.join(", ")),
            Self::All => "all".into(),
        }
    }
}
