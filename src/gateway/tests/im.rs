//! The IM side's REST API, and the console's.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{PACKAGE, Server, options};
use serde_json::{Value, json};

/// A call with this query, without a ticket.
async fn call(server: &Server, command: &str, query: &str, body: &str) -> Value {
    let (status, _, answer) = server.raw(&format!("POST /v4/{command}?{query} HTTP/1.1\r\n"), body.as_bytes()).await;
    assert_eq!(status, 200, "{command}: {answer}");
    serde_json::from_str(&answer).unwrap()
}

/// A message that is fine.
fn message() -> Value {
    json!({
        "SyncOtherMachine": 2,
        "From_Account": "bob",
        "To_Account": "alice",
        "MsgSeq": 1,
        "MsgRandom": 7,
        "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "hi" } }],
        "OfflinePushInfo": { "PushFlag": 0, "Title": "t", "Desc": "d", "Ext": "{}" },
    })
}

/// The message with one member changed, or left out.
fn with(member: &str, value: Option<Value>) -> String {
    let mut message = message();
    match value {
        Some(value) => message[member] = value,
        None => drop(message.as_object_mut().unwrap().remove(member)),
    }
    message.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_envelope_is_checked_before_the_body() {
    // App, ticket, administrator, command, JSON: the first that is wrong gives its code.
    let server = Server::start(options()).await;
    let app = server.app["sdkAppId"].as_u64().unwrap();
    let admin = server.user_sig("administrator").await;
    let alice = server.user_sig("alice").await;
    let good = format!("sdkappid={app}&identifier=administrator&usersig={admin}&random=1&contenttype=json");
    let send = "openim/sendmsg";
    let table = [
        (send, String::new(), 60012),
        (send, "sdkappid=x".into(), 60006),
        (send, format!("sdkappid={app}"), 60004),
        (send, format!("sdkappid={app}&identifier=administrator"), 60005),
        (send, format!("sdkappid=1&identifier=administrator&usersig={admin}"), 70020),
        (send, format!("sdkappid={app}&identifier=administrator&usersig=xx"), 70003),
        (send, format!("sdkappid={app}&identifier=administrator&usersig={alice}"), 70013),
        (send, format!("sdkappid={app}&identifier=alice&usersig={alice}"), 60010),
        ("openim/nothing", good.clone(), 60009),
        (send, good.clone(), 60003),
    ];
    for (command, query, code) in table {
        let answer = call(&server, command, &query, "no JSON").await;
        assert_eq!(answer["ErrorCode"], code, "{command} {query}: {answer}");
        assert_eq!(answer["ActionStatus"], "FAIL");
        assert!(answer["ErrorInfo"].as_str().is_some_and(|info| !info.is_empty()));
    }
    let (_, _, answer) = server.raw(&format!("GET /v4/{send}?{good} HTTP/1.1\r\n"), b"").await;
    assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["ErrorCode"], 60002);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bad_member_of_a_message_gets_its_code() {
    // The codes are those of the public documentation; what is fine is answered OK with MsgTime and MsgKey.
    let server = Server::start(options()).await;
    let app = server.app["sdkAppId"].as_u64().unwrap();
    let admin = server.user_sig("administrator").await;
    let query = format!("sdkappid={app}&identifier=administrator&usersig={admin}&random=1&contenttype=json");
    let table = [
        ("[]".to_owned(), 90001),
        (with("To_Account", None), 90003),
        (with("To_Account", Some(json!(["alice"]))), 90003),
        (with("To_Account", Some(json!(""))), 90003),
        (with("MsgRandom", None), 90005),
        (with("MsgRandom", Some(json!(4_294_967_296_u64))), 90005),
        (with("MsgBody", None), 90002),
        (with("MsgBody", Some(json!({}))), 90007),
        (with("MsgBody", Some(json!([]))), 90007),
        (with("MsgBody", Some(json!([{ "MsgType": 1, "MsgContent": {} }]))), 90010),
        (with("MsgBody", Some(json!([null]))), 90010),
        (with("From_Account", Some(json!(1))), 90008),
        (with("MsgLifeTime", Some(json!(604_801))), 90026),
        (with("MsgLifeTime", Some(json!(-1))), 90026),
        (with("SyncOtherMachine", Some(json!(3))), 90031),
        (with("OfflinePushInfo", Some(json!("x"))), 90001),
        (
            with("MsgBody", Some(json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "x".repeat(13_000) } }]))),
            93000,
        ),
    ];
    for (body, code) in table {
        let answer = call(&server, "openim/sendmsg", &query, &body).await;
        assert_eq!(answer["ErrorCode"], code, "{answer}");
    }
    let answer = call(&server, "openim/sendmsg", &query, &message().to_string()).await;
    assert_eq!((&answer["ActionStatus"], &answer["ErrorCode"]), (&json!("OK"), &json!(0)), "{answer}");
    assert!(answer["MsgTime"].is_i64() && answer["MsgKey"].is_string(), "{answer}");
    // Old clients use one query random for all calls.
    assert_eq!(call(&server, "openim/sendmsg", &query, &message().to_string()).await["ErrorCode"], 0);
    let many = with("To_Account", Some(json!(["alice", "carol"])));
    assert_eq!(call(&server, "openim/batchsendmsg", &query, &many).await["ErrorCode"], 0);
    let too_many = with("To_Account", Some(json!(vec!["u"; 501])));
    assert_eq!(call(&server, "openim/batchsendmsg", &query, &too_many).await["ErrorCode"], 90011);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_logged_out_imported_and_asked_for() {
    // Old and new names of commands and members give the same answers.
    let server = Server::start(options()).await;
    let app = server.app["sdkAppId"].as_u64().unwrap();
    let admin = server.user_sig("administrator").await;
    let query = format!("sdkappid={app}&identifier=administrator&usersig={admin}");
    for body in [r#"{"UserID":"alice"}"#, r#"{"Identifier":"alice"}"#] {
        for command in ["im_open_login_svc/kick", "im_open_login_svc/account_import"] {
            assert_eq!(call(&server, command, &query, body).await["ErrorCode"], 0, "{command} {body}");
        }
    }
    assert_eq!(call(&server, "im_open_login_svc/kick", &query, "{}").await["ErrorCode"], 70402);
    for command in ["openim/query_online_status", "openim/querystate"] {
        let answer = call(&server, command, &query, r#"{"To_Account":["alice"]}"#).await;
        assert_eq!(answer["QueryResult"][0]["Status"], "Offline", "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_api_is_for_the_administrator() {
    // Without the token 401; with it bad calls get a 4xx with a reason, in JSON.
    let server = Server::start(options()).await;
    for authorization in ["", "Authorization: Bearer x\r\n", "Authorization: Bearer\r\n"] {
        let (status, _, body) = server.raw(&format!("GET /console/api/apps HTTP/1.1\r\n{authorization}"), b"").await;
        assert_eq!(status, 401);
        assert!(serde_json::from_str::<Value>(&body).unwrap()["error"].is_string());
    }
    let app = &server.app["appId"];
    let table = [
        ("GET", "nothing", None, 404),
        ("DELETE", "apps", None, 405),
        ("POST", "apps", Some(json!({})), 400),
        ("POST", "apps", Some(json!([1])), 400),
        ("POST", "usersig", Some(json!({ "sdkAppId": 1, "user": "u" })), 400),
        ("POST", "usersig", Some(json!({ "sdkAppId": server.app["sdkAppId"], "user": "" })), 400),
        ("POST", "certificates", Some(json!({ "click": { "type": "app" } })), 400),
        ("POST", "certificates", Some(json!({ "appId": "1", "click": { "type": "elsewhere" } })), 400),
        ("POST", "certificates", Some(json!({ "appId": app, "click": { "type": "web", "url": "x" } })), 400),
        ("POST", "certificates", Some(json!({ "appId": app, "click": { "type": "page", "intentUri": "x" } })), 400),
        ("POST", "certificates", Some(json!({ "appId": app, "click": { "type": "app" } })), 200),
        ("PUT", "certificates", Some(json!({ "click": { "type": "app" } })), 400),
        ("GET", "messages/none", None, 404),
        ("GET", "messages?limit=x", None, 400),
        ("GET", "apps", None, 200),
        ("GET", "devices?limit=5", None, 200),
        ("GET", "messages", None, 200),
        ("GET", "certificates", None, 200),
    ];
    for (method, path, body, expected) in table {
        let (status, answer) = server.console(method, path, body).await;
        assert_eq!(status, expected, "{method} {path}: {answer}");
        assert_eq!(answer["error"].is_string(), expected >= 400, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_whose_click_does_nothing_comes_with_a_warning() {
    // It is saved all the same, and the answer says why a click will do nothing and what to do about it.
    let server = Server::start(options()).await;
    let app = &server.app["appId"];
    let own = format!("intent:#Intent;component={PACKAGE}/.Chat;end");
    let table = [
        (json!({ "type": "app" }), None),
        (json!({ "type": "web", "url": "https://example.com" }), None),
        (json!({ "type": "page", "intentUri": own }), None),
        (json!({ "type": "web", "url": "https://user@example.com" }), Some("user name")),
        (json!({ "type": "page", "intentUri": "intent:#Intent;component=com.other/.Chat;end" }), Some(PACKAGE)),
        (json!({ "type": "page", "intentUri": "intent:#Intent;S.a=100%;end" }), Some("at byte 15")),
    ];
    for (click, expected) in table {
        let new = json!({ "appId": app, "click": click });
        let (status, answer) = server.console("POST", "certificates", Some(new)).await;
        let changed = json!({ "certificateId": answer["certificateId"], "click": click });
        let (_, changed) = server.console("PUT", "certificates", Some(changed)).await;
        assert_eq!((status, &changed), (200, &answer), "{click}");
        let warning = answer["warning"].as_str();
        assert_eq!(warning.is_some(), expected.is_some(), "{click}: {answer}");
        assert!(warning.unwrap_or_default().contains(expected.unwrap_or_default()), "{click}: {answer}");
    }
}
