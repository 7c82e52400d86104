//! Damaged files of every form: an answer or a refusal, never a panic, in bounded time.

mod common;

use std::time::{Duration, Instant};

use common::archive::{dex, entry, library, link, zip};
use common::{SOURCE, merged};
use offpush_manifest::{Options, check};

/// For one file on a machine under load: alone each takes seconds without optimisation, and what does not end takes hours.
const PATIENCE: Duration = Duration::from_secs(120);

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

/// How often each thing is damaged.
const ROUNDS: usize = 500;

/// Damages bytes many times, each time in some places, and checks what is made of them.
fn damaged(sound: &[u8], file: impl Fn(Vec<u8>) -> Vec<u8>) {
    let options = Options { rules: Some(("rules.pro".into(), "-keep a {*;}".into())), ..Options::default() };
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ sound.len() as u64);
    let begin = Instant::now();
    let mut read = 0;
    for _ in 0..ROUNDS {
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
        if let Ok(report) = check("damaged", &file(bytes), &options) {
            read += 1;
            // Whatever was read can be told and corrected.
            let _ = (report.to_string(), report.to_json(), report.to_sarif(), report.fixed());
        }
    }
    assert!(begin.elapsed() < PATIENCE, "it took {:?}", begin.elapsed());
    assert!(read > ROUNDS / 50, "only {read} were read: the damage does not come as far as the checks");
}

#[test]
fn damaged_text_is_answered_or_refused() {
    // The app's own manifest, one with everything in it, and one in a library.
    damaged(SOURCE.as_bytes(), |bytes| bytes);
    damaged(merged().as_bytes(), |bytes| bytes);
    let jar = zip(&[("a/B.class", vec![1; 100], true)]);
    let library = |manifest| zip(&[("AndroidManifest.xml", manifest, true), ("classes.jar", jar.clone(), false)]);
    damaged(merged().as_bytes(), library);
    damaged(&library(merged().into_bytes()), |bytes| bytes);
}

/// The manifest and the table of an app, as aapt2 makes them.
fn parts(test: &str, protobuf: bool) -> Option<(Vec<u8>, Vec<u8>)> {
    let text = merged().replace("https://push.acme.app", "@string/server");
    let app = link(test, &text, "<string name=\"server\">https://push.acme.app</string>", protobuf)?;
    let table = if protobuf { "resources.pb" } else { "resources.arsc" };
    Some((entry(&app, "AndroidManifest.xml"), entry(&app, table)))
}

#[test]
fn a_damaged_apk_is_answered_or_refused() {
    // The archive's own structures, its binary manifest and resources, its code and library.
    let Some((manifest, table)) = parts("a_damaged_apk_is_answered_or_refused", false) else { return };
    let code = dex(&[("com.acme.chat.PushReceiver", "com.xiaomi.mipush.sdk.PushMessageReceiver")]);
    let apk = |manifest: &[u8], table: &[u8], code: &[u8], library: &[u8]| {
        zip(&[
            ("AndroidManifest.xml", manifest.to_vec(), false),
            ("resources.arsc", table.to_vec(), false),
            ("classes.dex", code.to_vec(), false),
            ("lib/arm64-v8a/liboffpush.so", library.to_vec(), false),
        ])
    };
    let elf = library(0x4000);
    damaged(&apk(&manifest, &table, &code, &elf), |bytes| bytes);
    damaged(&manifest, |bytes| bytes);
    damaged(&table, |bytes| apk(&manifest, &bytes, &code, &elf));
    damaged(&code, |bytes| apk(&manifest, &table, &bytes, &elf));
    damaged(&elf, |bytes| apk(&manifest, &table, &code, &bytes));
}

#[test]
fn a_damaged_bundle_is_answered_or_refused() {
    // The protobuf forms of manifest and resources.
    let Some((manifest, table)) = parts("a_damaged_bundle_is_answered_or_refused", true) else { return };
    let bundle = |manifest: &[u8], table: &[u8]| {
        zip(&[
            ("base/manifest/AndroidManifest.xml", manifest.to_vec(), false),
            ("base/resources.pb", table.to_vec(), false),
        ])
    };
    damaged(&bundle(&manifest, &table), |bytes| bytes);
    damaged(&manifest, |bytes| bundle(&bytes, &table));
    damaged(&table, |bytes| bundle(&manifest, &bytes));
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
    assert!(begun.elapsed() < PATIENCE, "correcting took {:?}", begun.elapsed());
    let pages = format!(
        "{begin}<application><meta-data android:name=\"offpush.pages\" android:value=\"{}\"/>{}</application></manifest>",
        "com.acme.chat.Page,".repeat(50_000),
        "<activity android:name=\"com.acme.chat.Pages\"/>".repeat(4_000)
    );
    ends(pages.as_bytes(), &options).expect("it is answered");
}
