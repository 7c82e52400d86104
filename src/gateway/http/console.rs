//! The administrator's API under `/console/api`: JSON, with a bearer token.

use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use offpush_wire::{Click, code};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use super::request::{Fields, read};
use super::{Server, json as json_response};
use crate::core::{ApiError, Certificate, Clock, SystemClock};
use crate::usersig::make_user_sig;

/// The largest body.
const MAXIMUM_BODY_BYTES: usize = 64 * 1024;
/// Rows of a list unless `limit` says otherwise, and at most.
const ROWS: u32 = 100;
const MAXIMUM_ROWS: u32 = 10_000;
/// How long a ticket for trying out is valid: a day.
const USER_SIG_SECONDS: i64 = 24 * 60 * 60;
/// The longest validity of one: 180 days, the public libraries' default.
const MAXIMUM_USER_SIG_SECONDS: i64 = 180 * 24 * 60 * 60;
/// How long an old AppSecret still works after a rotation: a day; and at most 90 days.
const OVERLAP_SECONDS: u64 = 24 * 60 * 60;
const MAXIMUM_OVERLAP_SECONDS: u64 = 90 * 24 * 60 * 60;

/// Answers one call: a JSON document, or `{"error", "code"}` with a 4xx (5xx only if the database fails).
pub(super) async fn handle(server: &Server, path: &[&str], request: Request) -> Response {
    let (status, body) = match call(server, path, request).await {
        Ok(body) => (StatusCode::OK, body),
        Err(Refused(status, error)) => (status, json!({ "error": error.reason, "code": error.code })),
    };
    json_response(status, &body)
}

struct Refused(StatusCode, ApiError);

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        let status = match error.code {
            code::INTERNAL | code::BUSY => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        Self(status, error)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewUserSig {
    sdk_app_id: u32,
    user: String,
    #[serde(default)]
    valid_seconds: Option<i64>,
}

#[derive(Deserialize)]
struct NewApp {
    package: String,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Rotation {
    overlap_seconds: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewCertificate {
    #[serde(default)]
    app_id: Option<String>,
    #[serde(default)]
    certificate_id: Option<i64>,
    click: Click,
    #[serde(default)]
    channel_id: Option<String>,
}

async fn call(server: &Server, path: &[&str], request: Request) -> Result<Value, Refused> {
    let token = request.headers().get(header::AUTHORIZATION).map(|value| value.as_bytes()).unwrap_or_default();
    let expected = format!("Bearer {}", server.admin_token);
    if !bool::from(token.ct_eq(expected.as_bytes())) {
        let reason = "give the content of admin-token (in the gateway's data directory) as bearer token";
        return Err(Refused(StatusCode::UNAUTHORIZED, ApiError::new(code::ILLEGAL_REQUEST, reason)));
    }
    let core = &server.core;
    let method = request.method().clone();
    let mut query = Fields::default();
    query.add(request.uri().query().unwrap_or_default().as_bytes());
    let body = read(request.into_body(), MAXIMUM_BODY_BYTES).await.map_err(|_| {
        Refused(StatusCode::BAD_REQUEST, ApiError::new(code::INVALID_VALUE, "the body is too long or broke off"))
    })?;
    let app = query.get("appId");
    let limit = match query.get("limit") {
        None => ROWS,
        Some(text) => text.parse::<u32>().map_err(|_| invalid("limit is no number"))?.min(MAXIMUM_ROWS),
    };
    let answer = match (method, path) {
        (Method::POST, ["usersig"]) => user_sig(server, parse(&body)?).await?,
        (Method::GET, ["apps"]) => to_value(core.apps().await?)?,
        (Method::POST, ["apps"]) => {
            let app: NewApp = parse(&body)?;
            to_value(core.create_app(&app.package, &app.name).await?)?
        }
        (Method::POST, ["apps", app, "rotate-secret"]) => {
            let rotation: Rotation = if body.is_empty() { Rotation::default() } else { parse(&body)? };
            let overlap = rotation.overlap_seconds.unwrap_or(OVERLAP_SECONDS).min(MAXIMUM_OVERLAP_SECONDS);
            json!({ "appSecret": core.rotate_secret(app, overlap * 1000).await? })
        }
        (Method::GET, ["certificates"]) => to_value(core.certificates(app).await?)?,
        (Method::POST, ["certificates"]) => {
            let new: NewCertificate = parse(&body)?;
            check_click(&new.click)?;
            let app = new.app_id.ok_or_else(|| invalid("appId is missing"))?;
            saved(server, core.create_certificate(&app, new.click, new.channel_id).await?).await?
        }
        (Method::PUT, ["certificates"]) => {
            let new: NewCertificate = parse(&body)?;
            check_click(&new.click)?;
            let id = new.certificate_id.ok_or_else(|| invalid("certificateId is missing"))?;
            saved(server, core.update_certificate(id, new.app_id.as_deref(), new.click, new.channel_id).await?).await?
        }
        (Method::GET, ["devices"]) => to_value(core.devices(app, limit).await?)?,
        (Method::GET, ["devices", reg_id]) => found(core.device(reg_id).await?)?,
        (Method::GET, ["messages"]) => to_value(core.messages(app, limit).await?)?,
        (Method::GET, ["messages", id]) => found(core.message(app, id).await?)?,
        (_, ["usersig" | "apps" | "certificates" | "devices" | "messages", ..]) => {
            let error = ApiError::new(code::NOT_SUPPORTED, "this method is not supported here");
            return Err(Refused(StatusCode::METHOD_NOT_ALLOWED, error));
        }
        _ => return Err(not_found()),
    };
    Ok(answer)
}

/// A click that leads nowhere is better found here than on the phones.
fn check_click(click: &Click) -> Result<(), Refused> {
    match click {
        Click::App | Click::Launcher => Ok(()),
        Click::Web { url } if url.starts_with("http://") || url.starts_with("https://") => Ok(()),
        Click::Web { .. } => Err(invalid("click.url is no http(s) URL")),
        Click::Page { intent_uri } if intent_uri.contains("#Intent;") && intent_uri.ends_with("end") => Ok(()),
        Click::Page { .. } => Err(invalid("click.intentUri is not what Intent.toUri gives: intent:#Intent;…;end")),
    }
}

/// The answer for a saved certificate. A click that the phones will refuse is saved too, for they have the last word; a
/// `warning` says why.
async fn saved(server: &Server, certificate: Certificate) -> Result<Value, Refused> {
    let apps = server.core.apps().await?;
    let package = apps.iter().find(|app| app.app_id == certificate.app_id).map_or("", |app| app.package.as_str());
    let refusal = match &certificate.click {
        Click::App | Click::Launcher => None,
        Click::Web { url } => offpush_intent::judge_web(url).err(),
        Click::Page { intent_uri } => offpush_intent::judge_page(intent_uri, package).err(),
    };
    let mut answer = json!({ "certificateId": certificate.certificate_id });
    if let Some(refusal) = refusal {
        answer["warning"] = format!("a click will do nothing: {refusal}").into();
    }
    Ok(answer)
}

async fn user_sig(server: &Server, new: NewUserSig) -> Result<Value, Refused> {
    let seconds = new.valid_seconds.unwrap_or(USER_SIG_SECONDS);
    if !(1..=MAXIMUM_USER_SIG_SECONDS).contains(&seconds) {
        return Err(invalid("validSeconds is 1 to 15552000"));
    }
    if new.user.is_empty() {
        return Err(invalid("user is empty"));
    }
    let app = server.core.app_by_sdk_id(new.sdk_app_id).await?;
    let (_, key) = app.ok_or_else(|| invalid("there is no app with this sdkAppId"))?;
    let now = SystemClock.now_ms() / 1000;
    let sig = make_user_sig(new.sdk_app_id, &key, &new.user, seconds, now);
    Ok(json!({ "userSig": sig, "expiresAt": (now + seconds) * 1000 }))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| invalid(&format!("the body is not what is expected: {error}")))
}

fn to_value(value: impl serde::Serialize) -> Result<Value, Refused> {
    serde_json::to_value(value)
        .map_err(|error| Refused(StatusCode::INTERNAL_SERVER_ERROR, ApiError::new(code::INTERNAL, error.to_string())))
}

fn found(value: Option<impl serde::Serialize>) -> Result<Value, Refused> {
    to_value(value.ok_or_else(not_found)?)
}

fn not_found() -> Refused {
    Refused(StatusCode::NOT_FOUND, ApiError::new(code::INVALID_VALUE, "there is no such thing"))
}

fn invalid(reason: &str) -> Refused {
    Refused(StatusCode::BAD_REQUEST, ApiError::new(code::INVALID_VALUE, reason))
}
