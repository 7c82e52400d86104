//! Taking what the gateway sends: in order, durably, then acknowledged, then shown.

mod common;

use common::packets::Sent;
use common::{Broker, DAY, Disk, HOUR, Input, MINUTE, Phone, SECOND, Screen, message, pass_through, path};
use offpush_engine::record::{MessageState, Record};
use offpush_engine::{Event, Output};
use offpush_wire::{Down, Have, Message, Up, UpFrame};

fn down(id: &str) -> Down {
    Down::Message(Box::new(message(id)))
}

/// The marks that the phone told, in order.
fn marks(phone: &Phone) -> Vec<Have> {
    let mark = |packet: &Sent| match packet {
        Sent::Publish { payload, .. } => UpFrame::decode(payload).expect("a frame").have,
        _ => None,
    };
    phone.packets().iter().filter_map(mark).collect()
}

fn hellos(phone: &Phone) -> usize {
    let has_hello = |packet: &&Sent| match packet {
        Sent::Publish { payload, .. } => UpFrame::decode(payload).expect("a frame").hello.is_some(),
        _ => false,
    };
    phone.packets().iter().filter(has_hello).count()
}

#[test]
fn a_publish_is_acknowledged_only_after_its_commit() {
    // Nothing leaves the phone and nothing is shown before the disk has it.
    let mut phone = Phone::connected();
    phone.disk = Disk::Held;
    phone.push_message(message("m"));
    assert!(phone.has_held_commit());
    assert_eq!((phone.packets().len(), phone.shown.len()), (0, 0));
    phone.advance(MINUTE);
    assert_eq!((phone.packets().len(), phone.shown.len()), (0, 0));
    phone.commit();
    assert_eq!(phone.acknowledged.len(), 1);
    assert_eq!(phone.shown_ids(), ["m"]);
}

#[test]
fn the_mark_is_told_only_after_its_commit_and_with_the_acknowledgement() {
    // "arrived" is the mark, and it is true: the record is on disk.
    let mut phone = Phone::connected();
    phone.disk = Disk::Held;
    phone.push_message(message("m"));
    assert_eq!(marks(&phone), []);
    phone.commit();
    assert_eq!(marks(&phone), [Have { epoch: "epoch-1".to_owned(), up_to: 1 }]);
    assert_eq!(phone.sent.len(), 1, "acknowledgement and mark in one write");
    let mark = phone.store.values().find_map(|record| match record {
        Record::Mark(mark) => Some(mark.up_to),
        _ => None,
    });
    assert_eq!(mark, Some(1));
    assert_eq!(phone.gateway.settled, 1);
}

#[test]
fn acknowledgements_come_in_the_order_of_the_publishes() {
    // MQTT asks for it, over any number of commits.
    let mut phone = Phone::connected();
    phone.disk = Disk::Held;
    for index in 0..20 {
        phone.push_message(message(&format!("m{index}")));
        if index % 7 == 0 {
            phone.commit();
        }
    }
    phone.disk = Disk::Works;
    phone.commit();
    assert!(phone.acknowledged.len() >= 20);
    assert!(phone.acknowledged.is_sorted(), "{:?}", phone.acknowledged);
    let expected: Vec<String> = (0..20).map(|index| format!("m{index}")).collect();
    assert_eq!(phone.shown_ids(), expected);
}

#[test]
fn one_read_is_one_commit() {
    // All that one read brought becomes durable together.
    let mut phone = Phone::connected();
    let frames: Vec<Vec<u8>> =
        (0..40).flat_map(|index| phone.gateway.accept(&format!("m{index}"), down(&format!("m{index}")))).collect();
    phone.disk = Disk::Held;
    phone.deliver_together(&frames);
    phone.commit();
    assert_eq!(phone.acknowledged.len(), 40, "one commit acknowledges them all");
}

#[test]
fn a_number_that_was_taken_is_ignored_and_answered_with_the_mark() {
    // A repetition shows nothing twice; the sender lacks our mark, so it is told again.
    let mut phone = Phone::connected();
    phone.push_message(message("m"));
    let frame = phone.gateway.frame(1, "m", &down("m"));
    phone.advance(SECOND);
    phone.forget();
    let packet_id = phone.deliver(&frame);
    assert_eq!(phone.shown_ids(), ["m"]);
    assert_eq!(phone.acknowledged, [packet_id]);
    assert_eq!(marks(&phone), [Have { epoch: "epoch-1".to_owned(), up_to: 1 }]);
}

#[test]
fn a_number_that_is_too_high_is_not_taken_and_hello_is_said_again() {
    // There is a gap: the phone says what it has, and the gateway starts again behind it.
    let mut phone = Phone::connected();
    phone.advance(5 * SECOND);
    let lost = phone.gateway.accept("lost", down("lost"));
    assert_eq!(lost.len(), 1);
    phone.push_message(message("next"));
    assert_eq!(hellos(&phone), 1);
    assert_eq!(phone.shown_ids(), ["lost", "next"]);
    assert_eq!(phone.gateway.settled, 2);
}

#[test]
fn hello_is_said_again_at_most_once_a_second() {
    // A burst of frames behind a gap is one question, not a hundred.
    let mut phone = Phone::connected();
    phone.advance(5 * SECOND);
    phone.gateway.present = false;
    for n in 10..60 {
        let frame = phone.gateway.frame(n, "m", &down("m"));
        phone.deliver(&frame);
    }
    assert_eq!(hellos(&phone), 1);
    phone.advance(SECOND);
    assert_eq!(hellos(&phone), 2);
    phone.advance(10 * SECOND);
    assert_eq!(hellos(&phone), 2);
    assert_eq!(phone.acknowledged.len(), 50, "what is not taken is acknowledged all the same: the gateway keeps it");
}

#[test]
fn an_unanswered_hello_is_said_again_after_thirty_seconds_and_less_and_less_often() {
    // A gateway that is not there is asked again, with growing waits, on a connection that is kept.
    let mut phone = Phone::connected();
    phone.gateway.present = false;
    phone.drop_link();
    phone.advance(30 * SECOND);
    assert_eq!(hellos(&phone), 1);
    phone.advance(3 * SECOND);
    assert_eq!(hellos(&phone), 2);
    phone.advance(DAY);
    assert!((20..40).contains(&hellos(&phone)), "{} in a day", hellos(&phone));
    phone.gateway.present = true;
    phone.push_message(message("m"));
    phone.advance(2 * HOUR);
    assert!(phone.status().gateway_present);
    assert_eq!(phone.shown_ids(), ["m"]);
    assert_eq!(phone.disconnected().len(), 1, "the connection is kept");
}

#[test]
fn entries_under_another_epoch_are_not_taken_without_an_answer_to_hello() {
    // Only the gateway's answer starts a new numbering.
    let mut phone = Phone::connected();
    phone.advance(5 * SECOND);
    phone.push_message(message("a"));
    phone.gateway.restore("epoch-2");
    phone.forget();
    phone.push_message(message("b"));
    assert_eq!(hellos(&phone), 1);
    assert!(phone.events().contains(&Event::NewEpoch { epoch: "epoch-2".to_owned() }));
    assert_eq!(phone.shown_ids(), ["a", "b"]);
}

#[test]
fn a_new_epoch_gets_a_snapshot_first_in_a_new_outbox() {
    // The gateway has gone back in time and may lack anything: it gets our state, then what still waits.
    let mut phone = Phone::connected();
    phone.alias("known");
    let before = phone.gateway.outbox.clone();
    phone.gateway.present = false;
    phone.drop_link();
    phone.alias("waiting");
    phone.gateway.restore("epoch-2");
    phone.gateway.taken.clear();
    phone.gateway.present = true;
    phone.advance(10 * SECOND);
    phone.advance(MINUTE);
    assert_ne!(phone.gateway.outbox, before);
    let Up::Snapshot(snapshot) = &phone.gateway.taken[0] else { panic!("{:?}", phone.gateway.taken) };
    assert_eq!(snapshot.aliases, ["known"]);
    assert!(matches!(&phone.gateway.taken[1], Up::Command(command) if command.arguments() == ["waiting"]));
    assert_eq!(phone.status().outbox, 0);
    assert_eq!(phone.status().mark.expect("a mark").0, "epoch-2");
}

#[test]
fn a_message_sent_again_after_a_restore_is_dropped_if_known_and_silent_if_not() {
    // A repeat under a new numbering disturbs nobody.
    let mut phone = Phone::connected();
    phone.push_message(message("known"));
    phone.gateway.restore("epoch-2");
    phone.push_message(Message { again: true, ..message("known") });
    phone.push_message(Message { again: true, ..message("unknown") });
    phone.advance(10 * SECOND);
    assert_eq!(phone.shown_ids(), ["known", "unknown"]);
    assert_eq!(phone.shown, [(1, false), (2, true)], "(number, silent)");
    assert_eq!(phone.gateway.settled, phone.gateway.last);
}

#[test]
fn what_cannot_be_understood_is_taken_and_reported_blocked() {
    // Nothing blocks what comes after it.
    let mut phone = Phone::connected();
    for (id, content) in [
        ("odd-kind", r#""kind":"hologram","body":{}"#),
        ("odd-body", r#""kind":"message","body":{"id":7}"#),
        ("no-body", r#""kind":"message""#),
        ("null", r#""kind":"withdraw","body":null"#),
    ] {
        phone.gateway.last += 1;
        let frame = phone.raw_frame(&format!(r#"{{"n":{},"id":"{id}",{content}}}"#, phone.gateway.last));
        phone.deliver(&frame);
        phone.advance(SECOND);
        assert_eq!(phone.receipts_of(id), ["blocked"]);
        let reason = phone.receipts().pop().expect("a receipt").reason;
        assert!(reason.is_some_and(|reason| !reason.is_empty()), "{id}");
    }
    phone.push_message(message("m"));
    assert_eq!(phone.shown_ids(), ["m"]);
    assert_eq!(phone.gateway.settled, 5);
}

#[test]
fn a_frame_that_is_not_ours_is_acknowledged_and_named() {
    // Garbage on the topic must not stop the flow.
    let mut phone = Phone::connected();
    for garbage in [
        &b"hello"[..],
        b"",
        b"[]",
        b"{}",
        b"\xFF\xFE",
        br#"{"v":1,"epoch":7}"#,
        br#"{"v":1,"epoch":"e","entries":[{}]}"#,
    ] {
        phone.deliver(garbage);
    }
    assert_eq!(phone.acknowledged.len(), 7);
    assert_eq!(phone.events().iter().filter(|event| matches!(event, Event::NotUnderstood { .. })).count(), 7);
    phone.push_message(message("m"));
    assert_eq!(phone.shown_ids(), ["m"]);
}

#[test]
fn a_void_number_is_taken_and_nothing_else() {
    // It only keeps the numbers without a gap.
    let mut phone = Phone::connected();
    phone.push("gone", Down::Void);
    phone.push_message(message("m"));
    assert_eq!(phone.gateway.settled, 2);
    assert_eq!(phone.message_ids(), ["m"]);
}

#[test]
fn nothing_is_said_on_a_link_before_connect() {
    // A commit that ends while the next connection is being made waits for its hello.
    let mut phone = Phone::connected();
    phone.disk = Disk::Held;
    let frames = phone.gateway.accept("m", down("m"));
    let packet_id = phone.deliver(&frames[0]);
    phone.broker = Broker::Silent;
    phone.drop_link();
    phone.advance(5 * SECOND);
    assert!(phone.link().is_some());
    phone.disk = Disk::Works;
    phone.commit();
    assert_eq!(phone.packets(), [], "no packet before CONNECT");
    assert_eq!(phone.shown_ids(), ["m"]);
    phone.broker = Broker::Accepts;
    let link = phone.link().expect("a link");
    phone.input(Input::Connected(link, path()));
    assert_eq!(phone.gateway.settled, 1);
    assert!(!phone.acknowledged.contains(&packet_id), "the acknowledgement belonged to the old link");
}

#[test]
fn a_full_phone_stops_acknowledging_resumes_and_loses_nothing() {
    // 2,000 messages wait to be shown: the rest stays with the gateway until there is room.
    let mut phone = Phone::connected();
    phone.screen = Screen::Held;
    phone.push_many(2_200);
    phone.advance(SECOND);
    let taken = phone.message_ids().len();
    assert_eq!(taken, 2_000 + 64, "64 are with the platform");
    assert_eq!(phone.status().full, Some("messages waiting to be shown"));
    assert!(phone.events().iter().any(|event| matches!(event, Event::Full { .. })));
    assert_eq!(phone.gateway.settled, taken as u64);
    assert!(phone.acknowledged.len() < taken + 64);
    phone.screen = Screen::Shows;
    for _ in 0..64 {
        phone.present(offpush_engine::input::Presented::Shown);
    }
    phone.advance(MINUTE);
    assert_eq!(phone.status().full, None);
    let expected: Vec<String> = (0..2_200).map(|index| format!("m{index}")).collect();
    assert_eq!(phone.gateway.settled, 2_200);
    assert_eq!(phone.shown.len(), expected.len());
    assert_eq!(phone.gateway.window.len(), 0);
}

#[test]
fn repetitions_to_a_full_phone_do_not_use_up_the_receive_maximum() {
    // The gateway's mark, which makes room, must always be able to come in: at most 64 PUBLISH packets are withheld.
    let mut phone = Phone::connected();
    phone.screen = Screen::Held;
    phone.push_many(2_200);
    let before = phone.acknowledged.len();
    let frames: Vec<Vec<u8>> =
        phone.gateway.window.iter().map(|(n, id, down)| phone.gateway.frame(*n, id, down)).collect();
    assert_eq!(frames.len(), 64);
    for _ in 0..3 {
        for frame in &frames {
            phone.deliver(frame);
        }
    }
    assert_eq!(phone.acknowledged.len() - before, 3 * 64);
}

#[test]
fn a_thousand_done_messages_are_kept_and_the_oldest_forgotten() {
    // Memory and disk are bounded.
    let mut phone = Phone::connected();
    phone.push_many(1_200);
    phone.advance(SECOND);
    assert_eq!(phone.message_ids().len(), 1_000);
    assert_eq!(phone.message_ids()[0], "m200");
    assert!(phone.store.len() < 2_020, "{} records", phone.store.len());
    phone.crash();
    assert_eq!(phone.message_ids().len(), 1_000);
}

#[test]
fn a_listening_app_hears_that_a_message_arrived() {
    // onNotificationMessageArrived, while the app runs; not kept for later.
    let mut phone = Phone::connected();
    phone.push_message(message("a"));
    phone.input(Input::App(true));
    phone.push_message(message("b"));
    assert_eq!(phone.callbacks, [(None, offpush_engine::Callback::Arrived { sequence: 2 })]);
}

#[test]
fn the_history_tells_when_a_message_came_when_it_was_safe_and_when_it_was_handed_over() {
    // Each step where it happens: on disk and handed over only after the commit, shown when the platform says so.
    let mut phone = Phone::connected();
    (phone.disk, phone.screen) = (Disk::Held, Screen::Held);
    let told = |phone: &Phone| -> Vec<String> {
        let step = |output: &Output| match output {
            Output::Event(Event::Arrived { id, .. }) => Some(format!("{id} arrived")),
            Output::Event(Event::Stored { id, .. }) => Some(format!("{id} stored")),
            Output::Event(Event::Message { id, state, .. }) => Some(format!("{id} {state:?}")),
            _ => None,
        };
        phone.log.iter().filter_map(|(_, output)| step(output)).collect()
    };
    phone.push_message(message("m"));
    assert_eq!(told(&phone), ["m arrived"]);
    phone.commit();
    assert_eq!(told(&phone), ["m arrived", "m stored", "m Presenting"]);
    phone.push_message(pass_through("p"));
    assert_eq!(told(&phone)[3..], ["p arrived"]);
    phone.commit();
    assert_eq!(told(&phone)[3..], ["p arrived", "p stored"]);
}

#[test]
fn what_the_platform_blocks_is_reported_with_its_reason() {
    // Permission refused for good: the server learns why.
    let mut phone = Phone::connected();
    phone.screen = Screen::Blocks("no such channel".to_owned());
    phone.push_message(message("m"));
    phone.advance(SECOND);
    assert_eq!(phone.receipts_of("m"), ["blocked"]);
    assert_eq!(phone.receipts()[0].reason.as_deref(), Some("no such channel"));
    assert_eq!(phone.state("m"), Some(MessageState::Blocked));
}

#[test]
fn what_the_platform_cannot_show_now_stays_pending_until_it_can() {
    // A refused permission may be granted: nothing is tried meanwhile, nothing is lost.
    let mut phone = Phone::connected();
    phone.screen = Screen::Later("notifications are off".to_owned());
    phone.push_message(message("a"));
    phone.push_message(message("b"));
    phone.advance(HOUR);
    assert_eq!(phone.log.iter().filter(|(_, output)| matches!(output, Output::Present { .. })).count(), 1);
    assert_eq!(phone.state("a"), Some(MessageState::Pending));
    phone.screen = Screen::Shows;
    phone.input(Input::CanPresent);
    assert_eq!(phone.shown_ids(), ["a", "b"]);
}

#[test]
fn a_folded_notification_is_reported_as_such() {
    // It went into a summary: that is neither shown nor lost.
    let mut phone = Phone::connected();
    phone.screen = Screen::Folds;
    phone.push_message(message("m"));
    phone.advance(SECOND);
    assert_eq!(phone.receipts_of("m"), ["folded"]);
}

#[test]
fn a_pass_through_message_goes_to_the_app_and_not_to_the_screen() {
    // Its receipt says shown once the app has it.
    let mut phone = Phone::connected();
    phone.push_message(pass_through("p"));
    assert_eq!(phone.shown.len(), 0);
    phone.advance(SECOND);
    assert_eq!(phone.receipts_of("p").len(), 0);
    phone.input(Input::App(true));
    phone.advance(SECOND);
    assert_eq!(phone.receipts_of("p"), ["shown"]);
}

#[test]
fn a_frame_that_makes_room_and_brings_more_is_asked_for_again_at_once() {
    // The mark in it empties the outbox after it was found full: what came with it is not left waiting.
    let mut phone = Phone::connected();
    phone.gateway.gives_results = false;
    phone.gateway.tells_applied = false;
    while phone.status().outbox < 4_096 {
        phone.alias("a");
    }
    phone.forget();
    let mut frame = offpush_wire::DownFrame::new("epoch-1");
    frame.applied = Some(offpush_wire::Applied { outbox: phone.gateway.outbox.clone(), n: phone.gateway.applied });
    frame.entries.push(offpush_wire::Entry { n: 1, id: "m".to_owned(), content: down("m") });
    let frame = frame.encode();
    phone.gateway.accept("m", down("m"));
    phone.deliver(&frame);
    assert_eq!(phone.shown_ids(), ["m"]);
    assert_eq!(phone.status().full, None);
}

#[test]
fn a_frame_under_an_unknown_epoch_makes_the_phone_say_hello_again() {
    // The gateway was restored while the broker lived on: any frame tells it, also one without entries.
    let mut phone = Phone::connected();
    phone.advance(5 * SECOND);
    phone.gateway.restore("epoch-2");
    phone.forget();
    let frame = phone.gateway.applied_frame();
    phone.deliver(&frame);
    assert_eq!(hellos(&phone), 1);
    assert_eq!(phone.status().mark.expect("a mark").0, "epoch-2");
}

#[test]
fn settings_without_brokers_change_nothing() {
    // A phone without any broker could not be told of another.
    let mut phone = Phone::connected();
    phone.push("s", Down::Settings(offpush_wire::Settings { brokers: Some(Vec::new()) }));
    phone.advance(SECOND);
    assert_eq!(phone.status().brokers, [common::BROKER]);
    phone.push("s", Down::Settings(offpush_wire::Settings { brokers: Some(vec!["mqtts://b:1".to_owned()]) }));
    phone.advance(SECOND);
    assert_eq!(phone.status().brokers, ["mqtts://b:1"]);
}
