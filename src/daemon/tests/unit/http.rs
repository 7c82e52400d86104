use super::*;

/// All bytes at once, and then the end.
fn whole(bytes: &[u8]) -> Result<HttpAnswer, String> {
    let mut reader = AnswerReader::default();
    match reader.receive(bytes)? {
        Some(answer) => Ok(answer),
        None => reader.end(),
    }
}

/// One byte after the other, and then the end.
fn bytewise(bytes: &[u8]) -> Result<HttpAnswer, String> {
    let mut reader = AnswerReader::default();
    for byte in bytes {
        if let Some(answer) = reader.receive(&[*byte])? {
            return Ok(answer);
        }
    }
    reader.end()
}

fn body(bytes: &[u8]) -> Vec<u8> {
    let answer = whole(bytes);
    assert_eq!(answer, bytewise(bytes), "the split must not matter");
    answer.unwrap().body
}

#[test]
fn a_request_is_one_post_that_ends_the_connection() {
    // Host, length and the wish to close are in it, and then the body.
    let request = String::from_utf8(post("[::1]:8443", "/v1/register", b"{}")).unwrap();
    assert!(request.starts_with("POST /v1/register HTTP/1.1\r\nHost: [::1]:8443\r\n"));
    assert!(request.contains("\r\nContent-Length: 2\r\n"));
    assert!(request.contains("\r\nConnection: close\r\n"));
    assert!(request.ends_with("\r\n\r\n{}"));
}

#[test]
fn an_answer_ends_where_its_framing_says() {
    // With a length, in chunks, or with the connection; trailers and what follows do not belong to it.
    assert_eq!(body(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokmore"), b"ok");
    let chunked =
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\no\r\nA\r\nk012345678\r\n0\r\nT: 1\r\n\r\n";
    assert_eq!(body(chunked), b"ok012345678");
    assert_eq!(body(b"HTTP/1.0 200 OK\r\n\r\nall of it"), b"all of it");
    assert_eq!(body(b"HTTP/1.1 204 No Content\r\n\r\n"), b"");
}

#[test]
fn interim_answers_are_passed_over() {
    // 100 and 103 announce the answer that counts.
    let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
    assert_eq!(body(bytes), b"x");
}

#[test]
fn status_and_retry_after_are_told() {
    // A wait in seconds is read; a date or nonsense is as good as none.
    let answer = whole(b"HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n").unwrap();
    assert_eq!((answer.status, answer.retry_after), (503, Some(120)));
    let answer = whole(b"HTTP/1.1 429 Slow\r\nretry-after: Fri, 31 Dec 1999 23:59:59 GMT\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(answer.unwrap().retry_after, None);
}

#[test]
fn a_redirect_is_an_answer_like_any_other() {
    // It is not followed: its status comes back.
    let answer = whole(b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere/\r\nContent-Length: 0\r\n\r\n").unwrap();
    assert_eq!(answer.status, 302);
}

#[test]
fn what_is_too_long_is_refused_as_soon_as_that_is_known() {
    // A length, a chunk, a head or a content beyond the limit ends the reading, whatever would follow.
    let limit = MAXIMUM_REGISTER_BYTES;
    let long = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", limit + 1);
    assert!(AnswerReader::default().receive(long.as_bytes()).is_err());
    let chunk = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n", limit + 1);
    assert!(AnswerReader::default().receive(chunk.as_bytes()).is_err());
    let endless = [b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), &vec![b'x'; limit + 1]].concat();
    assert!(AnswerReader::default().receive(&endless).is_err());
    let head = [b"HTTP/1.1 200 OK\r\nX: ".as_slice(), &vec![b'x'; MAXIMUM_HEAD_BYTES]].concat();
    assert!(AnswerReader::default().receive(&head).is_err());
    let extension = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;".as_slice(), &vec![b'x'; 2 * limit]];
    assert!(AnswerReader::default().receive(&extension.concat()).is_err());
}

#[test]
fn what_is_not_http_is_refused() {
    // Garbage, contradictory or odd framing, and an end in the middle are no answer.
    for bytes in [
        b"\x16\x03\x01 what?".as_slice(),
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\na",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
        b"HTTP/1.1 200",
        b"",
    ] {
        assert!(whole(bytes).is_err(), "{:?}", String::from_utf8_lossy(bytes));
        assert!(bytewise(bytes).is_err(), "{:?}", String::from_utf8_lossy(bytes));
    }
}
