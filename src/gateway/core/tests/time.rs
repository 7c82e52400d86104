use offpush_wire::AcceptTime;

use super::*;

fn living(title: &str, ms: i64) -> NewMessage {
    NewMessage { title: title.into(), time_to_live: Some(ms.unsigned_abs()), ..NewMessage::default() }
}

fn to(phone: &Phone) -> Targets {
    Targets::RegIds(vec![phone.reg_id.clone()])
}

#[tokio::test]
async fn a_message_that_expires_without_a_number_never_gets_one() {
    // Others behind it are not held up, and the drop is counted.
    let bench = Bench::new("expire-waiting").await;
    let mut phone = bench.phone("a").await;
    phone.gone(&bench).await;
    for index in 0..100 {
        bench.push_to(living(&format!("short{index}"), MINUTE), to(&phone)).await;
    }
    bench.push_to(living("long", HOUR), to(&phone)).await;
    bench.pass(MINUTE);
    let frames = phone.hello(&bench).await;
    assert_eq!((titles(&frames), numbers(&frames)), (vec!["long".to_owned()], vec![1]));
    assert_eq!(bench.count(counters::DROPPED, "expired"), 100);
    assert_eq!(entries(&frames)[0]["body"]["expiresIn"], HOUR - MINUTE);
}

#[tokio::test]
async fn a_numbered_message_that_expires_becomes_void_under_its_number() {
    // The phone needs the number, not the message.
    let bench = Bench::new("expire-numbered").await;
    let mut phone = bench.phone("a").await;
    let id = bench.push_to(living("short", MINUTE), to(&phone)).await;
    bench.push_to(living("long", HOUR), to(&phone)).await;
    bench.pass(MINUTE);
    let before_the_tick = phone.hello(&bench).await;
    bench.tick().await;
    let after = phone.hello(&bench).await;
    for frames in [before_the_tick, after] {
        assert_eq!(titles(&frames), ["void", "long"]);
        assert_eq!(entries(&frames)[0]["id"], id);
    }
    assert_eq!(bench.count(counters::DROPPED, "void"), 1);
}

#[tokio::test]
async fn messages_are_withheld_while_the_accept_time_is_closed_and_released_when_it_opens() {
    // Results and the like pass; the messages wait without a number.
    let bench = Bench::new("accept-time").await;
    let mut phone = bench.phone("a").await;
    let morning = AcceptTime { start: 8 * 60, end: 22 * 60 - 1, utc_offset: 60 };
    assert_eq!(phone.command(&bench, Command::AcceptTime(morning)).await, 0);
    for title in ["one", "two"] {
        bench.push(&phone, title).await;
    }
    assert!(phone.got(&bench).is_empty());
    assert_eq!(phone.command(&bench, Command::SetAlias { alias: "mike".into() }).await, 0);
    bench.pass(7 * HOUR - 1);
    bench.tick().await;
    assert!(phone.got(&bench).is_empty());
    bench.pass(1);
    bench.tick().await;
    assert_eq!(titles(&phone.got(&bench)), ["one", "two"]);
    bench.tick().await;
    assert!(phone.got(&bench).is_empty());
}

#[tokio::test]
async fn a_pause_holds_everything_until_it_is_ended() {
    // 0:00 to 0:00 never opens; the whole day releases at once, with the result.
    let bench = Bench::new("pause").await;
    let mut phone = bench.phone("a").await;
    phone.command(&bench, Command::AcceptTime(AcceptTime { start: 0, end: 0, utc_offset: 0 })).await;
    bench.push(&phone, "one").await;
    for _ in 0..4 {
        bench.pass(12 * HOUR);
        bench.tick().await;
    }
    phone.hello(&bench).await;
    assert_eq!(bench.number("SELECT COUNT(*) FROM entries WHERE state = 0").await, 1);
    let resume = Command::AcceptTime(AcceptTime { start: 0, end: 1439, utc_offset: 0 });
    let frames = phone.send(&bench, Up::Command(resume)).await;
    assert_eq!(titles(&frames), ["one", "result"]);
}

#[tokio::test]
async fn a_scheduled_message_waits_for_its_time_and_blocks_nobody() {
    // It is fanned out when it is due, lives from then on, and can be cancelled before.
    let bench = Bench::new("schedule").await;
    let mut phone = bench.phone("a").await;
    let later = |title: &str| NewMessage { time_to_send: Some(START + HOUR), ..living(title, MINUTE) };
    let id = bench.push_to(later("later"), to(&phone)).await;
    let cancelled = bench.push_to(later("never"), to(&phone)).await;
    bench.push(&phone, "now").await;
    assert_eq!(titles(&phone.got(&bench)), ["now"]);
    phone.mark(&bench, 1).await;
    let app = &bench.app.app_id;
    assert!(bench.core.scheduled(app, &id).await.unwrap());
    assert_eq!(bench.core.cancel_scheduled(app, &Selector::Id(cancelled.clone())).await.unwrap(), 1);
    assert_eq!(bench.core.cancel_scheduled(app, &Selector::Id(cancelled.clone())).await.unwrap(), 0);
    assert!(!bench.core.scheduled(app, &cancelled).await.unwrap());
    bench.pass(HOUR - 1);
    bench.tick().await;
    assert!(phone.got(&bench).is_empty());
    bench.pass(1);
    bench.tick().await;
    assert_eq!(titles(&phone.got(&bench)), ["later"]);
    assert!(!bench.core.scheduled(app, &id).await.unwrap());
    let far = NewMessage { time_to_send: Some(START + 40 * DAY_MS), ..NewMessage::default() };
    assert_eq!(bench.core.accept(app, far, to(&phone)).await.unwrap_err().code, offpush_wire::code::INVALID_VALUE);
}

#[tokio::test]
async fn a_window_that_does_not_move_is_published_again_with_a_growing_pause() {
    // After 60 s, then 120 s, up to an hour; a mark ends it, and a phone that is gone gets nothing.
    let bench = Bench::new("resend").await;
    let mut phone = bench.phone("a").await;
    bench.push(&phone, "one").await;
    bench.push(&phone, "two").await;
    phone.got(&bench);
    for pause in [60, 120, 240, 480, 960, 1920, 3600, 3600] {
        bench.pass(pause * SECOND - 1);
        bench.tick().await;
        assert!(phone.got(&bench).is_empty(), "{pause}");
        bench.pass(1);
        bench.tick().await;
        assert_eq!(numbers(&phone.got(&bench)), [1, 2], "{pause}");
    }
    phone.mark(&bench, 1).await;
    bench.pass(MINUTE);
    bench.tick().await;
    assert_eq!(numbers(&phone.got(&bench)), [2]);
    phone.gone(&bench).await;
    bench.pass(DAY_MS);
    bench.tick().await;
    assert!(phone.got(&bench).is_empty());
    phone.hello(&bench).await;
    phone.mark(&bench, 2).await;
    bench.pass(DAY_MS);
    bench.tick().await;
    assert!(phone.got(&bench).is_empty());
}

#[tokio::test]
async fn a_broker_that_starts_again_gets_every_window_once() {
    // What was under way is lost with a broker that keeps nothing; who is gone waits for the hello.
    let bench = Bench::new("broker-ready").await;
    let (a, b) = (bench.phone("a").await, bench.phone("b").await);
    bench.broker.down.store(true, Ordering::SeqCst);
    bench.push(&a, "one").await;
    bench.push(&b, "one").await;
    bench.broker.down.store(false, Ordering::SeqCst);
    b.gone(&bench).await;
    bench.core.broker_ready().await;
    bench.settle().await;
    let frames = bench.frames();
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0].0, a.reg_id);
}

#[tokio::test]
async fn a_phone_not_seen_for_thirty_days_is_invalid_until_it_says_hello() {
    // Servers are told; its credentials still work, and a hello makes the regId valid again.
    let bench = Bench::new("unseen").await;
    let mut phone = bench.phone("a").await;
    phone.gone(&bench).await;
    bench.push(&phone, "lost").await;
    bench.pass(30 * DAY_MS);
    bench.core.clean().await.unwrap();
    let app = &bench.app.app_id;
    assert_eq!(bench.core.take_invalid_reg_ids(app).await.unwrap(), [phone.reg_id.as_str()]);
    assert_eq!(bench.core.accept(app, NewMessage::default(), to(&phone)).await.unwrap_err().code, NO_VALID_TARGETS);
    phone.hello(&bench).await;
    bench.push(&phone, "back").await;
    assert_eq!(titles(&phone.got(&bench)), ["back"]);
}

#[tokio::test]
async fn old_messages_are_forgotten_but_a_number_under_way_stays() {
    // Traces go a week after the expiry; the window must not get a gap.
    let bench = Bench::new("forget").await;
    let mut phone = bench.phone("a").await;
    let first = bench.push_to(living("one", MINUTE), to(&phone)).await;
    phone.mark(&bench, 1).await;
    phone.receipt(&bench, &first, ReceiptKind::Shown).await;
    bench.push_to(living("two", MINUTE), to(&phone)).await;
    bench.pass(MINUTE + TRACE_KEPT_MS);
    bench.tick().await;
    bench.core.clean().await.unwrap();
    assert_eq!(bench.number("SELECT COUNT(*) FROM messages").await, 0);
    assert_eq!(bench.number("SELECT COUNT(*) FROM receipts").await, 0);
    assert_eq!(bench.number("SELECT COUNT(*) FROM entries").await, 1);
    let frames = phone.hello(&bench).await;
    assert_eq!((titles(&frames), numbers(&frames)), (vec!["void".to_owned()], vec![2]));
}
