//! For load balancers and monitoring.

use std::fmt::Write;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Server;

/// The process answers.
pub(super) fn alive() -> Response {
    "ok\n".into_response()
}

/// How a phone that is in doubt tells a gateway from a captive portal (`src/daemon/portal.rs`).
pub(super) fn presence() -> Response {
    "offpush\n".into_response()
}

/// Messages can be accepted and delivered.
pub(super) async fn ready(server: &Server) -> Response {
    if let Err(error) = server.core.can_write().await {
        log::error!("not ready: {error}");
        return (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response();
    }
    if !server.link.is_ready() {
        return (StatusCode::SERVICE_UNAVAILABLE, "no connection to the broker\n").into_response();
    }
    "ready\n".into_response()
}

/// Prometheus' text format.
pub(super) fn metrics(server: &Server) -> Response {
    let mut text = String::from("# TYPE offpush_broker_connected gauge\n");
    let _ = writeln!(text, "offpush_broker_connected {}", u8::from(server.link.is_ready()));
    let mut previous = "";
    for (name, label, value) in server.core.counters() {
        if name != previous {
            let _ = writeln!(text, "# TYPE offpush_{name}_total counter");
            previous = name;
        }
        let _ = match label {
            "" => writeln!(text, "offpush_{name}_total {value}"),
            label => writeln!(text, "offpush_{name}_total{{reason=\"{label}\"}} {value}"),
        };
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
