//! The Mi Push API as servers in the wild call it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{PACKAGE, Server, options};

/// A form of a notification that is fine, with what is put in addition.
fn notification(more: &str) -> String {
    format!("title=Hello&description=World&{more}")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bad_request_gets_its_code_in_the_apis_own_form() {
    // HTTP 200, result "error", the code, and a reason and trace id to look it up; the table is the contract.
    let server = Server::start(options()).await;
    let long = "x".repeat(5000);
    let many = (0..1001).map(|number| format!("r{number}")).collect::<Vec<_>>().join(",");
    let pairs = (0..11).map(|number| format!("extra.k{number}=v")).collect::<Vec<_>>().join("&");
    let topics = ["a", "b", "c", "d", "e", "f"].join(";$;");
    let all = "/v3/message/all";
    let table: Vec<(&str, String, i64)> = vec![
        ("/v3/message/regid", String::new(), 10016),
        ("/v3/message/regid", notification(""), 10016),
        ("/v3/message/regid", notification("registration_id=,,"), 10016),
        ("/v3/message/regid", notification(&format!("registration_id={many}")), 10017),
        ("/v2/message/alias", notification(""), 10016),
        ("/v2/message/user_account", notification(""), 10016),
        ("/v3/message/topic", notification("topic=%20"), 10016),
        ("/v3/message/topic", notification(&format!("topic={long}")), 10017),
        ("/v3/message/alias", notification(&format!("alias=a,{long}")), 10017),
        ("/v2/topic/subscribe", format!("registration_id=x&topic={long}"), 10017),
        ("/v3/message/multi_topic", notification(&format!("topics={topics}")), 65035),
        ("/v3/message/multi_topic", notification("topics=a&topic_op=XOR"), 10017),
        (all, "description=x".into(), 10016),
        (all, "title=x".into(), 10016),
        (all, "title=%20&description=x".into(), 10016),
        (all, format!("title={}&description=x", "x".repeat(50)), 10017),
        (all, format!("title=x&description={}", "x".repeat(128)), 10017),
        (all, notification(&format!("payload={long}")), 65009),
        (all, notification("pass_through=2"), 10017),
        (all, notification("notify_type=8"), 10017),
        (all, notification("notify_type=x"), 10017),
        (all, notification("notify_id=99999999999"), 10017),
        (all, notification("time_to_live=-1"), 10017),
        (all, notification("time_to_live=soon"), 10017),
        (all, notification("time_to_send=99999999999999"), 10017),
        (all, notification("restricted_package_name=com.other"), 22022),
        (all, notification(&pairs), 65014),
        (all, notification(&format!("extra.k={}", "x".repeat(1024))), 65015),
        (all, notification(&format!("extra.layout_value={long}")), 65015),
        (all, notification("extra.jobkey=_x"), 10017),
        (all, notification("extra.jobkey=xxxxxxxxxxxxxxxxxxxxx"), 10017),
        (all, notification(&format!("extra.callback.param={}", "x".repeat(65))), 65036),
        (all, notification("extra.callback=ftp://x"), 65038),
        (all, notification("extra.web_uri=javascript:1"), 10017),
        ("/v2/multi_messages/regids", "messages=no".into(), 65030),
        ("/v2/multi_messages/regids", "messages=[]".into(), 10016),
        ("/v2/multi_messages/regids", "messages=[{}]".into(), 10016),
        ("/v2/multi_messages/regids", "messages=[1,null]".into(), 10016),
        ("/v3/message/nowhere", String::new(), 10020),
        ("/v9/message/regid", String::new(), 404),
        ("/v2", String::new(), 10020),
        ("/v3/message/regid/more", String::new(), 10020),
        ("/v1/stats/message/counters", "start_date=20260101&end_date=20260301".into(), 10017),
        ("/v1/stats/message/counters", "start_date=x&end_date=20260301".into(), 10017),
        ("/v1/trace/message/status", String::new(), 10016),
        ("/v1/trace/message/status", "msg_id=none".into(), 65028),
        ("/v2/schedule_job/exist", "job_id=none".into(), 65028),
        ("/v2/message/delete", "id=none".into(), 65028),
    ];
    for (path, form, code) in table {
        if code == 404 {
            assert_eq!(server.raw(&format!("POST {path} HTTP/1.1\r\n"), form.as_bytes()).await.0, 404);
            continue;
        }
        let answer = server.mi(path, &form).await;
        let shown: String = form.chars().take(80).collect();
        assert_eq!(answer["code"], code, "{path} {shown}: {answer}");
        assert_eq!(answer["result"], "error");
        assert!(answer["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{answer}");
        assert!(answer["trace_id"].as_str().is_some_and(|id| !id.is_empty()), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_accepted_however_the_client_writes_its_request() {
    // Chunked bodies, headers in odd case, trailing commas, unknown fields, fields in the query, several packages.
    let server = Server::start(options()).await;
    let secret = server.app["appSecret"].as_str().unwrap();
    let device = server.register("phone").await.reg_id;
    let form = notification(&format!("registration_id={device},&collapse_key=x&dry_run=0&pass_through="));
    let chunked = format!(
        "POST /v3/message/regid HTTP/1.1\r\nhOST: x\r\nAUTHORIZATION: KEY={secret}\r\nconnection: close\r\n\
         Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n{:x};ext=1\r\n{}\r\n0\r\n\r\n",
        10,
        &form[..10],
        form.len() - 10,
        &form[10..],
    );
    let (status, _, body) = server.bytes(chunked.as_bytes()).await;
    assert_eq!(status, 200);
    let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(answer["code"], 0, "{answer}");
    assert_eq!(answer["result"], "ok");
    assert!(answer["data"]["id"].as_str().is_some_and(|id| !id.is_empty()), "{answer}");
    assert_eq!(answer["info"], "Received push messages for 1 REGID");

    let query = format!("/v3/message/regid?{form}&restricted_package_name=com.other,{PACKAGE}");
    assert_eq!(server.mi(&query, "").await["code"], 0);
    let pass_through = format!("registration_id={device}&payload=%7B%22a%22%3A1%7D&pass_through=1");
    assert_eq!(server.mi("/v2/message/regid", &pass_through).await["code"], 0);
    assert_eq!(server.mi("/v3/message/all", &notification("")).await["code"], 0);
    let far = notification("time_to_live=99999999999999&notify_type=-1&notify_id=-3");
    assert_eq!(server.mi("/v3/message/all", &far).await["code"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_app_secret_opens_the_api() {
    // No header, another scheme, a wrong secret: 21301. A method that is not supported: 10021, before anything else.
    let server = Server::start(options()).await;
    let cases = [
        ("POST /v3/message/all HTTP/1.1\r\n", 21301),
        ("POST /v3/message/all HTTP/1.1\r\nAuthorization: key=\r\n", 21301),
        ("POST /v3/message/all HTTP/1.1\r\nAuthorization: key=wrong\r\n", 21301),
        ("POST /v3/message/all HTTP/1.1\r\nAuthorization: Bearer wrong\r\n", 21301),
        ("POST /v3/message/all HTTP/1.1\r\nAuthorization: \u{fc}\r\n", 21301),
        ("GET /v3/message/all HTTP/1.1\r\n", 10021),
        ("DELETE /v3/message/regid HTTP/1.1\r\n", 10021),
        ("GET /v3/nothing HTTP/1.1\r\n", 10020),
    ];
    for (head, code) in cases {
        let (status, _, body) = server.raw(head, b"title=x&description=y").await;
        let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &answer["code"]), (200, &code.into()), "{head}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_form_get_an_answer_all_the_same() {
    // Invalid percent-encoding, bytes that are no UTF-8, JSON, a NUL: a code, never a 5xx.
    let server = Server::start(options()).await;
    let secret = server.app["appSecret"].as_str().unwrap();
    let head = format!("POST /v3/message/all HTTP/1.1\r\nAuthorization: key={secret}\r\n");
    for body in [&b"%zz=%&&&=="[..], &[0xff, 0xfe, b'=', 0x00], b"{\"title\":\"x\"}", b"title=%ff%fe&description=%00"] {
        let (status, _, answer) = server.raw(&head, body).await;
        assert_eq!(status, 200);
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert!(answer["code"].is_i64(), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_at_the_registration_is_refused_with_400_and_a_code() {
    // Nothing that a phone or a stranger sends there ends in a 5xx or in something that is no JSON.
    let server = Server::start(options()).await;
    let long = vec![b'{'; 70 * 1024];
    for (method, body) in
        [("POST", &b""[..]), ("POST", b"{"), ("POST", b"[]"), ("POST", b"{\"appId\":1}"), ("POST", &long), ("GET", b"")]
    {
        let (status, _, answer) = server.raw(&format!("{method} /v1/register HTTP/1.1\r\n"), body).await;
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(status, 400, "{answer}");
        assert!(answer["code"].as_i64().is_some_and(|code| code != 0), "{answer}");
        assert_eq!(answer["reason"].as_str().unwrap().contains("64 KiB"), body.len() > 64 * 1024, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_and_every_framing_gets_an_answer() {
    // HEAD has no body, what is too long is told, HTTP/1.0 and no content type are fine, and no content type is judged.
    let server = Server::start(options()).await;
    let secret = server.app["appSecret"].as_str().unwrap();
    let key = format!("Authorization: key={secret}\r\n");
    let (status, _, body) = server.raw(&format!("HEAD /v3/message/all HTTP/1.1\r\n{key}"), b"").await;
    assert_eq!((status, body.as_str()), (200, ""));
    for (request, code) in [
        ("PUT /v3/message/all HTTP/1.1\r\n", 10021),
        ("OPTIONS /v3/message/all HTTP/1.1\r\n", 10021),
        ("GET /v1/alias/all?registration_id=%zz%ff HTTP/1.1\r\n", 10029),
        ("GET /v1/regid/presence HTTP/1.1\r\n", 10016),
        ("POST /v3/message/all HTTP/1.0\r\n", 0),
        ("POST /v3/message/all HTTP/1.1\r\nContent-Type: text/plain\r\n", 0),
        ("POST //v3//message/all HTTP/1.1\r\n", 404),
        ("POST /v3/message/all/ HTTP/1.1\r\n", 0),
    ] {
        let (status, _, body) = server.raw(&format!("{request}{key}"), notification("").as_bytes()).await;
        if code == 404 {
            assert_eq!(status, 404, "{request}");
            continue;
        }
        let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &answer["code"]), (200, &code.into()), "{request}: {answer}");
    }
    let head = format!("POST /v3/message/all HTTP/1.1\r\n{key}Host: x\r\nConnection: close\r\n");
    let long = "x".repeat(17 * 1024 * 1024);
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{long}\r\n0\r\n\r\n", long.len());
    let (status, _, body) = server.bytes(chunked.as_bytes()).await;
    assert_eq!((status, body.contains("\"code\":10018")), (200, true), "{body}");
    let broken = format!("{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n");
    let (status, _, body) = server.bytes(broken.as_bytes()).await;
    assert_eq!((status, body.contains("\"code\":10012")), (200, true), "{body}");
}
