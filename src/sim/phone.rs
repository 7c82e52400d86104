//! The phone's side of power: when its CPU is awake, when an alarm really fires, Doze, and the radio's tail.
//!
//! What the system allows is read from AOSP's sources; the section numbers are those of the project's notes on the
//! Android platform, which name the classes.

use std::collections::VecDeque;
use std::ops::Range;

use crate::client::AlarmKind;
use crate::day::{Bucket, Phone, Transport};
use crate::rng::Rng;
use crate::time::{HOUR, MINUTE, SECOND};

/// The CPU stays awake for so long after a packet or an alarm was handled: the packet's timed lock of a Wi-Fi driver
/// (bcmdhd, `DHD_PACKET_TIMEOUT_MS`, platform notes §9).
const LINGER: u64 = SECOND;

/// Another app's alarm keeps the CPU awake for so long. An assumption: two packets' locks.
const OTHER_APP: u64 = 2 * SECOND;

/// An alarm is at least so far in the future (`MIN_FUTURITY`, platform notes §2).
const MIN_FUTURITY: u64 = 5 * SECOND;

/// Of an inexact alarm: the window as a part of its distance (`AlarmManagerService.maxTriggerTime`, platform notes §2).
const INEXACT_WINDOW: f64 = 0.75;

/// A process without a foreground service is frozen so long after its last work (Android 14, platform notes §5).
pub(crate) const FREEZE_AFTER: u64 = 10 * SECOND;

/// The first Android release that destroys the sockets of frozen processes (platform notes §0).
pub(crate) const FREEZE_ENDS_SOCKETS: u8 = 15;

/// The first Android release that destroys the sockets of apps that Doze cuts off (platform notes §0).
pub(crate) const DOZE_ENDS_SOCKETS: u8 = 7;

/// Network for an app without a foreground service after an exact alarm in Doze: the temporary allow-list (§2).
const ALLOWED_AFTER_ALARM: u64 = 10 * SECOND;

/// `DeviceIdleController.Constants`: still and dark for so long before deep Doze (INACTIVE_TIMEOUT 30 min,
/// SENSING_TIMEOUT 4 min, LOCATING_TIMEOUT 30 s, IDLE_AFTER_INACTIVE_TIMEOUT 30 min).
const DOZE_AFTER: u64 = 64 * MINUTE + 30 * SECOND;
/// IDLE_TIMEOUT, doubling up to MAX_IDLE_TIMEOUT.
const DOZE_FIRST: u64 = HOUR;
const DOZE_LONGEST: u64 = 6 * HOUR;
/// IDLE_PENDING_TIMEOUT, doubling up to MAX_IDLE_PENDING_TIMEOUT: the maintenance windows in between.
const MAINTENANCE_FIRST: u64 = 5 * MINUTE;
const MAINTENANCE_LONGEST: u64 = 10 * MINUTE;

/// The parts of the day in which the phone is in deep Doze, maintenance windows left out.
pub(crate) fn doze(phone: &Phone) -> Vec<Range<u64>> {
    let mut idle = Vec::new();
    for still in &phone.still {
        let mut from = still.start;
        let mut dark = Vec::new();
        for on in phone.screen_on.iter().filter(|on| on.start < still.end && on.end > still.start) {
            dark.push(from..on.start.max(from));
            from = on.end;
        }
        dark.push(from..still.end.max(from));
        for dark in dark {
            let (mut lasts, mut maintenance) = (DOZE_FIRST, MAINTENANCE_FIRST);
            let mut at = dark.start + DOZE_AFTER;
            while at < dark.end {
                idle.push(at..(at + lasts).min(dark.end));
                at += lasts + maintenance;
                lasts = (lasts * 2).min(DOZE_LONGEST);
                maintenance = (maintenance * 2).min(MAINTENANCE_LONGEST);
            }
        }
    }
    idle
}

fn containing(ranges: &[Range<u64>], at: u64) -> Option<&Range<u64>> {
    ranges.iter().find(|range| range.contains(&at))
}

/// How many alarms an hour the system lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ration {
    /// So many in any hour.
    PerHour(usize),
    /// One in so many milliseconds.
    Every(u64),
}

/// A planned alarm: it fires at `at`, or from `from` on as soon as the CPU is awake anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Alarm {
    pub(crate) from: u64,
    pub(crate) at: u64,
}

/// The CPU, the alarms and what the system lets the app do.
#[derive(Debug)]
pub(crate) struct Power {
    pub(crate) plan: Phone,
    begins: u64,
    pub(crate) doze: Vec<Range<u64>>,
    awake_until: u64,
    allowed_until: u64,
    /// When alarms that count against a ration fired, within the last hour.
    fired: VecDeque<u64>,
    last_fired: Option<u64>,
    /// What an inexact alarm for this moment was found to be, so that asking again changes nothing.
    drawn: Option<(u64, u64)>,
    rng: Rng,
}

impl Power {
    pub(crate) fn new(plan: Phone, begins: u64, seed: u64) -> Self {
        let doze = doze(&plan);
        Self {
            plan,
            begins,
            doze,
            awake_until: 0,
            allowed_until: 0,
            fired: VecDeque::new(),
            last_fired: None,
            drawn: None,
            rng: Rng::new(seed, "alarms"),
        }
    }

    pub(crate) fn screen_is_on(&self, at: u64) -> bool {
        containing(&self.plan.screen_on, at).is_some()
    }

    pub(crate) fn is_awake(&self, at: u64) -> bool {
        at < self.awake_until || self.screen_is_on(at)
    }

    /// The moment until which the CPU is sure to be awake.
    pub(crate) fn awake_until(&self, at: u64) -> u64 {
        let screen = containing(&self.plan.screen_on, at).map_or(0, |on| on.end);
        self.awake_until.max(screen)
    }

    /// Something is handled: gives whether that took a wake-up.
    pub(crate) fn work(&mut self, at: u64) -> bool {
        let woke = !self.is_awake(at);
        self.awake_until = self.awake_until.max(at + LINGER);
        woke
    }

    /// Another app woke the phone.
    pub(crate) fn other_app(&mut self, at: u64) {
        self.awake_until = self.awake_until.max(at + OTHER_APP);
    }

    /// The wake lock is held until then; where it is let go, the CPU lingers.
    pub(crate) fn wake_lock(&mut self, now: u64, lock: Option<u64>) {
        // What is due when a lock ends is still done: the CPU does not fall asleep within no time.
        self.awake_until = now + lock.unwrap_or(0).max(LINGER) + 1;
    }

    pub(crate) fn is_dozing(&self, at: u64) -> bool {
        containing(&self.doze, at).is_some()
    }

    /// Whether the system lets the app's packets through.
    pub(crate) fn has_network(&self, at: u64) -> bool {
        // An app that is idle by its bucket has none either (platform notes §1).
        let idle = self.plan.bucket == Bucket::Rare && !self.screen_is_on(at);
        self.plan.foreground_service || !(self.is_dozing(at) || idle) || at < self.allowed_until
    }

    /// Whether exact alarms are granted: with the permission, or before Android 12, which needs none.
    fn is_exact(&self) -> bool {
        self.plan.exact_alarms || self.plan.android < 12
    }

    fn ration(&self, at: u64) -> Option<Ration> {
        if self.is_dozing(at) {
            return Some(match self.plan.android {
                14.. if self.plan.exact_alarms => Ration::PerHour(72),
                14.. => Ration::PerHour(7),
                12.. if self.plan.exact_alarms => Ration::PerHour(72),
                _ => Ration::Every(9 * MINUTE),
            });
        }
        // Exact alarms with the permission are exempt from the buckets (§2).
        match self.plan.bucket {
            _ if self.plan.android >= 12 && self.plan.exact_alarms => None,
            Bucket::Active => None,
            Bucket::Working => Some(Ration::PerHour(10)),
            Bucket::Frequent => Some(Ration::PerHour(2)),
            Bucket::Rare => Some(Ration::PerHour(1)),
        }
    }

    /// When an alarm set now for `wanted` will fire.
    pub(crate) fn alarm(&mut self, now: u64, wanted: u64, kind: AlarmKind) -> Alarm {
        let wanted = wanted.max(now + MIN_FUTURITY);
        let mut at = wanted;
        if !self.is_exact() {
            at = match self.drawn {
                Some((for_moment, drawn)) if for_moment == wanted => drawn,
                _ => wanted + (self.rng.fraction() * INEXACT_WINDOW * (wanted - now) as f64) as u64,
            };
            self.drawn = Some((wanted, at));
        }
        if kind == AlarmKind::Exact
            && let Some(idle) = containing(&self.doze, at)
        {
            // Not while idle: it waits for the maintenance window.
            at = idle.end;
        } else if let Some(ration) = self.ration(at) {
            at = self.rationed(at, ration);
        }
        if let Some(align) = self.plan.align
            && !self.screen_is_on(at)
        {
            at = (self.begins + at).div_ceil(align) * align - self.begins;
        }
        Alarm { from: if self.is_exact() { at } else { wanted.min(at) }, at }
    }

    fn rationed(&self, at: u64, ration: Ration) -> u64 {
        match ration {
            Ration::Every(gap) => self.last_fired.map_or(at, |last| at.max(last + gap)),
            Ration::PerHour(most) => {
                let recent = self.fired.iter().filter(|fired| **fired + HOUR > at).count();
                match recent.checked_sub(most) {
                    Some(beyond) => {
                        let within = self.fired.iter().filter(|fired| **fired + HOUR > at);
                        within.copied().nth(beyond).map_or(at, |fired| fired + HOUR)
                    }
                    None => at,
                }
            }
        }
    }

    /// An alarm fired.
    pub(crate) fn alarm_fired(&mut self, at: u64) {
        self.drawn = None;
        if self.ration(at).is_some() {
            while self.fired.front().is_some_and(|fired| *fired + HOUR <= at) {
                self.fired.pop_front();
            }
            self.fired.push_back(at);
            self.last_fired = Some(at);
        }
        if self.plan.exact_alarms {
            self.allowed_until = at + ALLOWED_AFTER_ALARM;
        }
    }
}

/// How a radio goes on after each packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RadioTimes {
    /// Milliseconds from idle to sending.
    promotion: u64,
    /// Milliseconds that it stays on after the last packet.
    tail: u64,
}

/// Huang, Qian, Gerber, Mao, Sen, Spatscheck: "A Close Examination of Performance and Power Characteristics of 4G LTE
/// Networks", MobiSys 2012: LTE promotion 260.1 ms and tail 11,576 ms; Wi-Fi promotion 79.1 ms and tail 238.1 ms.
fn radio_times(transport: Transport) -> RadioTimes {
    match transport {
        Transport::Cellular => RadioTimes { promotion: 260, tail: 11_576 },
        Transport::Wifi => RadioTimes { promotion: 79, tail: 238 },
        Transport::Ethernet => RadioTimes { promotion: 0, tail: 0 },
    }
}

/// When the radio was on for us.
#[derive(Debug, Default)]
pub(crate) struct Radio {
    pub(crate) on: Vec<Range<u64>>,
}

impl Radio {
    /// A packet went out or came in.
    pub(crate) fn packet(&mut self, at: u64, transport: Transport) {
        let times = radio_times(transport);
        match self.on.last_mut() {
            Some(last) if last.end >= at => last.end = last.end.max(at + times.tail),
            _ if times.tail > 0 => self.on.push(at..at + times.promotion + times.tail),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One span.
    fn once(from: u64, to: u64) -> Vec<Range<u64>> {
        std::iter::once(from..to).collect()
    }

    fn plan() -> Phone {
        Phone {
            android: 14,
            foreground_service: true,
            exact_alarms: true,
            align: None,
            bucket: Bucket::Active,
            screen_on: Vec::new(),
            still: Vec::new(),
            other_wakes: 0.0,
        }
    }

    /// A phone that is in deep Doze from 64.5 min on.
    fn dozing(android: u8, exact_alarms: bool) -> Power {
        Power::new(Phone { android, exact_alarms, still: once(0, 24 * HOUR), ..plan() }, 0, 1)
    }

    /// When alarms fire that are each set for a minute after the one before, from a moment in Doze on.
    fn each_minute(power: &mut Power, from: u64, count: usize) -> Vec<u64> {
        let mut now = from;
        let mut fired = Vec::new();
        for _ in 0..count {
            now = power.alarm(now, now + MINUTE, AlarmKind::WhileIdle).at;
            power.alarm_fired(now);
            fired.push(now);
        }
        fired
    }

    #[test]
    fn doze_comes_after_an_hour_with_growing_spells_and_windows() {
        // 64.5 min after the screen went off: 1 h, 5 min open, 2 h, 10 min open, 4 h, …
        let plan = Phone { still: once(0, 12 * HOUR), ..plan() };
        let begin = 64 * MINUTE + 30 * SECOND;
        let second = begin + HOUR + 5 * MINUTE;
        let third = second + 2 * HOUR + 10 * MINUTE;
        assert_eq!(
            doze(&plan),
            [
                begin..begin + HOUR,
                second..second + 2 * HOUR,
                third..third + 4 * HOUR,
                third + 4 * HOUR + 10 * MINUTE..12 * HOUR
            ]
        );
    }

    #[test]
    fn the_screen_ends_doze() {
        // A look at the phone starts the wait anew.
        let plan = Phone { still: once(0, 3 * HOUR), screen_on: once(HOUR, HOUR + MINUTE), ..plan() };
        assert_eq!(doze(&plan), once(HOUR + MINUTE + DOZE_AFTER, 3 * HOUR));
    }

    #[test]
    fn an_exact_alarm_fires_when_it_is_set_for_but_not_within_five_seconds() {
        // Out of Doze nothing is rationed.
        let mut power = Power::new(plan(), 0, 1);
        assert_eq!(power.alarm(0, MINUTE, AlarmKind::WhileIdle), Alarm { from: MINUTE, at: MINUTE });
        assert_eq!(power.alarm(0, SECOND, AlarmKind::WhileIdle).at, 5 * SECOND);
        assert_eq!(each_minute(&mut power, 0, 200).last(), Some(&(200 * MINUTE)));
    }

    #[test]
    fn doze_lets_seventy_two_exact_alarms_an_hour_through() {
        // Android 12 and later, with the permission: one a minute is well within.
        let mut power = dozing(14, true);
        let fired = each_minute(&mut power, 2 * HOUR + 10 * MINUTE, 60);
        assert!(fired.windows(2).all(|pair| pair[1] - pair[0] == MINUTE));
        let mut power = dozing(14, true);
        let mut now = 2 * HOUR + 10 * MINUTE;
        let begin = now;
        for _ in 0..73 {
            now = power.alarm(now, now + 10 * SECOND, AlarmKind::WhileIdle).at;
            power.alarm_fired(now);
        }
        assert!(now >= begin + HOUR, "the seventy-third waits for the hour");
    }

    #[test]
    fn doze_lets_seven_inexact_alarms_an_hour_through() {
        // Android 14 without the permission.
        let mut power = dozing(14, false);
        let fired = each_minute(&mut power, 2 * HOUR + 10 * MINUTE, 15);
        for at in &fired {
            assert!(fired.iter().filter(|other| (*at..at + HOUR).contains(*other)).count() <= 7, "{fired:?}");
        }
    }

    #[test]
    fn old_doze_lets_one_alarm_in_nine_minutes_through() {
        // Android 6 to 11.
        let mut power = dozing(9, true);
        let fired = each_minute(&mut power, 2 * HOUR + 10 * MINUTE, 6);
        assert!(fired.windows(2).all(|pair| pair[1] - pair[0] == 9 * MINUTE), "{fired:?}");
    }

    #[test]
    fn an_alarm_that_is_not_while_idle_waits_for_the_window() {
        // `setExact` in Doze.
        let mut power = dozing(14, true);
        let idle = power.doze[0].clone();
        assert_eq!(power.alarm(idle.start, idle.start + MINUTE, AlarmKind::Exact).at, idle.end);
    }

    #[test]
    fn a_vendor_moves_alarms_to_its_marks_while_the_screen_is_off() {
        // Marks are those of the clock, not of the day's beginning.
        let plan = Phone { align: Some(5 * MINUTE), screen_on: once(HOUR, 2 * HOUR), ..plan() };
        let mut power = Power::new(plan, 2 * MINUTE, 1);
        assert_eq!(power.alarm(0, 4 * MINUTE, AlarmKind::WhileIdle).at, 8 * MINUTE);
        let at = HOUR + 4 * MINUTE;
        assert_eq!(power.alarm(HOUR, at, AlarmKind::WhileIdle).at, at);
    }

    #[test]
    fn an_inexact_alarm_fires_within_three_quarters_of_its_distance() {
        // Asking again changes nothing; the phone's other wake-ups may bring it forward.
        let mut power = Power::new(Phone { exact_alarms: false, ..plan() }, 0, 1);
        let alarm = power.alarm(0, 10 * MINUTE, AlarmKind::WhileIdle);
        assert_eq!(alarm.from, 10 * MINUTE);
        assert!((10 * MINUTE..=17 * MINUTE + 30 * SECOND).contains(&alarm.at));
        assert_eq!(power.alarm(0, 10 * MINUTE, AlarmKind::WhileIdle), alarm);
    }

    #[test]
    fn buckets_ration_alarms_without_the_permission() {
        // Working set: ten an hour; with the permission no bucket counts.
        let bucket = |exact_alarms| Phone { bucket: Bucket::Working, exact_alarms, ..plan() };
        let fired = each_minute(&mut Power::new(bucket(false), 0, 1), 0, 30);
        assert!(*fired.last().expect("some") > 2 * HOUR);
        let fired = each_minute(&mut Power::new(bucket(true), 0, 1), 0, 30);
        assert_eq!(fired.last(), Some(&(30 * MINUTE)));
    }

    #[test]
    fn what_happens_while_the_phone_is_awake_costs_no_wake_up() {
        // One wake-up for what comes together, none with the screen on or beside another app.
        let mut power = Power::new(Phone { screen_on: once(HOUR, 2 * HOUR), ..plan() }, 0, 1);
        assert!(power.work(0));
        assert!(!power.work(500));
        assert!(power.work(10 * SECOND));
        power.wake_lock(10 * SECOND, Some(30 * SECOND));
        assert!(!power.work(39 * SECOND));
        assert!(!power.work(HOUR + MINUTE));
        power.other_app(3 * HOUR);
        assert!(!power.work(3 * HOUR + SECOND));
    }

    #[test]
    fn doze_cuts_off_who_is_no_foreground_service() {
        // But for ten seconds after an exact alarm with the permission.
        let mut power = dozing(14, true);
        power.plan.foreground_service = false;
        let at = power.doze[0].start + MINUTE;
        assert!(power.has_network(HOUR) && !power.has_network(at));
        power.alarm_fired(at);
        assert!(power.has_network(at + 9 * SECOND) && !power.has_network(at + 10 * SECOND));
    }

    #[test]
    fn the_radios_tail_is_paid_once_for_packets_close_together() {
        // LTE: 260 ms to begin and 11.576 s after the last packet; Wi-Fi a quarter of a second.
        let mut radio = Radio::default();
        radio.packet(0, Transport::Cellular);
        radio.packet(5_000, Transport::Cellular);
        radio.packet(60_000, Transport::Wifi);
        radio.packet(90_000, Transport::Ethernet);
        assert_eq!(radio.on, [0..16_576, 60_000..60_317]);
    }
}
