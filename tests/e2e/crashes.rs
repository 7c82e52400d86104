//! Processes that are killed, brokers that forget, gateways that go back in time: nothing is lost, nothing shown twice.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use offpush_tests::{App, Broker, Phone, Target, World, full, on_both_brokers, wait};
use serde_json::{Value, json};

/// Waits for a random time up to this long: the moment of a kill.
fn random_moment(longest: Duration) {
    let random = RandomState::new().hash_one(0u8);
    let microseconds = random % (longest.as_micros() as u64);
    thread::park_timeout(Duration::from_micros(microseconds));
}

/// What a server that pushes without a pause knows of its messages.
#[derive(Default)]
struct Pushed {
    /// Accepted, by id, in this order.
    accepted: Vec<String>,
    /// No answer came: the message may have been accepted.
    unclear: usize,
}

/// Pushes one message after the other to the regId until `done`.
fn push_until(world: &World, reg_id: &str, done: &AtomicBool) -> Pushed {
    let mut pushed = Pushed::default();
    for number in 0.. {
        if done.load(Ordering::Relaxed) {
            break;
        }
        let title = format!("number {number}");
        let fields = [("title", title.as_str()), ("description", "a text"), ("payload", "content")];
        match world.gateway.push_call(&world.account, Target::RegId(reg_id), &fields) {
            Ok(answer) => {
                assert_eq!(answer["code"], 0, "{answer}");
                pushed.accepted.push(answer["data"]["id"].as_str().expect("an id").to_owned());
            }
            Err(_) => {
                pushed.unclear += 1;
                thread::park_timeout(Duration::from_millis(20));
            }
        }
        // Some hundred a second: what a phone shows while a debug build of everything shares two cores with it.
        thread::park_timeout(Duration::from_millis(5));
    }
    pushed
}

/// Runs `disturb` while messages are pushed.
fn under_load(world: &World, reg_id: &str, disturb: impl FnOnce()) -> Pushed {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let pusher = scope.spawn(|| push_until(world, reg_id, &done));
        /// Ends the pushing also when `disturb` panics.
        struct Done<'a>(&'a AtomicBool);
        impl Drop for Done<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let end = Done(&done);
        disturb();
        drop(end);
        pusher.join().expect("the pusher works")
    })
}

/// Waits until everything accepted is shown, then checks that it was shown once and in order.
fn all_shown_once(phone: &Phone, pushed: &Pushed) {
    assert!(!pushed.accepted.is_empty(), "nothing was pushed");
    let last = pushed.accepted.last().expect("not empty");
    wait::until_true("everything accepted is shown", 2 * wait::LATER, || {
        phone.presented().iter().rev().any(|id| id == last)
    });
    let presented = phone.presented();
    let mut times: HashMap<&str, usize> = HashMap::new();
    for id in &presented {
        *times.entry(id).or_default() += 1;
    }
    let lost: Vec<_> = pushed.accepted.iter().filter(|id| !times.contains_key(id.as_str())).collect();
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(lost.is_empty() && twice.is_empty(), "lost {lost:?}, more than once {twice:?}");
    let accepted: std::collections::HashSet<_> = pushed.accepted.iter().collect();
    let order: Vec<_> = presented.iter().filter(|id| accepted.contains(id)).collect();
    assert!(order.iter().eq(&pushed.accepted.iter().collect::<Vec<_>>()), "shown in another order than accepted");
    assert!(presented.len() <= pushed.accepted.len() + pushed.unclear, "shown more than was pushed");
}

on_both_brokers! {
    /// A daemon that is killed at random moments under load shows every message once, in order.
    fn a_daemon_killed_under_load_shows_everything_once(broker) {
        let kills = if full() { 200 } else { 20 };
        let world = World::start(broker);
        let (mut phone, app, reg_id) = world.phone("phone");
        drop(app);
        let pushed = under_load(&world, &reg_id, || {
            for _ in 0..kills {
                random_moment(Duration::from_millis(700));
                phone.kill();
                phone.start_again();
            }
        });
        all_shown_once(&phone, &pushed);
    }

    /// A message that was on disk when the daemon was killed, and not yet shown, is shown once after the restart.
    fn a_message_on_disk_is_shown_after_a_kill(broker) {
        let world = World::start(broker);
        let (mut phone, app, reg_id) = world.phone("phone");
        drop(app);
        phone.stop();
        phone.options.present_delay = Some(3_600_000);
        phone.start_again();
        let id = world.push(&reg_id, "held");
        wait::until_true("the gateway has its mark", wait::SOON, || {
            world.gateway.message(&id)["counts"]["arrived"] == 1
        });
        assert_eq!(phone.presentations(&id), 0);
        phone.kill();
        phone.options.present_delay = None;
        phone.start_again();
        phone.shows(&id);
        let after = world.push(&reg_id, "after");
        phone.shows(&after);
        assert_eq!(phone.presentations(&id), 1);
    }

    /// A gateway that is killed under load delivers every message it accepted, once.
    fn a_gateway_killed_under_load_delivers_what_it_accepted(broker) {
        let kills = if full() { 20 } else { 3 };
        let mut world = World::start(broker);
        let (phone, _app, reg_id) = world.phone("phone");
        let mut pushed = Pushed::default();
        for _ in 0..kills {
            // The gateway is killed between two pushes of this thread or during one of the other's.
            let more = {
                let process = world.gateway.take_process();
                let more = under_load(&world, &reg_id, || {
                    random_moment(Duration::from_millis(900));
                    process.kill();
                    random_moment(Duration::from_millis(100));
                });
                world.gateway.start_again(&[]);
                more
            };
            pushed.accepted.extend(more.accepted);
            pushed.unclear += more.unclear;
        }
        pushed.accepted.push(world.push(&reg_id, "the last"));
        all_shown_once(&phone, &pushed);
    }

    /// Commands given while the gateway is down and up again are each carried out once, and their results come back.
    fn commands_survive_a_restart_of_the_gateway(broker) {
        let mut world = World::start(broker);
        let (phone, mut app, _) = world.phone("phone");
        let send = |app: &mut App, alias: &str| {
            let answer = app.ask(&json!({ "op": "command", "command": "set-alias", "alias": alias }));
            assert!(answer.as_ref().is_some_and(|answer| answer.get("ok").is_some()), "{answer:?}");
        };
        send(&mut app, "one");
        world.gateway.kill();
        send(&mut app, "two");
        send(&mut app, "three");
        world.gateway.start_again(&[]);
        send(&mut app, "four");
        let mut results = Vec::new();
        while results.len() < 4 {
            let result = app.callback("command-result", wait::LATER);
            assert_eq!(result["code"], 0, "{result}");
            results.push(result["arguments"][0].as_str().expect("the alias").to_owned());
        }
        assert_eq!(results, ["one", "two", "three", "four"]);
        for alias in &results {
            let id = world.gateway.push(&world.account, Target::Alias(alias), alias);
            phone.shows(&id);
        }
    }

    /// After the gateway's data was restored from a backup, messages arrive, none shown before is shown aloud again, and
    /// what the phone had set meanwhile holds.
    fn a_restored_gateway_learns_what_it_forgot(broker) {
        let mut world = World::start(broker);
        let (phone, mut app, reg_id) = world.phone("phone");
        let before = world.push(&reg_id, "before the backup");
        phone.shows(&before);
        wait::until_true("its receipt is stored", wait::SOON, || world.gateway.message(&before)["counts"]["shown"] == 1);
        world.gateway.stop();
        let backup = world.scratch.join("backup");
        copy(world.gateway.data(), &backup);
        world.gateway.start_again(&[]);
        let lost: Vec<_> = (0..5).map(|number| world.push(&reg_id, &format!("after the backup {number}"))).collect();
        phone.shows(&lost[4]);
        assert_eq!(app.command("set-alias", json!({ "alias": "since-yesterday" }))["code"], 0);
        world.gateway.stop();
        std::fs::remove_dir_all(world.gateway.data()).expect("removed");
        copy(&backup, world.gateway.data());
        world.gateway.start_again(&["--restored"]);
        phone.connected();
        let after = world.push(&reg_id, "after the restore");
        phone.shows(&after);
        let by_alias = wait::until("the alias is known again", wait::LATER, || {
            let fields = [("title", "by alias"), ("description", "a text"), ("payload", "x")];
            let answer = world.gateway.push_call(&world.account, Target::Alias("since-yesterday"), &fields).ok()?;
            let id = answer["data"]["id"].as_str().map(str::to_owned)?;
            let devices = wait::until("its fan-out", wait::SOON, || {
                let path = world.gateway.message(&id);
                (path["state"] == "fanned-out").then(|| path["counts"]["devices"].clone())
            });
            (devices == 1).then_some(id)
        });
        phone.shows(&by_alias);
        for id in lost.iter().chain([&before, &after, &by_alias]) {
            let aloud = phone.lines().iter().filter(|line| line["id"] == **id && line.get("again").is_none()).count();
            assert_eq!(aloud, 1, "{id}");
        }
    }
}

/// A broker that is killed under load loses nothing that the gateway accepted.
#[test]
fn a_broker_killed_under_load_loses_nothing() {
    let kills = if full() { 20 } else { 3 };
    let mut world = World::start(Broker::Mosquitto);
    let (phone, _app, reg_id) = world.phone("phone");
    let mut mosquitto = world.mosquitto.take().expect("an external broker");
    let mut pushed = under_load(&world, &reg_id, || {
        for _ in 0..kills {
            random_moment(Duration::from_millis(900));
            mosquitto.kill();
            mosquitto.start_again();
        }
    });
    phone.connected();
    pushed.accepted.push(world.push(&reg_id, "the last"));
    all_shown_once(&phone, &pushed);
}

/// A broker that lost every account gets the phone's back: the phone is refused, asks the gateway, and connects again
/// with the same regId.
#[test]
fn a_wiped_broker_is_told_again_who_may_connect() {
    let mut world = World::start(Broker::Mosquitto);
    let mut options = world.options();
    options.more = vec!["--long-back-off".into(), "1".into()];
    let phone = world.phone_with("phone", options);
    let mut app = phone.app();
    let reg_id = app.callback("registered", wait::LATER)["regId"].as_str().expect("a regId").to_owned();
    phone.connected();
    world.mosquitto.as_mut().expect("an external broker").wipe();
    let id = world.push(&reg_id, "after the wipe");
    phone.shows(&id);
    let devices = world.gateway.admin("GET", "devices", &Value::Null);
    assert_eq!(devices.as_array().map(Vec::len), Some(1), "{devices}");
    assert_eq!(phone.presentations(&id), 1);
}

fn copy(from: &Path, to: &Path) {
    let status = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp runs");
    assert!(status.success(), "cp: {status}");
}
