//! The window: which entries of a device have a number, and publishing them.

use std::borrow::Cow;

use offpush_wire::{Applied, Click, Down, DownFrame, Entry, HelloAnswer, Message, Target};
use sqlx::{FromRow, SqliteConnection};

use super::counters::{DROPPED, PUBLISHED};
use super::device::Device;
use super::{Core, WINDOW, from_json};
use crate::db::DbError;

/// Frames of one device, to be published in this order.
#[derive(Debug)]
pub(super) struct Outgoing {
    reg_id: String,
    /// With the entry whose publication is to be noted.
    frames: Vec<(Option<i64>, Vec<u8>)>,
    /// Why they are published, for the counter.
    cause: &'static str,
    /// Entries dropped on the way, by reason.
    dropped: Vec<&'static str>,
}

impl Outgoing {
    /// A frame under the gateway's bare epoch, which no phone has: one that is connected says hello again.
    pub(super) fn ask_for_hello(reg_id: &str, gateway_epoch: &str) -> Self {
        let frame = DownFrame::new(gateway_epoch).encode();
        Self { reg_id: reg_id.to_owned(), frames: vec![(None, frame)], cause: "ask_for_hello", dropped: Vec::new() }
    }

    /// What is published behind it.
    pub(super) fn append(&mut self, more: Self) {
        self.frames.extend(more.frames);
        self.cause = more.cause;
    }
}

/// What a phone's frame is answered with beside entries.
#[derive(Debug, Default)]
pub(super) struct Extras {
    pub(super) applied: Option<Applied>,
    pub(super) answer: Option<HelloAnswer>,
}

/// An entry that is to be published.
#[derive(Debug, FromRow)]
struct Row {
    id: i64,
    n: i64,
    uid: Option<String>,
    body: Option<String>,
    target: Option<String>,
    binding: Option<i64>,
    again: bool,
    void_reason: Option<String>,
    message_id: Option<String>,
    message_body: Option<String>,
    expires_at: Option<i64>,
    click: Option<String>,
    channel_id: Option<String>,
}

/// An entry that waits for its number.
#[derive(Debug, FromRow)]
struct Waiting {
    id: i64,
    expires_at: Option<i64>,
}

impl Core {
    /// Fills the device's window and publishes what is new, or (`again`) the whole window.
    pub(super) async fn deliver(&self, device: i64, again: bool) -> Result<(), DbError> {
        let _turn = self.lock(device).await;
        let core = self.clone();
        let outgoing = self
            .0
            .db
            .write(move |connection| {
                Box::pin(async move {
                    let Some(mut device) = Device::load(connection, device).await? else { return Ok(None) };
                    if !device.may_be_numbered(&core.0.epoch) {
                        let unaware = !device.is_of(&core.0.epoch);
                        return Ok(unaware.then(|| Outgoing::ask_for_hello(&device.reg_id, &core.0.epoch)));
                    }
                    let before = device.clone();
                    let now = core.now();
                    let after = if again { device.settled } else { device.last_n };
                    let dropped = core.number(connection, &mut device).await?;
                    if again && before.settled < before.last_n {
                        device.back_off(now);
                    }
                    if device != before {
                        device.save(connection).await?;
                    }
                    let cause = if again { "again" } else { "new" };
                    core.outgoing(connection, &device, after, Extras::default(), cause, dropped).await.map(Some)
                })
            })
            .await?;
        if let Some(outgoing) = outgoing {
            self.publish(outgoing).await;
        }
        Ok(())
    }

    /// The device's turn to be changed and published to.
    pub(super) async fn lock(&self, device: i64) -> tokio::sync::MutexGuard<'_, ()> {
        let index = usize::try_from(device).unwrap_or_default() % self.0.locks.len();
        self.0.locks[index].lock().await
    }

    /// Gives numbers to waiting entries while the window has room, and drops those whose time is over; the reasons of
    /// those dropped. The caller saves the row.
    pub(super) async fn number(
        &self,
        connection: &mut SqliteConnection,
        device: &mut Device,
    ) -> Result<Vec<&'static str>, DbError> {
        let now = self.now();
        let mut dropped = Vec::new();
        if !device.may_be_numbered(&self.0.epoch) {
            return Ok(dropped);
        }
        let was_empty = device.last_n == device.settled;
        let accept_time = device.accept_time();
        let open = accept_time.is_none_or(|time| time.accepts(now));
        loop {
            let room = WINDOW - (device.last_n - device.settled);
            if room <= 0 {
                break;
            }
            let query = if open {
                "SELECT e.id, m.expires_at FROM entries e LEFT JOIN messages m ON m.id = e.message
                 WHERE e.device = $1 AND e.state = 0 ORDER BY e.id LIMIT $2"
            } else {
                "SELECT e.id, NULL AS expires_at FROM entries e
                 WHERE e.device = $1 AND e.state = 0 AND e.message IS NULL ORDER BY e.id LIMIT $2"
            };
            let waiting: Vec<Waiting> =
                sqlx::query_as(query).bind(device.id).bind(room).fetch_all(&mut *connection).await?;
            let before = dropped.len();
            for entry in &waiting {
                if entry.expires_at.is_some_and(|at| at <= now) {
                    sqlx::query("UPDATE entries SET state = 3, void_reason = 'expired', void_at = $2 WHERE id = $1")
                        .bind(entry.id)
                        .bind(now)
                        .execute(&mut *connection)
                        .await?;
                    dropped.push("expired");
                    continue;
                }
                device.last_n += 1;
                sqlx::query("UPDATE entries SET state = 1, generation = $2, n = $3, numbered_at = $4 WHERE id = $1")
                    .bind(entry.id)
                    .bind(device.generation)
                    .bind(device.last_n)
                    .bind(now)
                    .execute(&mut *connection)
                    .await?;
            }
            if dropped.len() == before {
                break;
            }
        }
        if was_empty && device.settled < device.last_n {
            device.watch_window(now);
        }
        device.held_until = None;
        if !open {
            let held: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM entries WHERE device = $1 AND state = 0 AND message IS NOT NULL)",
            )
            .bind(device.id)
            .fetch_one(&mut *connection)
            .await?;
            let opens_in = accept_time.and_then(|time| time.opens_in(now)).and_then(|ms| i64::try_from(ms).ok());
            device.held_until = opens_in.filter(|_| held).map(|ms| now + ms);
        }
        Ok(dropped)
    }

    /// The device's entries numbered above `after`, a frame each; `extras` ride on the first frame.
    pub(super) async fn outgoing(
        &self,
        connection: &mut SqliteConnection,
        device: &Device,
        after: i64,
        extras: Extras,
        cause: &'static str,
        dropped: Vec<&'static str>,
    ) -> Result<Outgoing, DbError> {
        let now = self.now();
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT e.id, e.n, e.uid, e.body, e.target, e.binding, e.again, e.void_reason, m.message_id,
                 m.body AS message_body, m.expires_at, c.click, c.channel_id
             FROM entries e
             LEFT JOIN messages m ON m.id = e.message
             LEFT JOIN bindings b ON b.device = e.device AND b.number = e.binding
             LEFT JOIN certificates c ON c.id = b.certificate
             WHERE e.device = $1 AND e.generation = $2 AND e.n > $3 AND e.state = 1 ORDER BY e.n",
        )
        .bind(device.id)
        .bind(device.generation)
        .bind(after)
        .fetch_all(connection)
        .await?;
        let mut frames = Vec::with_capacity(rows.len() + 1);
        let mut frame = DownFrame::new(&device.epoch);
        // A hello's answer goes out at once and alone; a mark may ride on an entry.
        let answered = extras.answer.is_some();
        frame.applied = extras.applied;
        frame.answer = extras.answer;
        if answered || (rows.is_empty() && frame.applied.is_some()) {
            frames.push((None, frame.encode()));
            frame = DownFrame::new(&device.epoch);
        }
        for row in rows {
            let id = row.id;
            frame.entries = vec![entry(row, now)?];
            frames.push((Some(id), frame.encode()));
            frame = DownFrame::new(&device.epoch);
        }
        Ok(Outgoing { reg_id: device.reg_id.clone(), frames, cause, dropped })
    }

    /// Publishes in order; the caller holds the device's lock. What fails is published again later.
    pub(super) async fn publish(&self, outgoing: Outgoing) {
        for reason in outgoing.dropped {
            self.0.counters.add(DROPPED, reason, 1);
        }
        for (entry, frame) in outgoing.frames {
            if let Err(error) = self.0.broker.publish(&outgoing.reg_id, frame).await {
                self.0.counters.add(PUBLISHED, "failed", 1);
                log::debug!("publishing to {}: {error}", outgoing.reg_id);
                return;
            }
            self.0.counters.add(PUBLISHED, outgoing.cause, 1);
            if let Some(entry) = entry {
                self.note_published(entry);
            }
        }
    }
}

fn entry(row: Row, now: i64) -> Result<Entry<Down>, DbError> {
    let n = row.n.unsigned_abs();
    let id = row.message_id.clone().or(row.uid.clone()).unwrap_or_default();
    let over = row.expires_at.is_some_and(|at| at <= now);
    let content = match (&row.message_body, &row.body) {
        _ if row.void_reason.is_some() || over => Down::Void,
        (Some(body), _) => Down::Message(Box::new(message(&row, body, now)?)),
        (None, Some(body)) => from_json("an entry", body)?,
        (None, None) => Down::Void,
    };
    Ok(Entry { n, id, content })
}

fn message(row: &Row, body: &str, now: i64) -> Result<Message, DbError> {
    let mut message: Message = from_json("a message", body)?;
    message.target = match &row.target {
        Some(target) => from_json("a target", target)?,
        None => Target::RegId,
    };
    message.expires_in = row.expires_at.map_or(0, |at| at - now).max(0).unsigned_abs();
    message.again = row.again;
    message.binding = row.binding.map(i64::unsigned_abs);
    if let Some(click) = &row.click {
        let click: Click = from_json("a certificate", click)?;
        style(&mut message, click, row.channel_id.as_deref());
    }
    Ok(message)
}

/// What the certificate says about click and channel, as the extras of a Mi Push message say it. What the message
/// itself says wins.
fn style(message: &mut Message, click: Click, channel_id: Option<&str>) {
    let mut put = |key: &str, value: Cow<'_, str>| {
        message.extra.entry(key.to_owned()).or_insert_with(|| value.into_owned());
    };
    match click {
        Click::App => {}
        Click::Launcher => put("notify_effect", "1".into()),
        Click::Page { intent_uri } => {
            put("notify_effect", "2".into());
            put("intent_uri", intent_uri.into());
        }
        Click::Web { url } => {
            put("notify_effect", "3".into());
            put("web_uri", url.into());
        }
    }
    if let Some(channel_id) = channel_id {
        put("channel_id", channel_id.into());
    }
}
