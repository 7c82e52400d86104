//! What Linux says of a process.

use std::fs;
use std::time::Duration;

use crate::Failure;

/// The CPU time a process has used so far, in user space and in the kernel.
///
/// `/proc/PID/schedstat` would be finer, but counts one thread; the unit here is `sysconf(_SC_CLK_TCK)`, 10 ms on
/// every Linux of today, which is below 1 % of a flood.
pub(crate) fn cpu(pid: u32) -> Result<Duration, Failure> {
    const TICK_MS: u64 = 10;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The program's name, in parentheses, may contain anything; utime and stime are the 12th and 13th field behind it.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    Ok(Duration::from_millis((ticks(11) + ticks(12)) * TICK_MS))
}

/// The number behind `name:` in a file of `/proc/PID`; sizes are in KiB.
pub(crate) fn number(pid: u32, file: &str, name: &str) -> Result<u64, Failure> {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.and_then(|rest| rest.split_whitespace().next()).and_then(|number| number.parse().ok());
    number.ok_or_else(|| format!("/proc/PID/{file} says nothing of {name}").into())
}

/// How often the threads of a process went to sleep of their own will: each is followed by one wake-up.
pub(crate) fn sleeps(pid: u32) -> Result<u64, Failure> {
    let mut sum = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))?.flatten() {
        let status = fs::read_to_string(thread.path().join("status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        sum += line.and_then(|count| count.trim().parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(sum)
}
