//! Idle: memory, threads and wake-ups with messages waiting to be shown.

use std::time::{Duration, Instant};

use offpush_tests::App;
use offpush_tests::net::{Direction, Relay};
use serde_json::json;

use crate::phone::{Installation, PhoneOptions};
use crate::report::{Report, Table};
use crate::{Failure, Options, facts};

/// Messages that wait.
const PENDING: u64 = 1_000;
/// The heartbeat of the measurement, in seconds; how long it is changes nothing in what one costs.
const HEARTBEAT_S: u32 = 5;
/// Heartbeats that are looked at.
const BEATS: u64 = 6;
/// How often is looked. What happens within one look of a heartbeat's packets belongs to it.
const PACE: Duration = Duration::from_millis(100);
/// For anything that has to happen first.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was seen at one look.
#[derive(Debug, Clone, Copy)]
struct Look {
    sleeps: u64,
    sent: u64,
    received: u64,
}

pub(crate) fn run(options: &Options) -> Result<Report, Failure> {
    let offpush = options.offpush()?;
    let mut installation = Installation::new(&offpush, true)?;
    let relay = installation.relay.take().ok_or("no relay")?;
    let with = PhoneOptions { heartbeat: Some(HEARTBEAT_S), ..Default::default() };
    let phone = installation.phone("phone", &with)?;
    let stand_in = &mut installation.stand_in;
    stand_in.serve("the phone's hello", PATIENCE, |stand_in| stand_in.upstream().hellos > 0)?;

    // The app pauses, so that what arrives waits.
    let mut app = App::connect(phone.data())?;
    let answer = app.ask(&json!({ "op": "command", "command": "pause" })).ok_or("the daemon ended")?;
    if answer.get("ok").is_none() {
        return Err(format!("pause: {answer}").into());
    }
    drop(app);
    stand_in.serve("the pause's result", PATIENCE, |stand_in| stand_in.mark() >= 1)?;
    let empty_rss = facts::number(phone.pid(), "status", "VmRSS")?;
    stand_in.offer(PENDING);
    stand_in.serve("the last mark", PATIENCE, |stand_in| stand_in.mark() > PENDING)?;
    // What follows the last mark: the gateway's answers to it, and the history's next write.
    let settled = Instant::now() + Duration::from_secs(u64::from(HEARTBEAT_S));
    stand_in.serve("the end of a beat", PATIENCE, |_| Instant::now() >= settled)?;

    let status = phone.status()?;
    let pending = status["messages"]["pending"].as_u64().unwrap_or(0);
    let wake_ups = status["process"]["wakeUps"].as_u64().unwrap_or(0);
    // The question's connection has ended, and the daemon has noticed, before anything is counted.
    std::thread::park_timeout(PACE * 5);
    let looks = watch(phone.pid(), &relay)?;
    let after = phone.status()?;
    let asked = after["process"]["wakeUps"].as_u64().unwrap_or(0) - wake_ups;

    let mut report = Report::new("idle");
    report.note(format!(
        "{pending} messages wait (the app has paused), the connection stands; --heartbeat {HEARTBEAT_S}, and for {BEATS} \
         heartbeats the kernel's counters are read every {} ms, without asking the daemon.",
        PACE.as_millis()
    ));
    let mut memory = Table::new("Memory and threads", &["", "value", "target", "met"]);
    let rss = facts::number(phone.pid(), "status", "VmRSS")?;
    let target = 3_584;
    let met = if rss <= target { "yes" } else { "no" };
    memory.row(vec!["VmRSS, KiB".into(), rss.into(), "≤ 3,584 (3.5 MiB)".into(), met.into()]);
    let row = |name: &str, value: u64| vec![name.into(), value.into(), "".into(), "".into()];
    for (name, file, field) in [
        ("of it anonymous, KiB", "status", "RssAnon"),
        ("of it from files (program and libraries), KiB", "status", "RssFile"),
        ("Private_Dirty, KiB", "smaps_rollup", "Private_Dirty"),
        ("Pss, KiB", "smaps_rollup", "Pss"),
        ("highest VmRSS so far, KiB", "status", "VmHWM"),
    ] {
        memory.row(row(name, facts::number(phone.pid(), file, field)?));
    }
    memory.row(row("VmRSS before the messages came, KiB", empty_rss));
    let threads = facts::number(phone.pid(), "status", "Threads")?;
    let met = if threads == 1 { "yes" } else { "no" };
    memory.row(vec!["threads".into(), threads.into(), "1".into(), met.into()]);
    report.table(memory);
    report.table(wake_up_table(&looks, asked));
    Ok(report)
}

/// Looks at the process over some heartbeats.
fn watch(pid: u32, relay: &Relay) -> Result<Vec<Look>, Failure> {
    let look = || -> Result<Look, Failure> {
        let sent = relay.traffic(Direction::Up).segments;
        let received = relay.traffic(Direction::Down).segments;
        Ok(Look { sleeps: facts::sleeps(pid)?, sent, received })
    };
    let mut looks = vec![look()?];
    let first = looks[0].received;
    let deadline = Instant::now() + Duration::from_secs(u64::from(HEARTBEAT_S) * (BEATS + 2));
    // Half a beat more, for what may come after the last one.
    let mut end = None;
    while end.is_none_or(|end| Instant::now() < end) {
        std::thread::park_timeout(PACE);
        let now = look()?;
        looks.push(now);
        if now.received >= first + BEATS {
            end.get_or_insert(Instant::now() + Duration::from_millis(u64::from(HEARTBEAT_S) * 500));
        }
        if Instant::now() > deadline {
            return Err("the heartbeats do not come".into());
        }
    }
    Ok(looks)
}

fn wake_up_table(looks: &[Look], by_the_page: u64) -> Table {
    let (Some(first), Some(last)) = (looks.first(), looks.last()) else { return Table::new("", &[]) };
    let beats = last.received - first.received;
    let all = last.sleeps - first.sleeps;
    // A look at which no packet passed, nor at its neighbours, is outside of every heartbeat.
    let passed = |index: usize| {
        let (Some(before), Some(now)) = (looks.get(index.wrapping_sub(1)), looks.get(index)) else { return false };
        (now.sent, now.received) != (before.sent, before.received)
    };
    let outside: u64 = (1..looks.len())
        .filter(|&index| !(index.saturating_sub(1)..=index + 1).any(passed))
        .map(|index| looks[index].sleeps - looks[index - 1].sleeps)
        .sum();
    let a_beat = (all - outside) as f64 / beats.max(1) as f64;
    let mut table = Table::new("Wake-ups (voluntary context switches)", &["", "value", "target", "met"]);
    let met = |met: bool| if met { "yes" } else { "no" };
    table.row(vec!["heartbeats".into(), beats.into(), "".into(), "".into()]);
    table.row(vec!["wake-ups a heartbeat".into(), a_beat.into(), "≤ 2".into(), met(a_beat <= 2.0).into()]);
    table.row(vec!["wake-ups outside heartbeats".into(), outside.into(), "0".into(), met(outside == 0).into()]);
    table.row(vec!["wake-ups by the daemon's own count".into(), by_the_page.into(), "".into(), "".into()]);
    table
}
