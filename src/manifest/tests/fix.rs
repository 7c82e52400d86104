//! What a correction writes, and what it leaves as it was.

mod common;

use common::{SOURCE, changed, checked, ids};
use offpush_manifest::Options;

#[test]
fn a_correction_keeps_line_ends_quotes_and_prefix() {
    // A file of Windows, single quotes, another prefix for Android's namespace: what is added is written the same way.
    let text = "<?xml version='1.0'?>\r\n<manifest xmlns:a='http://schemas.android.com/apk/res/android' package='com.acme.chat'>\r\n    <uses-sdk a:minSdkVersion='21' a:targetSdkVersion='33'/>\r\n    <application a:label=\"x > y\"/>\r\n</manifest>\r\n";
    let options = Options { merged: true, ..Options::default() };
    let fixed = checked(text, &options).fixed().expect("it is corrected");
    assert!(!fixed.replace("\r\n", "").contains('\n'), "{fixed:?}");
    assert!(fixed.contains("    <uses-permission a:name=\"android.permission.INTERNET\" />\r\n"), "{fixed}");
    assert!(fixed.contains("a:label=\"x > y\"") && fixed.ends_with("</application>\r\n</manifest>\r\n"), "{fixed}");
    let left = checked(&fixed, &options);
    assert_eq!(ids(&left), ["receiver-missing", "server-missing", "launcher-missing"], "{left}");
}

#[test]
fn a_mark_of_byte_order_stays() {
    // Editors on Windows write one; it is no part of the text, and places are those that an editor shows.
    let text = format!("\u{feff}{}", changed(SOURCE, &[("https://push", "http://push")]));
    let report = checked(&text, &Options::default());
    assert!(report.findings.iter().any(|finding| (finding.place.line, finding.place.column) == (11, 50)), "{report}");
    assert!(report.fixed().is_some_and(|fixed| fixed.starts_with('\u{feff}')));
}

#[test]
fn a_value_that_is_written_again_means_what_it_meant() {
    // The value is taken apart when it is read: what has a meaning in XML must be escaped again, whatever the quotes.
    let value = "http://push.acme.app/?a=1&amp;b=&lt;&gt;&quot;&apos;&#10;&#9;\u{fc}\u{1f514}";
    for quote in ["\"", "'"] {
        let written = format!("android:value={quote}{value}{quote}");
        let text = changed(SOURCE, &[("android:value=\"https://push.acme.app\"", &written)]);
        let report = checked(&text, &Options::default());
        assert_eq!(ids(&report), ["server-cleartext"], "{report}");
        let fixed = report.fixed().expect("it is corrected");
        let expected = "https://push.acme.app/?a=1&amp;b=&lt;>&quot;&apos;&#10;&#9;\u{fc}\u{1f514}";
        assert!(fixed.contains(&format!("android:value={quote}{expected}{quote}")), "{fixed}");
        // The check that looks next sees the same characters.
        let next = checked(&fixed, &Options::default());
        let detail = next.findings.first().map(|finding| finding.detail.clone()).expect("the path is no good");
        assert!(detail.starts_with("\"https://push.acme.app/?a=1&b=<>\"'\n\t\u{fc}\u{1f514}\""), "{detail:?}");
    }
}

#[test]
fn two_findings_with_the_same_correction_are_corrected_once() {
    // Two addresses in one value: each finding writes the whole value, and nothing is written twice.
    let text = changed(SOURCE, &[("https://push.acme.app", "http://a.acme.app, http://b.acme.app")]);
    let report = checked(&text, &Options::default());
    assert_eq!(report.findings.len(), 2, "{report}");
    let expected = changed(SOURCE, &[("https://push.acme.app", "https://a.acme.app, https://b.acme.app")]);
    assert_eq!(report.fixed().as_deref(), Some(expected.as_str()));
}

#[test]
fn what_only_its_author_knows_is_not_corrected() {
    // A server's name, a receiver's class: nothing is invented, and the text is left as it is.
    let text =
        changed(SOURCE, &[("https://push.acme.app", "push.acme.app"), (".PushReceiver", ".demo.MessageReceiver")]);
    let report = checked(&text, &Options::default());
    assert_eq!(ids(&report), ["server-invalid"], "{report}");
    assert!(report.fixed().is_none());
}
