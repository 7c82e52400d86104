//! Mi Push's HTTP API: the same paths, fields, answers and codes. Every answer is HTTP 200; errors have a `code` that
//! is not 0.

mod answer;
mod labels;
mod message;
mod reports;
mod validate;

use axum::extract::Request;
use axum::http::{Method, header};
use axum::response::Response;
use offpush_wire::code;

use super::Server;
use super::request::{Fields, Unreadable, read};
use crate::core::{ApiError, App};
use answer::{Answer, codes};

/// The largest body: 1,000 messages with payloads of 4 KiB each, percent-encoded, as `multi_messages` may bring.
const MAXIMUM_BODY_BYTES: usize = 16 * 1024 * 1024;

/// Answers any request under `/v1` to `/v4`.
pub(super) async fn handle(server: &Server, path: &str, request: Request) -> Response {
    answer::response(call(server, path, request).await)
}

async fn call(server: &Server, path: &str, request: Request) -> Result<Answer, ApiError> {
    let Some(call) = Call::of(path) else {
        return Err(ApiError::new(codes::NO_SUCH_API, format!("there is no API {path}")));
    };
    if request.method() != Method::POST && !(call.may_get() && request.method() == Method::GET) {
        return Err(ApiError::new(code::NOT_SUPPORTED, format!("{} is not supported here", request.method())));
    }
    let secret = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.trim().split_once('='))
        .filter(|(scheme, _)| scheme.trim().eq_ignore_ascii_case("key"))
        .map(|(_, secret)| secret.trim().to_owned());
    let app = match secret {
        Some(secret) => server.core.app_by_secret(&secret).await?,
        None => None,
    };
    let app = app.ok_or_else(|| ApiError::new(codes::AUTHENTICATION, "Invalid application secret."))?;

    let mut fields = Fields::default();
    fields.add(request.uri().query().unwrap_or_default().as_bytes());
    let body = read(request.into_body(), MAXIMUM_BODY_BYTES).await.map_err(|error| match error {
        Unreadable::TooLong => ApiError::new(codes::BODY_TOO_LONG, "the body is too long"),
        Unreadable::Broken => ApiError::new(code::ILLEGAL_REQUEST, "the body broke off"),
    })?;
    fields.add(&body);
    check_package(&app, &fields)?;
    call.run(server, &app, &fields).await
}

/// A call's package, if it names one, must be the app's. `/v3` takes several.
fn check_package(app: &App, fields: &Fields) -> Result<(), ApiError> {
    let packages = fields.list("restricted_package_name");
    if packages.is_empty() || packages.contains(&app.package) {
        return Ok(());
    }
    Err(ApiError::new(code::PACKAGE, format!("restricted_package_name is not {}", app.package)))
}

/// The calls there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    RegIds,
    Aliases,
    Accounts,
    Topic,
    MultiTopic,
    All,
    MultiRegIds,
    MultiAliases,
    MultiAccounts,
    Withdraw,
    Subscribe { on: bool },
    SubscribeAliases { on: bool },
    AllAliases,
    AllTopics,
    AllAccounts,
    ValidRegIds,
    Presence,
    Counters,
    Trace,
    TraceBetween,
    InvalidRegIds,
    JobExists,
    JobDelete,
}

impl Call {
    fn of(path: &str) -> Option<Self> {
        let (version, name) = path.strip_prefix('/')?.split_once('/')?;
        let v = |versions: &[&str]| versions.contains(&version);
        Some(match name {
            "message/regid" if v(&["v2", "v3", "v4"]) => Self::RegIds,
            "message/alias" if v(&["v2", "v3"]) => Self::Aliases,
            "message/user_account" if v(&["v2", "v3"]) => Self::Accounts,
            "message/topic" if v(&["v2", "v3"]) => Self::Topic,
            "message/multi_topic" if v(&["v2", "v3"]) => Self::MultiTopic,
            "message/all" if v(&["v2", "v3"]) => Self::All,
            "multi_messages/regids" if v(&["v2"]) => Self::MultiRegIds,
            "multi_messages/aliases" if v(&["v2"]) => Self::MultiAliases,
            "multi_messages/user_accounts" if v(&["v2"]) => Self::MultiAccounts,
            "message/delete" if v(&["v2"]) => Self::Withdraw,
            "message/switch/stop_by_id" | "message/switch/stop_by_jobkey" if v(&["v1"]) => Self::Withdraw,
            "message/regid/revoke" | "message/alias/revoke" | "message/user_account/revoke"
                if v(&["v1", "v2", "v3"]) =>
            {
                Self::Withdraw
            }
            "message/topic/revoke" | "message/multi_topic/revoke" if v(&["v1"]) => Self::Withdraw,
            "topic/subscribe" if v(&["v2"]) => Self::Subscribe { on: true },
            "topic/unsubscribe" if v(&["v2"]) => Self::Subscribe { on: false },
            "topic/subscribe/alias" if v(&["v2"]) => Self::SubscribeAliases { on: true },
            "topic/unsubscribe/alias" if v(&["v2"]) => Self::SubscribeAliases { on: false },
            "alias/all" if v(&["v1"]) => Self::AllAliases,
            "topic/all" if v(&["v1"]) => Self::AllTopics,
            "account/all" if v(&["v1"]) => Self::AllAccounts,
            "validation/regids" if v(&["v1"]) => Self::ValidRegIds,
            "regid/presence" if v(&["v1", "v2"]) => Self::Presence,
            "stats/message/counters" if v(&["v1"]) => Self::Counters,
            "trace/message/status" if v(&["v1"]) => Self::Trace,
            "trace/messages/status" if v(&["v1"]) => Self::TraceBetween,
            "feedback/fetch_invalid_regids" if v(&["v1"]) => Self::InvalidRegIds,
            "schedule_job/exist" | "schedule_job/query" if v(&["v2"]) => Self::JobExists,
            "schedule_job/delete" if v(&["v2", "v3"]) => Self::JobDelete,
            _ => return None,
        })
    }

    /// Calls that only ask may be made with GET.
    fn may_get(self) -> bool {
        matches!(
            self,
            Self::AllAliases
                | Self::AllTopics
                | Self::AllAccounts
                | Self::Presence
                | Self::Counters
                | Self::Trace
                | Self::TraceBetween
                | Self::InvalidRegIds
                | Self::JobExists
        )
    }

    async fn run(self, server: &Server, app: &App, fields: &Fields) -> Result<Answer, ApiError> {
        let core = &server.core;
        let app = app.app_id.as_str();
        match self {
            Self::RegIds | Self::Aliases | Self::Accounts | Self::Topic | Self::MultiTopic | Self::All => {
                message::send(core, app, self, fields).await
            }
            Self::MultiRegIds | Self::MultiAliases | Self::MultiAccounts => {
                message::send_multiple(core, app, self, fields).await
            }
            Self::Withdraw => message::withdraw(core, app, fields).await,
            Self::JobExists => message::job_exists(core, app, fields).await,
            Self::JobDelete => message::job_delete(core, app, fields).await,
            Self::Subscribe { on } => labels::subscribe(core, app, fields, on).await,
            Self::SubscribeAliases { on } => labels::subscribe_aliases(core, app, fields, on).await,
            Self::AllAliases | Self::AllTopics | Self::AllAccounts => labels::all(core, app, fields, self).await,
            Self::ValidRegIds => labels::valid_reg_ids(core, app, fields).await,
            Self::Presence => labels::presence(core, app, fields).await,
            Self::InvalidRegIds => labels::invalid_reg_ids(core, app).await,
            Self::Counters => reports::counters(core, app, fields).await,
            Self::Trace => reports::trace(core, app, fields).await,
            Self::TraceBetween => reports::trace_between(core, app, fields).await,
        }
    }
}
