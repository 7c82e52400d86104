//! What happens without anybody asking: the workers that serve devices, the schedule, expiry, resends, and the
//! removal of what is no longer needed.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::SqliteConnection;
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;

use super::counters::{DROPPED, REGISTRATIONS};
use super::device::UNSEEN;
use super::{Core, TRACE_KEPT_MS, UNREGISTERED_KEPT_MS, UNSEEN_CONNECTED_MS, UNSEEN_MS, UNUSED_REGISTRATION_MS};
use crate::db::DbError;

/// How often the schedule, expiry and resends are looked at.
const TICK: Duration = Duration::from_secs(1);
/// How often what is too old is removed.
const CLEANING: Duration = Duration::from_secs(60);
/// Devices or messages that one write of the cleaning looks at, so that others get their turn.
const CLEANING_BATCH: i64 = 500;
/// Entries that one such write changes at most: some tens of milliseconds.
const ENTRIES_PER_WRITE: i64 = 5000;
/// How long a device waits after the database failed to serve it.
const RETRY: Duration = Duration::from_secs(1);

/// Devices that have something to get, each once, in order.
#[derive(Default)]
pub(super) struct WorkQueue {
    waiting: Mutex<(VecDeque<i64>, HashMap<i64, bool>)>,
    ready: Notify,
    /// Something is to be fanned out.
    pub(super) fan_out: Notify,
}

impl WorkQueue {
    fn push(&self, devices: &[i64], again: bool) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (order, flags) = &mut *waiting;
        for device in devices {
            match flags.get_mut(device) {
                Some(flag) => *flag |= again,
                None => {
                    flags.insert(*device, again);
                    order.push_back(*device);
                }
            }
            self.ready.notify_one();
        }
    }

    pub(super) fn pop(&self) -> Option<(i64, bool)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let device = waiting.0.pop_front()?;
        let again = waiting.1.remove(&device).unwrap_or_default();
        if !waiting.0.is_empty() {
            // A permit is one at most: each who takes something calls the next.
            self.ready.notify_one();
        }
        Some((device, again))
    }
}

impl Core {
    /// These devices have entries that wait.
    pub(super) fn wake(&self, devices: &[i64]) {
        self.0.work.push(devices, false);
    }

    pub(super) async fn run_work(self) {
        let mut stop = self.0.stop.subscribe();
        loop {
            tokio::select! {
                () = self.0.work.ready.notified() => {}
                () = super::stopped(&mut stop) => return,
            }
            while let Some((device, again)) = self.0.work.pop() {
                if let Err(error) = self.deliver(device, again).await {
                    log::error!("device {device} could not be served: {error}");
                    tokio::time::sleep(RETRY).await;
                    self.0.work.push(&[device], again);
                }
                if *stop.borrow() {
                    return;
                }
            }
        }
    }

    /// The broker's connection is there (again): what is under way may be lost, so every window is published once more.
    /// After a restored backup nobody knows who is connected: every phone that has not said hello since is asked for one.
    pub(crate) async fn broker_ready(&self) {
        self.0.broker_since.store(self.now(), Ordering::Relaxed);
        let devices: Result<Vec<i64>, _> = sqlx::query_scalar(
            "SELECT d.id FROM devices d WHERE d.connection IS NOT NULL AND (d.resend_at IS NOT NULL
                 OR EXISTS (SELECT 1 FROM entries e WHERE e.device = d.id AND e.state = 0))
             UNION SELECT d.id FROM devices d WHERE d.epoch NOT LIKE $1 AND d.invalid_at IS NULL AND d.used_at IS NOT NULL",
        )
        .bind(format!("{}-%", self.0.epoch))
        .fetch_all(self.0.db.readers())
        .await;
        match devices {
            Ok(devices) => self.0.work.push(&devices, true),
            Err(error) => log::error!("the windows could not be published again: {error}"),
        }
        self.0.work.fan_out.notify_one();
    }

    pub(super) async fn run_background(self) {
        let mut stop = self.0.stop.subscribe();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = super::stopped(&mut stop) => return,
                () = self.0.work.fan_out.notified() => {
                    if let Err(error) = self.fan_out_due().await {
                        log::error!("fanning out: {error}");
                    }
                }
                _ = tick.tick() => {
                    if let Err(error) = self.tick().await {
                        log::error!("background work: {error}");
                    }
                }
            }
        }
    }

    /// Apart from the schedule: telling an external broker of each device that is removed takes its time.
    pub(super) async fn run_cleaning(self) {
        let mut stop = self.0.stop.subscribe();
        let mut tick = tokio::time::interval(CLEANING);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = super::stopped(&mut stop) => return,
                _ = tick.tick() => {
                    if let Err(error) = self.clean().await {
                        log::error!("cleaning: {error}");
                    }
                    if let Err(error) = self.count_connected().await {
                        log::error!("counting phones: {error}");
                    }
                }
            }
        }
    }

    /// One look at everything that depends on the time.
    pub(super) async fn tick(&self) -> Result<(), DbError> {
        let now = self.now();
        self.flush_published().await;
        self.fan_out_due().await?;
        while self.expire_messages().await? {}
        let opened: Vec<i64> =
            sqlx::query_scalar("SELECT id FROM devices WHERE held_until <= $1 AND connection IS NOT NULL")
                .bind(now)
                .fetch_all(self.0.db.readers())
                .await?;
        self.0.work.push(&opened, false);
        let stuck: Vec<i64> =
            sqlx::query_scalar("SELECT id FROM devices WHERE resend_at <= $1 AND connection IS NOT NULL")
                .bind(now)
                .fetch_all(self.0.db.readers())
                .await?;
        self.0.work.push(&stuck, true);
        Ok(())
    }

    pub(super) fn note_published(&self, entry: i64) {
        let now = self.now();
        self.0.published.lock().unwrap_or_else(PoisonError::into_inner).push((entry, now));
    }

    /// Writes down what was published since the last time: a fact for the message's path, nothing depends on it.
    pub(super) async fn flush_published(&self) {
        let published = std::mem::take(&mut *self.0.published.lock().unwrap_or_else(PoisonError::into_inner));
        for chunk in published.chunks(CLEANING_BATCH.unsigned_abs() as usize) {
            let chunk = chunk.to_vec();
            let written: Result<(), DbError> = self
                .0
                .db
                .write(move |connection| {
                    Box::pin(async move {
                        for (entry, at) in chunk {
                            sqlx::query("UPDATE entries SET published_at = $2 WHERE id = $1")
                                .bind(entry)
                                .bind(at)
                                .execute(&mut *connection)
                                .await?;
                        }
                        Ok(())
                    })
                })
                .await;
            if let Err(error) = written {
                log::warn!("the times of publication were not noted: {error}");
            }
        }
    }

    /// Messages whose time is over: entries without a number are dropped, those with one become void. Whether there may
    /// be more.
    async fn expire_messages(&self) -> Result<bool, DbError> {
        let now = self.now();
        let due: Vec<i64> = sqlx::query_scalar(
            "SELECT id FROM messages WHERE expiry_done = 0 AND expires_at <= $1 ORDER BY expires_at LIMIT $2",
        )
        .bind(now)
        .bind(CLEANING_BATCH)
        .fetch_all(self.0.db.readers())
        .await?;
        if due.is_empty() {
            return Ok(false);
        }
        let core = self.clone();
        self.0
            .db
            .write(move |connection| {
                Box::pin(async move {
                    let mut room = ENTRIES_PER_WRITE;
                    for message in due {
                        if room <= 0 {
                            break;
                        }
                        room -= 1 + core.expire_step(connection, message).await?;
                    }
                    Ok::<_, DbError>(())
                })
            })
            .await?;
        Ok(true)
    }

    /// Ends the entries of an expired message at the next devices; how many there were at most.
    async fn expire_step(&self, connection: &mut SqliteConnection, message: i64) -> Result<i64, DbError> {
        let from: i64 = sqlx::query_scalar("SELECT expiry_cursor FROM messages WHERE id = $1")
            .bind(message)
            .fetch_one(&mut *connection)
            .await?;
        let (count, last): (i64, Option<i64>) = sqlx::query_as(
            "SELECT COUNT(*), MAX(device) FROM (SELECT device FROM entries
                 WHERE message = $1 AND device > $2 ORDER BY device LIMIT $3) AS next",
        )
        .bind(message)
        .bind(from)
        .bind(ENTRIES_PER_WRITE)
        .fetch_one(&mut *connection)
        .await?;
        let last = last.unwrap_or(from);
        self.end_entries(connection, message, (from, last), "expired").await?;
        sqlx::query(
            "UPDATE messages SET expiry_cursor = $2, expiry_done = $3,
                 state = CASE WHEN state = 'pending' THEN 'done' ELSE state END WHERE id = $1",
        )
        .bind(message)
        .bind(last)
        .bind(count < ENTRIES_PER_WRITE)
        .execute(connection)
        .await?;
        Ok(count)
    }

    /// A message is over for the devices above the first id up to the second: its entries without a number are dropped,
    /// those with one that have not arrived become void.
    pub(super) async fn end_entries(
        &self,
        connection: &mut SqliteConnection,
        message: i64,
        (from, to): (i64, i64),
        reason: &'static str,
    ) -> Result<(), DbError> {
        let now = self.now();
        let dropped = sqlx::query(
            "UPDATE entries SET state = 3, void_reason = $2, void_at = $3
             WHERE message = $1 AND device > $4 AND device <= $5 AND state = 0",
        )
        .bind(message)
        .bind(reason)
        .bind(now)
        .bind(from)
        .bind(to)
        .execute(&mut *connection)
        .await?
        .rows_affected();
        self.0.counters.add(DROPPED, reason, dropped);
        let void = sqlx::query(
            "UPDATE entries SET void_reason = $2, void_at = $3
             WHERE message = $1 AND device > $4 AND device <= $5 AND state = 1 AND void_reason IS NULL",
        )
        .bind(message)
        .bind(reason)
        .bind(now)
        .bind(from)
        .bind(to)
        .execute(connection)
        .await?
        .rows_affected();
        self.0.counters.add(DROPPED, "void", void);
        Ok(())
    }

    /// Removes what is no longer needed.
    pub(super) async fn clean(&self) -> Result<(), DbError> {
        let now = self.now();
        for (query, before, label) in [
            (
                "DELETE FROM devices WHERE id IN (
                     SELECT id FROM devices WHERE used_at IS NULL AND created_at <= $1 LIMIT $2) RETURNING reg_id",
                now - UNUSED_REGISTRATION_MS,
                "dropped_unused",
            ),
            (
                "DELETE FROM devices WHERE id IN (
                     SELECT id FROM devices WHERE invalid_reason = 'unregistered' AND invalid_at <= $1 LIMIT $2)
                 RETURNING reg_id",
                now - UNREGISTERED_KEPT_MS,
                "removed_unregistered",
            ),
        ] {
            let removed: Vec<String> = self
                .0
                .db
                .write(move |connection| {
                    Box::pin(async move {
                        Ok::<_, DbError>(
                            sqlx::query_scalar(query).bind(before).bind(CLEANING_BATCH).fetch_all(connection).await?,
                        )
                    })
                })
                .await?;
            for reg_id in &removed {
                self.0.counters.add(REGISTRATIONS, label, 1);
                self.forget_at_broker(reg_id).await;
            }
        }
        while self.end_unseen().await? {}
        while self.forget_messages(now - TRACE_KEPT_MS).await? {}
        Ok(())
    }

    /// RegIds whose phones were not seen for too long become invalid. Whether there may be more.
    async fn end_unseen(&self) -> Result<bool, DbError> {
        let (core, now) = (self.clone(), self.now());
        let count = self
            .0
            .db
            .write(move |connection| {
                Box::pin(async move {
                    let unseen: Vec<i64> = sqlx::query_scalar(
                        "UPDATE devices SET invalid_at = $1, invalid_reason = $2 WHERE id IN (
                             SELECT id FROM devices WHERE invalid_at IS NULL AND last_seen <= $3
                                 AND (connection IS NULL OR last_seen <= $4) LIMIT $5) RETURNING id",
                    )
                    .bind(now)
                    .bind(UNSEEN)
                    .bind(now - UNSEEN_MS)
                    .bind(now - UNSEEN_CONNECTED_MS)
                    .bind(CLEANING_BATCH)
                    .fetch_all(&mut *connection)
                    .await?;
                    for device in &unseen {
                        core.drop_messages(connection, *device, None, UNSEEN).await?;
                    }
                    Ok::<_, DbError>(unseen.len())
                })
            })
            .await?;
        self.0.counters.add(REGISTRATIONS, UNSEEN, count as u64);
        Ok(count > 0)
    }

    /// Removes messages that expired before this moment, with their traces; a number still under way stays, void.
    /// Whether there may be more.
    async fn forget_messages(&self, before: i64) -> Result<bool, DbError> {
        let oldest: Option<i64> =
            sqlx::query_scalar("SELECT id FROM messages WHERE expires_at <= $1 ORDER BY expires_at LIMIT 1")
                .bind(before)
                .fetch_optional(self.0.db.readers())
                .await?;
        let Some(message) = oldest else { return Ok(false) };
        self.0
            .db
            .write(move |connection| {
                Box::pin(async move {
                    sqlx::query(
                        "UPDATE entries SET message = NULL, body = '{\"kind\":\"void\"}',
                             uid = (SELECT message_id FROM messages WHERE id = $1)
                         WHERE message = $1 AND state = 1",
                    )
                    .bind(message)
                    .execute(&mut *connection)
                    .await?;
                    let removed = sqlx::query(
                        "DELETE FROM entries WHERE id IN (SELECT id FROM entries WHERE message = $1 LIMIT $2)",
                    )
                    .bind(message)
                    .bind(ENTRIES_PER_WRITE)
                    .execute(&mut *connection)
                    .await?
                    .rows_affected();
                    if removed < ENTRIES_PER_WRITE.unsigned_abs() {
                        sqlx::query("DELETE FROM messages WHERE id = $1").bind(message).execute(connection).await?;
                    }
                    Ok::<_, DbError>(())
                })
            })
            .await?;
        Ok(true)
    }
}
