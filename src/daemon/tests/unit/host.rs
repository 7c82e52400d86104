use offpush_wire::{NotifyType, Target};

use super::*;

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("offpush-host-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }

    fn host(&self, delay: u64) -> Host {
        Host::open(&self.0, Duration::from_millis(delay)).unwrap()
    }

    fn lines(&self) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(self.0.join(NOTIFICATIONS_FILE)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn presentation(sequence: u64, silent: bool) -> Presentation {
    let message = Message {
        id: format!("m{sequence}"),
        target: Target::RegId,
        pass_through: 0,
        title: "a title".to_owned(),
        description: "a\ntext".to_owned(),
        payload: String::new(),
        notify_type: NotifyType(-1),
        notify_id: 4,
        expires_in: 1,
        sent_at: 1,
        binding: None,
        extra: BTreeMap::from([("ext".to_owned(), "x".to_owned())]),
        offline_push_info: None,
        again: false,
    };
    Presentation { sequence, message, silent }
}

fn outcome(sequence: u64, outcome: Presented) -> Option<PlatformEvent> {
    Some(PlatformEvent::Presented { sequence, outcome })
}

#[test]
fn a_notification_is_one_line_and_a_repeat_is_marked() {
    // Its number comes first, its content follows; only what may have been shown before is marked `again`.
    let scratch = Scratch::new("line");
    let mut host = scratch.host(0);
    host.present(0, presentation(1, false));
    host.present(0, presentation(2, true));
    host.cancel(0, 9);
    assert_eq!(host.poll(0), outcome(1, Presented::Shown));
    assert_eq!(host.poll(0), outcome(2, Presented::Shown));
    assert_eq!(host.poll(0), None);
    let lines = scratch.lines();
    assert_eq!(lines[0]["cancel"], 9);
    assert_eq!(
        (&lines[1]["seq"], &lines[1]["id"], &lines[1]["description"]),
        (&1.into(), &"m1".into(), &"a\ntext".into())
    );
    assert_eq!(lines[1]["extra"]["ext"], "x");
    assert_eq!(lines[1].get("again"), None);
    assert_eq!(lines[2]["again"], true);
}

#[test]
fn what_was_shown_before_a_restart_is_known_after_it() {
    // Only those asked for are told, and a cancelled one was shown all the same.
    let scratch = Scratch::new("restart");
    let mut host = scratch.host(0);
    for sequence in 1..=3 {
        host.present(0, presentation(sequence, false));
        assert_eq!(host.poll(0), outcome(sequence, Presented::Shown));
    }
    host.cancel(0, 2);
    drop(host);
    assert_eq!(scratch.host(0).showing(&[2, 3, 4]), [2, 3]);
}

#[test]
fn a_line_that_a_kill_cut_short_was_not_shown() {
    // It is removed at the start, so that the next line stands on its own.
    let scratch = Scratch::new("torn");
    let mut host = scratch.host(0);
    host.present(0, presentation(1, false));
    host.poll(0);
    drop(host);
    let path = scratch.0.join(NOTIFICATIONS_FILE);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, [whole.as_slice(), b"{\"seq\":2,\"id\":\"m2\""].concat()).unwrap();
    let mut host = scratch.host(0);
    assert_eq!(host.showing(&[1, 2]), [1]);
    host.present(0, presentation(2, true));
    host.poll(0);
    assert_eq!(scratch.lines().len(), 2);
}

#[test]
fn lines_that_are_none_are_passed_over() {
    // A file that somebody edited does not keep the daemon from starting.
    let scratch = Scratch::new("garbage");
    std::fs::write(scratch.0.join(NOTIFICATIONS_FILE), b"garbage\n\xff\xfe\n[]\n{\"seq\":\"x\"}\n{\"seq\":5}\n")
        .unwrap();
    assert_eq!(scratch.host(0).showing(&[5]), [5]);
}

#[test]
fn a_delayed_notification_can_be_cancelled_before_it_is_shown() {
    // It ends as cancelled and leaves no line; the others are shown when their time has come.
    let scratch = Scratch::new("delay");
    let mut host = scratch.host(100);
    host.present(10, presentation(1, false));
    host.present(20, presentation(2, false));
    assert_eq!(host.next_timeout(), Some(110));
    assert_eq!(host.poll(109), None);
    host.cancel(109, 1);
    assert_eq!(host.poll(109), outcome(1, Presented::Cancelled));
    assert_eq!(host.next_timeout(), Some(120));
    assert_eq!(host.poll(120), outcome(2, Presented::Shown));
    assert_eq!(scratch.lines().len(), 1);
}

#[test]
fn a_full_file_is_set_aside_and_still_answers() {
    // What the one before holds can still be asked for; older ones are dropped.
    let scratch = Scratch::new("rotate");
    let mut host = Host::with_maximum(&scratch.0, Duration::ZERO, 1).unwrap();
    for sequence in 1..=3 {
        host.present(0, presentation(sequence, false));
        assert_eq!(host.poll(0), outcome(sequence, Presented::Shown));
    }
    assert_eq!(host.showing(&[1, 2, 3]), [2, 3]);
    assert_eq!(scratch.lines().len(), 1);
}

#[test]
fn a_file_that_cannot_be_written_makes_notifications_wait() {
    // The reason is told, and when it is worth trying again.
    let scratch = Scratch::new("refused");
    let mut host = scratch.host(0);
    // A descriptor that is open for reading only refuses every write.
    host.file = File::open(scratch.0.join(NOTIFICATIONS_FILE)).unwrap();
    host.present(7, presentation(1, false));
    let event = host.poll(7);
    assert!(
        matches!(&event, Some(PlatformEvent::Presented { sequence: 1, outcome: Presented::Later { .. } })),
        "{event:?}"
    );
    assert_eq!(host.next_timeout(), Some(7 + RETRY));
    assert_eq!(host.poll(7 + RETRY), Some(PlatformEvent::CanPresent));
    assert_eq!(host.next_timeout(), None);
}
