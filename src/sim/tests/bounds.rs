//! What every built-in day has to keep, with several seeds: beside the oracle, beside the peers, and on its own.

use std::ops::Range;

use offpush_sim::{Day, Run, Strategy, Trace, days, run, settled, within};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

const SEEDS: Range<u64> = 1..9;

/// The ping's answer has so long.
const PING_ANSWER: u64 = 10 * SECOND;

/// Each built-in day with each seed.
fn each(mut check: impl FnMut(&Day, u64)) {
    for day in days::all().expect("the built-in days are days") {
        for seed in SEEDS {
            check(&day, seed);
        }
    }
}

fn built_in(name: &str) -> Day {
    days::all().expect("days").into_iter().find(|day| day.name == name).expect("it")
}

/// The system cuts off an app without a foreground service and freezes it; that is no client's doing.
fn is_cut_off(day: &Day) -> bool {
    day.name == "doze-without-service"
}

/// The interval and the NAT's time-out when a link died.
fn in_force(trace: &Trace, died: u64) -> (u64, Option<u64>) {
    let known = trace.intervals.iter().rev().find(|interval| interval.from <= died && interval.network.is_some());
    known.map_or((0, None), |interval| (interval.interval, interval.nat))
}

#[test]
fn ours_is_within_a_minute_and_a_quarter_of_the_oracle() {
    // Where it is settled: dark at most a minute longer, and at most 1.25 times as many wake-ups: on each day in all, and
    // with each seed but for the one that is luck, where in its interval a client was when the settled time began.
    let mut compared = 0;
    for day in days::all().expect("the built-in days are days") {
        let (mut all, mut least_all) = (0, 0);
        for seed in SEEDS {
            let ours = run(&day, Strategy::Offpush, seed);
            let windows = settled(&day, &ours.trace);
            let (dark, wakes) = within(&ours.trace, &windows);
            let (least_dark, least_wakes) = within(&run(&day, Strategy::Oracle, seed).trace, &windows);
            let numbers = format!("{} seed {seed}: ours {wakes}/{dark}, oracle {least_wakes}/{least_dark}", day.name);
            assert!(dark <= least_dark + 1.0, "{numbers}");
            assert!(wakes as f64 <= least_wakes as f64 * 1.25 + 1.0, "{numbers}");
            compared += usize::from(windows.iter().map(|window| window.end - window.start).sum::<u64>() >= HOUR);
            (all, least_all) = (all + wakes, least_all + least_wakes);
        }
        assert!(all as f64 <= least_all as f64 * 1.25, "{}: ours {all}, oracle {least_all} wake-ups", day.name);
    }
    let all = days::NAMES.len() * SEEDS.count();
    assert!(compared * 10 >= all * 8, "most days have a settled hour: {compared} of {all}");
}

#[test]
fn no_peer_that_is_as_reachable_wakes_up_less() {
    // Where ours is settled, within one dark minute of it. One wake-up may differ: where in its interval a client was when
    // the settled time began is luck, also for the same interval.
    each(|day, seed| {
        let ours = run(day, Strategy::Offpush, seed);
        let windows = settled(day, &ours.trace);
        let (dark, wakes) = within(&ours.trace, &windows);
        for peer in Strategy::ALL.into_iter().filter(|peer| !matches!(peer, Strategy::Offpush | Strategy::Oracle)) {
            let (peers_dark, peers_wakes) = within(&run(day, peer, seed).trace, &windows);
            assert!(
                peers_dark > dark + 1.0 || peers_wakes + 1 >= wakes,
                "{} seed {seed}: ours {wakes}/{dark}, {peer} {peers_wakes}/{peers_dark}",
                day.name
            );
        }
    });
}

#[test]
fn a_dead_link_is_noticed_after_the_interval_the_alarms_lateness_and_ten_seconds() {
    // Every dark stretch of ours, whether a NAT forgot the link or the server vanished, is over by then.
    let mut seen = 0;
    each(|day, seed| {
        if is_cut_off(day) {
            return;
        }
        let Run { trace, metrics, .. } = run(day, Strategy::Offpush, seed);
        let lateness = (metrics.worst_lateness * 1_000.0) as u64;
        // Shorter than a second is a goodbye on its way.
        for dark in trace.dark.iter().filter(|dark| dark.end < day.lasts && dark.end - dark.start > SECOND) {
            let (interval, nat) = in_force(&trace, dark.start);
            // A server that vanished, or a network that came back without what it had known: there was no silence before.
            let sudden = trace.vanished.contains(dark) || trace.no_network.iter().any(|gap| gap.end == dark.start);
            let silent_before = if sudden { 0 } else { nat.unwrap_or(0) };
            let noticed = dark.end - dark.start + silent_before;
            // A second for the way of packets that are sent again.
            let bound = interval + lateness + PING_ANSWER + SECOND;
            assert!(noticed <= bound, "{} seed {seed} at {}: {noticed} > {bound}", day.name, dark.start);
            seen += 1;
        }
    });
    assert!(seen > 50, "{seen}");
}

#[test]
fn learning_and_shrinking_are_dark_for_one_interval_less_the_time_out_each() {
    // Apart from the settled time: each death costs the interval in force less the new time-out, and until it is noticed.
    each(|day, seed| {
        if is_cut_off(day) {
            return;
        }
        let ours = run(day, Strategy::Offpush, seed);
        let windows = settled(day, &ours.trace);
        let lateness = (ours.metrics.worst_lateness * 1_000.0) as u64;
        for dark in ours.trace.dark.iter().filter(|dark| dark.end < day.lasts && !ours.trace.vanished.contains(dark)) {
            if windows.iter().any(|window| window.contains(&dark.start)) {
                continue;
            }
            let (interval, nat) = in_force(&ours.trace, dark.start);
            let bound = interval.saturating_sub(nat.unwrap_or(0)) + lateness + PING_ANSWER + SECOND;
            let lasted = dark.end - dark.start;
            assert!(lasted <= bound, "{} seed {seed} at {}: {lasted} > {bound}", day.name, dark.start);
        }
    });
}

#[test]
fn a_nat_that_shrinks_costs_its_interval_and_one_death_just_above_it() {
    // From 30 to 5 min: the interval kills, then the first rung beyond; the time that is dark is theirs.
    let day = built_in("nat-shrinks");
    for seed in SEEDS {
        let trace = run(&day, Strategy::Offpush, seed).trace;
        let change = trace.intervals.windows(2).find(|pair| pair[0].nat != pair[1].nat && pair[1].nat.is_some());
        let change = change.expect("the NAT changes")[1].from;
        let deaths: Vec<u64> =
            trace.dark.iter().filter(|dark| dark.start >= change).map(|dark| dark.end - dark.start).collect();
        assert!(deaths.len() <= 2, "seed {seed}: {deaths:?}");
        let most = (28 - 5) * MINUTE + (345 * SECOND - 5 * MINUTE);
        assert!(deaths.iter().sum::<u64>() <= most + 2 * (PING_ANSWER + SECOND), "seed {seed}: {deaths:?}");
    }
}

#[test]
fn a_nat_that_grows_is_used_after_a_day() {
    // What failed is asked again once a day, and each heartbeat then goes a step further.
    let day = built_in("nat-grows");
    for seed in SEEDS {
        let run = run(&day, Strategy::Offpush, seed);
        let last = run.trace.intervals.last().expect("one");
        assert!(last.interval >= 26 * MINUTE, "seed {seed}: {}", last.interval);
    }
}

#[test]
fn nothing_wakes_up_without_a_network() {
    // No attempt, no timer, on any day; the daily look does not fall into these gaps.
    each(|day, seed| {
        let trace = run(day, Strategy::Offpush, seed).trace;
        for gap in &trace.no_network {
            // What was under way when the network went is still finished.
            let inside = |at: &&u64| gap.start + MINUTE < **at && **at < gap.end;
            assert_eq!(trace.wakes.iter().find(inside), None, "{} seed {seed}: a wake-up", day.name);
            let inside = |at: &&u64| gap.start < **at && **at < gap.end;
            assert_eq!(trace.connects.iter().find(inside), None, "{} seed {seed}: an attempt", day.name);
        }
    });
}

#[test]
fn where_the_system_cuts_the_app_off_the_oracle_is_dark_too() {
    // Why that day has no settled time: knowing everything does not help a frozen process.
    let day = built_in("doze-without-service");
    let dark: f64 = SEEDS.map(|seed| run(&day, Strategy::Oracle, seed).metrics.dark).sum();
    assert!(dark / SEEDS.count() as f64 > 10.0, "{dark}");
    assert_eq!(settled(&day, &run(&day, Strategy::Offpush, 1).trace), []);
}
