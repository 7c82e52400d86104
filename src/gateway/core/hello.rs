//! Marks and hellos: what a phone says it has, and the numbering when the two sides do not agree.

use offpush_wire::{Have, Hello};
use sqlx::SqliteConnection;

use super::counters::NEW_GENERATION;
use super::device::{Device, UNSEEN};
use super::{Core, excerpt};
use crate::db::DbError;

/// What a mark did to the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// It moved.
    Moved,
    /// The phone has what it had.
    Same,
    /// Another epoch, or a number that cannot be: the phone's next hello settles it.
    Ignored,
}

impl Core {
    /// A mark without a hello.
    pub(super) async fn mark(
        &self,
        connection: &mut SqliteConnection,
        device: &mut Device,
        have: &Have,
    ) -> Result<Mark, DbError> {
        let up_to = number(have);
        if have.epoch != device.epoch || !device.is_of(&self.0.epoch) || up_to < device.settled || up_to > device.last_n
        {
            return Ok(Mark::Ignored);
        }
        if up_to == device.settled {
            return Ok(Mark::Same);
        }
        self.settle(connection, device, up_to).await?;
        Ok(Mark::Moved)
    }

    /// A hello: the connection is the device's current one, and both sides agree on a numbering again.
    pub(super) async fn hello(
        &self,
        connection: &mut SqliteConnection,
        device: &mut Device,
        hello: &Hello,
        have: Option<&Have>,
    ) -> Result<(), DbError> {
        let now = self.now();
        if device.connection.as_ref() != Some(&hello.connection) {
            device.connection = Some(hello.connection.clone());
            device.connected_since = Some(now);
        }
        if device.last_connection.as_ref() != Some(&hello.connection) {
            device.previous_connection = device.last_connection.replace(hello.connection.clone());
        }
        device.version = excerpt(&hello.version);
        device.network = hello.network.as_deref().map(excerpt);
        device.heartbeat = hello.heartbeat.map(i64::from);
        device.used_at = device.used_at.or(Some(now));
        if device.invalid_reason.as_deref() == Some(UNSEEN) {
            device.invalid_at = None;
            device.invalid_reason = None;
            device.invalid_told = false;
        }
        if let Some(cause) = self.agree(connection, device, hello, have).await? {
            self.new_generation(connection, device).await?;
            self.0.counters.add(NEW_GENERATION, cause, 1);
        }
        Ok(())
    }

    /// Settles what the mark surely covers; why a new numbering is needed, if it is.
    ///
    /// Where the phone has a number that this gateway never gave, or another entry under it, the gateway has gone back
    /// in time unnoticed. Nothing is settled then: what the phone has is sent again and shown silently, which is better
    /// than lost.
    async fn agree(
        &self,
        connection: &mut SqliteConnection,
        device: &mut Device,
        hello: &Hello,
        have: Option<&Have>,
    ) -> Result<Option<&'static str>, DbError> {
        let ours = device.is_of(&self.0.epoch);
        let Some(have) = have else {
            // A phone that has nothing takes up any epoch from 1.
            return Ok(if !ours {
                Some("restored")
            } else if device.settled > 0 {
                Some("phone_lost_its_mark")
            } else {
                None
            });
        };
        let up_to = number(have);
        if have.epoch == device.epoch {
            if up_to < device.settled {
                return Ok(Some("phone_lost_its_mark"));
            }
            if up_to > 0
                && let Some(id) = &hello.id_of_up_to
                && let Some(known) = identity(connection, device, up_to).await?
                && *id != known
            {
                return Ok(Some("other_entry"));
            }
            if ours && up_to > device.last_n {
                return Ok(Some("number_never_given"));
            }
            // Restored from a backup: what had a number then was sent under it.
            self.settle(connection, device, up_to.min(device.last_n)).await?;
            return Ok((!ours).then_some("restored"));
        }
        if device.prior_epoch.as_ref() == Some(&have.epoch) {
            // The answer that brought the current epoch did not arrive.
            let covered: Option<i64> = sqlx::query_scalar(
                "SELECT MAX(n) FROM entries
                 WHERE device = $1 AND generation = $2 AND n > $3 AND state = 1 AND prior_n <= $4",
            )
            .bind(device.id)
            .bind(device.generation)
            .bind(device.settled)
            .bind(up_to)
            .fetch_one(&mut *connection)
            .await?;
            if let Some(covered) = covered {
                self.settle(connection, device, covered).await?;
            }
            if ours && device.settled == 0 {
                return Ok(None);
            }
            return Ok(Some(if ours { "prior_epoch" } else { "restored" }));
        }
        Ok(Some(if ours { "other_epoch" } else { "restored" }))
    }

    /// Everything up to this number has arrived.
    pub(super) async fn settle(
        &self,
        connection: &mut SqliteConnection,
        device: &mut Device,
        up_to: i64,
    ) -> Result<(), DbError> {
        if up_to <= device.settled {
            return Ok(());
        }
        let now = self.now();
        // The last entry settled is kept: the next hello may name it.
        sqlx::query(
            "DELETE FROM entries WHERE device = $1 AND generation = $2 AND n >= $3 AND n < $4 AND message IS NULL",
        )
        .bind(device.id)
        .bind(device.generation)
        .bind(device.settled)
        .bind(up_to)
        .execute(&mut *connection)
        .await?;
        sqlx::query(
            "UPDATE entries SET state = 2, settled_at = $5
             WHERE device = $1 AND generation = $2 AND n > $3 AND n <= $4",
        )
        .bind(device.id)
        .bind(device.generation)
        .bind(device.settled)
        .bind(up_to)
        .bind(now)
        .execute(&mut *connection)
        .await?;
        device.settled = up_to;
        device.watch_window(now);
        Ok(())
    }

    /// A new epoch: what had a number and was not settled is numbered anew from 1, and may be a repetition.
    async fn new_generation(&self, connection: &mut SqliteConnection, device: &mut Device) -> Result<(), DbError> {
        // A phone that never confirmed anything of the current epoch may still be in the one before.
        if device.settled > 0 || device.prior_epoch.is_none() || !device.is_of(&self.0.epoch) {
            device.prior_epoch = Some(device.epoch.clone());
            sqlx::query("UPDATE entries SET prior_n = n WHERE device = $1 AND generation = $2 AND n > $3")
                .bind(device.id)
                .bind(device.generation)
                .bind(device.settled)
                .execute(&mut *connection)
                .await?;
        }
        let open: Vec<(i64, bool)> = sqlx::query_as(
            "SELECT id, void_reason IS NOT NULL FROM entries
             WHERE device = $1 AND generation = $2 AND n > $3 AND state = 1 ORDER BY n",
        )
        .bind(device.id)
        .bind(device.generation)
        .bind(device.settled)
        .fetch_all(&mut *connection)
        .await?;
        device.generation += 1;
        device.epoch = format!("{}-{}", self.0.epoch, device.generation);
        device.last_n = 0;
        device.settled = 0;
        for (entry, void) in open {
            if void {
                sqlx::query("UPDATE entries SET state = 3, n = NULL WHERE id = $1")
                    .bind(entry)
                    .execute(&mut *connection)
                    .await?;
                continue;
            }
            device.last_n += 1;
            sqlx::query("UPDATE entries SET generation = $2, n = $3, again = 1 WHERE id = $1")
                .bind(entry)
                .bind(device.generation)
                .bind(device.last_n)
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }
}

/// The identity of the entry under a number of the current epoch, if it is still known.
async fn identity(connection: &mut SqliteConnection, device: &Device, n: i64) -> Result<Option<String>, DbError> {
    let known: Option<Option<String>> = sqlx::query_scalar(
        "SELECT COALESCE(m.message_id, e.uid) FROM entries e LEFT JOIN messages m ON m.id = e.message
         WHERE e.device = $1 AND e.generation = $2 AND e.n = $3",
    )
    .bind(device.id)
    .bind(device.generation)
    .bind(n)
    .fetch_optional(connection)
    .await?;
    Ok(known.flatten())
}

/// A number beyond what the database can hold was never given.
fn number(have: &Have) -> i64 {
    i64::try_from(have.up_to).unwrap_or(i64::MAX)
}
