//! From a message's target to a row per device, in steps that a crash cannot lose or repeat: a step's rows and the
//! cursor behind them are one transaction.

use offpush_wire::Target;
use sqlx::{FromRow, SqliteConnection};

use super::counters::DROPPED;
use super::{Core, FAN_OUT_BATCH, Targets, TopicOp, from_json, to_json};
use crate::db::DbError;

/// What one step did.
#[derive(Debug, Default)]
pub(super) struct FanOut {
    /// Connected devices that got a row.
    pub(super) wake: Vec<i64>,
    /// Names that stand for no device.
    pub(super) invalid: Vec<String>,
    /// There are more devices to come.
    pub(super) more: bool,
}

#[derive(FromRow)]
struct Pending {
    app_id: String,
    target: String,
    expires_at: i64,
    cursor: i64,
    only_online: bool,
}

impl Core {
    /// Fans a message out to the next devices.
    pub(super) async fn fan_out_step(
        &self,
        connection: &mut SqliteConnection,
        message: i64,
    ) -> Result<FanOut, DbError> {
        let now = self.now();
        let pending: Option<Pending> = sqlx::query_as(
            "SELECT app_id, target, expires_at, cursor, only_online
             FROM messages WHERE id = $1 AND state = 'pending'",
        )
        .bind(message)
        .fetch_optional(&mut *connection)
        .await?;
        let Some(pending) = pending else { return Ok(FanOut::default()) };
        if pending.expires_at <= now {
            self.0.counters.add(DROPPED, "expired_before_fan_out", 1);
            finish(connection, message).await?;
            return Ok(FanOut::default());
        }
        let targets: Targets = from_json("a message's target", &pending.target)?;
        let mut result = FanOut::default();
        let step = Step { message, app_id: &pending.app_id, now };
        let first_row: i64 =
            sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM entries").fetch_one(&mut *connection).await?;
        let rows = if let Some(list) = targets.list() {
            let mut rows = 0;
            for name in list {
                let added = step.name(connection, &targets, name).await?;
                rows += added;
                // One that stands only for devices that other names brought before is not invalid.
                if added == 0 && !exists(connection, &pending.app_id, &targets, name).await? {
                    result.invalid.push(name.clone());
                }
            }
            rows
        } else {
            let rows = step.batch(connection, &targets, pending.cursor).await?;
            result.more = rows == FAN_OUT_BATCH.unsigned_abs();
            rows
        };
        sqlx::query(
            "UPDATE messages SET devices = devices + $2,
                 cursor = (SELECT COALESCE(MAX(device), 0) FROM entries WHERE message = $1) WHERE id = $1",
        )
        .bind(message)
        .bind(i64::try_from(rows).unwrap_or(i64::MAX))
        .execute(&mut *connection)
        .await?;
        if !result.more {
            finish(connection, message).await?;
        }
        if pending.only_online {
            let dropped = sqlx::query(
                "UPDATE entries SET state = 3, void_reason = 'offline', void_at = $3
                 WHERE +message = $1 AND id > $2
                     AND device IN (SELECT id FROM devices WHERE connection IS NULL)",
            )
            .bind(message)
            .bind(first_row)
            .bind(now)
            .execute(&mut *connection)
            .await?
            .rows_affected();
            self.0.counters.add(DROPPED, "offline", dropped);
        }
        // The plus keeps the planner from walking all of the message's rows: the new ones are the last of the table.
        result.wake = sqlx::query_scalar(
            "SELECT e.device FROM entries e JOIN devices d ON d.id = e.device
             WHERE e.id > $2 AND +e.message = $1 AND d.connection IS NOT NULL",
        )
        .bind(message)
        .bind(first_row)
        .fetch_all(connection)
        .await?;
        Ok(result)
    }

    /// Names that stand for no device now, of a message that is fanned out later.
    pub(super) async fn unresolved(
        &self,
        connection: &mut SqliteConnection,
        app_id: &str,
        targets: &Targets,
    ) -> Result<Vec<String>, DbError> {
        let mut invalid = Vec::new();
        for name in targets.list().unwrap_or_default() {
            if !exists(connection, app_id, targets, name).await? {
                invalid.push(name.clone());
            }
        }
        Ok(invalid)
    }

    /// Fans out whatever is due, also what a crash interrupted.
    pub(super) async fn fan_out_due(&self) -> Result<(), DbError> {
        loop {
            let due: Vec<i64> = sqlx::query_scalar(
                "SELECT id FROM messages WHERE state = 'pending' AND send_at <= $1 ORDER BY send_at, id LIMIT 100",
            )
            .bind(self.now())
            .fetch_all(self.0.db.readers())
            .await?;
            if due.is_empty() {
                return Ok(());
            }
            for message in due {
                let core = self.clone();
                let step = self
                    .0
                    .db
                    .write(move |connection| Box::pin(async move { core.fan_out_step(connection, message).await }))
                    .await?;
                self.wake(&step.wake);
            }
            if *self.0.stop.borrow() {
                return Ok(());
            }
        }
    }
}

async fn finish(connection: &mut SqliteConnection, message: i64) -> Result<(), DbError> {
    sqlx::query("UPDATE messages SET state = 'done' WHERE id = $1").bind(message).execute(connection).await?;
    Ok(())
}

/// Whether a name stands for any device.
async fn exists(
    connection: &mut SqliteConnection,
    app_id: &str,
    targets: &Targets,
    name: &str,
) -> Result<bool, DbError> {
    let query = match targets {
        Targets::RegIds(_) => {
            "SELECT EXISTS (SELECT 1 FROM devices WHERE app_id = $1 AND reg_id = $2 AND invalid_at IS NULL)"
        }
        Targets::Aliases(_) => {
            "SELECT EXISTS (SELECT 1 FROM aliases t JOIN devices d ON d.id = t.device
             WHERE t.app_id = $1 AND t.alias = $2 AND d.invalid_at IS NULL)"
        }
        Targets::Accounts(_) => {
            "SELECT EXISTS (SELECT 1 FROM accounts t JOIN devices d ON d.id = t.device
             WHERE t.app_id = $1 AND t.account = $2 AND d.invalid_at IS NULL)"
        }
        Targets::Users(_) => {
            "SELECT EXISTS (SELECT 1 FROM bindings t JOIN devices d ON d.id = t.device
             WHERE t.app_id = $1 AND t.user_id = $2 AND t.valid = 1 AND d.invalid_at IS NULL)"
        }
        Targets::Topic(_) | Targets::Topics { .. } | Targets::All => return Ok(true),
    };
    Ok(sqlx::query_scalar(query).bind(app_id).bind(name).fetch_one(connection).await?)
}

struct Step<'a> {
    message: i64,
    app_id: &'a str,
    now: i64,
}

impl Step<'_> {
    /// Rows for the devices that one name stands for.
    async fn name(&self, connection: &mut SqliteConnection, targets: &Targets, name: &str) -> Result<u64, DbError> {
        let (query, target) = match targets {
            Targets::RegIds(_) => (
                "INSERT INTO entries (device, message, target, queued_at)
                 SELECT d.id, $1, $2, $3 FROM devices d
                 WHERE d.app_id = $4 AND d.reg_id = $5 AND d.invalid_at IS NULL ON CONFLICT DO NOTHING",
                Target::RegId,
            ),
            Targets::Aliases(_) => (
                "INSERT INTO entries (device, message, target, queued_at)
                 SELECT t.device, $1, $2, $3 FROM aliases t JOIN devices d ON d.id = t.device
                 WHERE t.app_id = $4 AND t.alias = $5 AND d.invalid_at IS NULL ON CONFLICT DO NOTHING",
                Target::Alias(name.to_owned()),
            ),
            Targets::Accounts(_) => (
                "INSERT INTO entries (device, message, target, queued_at)
                 SELECT t.device, $1, $2, $3 FROM accounts t JOIN devices d ON d.id = t.device
                 WHERE t.app_id = $4 AND t.account = $5 AND d.invalid_at IS NULL ON CONFLICT DO NOTHING",
                Target::Account(name.to_owned()),
            ),
            Targets::Users(_) => (
                "INSERT INTO entries (device, message, target, queued_at, binding)
                 SELECT t.device, $1, $2, $3, MAX(t.number) FROM bindings t JOIN devices d ON d.id = t.device
                 WHERE t.app_id = $4 AND t.user_id = $5 AND t.valid = 1 AND d.invalid_at IS NULL
                 GROUP BY t.device ON CONFLICT DO NOTHING",
                Target::User(name.to_owned()),
            ),
            Targets::Topic(_) | Targets::Topics { .. } | Targets::All => return Ok(0),
        };
        Ok(sqlx::query(query)
            .bind(self.message)
            .bind(to_json(&target)?)
            .bind(self.now)
            .bind(self.app_id)
            .bind(name)
            .execute(connection)
            .await?
            .rows_affected())
    }

    /// Rows for the next devices behind the cursor.
    async fn batch(&self, connection: &mut SqliteConnection, targets: &Targets, cursor: i64) -> Result<u64, DbError> {
        let query = match targets {
            Targets::Topic(topic) => sqlx::query(
                "INSERT INTO entries (device, message, target, queued_at)
                 SELECT t.device, $1, $2, $3 FROM topics t JOIN devices d ON d.id = t.device
                 WHERE t.app_id = $4 AND t.topic = $7 AND t.device > $5 AND d.invalid_at IS NULL
                 ORDER BY t.device LIMIT $6",
            )
            .bind(self.message)
            .bind(to_json(&Target::Topic(topic.clone()))?)
            .bind(self.now)
            .bind(self.app_id)
            .bind(cursor)
            .bind(FAN_OUT_BATCH)
            .bind(topic),
            Targets::All => sqlx::query(
                "INSERT INTO entries (device, message, target, queued_at)
                 SELECT d.id, $1, $2, $3 FROM devices d
                 WHERE d.app_id = $4 AND d.id > $5 AND d.invalid_at IS NULL AND d.used_at IS NOT NULL
                 ORDER BY d.id LIMIT $6",
            )
            .bind(self.message)
            .bind(to_json(&Target::All)?)
            .bind(self.now)
            .bind(self.app_id)
            .bind(cursor)
            .bind(FAN_OUT_BATCH),
            Targets::Topics { topics, op } => {
                let topic = |index: usize| topics.get(index).or(topics.first()).cloned().unwrap_or_default();
                let count = i64::try_from(topics.len()).unwrap_or(i64::MAX);
                // How many of the topics a device must hear, and whether the first is one of them.
                let (least, most, first) = match op {
                    TopicOp::Union => (1, count, 0),
                    TopicOp::Intersection => (count, count, 1),
                    TopicOp::Except => (1, 1, 1),
                };
                sqlx::query(
                    "INSERT INTO entries (device, message, target, queued_at)
                     SELECT t.device, $1, $2, $3 FROM topics t JOIN devices d ON d.id = t.device
                     WHERE t.app_id = $4 AND t.topic IN ($7, $8, $9, $10, $11) AND t.device > $5
                         AND d.invalid_at IS NULL
                     GROUP BY t.device
                     HAVING COUNT(*) BETWEEN $12 AND $13 AND SUM(CASE WHEN t.topic = $7 THEN 1 ELSE 0 END) >= $14
                     ORDER BY t.device LIMIT $6",
                )
                .bind(self.message)
                .bind(to_json(&Target::Topic(topic(0)))?)
                .bind(self.now)
                .bind(self.app_id)
                .bind(cursor)
                .bind(FAN_OUT_BATCH)
                .bind(topic(0))
                .bind(topic(1))
                .bind(topic(2))
                .bind(topic(3))
                .bind(topic(4))
                .bind(least)
                .bind(most)
                .bind(first)
            }
            Targets::RegIds(_) | Targets::Aliases(_) | Targets::Accounts(_) | Targets::Users(_) => return Ok(0),
        };
        Ok(query.execute(connection).await?.rows_affected())
    }
}
