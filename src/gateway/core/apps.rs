//! Apps, their keys, and the certificates of the IM side.

use offpush_wire::{Click, code};
use sqlx::{FromRow, SqliteConnection};

use super::{
    ApiError, App, Certificate, Core, MAXIMUM_CLICK_BYTES, NAME_BYTES, NewApp, from_json, hash, random_hex, to_json,
};
use crate::db::DbError;

/// The leading digits of Mi's AppIDs; 19 digits in all.
const APP_ID_PREFIX: &str = "2882303761517";
/// The first SDKAppID.
const FIRST_SDK_APP_ID: i64 = 1_400_000_001;
/// The first certificate id. Small: it is copied by hand.
const FIRST_CERTIFICATE: i64 = 10_001;
/// The longest package or name of an app, in bytes: Android's limit for a package.
const APP_NAME_BYTES: usize = 255;

/// The key that signs the user tickets of an app.
pub(super) struct ImKey {
    pub(super) sdk_app_id: u32,
    pub(super) key: String,
}

#[derive(FromRow)]
struct AppRow {
    app_id: String,
    app_key: String,
    package: String,
    name: String,
    sdk_app_id: i64,
    created_at: i64,
    devices: i64,
}

impl AppRow {
    fn app(self) -> App {
        App {
            app_id: self.app_id,
            app_key: self.app_key,
            package: self.package,
            name: self.name,
            sdk_app_id: u32::try_from(self.sdk_app_id).unwrap_or_default(),
            created_at: self.created_at,
            devices: self.devices,
        }
    }
}

#[derive(FromRow)]
struct CertificateRow {
    id: i64,
    app_id: String,
    click: String,
    channel_id: Option<String>,
    updated_at: i64,
}

impl CertificateRow {
    fn certificate(self) -> Result<Certificate, DbError> {
        Ok(Certificate {
            certificate_id: self.id,
            click: from_json("a certificate", &self.click)?,
            app_id: self.app_id,
            channel_id: self.channel_id,
            updated_at: self.updated_at,
        })
    }
}

impl Core {
    /// Makes an app with new keys.
    pub(crate) async fn create_app(&self, package: &str, name: &str) -> Result<NewApp, ApiError> {
        let valid = |text: &str| !text.trim().is_empty() && text.len() <= APP_NAME_BYTES;
        if !valid(package) || !package.contains('.') || package.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(ApiError::new(code::INVALID_VALUE, "the package is no Android package name"));
        }
        if !valid(name) {
            return Err(ApiError::new(code::INVALID_VALUE, "the name is empty or too long"));
        }
        let app_id = format!("{APP_ID_PREFIX}{}", random_digits::<6>()?);
        let app_key = random_digits::<13>()?;
        let app_secret = new_app_secret()?;
        let im_secret_key = random_hex::<32>()?;
        let new = NewApp { app_id, app_key, app_secret, sdk_app_id: 0, im_secret_key };
        let (core, package, name, now) = (self.clone(), package.to_owned(), name.to_owned(), self.now());
        self.0
            .db
            .write(move |connection| {
                Box::pin(async move {
                    let sdk_app_id: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(sdk_app_id) + 1, $1) FROM apps")
                        .bind(FIRST_SDK_APP_ID)
                        .fetch_one(&mut *connection)
                        .await?;
                    let sdk_app_id =
                        u32::try_from(sdk_app_id).map_err(|_| DbError::Damaged("the highest SDKAppID".into()))?;
                    let sealed = core
                        .0
                        .secrets
                        .seal(&context(sdk_app_id), new.im_secret_key.as_bytes())
                        .map_err(|error| DbError::Damaged(error.to_string()))?;
                    sqlx::query(
                        "INSERT INTO apps (app_id, app_key, package, name, sdk_app_id, im_key, created_at)
                         VALUES ($1, $2, $3, $4, $5, $6, $7)",
                    )
                    .bind(&new.app_id)
                    .bind(&new.app_key)
                    .bind(package)
                    .bind(name)
                    .bind(i64::from(sdk_app_id))
                    .bind(sealed)
                    .bind(now)
                    .execute(&mut *connection)
                    .await?;
                    sqlx::query("INSERT INTO app_secrets (secret_hash, app_id) VALUES ($1, $2)")
                        .bind(hash(&new.app_secret))
                        .bind(&new.app_id)
                        .execute(connection)
                        .await?;
                    Ok(NewApp { sdk_app_id, ..new })
                })
            })
            .await
    }

    /// All apps, the oldest first.
    pub(crate) async fn apps(&self) -> Result<Vec<App>, ApiError> {
        let rows: Vec<AppRow> = sqlx::query_as(
            "SELECT a.*, (SELECT COUNT(*) FROM devices d WHERE d.app_id = a.app_id AND d.invalid_at IS NULL) AS devices
             FROM apps a ORDER BY a.created_at, a.app_id",
        )
        .fetch_all(self.0.db.readers())
        .await?;
        Ok(rows.into_iter().map(AppRow::app).collect())
    }

    /// The app of an AppSecret; its number of devices is not counted. What is looked up is the secret's hash, so the
    /// time it takes tells nothing about the secret.
    pub(crate) async fn app_by_secret(&self, secret: &str) -> Result<Option<App>, ApiError> {
        let row: Option<AppRow> = sqlx::query_as(
            "SELECT a.*, 0 AS devices FROM app_secrets s JOIN apps a ON a.app_id = s.app_id
             WHERE s.secret_hash = $1 AND (s.expires_at IS NULL OR s.expires_at > $2)",
        )
        .bind(hash(secret))
        .bind(self.now())
        .fetch_optional(self.0.db.readers())
        .await?;
        Ok(row.map(AppRow::app))
    }

    /// The app of an SDKAppID, and the key of its user tickets.
    pub(crate) async fn app_by_sdk_id(&self, sdk_app_id: u32) -> Result<Option<(App, String)>, ApiError> {
        let row: Option<AppRow> = sqlx::query_as("SELECT a.*, 0 AS devices FROM apps a WHERE sdk_app_id = $1")
            .bind(i64::from(sdk_app_id))
            .fetch_optional(self.0.db.readers())
            .await?;
        let Some(app) = row.map(AppRow::app) else { return Ok(None) };
        let mut connection = self.0.db.readers().acquire().await?;
        let key = self.im_key_of(&mut connection, &app.app_id).await?;
        Ok(Some((app, key.key)))
    }

    pub(super) async fn im_key_of(&self, connection: &mut SqliteConnection, app_id: &str) -> Result<ImKey, DbError> {
        let (sdk_app_id, sealed): (i64, Vec<u8>) =
            sqlx::query_as("SELECT sdk_app_id, im_key FROM apps WHERE app_id = $1")
                .bind(app_id)
                .fetch_one(connection)
                .await?;
        let sdk_app_id = u32::try_from(sdk_app_id).map_err(|_| DbError::Damaged("an SDKAppID".into()))?;
        let plain =
            self.0.secrets.open(&context(sdk_app_id), &sealed).map_err(|error| DbError::Damaged(error.to_string()))?;
        let key = String::from_utf8(plain).map_err(|_| DbError::Damaged("an IM key".into()))?;
        Ok(ImKey { sdk_app_id, key })
    }

    /// Makes a new AppSecret; those before stay good for `overlap_ms` milliseconds more.
    pub(crate) async fn rotate_secret(&self, app_id: &str, overlap_ms: u64) -> Result<String, ApiError> {
        let secret = new_app_secret()?;
        let (app_id, hashed, now) = (app_id.to_owned(), hash(&secret), self.now());
        let until = now.saturating_add(i64::try_from(overlap_ms).unwrap_or(i64::MAX));
        self.0
            .db
            .write(move |connection| {
                Box::pin(async move {
                    check_app_exists(connection, &app_id).await?;
                    sqlx::query("DELETE FROM app_secrets WHERE app_id = $1 AND expires_at <= $2")
                        .bind(&app_id)
                        .bind(now)
                        .execute(&mut *connection)
                        .await?;
                    sqlx::query(
                        "UPDATE app_secrets SET expires_at = $2
                         WHERE app_id = $1 AND (expires_at IS NULL OR expires_at > $2)",
                    )
                    .bind(&app_id)
                    .bind(until)
                    .execute(&mut *connection)
                    .await?;
                    sqlx::query("INSERT INTO app_secrets (secret_hash, app_id) VALUES ($1, $2)")
                        .bind(hashed)
                        .bind(&app_id)
                        .execute(connection)
                        .await?;
                    Ok::<_, ApiError>(())
                })
            })
            .await?;
        Ok(secret)
    }

    /// Makes a certificate, effective at once.
    pub(crate) async fn create_certificate(
        &self,
        app_id: &str,
        click: Click,
        channel_id: Option<String>,
    ) -> Result<Certificate, ApiError> {
        let click = click_json(&click, channel_id.as_deref())?;
        let (app_id, now) = (app_id.to_owned(), self.now());
        self.0
            .db
            .write(move |connection| {
                Box::pin(async move {
                    check_app_exists(connection, &app_id).await?;
                    let row: CertificateRow = sqlx::query_as(
                        "INSERT INTO certificates (id, app_id, click, channel_id, updated_at)
                         VALUES ((SELECT COALESCE(MAX(id) + 1, $1) FROM certificates), $2, $3, $4, $5) RETURNING *",
                    )
                    .bind(FIRST_CERTIFICATE)
                    .bind(app_id)
                    .bind(click)
                    .bind(channel_id)
                    .bind(now)
                    .fetch_one(connection)
                    .await?;
                    Ok(row.certificate()?)
                })
            })
            .await
    }

    /// Changes a certificate, effective at once also for what is not published yet. If an app is named, it must be its.
    pub(crate) async fn update_certificate(
        &self,
        certificate_id: i64,
        app_id: Option<&str>,
        click: Click,
        channel_id: Option<String>,
    ) -> Result<Certificate, ApiError> {
        let click = click_json(&click, channel_id.as_deref())?;
        let (app_id, now) = (app_id.map(str::to_owned), self.now());
        self.0
            .db
            .write(move |connection| {
                Box::pin(async move {
                    let row: Option<CertificateRow> = sqlx::query_as(
                        "UPDATE certificates SET click = $2, channel_id = $3, updated_at = $4
                         WHERE id = $1 AND ($5 IS NULL OR app_id = $5) RETURNING *",
                    )
                    .bind(certificate_id)
                    .bind(click)
                    .bind(channel_id)
                    .bind(now)
                    .bind(app_id)
                    .fetch_optional(connection)
                    .await?;
                    let row = row
                        .ok_or_else(|| ApiError::new(code::INVALID_VALUE, "the app has no certificate with this id"))?;
                    Ok(row.certificate()?)
                })
            })
            .await
    }

    /// The certificates, of one app or of all.
    pub(crate) async fn certificates(&self, app_id: Option<&str>) -> Result<Vec<Certificate>, ApiError> {
        let rows: Vec<CertificateRow> =
            sqlx::query_as("SELECT * FROM certificates WHERE $1 IS NULL OR app_id = $1 ORDER BY id")
                .bind(app_id)
                .fetch_all(self.0.db.readers())
                .await?;
        Ok(rows.into_iter().map(CertificateRow::certificate).collect::<Result<_, _>>()?)
    }
}

async fn check_app_exists(connection: &mut SqliteConnection, app_id: &str) -> Result<(), ApiError> {
    let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM apps WHERE app_id = $1)")
        .bind(app_id)
        .fetch_one(connection)
        .await?;
    if known { Ok(()) } else { Err(ApiError::new(code::APP_ID, "no app has this AppID")) }
}

fn click_json(click: &Click, channel_id: Option<&str>) -> Result<String, ApiError> {
    let json = to_json(click)?;
    if json.len() > MAXIMUM_CLICK_BYTES || channel_id.is_some_and(|id| id.len() > NAME_BYTES) {
        return Err(ApiError::new(code::INVALID_VALUE, "the click's URI or the channel id is too long"));
    }
    Ok(json)
}

/// What an IM key is sealed for.
fn context(sdk_app_id: u32) -> String {
    format!("im-key/{sdk_app_id}")
}

fn new_app_secret() -> Result<String, DbError> {
    crate::files::random_token().map_err(|error| DbError::Damaged(error.to_string()))
}

/// Decimal digits, the first of them not 0.
fn random_digits<const N: usize>() -> Result<String, DbError> {
    let bytes = crate::files::random::<N>().map_err(|error| DbError::Damaged(error.to_string()))?;
    let digit = |(index, byte): (usize, &u8)| {
        let digit = if index == 0 { 1 + byte % 9 } else { byte % 10 };
        char::from(b'0' + digit)
    };
    Ok(bytes.iter().enumerate().map(digit).collect())
}
