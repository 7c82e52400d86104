//! Tells the code when it was built: certificates are judged by a time that is never before it.

use std::time::{SystemTime, UNIX_EPOCH};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=SOURCE_DATE_EPOCH");
    let given = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.parse::<u64>().ok());
    let seconds = given.or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|time| time.as_secs()));
    println!("cargo:rustc-env=OFFPUSH_BUILD_SECONDS={}", seconds.unwrap_or_default());
}
