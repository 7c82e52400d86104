use super::*;

/// 2023-11-14 22:13:20 UTC, two hours east of it.
const EVENING: i64 = 1_700_000_000_000;

fn at(milliseconds: u64) -> Now {
    Now { boot: 5_000 + milliseconds, wall: EVENING + milliseconds as i64, utc_offset: 120 }
}

fn bytes(bytes_in: u64) -> Totals {
    Totals { bytes_in, ..Totals::default() }
}

#[test]
fn the_radio_stays_up_for_its_tail_and_tails_that_overlap_count_once() {
    // Two bursts 5 s apart on LTE, then one long after; nothing moved in between.
    let mut usage = Usage::open(Path::new("/nowhere"), at(0));
    usage.note(at(0), bytes(10), Some("cellular"));
    usage.note(at(5_000), bytes(20), Some("cellular"));
    usage.note(at(9_000), bytes(20), Some("cellular"));
    assert_eq!(usage.today().radio_estimate, 16_600);
    usage.note(at(60_000), bytes(30), Some("cellular"));
    assert_eq!(usage.today().radio_estimate, 16_600 + 11_600);
    usage.note(at(120_000), bytes(40), Some("wifi"));
    usage.note(at(180_000), bytes(50), Some("ethernet"));
    assert_eq!(usage.today().radio_estimate, 16_600 + 11_600 + 240);
    assert_eq!(usage.today().bytes_in, 50);
}

#[test]
fn a_burst_over_a_quicker_network_does_not_end_a_longer_tail() {
    // The tail of the cellular burst goes on; a Wi-Fi burst within it adds nothing.
    let mut usage = Usage::open(Path::new("/nowhere"), at(0));
    usage.note(at(0), bytes(10), Some("cellular"));
    usage.note(at(1_000), bytes(20), Some("wifi"));
    usage.note(at(2_000), bytes(30), Some("cellular"));
    assert_eq!(usage.today().radio_estimate, 13_600);
}

#[test]
fn a_day_ends_at_local_midnight() {
    // It is 00:13 there, so the next midnight is 23:46:40 away; a count begins anew at that moment.
    let mut usage = Usage::open(Path::new("/nowhere"), at(0));
    let totals = |wake_ups| Totals { wake_ups, bytes_in: wake_ups, bytes_out: 2 * wake_ups };
    usage.note(at(0), totals(3), Some("wifi"));
    let midnight = (23 * 3_600 + 46 * 60 + 40) * 1_000;
    usage.note(at(midnight - 1), totals(5), Some("wifi"));
    let today = usage.today();
    assert_eq!((today.since, today.wake_ups, today.bytes_out), (EVENING, 5, 10));
    usage.note(at(midnight + 7), totals(6), Some("wifi"));
    let today = usage.today();
    assert_eq!((today.since, today.wake_ups, today.bytes_in), (EVENING + midnight as i64, 1, 1));
}

/// A directory that goes with the test.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("offpush-usage-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_process_goes_on_with_the_days_count_and_not_with_yesterdays() {
    // Three processes in one day; the fourth finds a file of the day before, and one of a clock that was ahead.
    let scratch = Scratch::new("restart");
    for round in 0..3 {
        let mut usage = Usage::open(&scratch.0, at(round * 60_000));
        usage.note(at(round * 60_000), bytes(100), Some("wifi"));
        usage.keep(&scratch.0, at(round * 60_000));
    }
    let today = Usage::open(&scratch.0, at(200_000)).today();
    assert_eq!((today.since, today.bytes_in, today.radio_estimate), (EVENING, 300, 720));
    let day = 24 * 3_600_000;
    assert_eq!(Usage::open(&scratch.0, at(day)).today(), Today { since: at(day).wall, ..Today::default() });
    let ahead = Now { wall: EVENING - 1, ..at(0) };
    assert_eq!(Usage::open(&scratch.0, ahead).today().bytes_in, 0);
    std::fs::write(scratch.0.join(FILE), b"{\"since\": \"x").unwrap();
    assert_eq!(Usage::open(&scratch.0, at(0)).today().bytes_in, 0, "a file that is none");
}

#[test]
fn the_count_is_written_now_and_then_and_for_its_owner_alone() {
    // Not with every wake-up; a directory that is gone costs the count and nothing else.
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new("times");
    let mut usage = Usage::open(&scratch.0, at(0));
    usage.keep_at_times(&scratch.0, at(KEEP_EVERY - 1));
    assert!(!scratch.0.join(FILE).exists());
    usage.keep_at_times(&scratch.0, at(KEEP_EVERY));
    assert_eq!(std::fs::metadata(scratch.0.join(FILE)).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::remove_file(scratch.0.join(FILE)).unwrap();
    usage.keep_at_times(&scratch.0, at(2 * KEEP_EVERY - 1));
    assert!(!scratch.0.join(FILE).exists());
    usage.keep(Path::new("/nowhere"), at(2 * KEEP_EVERY));
}
