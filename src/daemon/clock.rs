//! The clocks.

use std::time::Duration;

use nix::libc;
use nix::time::{ClockId, clock_gettime};
use offpush_engine::Now;

/// The three clocks at this moment.
pub(crate) fn now() -> Now {
    let wall = milliseconds(ClockId::CLOCK_REALTIME);
    Now { boot: milliseconds(ClockId::CLOCK_BOOTTIME).unsigned_abs(), wall, utc_offset: utc_offset(wall) }
}

/// A clock's time in milliseconds. These clocks exist on every Linux that can run this.
fn milliseconds(clock: ClockId) -> i64 {
    // By way of a type that has room for milliseconds where the system's seconds are 32 bits wide.
    let time = clock_gettime(clock).map(Duration::from).unwrap_or_default();
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// Local time minus UTC at this wall time, in minutes.
fn utc_offset(wall: i64) -> i16 {
    let seconds = wall.div_euclid(1_000) as libc::time_t;
    // SAFETY: `tm` is plain data, for which all zeroes are a value.
    let mut local: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to values that live through the call, which writes only to the second.
    if unsafe { libc::localtime_r(&seconds, &mut local) }.is_null() {
        return 0;
    }
    i16::try_from(local.tm_gmtoff / 60).unwrap_or(0)
}

/// Identifies this boot of the device; 0 if the kernel does not tell.
pub(crate) fn boot_id() -> u64 {
    std::fs::read("/proc/sys/kernel/random/boot_id").map_or(0, |text| hash(&[&text]))
}

/// FNV-1a over the parts, each with its end: the same in every build, as what is compared with stored values must be.
pub(crate) fn hash(parts: &[&[u8]]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let bytes = parts.iter().flat_map(|part| part.iter().chain(&[0]));
    bytes.fold(OFFSET, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}
