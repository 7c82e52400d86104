//! The built-in days, each a file that anyone can copy and change.

use crate::day::Day;
use crate::format::DayError;

macro_rules! built_in {
    ($($name:literal),+ $(,)?) => {
        /// Their names, in the order of tables.
        pub const NAMES: &[&str] = &[$($name),+];

        /// The text of a built-in day's file.
        pub fn text(name: &str) -> Option<&'static str> {
            match name {
                $($name => Some(include_str!(concat!("days/", $name, ".toml"))),)+
                _ => None,
            }
        }
    };
}

built_in!(
    "quiet-home-wifi-night",
    "office-day",
    "commuter-lte-wifi",
    "cgnat-4-min",
    "nat-30-s",
    "nat-15-min",
    "flaky-hotel",
    "overnight-doze",
    "doze-without-service",
    "vendor-aligned-alarms",
    "airplane-mode",
    "server-restart",
    "captive-portal-cafe",
    "nat-shrinks",
    "nat-grows",
    "lossy-train",
);

/// All built-in days.
pub fn all() -> Result<Vec<Day>, DayError> {
    NAMES.iter().map(|name| Day::parse(name, text(name).unwrap_or_default())).collect()
}
