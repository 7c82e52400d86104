use offpush_wire::{AcceptTime, Bindings, Entry, Snapshot};

use super::*;

fn alias(alias: &str) -> Command {
    Command::SetAlias { alias: alias.into() }
}

async fn view(bench: &Bench, phone: &Phone) -> DeviceView {
    bench.core.device(&phone.reg_id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_command_takes_effect_and_its_result_is_an_entry_that_carries_the_mark() {
    // One frame: the result, numbered, and `applied` up to the command.
    let bench = Bench::new("command").await;
    let mut phone = bench.phone("a").await;
    let frames = phone.send(&bench, Up::Command(alias("mike"))).await;
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0]["applied"]["n"], 1);
    let result = &frames[0]["entries"][0];
    assert_eq!((result["kind"].as_str(), result["n"].as_u64()), (Some("result"), Some(1)));
    assert_eq!(result["body"]["command"], "set-alias");
    assert_eq!(result["body"]["arguments"][0], "mike");
    assert_eq!(result["body"]["code"], 0);
    assert_eq!(result["body"]["outbox"], phone.outbox);
    assert_eq!(view(&bench, &phone).await.aliases, ["mike"]);
}

#[tokio::test]
async fn a_repeated_entry_has_no_second_effect_and_one_too_high_is_not_taken() {
    // The mark is answered each time; only the next number counts.
    let bench = Bench::new("order").await;
    let mut phone = bench.phone("a").await;
    phone.command(&bench, alias("one")).await;
    phone.sent = 0;
    let again = phone.send(&bench, Up::Command(alias("other"))).await;
    assert_eq!((again[0]["applied"]["n"].as_u64(), entries(&again).len()), (Some(1), 0));
    phone.sent = 2;
    let high = phone.send(&bench, Up::Command(alias("too high"))).await;
    assert_eq!((high[0]["applied"]["n"].as_u64(), entries(&high).len()), (Some(1), 0));
    assert_eq!(view(&bench, &phone).await.aliases, ["one"]);
}

#[tokio::test]
async fn a_new_outbox_starts_again_at_1_and_an_unknown_one_in_its_middle_is_not_taken() {
    // The outbox is new with its first entry or with a hello; a stray entry of another one says nothing.
    let bench = Bench::new("outbox").await;
    let mut phone = bench.phone("a").await;
    phone.command(&bench, alias("one")).await;
    phone.outbox = "second".into();
    let stray = phone.send(&bench, Up::Command(alias("stray"))).await;
    assert_eq!(stray[0]["applied"], serde_json::json!({"outbox": "outbox-a", "n": 1}));
    phone.sent = 0;
    let frames = phone.send(&bench, Up::Command(alias("two"))).await;
    assert_eq!(frames[0]["applied"], serde_json::json!({"outbox": "second", "n": 1}));
    phone.outbox = "third".into();
    let hello = phone.hello(&bench).await;
    assert_eq!(hello[0]["applied"], serde_json::json!({"outbox": "third", "n": 0}));
    assert_eq!(view(&bench, &phone).await.aliases, ["one", "two"]);
}

#[tokio::test]
async fn several_entries_in_one_frame_are_taken_in_order() {
    // And one mark answers them.
    let bench = Bench::new("several").await;
    let phone = bench.phone("a").await;
    let mut frame = UpFrame::new(&phone.outbox);
    for (n, name) in [(1, "one"), (2, "two"), (4, "four")] {
        frame.entries.push(Entry { n, id: String::new(), content: Up::Command(alias(name)) });
    }
    let frames = phone.raw(&bench, &frame.encode()).await;
    assert_eq!(titles(&frames), ["result", "result"]);
    assert_eq!(frames[0]["applied"]["n"], 2);
}

#[tokio::test]
async fn what_cannot_be_understood_is_taken_so_that_it_blocks_nothing() {
    // An unknown kind is taken silently, an unknown command has a result "not supported".
    let bench = Bench::new("unknown").await;
    let phone = bench.phone("a").await;
    let frame = serde_json::json!({"v": 1, "outbox": phone.outbox, "entries": [
        {"n": 1, "kind": "news", "body": 7},
        {"n": 2, "kind": "command", "body": {"command": "dance"}},
        {"n": 3, "kind": "receipt", "body": "nonsense"},
        {"n": 4, "kind": "command", "body": {"command": "set-alias", "alias": "mike"}},
    ]});
    let frames = phone.raw(&bench, frame.to_string().as_bytes()).await;
    assert_eq!(frames[0]["applied"]["n"], 4);
    let codes: Vec<_> = entries(&frames).iter().map(|entry| entry["body"]["code"].as_i64().unwrap()).collect();
    assert_eq!(codes, [offpush_wire::code::NOT_SUPPORTED, 0]);
    assert_eq!(entries(&frames)[0]["body"]["command"], "dance");
    assert_eq!(bench.count(counters::UPWARD, "not_understood"), 3);
}

#[tokio::test]
async fn the_last_device_to_set_an_alias_keeps_it_and_has_at_most_fifteen() {
    // The oldest alias goes.
    let bench = Bench::new("alias").await;
    let (mut a, mut b) = (bench.phone("a").await, bench.phone("b").await);
    for index in 0..16 {
        bench.pass(1);
        assert_eq!(a.command(&bench, alias(&format!("alias{index}"))).await, 0);
    }
    assert_eq!(b.command(&bench, alias("alias15")).await, 0);
    let of_a = view(&bench, &a).await.aliases;
    assert_eq!((of_a.len(), of_a[0].as_str()), (14, "alias1"));
    let push = Targets::Aliases(vec!["alias15".into(), "nobody".into(), "alias15".into()]);
    let accepted = bench.core.accept(&bench.app.app_id, NewMessage::default(), push).await.unwrap();
    assert_eq!(accepted.invalid, ["nobody"]);
    bench.settle().await;
    let frames = bench.frames();
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0].0, b.reg_id);
    assert_eq!(frames[0].1["entries"][0]["body"]["target"], serde_json::json!({"kind": "alias", "value": "alias15"}));
    b.command(&bench, Command::UnsetAlias { alias: "alias15".into() }).await;
    assert!(view(&bench, &b).await.aliases.is_empty());
}

#[tokio::test]
async fn an_account_has_at_most_twenty_devices_and_the_oldest_is_evicted() {
    // All of them get what is sent to the account.
    let bench = Bench::new("account").await;
    for index in 0..21 {
        let mut phone = bench.phone(&format!("p{index}")).await;
        bench.pass(1);
        assert_eq!(phone.command(&bench, Command::SetAccount { account: "mike".into() }).await, 0);
    }
    bench.frames();
    bench.push_to(NewMessage::default(), Targets::Accounts(vec!["mike".into()])).await;
    assert_eq!(bench.frames().len(), 20);
    assert_eq!(bench.number("SELECT COUNT(*) FROM accounts WHERE device = (SELECT MIN(id) FROM devices)").await, 0);
}

#[tokio::test]
async fn a_device_hears_at_most_thirty_topics() {
    // The thirty-first is refused with Mi Push's code; one heard already is fine.
    let bench = Bench::new("topics").await;
    let mut phone = bench.phone("a").await;
    for index in 0..30 {
        let topic = format!("t{index}");
        assert_eq!(phone.command(&bench, Command::SubscribeTopic { topic }).await, 0);
    }
    let topic = |name: &str| Command::SubscribeTopic { topic: name.into() };
    assert_eq!(phone.command(&bench, topic("t30")).await, TOO_MANY_TOPICS);
    assert_eq!(phone.command(&bench, topic("t7")).await, 0);
    assert_eq!(phone.command(&bench, Command::UnsubscribeTopic { topic: "t7".into() }).await, 0);
    assert_eq!(phone.command(&bench, topic("t30")).await, 0);
}

#[tokio::test]
async fn values_that_no_app_should_send_are_refused_with_a_result() {
    // Empty, too long, with a comma, or a time that is none.
    let bench = Bench::new("bad-values").await;
    let mut phone = bench.phone("a").await;
    for command in [
        alias(""),
        alias("a,b"),
        alias("a\nb"),
        alias(&"x".repeat(NAME_BYTES + 1)),
        Command::SetAccount { account: " ".into() },
        Command::SubscribeTopic { topic: String::new() },
        Command::AcceptTime(AcceptTime { start: 0, end: 1440, utc_offset: 0 }),
        Command::AcceptTime(AcceptTime { start: 0, end: 60, utc_offset: i16::MIN }),
    ] {
        assert_eq!(phone.command(&bench, command).await, offpush_wire::code::INVALID_VALUE);
    }
}

#[tokio::test]
async fn after_unregister_servers_are_told_and_only_the_result_still_goes_to_the_phone() {
    // The regId is invalid from the commit on; its waiting messages are dropped, its log-in works for 24 h more.
    let bench = Bench::new("unregister").await;
    let mut phone = bench.phone("a").await;
    for index in 0..65 {
        bench.push(&phone, &format!("m{index}")).await;
    }
    phone.mark(&bench, 1).await;
    let frames = phone.send(&bench, Up::Command(Command::Unregister)).await;
    assert!(entries(&frames).is_empty(), "the window is full: {frames:?}");
    let frames = phone.hello(&bench).await;
    assert_eq!(titles(&frames), vec!["void"; 64]);
    let frames = phone.mark(&bench, 65).await;
    assert_eq!(titles(&frames), ["result"]);
    let target = Targets::RegIds(vec![phone.reg_id.clone()]);
    let refused = bench.core.accept(&bench.app.app_id, NewMessage::default(), target).await.unwrap_err();
    assert_eq!(refused.code, NO_VALID_TARGETS);
    assert_eq!(phone.command(&bench, alias("late")).await, offpush_wire::code::UNKNOWN_DEVICE);
    assert_eq!(bench.core.take_invalid_reg_ids(&bench.app.app_id).await.unwrap(), [phone.reg_id.as_str()]);
    assert!(bench.core.take_invalid_reg_ids(&bench.app.app_id).await.unwrap().is_empty());

    let secret = request(&bench.app, "a").secret;
    bench.pass(DAY_MS - 1);
    bench.core.clean().await.unwrap();
    assert!(bench.core.authenticate_device(&phone.reg_id, &secret).await);
    bench.pass(1);
    bench.core.clean().await.unwrap();
    assert!(!bench.core.authenticate_device(&phone.reg_id, &secret).await);
    assert!(bench.broker.devices.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_snapshot_replaces_what_the_gateway_remembers() {
    // Names and accept time as the phone has them; bindings are numbered above what it knows.
    let bench = Bench::new("snapshot").await;
    let mut phone = bench.phone("a").await;
    phone.command(&bench, alias("old")).await;
    let certificate = bench.core.create_certificate(&bench.app.app_id, offpush_wire::Click::App, None).await.unwrap();
    let report = |user: &str| Command::ReportToken {
        certificate: certificate.certificate_id.unsigned_abs(),
        user: user.into(),
        sig: bench.sig(user),
    };
    phone.command(&bench, report("mike")).await;
    let snapshot = Snapshot {
        aliases: vec!["new".into(), String::new()],
        accounts: vec!["acc".into()],
        topics: vec!["news".into()],
        accept_time: Some(AcceptTime { start: 60, end: 120, utc_offset: 0 }),
        bindings: Bindings { up_to: 7, valid: vec![5] },
    };
    phone.send(&bench, Up::Snapshot(snapshot)).await;
    let view = view(&bench, &phone).await;
    assert_eq!(
        (view.aliases, view.accounts, view.topics),
        (vec!["new".into()], vec!["acc".into()], vec!["news".into()])
    );
    assert_eq!(view.accept_time.as_deref(), Some("01:00-02:00 UTC+0"));
    assert!(view.users.is_empty());
    phone.command(&bench, report("nina")).await;
    let bindings = &phone.hello(&bench).await[0]["answer"]["bindings"];
    assert_eq!(*bindings, serde_json::json!({"upTo": 8, "valid": [8]}));
}

#[tokio::test]
async fn servers_subscribe_devices_to_topics_by_reg_id_and_by_alias() {
    // What names no device is refused as a whole.
    let bench = Bench::new("server-subscribe").await;
    let mut phone = bench.phone("a").await;
    phone.command(&bench, alias("mike")).await;
    let app = &bench.app.app_id;
    let reg_ids = [phone.reg_id.clone()];
    bench.core.subscribe(app, &reg_ids, "news", true).await.unwrap();
    bench.core.subscribe_aliases(app, &["mike".into()], "sports", true).await.unwrap();
    assert_eq!(view(&bench, &phone).await.topics, ["news", "sports"]);
    let error = bench.core.subscribe(app, &[phone.reg_id.clone(), "x".into()], "more", true).await.unwrap_err();
    assert_eq!(error.code, offpush_wire::code::UNKNOWN_DEVICE);
    bench.core.subscribe(app, &reg_ids, "news", false).await.unwrap();
    assert_eq!(view(&bench, &phone).await.topics, ["sports"]);
    assert_eq!(bench.core.valid_reg_ids(app, &[phone.reg_id.clone(), "x".into()]).await.unwrap(), reg_ids);
}

#[tokio::test]
async fn what_was_refused_for_its_length_does_not_come_back_in_full() {
    // A result that is longer than a frame would never arrive, and nothing behind it.
    let bench = Bench::new("long-argument").await;
    let mut phone = bench.phone("a").await;
    let alias = "x".repeat(100_000);
    let frames = phone.send(&bench, Up::Command(Command::SetAlias { alias })).await;
    let result = &entries(&frames)[0]["body"];
    assert_eq!(result["code"], offpush_wire::code::INVALID_VALUE);
    assert_eq!(result["arguments"][0].as_str().unwrap().len(), NAME_BYTES);
    let long = bench.core.subscribe(&bench.app.app_id, &[phone.reg_id.clone()], &"x".repeat(100_000), true).await;
    assert_eq!(long.unwrap_err().code, offpush_wire::code::INVALID_VALUE, "a topic stands in each message to it");
}

#[tokio::test]
async fn an_echo_is_answered_is_no_message_and_leaves_nothing_behind() {
    // The result carries the text; it is counted apart; however many were answered, the database has no more rows.
    let bench = Bench::new("echo").await;
    let mut phone = bench.phone("a").await;
    let echo = |text: &str| Command::Echo { text: text.into() };
    let mut rows = Vec::new();
    for index in 1..=10 {
        let text = format!("text {index}");
        let frames = phone.send(&bench, Up::Command(echo(&text))).await;
        let result = &frames[0]["entries"][0]["body"];
        assert_eq!(
            (&result["command"], &result["arguments"][0], &result["code"]),
            (&"echo".into(), &text.into(), &0.into())
        );
        assert_eq!((result["n"].as_u64(), frames[0]["applied"]["n"].as_u64()), (Some(index), Some(index)));
        phone.mark(&bench, index).await;
        rows.push(bench.number("SELECT COUNT(*) FROM entries").await);
    }
    assert_eq!(rows, vec![1; 10], "the last one settled is kept, for the next hello may name it");
    assert_eq!(bench.number("SELECT COUNT(*) FROM messages").await, 0);
    assert_eq!((bench.count(counters::UPWARD, "echo"), bench.count(counters::UPWARD, "command")), (10, 0));
    for text in ["", "a\nb", &"x".repeat(NAME_BYTES + 1)] {
        assert_eq!(phone.command(&bench, echo(text)).await, offpush_wire::code::INVALID_VALUE);
    }
}
