//! One HTTP/1.1 request and its answer, as pure functions over bytes.

use httparse::{Header, Response, Status, parse_chunk_size};
use offpush_engine::HttpAnswer;
use offpush_wire::MAXIMUM_REGISTER_BYTES;

/// The longest head of an answer, in bytes: what common servers send at most.
const MAXIMUM_HEAD_BYTES: usize = 16 * 1024;
/// Header fields of an answer; as many as common servers accept.
const MAXIMUM_HEADERS: usize = 64;
/// Bytes of chunk sizes, extensions and trailers beyond the content itself.
const MAXIMUM_CHUNK_OVERHEAD: usize = 16 * 1024;

/// The request that carries a registration.
pub(crate) fn post(authority: &str, path: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Accept: application/json\r\nConnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Puts an answer together from bytes as they come. It reads one answer, follows no redirect, and takes no more than a
/// registration's answer may have.
#[derive(Debug, Default)]
pub(crate) struct AnswerReader {
    received: Vec<u8>,
    head: Option<Head>,
}

#[derive(Debug, Clone, Copy)]
struct Head {
    status: u16,
    retry_after: Option<u32>,
    length: usize,
    framing: Framing,
}

/// Where the content ends (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

impl AnswerReader {
    /// Takes what was received; the answer once it is whole, or what is wrong.
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> Result<Option<HttpAnswer>, String> {
        self.received.extend_from_slice(bytes);
        let head = loop {
            match self.head {
                Some(head) => break head,
                None => match read_head(&self.received)? {
                    None if self.received.len() > MAXIMUM_HEAD_BYTES => {
                        return Err(format!("its head is longer than {MAXIMUM_HEAD_BYTES} bytes"));
                    }
                    None => return Ok(None),
                    // An interim answer; the final one follows (RFC 9110 §15.2).
                    Some(head) if (100..200).contains(&head.status) => drop(self.received.drain(..head.length)),
                    Some(head) => self.head = Some(head),
                },
            }
        };
        let content = self.received.get(head.length..).unwrap_or_default();
        let limit = match head.framing {
            Framing::Chunked => MAXIMUM_REGISTER_BYTES + MAXIMUM_CHUNK_OVERHEAD,
            Framing::Length(_) | Framing::UntilClose => MAXIMUM_REGISTER_BYTES,
        };
        let body = match head.framing {
            Framing::Length(length) if length > MAXIMUM_REGISTER_BYTES => return Err(too_long()),
            Framing::Length(length) => content.get(..length).map(<[u8]>::to_vec),
            Framing::Chunked => read_chunks(content)?,
            Framing::UntilClose => None,
        };
        match body {
            Some(body) => Ok(Some(answer(head, body))),
            None if content.len() > limit => Err(too_long()),
            None => Ok(None),
        }
    }

    /// The other side has ended the connection: the answer if that is its end.
    pub(crate) fn end(self) -> Result<HttpAnswer, String> {
        match self.head {
            Some(head) if head.framing == Framing::UntilClose => {
                Ok(answer(head, self.received.get(head.length..).unwrap_or_default().to_vec()))
            }
            _ => Err("the connection ended before the answer did".to_owned()),
        }
    }
}

fn answer(head: Head, body: Vec<u8>) -> HttpAnswer {
    HttpAnswer { status: head.status, retry_after: head.retry_after, body }
}

fn too_long() -> String {
    format!("its content is longer than {MAXIMUM_REGISTER_BYTES} bytes")
}

fn read_head(received: &[u8]) -> Result<Option<Head>, String> {
    let mut headers = [httparse::EMPTY_HEADER; MAXIMUM_HEADERS];
    let mut response = Response::new(&mut headers);
    let length = match response.parse(received) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let status = response.code.unwrap_or_default();
    let retry_after = field(response.headers, "retry-after").and_then(|value| value.parse().ok());
    let framing = framing(status, response.headers)?;
    Ok(Some(Head { status, retry_after, length, framing }))
}

fn framing(status: u16, headers: &[Header<'_>]) -> Result<Framing, String> {
    if (100..200).contains(&status) || status == 204 || status == 304 {
        return Ok(Framing::Length(0));
    }
    let mut lengths = headers.iter().filter(|header| header.name.eq_ignore_ascii_case("content-length"));
    match (field(headers, "transfer-encoding"), lengths.next(), lengths.next()) {
        (Some(encoding), None, _) if encoding.eq_ignore_ascii_case("chunked") => Ok(Framing::Chunked),
        // With both, or two lengths, one of the two sides is being deceived (RFC 9112 §6.3).
        (Some(_), ..) => Err("its transfer encoding is not plain chunked".to_owned()),
        (None, Some(_), Some(_)) => Err("it has two lengths".to_owned()),
        (None, Some(header), None) => {
            let text = text(header);
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let length = if digits { text.parse().ok() } else { None };
            length.map(Framing::Length).ok_or_else(|| "its length is no number".to_owned())
        }
        (None, None, _) => Ok(Framing::UntilClose),
    }
}

fn field<'a>(headers: &[Header<'a>], name: &str) -> Option<&'a str> {
    headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(text)
}

fn text<'a>(header: &Header<'a>) -> &'a str {
    std::str::from_utf8(header.value).unwrap_or_default().trim()
}

/// The content of chunks once the last one is there (RFC 9112 §7.1). Trailers are not looked at.
fn read_chunks(mut content: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let mut body = Vec::new();
    loop {
        let (start, size) = match parse_chunk_size(content) {
            Ok(Status::Complete(found)) => found,
            Ok(Status::Partial) => return Ok(None),
            Err(_) => return Err("a chunk has no proper size".to_owned()),
        };
        if size == 0 {
            return Ok(Some(body));
        }
        let size = usize::try_from(size).ok().filter(|size| body.len().saturating_add(*size) <= MAXIMUM_REGISTER_BYTES);
        let Some(size) = size else { return Err(too_long()) };
        let rest = content.get(start..).unwrap_or_default();
        let (Some(chunk), Some(end)) = (rest.get(..size), rest.get(size..size + 2)) else { return Ok(None) };
        if end != b"\r\n" {
            return Err("a chunk has no proper end".to_owned());
        }
        body.extend_from_slice(chunk);
        content = rest.get(size + 2..).unwrap_or_default();
    }
}

#[cfg(test)]
#[path = "tests/unit/http.rs"]
mod tests;
