//! Reading requests that were not written for us: bounded, and with a deadline.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::{self, Body};

/// How long a body may take. A phone on a slow network needs seconds for 64 KB.
const DEADLINE: Duration = Duration::from_secs(30);

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is longer than allowed.
    TooLong,
    /// It broke off, or took too long.
    Broken,
}

/// Reads at most `limit` bytes, however they are framed.
pub(super) async fn read(body: Body, limit: usize) -> Result<Vec<u8>, Unreadable> {
    match tokio::time::timeout(DEADLINE, body::to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes.into()),
        Ok(Err(error)) => Err(match is_length_limit(&error) {
            true => Unreadable::TooLong,
            false => Unreadable::Broken,
        }),
        Err(_) => Err(Unreadable::Broken),
    }
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The fields of a form or a query. Of a field given twice the last one counts.
#[derive(Debug, Default)]
pub(super) struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Adds the fields of a query or a form's body.
    pub(super) fn add(&mut self, encoded: &[u8]) {
        self.0.extend(form_urlencoded::parse(encoded).into_owned());
    }

    /// The field, trimmed, if it says anything.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The field as it is; empty if it was left out.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Every field whose name starts with `prefix`, without it.
    pub(super) fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }

    /// The parts of a comma-separated list: trimmed, without empty ones and repetitions.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        split_list(self.text(name), ",")
    }
}

/// The parts between separators: trimmed, without empty ones and repetitions, in order.
pub(super) fn split_list(text: &str, separator: &str) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    text.split(separator)
        .map(str::trim)
        .filter(|part| !part.is_empty() && seen.insert(*part))
        .map(str::to_owned)
        .collect()
}
