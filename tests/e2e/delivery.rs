//! What becomes of a message.

use offpush_tests::{Target, World, full, on_both_brokers, wait};
use serde_json::{Value, json};

on_both_brokers! {
    /// A message to a regId, a list of them, an alias, an account, a topic and to all is shown once on each phone meant.
    fn every_kind_of_target_reaches_its_phones(broker) {
        let world = World::start(broker);
        let (first, mut first_app, first_id) = world.phone("first");
        let (second, mut second_app, second_id) = world.phone("second");
        for (app, alias) in [(&mut first_app, "anna"), (&mut second_app, "berta")] {
            for (command, fields) in [
                ("set-alias", json!({ "alias": alias })),
                ("set-account", json!({ "account": "family" })),
                ("subscribe-topic", json!({ "topic": "news" })),
            ] {
                let result = app.command(command, fields);
                assert_eq!(result["code"], 0, "{result}");
            }
        }
        let both = format!("{first_id},{second_id}");
        let cases = [
            (Target::RegId(&first_id), 1, 0),
            (Target::RegId(&both), 1, 1),
            (Target::Alias("berta"), 0, 1),
            (Target::Account("family"), 1, 1),
            (Target::Topic("news"), 1, 1),
            (Target::All, 1, 1),
        ];
        let pushed: Vec<_> = cases
            .iter()
            .map(|(target, ..)| world.gateway.push(&world.account, *target, &format!("{target:?}").chars().take(40).collect::<String>()))
            .collect();
        let last = pushed.last().expect("pushed");
        first.shows(last);
        second.shows(last);
        for (id, (target, on_first, on_second)) in pushed.iter().zip(cases) {
            assert_eq!((first.presentations(id), second.presentations(id)), (on_first, on_second), "{target:?}");
        }
        // The last setter of an alias has it.
        assert_eq!(first_app.command("set-alias", json!({ "alias": "berta" }))["code"], 0);
        let moved = world.gateway.push(&world.account, Target::Alias("berta"), "moved");
        first.shows(&moved);
        let after = world.push(&second_id, "after");
        second.shows(&after);
        assert_eq!(second.presentations(&moved), 0);
    }

    /// Thousands of messages that wait while the daemon is away arrive in order, none lost and none twice.
    fn messages_that_waited_arrive_in_order(broker) {
        let count = if full() { 10_000 } else { 1_000 };
        let world = World::start(broker);
        let (mut phone, app, reg_id) = world.phone("phone");
        drop(app);
        phone.stop();
        let pushed: Vec<_> = (0..count).map(|number| world.push(&reg_id, &format!("number {number}"))).collect();
        phone.start_again();
        let last = pushed.last().expect("at least one").clone();
        wait::until_true("the last message is shown", 4 * wait::LATER, || {
            phone.presented().last().is_some_and(|id| *id == last)
        });
        assert_eq!(phone.presented(), pushed);
    }

    /// A message for a killed app is shown; its click starts the app, whose callback carries `ext`; the gateway knows.
    fn a_click_comes_back_to_the_app(broker) {
        let world = World::start(broker);
        let (phone, mut app, _) = world.phone("phone");
        world.log_in(&mut app, "anna");
        drop(app);
        phone.wait_for("the app is gone", wait::SOON, |page| page["app"]["listens"] == false);
        let offline = json!({ "PushFlag": 0, "Title": "Berta", "Desc": "Hello", "Ext": "{\"entity\":{\"chat\":7}}" });
        let sent = world.gateway.send_im(&world.account, "anna", "Hello from Berta", offline);
        assert_eq!((&sent["ActionStatus"], &sent["ErrorCode"]), (&json!("OK"), &json!(0)), "{sent}");
        let id = wait::until("the notification", wait::SOON, || phone.presented().first().cloned());
        let shown = phone.notification(&id).expect("listed");
        assert_eq!((&shown["title"], &shown["description"]), (&json!("Berta"), &json!("Hello")));
        let clicked = phone.tool(&["click", &id]);
        assert!(clicked.status.success(), "{clicked:?}");
        let callback = phone.app().callback("notification-clicked", wait::SOON);
        assert_eq!(callback["message"]["extra"]["ext"], "{\"entity\":{\"chat\":7}}", "{callback}");
        let steps = wait::until("the receipts at the gateway", wait::SOON, || {
            let path = world.gateway.message(&id);
            (path["counts"]["clicked"] == 1).then_some(path)
        });
        for count in ["arrived", "shown", "clicked"] {
            assert!(steps.to_string().contains(&format!("\"step\":\"{count}\"")), "{count} in {steps}");
        }
    }

    /// An IM message without a title shows "a new message".
    fn an_im_message_without_a_title_has_one(broker) {
        let world = World::start(broker);
        let (phone, mut app, _) = world.phone("phone");
        world.log_in(&mut app, "anna");
        let sent = world.gateway.send_im(&world.account, "anna", "The text", json!({ "PushFlag": 0 }));
        assert_eq!(sent["ActionStatus"], "OK", "{sent}");
        let line = wait::until("the notification", wait::SOON, || phone.lines().first().cloned());
        assert_eq!((&line["title"], &line["description"]), (&json!("a new message"), &json!("The text")));
    }

    /// When a user is forced offline, what was not shown is never shown, what was shown is cancelled, the next is not sent.
    fn a_user_forced_offline_sees_nothing_more(broker) {
        let world = World::start(broker);
        let mut options = world.options();
        let phone = {
            let (mut phone, mut app, _) = world.phone("phone");
            world.log_in(&mut app, "anna");
            let sent = world.gateway.send_im(&world.account, "anna", "shown", json!({}));
            assert_eq!(sent["ActionStatus"], "OK", "{sent}");
            wait::until_true("the first is shown", wait::SOON, || phone.presented().len() == 1);
            phone.stop();
            // From now on nothing is shown while the test looks on.
            options.present_delay = Some(3_600_000);
            phone.options = options;
            phone.start_again();
            phone.connected();
            phone
        };
        for number in 0..10 {
            let sent = world.gateway.send_im(&world.account, "anna", &format!("waiting {number}"), json!({}));
            assert_eq!(sent["ActionStatus"], "OK", "{sent}");
        }
        phone.wait_for("ten are on disk", wait::SOON, |page| {
            let count = |state: &str| page["messages"][state].as_u64().unwrap_or(0);
            count("pending") + count("presenting") == 10
        });
        let kicked = world.gateway.im_call(&world.account, "im_open_login_svc/kick", &json!({ "UserID": "anna" }));
        assert_eq!(kicked["ActionStatus"], "OK", "{kicked}");
        phone.wait_for("none waits any more", wait::SOON, |page| {
            let count = |state: &str| page["messages"][state].as_u64().unwrap_or(0);
            count("pending") + count("presenting") == 0
        });
        let shown = phone.presented();
        assert_eq!(shown.len(), 1);
        wait::until_true("the shown one is cancelled", wait::SOON, || phone.is_cancelled(&shown[0]));
        let before = phone.status().expect("it runs")["mark"]["upTo"].clone();
        let refused = world.gateway.send_im(&world.account, "anna", "the next one", json!({}));
        let devices = world.gateway.admin("GET", "messages", &Value::Null);
        assert_eq!(phone.status().expect("it runs")["mark"]["upTo"], before, "{refused} {devices}");
    }

    /// Of two messages with the same job key a phone shows the first.
    fn a_job_key_is_shown_once(broker) {
        let world = World::start(broker);
        let (phone, _app, reg_id) = world.phone("phone");
        let push = |title: &str| {
            let fields = [("title", title), ("description", "a text"), ("payload", "x"), ("extra.jobkey", "batch-1")];
            world.gateway.push_with(&world.account, Target::RegId(&reg_id), &fields)
        };
        let (first, second) = (push("first"), push("second"));
        let after = world.push(&reg_id, "after");
        phone.shows(&after);
        assert_eq!((phone.presentations(&first), phone.presentations(&second)), (1, 0));
    }

    /// A message whose time is over before the phone comes back is not shown, and blocks nothing behind it.
    fn an_expired_message_is_not_shown(broker) {
        let world = World::start(broker);
        let (mut phone, app, reg_id) = world.phone("phone");
        drop(app);
        phone.stop();
        let fields = [("title", "short"), ("description", "a text"), ("payload", "x"), ("time_to_live", "300")];
        let short = world.gateway.push_with(&world.account, Target::RegId(&reg_id), &fields);
        let after = world.push(&reg_id, "after");
        wait::until_true("its time is over", wait::SOON, || {
            let expires = world.gateway.message(&short)["expiresAt"].as_i64().expect("a time");
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
            now.as_millis() as i64 > expires
        });
        phone.start_again();
        phone.shows(&after);
        assert_eq!(phone.presentations(&short), 0);
    }

    /// While the app has paused, nothing is shown; after `resume` it is.
    fn a_pause_holds_messages_back(broker) {
        let world = World::start(broker);
        let (phone, mut app, reg_id) = world.phone("phone");
        assert!(phone.tool(&["pause"]).status.success());
        phone.wait_for("the pause is confirmed", wait::SOON, |page| page["names"]["acceptTime"]["end"] == "00:00");
        let id = world.push(&reg_id, "held back");
        // The answer to a later command shows that the gateway had the time to send it.
        assert_eq!(app.command("set-alias", json!({ "alias": "anna" }))["code"], 0);
        assert_eq!(phone.presentations(&id), 0);
        assert!(phone.tool(&["resume"]).status.success());
        phone.shows(&id);
        assert_eq!(phone.presentations(&id), 1);
    }

    /// A pass-through message reaches the app as a callback, when it listens, and shows no notification.
    fn a_pass_through_message_reaches_the_app(broker) {
        let world = World::start(broker);
        let (phone, app, reg_id) = world.phone("phone");
        drop(app);
        let fields = [("pass_through", "1"), ("payload", "for the app"), ("title", "t"), ("description", "d")];
        world.gateway.push_with(&world.account, Target::RegId(&reg_id), &fields);
        let callback = phone.app().callback("pass-through-message", wait::SOON);
        assert_eq!(callback["message"]["content"], "for the app", "{callback}");
        assert_eq!(phone.presented(), Vec::<String>::new());
    }

    /// Every `extra.*` reaches the phone as it was given, an intent URI unparsed.
    fn extras_arrive_as_they_were_given(broker) {
        let world = World::start(broker);
        let (phone, _app, reg_id) = world.phone("phone");
        let uri = "intent:#Intent;component=com.example.app/.Chat;S.a=%20%3D&+;end";
        let fields = [
            ("title", "Grüße 🎈"), ("description", "a \"text\"\nwith lines"), ("payload", "%7Bx%7D"),
            ("extra.notify_effect", "2"), ("extra.intent_uri", uri), ("extra.custom", "ü=&"), ("notify_id", "7"),
        ];
        let id = world.gateway.push_with(&world.account, Target::RegId(&reg_id), &fields);
        phone.shows(&id);
        let shown = phone.notification(&id).expect("listed");
        assert_eq!(shown["title"], "Grüße 🎈");
        assert_eq!(shown["description"], "a \"text\"\nwith lines");
        assert_eq!(shown["extra"]["custom"], "ü=&");
        assert_eq!(shown["click"], json!({ "type": "page", "intentUri": uri }));
        assert_eq!(shown["notifyId"], 7);
    }
}
