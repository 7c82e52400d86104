//! The API's own answers.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use crate::core::ApiError;
use crate::files;

/// Codes of the Mi Push API besides those that phones get too (`offpush_wire::code`).
pub(super) mod codes {
    /// The body is too long.
    pub(in super::super) const BODY_TOO_LONG: i64 = 10018;
    /// There is no such API.
    pub(in super::super) const NO_SUCH_API: i64 = 10020;
    /// The AppSecret is wrong or missing.
    pub(in super::super) const AUTHENTICATION: i64 = 21301;
    /// The payload is too long.
    pub(in super::super) const MESSAGE_TOO_LONG: i64 = 65009;
    /// There are too many pairs in `extra`.
    pub(in super::super) const TOO_MANY_PAIRS: i64 = 65014;
    /// The pairs in `extra` are too long.
    pub(in super::super) const PAIRS_TOO_LONG: i64 = 65015;
    /// There is no such message.
    pub(in super::super) const NO_SUCH_MESSAGE: i64 = 65028;
    /// `messages` is not the JSON it should be.
    pub(in super::super) const JSON: i64 = 65030;
    /// There are more than five topics.
    pub(in super::super) const TOO_MANY_TOPICS: i64 = 65035;
    /// `extra.callback.param` is too long.
    pub(in super::super) const CALLBACK_PARAMETER_TOO_LONG: i64 = 65036;
    /// `extra.callback` is no http(s) URL.
    pub(in super::super) const CALLBACK_URL: i64 = 65038;
}

/// What a call that worked says.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) data: Value,
    pub(super) info: Option<String>,
}

impl Answer {
    pub(super) fn data(data: Value) -> Self {
        Self { data, info: None }
    }
}

/// Both as the API writes them: HTTP 200.
pub(super) fn response(result: Result<Answer, ApiError>) -> Response {
    let trace_id = files::random::<12>().map(|bytes| hex(&bytes)).unwrap_or_default();
    let body = match result {
        Ok(Answer { data, info }) => {
            let mut body =
                json!({ "result": "ok", "trace_id": trace_id, "code": 0, "data": data, "description": "成功" });
            if let Some(info) = info {
                body["info"] = info.into();
            }
            body
        }
        Err(ApiError { code, reason }) => {
            json!({ "result": "error", "reason": reason, "trace_id": trace_id, "code": code, "description": reason })
        }
    };
    super::super::json(StatusCode::OK, &body)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
