//! The database: SQLite in WAL mode, every commit synced.
//!
//! There is one writer, a task with its own connection, and a pool of readers. Writes are closures that the writer
//! runs one after the other, those that wait at the same moment in one transaction with a savepoint each: one sync
//! serves many, nobody ever meets a locked database, and a closure that fails leaves nothing behind.
//! A write's answer is given only after the commit: what was answered is on disk.

mod writer;

use std::fmt;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection};

use writer::Writer;

/// How long a connection waits for a lock that another process (a backup, a person's shell) holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// Readers: enough for the console and the statistics beside the deliveries; each costs a thread.
const READERS: u32 = 4;
/// The schema's steps, applied in order; `meta.schema` is the number of those applied.
const MIGRATIONS: &[&str] = &[include_str!("schema.sql")];

/// Why the database did not do it.
#[derive(Debug)]
pub(crate) enum DbError {
    /// The database's own error.
    Sql(sqlx::Error),
    /// The transaction that this write was part of did not commit.
    Commit(String),
    /// A newer version of the gateway has written this database.
    TooNew(i64),
    /// What is stored cannot be read.
    Damaged(String),
    /// The gateway is shutting down.
    Closed,
}

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sql(error) => write!(f, "database: {error}"),
            Self::Commit(error) => write!(f, "database: the commit failed: {error}"),
            Self::TooNew(version) => {
                write!(f, "the database has schema {version}, newer than this gateway: run the version that wrote it")
            }
            Self::Damaged(what) => write!(f, "database: {what} cannot be read"),
            Self::Closed => f.write_str("database: shutting down"),
        }
    }
}

impl std::error::Error for DbError {}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

/// The database. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Db {
    readers: SqlitePool,
    writer: Writer,
}

impl Db {
    /// Opens the database, makes it if it is not there, and brings its schema up to date.
    pub(crate) async fn open(path: &Path) -> Result<Self, DbError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .disable_statement_logging();
        let mut connection = options.clone().connect().await?;
        migrate(&mut connection).await?;
        let readers =
            SqlitePoolOptions::new().max_connections(READERS).connect_lazy_with(options.pragma("query_only", "1"));
        Ok(Self { readers, writer: Writer::start(connection) })
    }

    /// For reading outside of a write.
    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// Runs a write; returns once it is on disk, or with nothing changed.
    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> WriteFuture<'c, T, E> + Send + 'static,
    {
        self.writer.run(work).await
    }

    /// Lets the writes under way finish and closes all connections.
    pub(crate) async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }
}

/// What the closure of a write returns.
pub(crate) type WriteFuture<'c, T, E> = BoxFuture<'c, Result<T, E>>;
type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

async fn migrate(connection: &mut SqliteConnection) -> Result<(), DbError> {
    let tables: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'meta'")
        .fetch_one(&mut *connection)
        .await?;
    let applied: i64 = if tables == 0 {
        0
    } else {
        sqlx::query_scalar("SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'schema'")
            .fetch_one(&mut *connection)
            .await?
    };
    let done = usize::try_from(applied).map_err(|_| DbError::Damaged("meta.schema".into()))?;
    if done > MIGRATIONS.len() {
        return Err(DbError::TooNew(applied));
    }
    for (index, step) in MIGRATIONS.iter().enumerate().skip(done) {
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut *connection).await?;
        sqlx::raw_sql(*step).execute(&mut *connection).await?;
        sqlx::query("INSERT INTO meta (name, value) VALUES ('schema', $1) ON CONFLICT (name) DO UPDATE SET value = $1")
            .bind((index + 1).to_string())
            .execute(&mut *connection)
            .await?;
        sqlx::raw_sql("COMMIT").execute(&mut *connection).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
