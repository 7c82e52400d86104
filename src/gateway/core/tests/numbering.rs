use super::*;

#[tokio::test]
async fn a_push_to_a_connected_phone_is_numbered_and_published_once() {
    // One frame with the next number under the device's epoch, and none more for the mark that covers it.
    let bench = Bench::new("push-once").await;
    let mut phone = bench.phone("a").await;
    let id = bench.push(&phone, "one").await;
    bench.push(&phone, "two").await;
    let frames = phone.got(&bench);
    assert_eq!(numbers(&frames), [1, 2]);
    assert_eq!(frames[0]["epoch"], phone.have.as_ref().unwrap().epoch);
    assert_eq!(frames[0]["entries"][0]["id"], id);
    assert_eq!(frames[0]["entries"][0]["body"]["target"]["kind"], "regid");
    assert!(phone.mark(&bench, 2).await.is_empty());
}

#[tokio::test]
async fn at_most_64_entries_are_under_way_and_a_mark_lets_the_next_ones_follow() {
    // The window bounds what is published without a mark; room is used in order of acceptance.
    let bench = Bench::new("window").await;
    let mut phone = bench.phone("a").await;
    for index in 0..70 {
        bench.push(&phone, &format!("m{index}")).await;
    }
    assert_eq!(numbers(&phone.got(&bench)), (1..=64).collect::<Vec<_>>());
    let more = phone.mark(&bench, 3).await;
    assert_eq!(numbers(&more), [65, 66, 67]);
    assert_eq!(titles(&more), ["m64", "m65", "m66"]);
    assert_eq!(numbers(&phone.mark(&bench, 64).await), [68, 69, 70]);
}

#[tokio::test]
async fn a_phone_that_is_gone_gets_no_number_and_no_publication() {
    // What is accepted meanwhile waits unnumbered until the next hello.
    let bench = Bench::new("gone").await;
    let mut phone = bench.phone("a").await;
    phone.gone(&bench).await;
    bench.push(&phone, "one").await;
    assert!(phone.got(&bench).is_empty());
    assert_eq!(bench.number("SELECT last_n FROM devices").await, 0);
    assert_eq!(titles(&phone.hello(&bench).await), ["one"]);
}

#[tokio::test]
async fn the_end_of_another_connection_is_ignored() {
    // A will that arrives after the next hello does not make the device gone.
    let bench = Bench::new("gone-late").await;
    let mut phone = bench.phone("a").await;
    phone.hello(&bench).await;
    phone.gone_of(&bench, "connection-1").await;
    bench.push(&phone, "one").await;
    assert_eq!(titles(&phone.got(&bench)), ["one"]);
}

#[tokio::test]
async fn a_mark_of_another_epoch_or_beyond_the_last_number_changes_nothing() {
    // Only the next hello may settle such a disagreement.
    let bench = Bench::new("odd-marks").await;
    let mut phone = bench.phone("a").await;
    bench.push(&phone, "one").await;
    bench.push(&phone, "two").await;
    phone.mark(&bench, 1).await;
    let epoch = phone.have.clone().unwrap().epoch;
    for (epoch, up_to) in [(epoch.as_str(), 9), (epoch.as_str(), 0), ("other-0", 2), (epoch.as_str(), u64::MAX)] {
        let mut frame = UpFrame::new(&phone.outbox);
        frame.have = Some(Have { epoch: epoch.into(), up_to });
        assert!(phone.raw(&bench, &frame.encode()).await.is_empty());
        assert_eq!(bench.number("SELECT settled FROM devices").await, 1);
    }
    assert_eq!(bench.count(counters::FRAMES_IGNORED, "mark_of_another_numbering"), 4);
}

#[tokio::test]
async fn a_phone_that_repeats_its_mark_is_published_what_it_missed() {
    // A number too high makes a phone say its mark again; the window starts again behind it, but not at every repetition.
    let bench = Bench::new("gap").await;
    let mut phone = bench.phone("a").await;
    bench.broker.down.store(true, Ordering::SeqCst);
    bench.push(&phone, "lost").await;
    bench.broker.down.store(false, Ordering::SeqCst);
    bench.push(&phone, "too high").await;
    assert_eq!(numbers(&phone.got(&bench)), [2]);
    assert!(phone.mark(&bench, 0).await.is_empty(), "too soon");
    bench.pass(GAP_RESEND_MS);
    assert_eq!(titles(&phone.mark(&bench, 0).await), ["lost", "too high"]);
    assert!(phone.mark(&bench, 0).await.is_empty(), "too soon again");
}

#[tokio::test]
async fn a_withdrawn_message_without_a_number_never_gets_one_and_one_with_a_number_becomes_void() {
    // Numbers have no gaps; a phone that may have it is told to cancel it.
    let bench = Bench::new("withdraw").await;
    let mut phone = bench.phone("a").await;
    let first = bench.push(&phone, "numbered").await;
    phone.gone(&bench).await;
    let second = bench.push(&phone, "waiting").await;
    for id in [&first, &second] {
        assert_eq!(bench.core.withdraw(&bench.app.app_id, &Selector::Id(id.clone())).await.unwrap(), 1);
    }
    let frames = phone.hello(&bench).await;
    assert_eq!(titles(&frames), ["void", "withdraw"]);
    assert_eq!(numbers(&frames), [1, 2]);
    assert_eq!(entries(&frames)[0]["id"], first);
    assert_eq!(entries(&frames)[1]["body"]["messages"][0], first);
    assert_eq!(bench.core.withdraw(&bench.app.app_id, &Selector::Id(first)).await.unwrap(), 0, "already");
    assert_eq!(bench.core.withdraw("other", &Selector::Id(second)).await.unwrap(), 0, "another app's");
}

#[tokio::test]
async fn an_arrived_message_is_withdrawn_by_an_entry_of_its_own() {
    // The batch id selects as well as the message id.
    let bench = Bench::new("withdraw-arrived").await;
    let mut phone = bench.phone("a").await;
    let message = NewMessage {
        title: "one".into(),
        extra: [("jobkey".to_owned(), "job".to_owned())].into(),
        ..NewMessage::default()
    };
    let id = bench.push_to(message, Targets::RegIds(vec![phone.reg_id.clone()])).await;
    phone.mark(&bench, 1).await;
    assert_eq!(bench.core.withdraw(&bench.app.app_id, &Selector::JobKey("job".into())).await.unwrap(), 1);
    bench.settle().await;
    let frames = phone.got(&bench);
    assert_eq!(titles(&frames), ["withdraw"]);
    assert_eq!(entries(&frames)[0]["body"]["messages"][0], id);
}
