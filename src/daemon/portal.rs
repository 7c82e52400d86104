//! Does something answer in the gateway's place? One plain HTTP request tells.
//!
//! A captive portal answers everything itself until somebody signs in (RFC 8952 §1), and over TLS it can only fail; so
//! the question goes to port 80 of the gateway's host, and the answer is judged like this:
//!
//! | what came | so |
//! |---|---|
//! | 511 (RFC 6585 §6), a redirect to another host, a 200 that is not the gateway's | a portal |
//! | a redirect to the same host (usually to https), any other answer, one that is no HTTP, an end, a refusal | unknown: the network leads somewhere, and what is missing is the server |
//! | not one byte until the deadline | unknown: hosts that drop what is not for them are common |
//! | no name, no route | no way out |
//!
//! Redirects are not followed.

use httparse::{Response, Status};
use offpush_engine::{Internet, LinkFailure};

use crate::address::Address;

/// Milliseconds for the whole probe. As long as the answer to a ping has (design §2, rule 5).
pub(crate) const DEADLINE: u64 = 10_000;

/// The port of plain HTTP (RFC 9110 §4.2.1), the one that portals listen to.
pub(crate) const PORT: u16 = 80;

/// What is asked for: a name under which only a gateway has something (RFC 8615).
const PATH: &str = "/.well-known/offpush";

/// How the gateway's own answer begins.
const OURS: &[u8] = b"offpush";

/// Bytes of an answer that are looked at: a head of usual size. What matters of the content is its beginning.
const MAXIMUM_BYTES: usize = 4 * 1024;

/// Header fields of an answer; as many as common servers accept.
const MAXIMUM_HEADERS: usize = 64;

/// One probe's answer, as it comes.
#[derive(Debug, Default)]
pub(crate) struct Portal {
    received: Vec<u8>,
}

/// The question. HTTP/1.0, so that the answer comes unchunked and with an end (RFC 9112 §7.1, §9.3).
pub(crate) fn request(address: &Address) -> Vec<u8> {
    format!("GET {PATH} HTTP/1.0\r\nHost: {}\r\nConnection: close\r\n\r\n", address.authority()).into_bytes()
}

impl Portal {
    /// Takes what was received from this host; the verdict once there is one.
    pub(crate) fn receive(&mut self, host: &str, bytes: &[u8]) -> Option<Internet> {
        let room = MAXIMUM_BYTES.saturating_sub(self.received.len());
        self.received.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        match judge(host, &self.received) {
            None if self.received.len() >= MAXIMUM_BYTES => Some(Internet::Unknown),
            verdict => verdict,
        }
    }

    /// Nothing more comes: the other side ended the connection, or the time is over.
    pub(crate) fn end(&self) -> Internet {
        let is_success = read(&self.received).is_some_and(|head| head.status == 200);
        // Its content is shorter than ours.
        if is_success { Internet::Portal } else { Internet::Unknown }
    }
}

/// What it means that there is no connection.
pub(crate) fn unconnected(failure: &LinkFailure) -> Internet {
    match failure {
        LinkFailure::Name { .. } | LinkFailure::Unreachable => Internet::None,
        _ => Internet::Unknown,
    }
}

struct Head {
    length: usize,
    status: u16,
    location: Option<String>,
}

/// The head of an answer, if it is whole and is one.
fn read(received: &[u8]) -> Option<Head> {
    parse(received).ok().flatten()
}

fn parse(received: &[u8]) -> Result<Option<Head>, httparse::Error> {
    let mut headers = [httparse::EMPTY_HEADER; MAXIMUM_HEADERS];
    let mut response = Response::new(&mut headers);
    let Status::Complete(length) = response.parse(received)? else { return Ok(None) };
    let location = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("location"));
    let location = location.map(|header| String::from_utf8_lossy(header.value).trim().to_owned());
    Ok(Some(Head { length, status: response.code.unwrap_or_default(), location }))
}

/// What this much of an answer says; `None` if it takes more.
fn judge(host: &str, received: &[u8]) -> Option<Internet> {
    let head = match parse(received) {
        Ok(head) => head?,
        Err(_) => return Some(Internet::Unknown),
    };
    let portal = match head.status {
        511 => true,
        301 | 302 | 303 | 307 | 308 => head.location.as_deref().is_some_and(|to| leads_elsewhere(to, host)),
        200 => {
            let content = received.get(head.length..).unwrap_or_default();
            if !content.starts_with(OURS) && OURS.starts_with(content) {
                return None;
            }
            !content.starts_with(OURS)
        }
        _ => false,
    };
    Some(if portal { Internet::Portal } else { Internet::Unknown })
}

/// Whether a reference (RFC 3986 §4) names another host; a relative one does not.
fn leads_elsewhere(location: &str, host: &str) -> bool {
    let is_scheme = |scheme: &str| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let authority = match location.split_once("//") {
        Some(("", rest)) => rest,
        Some((scheme, rest)) if scheme.strip_suffix(':').is_some_and(is_scheme) => rest,
        _ => return false,
    };
    let authority = authority.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
    let name = match authority.strip_prefix('[') {
        Some(literal) => literal.split(']').next(),
        None => authority.split(':').next(),
    };
    let name = name.unwrap_or_default();
    !name.trim_end_matches('.').eq_ignore_ascii_case(host.trim_end_matches('.'))
}

#[cfg(test)]
#[path = "tests/unit/portal.rs"]
mod tests;
