//! A million clients after a restart.

use offpush_sim::storm::{Storm, run};

fn storm(clients: u32) -> Storm {
    Storm { clients, capacity: clients / 50, ..Storm::default() }
}

#[test]
fn everybody_comes_back_once() {
    // As many connections as clients, none before the broker is there, never more than it takes.
    let storm = storm(20_000);
    let returned = run(&storm, |_, _| {});
    assert_eq!(returned.connections.iter().sum::<u32>(), 20_000);
    assert!(returned.connections[..10].iter().all(|made| *made == 0));
    assert!(returned.connections.iter().all(|made| *made <= storm.capacity));
    let (half, most, all) = (returned.back(0.5), returned.back(0.99), returned.back(1.0));
    assert!(half < most && most <= all && all.is_some());
}

#[test]
fn the_same_seed_gives_the_same_storm() {
    // And the same picture.
    let storm = storm(5_000);
    let (first, second) = (run(&storm, |_, _| {}), run(&storm, |_, _| {}));
    assert_eq!(first, second);
    assert_eq!(offpush_sim::plot::storm(&storm, &first), offpush_sim::plot::storm(&storm, &second));
}

#[test]
fn a_wider_window_means_fewer_attempts_at_once() {
    // Nobody comes in the first second; the peak falls with the window that the server asks for, and so do the attempts
    // that are refused.
    let peak = |window| run(&Storm { window, ..storm(50_000) }, |_, _| {}).peak();
    let (none, narrow, wide) = (peak(0), peak(30_000), peak(300_000));
    assert!(wide < narrow && narrow < none, "{none} {narrow} {wide}");
    assert!(wide <= 50_000 / 100, "at most a hundredth of all in one second: {wide}");
    let attempts = |window| -> u32 { run(&Storm { window, ..storm(50_000) }, |_, _| {}).attempts.iter().sum() };
    assert!(attempts(300_000) < attempts(0));
}

#[test]
fn a_broker_that_takes_nobody_gets_nobody_back() {
    // It ends all the same.
    let returned = run(&Storm { clients: 100, capacity: 0, ..Storm::default() }, |_, _| {});
    assert_eq!(returned.back(0.5), None);
    assert!(returned.render().contains("never"));
}
