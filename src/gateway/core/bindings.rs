//! Bindings: a user's log-ins on devices.

use offpush_wire::{Bindings, Down};
use sqlx::SqliteConnection;

use super::device::Device;
use super::{ApiError, Core};
use crate::db::DbError;

/// Why messages of a log-in that is over are dropped.
const LOGGED_OUT: &str = "logged_out";
/// The same, by the IM server.
const KICKED: &str = "kicked";

impl Core {
    /// The user is logged in on this device and gets messages through this certificate. Another certificate makes a new
    /// binding; the one before stays, so that what is under way for it is still shown.
    pub(super) async fn bind(
        &self,
        connection: &mut SqliteConnection,
        device: &mut Device,
        user: &str,
        certificate: i64,
    ) -> Result<(), DbError> {
        let current: Option<i64> = sqlx::query_scalar(
            "SELECT certificate FROM bindings WHERE device = $1 AND user_id = $2 AND valid = 1
             ORDER BY number DESC LIMIT 1",
        )
        .bind(device.id)
        .bind(user)
        .fetch_optional(&mut *connection)
        .await?;
        if current == Some(certificate) {
            return Ok(());
        }
        device.binding_up_to += 1;
        sqlx::query(
            "INSERT INTO bindings (device, number, app_id, user_id, certificate, valid, made_at)
             VALUES ($1, $2, $3, $4, $5, 1, $6)",
        )
        .bind(device.id)
        .bind(device.binding_up_to)
        .bind(&device.app_id)
        .bind(user)
        .bind(certificate)
        .bind(self.now())
        .execute(connection)
        .await?;
        Ok(())
    }

    /// The user is logged out on this device.
    pub(super) async fn unbind(
        &self,
        connection: &mut SqliteConnection,
        device: &Device,
        user: &str,
    ) -> Result<(), DbError> {
        if self.make_void(connection, device, user, LOGGED_OUT).await? {
            let bindings = device.bindings(connection).await?;
            self.queue_control(connection, device.id, &Down::Unbind(bindings)).await?;
        }
        Ok(())
    }

    /// The user's bindings on this device are void; whether there were any.
    async fn make_void(
        &self,
        connection: &mut SqliteConnection,
        device: &Device,
        user: &str,
        reason: &'static str,
    ) -> Result<bool, DbError> {
        let numbers: Vec<i64> =
            sqlx::query_scalar("SELECT number FROM bindings WHERE device = $1 AND user_id = $2 AND valid = 1")
                .bind(device.id)
                .bind(user)
                .fetch_all(&mut *connection)
                .await?;
        for number in &numbers {
            sqlx::query("UPDATE bindings SET valid = 0 WHERE device = $1 AND number = $2")
                .bind(device.id)
                .bind(number)
                .execute(&mut *connection)
                .await?;
            self.drop_messages(connection, device.id, Some(*number), reason).await?;
        }
        Ok(!numbers.is_empty())
    }

    /// The user is forced offline: all bindings on every device become void, and the devices are told. The number of
    /// devices.
    pub(crate) async fn kick(&self, app_id: &str, user: &str) -> Result<usize, ApiError> {
        let core = self.clone();
        let (app_id, user) = (app_id.to_owned(), user.to_owned());
        self.0
            .db
            .write(move |connection| {
                Box::pin(async move {
                    let devices: Vec<i64> = sqlx::query_scalar(
                        "SELECT DISTINCT device FROM bindings WHERE app_id = $1 AND user_id = $2 AND valid = 1",
                    )
                    .bind(&app_id)
                    .bind(&user)
                    .fetch_all(&mut *connection)
                    .await?;
                    for id in &devices {
                        let Some(device) = Device::load(connection, *id).await? else { continue };
                        core.make_void(connection, &device, &user, KICKED).await?;
                        let bindings = device.bindings(connection).await?;
                        core.queue_control(connection, device.id, &Down::Unbind(bindings)).await?;
                    }
                    core.wake(&devices);
                    Ok(devices.len())
                })
            })
            .await
    }

    /// After a restored backup: new bindings are numbered above what the phone knows, and what is void there is void.
    /// Those that the phone has and the gateway forgot are reported by the app at its next log-in.
    pub(super) async fn reconcile_bindings(
        &self,
        connection: &mut SqliteConnection,
        device: &mut Device,
        bindings: &Bindings,
    ) -> Result<(), DbError> {
        let up_to = i64::try_from(bindings.up_to).unwrap_or_default();
        let ours: Vec<i64> = sqlx::query_scalar("SELECT number FROM bindings WHERE device = $1 AND valid = 1")
            .bind(device.id)
            .fetch_all(&mut *connection)
            .await?;
        for number in ours.into_iter().filter(|number| bindings.is_void(number.unsigned_abs())) {
            sqlx::query("UPDATE bindings SET valid = 0 WHERE device = $1 AND number = $2")
                .bind(device.id)
                .bind(number)
                .execute(&mut *connection)
                .await?;
            self.drop_messages(connection, device.id, Some(number), LOGGED_OUT).await?;
        }
        device.binding_up_to = device.binding_up_to.max(up_to);
        Ok(())
    }
}
