//! A flood: how fast, and how much CPU a message.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::peers::{Peer, RunningPeer};
use crate::phone::{Installation, PhoneOptions};
use crate::report::{Report, Table, median_and_range};
use crate::stand_in::{Pace, Upstream};
use crate::{Failure, Options, facts, frame};

/// What a flood may take before it is given up.
const PATIENCE: Duration = Duration::from_secs(300);

/// mosquitto 2.0.11 now and then keeps the last messages in its queue when a client acknowledges many at once, until the
/// next one comes. (Gateways send a window again that has not moved for 60 s.)
const STALL: Duration = Duration::from_secs(2);

/// What one flood of one client took.
#[derive(Debug)]
struct Run {
    messages: u64,
    wall: Duration,
    cpu: Duration,
    broker_cpu: Duration,
    ours: Option<OurFacts>,
}

#[derive(Debug)]
struct OurFacts {
    /// From the first message to the last receipt.
    until_receipts: Duration,
    upstream: Upstream,
    syncs: u64,
    commits: u64,
    bytes_out: u64,
    log_bytes: u64,
}

/// All floods of one client.
struct Series {
    name: &'static str,
    runs: Vec<Run>,
}

pub(crate) fn run(options: &Options) -> Result<Report, Failure> {
    let messages = options.messages;
    let mut installation = Installation::new(&options.offpush()?, false)?;
    let shim = slow_sync(installation.folder());
    let slow = shim.as_ref().ok().map(|library| PhoneOptions { preload: Some(library.clone()), ..Default::default() });

    let names = [
        "offpush",
        "rumqttc 0.25",
        "mosquitto_sub",
        "mosquitto_sub, tuned",
        "the least a client can do",
        "offpush, syncs 5 ms slower",
    ];
    let mut series = names.map(|name| Series { name, runs: Vec::new() });
    for round in 0..options.rounds {
        let [ours, rumqttc, mosquitto_sub, tuned, least, ours_slow] = &mut series;
        ours.runs.push(our_flood(&mut installation, &format!("phone-{round}"), &PhoneOptions::default(), messages)?);
        rumqttc.runs.push(peer_flood(&mut installation, Peer::Rumqttc, messages)?);
        mosquitto_sub.runs.push(peer_flood(&mut installation, Peer::MosquittoSub, messages)?);
        tuned.runs.push(peer_flood(&mut installation, Peer::MosquittoSubTuned, messages)?);
        least.runs.push(peer_flood(&mut installation, Peer::Drain, messages)?);
        if let Some(slow) = &slow {
            ours_slow.runs.push(our_flood(&mut installation, &format!("slow-{round}"), slow, messages)?);
        }
    }

    let mut report = Report::new("flood");
    report.note(format!(
        "{messages} messages, each a frame of {} bytes, QoS 1, {} rounds in which the clients take turns; one mosquitto, \
         TLS 1.3 to the client under test, plain to the sender. Every client advertises Receive Maximum {} and sets \
         TCP_NODELAY, except mosquitto_sub as it comes (`-V 5 -q 1`).",
        frame::FRAME_BYTES,
        options.rounds,
        crate::broker::RECEIVE_MAXIMUM,
    ));
    report.note(
        "offpush: each message is on disk (fdatasync) before its PUBACK, is presented (two more durable states, a line \
         in the notifications file) and reported to the sender (a receipt); the sender has at most 64 without the \
         phone's mark. Time: from the first publish to the mark that covers the last. CPU: until the last receipt.",
    );
    report.note(
        "peers: count each message and acknowledge it from memory; the sender has MQTT's flow control only, so that the \
         broker's queue is never empty. Time: from the first publish to the last message taken.",
    );
    report.note(
        "The least a client can do: it decrypts, finds each packet's end and acknowledges 64 with one write; it looks into \
         no message, keeps nothing and reports nothing. Its rate is what broker, TLS and kernel give on this machine, a \
         bound for every client.",
    );
    report.note(
        "With syncs 5 ms slower no receiver that writes first can have more than 64 a sync, the gateway's window: at most \
         12,800 messages/s.",
    );
    if let Err(reason) = &shim {
        report.note(format!("Not measured: slower syncs ({reason})."));
    }
    let [ours, rumqttc, mosquitto_sub, tuned, least, ours_slow] = &series;
    report.table(rates(&series));
    report.table(ratios(&[
        (ours, rumqttc, "offpush / rumqttc", Some(0.9)),
        (ours, mosquitto_sub, "offpush / mosquitto_sub", Some(2.0)),
        (ours, tuned, "offpush / mosquitto_sub, tuned", None),
        (least, mosquitto_sub, "the least a client can do / mosquitto_sub", None),
        (ours_slow, rumqttc, "offpush with slower syncs / rumqttc", None),
        (ours_slow, mosquitto_sub, "offpush with slower syncs / mosquitto_sub", None),
    ]));
    report.table(upstream(&[ours, ours_slow], messages));
    Ok(report)
}

fn our_flood(
    installation: &mut Installation,
    name: &str,
    options: &PhoneOptions,
    messages: u64,
) -> Result<Run, Failure> {
    installation.stand_in.start_over(Pace::Window);
    let phone = installation.phone(name, options)?;
    let stand_in = &mut installation.stand_in;
    stand_in.serve("the phone's hello", PATIENCE, |stand_in| stand_in.upstream().hellos > 0)?;
    let before = process_facts(&phone.status()?);
    let (cpu, broker_cpu) = (facts::cpu(phone.pid())?, facts::cpu(installation.broker.pid())?);
    let begin = Instant::now();
    stand_in.offer(messages);
    stand_in.serve("the mark that covers the last message", PATIENCE, |stand_in| stand_in.mark() >= messages)?;
    let wall = begin.elapsed();
    stand_in.serve("the last receipt", PATIENCE, |stand_in| stand_in.applied() >= messages)?;
    let until_receipts = begin.elapsed();
    let cpu = facts::cpu(phone.pid())?.saturating_sub(cpu);
    let broker_cpu = facts::cpu(installation.broker.pid())?.saturating_sub(broker_cpu);
    let status = phone.status()?;
    let after = process_facts(&status);
    let shown = phone.shown();
    let in_order = shown.iter().zip(1..).all(|(line, n)| line["id"] == frame::message_id(n));
    if shown.len() as u64 != messages || !in_order {
        return Err(format!("{} of {messages} messages were shown, in order: {in_order}", shown.len()).into());
    }
    let ours = OurFacts {
        until_receipts,
        upstream: stand_in.upstream(),
        syncs: after.syncs - before.syncs,
        commits: after.commits - before.commits,
        bytes_out: after.bytes_out - before.bytes_out,
        log_bytes: status["storage"]["bytes"].as_u64().unwrap_or(0),
    };
    let data = phone.data().to_owned();
    phone.kill();
    std::fs::remove_dir_all(data)?;
    Ok(Run { messages, wall, cpu, broker_cpu, ours: Some(ours) })
}

struct ProcessFacts {
    syncs: u64,
    commits: u64,
    bytes_out: u64,
}

fn process_facts(status: &serde_json::Value) -> ProcessFacts {
    let number = |name: &str| status["process"][name].as_u64().unwrap_or(0);
    ProcessFacts { syncs: number("syncs"), commits: number("commits"), bytes_out: number("bytesOut") }
}

fn peer_flood(installation: &mut Installation, peer: Peer, messages: u64) -> Result<Run, Failure> {
    // One more, which says that the peer has subscribed.
    let mut client = RunningPeer::start(peer, &installation.device, messages + 1)?;
    let stand_in = &mut installation.stand_in;
    stand_in.start_over(Pace::FlowControl);
    stand_in.find_subscriber()?;
    let (cpu, broker_cpu) = (client.cpu()?, facts::cpu(installation.broker.pid())?);
    let begin = Instant::now();
    stand_in.offer(messages);
    stand_in.serve("the last PUBACK", PATIENCE, |stand_in| stand_in.all_sent())?;
    let mut stalls = 0;
    while !client.is_done_within(STALL)? {
        stalls += 1;
        if STALL * stalls > PATIENCE {
            return Err("the client does not get all messages".into());
        }
        stand_in.push_the_queue()?;
    }
    if stalls > 0 {
        eprintln!("mosquitto stopped {stalls} time(s) with messages in its queue; another message moved it on");
    }
    let wall = begin.elapsed();
    let broker_cpu = facts::cpu(installation.broker.pid())?.saturating_sub(broker_cpu);
    let cpu = client.end()?.saturating_sub(cpu);
    Ok(Run { messages, wall, cpu, broker_cpu, ours: None })
}

/// Compiles the library that slows syncs down; `Err` says why it cannot be.
fn slow_sync(folder: &Path) -> Result<PathBuf, String> {
    let source = folder.join("slow_sync.c");
    std::fs::write(&source, include_str!("slow_sync.c")).map_err(|error| error.to_string())?;
    let library = folder.join("slow_sync.so");
    let compiled = Command::new("cc").args(["-O2", "-shared", "-fPIC", "-o"]).arg(&library).arg(&source).output();
    match compiled {
        Err(error) => Err(format!("there is no C compiler: {error}")),
        Ok(output) if !output.status.success() => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        Ok(_) => Ok(library),
    }
}

impl Run {
    /// Messages a second.
    fn rate(&self) -> f64 {
        self.messages as f64 / self.wall.as_secs_f64()
    }

    /// Microseconds a message.
    fn micros(&self, duration: Duration) -> f64 {
        duration.as_secs_f64() * 1e6 / self.messages as f64
    }
}

impl Series {
    /// Messages a second.
    fn rates(&self) -> Vec<f64> {
        self.runs.iter().map(Run::rate).collect()
    }

    fn of_ours(&self, value: impl Fn(&OurFacts) -> f64) -> Vec<f64> {
        self.runs.iter().filter_map(|run| run.ours.as_ref()).map(value).collect()
    }
}

fn rates(series: &[Series]) -> Table {
    let columns =
        ["client", "seconds", "range", "messages/s", "range", "CPU µs a message", "range", "broker's CPU µs a message"];
    let mut table = Table::new("Medians, and the lowest and highest", &columns);
    for series in series.iter().filter(|series| !series.runs.is_empty()) {
        let over = |value: &dyn Fn(&Run) -> f64| median_and_range(&series.runs.iter().map(value).collect::<Vec<_>>());
        let (seconds, seconds_range) = over(&|run| run.wall.as_secs_f64());
        let (rate, rate_range) = median_and_range(&series.rates());
        let (cpu, cpu_range) = over(&|run| run.micros(run.cpu));
        let (broker, _) = over(&|run| run.micros(run.broker_cpu));
        table.row(vec![
            series.name.into(),
            seconds.into(),
            seconds_range.into(),
            rate.into(),
            rate_range.into(),
            cpu.into(),
            cpu_range.into(),
            broker.into(),
        ]);
    }
    table
}

/// Rates against rates of the same round.
fn ratios(pairs: &[(&Series, &Series, &'static str, Option<f64>)]) -> Table {
    let mut table = Table::new("Ratios of the rates, round by round", &["ratio", "median", "range", "target", "met"]);
    for &(ours, theirs, name, target) in pairs {
        let rounds = ours.runs.iter().zip(&theirs.runs);
        let ratios: Vec<f64> = rounds.map(|(ours, theirs)| ours.rate() / theirs.rate()).collect();
        if ratios.is_empty() {
            continue;
        }
        let (median, range) = median_and_range(&ratios);
        let met = target.map(|target| if median >= target { "yes" } else { "no" });
        let target = target.map(|target| format!("≥ {target}"));
        table.row(vec![name.into(), median.into(), range.into(), target.into(), met.into()]);
    }
    table
}

fn upstream(series: &[&Series], messages: u64) -> Table {
    let mut table = Table::new(
        "What offpush writes and sends (medians); the peers send no messages upstream and write nothing",
        &["", series[0].name, series[1].name],
    );
    type Value = fn(&OurFacts) -> f64;
    let rows: [(&str, Value); 8] = [
        ("seconds until the last receipt", |ours| ours.until_receipts.as_secs_f64()),
        ("syncs", |ours| ours.syncs as f64),
        ("groups of records made durable", |ours| ours.commits as f64),
        ("PUBLISH packets upstream", |ours| ours.upstream.packets as f64),
        ("entries in them", |ours| ours.upstream.entries as f64),
        ("bytes in them", |ours| ours.upstream.bytes as f64),
        ("bytes upstream, TLS and PUBACKs included", |ours| ours.bytes_out as f64),
        ("bytes of the log at the end", |ours| ours.log_bytes as f64),
    ];
    for (name, value) in rows {
        let medians = series.iter().map(|series| median_and_range(&series.of_ours(value)).0);
        table.row([name.into()].into_iter().chain(medians.map(Into::into)).collect());
    }
    let per_sync =
        series.iter().map(|series| messages as f64 / median_and_range(&series.of_ours(|o| o.syncs as f64)).0);
    table.row(["messages a sync".into()].into_iter().chain(per_sync.map(Into::into)).collect());
    table
}
