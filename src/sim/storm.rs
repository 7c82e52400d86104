//! A broker restarts, and everybody who was connected comes back: when, by the engine's real back-off.
//!
//! Each client loses its connection at the moment of the restart and waits: it draws its first wait from the window that
//! the server asked for in its answer to hello, as the engine does after an end that the server caused. An attempt while the broker is away fails
//! at once and is followed by the next wait; the broker then takes so many connections a second, and refuses the rest.

use std::fmt::Write;

use offpush_engine::{BackOff, Timing};

use crate::rng::Rng;
use crate::time::SECOND;

/// What to try.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Storm {
    /// How many were connected.
    pub clients: u32,
    /// How long the broker is away, in milliseconds.
    pub down: u64,
    /// Connections a second that it takes when it is back; more are refused.
    pub capacity: u32,
    /// The window that the server asks for, in milliseconds; 0 for none.
    pub window: u64,
    /// The engine's waits.
    pub timing: Timing,
    /// What the randomness comes from.
    pub seed: u64,
}

impl Default for Storm {
    fn default() -> Self {
        // A broker process starts again within seconds; 20,000 TLS handshakes a second are what 16 cores do.
        // The gateway asks for the window in which everybody fits: a million at 20,000 a second.
        Self {
            clients: 1_000_000,
            down: 10 * SECOND,
            capacity: 20_000,
            window: 50 * SECOND,
            timing: Timing::default(),
            seed: 1,
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// Attempts in each second since the restart.
    pub attempts: Vec<u32>,
    /// Connections made in each second.
    pub connections: Vec<u32>,
    /// How many clients there are.
    pub clients: u32,
}

impl Returned {
    /// The most attempts in one second.
    pub fn peak(&self) -> u32 {
        self.attempts.iter().copied().max().unwrap_or(0)
    }

    /// Seconds until so large a part of all is back; `None` if that never was.
    pub fn back(&self, part: f64) -> Option<usize> {
        let wanted = (f64::from(self.clients) * part).ceil() as u64;
        let mut back = 0;
        let second = self.connections.iter().position(|made| {
            back += u64::from(*made);
            back >= wanted
        });
        second.map(|second| second + 1)
    }

    /// For people.
    pub fn render(&self) -> String {
        let mut text = String::new();
        let second = |part| self.back(part).map_or("never".to_owned(), |second| format!("{second} s"));
        let _ = writeln!(
            text,
            "{} clients: at most {} attempts a second; half are back after {}, 99 % after {}, all after {}",
            self.clients,
            self.peak(),
            second(0.5),
            second(0.99),
            second(1.0),
        );
        text
    }
}

/// Seconds after which no more is looked at.
const PATIENCE: usize = 3_600;

/// Lets the storm pass; `progress` is told the second that has passed and how many are back.
pub fn run(storm: &Storm, mut progress: impl FnMut(usize, u64)) -> Returned {
    let mut rng = Rng::new(storm.seed, "storm");
    let mut entropy = |bytes: &mut [u8]| rng.fill(bytes);
    let mut buckets: Vec<Vec<(u64, BackOff)>> = Vec::new();
    let put = |buckets: &mut Vec<Vec<(u64, BackOff)>>, at: u64, back_off: BackOff| {
        let second = (at / SECOND) as usize;
        if buckets.len() <= second {
            buckets.resize_with(second + 1, Vec::new);
        }
        buckets[second].push((at, back_off));
    };
    for _ in 0..storm.clients {
        let mut back_off = BackOff::new(storm.timing.back_off_base, storm.timing.back_off_cap);
        let wait = back_off.next_within(storm.window, &mut entropy);
        put(&mut buckets, wait, back_off);
    }
    let mut returned = Returned { attempts: Vec::new(), connections: Vec::new(), clients: storm.clients };
    let mut back = 0;
    let mut second = 0;
    while second < buckets.len() && second < PATIENCE && back < u64::from(storm.clients) {
        let (mut attempts, mut made) = (0, 0);
        // An attempt may be followed by another one within the same second.
        while !buckets[second].is_empty() {
            let mut due = std::mem::take(&mut buckets[second]);
            due.sort_by_key(|(at, _)| *at);
            for (at, mut back_off) in due {
                attempts += 1;
                if at >= storm.down && made < storm.capacity {
                    made += 1;
                } else {
                    let wait = back_off.next(&mut entropy);
                    put(&mut buckets, at + wait.max(1), back_off);
                }
            }
        }
        back += u64::from(made);
        returned.attempts.push(attempts);
        returned.connections.push(made);
        progress(second, back);
        second += 1;
    }
    returned
}
