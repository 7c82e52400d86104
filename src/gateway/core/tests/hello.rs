use super::*;

#[tokio::test]
async fn a_hello_is_answered_at_once_with_mark_bindings_and_time_before_any_entry() {
    // The first frame is the answer, alone; what is missing follows in order.
    let bench = Bench::new("hello").await;
    let mut phone = bench.absent_phone("a").await;
    bench.push(&phone, "one").await;
    bench.push(&phone, "two").await;
    let frames = phone.hello(&bench).await;
    let answer = &frames[0];
    assert_eq!(answer["answer"]["connection"], phone.connection);
    assert_eq!(answer["answer"]["time"], START);
    assert_eq!(answer["answer"]["bindings"]["upTo"], 0);
    assert_eq!(answer["applied"]["outbox"], phone.outbox);
    assert_eq!(answer["applied"]["n"], 0);
    assert!(answer.get("entries").is_none());
    assert_eq!(titles(&frames), ["one", "two"]);
    assert_eq!(numbers(&frames), [1, 2]);
}

#[tokio::test]
async fn the_answer_to_a_hello_says_how_far_phones_should_spread() {
    // Twice as long as it takes to let all in that are connected, at the rate that the broker should get: two a second.
    let bench = Bench::new("hello-window").await;
    let mut phones = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        phones.push(bench.phone(name).await);
    }
    bench.core.count_connected().await.unwrap();
    let frames = phones[0].hello(&bench).await;
    assert_eq!(frames[0]["answer"]["reconnectWindow"], 6);
}

#[tokio::test]
async fn the_answer_to_a_hello_says_since_when_the_broker_is_there() {
    // A phone must not blame its network for a silence that a broker's end caused.
    let bench = Bench::new("hello-broker").await;
    let mut phone = bench.phone("a").await;
    assert_eq!(phone.hello(&bench).await[0]["answer"]["brokerSince"], START);
    bench.pass(30 * SECOND);
    bench.core.broker_ready().await;
    bench.pass(SECOND);
    assert_eq!(phone.hello(&bench).await[0]["answer"]["brokerSince"], START + 30 * SECOND);
}

#[tokio::test]
async fn the_same_hello_twice_is_answered_twice() {
    // A phone repeats an unanswered hello; sessions are clean, so the whole window follows again.
    let bench = Bench::new("hello-twice").await;
    let mut phone = bench.phone("a").await;
    bench.push(&phone, "one").await;
    let first = phone.hello(&bench).await;
    phone.connections -= 1;
    bench.pass(30 * SECOND);
    let second = phone.hello(&bench).await;
    assert_eq!(titles(&first), ["one"]);
    assert_eq!(titles(&second), ["one"]);
    assert_eq!(second[0]["answer"]["connection"], first[0]["answer"]["connection"]);
    assert_eq!(bench.number("SELECT connected_since FROM devices").await, START);
}

#[tokio::test]
async fn a_hello_with_a_mark_settles_and_gets_only_what_is_behind_it() {
    // What the mark covers has arrived and is not sent again; the epoch stays.
    let bench = Bench::new("hello-mark").await;
    let mut phone = bench.phone("a").await;
    let first = bench.push(&phone, "one").await;
    bench.push(&phone, "two").await;
    phone.have.as_mut().unwrap().up_to = 1;
    let epoch = phone.have.clone().unwrap().epoch;
    let frames = phone.hello_with(&bench, Some(&first)).await;
    assert_eq!(frames[0]["epoch"], epoch);
    assert_eq!(titles(&frames), ["two"]);
    assert_eq!(numbers(&frames), [2]);
    assert_eq!(entries(&frames)[0]["body"].get("again"), None);
}

#[tokio::test]
async fn a_hello_names_the_connection_the_network_and_the_version_for_the_console() {
    // What the phone says of itself is shown with the device.
    let bench = Bench::new("hello-view").await;
    let phone = bench.phone("a").await;
    let view = bench.core.device(&phone.reg_id).await.unwrap().unwrap();
    assert!(view.connected);
    assert_eq!((view.network.as_deref(), view.heartbeat), (Some("wifi"), Some(240)));
    assert_eq!(view.state, "valid");
    phone.gone(&bench).await;
    assert!(!bench.core.device(&phone.reg_id).await.unwrap().unwrap().connected);
}

#[tokio::test]
async fn what_is_no_frame_of_a_known_device_is_counted_and_changes_nothing() {
    // Garbage, frames that are too long, and strangers.
    let bench = Bench::new("garbage").await;
    let phone = bench.phone("a").await;
    for payload in [&b"{"[..], b"[]", b"", b"{\"v\":1}", &[0xff; 10]] {
        assert!(phone.raw(&bench, payload).await.is_empty());
    }
    phone.raw(&bench, &vec![b' '; offpush_wire::MAXIMUM_FRAME_BYTES + 1]).await;
    phone.raw(&bench, &UpFrame::new(&"x".repeat(ID_BYTES + 1)).encode()).await;
    assert_eq!(bench.count(counters::FRAMES_IGNORED, "id_too_long"), 1);
    bench.core.handle_uplink("nobody", UpFrame::new("x").encode()).await;
    assert_eq!(bench.count(counters::FRAMES_IGNORED, "malformed"), 5);
    assert_eq!(bench.count(counters::FRAMES_IGNORED, "too_long"), 1);
    assert_eq!(bench.count(counters::FRAMES_IGNORED, "unknown_device"), 1);
}

#[tokio::test]
async fn a_phone_that_speaks_and_is_not_known_to_be_connected_is_asked_for_a_hello() {
    // Its hello was lost: a frame under an epoch that it does not have makes it say it again. What it says counts.
    let bench = Bench::new("hello-lost").await;
    let mut phone = bench.phone("a").await;
    phone.gone(&bench).await;
    let frames = phone.send(&bench, Up::Command(Command::SetAlias { alias: "x".into() })).await;
    assert_eq!(frames[0]["applied"]["n"], 1);
    assert_eq!(frames.len(), 2);
    assert_ne!(frames[1]["epoch"], phone.have.as_ref().unwrap().epoch);
    assert!(entries(&frames).is_empty(), "nothing is numbered before the hello");
    assert_eq!(titles(&phone.hello(&bench).await), ["result"]);
}

#[tokio::test]
async fn a_device_that_nobody_listens_for_gets_nothing_until_its_hello() {
    // The broker says so of a frame; what is accepted then waits without a number, and nothing is sent again.
    let bench = Bench::new("absent").await;
    let mut phone = bench.phone("a").await;
    bench.push(&phone, "one").await;
    phone.got(&bench);
    bench.core.handle_absent(&phone.reg_id).await;
    bench.core.handle_absent(&phone.reg_id).await;
    assert_eq!(bench.count(counters::PUBLISHED, "nobody_listens"), 1);
    bench.push(&phone, "two").await;
    bench.pass(HOUR);
    bench.tick().await;
    assert!(phone.got(&bench).is_empty());
    let frames = phone.hello(&bench).await;
    assert_eq!((titles(&frames), numbers(&frames)), (vec!["one".to_owned(), "two".to_owned()], vec![1, 2]));
}

#[tokio::test]
async fn an_answer_names_the_connection_before_this_one() {
    // Also when that one is gone, and however often the hello is repeated: a phone that did not make it shares its identity.
    let bench = Bench::new("previous").await;
    let mut phone = bench.phone("a").await;
    let before = phone.connection.clone();
    phone.gone(&bench).await;
    let first = phone.hello(&bench).await;
    assert_eq!(first[0]["answer"]["previous"], before);
    phone.connections -= 1;
    let again = phone.hello(&bench).await;
    assert_eq!(again[0]["answer"]["previous"], before);
}
