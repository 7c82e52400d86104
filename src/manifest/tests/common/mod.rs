//! Manifests in which nothing is wrong, to put faults into.

#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod archive;

use offpush_manifest::{Choice, Options, Rendering, Report, check, render};

/// An app's own manifest, as one with the AAR has it.
pub(crate) const SOURCE: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<manifest xmlns:android="http://schemas.android.com/apk/res/android"
    xmlns:tools="http://schemas.android.com/tools"
    package="com.acme.chat">
    <uses-sdk android:minSdkVersion="21" android:targetSdkVersion="35" />

    <application
        android:name=".App"
        android:dataExtractionRules="@xml/offpush_data_extraction_rules"
        android:fullBackupContent="@xml/offpush_backup_rules">
        <meta-data android:name="offpush.server" android:value="https://push.acme.app" />

        <receiver
            android:name=".PushReceiver"
            android:exported="true">
            <intent-filter>
                <action android:name="com.xiaomi.mipush.RECEIVE_MESSAGE" />
            </intent-filter>
            <intent-filter>
                <action android:name="com.xiaomi.mipush.MESSAGE_ARRIVED" />
            </intent-filter>
            <intent-filter>
                <action android:name="com.xiaomi.mipush.ERROR" />
            </intent-filter>
        </receiver>

        <activity android:name=".ChatActivity" android:exported="true">
            <intent-filter>
                <action android:name="android.intent.action.VIEW" />
                <data android:scheme="pushscheme" android:host="com.acme.chat" android:path="/detail" />
            </intent-filter>
        </activity>

        <activity android:name=".MainActivity" android:exported="true">
            <intent-filter>
                <action android:name="android.intent.action.MAIN" />
                <category android:name="android.intent.category.LAUNCHER" />
            </intent-filter>
        </activity>
    </application>
</manifest>
"#;

/// A manifest as it is installed: what `render` makes, with the app's own activities.
pub(crate) fn merged() -> String {
    let activities =
        SOURCE.find("        <activity ").zip(SOURCE.find("    </application>")).map(|(a, b)| &SOURCE[a..b]);
    render(&Rendering {
        package: "com.acme.chat".into(),
        receiver: "com.acme.chat.PushReceiver".into(),
        server: "https://push.acme.app".into(),
        target_sdk: 35,
        whole: true,
        with: vec![Choice::ForegroundService, Choice::Library],
    })
    .replace("    </application>", &format!("{}    </application>", activities.unwrap_or_default()))
}

/// Replaces texts, each of which must be there.
pub(crate) fn changed(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the manifest has no {from:?} to replace");
        text.replacen(from, to, 1)
    })
}

pub(crate) fn checked(text: &str, options: &Options) -> Report {
    check("AndroidManifest.xml", text.as_bytes(), options).expect("the manifest can be read")
}

/// The names of the checks that found something, without repeats.
pub(crate) fn ids(report: &Report) -> Vec<&'static str> {
    let mut ids: Vec<&str> = report.findings.iter().map(|finding| finding.check.id).collect();
    ids.dedup();
    ids
}
