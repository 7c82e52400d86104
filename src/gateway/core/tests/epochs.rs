use super::*;

/// A phone that took `taken` of three messages that were published to it.
async fn three(bench: &Bench, taken: u64) -> (Phone, Vec<String>) {
    let mut phone = bench.phone("a").await;
    let mut ids = Vec::new();
    for title in ["one", "two", "three"] {
        ids.push(bench.push(&phone, title).await);
    }
    phone.mark(bench, taken).await;
    (phone, ids)
}

#[tokio::test]
async fn a_phone_that_lost_its_mark_gets_a_new_epoch_and_the_rest_marked_as_repetitions() {
    // Without a mark after some had arrived: what is unsettled is numbered anew from 1 and shown silently.
    let bench = Bench::new("lost-mark").await;
    let (mut phone, _) = three(&bench, 1).await;
    let old = phone.have.take().unwrap().epoch;
    let frames = phone.hello(&bench).await;
    assert_ne!(frames[0]["epoch"], old);
    assert_eq!(titles(&frames), ["two", "three"]);
    assert_eq!(numbers(&frames), [1, 2]);
    assert_eq!(entries(&frames)[0]["body"]["again"], true);
    bench.push(&phone, "four").await;
    let fresh = phone.got(&bench);
    assert_eq!(numbers(&fresh), [3]);
    assert_eq!(entries(&fresh)[0]["body"].get("again"), None);
}

#[tokio::test]
async fn a_phone_with_nothing_takes_up_the_current_epoch_when_nothing_ever_arrived() {
    // The first answer was lost: no new epoch, the same numbers.
    let bench = Bench::new("first-answer-lost").await;
    let (mut phone, _) = three(&bench, 0).await;
    let epoch = phone.have.take().unwrap().epoch;
    let frames = phone.hello(&bench).await;
    assert_eq!(frames[0]["epoch"], epoch);
    assert_eq!(numbers(&frames), [1, 2, 3]);
}

#[tokio::test]
async fn a_mark_of_a_number_never_given_settles_nothing_and_draws_a_new_epoch() {
    // The gateway has gone back in time unnoticed: better shown twice than lost.
    let bench = Bench::new("never-given").await;
    let (mut phone, _) = three(&bench, 1).await;
    phone.have.as_mut().unwrap().up_to = 9;
    let frames = phone.hello(&bench).await;
    assert_eq!(titles(&frames), ["two", "three"]);
    assert_eq!(numbers(&frames), [1, 2]);
    assert_eq!(bench.count(counters::NEW_GENERATION, "number_never_given"), 1);
}

#[tokio::test]
async fn another_entry_under_the_marks_number_draws_a_new_epoch() {
    // The identity tells apart what the number alone cannot.
    let bench = Bench::new("other-entry").await;
    let (mut phone, ids) = three(&bench, 1).await;
    phone.have.as_mut().unwrap().up_to = 2;
    let frames = phone.hello_with(&bench, Some("another")).await;
    assert_eq!(titles(&frames), ["two", "three"]);
    assert_eq!(bench.count(counters::NEW_GENERATION, "other_entry"), 1);
    phone.have.as_mut().unwrap().up_to = 1;
    let frames = phone.hello_with(&bench, Some(&ids[1])).await;
    assert_eq!(numbers(&frames), [2]);
    assert_eq!(bench.count(counters::NEW_GENERATION, "other_entry"), 1);
}

#[tokio::test]
async fn a_mark_under_the_prior_epoch_settles_what_it_covers() {
    // The answer that brought the new epoch was lost; the old numbers are still known.
    let bench = Bench::new("prior-epoch").await;
    let (mut phone, _) = three(&bench, 1).await;
    let old = phone.have.take().unwrap();
    phone.hello(&bench).await;
    phone.have = Some(Have { up_to: 2, ..old });
    let frames = phone.hello(&bench).await;
    assert_eq!(titles(&frames), ["three"]);
    assert_eq!(numbers(&frames), [1]);
}

#[tokio::test]
async fn a_hello_repeated_under_the_prior_epoch_does_not_draw_one_epoch_after_the_other() {
    // Answers may cross with repeated hellos; the same question gets the same answer.
    let bench = Bench::new("prior-again").await;
    let (mut phone, _) = three(&bench, 1).await;
    phone.have.as_mut().unwrap().up_to = 0;
    let old = phone.have.clone();
    let first = phone.hello(&bench).await;
    phone.have = old;
    let second = phone.hello(&bench).await;
    assert_eq!(second[0]["epoch"], first[0]["epoch"]);
    assert_eq!(numbers(&second), numbers(&first));
}

#[tokio::test]
async fn after_a_restored_backup_nothing_is_numbered_before_the_hello_that_settles_the_old_epoch() {
    // A phone that is still connected is asked for a hello; its mark covers what the backup knew, and the rest comes
    // under a new epoch.
    let mut bench = Bench::new("restored").await;
    let (mut phone, _) = three(&bench, 1).await;
    restored(&bench.core.0.db).await.unwrap();
    bench.restart().await;
    bench.push(&phone, "four").await;
    assert!(phone.got(&bench).is_empty());
    bench.core.broker_ready().await;
    bench.settle().await;
    let asked = phone.got(&bench);
    assert_eq!(asked.len(), 1);
    assert!(entries(&asked).is_empty());
    assert_ne!(asked[0]["epoch"], phone.have.as_ref().unwrap().epoch);
    phone.have.as_mut().unwrap().up_to = 2;
    let old = phone.have.clone().unwrap().epoch;
    let frames = phone.hello(&bench).await;
    assert_ne!(frames[0]["epoch"], old);
    assert_eq!(titles(&frames), ["three", "four"]);
    assert_eq!(numbers(&frames), [1, 2]);
    assert_eq!(entries(&frames)[0]["body"]["again"], true);
    assert_eq!(entries(&frames)[1]["body"].get("again"), None);
    let again = phone.hello(&bench).await;
    assert_eq!(again[0]["epoch"], frames[0]["epoch"], "once is enough");
}

#[tokio::test]
async fn a_restored_gateway_takes_a_mark_beyond_what_the_backup_knew() {
    // The phone went on after the backup was taken: everything numbered in it has arrived.
    let mut bench = Bench::new("restored-beyond").await;
    let (mut phone, _) = three(&bench, 1).await;
    restored(&bench.core.0.db).await.unwrap();
    bench.restart().await;
    phone.have.as_mut().unwrap().up_to = 40;
    let frames = phone.hello_with(&bench, Some("made after the backup")).await;
    assert!(entries(&frames).is_empty());
    assert_eq!(bench.number("SELECT COUNT(*) FROM entries WHERE state = 2").await, 3);
}

#[tokio::test]
async fn a_new_epoch_leaves_out_what_is_void() {
    // Only what is still wanted gets a number again.
    let bench = Bench::new("void-not-renumbered").await;
    let (mut phone, ids) = three(&bench, 1).await;
    bench.core.withdraw(&bench.app.app_id, &Selector::Id(ids[1].clone())).await.unwrap();
    phone.have = None;
    assert_eq!(titles(&phone.hello(&bench).await), ["three", "withdraw"]);
}

#[tokio::test]
async fn a_plain_restart_keeps_epoch_numbers_and_marks() {
    // Everything is in the database.
    let mut bench = Bench::new("restart").await;
    let (mut phone, _) = three(&bench, 1).await;
    bench.restart().await;
    bench.core.broker_ready().await;
    bench.settle().await;
    let frames = phone.got(&bench);
    assert_eq!(numbers(&frames), [2, 3]);
    let epoch = phone.have.clone().unwrap().epoch;
    assert_eq!(frames[0]["epoch"], epoch);
    assert!(phone.mark(&bench, 3).await.is_empty());
}
