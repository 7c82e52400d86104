//! The IM side's REST API: `POST /v4/{service}/{command}?sdkappid=&identifier=&usersig=`. Every answer is HTTP 200.
//!
//! Only what push needs is there: messages, forced log-out, state, and account imports, which are accepted and need
//! nothing (a user exists once it has logged in).

mod message;

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::request::{Fields, Unreadable, read};
use super::{Server, json as json_response};
use crate::core::{ApiError, App, Clock, Core, SystemClock, UserState};
use crate::usersig::verify_user_sig;

/// The identifier that may call this API.
const ADMINISTRATOR: &str = "administrator";
/// The largest body. A message has at most 12 KiB; 500 users and the rest stay below.
const MAXIMUM_BODY_BYTES: usize = 256 * 1024;
/// Users of one call at most.
const USERS: usize = 500;

/// The IM side's public error codes (`server.md` §3.2, §3.3).
mod codes {
    pub(super) const HTTP: i64 = 60002;
    pub(super) const NOT_JSON: i64 = 60003;
    pub(super) const NO_IDENTIFIER: i64 = 60004;
    pub(super) const NO_USER_SIG: i64 = 60005;
    pub(super) const SDK_APP_ID: i64 = 60006;
    pub(super) const UNKNOWN_COMMAND: i64 = 60009;
    pub(super) const NOT_ADMINISTRATOR: i64 = 60010;
    pub(super) const NO_SDK_APP_ID: i64 = 60012;
    pub(super) const UNKNOWN_APP: i64 = 70020;
    pub(super) const PARAMETER: i64 = 70402;
    pub(super) const INTERNAL: i64 = 91000;
    pub(super) const JSON: i64 = 90001;
    pub(super) const NO_BODY: i64 = 90002;
    pub(super) const TO_ACCOUNT: i64 = 90003;
    pub(super) const RANDOM: i64 = 90005;
    pub(super) const BODY: i64 = 90007;
    pub(super) const FROM_ACCOUNT: i64 = 90008;
    pub(super) const ELEMENT: i64 = 90010;
    pub(super) const TOO_MANY_USERS: i64 = 90011;
    pub(super) const LIFE_TIME: i64 = 90026;
    pub(super) const SYNC: i64 = 90031;
    pub(super) const TOO_LONG: i64 = 93000;
}

/// Answers one call.
pub(super) async fn handle(server: &Server, service: &str, command: &str, request: Request) -> Response {
    let body = match call(server, service, command, request).await {
        Ok(members) => {
            let mut body = json!({ "ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0 });
            if let Some(body) = body.as_object_mut() {
                body.extend(members);
            }
            body
        }
        Err(ApiError { code, reason }) => json!({ "ActionStatus": "FAIL", "ErrorInfo": reason, "ErrorCode": code }),
    };
    json_response(StatusCode::OK, &body)
}

async fn call(server: &Server, service: &str, command: &str, request: Request) -> Result<Map<String, Value>, ApiError> {
    if request.method() != Method::POST {
        return Err(ApiError::new(codes::HTTP, "call with POST"));
    }
    let mut query = Fields::default();
    query.add(request.uri().query().unwrap_or_default().as_bytes());
    let app = authenticate(&server.core, &query).await?;
    let Some(command) = Command::of(service, command) else {
        return Err(ApiError::new(codes::UNKNOWN_COMMAND, format!("there is no {service}/{command}")));
    };
    let body = read(request.into_body(), MAXIMUM_BODY_BYTES).await.map_err(|error| match error {
        Unreadable::TooLong => ApiError::new(codes::TOO_LONG, "the body is too long"),
        Unreadable::Broken => ApiError::new(codes::HTTP, "the body broke off"),
    })?;
    let body = match serde_json::from_slice(&body) {
        Ok(Value::Object(body)) => body,
        Ok(_) => return Err(ApiError::new(codes::JSON, "the body is no JSON object")),
        Err(error) => return Err(ApiError::new(codes::NOT_JSON, format!("the body is no JSON: {error}"))),
    };
    command.run(&server.core, &app, body).await
}

/// The checks that come before anything else is looked at: the app, the ticket, the administrator.
async fn authenticate(core: &Core, query: &Fields) -> Result<App, ApiError> {
    let sdk_app_id = query.get("sdkappid").ok_or_else(|| ApiError::new(codes::NO_SDK_APP_ID, "sdkappid is missing"))?;
    let sdk_app_id =
        sdk_app_id.parse::<u32>().map_err(|_| ApiError::new(codes::SDK_APP_ID, "sdkappid is no number"))?;
    let identifier =
        query.get("identifier").ok_or_else(|| ApiError::new(codes::NO_IDENTIFIER, "identifier is missing"))?;
    let sig = query.get("usersig").ok_or_else(|| ApiError::new(codes::NO_USER_SIG, "usersig is missing"))?;
    let (app, key) = core
        .app_by_sdk_id(sdk_app_id)
        .await
        .map_err(internal)?
        .ok_or_else(|| ApiError::new(codes::UNKNOWN_APP, format!("there is no app {sdk_app_id}")))?;
    let now = SystemClock.now_ms() / 1000;
    verify_user_sig(sdk_app_id, &key, identifier, sig, now)
        .map_err(|error| ApiError::new(error.code(), error.to_string()))?;
    if identifier != ADMINISTRATOR {
        let reason = format!("this API is for the identifier {ADMINISTRATOR:?}");
        return Err(ApiError::new(codes::NOT_ADMINISTRATOR, reason));
    }
    Ok(app)
}

/// The core's failures are those of Mi's side; here they have codes of their own.
fn internal(error: ApiError) -> ApiError {
    log::error!("an IM call failed: {error}");
    ApiError::new(codes::INTERNAL, "the gateway failed: try again")
}

#[derive(Debug, Clone, Copy)]
enum Command {
    Send,
    SendMany,
    State,
    Kick,
    Import,
    ImportMany,
}

impl Command {
    fn of(service: &str, command: &str) -> Option<Self> {
        Some(match (service, command) {
            ("openim", "sendmsg") => Self::Send,
            ("openim", "batchsendmsg") => Self::SendMany,
            // The second name is the old one; clients still use it.
            ("openim", "query_online_status" | "querystate") => Self::State,
            ("im_open_login_svc", "kick") => Self::Kick,
            ("im_open_login_svc", "account_import") => Self::Import,
            ("im_open_login_svc", "multiaccount_import") => Self::ImportMany,
            _ => return None,
        })
    }

    async fn run(self, core: &Core, app: &App, body: Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
        let answer = match self {
            Self::Send => message::send(core, app, &body).await?,
            Self::SendMany => message::send_many(core, app, &body).await?,
            Self::State => {
                let mut result = Vec::new();
                for user in users(&body, "To_Account")? {
                    let state = match core.user_state(&app.app_id, &user).await.map_err(internal)? {
                        UserState::Online => "Online",
                        UserState::PushOnline => "PushOnline",
                        UserState::Offline => "Offline",
                    };
                    result.push(json!({ "To_Account": user, "Status": state, "State": state }));
                }
                json!({ "QueryResult": result, "ErrorList": [] })
            }
            Self::Kick => {
                let devices = core.kick(&app.app_id, &user_id(&body)?).await.map_err(internal)?;
                log::info!("a user of app {} was logged out on {devices} devices", app.app_id);
                json!({})
            }
            Self::Import => {
                user_id(&body)?;
                json!({})
            }
            Self::ImportMany => json!({ "FailAccounts": [] }),
        };
        match answer {
            Value::Object(members) => Ok(members),
            _ => Ok(Map::new()),
        }
    }
}

/// `UserID`, which old clients call `Identifier`.
fn user_id(body: &Map<String, Value>) -> Result<String, ApiError> {
    let user = body.get("UserID").or_else(|| body.get("Identifier")).and_then(Value::as_str);
    match user {
        Some(user) if !user.is_empty() => Ok(user.to_owned()),
        _ => Err(ApiError::new(codes::PARAMETER, "UserID is missing or no text")),
    }
}

/// A list of users.
fn users(body: &Map<String, Value>, name: &str) -> Result<Vec<String>, ApiError> {
    let list = body.get(name).and_then(Value::as_array);
    let list = list.ok_or_else(|| ApiError::new(codes::TO_ACCOUNT, format!("{name} is missing or no list")))?;
    if list.is_empty() {
        return Err(ApiError::new(codes::JSON, format!("{name} is empty")));
    }
    if list.len() > USERS {
        return Err(ApiError::new(codes::TOO_MANY_USERS, format!("{name} has more than {USERS} users")));
    }
    list.iter()
        .map(|user| match user.as_str() {
            Some(user) if !user.is_empty() => Ok(user.to_owned()),
            _ => Err(ApiError::new(codes::TO_ACCOUNT, format!("{name} holds what is no user"))),
        })
        .collect()
}
