use offpush_wire::Click;

use super::*;

async fn report(bench: &Bench, phone: &mut Phone, certificate: i64, user: &str) -> i64 {
    let sig = bench.sig(user);
    let certificate = certificate.unsigned_abs();
    phone.command(bench, Command::ReportToken { certificate, user: user.into(), sig }).await
}

async fn certificate(bench: &Bench) -> i64 {
    bench.core.create_certificate(&bench.app.app_id, Click::App, None).await.unwrap().certificate_id
}

fn text(text: &str) -> ImMessage {
    let body = serde_json::json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}]).to_string();
    ImMessage { body: Some(serde_json::value::RawValue::from_string(body).unwrap()), ..ImMessage::default() }
}

async fn send(bench: &Bench, user: &str, message: &str) -> ImAccepted {
    let accepted = bench.core.send_im(&bench.app.app_id, &[user.into()], text(message)).await.unwrap();
    bench.settle().await;
    accepted
}

#[tokio::test]
async fn a_reported_token_binds_the_user_and_messages_carry_the_binding() {
    // The same user and certificate again is the same log-in.
    let bench = Bench::new("bind").await;
    let mut phone = bench.phone("a").await;
    let certificate = certificate(&bench).await;
    assert_eq!(report(&bench, &mut phone, certificate, "mike").await, 0);
    assert_eq!(report(&bench, &mut phone, certificate, "mike").await, 0);
    assert!(matches!(send(&bench, "mike", "hi").await, ImAccepted::Push { .. }));
    let frames = phone.got(&bench);
    assert_eq!(entries(&frames)[0]["body"]["binding"], 1);
    assert_eq!(entries(&frames)[0]["body"]["target"], serde_json::json!({"kind": "user", "value": "mike"}));
    assert_eq!(bench.core.user_state(&bench.app.app_id, "mike").await.unwrap(), UserState::Online);
    phone.gone(&bench).await;
    assert_eq!(bench.core.user_state(&bench.app.app_id, "mike").await.unwrap(), UserState::PushOnline);
    assert_eq!(bench.core.user_state(&bench.app.app_id, "nina").await.unwrap(), UserState::Offline);
}

#[tokio::test]
async fn a_ticket_or_certificate_that_is_wrong_is_refused_with_the_im_sides_code() {
    // Signature, user, age, certificate.
    let bench = Bench::new("bind-refused").await;
    let mut phone = bench.phone("a").await;
    let id = certificate(&bench).await;
    let report = |certificate: i64, user: &str, sig: String| Command::ReportToken {
        certificate: certificate.unsigned_abs(),
        user: user.into(),
        sig,
    };
    let good = bench.sig("mike");
    let unknown = report(id + 1, "mike", good.clone());
    assert_eq!(phone.command(&bench, unknown).await, offpush_wire::code::INVALID_VALUE);
    assert_eq!(phone.command(&bench, report(id, "nina", good.clone())).await, 70013);
    assert_eq!(phone.command(&bench, report(id, "mike", "garbage".into())).await, 70003);
    let forged = crate::usersig::make_user_sig(bench.app.sdk_app_id, "other key", "mike", 3600, START / 1000);
    assert_eq!(phone.command(&bench, report(id, "mike", forged)).await, 70009);
    bench.pass(2 * HOUR);
    assert_eq!(phone.command(&bench, report(id, "mike", good)).await, 70001);
    assert!(matches!(send(&bench, "mike", "hi").await, ImAccepted::NoPush(_)));
}

#[tokio::test]
async fn a_user_gets_messages_on_every_device_and_two_users_share_one() {
    // Nobody is logged out by another log-in.
    let bench = Bench::new("bind-many").await;
    let (mut a, mut b) = (bench.phone("a").await, bench.phone("b").await);
    let certificate = certificate(&bench).await;
    for (phone, user) in [(&mut a, "mike"), (&mut b, "mike")] {
        assert_eq!(report(&bench, phone, certificate, user).await, 0);
    }
    assert_eq!(report(&bench, &mut b, certificate, "nina").await, 0);
    bench.frames();
    send(&bench, "mike", "hi").await;
    assert_eq!(bench.frames().len(), 2);
    send(&bench, "nina", "hi").await;
    let frames = b.got(&bench);
    assert_eq!(entries(&frames)[0]["body"]["binding"], 2);
}

#[tokio::test]
async fn logout_ends_the_binding_on_this_device_only() {
    // The phone learns it by an entry and by each hello's answer.
    let bench = Bench::new("logout").await;
    let (mut a, mut b) = (bench.phone("a").await, bench.phone("b").await);
    let certificate = certificate(&bench).await;
    report(&bench, &mut a, certificate, "mike").await;
    report(&bench, &mut b, certificate, "mike").await;
    let frames = a.send(&bench, Up::Command(Command::Logout { user: "mike".into() })).await;
    assert_eq!(titles(&frames), ["unbind", "result"]);
    assert_eq!(entries(&frames)[0]["body"], serde_json::json!({"upTo": 1, "valid": []}));
    send(&bench, "mike", "hi").await;
    let frames = bench.frames();
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0].0, b.reg_id);
    let answer = &a.hello(&bench).await[0]["answer"]["bindings"];
    assert_eq!(*answer, serde_json::json!({"upTo": 1, "valid": []}));
}

#[tokio::test]
async fn a_kicked_user_is_unbound_everywhere_and_what_was_sent_meanwhile_does_not_arrive() {
    // Unnumbered messages are dropped, numbered ones become void, other users' messages stay.
    let bench = Bench::new("kick").await;
    let mut phone = bench.phone("a").await;
    let certificate = certificate(&bench).await;
    report(&bench, &mut phone, certificate, "mike").await;
    report(&bench, &mut phone, certificate, "nina").await;
    send(&bench, "mike", "numbered").await;
    phone.gone(&bench).await;
    send(&bench, "mike", "waiting").await;
    send(&bench, "nina", "for nina").await;
    assert_eq!(bench.core.kick(&bench.app.app_id, "mike").await.unwrap(), 1);
    bench.settle().await;
    let frames = phone.hello(&bench).await;
    assert_eq!(frames[0]["answer"]["bindings"], serde_json::json!({"upTo": 2, "valid": [2]}));
    assert_eq!(titles(&frames), ["void", "a new message", "unbind"]);
    assert_eq!(entries(&frames)[2]["body"], serde_json::json!({"upTo": 2, "valid": [2]}));
    assert!(matches!(send(&bench, "mike", "late").await, ImAccepted::NoPush(_)));
    assert_eq!(bench.core.kick(&bench.app.app_id, "mike").await.unwrap(), 0);
    assert_eq!(bench.count(counters::DROPPED, "kicked"), 1);
}

#[tokio::test]
async fn a_connected_phone_is_told_of_a_kick_at_once() {
    // The unbind entry goes out like any other.
    let bench = Bench::new("kick-connected").await;
    let mut phone = bench.phone("a").await;
    let certificate = certificate(&bench).await;
    report(&bench, &mut phone, certificate, "mike").await;
    bench.core.kick(&bench.app.app_id, "mike").await.unwrap();
    bench.settle().await;
    assert_eq!(titles(&phone.got(&bench)), ["unbind"]);
    assert_eq!(report(&bench, &mut phone, certificate, "mike").await, 0);
    let answer = &phone.hello(&bench).await[0]["answer"]["bindings"];
    assert_eq!(*answer, serde_json::json!({"upTo": 2, "valid": [2]}), "a new log-in has a new number");
}
