//! Days as a whole: repeatable, nothing lost, nothing wasted.

use offpush_sim::{Day, Fate, Run, Strategy, days, run};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

fn built_in() -> Vec<Day> {
    days::all().expect("the built-in days are days")
}

fn day(text: &str) -> Day {
    Day::parse("test", text).expect("a day")
}

/// A day of so many hours on one Wi-Fi with this NAT.
fn on_wifi(hours: u64, nat: &str, more: &str) -> Day {
    day(&format!(
        r#"
title = "a test"
begins = "00:00"
ends = "{hours:02}:00"
[[network]]
name = "wifi"
transport = "wifi"
{nat}
round-trip = "40ms"
[[move]]
at = "00:00"
network = "wifi"
{more}
"#
    ))
}

/// The interval in use just before a moment.
fn interval_at(run: &Run, at: u64) -> u64 {
    run.trace.intervals.iter().rev().find(|interval| interval.from < at).expect("one").interval
}

#[test]
fn there_are_built_in_days_for_what_a_phone_meets() {
    // Each name is a file that parses, and there are more than the dozen that was asked for.
    let days = built_in();
    assert_eq!(days.len(), days::NAMES.len());
    assert!(days.len() >= 15);
    for day in &days {
        assert!(days::text(&day.name).is_some());
        assert!(day.lasts >= HOUR);
    }
    assert_eq!(days::text("no-such-day"), None);
}

#[test]
fn the_same_seed_gives_the_same_day() {
    // Every strategy on every day: the same trace, and so the same picture, byte for byte.
    for day in built_in() {
        for strategy in Strategy::ALL {
            let (first, second) = (run(&day, strategy, 7), run(&day, strategy, 7));
            assert_eq!(first, second, "{} {strategy}", day.name);
            assert_eq!(offpush_sim::plot::day(&day, &[first]), offpush_sim::plot::day(&day, &[second]));
        }
    }
}

#[test]
fn another_seed_gives_another_day() {
    // What is random differs, and what the day's file says does not.
    let day = &built_in()[1];
    let (first, second) = (run(day, Strategy::Oracle, 1), run(day, Strategy::Oracle, 2));
    assert_ne!(first.trace.messages, second.trace.messages);
    assert_eq!(first.trace.no_network, second.trace.no_network);
}

#[test]
fn all_strategies_get_the_same_messages() {
    // What is sent does not depend on who listens.
    for day in built_in() {
        let sent = |strategy| -> Vec<u64> { run(&day, strategy, 3).trace.messages.iter().map(|(at, _)| *at).collect() };
        let ours = sent(Strategy::Offpush);
        for strategy in Strategy::ALL {
            assert_eq!(sent(strategy), ours, "{} {strategy}", day.name);
        }
    }
}

#[test]
fn every_message_is_delivered_or_expired_and_none_twice() {
    // Conservation, for ours, on all days and several seeds: what is neither is still under way at the very end.
    for day in built_in() {
        for seed in 1..=5 {
            let run = run(&day, Strategy::Offpush, seed);
            assert_eq!(run.trace.repeated, 0, "{} seed {seed}", day.name);
            for (sent, fate) in &run.trace.messages {
                let recent = day.lasts - sent < 35 * MINUTE;
                assert!(*fate != Fate::UnderWay || recent, "{} seed {seed}: sent at {sent}", day.name);
            }
            let metrics = &run.metrics;
            assert!(metrics.delivered + metrics.expired <= metrics.sent);
        }
    }
}

#[test]
fn a_message_whose_time_is_over_is_expired_not_shown() {
    // Sent while there is no network and worth a minute: the phone never shows it.
    let day = on_wifi(
        6,
        r#"nat = "2h""#,
        r#"
[[move]]
at = "01:00"
network = "none"
[[move]]
at = "02:00"
network = "wifi"
[messages]
at = ["00:30", "01:30", "03:00"]
expire-after = "1m"
"#,
    );
    for strategy in Strategy::ALL {
        let fates: Vec<Fate> = run(&day, strategy, 1).trace.messages.into_iter().map(|(_, fate)| fate).collect();
        assert!(matches!(fates[..], [Fate::Delivered(_), Fate::Expired, Fate::Delivered(_)]), "{strategy} {fates:?}");
    }
}

#[test]
fn ours_does_not_wake_up_without_a_network() {
    // Hours in a plane cost nothing: no attempt, no timer.
    let day = built_in().into_iter().find(|day| day.name == "airplane-mode").expect("it");
    for seed in 1..=5 {
        let trace = run(&day, Strategy::Offpush, seed).trace;
        assert_eq!(trace.no_network.len(), 2);
        for gap in &trace.no_network {
            let within = |at: &&u64| gap.start + 2 * MINUTE < **at && **at < gap.end;
            assert_eq!(trace.wakes.iter().find(within), None);
            assert_eq!(trace.connects.iter().find(|at| gap.contains(at)), None);
        }
    }
}

#[test]
fn ours_makes_no_attempt_while_the_system_blocks_its_network() {
    // In Doze without a foreground service: what is left is the wake-up at which it learns of it, and the job in each
    // maintenance window; everything is delivered then.
    let day = built_in().into_iter().find(|day| day.name == "doze-without-service").expect("it");
    for seed in 1..=5 {
        let run = run(&day, Strategy::Offpush, seed);
        assert!(run.metrics.connects <= 8, "seed {seed}: {}", run.metrics.connects);
        for peer in [Strategy::Chromium, Strategy::MicroG, Strategy::Courier, Strategy::Fixed15] {
            let peers = offpush_sim::run(&day, peer, seed).metrics;
            assert!(run.metrics.wakes < peers.wakes, "seed {seed}, {peer}: {} {}", run.metrics.wakes, peers.wakes);
        }
    }
}

#[test]
fn an_overlap_lets_messages_come_on_the_old_network() {
    // From LTE to Wi-Fi with half a minute of overlap: the next broker link is made beside the one that serves, and a
    // message sent at the moment of the move is no later for it.
    let day = day(r#"
title = "a move"
begins = "00:00"
ends = "01:00"
[[network]]
name = "lte"
transport = "cellular"
nat = "never"
round-trip = "60ms"
[[network]]
name = "wifi"
transport = "wifi"
nat = "never"
round-trip = "30ms"
[[move]]
at = "00:00"
network = "lte"
[[move]]
at = "00:30"
network = "wifi"
overlap = "30s"
[messages]
at = ["00:30"]
"#);
    let ours = run(&day, Strategy::Offpush, 1);
    assert_eq!(ours.metrics.dark, 0.0);
    assert!(ours.metrics.delay_worst.is_some_and(|worst| worst <= 0.1), "{:?}", ours.metrics);
    let away: u64 = ours.trace.online.windows(2).map(|pair| pair[1].start - pair[0].end).sum();
    assert!(away <= 100, "between goodbye and CONNACK: {away} ms");
    let chromium = run(&day, Strategy::Chromium, 1);
    let away: u64 = chromium.trace.online.windows(2).map(|pair| pair[1].start - pair[0].end).sum();
    assert!(away > 100, "who drops a healthy socket is away for the whole handshake: {away} ms");
}

#[test]
fn without_a_network_there_is_one_look_a_day() {
    // The daily re-check against missed callbacks, and nothing else.
    let day = on_wifi(71, r#"nat = "2h""#, "[[move]]\nat = \"00:30\"\nnetwork = \"none\"\n");
    let wakes = run(&day, Strategy::Offpush, 1).trace.wakes;
    let later = wakes.iter().filter(|at| **at > HOUR).count();
    assert_eq!(later, 2, "{wakes:?}");
}

#[test]
fn ours_notices_a_silent_drop_at_the_interval_and_ten_seconds() {
    // The NAT forgets at two minutes; the ping comes at the interval, and its answer has ten seconds.
    const NAT: u64 = 2 * MINUTE;
    let trace_of = |seed| run(&on_wifi(3, r#"nat = "2m""#, ""), Strategy::Offpush, seed);
    let mut seen = 0;
    for seed in 1..=5 {
        let run = trace_of(seed);
        for dark in run.trace.dark.iter().filter(|dark| dark.end < 3 * HOUR) {
            let silent_since = dark.start - NAT;
            let noticed = dark.end - silent_since;
            let expected = interval_at(&run, dark.end) + 10 * SECOND;
            assert!((expected..expected + 2 * SECOND).contains(&noticed), "{noticed} instead of {expected}");
            seen += 1;
        }
    }
    assert!(seen > 0, "the search or the first interval meets the time-out");
}

#[test]
fn a_nat_that_resets_tells_at_once_and_one_that_drops_does_not() {
    // Five minutes against a NAT of four: the RST ends the dark time with the ping, silence with the ping's deadline.
    let dark = |nat: &str| run(&on_wifi(2, nat, ""), Strategy::Fixed5, 1).trace.dark;
    let silent = dark(r#"nat = "4m""#);
    let reset = dark("nat = \"4m\"\nnat-drops = \"with-rst\"");
    let length = |range: &std::ops::Range<u64>| range.end - range.start;
    assert!(silent.len() > 10 && reset.len() > 10);
    let (last_silent, last_reset) = (silent.len() - 1, reset.len() - 1);
    assert!(
        silent[..last_silent].iter().all(|range| (70 * SECOND..71 * SECOND).contains(&length(range))),
        "{silent:?}"
    );
    assert!(reset[..last_reset].iter().all(|range| (60 * SECOND..61 * SECOND).contains(&length(range))), "{reset:?}");
}

#[test]
fn nobody_is_dark_behind_a_nat_that_never_forgets() {
    // No strategy has a death where there is none.
    let day = on_wifi(12, r#"nat = "never""#, "[messages]\nrandom = 10\n");
    for strategy in Strategy::ALL {
        let run = run(&day, strategy, 1);
        assert_eq!(run.trace.dark, [], "{strategy}");
        assert_eq!(run.metrics.delivered, 10, "{strategy}");
        let probes = usize::from(strategy == Strategy::Courier);
        assert_eq!(run.metrics.connects, 1 + probes, "{strategy}");
    }
}

#[test]
fn a_fixed_interval_pings_exactly_then() {
    // Four, five and fifteen minutes after the last byte, one wake-up each.
    let day = on_wifi(12, r#"nat = "never""#, "");
    for (strategy, minutes) in [(Strategy::Fixed4, 4), (Strategy::Fixed5, 5), (Strategy::Fixed15, 15)] {
        let trace = run(&day, strategy, 1).trace;
        for pair in trace.pings.windows(2) {
            assert!((pair[1] - pair[0]).abs_diff(minutes * MINUTE) < SECOND, "{strategy}");
        }
        assert_eq!(trace.wakes.len(), trace.pings.len() + 1, "{strategy}");
    }
}

#[test]
fn the_oracle_is_never_dark_where_the_system_lets_it_run() {
    // It bounds the others: no dark time on any day but the one on which the system freezes it.
    for day in built_in().iter().filter(|day| day.name != "doze-without-service") {
        for seed in 1..=3 {
            let metrics = run(day, Strategy::Oracle, seed).metrics;
            // That a server has vanished without a word, not even the oracle knows.
            assert_eq!(metrics.dark - metrics.dark_server, 0.0, "{} seed {seed}", day.name);
        }
    }
}

#[test]
fn a_message_on_a_good_network_takes_a_round_trip() {
    // The median delay where nothing is wrong is that of the network.
    let day = on_wifi(6, r#"nat = "never""#, "[messages]\nrandom = 40\n");
    let metrics = run(&day, Strategy::Offpush, 1).metrics;
    assert_eq!(metrics.delivered, 40);
    assert!(metrics.delay_worst.is_some_and(|worst| worst <= 0.1), "{metrics:?}");
}

#[test]
fn a_strategys_name_is_how_it_is_asked_for() {
    // Names go both ways, and a wrong one is told with those that there are.
    for strategy in Strategy::ALL {
        assert_eq!(strategy.name().parse(), Ok(strategy));
    }
    let error = "fixed-6".parse::<Strategy>().expect_err("none of that name").to_string();
    assert!(error.contains("fixed-6") && error.contains("fixed-15"), "{error}");
}
