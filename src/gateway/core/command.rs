//! What apps ask of the gateway through their phones, and the answers.

use offpush_wire::{AcceptTime, Command, CommandResult, Down, RawEntry, Snapshot, code};
use sqlx::SqliteConnection;

use super::device::{Device, UNREGISTERED};
use super::{
    ALIASES_PER_DEVICE, ApiError, Core, DEVICES_PER_ACCOUNT, NAME_BYTES, TOO_MANY_TOPICS, TOPICS_PER_DEVICE, excerpt,
    random_hex, to_json,
};
use crate::db::DbError;

/// The farthest that local time is from UTC, in minutes: 14 hours.
const UTC_OFFSET: i16 = 14 * 60;

/// A command was refused, or the database failed.
enum Refused {
    Because(ApiError),
    Database(DbError),
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self::Because(error)
    }
}

impl From<DbError> for Refused {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

fn refused(code: i64, reason: impl Into<String>) -> Refused {
    Refused::Because(ApiError::new(code, reason))
}

impl Core {
    /// Does what a command asks and queues its result.
    pub(super) async fn command(
        &self,
        connection: &mut SqliteConnection,
        device: &mut Device,
        n: i64,
        command: &Command,
    ) -> Result<(), DbError> {
        let (code, reason) = match self.execute(connection, device, command).await {
            Ok(()) => (code::SUCCESS, None),
            Err(Refused::Because(error)) => (error.code, Some(error.reason)),
            Err(Refused::Database(error)) => return Err(error),
        };
        let result = CommandResult {
            outbox: device.outbox.clone().unwrap_or_default(),
            n: n.unsigned_abs(),
            command: command.name().to_owned(),
            // What was refused for its length must not come back in full: the frame has a limit too.
            arguments: command.arguments().iter().map(|argument| argument.chars().take(NAME_BYTES).collect()).collect(),
            code,
            reason,
        };
        self.queue_control(connection, device.id, &Down::Result(result)).await
    }

    /// A command that this gateway does not know has a result too: the app waits for one.
    pub(super) async fn not_understood(
        &self,
        connection: &mut SqliteConnection,
        device: &Device,
        n: i64,
        entry: &RawEntry<'_>,
    ) -> Result<(), DbError> {
        if entry.kind != "command" {
            return Ok(());
        }
        #[derive(serde::Deserialize)]
        struct Named {
            command: String,
        }
        let named = serde_json::from_str::<Named>(entry.body_text()).map(|named| named.command).unwrap_or_default();
        let result = CommandResult {
            outbox: device.outbox.clone().unwrap_or_default(),
            n: n.unsigned_abs(),
            command: excerpt(&named),
            arguments: Vec::new(),
            code: code::NOT_SUPPORTED,
            reason: Some("the gateway does not understand this command".into()),
        };
        self.queue_control(connection, device.id, &Down::Result(result)).await
    }

    /// Queues an entry that is no message.
    pub(super) async fn queue_control(
        &self,
        connection: &mut SqliteConnection,
        device: i64,
        content: &Down,
    ) -> Result<(), DbError> {
        sqlx::query("INSERT INTO entries (device, uid, body, queued_at) VALUES ($1, $2, $3, $4)")
            .bind(device)
            .bind(random_hex::<8>()?)
            .bind(to_json(content)?)
            .bind(self.now())
            .execute(connection)
            .await?;
        Ok(())
    }

    async fn execute(
        &self,
        connection: &mut SqliteConnection,
        device: &mut Device,
        command: &Command,
    ) -> Result<(), Refused> {
        if device.invalid_at.is_some() && *command != Command::Unregister {
            return Err(refused(code::UNKNOWN_DEVICE, "the regId is no longer valid"));
        }
        let now = self.now();
        match command {
            Command::SetAlias { alias } => {
                check_name("alias", alias)?;
                set_alias(connection, device, alias, now).await?;
            }
            Command::UnsetAlias { alias } => {
                sqlx::query("DELETE FROM aliases WHERE app_id = $1 AND alias = $2 AND device = $3")
                    .bind(&device.app_id)
                    .bind(alias)
                    .bind(device.id)
                    .execute(connection)
                    .await?;
            }
            Command::SetAccount { account } => {
                check_name("account", account)?;
                set_account(connection, device, account, now).await?;
            }
            Command::UnsetAccount { account } => {
                sqlx::query("DELETE FROM accounts WHERE app_id = $1 AND account = $2 AND device = $3")
                    .bind(&device.app_id)
                    .bind(account)
                    .bind(device.id)
                    .execute(connection)
                    .await?;
            }
            Command::SubscribeTopic { topic } => {
                check_name("topic", topic)?;
                if !subscribe(connection, &device.app_id, device.id, topic, now).await? {
                    return Err(refused(TOO_MANY_TOPICS, format!("a device hears at most {TOPICS_PER_DEVICE} topics")));
                }
            }
            Command::UnsubscribeTopic { topic } => unsubscribe(connection, &device.app_id, device.id, topic).await?,
            Command::AcceptTime(time) => {
                check_accept_time(time)?;
                device.set_accept_time((!time.is_whole_day()).then_some(*time));
            }
            Command::ReportToken { certificate, user, sig } => {
                check_name("user", user)?;
                // A key that does not open is the operator's to put right; it must not block this outbox meanwhile.
                let key = match self.im_key_of(connection, &device.app_id).await {
                    Err(DbError::Damaged(what)) => return Err(refused(code::INTERNAL, what)),
                    key => key?,
                };
                let known: bool =
                    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM certificates WHERE id = $1 AND app_id = $2)")
                        .bind(i64::try_from(*certificate).unwrap_or_default())
                        .bind(&device.app_id)
                        .fetch_one(&mut *connection)
                        .await?;
                if !known {
                    return Err(refused(
                        code::INVALID_VALUE,
                        format!("certificate {certificate} is not known for this app: see the console"),
                    ));
                }
                crate::usersig::verify_user_sig(key.sdk_app_id, &key.key, user, sig, now / 1000)
                    .map_err(|error| refused(error.code(), error.to_string()))?;
                let certificate = i64::try_from(*certificate).unwrap_or_default();
                self.bind(connection, device, user, certificate).await?;
            }
            Command::Logout { user } => {
                self.unbind(connection, device, user).await?;
            }
            Command::Unregister => self.unregister(connection, device).await?,
            Command::Echo { text } => check_name("text", text)?,
        }
        Ok(())
    }

    /// Servers are told "invalid regId" from this commit on; only the result still goes to the phone.
    async fn unregister(&self, connection: &mut SqliteConnection, device: &mut Device) -> Result<(), DbError> {
        let now = self.now();
        device.invalid_at = device.invalid_at.or(Some(now));
        device.invalid_reason = Some(UNREGISTERED.into());
        for statement in [
            "DELETE FROM aliases WHERE device = $1",
            "DELETE FROM accounts WHERE device = $1",
            "DELETE FROM topics WHERE device = $1",
            "UPDATE bindings SET valid = 0 WHERE device = $1",
        ] {
            sqlx::query(statement).bind(device.id).execute(&mut *connection).await?;
        }
        self.drop_messages(connection, device.id, None, UNREGISTERED).await
    }

    /// Messages of a device that are not wanted any more: those without a number are dropped, the others become void.
    /// `binding`: only those of this log-in.
    pub(super) async fn drop_messages(
        &self,
        connection: &mut SqliteConnection,
        device: i64,
        binding: Option<i64>,
        reason: &'static str,
    ) -> Result<(), DbError> {
        let now = self.now();
        let dropped = sqlx::query(
            "UPDATE entries SET state = 3, void_reason = $3, void_at = $4
             WHERE device = $1 AND state = 0 AND message IS NOT NULL AND ($2 IS NULL OR binding = $2)",
        )
        .bind(device)
        .bind(binding)
        .bind(reason)
        .bind(now)
        .execute(&mut *connection)
        .await?
        .rows_affected();
        self.0.counters.add(super::counters::DROPPED, reason, dropped);
        let void = sqlx::query(
            "UPDATE entries SET void_reason = $3, void_at = $4
             WHERE device = $1 AND state = 1 AND message IS NOT NULL AND void_reason IS NULL
                 AND ($2 IS NULL OR binding = $2)",
        )
        .bind(device)
        .bind(binding)
        .bind(reason)
        .bind(now)
        .execute(connection)
        .await?
        .rows_affected();
        self.0.counters.add(super::counters::DROPPED, "void", void);
        Ok(())
    }

    /// The phone's whole state replaces what a restored gateway remembers.
    pub(super) async fn snapshot(
        &self,
        connection: &mut SqliteConnection,
        device: &mut Device,
        snapshot: &Snapshot,
    ) -> Result<(), DbError> {
        if device.invalid_at.is_some() {
            return Ok(());
        }
        let now = self.now();
        for statement in [
            "DELETE FROM aliases WHERE device = $1",
            "DELETE FROM accounts WHERE device = $1",
            "DELETE FROM topics WHERE device = $1",
        ] {
            sqlx::query(statement).bind(device.id).execute(&mut *connection).await?;
        }
        for alias in snapshot.aliases.iter().filter(|name| check_name("alias", name).is_ok()) {
            set_alias(connection, device, alias, now).await?;
        }
        for account in snapshot.accounts.iter().filter(|name| check_name("account", name).is_ok()) {
            set_account(connection, device, account, now).await?;
        }
        for topic in snapshot.topics.iter().filter(|name| check_name("topic", name).is_ok()) {
            subscribe(connection, &device.app_id, device.id, topic, now).await?;
        }
        let time = snapshot.accept_time.filter(|time| check_accept_time(time).is_ok() && !time.is_whole_day());
        device.set_accept_time(time);
        self.reconcile_bindings(connection, device, &snapshot.bindings).await
    }
}

/// What may be an alias, account, topic or user.
pub(super) fn check_name(what: &str, name: &str) -> Result<(), ApiError> {
    if name.trim().is_empty() {
        return Err(ApiError::new(code::INVALID_VALUE, format!("the {what} is empty")));
    }
    if name.len() > NAME_BYTES || name.contains(',') || name.chars().any(char::is_control) {
        let reason = format!("the {what} must have at most {NAME_BYTES} bytes, no comma and no control character");
        return Err(ApiError::new(code::INVALID_VALUE, reason));
    }
    Ok(())
}

fn check_accept_time(time: &AcceptTime) -> Result<(), Refused> {
    if time.start > 1439 || time.end > 1439 || time.utc_offset.unsigned_abs() > UTC_OFFSET.unsigned_abs() {
        return Err(refused(code::INVALID_VALUE, "the accept time is no pair of times of day"));
    }
    Ok(())
}

async fn set_alias(
    connection: &mut SqliteConnection,
    device: &Device,
    alias: &str,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO aliases (app_id, alias, device, set_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (app_id, alias) DO UPDATE SET device = $3, set_at = $4",
    )
    .bind(&device.app_id)
    .bind(alias)
    .bind(device.id)
    .bind(now)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM aliases WHERE app_id = $1 AND device = $2 AND alias IN (
             SELECT alias FROM aliases WHERE device = $2 AND alias <> $3 ORDER BY set_at DESC, alias LIMIT 1000 OFFSET $4)",
    )
    .bind(&device.app_id)
    .bind(device.id)
    .bind(alias)
    .bind(ALIASES_PER_DEVICE - 1)
    .execute(connection)
    .await?;
    Ok(())
}

async fn set_account(
    connection: &mut SqliteConnection,
    device: &Device,
    account: &str,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO accounts (app_id, account, device, set_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (app_id, account, device) DO UPDATE SET set_at = $4",
    )
    .bind(&device.app_id)
    .bind(account)
    .bind(device.id)
    .bind(now)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM accounts WHERE app_id = $1 AND account = $2 AND device IN (
             SELECT device FROM accounts WHERE app_id = $1 AND account = $2 AND device <> $3
             ORDER BY set_at DESC, device DESC LIMIT 1000 OFFSET $4)",
    )
    .bind(&device.app_id)
    .bind(account)
    .bind(device.id)
    .bind(DEVICES_PER_ACCOUNT - 1)
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether the device hears the topic now; not if it hears too many.
pub(super) async fn subscribe(
    connection: &mut SqliteConnection,
    app_id: &str,
    device: i64,
    topic: &str,
    now: i64,
) -> Result<bool, sqlx::Error> {
    let others: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM topics WHERE device = $1 AND topic <> $2")
        .bind(device)
        .bind(topic)
        .fetch_one(&mut *connection)
        .await?;
    if others >= TOPICS_PER_DEVICE {
        return Ok(false);
    }
    sqlx::query("INSERT INTO topics (app_id, topic, device, set_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
        .bind(app_id)
        .bind(topic)
        .bind(device)
        .bind(now)
        .execute(connection)
        .await?;
    Ok(true)
}

pub(super) async fn unsubscribe(
    connection: &mut SqliteConnection,
    app_id: &str,
    device: i64,
    topic: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM topics WHERE app_id = $1 AND topic = $2 AND device = $3")
        .bind(app_id)
        .bind(topic)
        .bind(device)
        .execute(connection)
        .await?;
    Ok(())
}
