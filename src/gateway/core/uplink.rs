//! Frames from phones.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::atomic::Ordering;

use offpush_wire::{Applied, Command, HelloAnswer, MAXIMUM_FRAME_BYTES, RawEntry, Receipt, Up, UpFrame};
use sqlx::SqliteConnection;
use tokio::sync::mpsc;

use super::counters::{FRAMES_IGNORED, PUBLISHED, UPWARD};
use super::device::Device;
use super::hello::Mark;
use super::window::{Extras, Outgoing};
use super::{Core, GAP_RESEND_MS, ID_BYTES, excerpt};
use crate::db::DbError;

/// What the broker tells of a device, on its way in.
pub(super) struct Uplink {
    reg_id: String,
    what: What,
}

enum What {
    /// A frame.
    Frame(Vec<u8>),
    /// Nobody takes the frames that are published to the device.
    Absent,
}

impl Core {
    /// Takes one frame from a phone. Frames of one device are worked off in order; returns once the frame is queued,
    /// which waits while too many are.
    pub(crate) async fn uplink(&self, reg_id: &str, payload: Vec<u8>) {
        self.queue_uplink(reg_id, What::Frame(payload)).await;
    }

    /// The broker had nobody to give a frame for this device to: it is not connected. Queued behind the device's
    /// frames, so that a hello that comes later counts.
    pub(crate) async fn absent(&self, reg_id: &str) {
        self.queue_uplink(reg_id, What::Absent).await;
    }

    /// A frame from a phone was dropped before it came here: too many are waiting.
    pub(crate) fn uplink_dropped(&self) {
        self.0.counters.add(FRAMES_IGNORED, "overload", 1);
    }

    async fn queue_uplink(&self, reg_id: &str, what: What) {
        let mut hasher = DefaultHasher::new();
        reg_id.hash(&mut hasher);
        let index = usize::try_from(hasher.finish() % self.0.uplinks.len() as u64).unwrap_or_default();
        let uplink = Uplink { reg_id: reg_id.to_owned(), what };
        if self.0.uplinks[index].send(uplink).await.is_err() {
            self.0.counters.add(FRAMES_IGNORED, "shutting_down", 1);
        }
    }

    pub(super) async fn run_uplinks(self, mut queue: mpsc::Receiver<Uplink>) {
        let mut stop = self.0.stop.subscribe();
        loop {
            let uplink = tokio::select! {
                uplink = queue.recv() => uplink,
                () = super::stopped(&mut stop) => None,
            };
            let Some(uplink) = uplink else { return };
            match uplink.what {
                What::Frame(payload) => self.handle_uplink(&uplink.reg_id, payload).await,
                What::Absent => self.handle_absent(&uplink.reg_id).await,
            }
        }
    }

    /// Works off one frame. What cannot be done now is asked for again by the phone.
    pub(super) async fn handle_uplink(&self, reg_id: &str, payload: Vec<u8>) {
        if let Err(error) = self.take_frame(reg_id, payload).await {
            self.0.counters.add(FRAMES_IGNORED, "database", 1);
            log::error!("a frame of {reg_id} was not taken: {error}");
        }
    }

    /// The device gets nothing until its next hello.
    pub(super) async fn handle_absent(&self, reg_id: &str) {
        let device = reg_id.to_owned();
        let noted: Result<bool, DbError> = self
            .0
            .db
            .write(move |connection| {
                Box::pin(async move {
                    let noted = sqlx::query(
                        "UPDATE devices SET connection = NULL, connected_since = NULL, held_until = NULL
                         WHERE reg_id = $1 AND connection IS NOT NULL",
                    )
                    .bind(device)
                    .execute(connection)
                    .await?;
                    Ok(noted.rows_affected() > 0)
                })
            })
            .await;
        match noted {
            Ok(true) => self.0.counters.add(PUBLISHED, "nobody_listens", 1),
            Ok(false) => {}
            Err(error) => log::error!("that {reg_id} is gone was not noted: {error}"),
        }
    }

    async fn take_frame(&self, reg_id: &str, payload: Vec<u8>) -> Result<(), DbError> {
        if payload.len() > MAXIMUM_FRAME_BYTES {
            self.0.counters.add(FRAMES_IGNORED, "too_long", 1);
            return Ok(());
        }
        match UpFrame::decode(&payload) {
            Ok(frame) if ids_are_bounded(&frame) => {}
            Ok(_) => {
                self.0.counters.add(FRAMES_IGNORED, "id_too_long", 1);
                return Ok(());
            }
            Err(error) => {
                self.0.counters.add(FRAMES_IGNORED, "malformed", 1);
                // Counted for the operator; a phone that sends nothing else must not fill the log.
                log::debug!("a frame of {reg_id} is malformed: {error}");
                return Ok(());
            }
        }
        let device: Option<i64> = sqlx::query_scalar("SELECT id FROM devices WHERE reg_id = $1")
            .bind(reg_id)
            .fetch_optional(self.0.db.readers())
            .await?;
        let Some(device) = device else {
            self.0.counters.add(FRAMES_IGNORED, "unknown_device", 1);
            return Ok(());
        };
        let _turn = self.lock(device).await;
        let core = self.clone();
        let outgoing = self
            .0
            .db
            .write(move |connection| {
                Box::pin(async move {
                    let Some(device) = Device::load(connection, device).await? else { return Ok(None) };
                    let Ok(frame) = UpFrame::decode(&payload) else { return Ok(None) };
                    core.apply(connection, device, frame).await.map(Some)
                })
            })
            .await?;
        if let Some(outgoing) = outgoing {
            self.publish(outgoing).await;
        }
        Ok(())
    }

    /// Applies one frame to the device; what is to be published then.
    async fn apply(
        &self,
        connection: &mut SqliteConnection,
        mut device: Device,
        frame: UpFrame<'_>,
    ) -> Result<Outgoing, DbError> {
        let now = self.now();
        let mut after = device.last_n;
        let mut extras = Extras::default();
        let mut cause = "new";
        if let Some(gone) = &frame.gone {
            if device.connection.as_ref() == Some(&gone.connection) {
                device.last_seen = Some(now);
                device.connection = None;
                device.connected_since = None;
                device.held_until = None;
            } else {
                self.0.counters.add(FRAMES_IGNORED, "gone_of_another_connection", 1);
            }
            device.save(connection).await?;
            return self.outgoing(connection, &device, device.last_n, extras, cause, Vec::new()).await;
        }
        device.last_seen = Some(now);

        let first = frame.hello.is_some() || frame.entries.first().is_some_and(|entry| entry.n == 1);
        if device.outbox.as_deref() != Some(&*frame.outbox) && first {
            device.outbox = Some(frame.outbox.clone().into_owned());
            device.applied = 0;
        }
        if let Some(hello) = &frame.hello {
            self.hello(connection, &mut device, hello, frame.have.as_ref()).await?;
            after = device.settled;
            cause = "hello";
            device.resend_at = None;
        } else if let Some(have) = &frame.have {
            let was_published = device.window_published_at();
            match self.mark(connection, &mut device, have).await? {
                Mark::Moved => {}
                Mark::Ignored => self.0.counters.add(FRAMES_IGNORED, "mark_of_another_numbering", 1),
                // A mark alone that says nothing new: the phone was sent a number too high.
                Mark::Same => {
                    let due = was_published.is_some_and(|at| now - at >= GAP_RESEND_MS);
                    if frame.entries.is_empty() && due {
                        after = device.settled;
                        cause = "gap";
                        device.watch_window(now);
                    }
                }
            }
        }
        if !frame.entries.is_empty() {
            if device.outbox.as_deref() == Some(&*frame.outbox) {
                self.take_entries(connection, &mut device, &frame.entries).await?;
            } else {
                self.0.counters.add(FRAMES_IGNORED, "unknown_outbox", 1);
            }
        }
        if frame.hello.is_some() || !frame.entries.is_empty() {
            extras.applied = device.outbox.clone().map(|outbox| Applied { outbox, n: device.applied.unsigned_abs() });
        }
        if let Some(hello) = &frame.hello {
            let bindings = device.bindings(connection).await?;
            let previous = device.previous_connection.clone();
            extras.answer = Some(HelloAnswer {
                connection: hello.connection.clone(),
                previous,
                bindings,
                time: now,
                broker_since: Some(self.0.broker_since.load(Ordering::Relaxed)),
                reconnect_window: Some(self.0.reconnect_window.seconds()),
            });
        }
        let dropped = self.number(connection, &mut device).await?;
        if frame.hello.is_some() {
            device.watch_window(now);
        }
        device.save(connection).await?;
        let mut outgoing = self.outgoing(connection, &device, after, extras, cause, dropped).await?;
        if device.connection.is_none() {
            // It speaks, so it is connected, and its hello was lost, perhaps with an earlier run of the gateway.
            outgoing.append(Outgoing::ask_for_hello(&device.reg_id, &self.0.epoch));
        }
        Ok(outgoing)
    }

    /// Takes the next entries of the outbox, in order and each once.
    async fn take_entries(
        &self,
        connection: &mut SqliteConnection,
        device: &mut Device,
        entries: &[RawEntry<'_>],
    ) -> Result<(), DbError> {
        for entry in entries {
            let n = i64::try_from(entry.n).unwrap_or(i64::MAX);
            if n <= device.applied {
                self.0.counters.add(UPWARD, "repeated", 1);
                continue;
            }
            if n != device.applied + 1 {
                self.0.counters.add(UPWARD, "too_high", 1);
                break;
            }
            match entry.up() {
                Ok(Up::Command(command)) => {
                    let is_echo = matches!(command, Command::Echo { .. });
                    self.0.counters.add(UPWARD, if is_echo { "echo" } else { "command" }, 1);
                    self.command(connection, device, n, &command).await?;
                }
                Ok(Up::Receipt(receipt)) => {
                    let known = self.receipt(connection, device, &receipt).await?;
                    self.0.counters.add(UPWARD, if known { "receipt" } else { "receipt_of_unknown_message" }, 1);
                }
                Ok(Up::Snapshot(snapshot)) => {
                    self.0.counters.add(UPWARD, "snapshot", 1);
                    self.snapshot(connection, device, &snapshot).await?;
                }
                Err(error) => {
                    self.0.counters.add(UPWARD, "not_understood", 1);
                    log::debug!("an entry of {} was not understood: {error}", device.reg_id);
                    self.not_understood(connection, device, n, entry).await?;
                }
            }
            device.applied = n;
        }
        Ok(())
    }

    /// Stores a receipt; whether its message ever went to this device.
    async fn receipt(
        &self,
        connection: &mut SqliteConnection,
        device: &Device,
        receipt: &Receipt,
    ) -> Result<bool, DbError> {
        let message: Option<i64> = sqlx::query_scalar(
            "SELECT m.id FROM messages m JOIN entries e ON e.message = m.id AND e.device = $2 WHERE m.message_id = $1",
        )
        .bind(&receipt.id)
        .bind(device.id)
        .fetch_optional(&mut *connection)
        .await?;
        let Some(message) = message else { return Ok(false) };
        // The same again, under a number of a new outbox, changes nothing.
        sqlx::query(
            "INSERT INTO receipts (message, device, what, reason, at, received_at) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT DO NOTHING",
        )
        .bind(message)
        .bind(device.id)
        .bind(receipt.what.as_str())
        .bind(receipt.reason.as_deref().map(excerpt))
        .bind(receipt.at)
        .bind(self.now())
        .execute(connection)
        .await?;
        Ok(true)
    }
}

/// What is kept in the device's row must not be as long as a frame.
fn ids_are_bounded(frame: &UpFrame<'_>) -> bool {
    let connection = frame.hello.as_ref().map_or(0, |hello| hello.connection.len());
    frame.outbox.len() <= ID_BYTES && connection <= ID_BYTES
}
