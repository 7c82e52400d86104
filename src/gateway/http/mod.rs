//! Everything that speaks HTTP. One dispatcher for all paths, so that each API answers what it does not know in its
//! own form.

mod console;
mod health;
mod im;
mod listener;
mod mipush;
mod register;
mod request;

pub(crate) use listener::serve;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::broker::Link;
use crate::core::Core;

/// What a browser gets that follows `console` in `gateway.json`.
const CONSOLE: &str = "offpush gateway\n\nThe administrator's API is under /console/api/, with the header\n\
    Authorization: Bearer <the content of admin-token in the gateway's data directory>\n\n\
    For example: GET /console/api/apps, GET /console/api/messages\n";

/// What all handlers share.
pub(crate) struct Server {
    pub(crate) core: Core,
    pub(crate) link: Arc<Link>,
    /// The administrator's bearer token.
    pub(crate) admin_token: String,
}

async fn dispatch(server: &Server, peer: SocketAddr, request: Request) -> Response {
    let path = request.uri().path().trim_end_matches('/').to_owned();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    match segments.as_slice() {
        ["healthz"] => health::alive(),
        ["readyz"] => health::ready(server).await,
        ["metrics"] => health::metrics(server),
        [".well-known", "offpush"] => health::presence(),
        ["v1", "register"] => register::handle(server, peer, request).await,
        ["console"] => CONSOLE.into_response(),
        ["console", "api", path @ ..] => console::handle(server, path, request).await,
        ["v4", service, command] if *service != "message" => im::handle(server, service, command, request).await,
        ["v1" | "v2" | "v3" | "v4", ..] => mipush::handle(server, &path, request).await,
        _ => (StatusCode::NOT_FOUND, "nothing here\n").into_response(),
    }
}

/// A JSON answer.
fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], body).into_response(),
        Err(error) => {
            log::error!("an answer could not be written: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
