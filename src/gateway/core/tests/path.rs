use super::*;

fn steps(path: &MessagePath) -> Vec<&str> {
    path.steps.iter().map(|step| step.step.as_str()).collect()
}

#[tokio::test]
async fn the_path_of_a_message_is_told_step_by_step() {
    // From acceptance to the click, with the number.
    let bench = Bench::new("path").await;
    let mut phone = bench.phone("a").await;
    bench.pass(1);
    let id = bench.push(&phone, "one").await;
    bench.core.flush_published().await;
    bench.pass(1);
    phone.mark(&bench, 1).await;
    for what in [ReceiptKind::Shown, ReceiptKind::Clicked] {
        bench.pass(1);
        phone.receipt(&bench, &id, what).await;
    }
    let path = bench.core.message(Some(&bench.app.app_id), &id).await.unwrap().unwrap();
    let expected = ["accepted", "fanned-out", "queued", "numbered", "published", "arrived", "shown", "clicked"];
    assert_eq!(steps(&path), expected);
    assert_eq!(path.steps[3].detail.as_deref(), Some("n 1"));
    assert_eq!(path.steps[7].at, START + 4);
    let counts = MessageCounts { devices: 1, arrived: 1, shown: 1, clicked: 1, ..MessageCounts::default() };
    assert_eq!(path.message.counts, counts);
    assert!(bench.core.message(Some("other"), &id).await.unwrap().is_none(), "another app's");
    let days = bench.core.day_counters(&bench.app.app_id, 0, i64::MAX).await.unwrap();
    assert_eq!(days.len(), 1);
    assert_eq!(
        (days[0].date.as_str(), days[0].regid_recipients, days[0].received, days[0].click),
        ("20260101", 1, 1, 1)
    );
}

#[tokio::test]
async fn a_receipt_counts_once_and_only_from_a_device_that_was_sent_the_message() {
    // A repetition under a new outbox changes nothing; a stranger's claim is counted and dropped.
    let bench = Bench::new("receipts").await;
    let (mut a, mut b) = (bench.phone("a").await, bench.phone("b").await);
    let id = bench.push(&a, "one").await;
    a.receipt(&bench, &id, ReceiptKind::Shown).await;
    a.outbox = "second".into();
    a.sent = 0;
    a.receipt(&bench, &id, ReceiptKind::Shown).await;
    b.receipt(&bench, &id, ReceiptKind::Clicked).await;
    b.receipt(&bench, "unknown", ReceiptKind::Blocked).await;
    let counts = bench.core.message(None, &id).await.unwrap().unwrap().message.counts;
    assert_eq!((counts.shown, counts.clicked), (1, 0));
    assert_eq!(bench.count(counters::UPWARD, "receipt_of_unknown_message"), 2);
}

#[tokio::test]
async fn what_did_not_arrive_says_why() {
    // Expired without a number, withdrawn under way, refused by the phone.
    let bench = Bench::new("path-why").await;
    let mut phone = bench.phone("a").await;
    let app = bench.app.app_id.clone();
    let withdrawn = bench.push(&phone, "withdrawn").await;
    bench.core.withdraw(&app, &Selector::Id(withdrawn.clone())).await.unwrap();
    let blocked = bench.push(&phone, "blocked").await;
    let at = bench.core.now();
    let receipt = Receipt { id: blocked.clone(), what: ReceiptKind::Blocked, reason: Some("no permission".into()), at };
    phone.send(&bench, Up::Receipt(receipt)).await;
    phone.gone(&bench).await;
    let message = NewMessage { time_to_live: Some(1), ..NewMessage::default() };
    let expired = bench.push_to(message, Targets::RegIds(vec![phone.reg_id.clone()])).await;
    bench.pass(1);
    bench.tick().await;
    let path = async |id: &str| bench.core.message(None, id).await.unwrap().unwrap();
    let withdrawn = path(&withdrawn).await;
    let step = withdrawn.steps.iter().find(|step| step.step == "void").unwrap();
    assert_eq!(step.detail.as_deref(), Some("withdrawn"));
    let expired = path(&expired).await;
    assert_eq!(steps(&expired), ["accepted", "fanned-out", "queued", "expired"]);
    assert_eq!(expired.message.counts.expired, 1);
    let blocked = path(&blocked).await;
    let step = blocked.steps.iter().find(|step| step.step == "blocked").unwrap();
    assert_eq!(step.detail.as_deref(), Some("no permission"));
    let all = bench.core.messages(Some(&app), 10).await.unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!(all[2].counts.withdrawn, 1);
    assert_eq!(bench.core.messages_between(&app, START, START).await.unwrap().len(), 3);
    assert!(bench.core.messages_by_job_key(&app, "none").await.unwrap().is_empty());
    assert_eq!(bench.core.devices(Some(&app), 10).await.unwrap().len(), 1);
}
