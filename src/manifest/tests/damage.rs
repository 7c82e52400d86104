//! Damaged files of every form: an answer or a refusal, never a panic, in bounded time.

mod common;

use std::time::{Duration, Instant};

use common::archive::{dex, entry, library, link, zip};
use common::{SOURCE, merged};
use offpush_manifest::{Options, check};

/// A machine under load; a file of some kilobytes takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// Random numbers that are the same on every run (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).expect("a number of 31 bits") % limit
    }
}

/// Damages bytes many times, each time in some places, and checks what comes out.
fn damaged(sound: &[u8], rounds: usize) {
    let options = Options { rules: Some(("rules.pro".into(), "-keep a {*;}".into())), ..Options::default() };
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ sound.len() as u64);
    let begin = Instant::now();
    for _ in 0..rounds {
        let mut bytes = sound.to_vec();
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len());
            match random.below(6) {
                0 => bytes[at] ^= 1 << random.below(8),
                1 => bytes[at] = u8::try_from(random.below(256)).expect("a byte"),
                2 => bytes.truncate(at.max(1)),
                3 => bytes[at] = 0xff,
                4 => {
                    let end = (at + random.below(64)).min(bytes.len());
                    let part = bytes[at..end].to_vec();
                    let to = random.below(bytes.len());
                    bytes.splice(to..to, part);
                }
                _ => {
                    let end = (at + 4).min(bytes.len());
                    bytes[at..end].fill(if random.below(2) == 0 { 0xff } else { 0 });
                }
            }
        }
        if let Ok(report) = check("damaged", &bytes, &options) {
            // Whatever was read can be told and corrected.
            let _ = (report.to_string(), report.to_json(), report.to_sarif(), report.fixed());
        }
    }
    assert!(begin.elapsed() < PATIENCE * u32::try_from(rounds / 100 + 1).expect("few rounds"));
}

#[test]
fn damaged_text_is_answered_or_refused() {
    // The app's own manifest and one with everything in it.
    damaged(SOURCE.as_bytes(), 300);
    damaged(merged().as_bytes(), 300);
}

#[test]
fn damaged_archives_are_answered_or_refused() {
    // The archive's own structures, its binary manifest and resources, its code and library.
    let test = "damaged_archives_are_answered_or_refused";
    let strings = "<string name=\"server\">https://push.acme.app</string>";
    let text = merged().replace("https://push.acme.app", "@string/server");
    let Some(apk) = link(test, &text, strings, false) else { return };
    let Some(protobuf) = link(test, &text, strings, true) else { return };
    let code = dex(&[("com.acme.chat.PushReceiver", "com.xiaomi.mipush.sdk.PushMessageReceiver")]);
    let whole = |manifest: Vec<u8>, table: Vec<u8>, code: Vec<u8>, library: Vec<u8>| {
        zip(&[
            ("AndroidManifest.xml", manifest, false),
            ("resources.arsc", table, false),
            ("classes.dex", code, false),
            ("lib/arm64-v8a/liboffpush.so", library, false),
        ])
    };
    let (manifest, table) = (entry(&apk, "AndroidManifest.xml"), entry(&apk, "resources.arsc"));
    damaged(&whole(manifest.clone(), table, code, library(0x4000)), 1_000);
    damaged(&manifest, 1_000);
    let bundle = |manifest, resources| {
        zip(&[("base/manifest/AndroidManifest.xml", manifest, false), ("base/resources.pb", resources, false)])
    };
    damaged(&bundle(entry(&protobuf, "AndroidManifest.xml"), entry(&protobuf, "resources.pb")), 1_000);
    let aar = zip(&[
        ("AndroidManifest.xml", merged().into_bytes(), true),
        ("classes.jar", zip(&[("a/B.class", vec![1; 100], true)]), false),
    ]);
    damaged(&aar, 300);
}

/// Checks a file that is made to take long, and says how it ended.
fn ends(bytes: &[u8], options: &Options) -> Result<offpush_manifest::Report, offpush_manifest::ReadError> {
    let begin = Instant::now();
    let result = check("f", bytes, options);
    assert!(begin.elapsed() < PATIENCE, "it took {:?}", begin.elapsed());
    result
}

#[test]
fn a_text_that_is_made_to_take_long_ends() {
    // Deep, wide, long and repeated: each is refused or answered in seconds.
    let options = Options { merged: true, ..Options::default() };
    let begin = "<manifest xmlns:android=\"http://schemas.android.com/apk/res/android\" package=\"com.acme.chat\">";
    let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    assert!(ends(deep.as_bytes(), &options).is_err());
    let wide = format!("{begin}{}</manifest>", "<a/>".repeat(200_000));
    assert!(ends(wide.as_bytes(), &options).is_err());
    let large = format!("{begin}<!--{}--></manifest>", "x".repeat(4 << 20));
    assert!(ends(large.as_bytes(), &options).is_err());
    let filter = "<intent-filter><action android:name=\"com.xiaomi.mipush.RECEIVE_MESSAGE\"/></intent-filter>";
    let receivers: String =
        (0..7_000).map(|n| format!("<receiver android:name=\"a.b{n}\">{filter}</receiver>")).collect();
    let many = format!("{begin}<application>{receivers}</application></manifest>");
    let report = ends(many.as_bytes(), &options);
    assert!(report.is_err(), "more elements than a manifest has");
    let receivers: String =
        (0..2_000).map(|n| format!("<receiver android:name=\"a.b{n}\">{filter}</receiver>")).collect();
    let many = format!("{begin}<application>{receivers}</application></manifest>");
    let rules: String = (0..20_000).map(|n| format!("-keep,allowshrinking class **a**b**c**{n}\n")).collect();
    let options = Options { rules: Some(("rules.pro".into(), rules)), ..options };
    let report = ends(many.as_bytes(), &options).expect("it is answered");
    let begun = Instant::now();
    assert!(report.fixed().is_some());
    assert!(begun.elapsed() < PATIENCE * 3, "correcting took {:?}", begun.elapsed());
    let pages = format!(
        "{begin}<application><meta-data android:name=\"offpush.pages\" android:value=\"{}\"/>{}</application></manifest>",
        "com.acme.chat.Page,".repeat(50_000),
        "<activity android:name=\"com.acme.chat.Pages\"/>".repeat(4_000)
    );
    ends(pages.as_bytes(), &options).expect("it is answered");
}
