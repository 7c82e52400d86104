//! Broken set-ups as people have them, each with one fault: the first finding names it, and what it says repairs it.

mod common;

use common::{checked, merged};
use offpush_manifest::{Options, Severity};

/// Checks a manifest whose one fault is told first, then corrects it and finds no error any more.
fn found_and_repaired(manifest: &str, options: &Options, id: &str, words: &[&str]) {
    let report = checked(manifest, options);
    let first = report.findings.first().expect("a finding");
    assert_eq!(first.check.id, id, "{report}");
    assert_eq!(report.count(Severity::Error), 1, "one fault is told once:\n{report}");
    let text = report.to_string();
    for word in words {
        assert!(text.contains(word), "the output does not say {word:?}:\n{text}");
    }
    let fixed = report.fixed().unwrap_or_else(|| panic!("it is corrected by itself:\n{report}"));
    let after = checked(&fixed, options);
    assert!(!after.has_errors(), "{after}\n{fixed}");
}

fn installed() -> Options {
    Options { merged: true, ..Options::default() }
}

#[test]
fn a_pasted_manifest_with_the_documents_package_name() {
    // The permission was copied with another app's package: Android will not install both, and Mi Push gives no callback.
    let manifest = r#"<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="com.acme.chat">
    <uses-sdk android:minSdkVersion="21" android:targetSdkVersion="34" />
    <uses-permission android:name="com.tencent.qcloud.tim.tuikit.permission.MIPUSH_RECEIVE" />
    <application android:dataExtractionRules="@xml/offpush_data_extraction_rules" android:fullBackupContent="@xml/offpush_backup_rules">
        <meta-data android:name="offpush.server" android:value="https://push.acme.app" />
        <receiver android:name=".PushReceiver" android:exported="true">
            <intent-filter><action android:name="com.xiaomi.mipush.RECEIVE_MESSAGE" /></intent-filter>
            <intent-filter><action android:name="com.xiaomi.mipush.MESSAGE_ARRIVED" /></intent-filter>
            <intent-filter><action android:name="com.xiaomi.mipush.ERROR" /></intent-filter>
        </receiver>
    </application>
</manifest>
"#;
    let words = [
        "AndroidManifest.xml:3:22",
        "it names com.tencent.qcloud.tim.tuikit, the package is com.acme.chat",
        "${applicationId}.permission.MIPUSH_RECEIVE",
    ];
    found_and_repaired(manifest, &Options::default(), "receive-permission-package", &words);
}

#[test]
fn a_receiver_that_was_moved_into_the_push_process() {
    // "It is for push, so it belongs into :pushservice": the callbacks then run where the app was never set up.
    let manifest = merged().replace(
        "android:name=\"com.acme.chat.PushReceiver\"",
        "android:name=\"com.acme.chat.PushReceiver\"\n            android:process=\":pushservice\"",
    );
    let words = ["receiver com.acme.chat.PushReceiver", "android:process=\":pushservice\"", "Take android:process out"];
    found_and_repaired(&manifest, &installed(), "callback-process-wrong", &words);
}

#[test]
fn an_app_that_now_targets_android_12() {
    // It was fine at 30; at 31 and later Android does not install it, and the installer's message names no component.
    let manifest = common::changed(
        common::SOURCE,
        &[("android:name=\".ChatActivity\" android:exported=\"true\"", "android:name=\".ChatActivity\"")],
    );
    let words = ["activity .ChatActivity", "Android 12 (API 31)", "INSTALL_PARSE_FAILED_MANIFEST_MALFORMED"];
    found_and_repaired(&manifest, &Options::default(), "exported-missing", &words);
}

#[test]
fn a_service_without_its_type_on_android_14() {
    // Merged by hand from an old manifest: the service crashes as soon as the app targets 34.
    let manifest = merged().replace("            android:foregroundServiceType=\"specialUse\"\n", "");
    let words = ["XMPushService", "MissingForegroundServiceTypeException", "Android 14 (API 34)", "specialUse"];
    found_and_repaired(&manifest, &installed(), "foreground-type-missing", &words);
}

#[test]
fn an_app_id_that_turns_into_a_number() {
    // Digits in meta-data become an integer, getString gives null, and registration fails with "invalid application id".
    let manifest = common::SOURCE.replace(
        "        <receiver",
        "        <meta-data android:name=\"XIAOMI_APP_ID\" android:value=\"2882303761517\" />\n        <receiver",
    );
    let words = ["meta-data XIAOMI_APP_ID", "read as a number", "22006", "@string/"];
    found_and_repaired(&manifest, &Options::default(), "app-id-number", &words);
}
