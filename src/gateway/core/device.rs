//! A device's row.

use offpush_wire::{AcceptTime, Bindings};
use sqlx::{FromRow, SqliteConnection};

use super::{RESEND_FIRST_MS, RESEND_LONGEST_MS};
use crate::db::DbError;

/// The part of a device's row that delivery reads and changes.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub(super) struct Device {
    pub(super) id: i64,
    pub(super) reg_id: String,
    pub(super) app_id: String,
    pub(super) version: String,
    pub(super) used_at: Option<i64>,
    pub(super) last_seen: Option<i64>,
    pub(super) invalid_at: Option<i64>,
    pub(super) invalid_reason: Option<String>,
    pub(super) invalid_told: bool,
    pub(super) epoch: String,
    pub(super) generation: i64,
    pub(super) prior_epoch: Option<String>,
    pub(super) last_n: i64,
    pub(super) settled: i64,
    pub(super) resend_at: Option<i64>,
    pub(super) resend_after: i64,
    pub(super) outbox: Option<String>,
    pub(super) applied: i64,
    pub(super) connection: Option<String>,
    pub(super) connected_since: Option<i64>,
    pub(super) last_connection: Option<String>,
    pub(super) previous_connection: Option<String>,
    pub(super) network: Option<String>,
    pub(super) heartbeat: Option<i64>,
    pub(super) accept_start: Option<i64>,
    pub(super) accept_end: Option<i64>,
    pub(super) utc_offset: Option<i64>,
    pub(super) held_until: Option<i64>,
    pub(super) binding_up_to: i64,
}

impl Device {
    pub(super) async fn load(connection: &mut SqliteConnection, id: i64) -> Result<Option<Self>, DbError> {
        Ok(sqlx::query_as("SELECT * FROM devices WHERE id = $1").bind(id).fetch_optional(connection).await?)
    }

    /// Writes back what delivery may have changed.
    pub(super) async fn save(&self, connection: &mut SqliteConnection) -> Result<(), DbError> {
        sqlx::query(
            "UPDATE devices SET version = $2, used_at = $3, last_seen = $4, invalid_at = $5, invalid_reason = $6,
                 invalid_told = $7, epoch = $8, generation = $9, prior_epoch = $10, last_n = $11, settled = $12,
                 resend_at = $13, resend_after = $14, outbox = $15, applied = $16, connection = $17,
                 connected_since = $18, network = $19, heartbeat = $20, accept_start = $21, accept_end = $22,
                 utc_offset = $23, held_until = $24, binding_up_to = $25, last_connection = $26,
                 previous_connection = $27
             WHERE id = $1",
        )
        .bind(self.id)
        .bind(&self.version)
        .bind(self.used_at)
        .bind(self.last_seen)
        .bind(self.invalid_at)
        .bind(&self.invalid_reason)
        .bind(self.invalid_told)
        .bind(&self.epoch)
        .bind(self.generation)
        .bind(&self.prior_epoch)
        .bind(self.last_n)
        .bind(self.settled)
        .bind(self.resend_at)
        .bind(self.resend_after)
        .bind(&self.outbox)
        .bind(self.applied)
        .bind(&self.connection)
        .bind(self.connected_since)
        .bind(&self.network)
        .bind(self.heartbeat)
        .bind(self.accept_start)
        .bind(self.accept_end)
        .bind(self.utc_offset)
        .bind(self.held_until)
        .bind(self.binding_up_to)
        .bind(&self.last_connection)
        .bind(&self.previous_connection)
        .execute(connection)
        .await?;
        Ok(())
    }

    /// The phone is thought to listen, and its numbers are of this gateway's epoch.
    pub(super) fn may_be_numbered(&self, gateway_epoch: &str) -> bool {
        self.connection.is_some() && self.is_of(gateway_epoch)
    }

    pub(super) fn is_of(&self, gateway_epoch: &str) -> bool {
        self.epoch.rsplit_once('-').is_some_and(|(epoch, _)| epoch == gateway_epoch)
    }

    pub(super) fn accept_time(&self) -> Option<AcceptTime> {
        Some(AcceptTime {
            start: u16::try_from(self.accept_start?).ok()?,
            end: u16::try_from(self.accept_end?).ok()?,
            utc_offset: i16::try_from(self.utc_offset?).ok()?,
        })
    }

    pub(super) fn set_accept_time(&mut self, time: Option<AcceptTime>) {
        self.accept_start = time.map(|t| t.start.into());
        self.accept_end = time.map(|t| t.end.into());
        self.utc_offset = time.map(|t| t.utc_offset.into());
    }

    /// The window was published from its start, or moved: it has the first period to move on.
    pub(super) fn watch_window(&mut self, now: i64) {
        (self.resend_at, self.resend_after) =
            if self.settled < self.last_n { (Some(now + RESEND_FIRST_MS), RESEND_FIRST_MS) } else { (None, 0) };
    }

    /// The window was published again because it had not moved: the next period is twice as long.
    pub(super) fn back_off(&mut self, now: i64) {
        self.resend_after = (self.resend_after * 2).clamp(RESEND_FIRST_MS, RESEND_LONGEST_MS);
        self.resend_at = Some(now + self.resend_after);
    }

    /// When the window was last published from its start, or moved.
    pub(super) fn window_published_at(&self) -> Option<i64> {
        self.resend_at.map(|at| at - self.resend_after)
    }

    /// Which bindings hold.
    pub(super) async fn bindings(&self, connection: &mut SqliteConnection) -> Result<Bindings, DbError> {
        let valid: Vec<i64> =
            sqlx::query_scalar("SELECT number FROM bindings WHERE device = $1 AND valid = 1 ORDER BY number")
                .bind(self.id)
                .fetch_all(connection)
                .await?;
        Ok(Bindings {
            up_to: self.binding_up_to.unsigned_abs(),
            valid: valid.into_iter().map(i64::unsigned_abs).collect(),
        })
    }
}

/// `devices.invalid_reason`: the app said so.
pub(super) const UNREGISTERED: &str = "unregistered";
/// `devices.invalid_reason`: not seen for too long.
pub(super) const UNSEEN: &str = "unseen";
