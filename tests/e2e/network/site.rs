//! A network with servers at one end and a phone at the other.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use offpush_tests::net::Lab;
use offpush_tests::{App, Broker, Phone, Place, Watch, World, skip, wait};
use serde_json::Value;

/// The answer to a ping has so long, whatever the interval is scaled by.
pub(crate) const PING_ANSWER: Duration = Duration::from_secs(10);
/// What a busy machine may add to anything that is measured here: processes are scheduled, disks synced. Well below
/// [`PING_ANSWER`], the shortest of the waits that are told apart from "at once".
pub(crate) const SLACK: Duration = Duration::from_secs(4);

/// Moments are whole milliseconds, and several are added up.
pub(crate) const ROUNDED: Duration = Duration::from_millis(5);

/// Dropped from the first field to the last: processes before the network they run in.
pub(crate) struct Site {
    pub(crate) world: World,
    pub(crate) lab: Lab,
}

/// A daemon in the phone's namespace, connected.
pub(crate) struct Device {
    pub(crate) watch: Watch,
    pub(crate) reg_id: String,
    _app: App,
    pub(crate) phone: Phone,
}

/// A message that was pushed.
#[derive(Debug)]
pub(crate) struct Pushed {
    pub(crate) id: String,
    /// When the push API was called, milliseconds since 1970.
    pub(crate) at: i64,
}

impl Site {
    /// `None`, and said, where no network can be built.
    pub(crate) fn build(broker: Broker) -> Option<Self> {
        let lab = Lab::build().map_err(|reason| skip(&reason)).ok()?;
        Some(Self { world: World::start_at(broker, Place::LAB), lab })
    }

    /// Starts a daemon there with these arguments; nothing is waited for.
    pub(crate) fn start(&self, arguments: &[&str]) -> Phone {
        let mut options = self.world.options();
        options.namespace = Some(self.lab.phone().to_owned());
        options.more = arguments.iter().map(|&argument| argument.to_owned()).collect();
        self.world.phone_with("phone", options)
    }

    /// Starts a daemon there with these arguments, registered and connected.
    pub(crate) fn device(&self, arguments: &[&str]) -> Device {
        let phone = self.start(arguments);
        let mut app = phone.app();
        let result = app.callback("registered", wait::LATER);
        let reg_id = result["regId"].as_str().unwrap_or_else(|| panic!("no regId: {result}")).to_owned();
        phone.connected();
        Device { watch: Watch::new(&phone), reg_id, _app: app, phone }
    }

    pub(crate) fn push(&self, device: &Device, title: &str) -> Pushed {
        let at = now();
        Pushed { id: self.world.push(&device.reg_id, title), at }
    }
}

impl Device {
    /// Waits until the message is shown; how long that took since the push.
    pub(crate) fn shows(&self, pushed: &Pushed) -> Duration {
        let what = format!("{} is shown", pushed.id);
        wait::until_true(&what, wait::SOON, || self.phone.presentations(&pushed.id) > 0);
        let line = self.phone.lines().into_iter().find(|line| line["id"] == pushed.id.as_str());
        let at = line.and_then(|line| line["at"].as_i64()).expect("a moment");
        Duration::from_millis(u64::try_from(at - pushed.at).expect("shown after it was pushed"))
    }

    /// Each message was shown, and once.
    pub(crate) fn showed_once(&self, all: &[Pushed]) {
        for pushed in all {
            self.phone.shows(&pushed.id);
            assert_eq!(self.phone.presentations(&pushed.id), 1, "{pushed:?}");
        }
    }

    /// How often the connection ended so far.
    pub(crate) fn ends(&mut self) -> usize {
        self.watch.catch_up();
        self.watch.all("disconnected").len()
    }

    /// Takes note of so many more answered pings.
    pub(crate) fn beats(&mut self, count: usize, within: Duration) {
        let from = self.watch.catch_up().len();
        self.watch.until(&format!("{count} beats"), within, |events| {
            let answered = events.get(from..)?.iter().filter(|event| event["event"] == "pong");
            (answered.count() >= count).then_some(())
        });
    }
}

/// The wall time, in milliseconds.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_millis()).expect("a clock before the year 292,000,000")
}

/// The moment of an event.
pub(crate) fn at(event: &Value) -> i64 {
    event["at"].as_i64().unwrap_or_else(|| panic!("no moment in {event}"))
}

/// The milliseconds between two events.
pub(crate) fn between(first: &Value, second: &Value) -> Duration {
    Duration::from_millis(u64::try_from(at(second) - at(first)).expect("in their order"))
}
