//! `POST /v1/register`: a phone's one HTTPS exchange.

use std::net::SocketAddr;

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use offpush_wire::{MAXIMUM_REGISTER_BYTES, RegisterAnswer, code};

use super::request::{Unreadable, read};
use super::{Server, json};
use crate::core::{Clock, SystemClock};

/// Every answer is JSON with a code; what is no registration request gets HTTP 400.
pub(super) async fn handle(server: &Server, peer: SocketAddr, request: Request) -> Response {
    if request.method() != Method::POST {
        return refuse(code::NOT_SUPPORTED, "register with POST");
    }
    let body = match read(request.into_body(), MAXIMUM_REGISTER_BYTES).await {
        Ok(body) => body,
        Err(Unreadable::TooLong) => return refuse(code::INVALID_VALUE, "the request is longer than 64 KiB"),
        Err(Unreadable::Broken) => return refuse(code::INVALID_VALUE, "the request broke off"),
    };
    match serde_json::from_slice(&body) {
        Ok(registration) => json(StatusCode::OK, &server.core.register(&registration, peer.ip()).await),
        Err(error) => refuse(code::INVALID_VALUE, &format!("no registration request: {error}")),
    }
}

fn refuse(code: i64, reason: &str) -> Response {
    let answer = RegisterAnswer {
        code,
        reason: Some(reason.to_owned()),
        reg_id: None,
        brokers: Vec::new(),
        topic_prefix: None,
        time: SystemClock.now_ms(),
    };
    json(StatusCode::BAD_REQUEST, &answer)
}
