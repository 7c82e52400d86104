use offpush_wire::Click;
use serde_json::json;
use serde_json::value::RawValue;

use super::*;

fn raw(value: &Value) -> Option<Box<RawValue>> {
    Some(RawValue::from_string(value.to_string()).unwrap())
}

/// What a phone logged in as "mike" gets for this message, through a certificate with this click.
async fn body(bench: &Bench, click: Click, channel: Option<&str>, message: ImMessage) -> Result<Value, ImAccepted> {
    let name = format!("p{}", bench.number("SELECT COUNT(*) FROM devices").await);
    let mut phone = bench.phone(&name).await;
    let certificate =
        bench.core.create_certificate(&bench.app.app_id, click, channel.map(str::to_owned)).await.unwrap();
    let certificate = certificate.certificate_id.unsigned_abs();
    let report = Command::ReportToken { certificate, user: "mike".into(), sig: bench.sig("mike") };
    assert_eq!(phone.command(bench, report).await, 0);
    match bench.core.send_im(&bench.app.app_id, &["mike".into(), "nobody".into()], message).await.unwrap() {
        ImAccepted::Push { without_device, .. } => assert_eq!(without_device, ["nobody"]),
        other => return Err(other),
    }
    bench.settle().await;
    let frames = phone.got(bench);
    Ok(entries(&frames)[0]["body"].clone())
}

#[tokio::test]
async fn offline_push_info_becomes_title_text_ext_and_channel() {
    // Its own channel wins over the certificate's; the whole of it goes along.
    let bench = Bench::new("im-info").await;
    let info = json!({"PushFlag": 0, "Title": "T", "Desc": "D", "Ext": "{\"entity\":{}}",
        "AndroidInfo": {"XiaoMiChannelID": "mine", "Sound": "x.mp3"}, "ApnsInfo": {"Title": "i"}});
    let message = ImMessage { offline_push_info: raw(&info), ..ImMessage::default() };
    let body = body(&bench, Click::App, Some("certificates"), message).await.unwrap();
    assert_eq!((body["title"].as_str(), body["description"].as_str()), (Some("T"), Some("D")));
    assert_eq!(body["extra"], json!({"ext": "{\"entity\":{}}", "channel_id": "mine"}));
    assert_eq!(body["offlinePushInfo"], info);
    assert_eq!(body["expiresIn"], 7 * DAY_MS);
}

#[tokio::test]
async fn a_message_without_offline_push_info_has_the_default_title_and_its_elements_text() {
    // Elements that are no text are a word in brackets.
    let bench = Bench::new("im-text").await;
    let elements = json!([
        {"MsgType": "TIMTextElem", "MsgContent": {"Text": "look: "}},
        {"MsgType": "TIMImageElem", "MsgContent": {"UUID": "1", "ImageInfoArray": []}},
        {"MsgType": "TIMCustomElem", "MsgContent": {"Data": "x", "Desc": " said"}},
    ]);
    let click = Click::Page { intent_uri: "intent:#Intent;end".into() };
    let message = ImMessage { body: raw(&elements), ..ImMessage::default() };
    let body = body(&bench, click, Some("im"), message).await.unwrap();
    assert_eq!(body["title"], "a new message");
    assert_eq!(body["description"], "look: [Image] said");
    assert_eq!(body["extra"], json!({"notify_effect": "2", "intent_uri": "intent:#Intent;end", "channel_id": "im"}));
}

#[tokio::test]
async fn the_certificates_click_holds_for_what_is_not_published_yet() {
    // A change is effective at once.
    let bench = Bench::new("im-click").await;
    let mut phone = bench.phone("a").await;
    let certificate = bench.core.create_certificate(&bench.app.app_id, Click::App, None).await.unwrap();
    let id = certificate.certificate_id;
    let sig = bench.sig("mike");
    phone.command(&bench, Command::ReportToken { certificate: id.unsigned_abs(), user: "mike".into(), sig }).await;
    phone.gone(&bench).await;
    let info = raw(&json!({"Desc": "D"}));
    let message = ImMessage { offline_push_info: info, ..ImMessage::default() };
    bench.core.send_im(&bench.app.app_id, &["mike".into()], message).await.unwrap();
    let web = Click::Web { url: "https://example.com".into() };
    assert_eq!(bench.core.update_certificate(id, Some(&bench.app.app_id), web.clone(), None).await.unwrap().click, web);
    let extra = entries(&phone.hello(&bench).await)[0]["body"]["extra"].clone();
    assert_eq!(extra, json!({"notify_effect": "3", "web_uri": "https://example.com"}));
    assert!(bench.core.update_certificate(id + 1, None, Click::App, None).await.is_err());
    assert!(bench.core.update_certificate(id, Some("another app"), Click::App, None).await.is_err());
    assert!(bench.core.create_certificate("other", Click::App, None).await.is_err());
    assert_eq!(bench.core.certificates(Some(&bench.app.app_id)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn messages_that_are_not_to_be_pushed_are_not() {
    // By their flag, their life, or because they have nothing to show.
    let bench = Bench::new("im-none").await;
    let custom = json!([{"MsgType": "TIMCustomElem", "MsgContent": {"Data": "x"}}]);
    for message in [
        ImMessage { offline_push_info: raw(&json!({"PushFlag": 1, "Desc": "D"})), ..ImMessage::default() },
        ImMessage { offline_push_info: raw(&json!({"Desc": "D"})), life_time_s: Some(0), ..ImMessage::default() },
        ImMessage { body: raw(&custom), ..ImMessage::default() },
        ImMessage { offline_push_info: raw(&json!({"Desc": ""})), body: raw(&custom), ..ImMessage::default() },
        ImMessage::default(),
    ] {
        assert!(matches!(body(&bench, Click::App, None, message).await, Err(ImAccepted::NoPush(_))));
    }
    for broken in [json!([1]), json!({"PushFlag": "x"}), json!("text")] {
        let message = ImMessage { offline_push_info: raw(&broken), ..ImMessage::default() };
        let error = bench.core.send_im(&bench.app.app_id, &["mike".into()], message).await.unwrap_err();
        assert_eq!(error.code, offpush_wire::code::INVALID_VALUE, "{broken}");
    }
}

#[tokio::test]
async fn a_message_repeated_within_two_minutes_is_one_message() {
    // The same sender, MsgSeq, MsgRandom and content to the same users; anything else is another message.
    let bench = Bench::new("im-repeat").await;
    let mut phone = bench.phone("a").await;
    let id = bench.core.create_certificate(&bench.app.app_id, Click::App, None).await.unwrap().certificate_id;
    let sig = bench.sig("mike");
    phone.command(&bench, Command::ReportToken { certificate: id.unsigned_abs(), user: "mike".into(), sig }).await;
    let message = |identity: Option<(&str, u64, u32)>, text: &str| ImMessage {
        offline_push_info: raw(&json!({ "Desc": text })),
        identity: identity.map(|(sender, sequence, random)| (sender.to_owned(), sequence, random)),
        ..ImMessage::default()
    };
    let send = async |message: ImMessage| match bench
        .core
        .send_im(&bench.app.app_id, &["mike".into()], message)
        .await
        .unwrap()
    {
        ImAccepted::Push { message_id, .. } => message_id,
        other => panic!("{other:?}"),
    };
    let first = send(message(Some(("bob", 1, 7)), "hi")).await;
    bench.pass(IM_REPEAT_MS - 1);
    assert_eq!(send(message(Some(("bob", 1, 7)), "hi")).await, first);
    let others = [
        message(Some(("eve", 1, 7)), "hi"),
        message(Some(("bob", 2, 7)), "hi"),
        message(Some(("bob", 1, 8)), "hi"),
        message(Some(("bob", 1, 7)), "ho"),
        message(None, "hi"),
        message(None, "hi"),
    ];
    for other in others {
        assert_ne!(send(other).await, first);
    }
    bench.pass(1);
    assert_ne!(send(message(Some(("bob", 1, 7)), "hi")).await, first);
    bench.settle().await;
    assert_eq!(entries(&phone.got(&bench)).len(), 8);
}
