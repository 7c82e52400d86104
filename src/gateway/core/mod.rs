//! State and rules: who is registered, what goes to whom, what has arrived.
//!
//! * Driven by servers' calls ([`Core::accept`], [`Core::send_im`], …), by phones' frames ([`Core::uplink`]), by the
//!   broker's start ([`Core::broker_ready`]) and by its own background tasks (fan-out, schedule, expiry, resends).
//! * Every state that matters is in the database; what is answered or published has been committed before.
//! * One device's frames are published in order of their numbers, under that device's lock; devices in parallel.
//!
//! It never waits for a phone, never holds a lock while waiting for another, and drops nothing without a counter.

mod accept;
mod apps;
mod background;
mod bindings;
mod command;
mod counters;
mod device;
mod fan_out;
mod hello;
mod im;
mod inspect;
mod limits;
mod reconnect;
mod register;
mod seam;
mod statistics;
mod types;
mod uplink;
mod window;
mod withdraw;

#[cfg(test)]
mod tests;

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, PoisonError};

use ring::digest::{SHA256, digest};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::db::{Db, DbError};
use crate::secrets::Secrets;
use background::WorkQueue;
use counters::Counters;
use reconnect::ReconnectWindow;
use uplink::Uplink;

pub(crate) use im::{ImAccepted, ImMessage, UserState};
pub(crate) use limits::*;
pub(crate) use seam::*;
pub(crate) use types::*;

/// What a [`Core`] is made of.
pub(crate) struct CoreOptions {
    pub(crate) db: Db,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) secrets: Arc<Secrets>,
    /// The first level of the devices' topics.
    pub(crate) topic_prefix: String,
    /// Where phones connect, `mqtts://HOST:PORT`, the preferred one first.
    pub(crate) device_brokers: Vec<String>,
    /// Connections a second that the broker should get when all phones come back at once.
    pub(crate) reconnect_rate: u32,
}

/// State and rules of the gateway. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Core(Arc<Inner>);

struct Inner {
    db: Db,
    broker: Arc<dyn Broker>,
    clock: Arc<dyn Clock>,
    secrets: Arc<Secrets>,
    topic_prefix: String,
    device_brokers: Vec<String>,
    reconnect_window: ReconnectWindow,
    /// When the broker was reached last, wall time in milliseconds.
    broker_since: AtomicI64,
    /// Drawn at the first start and after each restored backup; the first part of every device's epoch.
    epoch: String,
    /// A device's lock is the one its id falls on: bounded, and sharing one costs only waiting.
    locks: Vec<tokio::sync::Mutex<()>>,
    work: WorkQueue,
    uplinks: Vec<mpsc::Sender<Uplink>>,
    /// Entries published since the last flush, with the time.
    published: Mutex<Vec<(i64, i64)>>,
    counters: Counters,
    stop: watch::Sender<bool>,
    tasks: Mutex<JoinSet<()>>,
}

impl Core {
    /// Takes up the state in the database and starts the background tasks.
    pub(crate) async fn start(options: CoreOptions) -> Result<Self, DbError> {
        let (core, uplinks) = Self::new(options).await?;
        let mut tasks = core.0.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        for queue in uplinks {
            tasks.spawn(core.clone().run_uplinks(queue));
        }
        for _ in 0..WORKERS {
            tasks.spawn(core.clone().run_work());
        }
        tasks.spawn(core.clone().run_background());
        tasks.spawn(core.clone().run_cleaning());
        drop(tasks);
        Ok(core)
    }

    /// Without tasks: tests drive each step themselves.
    async fn new(options: CoreOptions) -> Result<(Self, Vec<mpsc::Receiver<Uplink>>), DbError> {
        let epoch = match stored_epoch(&options.db).await? {
            Some(epoch) => epoch,
            None => draw_epoch(&options.db).await?,
        };
        let now = options.clock.now_ms();
        let (uplinks, queues) = (0..UPLINK_QUEUES).map(|_| mpsc::channel(UPLINK_QUEUE)).unzip();
        let core = Self(Arc::new(Inner {
            db: options.db,
            broker: options.broker,
            clock: options.clock,
            secrets: options.secrets,
            topic_prefix: options.topic_prefix,
            device_brokers: options.device_brokers,
            broker_since: AtomicI64::new(now),
            reconnect_window: ReconnectWindow::new(options.reconnect_rate),
            epoch,
            locks: (0..LOCKS).map(|_| tokio::sync::Mutex::new(())).collect(),
            work: WorkQueue::default(),
            uplinks,
            published: Mutex::default(),
            counters: Counters::default(),
            stop: watch::Sender::new(false),
            tasks: Mutex::default(),
        }));
        Ok((core, queues))
    }

    /// Ends the background tasks, those that do not end within `grace` by force, lets the writes under way finish and
    /// closes the database.
    pub(crate) async fn shutdown(&self, grace: std::time::Duration) {
        self.0.stop.send_replace(true);
        let mut tasks = std::mem::take(&mut *self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let ended = tokio::time::timeout(grace, async { while tasks.join_next().await.is_some() {} }).await;
        if ended.is_err() {
            tasks.shutdown().await;
        }
        self.flush_published().await;
        self.0.db.close().await;
    }

    /// Whether a message could be accepted now.
    pub(crate) async fn can_write(&self) -> Result<(), DbError> {
        self.0.db.write(|_| Box::pin(async { Ok(()) })).await
    }

    fn now(&self) -> i64 {
        self.0.clock.now_ms()
    }
}

/// The database was restored from a backup: a new epoch, so that no number given after the backup is taken for one of
/// ours, and no device counts as connected before its hello. To be called before [`Core::start`].
pub(crate) async fn restored(db: &Db) -> Result<(), DbError> {
    draw_epoch(db).await?;
    db.write(|connection| {
        Box::pin(async move {
            sqlx::query("UPDATE devices SET connection = NULL, connected_since = NULL, held_until = NULL")
                .execute(connection)
                .await?;
            Ok(())
        })
    })
    .await
}

async fn stored_epoch(db: &Db) -> Result<Option<String>, DbError> {
    Ok(sqlx::query_scalar("SELECT value FROM meta WHERE name = 'epoch'").fetch_optional(db.readers()).await?)
}

async fn draw_epoch(db: &Db) -> Result<String, DbError> {
    let epoch = random_hex::<8>()?;
    let stored = epoch.clone();
    db.write(|connection| {
        Box::pin(async move {
            sqlx::query(
                "INSERT INTO meta (name, value) VALUES ('epoch', $1) ON CONFLICT (name) DO UPDATE SET value = $1",
            )
            .bind(stored)
            .execute(connection)
            .await?;
            Ok::<_, DbError>(())
        })
    })
    .await?;
    Ok(epoch)
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        log::error!("{error}");
        Self::new(offpush_wire::code::INTERNAL, "the gateway could not read or write its database; try again")
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        DbError::from(error).into()
    }
}

/// Returns once the core shuts down.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the core itself is gone.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// SHA-256 of a secret that has 256 random bits.
fn hash(secret: &str) -> Vec<u8> {
    digest(&SHA256, secret.as_bytes()).as_ref().to_vec()
}

/// `N` random bytes in hexadecimal.
fn random_hex<const N: usize>() -> Result<String, DbError> {
    let bytes = crate::files::random::<N>().map_err(|error| DbError::Damaged(error.to_string()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The beginning of a text that only people read, as much of it as is kept.
fn excerpt(text: &str) -> String {
    text.chars().take(EXCERPT_CHARACTERS).collect()
}

/// JSON of a type of ours, whose keys are all strings.
fn to_json<T: serde::Serialize>(value: &T) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|error| DbError::Damaged(error.to_string()))
}

/// Reads JSON that we stored.
fn from_json<'a, T: serde::Deserialize<'a>>(what: &str, text: &'a str) -> Result<T, DbError> {
    serde_json::from_str(text).map_err(|error| DbError::Damaged(format!("{what} ({error})")))
}
