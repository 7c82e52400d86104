//! Taking messages back.

use offpush_wire::{Down, Withdraw};
use sqlx::SqliteConnection;

use super::{ApiError, Core, Selector, random_hex, to_json};

impl Core {
    /// Withdraws messages: what has no number is dropped, what is under way becomes void, and phones that may have it
    /// are told. The number of messages; 0 if none is known.
    pub(crate) async fn withdraw(&self, app_id: &str, selector: &Selector) -> Result<usize, ApiError> {
        let (core, app_id, selector, now) = (self.clone(), app_id.to_owned(), selector.clone(), self.now());
        self.0
            .db
            .write(move |connection| {
                Box::pin(async move {
                    let messages = selector.messages(connection, &app_id).await?;
                    let mut wake = Vec::new();
                    for (message, message_id) in &messages {
                        let body = Down::Withdraw(Withdraw { messages: vec![message_id.clone()] });
                        sqlx::query(
                            "INSERT INTO entries (device, uid, body, queued_at)
                             SELECT device, $2, $3, $4 FROM entries
                             WHERE message = $1 AND state IN (1, 2) AND void_reason IS NULL",
                        )
                        .bind(message)
                        .bind(random_hex::<8>()?)
                        .bind(to_json(&body)?)
                        .bind(now)
                        .execute(&mut *connection)
                        .await?;
                        let told: Vec<i64> = sqlx::query_scalar(
                            "SELECT e.device FROM entries e JOIN devices d ON d.id = e.device
                             WHERE e.message = $1 AND e.state IN (1, 2) AND e.void_reason IS NULL
                                 AND d.connection IS NOT NULL",
                        )
                        .bind(message)
                        .fetch_all(&mut *connection)
                        .await?;
                        wake.extend(told);
                        core.end_entries(connection, *message, (0, i64::MAX), "withdrawn").await?;
                        sqlx::query(
                            "UPDATE messages SET withdrawn_at = $2,
                                 state = CASE WHEN state = 'pending' THEN 'cancelled' ELSE state END WHERE id = $1",
                        )
                        .bind(message)
                        .bind(now)
                        .execute(&mut *connection)
                        .await?;
                    }
                    core.wake(&wake);
                    Ok(messages.len())
                })
            })
            .await
    }

    /// Whether this message waits for its time.
    pub(crate) async fn scheduled(&self, app_id: &str, message_id: &str) -> Result<bool, ApiError> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM messages
             WHERE app_id = $1 AND message_id = $2 AND state = 'pending' AND send_at > $3)",
        )
        .bind(app_id)
        .bind(message_id)
        .bind(self.now())
        .fetch_one(self.0.db.readers())
        .await?)
    }

    /// Cancels messages that wait for their time; how many there were.
    pub(crate) async fn cancel_scheduled(&self, app_id: &str, selector: &Selector) -> Result<usize, ApiError> {
        let (app_id, selector, now) = (app_id.to_owned(), selector.clone(), self.now());
        self.0
            .db
            .write(move |connection| {
                Box::pin(async move {
                    let messages = selector.messages(connection, &app_id).await?;
                    let mut cancelled = 0;
                    for (message, _) in messages {
                        cancelled += sqlx::query(
                            "UPDATE messages SET state = 'cancelled', withdrawn_at = $2
                             WHERE id = $1 AND state = 'pending' AND send_at > $2",
                        )
                        .bind(message)
                        .bind(now)
                        .execute(&mut *connection)
                        .await?
                        .rows_affected();
                    }
                    Ok(usize::try_from(cancelled).unwrap_or(usize::MAX))
                })
            })
            .await
    }
}

impl Selector {
    /// The messages meant, with their public ids, that are not withdrawn yet.
    async fn messages(
        &self,
        connection: &mut SqliteConnection,
        app_id: &str,
    ) -> Result<Vec<(i64, String)>, sqlx::Error> {
        let (query, value) = match self {
            Self::Id(id) => (
                "SELECT id, message_id FROM messages WHERE app_id = $1 AND message_id = $2 AND withdrawn_at IS NULL",
                id,
            ),
            Self::JobKey(key) => {
                ("SELECT id, message_id FROM messages WHERE app_id = $1 AND job_key = $2 AND withdrawn_at IS NULL", key)
            }
        };
        sqlx::query_as(query).bind(app_id).bind(value).fetch_all(connection).await
    }
}
