use offpush_wire::Click;

use super::*;

async fn subscribe(bench: &Bench, phone: &mut Phone, topic: &str) {
    assert_eq!(phone.command(bench, Command::SubscribeTopic { topic: topic.into() }).await, 0);
}

/// Names of the phones that got something.
fn reached(bench: &Bench, phones: &[(&str, &Phone)]) -> Vec<String> {
    let frames = bench.frames();
    let got = |phone: &Phone| frames.iter().any(|(reg_id, _)| *reg_id == phone.reg_id);
    phones.iter().filter(|(_, phone)| got(phone)).map(|(name, _)| (*name).to_owned()).collect()
}

#[tokio::test]
async fn a_topic_reaches_its_subscribers_and_all_reaches_everybody() {
    // Not those who registered and never logged in, nor another app's.
    let bench = Bench::new("topic").await;
    let (mut a, b) = (bench.phone("a").await, bench.phone("b").await);
    subscribe(&bench, &mut a, "news").await;
    bench.register("never-used").await;
    bench.frames();
    bench.push_to(NewMessage::default(), Targets::Topic("news".into())).await;
    assert_eq!(reached(&bench, &[("a", &a), ("b", &b)]), ["a"]);
    bench.push_to(NewMessage::default(), Targets::All).await;
    assert_eq!(reached(&bench, &[("a", &a), ("b", &b)]), ["a", "b"]);
    let other = bench.core.create_app("com.example.other", "Other").await.unwrap();
    bench.core.accept(&other.app_id, NewMessage::default(), Targets::All).await.unwrap();
    bench.settle().await;
    assert!(bench.frames().is_empty());
    assert_eq!(bench.number("SELECT COUNT(*) FROM entries WHERE message IS NOT NULL").await, 3);
}

#[tokio::test]
async fn topics_are_combined_as_union_intersection_and_exception() {
    // The exception is the first topic without all the others.
    let bench = Bench::new("multi-topic").await;
    let (mut a, mut b, mut c) = (bench.phone("a").await, bench.phone("b").await, bench.phone("c").await);
    subscribe(&bench, &mut a, "x").await;
    subscribe(&bench, &mut b, "x").await;
    subscribe(&bench, &mut b, "y").await;
    subscribe(&bench, &mut c, "y").await;
    for (op, expected) in
        [(TopicOp::Union, vec!["a", "b", "c"]), (TopicOp::Intersection, vec!["b"]), (TopicOp::Except, vec!["a"])]
    {
        bench.frames();
        let topics = vec!["x".into(), "y".into()];
        bench.push_to(NewMessage::default(), Targets::Topics { topics, op }).await;
        assert_eq!(reached(&bench, &[("a", &a), ("b", &b), ("c", &c)]), expected, "{op:?}");
    }
}

#[tokio::test]
async fn lists_are_freed_of_repetitions_and_bounded_and_must_reach_somebody() {
    // A device named twice gets one message; nobody at all is an error, and nothing is stored then.
    let bench = Bench::new("lists").await;
    let phone = bench.phone("a").await;
    let app = &bench.app.app_id;
    let twice = Targets::RegIds(vec![phone.reg_id.clone(), phone.reg_id.clone(), "unknown".into(), String::new()]);
    let accepted = bench.core.accept(app, NewMessage::default(), twice).await.unwrap();
    assert_eq!(accepted.invalid, ["unknown"]);
    bench.settle().await;
    assert_eq!(phone.got(&bench).len(), 1);
    let before = bench.number("SELECT COUNT(*) FROM messages").await;
    for (targets, code) in [
        (Targets::RegIds(vec!["unknown".into()]), NO_VALID_TARGETS),
        (Targets::Aliases(vec!["unknown".into()]), NO_VALID_TARGETS),
        (Targets::RegIds(Vec::new()), offpush_wire::code::MISSING_PARAMETER),
        (Targets::Topic(String::new()), offpush_wire::code::MISSING_PARAMETER),
        (Targets::RegIds((0..1001).map(|n| n.to_string()).collect()), offpush_wire::code::INVALID_VALUE),
    ] {
        assert_eq!(bench.core.accept(app, NewMessage::default(), targets).await.unwrap_err().code, code);
    }
    let long = NewMessage { payload: "x".repeat(MAXIMUM_MESSAGE_BYTES), ..NewMessage::default() };
    assert_eq!(bench.core.accept(app, long, Targets::All).await.unwrap_err().code, MESSAGE_TOO_LONG);
    let scheduled = NewMessage { time_to_send: Some(START + HOUR), ..NewMessage::default() };
    let unknown = Targets::RegIds(vec!["unknown".into()]);
    assert_eq!(bench.core.accept(app, scheduled, unknown).await.unwrap_err().code, NO_VALID_TARGETS);
    assert_eq!(bench.number("SELECT COUNT(*) FROM messages").await, before);
}

#[tokio::test]
async fn a_message_only_for_those_online_is_not_kept_for_the_others() {
    // `only_send_once`: dropped with a reason where the phone is not connected.
    let bench = Bench::new("only-online").await;
    let (a, b) = (bench.phone("a").await, bench.phone("b").await);
    b.gone(&bench).await;
    let extra = [("only_send_once".to_owned(), "1".to_owned())].into();
    let targets = Targets::RegIds(vec![a.reg_id.clone(), b.reg_id.clone()]);
    bench.push_to(NewMessage { extra, ..NewMessage::default() }, targets).await;
    assert_eq!(reached(&bench, &[("a", &a), ("b", &b)]), ["a"]);
    assert_eq!(bench.count(counters::DROPPED, "offline"), 1);
    assert_eq!(bench.number("SELECT COUNT(*) FROM entries WHERE state = 0").await, 0);
}

#[tokio::test]
async fn a_fan_out_that_a_crash_interrupted_goes_on_behind_its_cursor() {
    // Every device gets exactly one row, whatever the moment of the crash.
    let mut bench = Bench::new("resume").await;
    load::devices(&bench, 2500, "news", None).await;
    let accepted =
        bench.core.accept(&bench.app.app_id, NewMessage::default(), Targets::Topic("news".into())).await.unwrap();
    assert_eq!(bench.number("SELECT COUNT(*) FROM entries").await, FAN_OUT_BATCH);
    let path = bench.core.message(None, &accepted.message_id).await.unwrap().unwrap();
    assert_eq!((path.message.state.as_str(), path.message.counts.devices), ("fanning-out", FAN_OUT_BATCH));
    bench.restart().await;
    bench.tick().await;
    assert_eq!(bench.number("SELECT COUNT(*) FROM entries").await, 2500);
    assert_eq!(bench.number("SELECT COUNT(DISTINCT device) FROM entries").await, 2500);
    let path = bench.core.message(None, &accepted.message_id).await.unwrap().unwrap();
    assert_eq!((path.message.state.as_str(), path.message.counts.devices), ("fanned-out", 2500));
    bench.tick().await;
    assert_eq!(bench.number("SELECT COUNT(*) FROM entries").await, 2500);
}

#[tokio::test]
async fn a_message_that_expires_before_its_fan_out_goes_to_nobody() {
    // The gateway was down for longer than the message lived.
    let mut bench = Bench::new("fan-out-late").await;
    let phone = bench.phone("a").await;
    let message = NewMessage {
        time_to_send: Some(START + MINUTE),
        time_to_live: Some(MINUTE.unsigned_abs()),
        ..NewMessage::default()
    };
    bench.push_to(message, Targets::RegIds(vec![phone.reg_id.clone()])).await;
    bench.restart().await;
    bench.pass(2 * MINUTE);
    bench.tick().await;
    assert!(phone.got(&bench).is_empty());
    assert_eq!(bench.count(counters::DROPPED, "expired_before_fan_out"), 1);
}

#[tokio::test]
async fn what_was_accepted_is_on_the_disk_when_the_server_is_answered() {
    // A crash in the next moment loses neither the message nor its target.
    let mut bench = Bench::new("durable").await;
    let mut phone = bench.phone("a").await;
    let targets = Targets::RegIds(vec![phone.reg_id.clone()]);
    let message = NewMessage { title: "one".into(), ..NewMessage::default() };
    bench.core.accept(&bench.app.app_id, message, targets).await.unwrap();
    bench.restart().await;
    assert_eq!(titles(&phone.hello(&bench).await), ["one"]);
}

#[tokio::test]
async fn a_server_that_goes_away_before_its_answer_holds_nothing_up() {
    // Accepted, withdrawn, logged out: the phone is served although nobody waits for the call's end any more.
    let bench = Bench::new("caller-gone").await;
    let mut phone = bench.phone("a").await;
    let certificate = bench.core.create_certificate(&bench.app.app_id, Click::App, None).await.unwrap().certificate_id;
    let report =
        Command::ReportToken { certificate: certificate.unsigned_abs(), user: "mike".into(), sig: bench.sig("mike") };
    assert_eq!(phone.command(&bench, report).await, 0);
    let id = bench.push(&phone, "first").await;
    phone.got(&bench);
    let app = bench.app.app_id.clone();
    let message = NewMessage { title: "second".into(), ..NewMessage::default() };

    abandon(bench.core.accept(&app, message, Targets::RegIds(vec![phone.reg_id.clone()]))).await;
    later(&bench).await;
    assert_eq!(titles(&phone.got(&bench)), ["second"]);
    abandon(bench.core.withdraw(&app, &Selector::Id(id))).await;
    later(&bench).await;
    assert_eq!(titles(&phone.got(&bench)), ["withdraw"]);
    abandon(bench.core.kick(&app, "mike")).await;
    later(&bench).await;
    assert_eq!(titles(&phone.got(&bench)), ["unbind"]);
}

/// Begins a call and drops it at the first wait.
async fn abandon(call: impl Future) {
    let mut call = std::pin::pin!(call);
    let begun = std::future::poll_fn(|context| std::task::Poll::Ready(call.as_mut().poll(context).is_pending())).await;
    assert!(begun, "the call waits for the disk");
}

/// Waits for the writes handed in before, and does the work that waits.
async fn later(bench: &Bench) {
    bench.core.create_app("com.example.later", "Later").await.unwrap();
    bench.settle().await;
}
