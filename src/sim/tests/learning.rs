//! How long the real engine takes to find each NAT, and what it costs.

use offpush_sim::{Run, Strategy, learning, run};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const CEILING: u64 = 28 * MINUTE;
/// The first heartbeat on an unknown network.
const START: u64 = 235 * SECOND;

/// An idle day of ours behind this NAT.
fn idle(nat: u64, resets: bool) -> Run {
    run(&learning::day(nat, resets).expect("a day"), Strategy::Offpush, 1)
}

/// From 60 s to 40 min, in steps of 10 s, and some that are a rung themselves.
fn nats() -> impl Iterator<Item = u64> {
    (6..=240)
        .map(|tens| tens * 10 * SECOND)
        .chain([64, 203, 251, 295, 595, 895, 1_214, 1_428].map(|rung| rung * SECOND))
}

#[test]
fn every_nat_is_converged_to_within_three_hours_of_idle_time() {
    // Within 15 % below the time-out or at the ceiling, whether the NAT drops or resets.
    for resets in [false, true] {
        for nat in nats() {
            let Run { metrics, .. } = idle(nat, resets);
            let numbers = format!("NAT {nat} ms, resets: {resets}, {metrics:?}");
            assert!(metrics.converged_after.is_some_and(|minutes| minutes <= 180.0), "{numbers}");
        }
    }
}

#[test]
fn learning_is_dark_for_one_interval_less_the_time_out() {
    // One death from 4 min on, all in all; below that START kills as well, and a fifth of the time-out comes on top.
    for resets in [false, true] {
        for nat in nats() {
            let Run { trace, .. } = idle(nat, resets);
            let dark: u64 = trace.dark.iter().map(|dark| dark.end - dark.start).sum();
            let (deaths, most) = match nat {
                ..=START => (2, START - nat + nat / 5),
                _ if nat < CEILING => (1, nat / 5),
                _ => (0, 0),
            };
            let noticed = 11 * SECOND * deaths as u64;
            assert!(trace.dark.len() <= deaths, "NAT {nat}, resets: {resets}: {:?}", trace.dark);
            assert!(dark <= most + noticed, "NAT {nat}, resets: {resets}: {dark} > {most}");
        }
    }
}
