//! Manifests in the forms that build tools make, and what stands beside them.

mod common;

use common::archive::{File, claiming, dex, entry, library, link, link_all, package, strings, zip};
use common::{SOURCE, changed, checked, ids, merged};
use offpush_manifest::{Form, Options, Report, check};

const RECEIVER: &str = "com.acme.chat.PushReceiver";
const BASE: &str = "com.xiaomi.mipush.sdk.PushMessageReceiver";
/// A page of 16 KB.
const PAGE: u64 = 0x4000;

/// The classes of a sound app.
fn classes() -> Vec<(&'static str, &'static str)> {
    vec![
        (RECEIVER, "com.acme.chat.Middle"),
        ("com.acme.chat.Middle", BASE),
        (BASE, "android.content.BroadcastReceiver"),
        ("com.xiaomi.push.service.XMPushService", "org.offpush.PushService"),
        ("com.xiaomi.push.service.XMJobService", "android.app.Service"),
        ("com.xiaomi.mipush.sdk.PushMessageHandler", "android.app.Service"),
        ("com.xiaomi.mipush.sdk.MessageHandleService", "android.app.Service"),
        ("com.xiaomi.push.service.receivers.PingReceiver", "org.offpush.WakeReceiver"),
        ("com.xiaomi.mipush.sdk.PushServiceReceiver", "org.offpush.WakeReceiver"),
        ("com.xiaomi.mipush.sdk.BridgeActivity", "org.offpush.ClickActivity"),
    ]
}

/// A sound APK: aapt2's, with code and a library, the library first, where it lies at a multiple of 16 KB.
struct App {
    linked: Vec<u8>,
    classes: Vec<(&'static str, &'static str)>,
    libraries: Vec<(&'static str, Vec<u8>, bool)>,
    padding: usize,
}

impl App {
    fn new(test: &str, manifest: &str) -> Option<Self> {
        Some(Self {
            linked: link(test, manifest, "<string name=\"server\">https://push.acme.app</string>", false)?,
            classes: classes(),
            libraries: vec![("lib/arm64-v8a/liboffpush.so", library(PAGE), false)],
            padding: 0,
        })
    }

    fn bytes(&self) -> Vec<u8> {
        // An entry's bytes follow a header of 30 bytes and its name: the first is as long as puts the second at a page.
        let first = "padding";
        let name = self.libraries.first().map_or("", |(name, ..)| *name);
        // Behind the bytes of an entry written as a stream: a descriptor of 16 bytes.
        let length = 0x4000 - 30 - first.len() - 16 - 30 - name.len() + self.padding;
        let mut files: Vec<File<'_>> = vec![(first, vec![0; length], false)];
        files.extend(self.libraries.iter().cloned());
        files.push(("AndroidManifest.xml", entry(&self.linked, "AndroidManifest.xml"), true));
        files.push(("resources.arsc", entry(&self.linked, "resources.arsc"), false));
        files.push(("classes.dex", dex(&self.classes), true));
        zip(&files)
    }

    fn report(&self) -> Report {
        check("app.apk", &self.bytes(), &Options::default()).expect("the APK can be read")
    }

    fn ids(&self) -> Vec<&'static str> {
        ids(&self.report())
    }
}

/// The sound manifest, whose libraries are loaded from the APK itself.
fn manifest() -> String {
    changed(&merged(), &[("<application", "<application android:extractNativeLibs=\"false\"")])
}

#[test]
fn a_sound_apk_has_no_finding() {
    // The binary manifest, with the package, the target and a server that is a reference to a string.
    let text = changed(&manifest(), &[("https://push.acme.app", "@string/server")]);
    let Some(app) = App::new("a_sound_apk_has_no_finding", &text) else { return };
    let report = app.report();
    assert!(report.findings.is_empty(), "{report}");
    assert_eq!((report.form, report.package.as_deref(), report.target_sdk), (Form::Merged, Some("com.acme.chat"), 35));
}

#[test]
fn an_apk_and_a_bundle_say_what_the_text_says() {
    // Every kind of fault is found in the binary and the protobuf form as in the text.
    let text = changed(
        &merged(),
        &[
            ("https://push.acme.app", "http://push.acme.app"),
            ("\":pushservice\"", "\":other\""),
            ("android.permission.POST_NOTIFICATIONS", "com.acme.OTHER"),
            ("\"specialUse\"", "\"dataSync\""),
            ("com.acme.chat.permission.MIPUSH_RECEIVE", "com.other.permission.MIPUSH_RECEIVE"),
            ("android:protectionLevel=\"signature\"", "android:protectionLevel=\"normal\""),
            ("com.xiaomi.mipush.MESSAGE_ARRIVED", "com.acme.OTHER"),
            ("<receiver", "<meta-data android:name=\"MIPUSH_APPID\" android:value=\"28823037615\" /><receiver"),
        ],
    );
    let expected = ids(&checked(&text, &Options { merged: true, ..Options::default() }));
    assert!(expected.len() >= 8, "{expected:?}");
    let test = "an_apk_and_a_bundle_say_what_the_text_says";
    let Some(apk) = link(test, &text, "", false) else { return };
    let Some(protobuf) = link(test, &text, "", true) else { return };
    let bundle = zip(&[
        ("base/manifest/AndroidManifest.xml", entry(&protobuf, "AndroidManifest.xml"), true),
        ("base/resources.pb", entry(&protobuf, "resources.pb"), true),
    ]);
    let Some(older) = package(test, &text, &[]) else { return };
    for (name, bytes) in [("app.apk", apk), ("app.aab", bundle), ("older.apk", older)] {
        let report = check(name, &bytes, &Options::default()).expect("it can be read");
        assert_eq!(ids(&report), expected, "{report}");
        assert!(report.findings.iter().any(|finding| finding.place.line > 1), "the lines are kept");
    }
}

#[test]
fn a_text_behind_a_reference_is_no_number() {
    // aapt2 makes an integer of digits in the manifest, and a text of digits in a string resource.
    let strings = "<string name=\"server\">https://push.acme.app</string><string name=\"id\">28823037615</string>";
    let with = |value: &str| {
        changed(
            &merged(),
            &[
                (
                    "<receiver",
                    &format!("<meta-data android:name=\"MIPUSH_APPID\" android:value=\"{value}\" /><receiver"),
                ),
                ("https://push.acme.app", "@string/server"),
            ],
        )
    };
    for (value, expected) in [("@string/id", false), ("28823037615", true), ("\\ 28823037615", false)] {
        for (protobuf, older) in [(false, false), (true, false), (false, true)] {
            let test = "a_text_behind_a_reference_is_no_number";
            let built = if older {
                package(test, &with(value), &[("values/strings.xml", &self::strings(strings))])
            } else {
                link(test, &with(value), strings, protobuf)
            };
            let Some(linked) = built else { return };
            let bytes = if protobuf {
                zip(&[
                    ("base/manifest/AndroidManifest.xml", entry(&linked, "AndroidManifest.xml"), false),
                    ("base/resources.pb", entry(&linked, "resources.pb"), false),
                ])
            } else {
                linked
            };
            let report = check("app", &bytes, &Options::default()).expect("it can be read");
            assert_eq!(ids(&report).contains(&"app-id-number"), expected, "{value} {protobuf}: {report}");
            assert!(!ids(&report).contains(&"server-invalid"), "{report}");
        }
    }
}

#[test]
fn the_value_for_every_phone_counts_before_one_for_some() {
    // Strings for a language, a version and a shape of phones beside the default, in all three forms of a table.
    let test = "the_value_for_every_phone_counts_before_one_for_some";
    let some = &strings("<string name=\"server\">http://push.acme.app</string>");
    let every = &strings("<string name=\"server\">https://push.acme.app</string>");
    let values = [
        ("values/strings.xml", every.as_str()),
        ("values-zh/strings.xml", some),
        ("values-v33/strings.xml", some),
        ("values-land/strings.xml", some),
    ];
    let text = changed(&merged(), &[("https://push.acme.app", "@string/server")]);
    let Some(apk) = link_all(test, &text, &values, false) else { return };
    let Some(protobuf) = link_all(test, &text, &values, true) else { return };
    let Some(older) = package(test, &text, &values) else { return };
    let bundle = zip(&[
        ("base/manifest/AndroidManifest.xml", entry(&protobuf, "AndroidManifest.xml"), true),
        ("base/resources.pb", entry(&protobuf, "resources.pb"), true),
    ]);
    for bytes in [apk, bundle, older] {
        let report = check("app", &bytes, &Options::default()).expect("it can be read");
        assert!(report.findings.is_empty(), "{report}");
    }
}

#[test]
fn an_apps_own_backup_rules_are_read() {
    // Those of a new project leave out nothing; with the library's lines, or with includes that are no preferences, they do.
    let test = "an_apps_own_backup_rules_are_read";
    let text = changed(
        &merged(),
        &[
            ("@xml/offpush_backup_rules", "@xml/backup_rules"),
            ("@xml/offpush_data_extraction_rules", "@xml/data_extraction_rules"),
        ],
    );
    let lines = ["mipush_extra", "offpush_service", "offpush_im"]
        .map(|file| format!("<exclude domain=\"sharedpref\" path=\"{file}.xml\" />"))
        .concat();
    let files = "<include domain=\"file\" path=\".\" />";
    let every = "<include domain=\"sharedpref\" path=\".\" />";
    let extraction = |cloud: &str, transfer: &str| {
        format!("<cloud-backup>{cloud}</cloud-backup><device-transfer>{transfer}</device-transfer>")
    };
    for (backup, extracted, expected) in [
        ("", String::new(), &["backup-registration", "transfer-registration"][..]),
        (&lines, extraction(&lines, &lines), &[]),
        (files, extraction(files, files), &[]),
        (every, extraction(files, every), &["backup-registration", "transfer-registration"]),
        (&format!("{every}{lines}"), extraction(&lines, ""), &["transfer-registration"]),
        (&lines, format!("<device-transfer>{lines}</device-transfer>"), &["transfer-registration"]),
    ] {
        let backup = format!("<full-backup-content>{backup}</full-backup-content>");
        let extracted = format!("<data-extraction-rules>{extracted}</data-extraction-rules>");
        let resources =
            [("xml/backup_rules.xml", backup.as_str()), ("xml/data_extraction_rules.xml", extracted.as_str())];
        let Some(apk) = link_all(test, &text, &resources, false) else { return };
        let Some(protobuf) = link_all(test, &text, &resources, true) else { return };
        let bundle = zip(&[
            ("base/manifest/AndroidManifest.xml", entry(&protobuf, "AndroidManifest.xml"), true),
            ("base/resources.pb", entry(&protobuf, "resources.pb"), true),
            ("base/res/xml/backup_rules.xml", entry(&protobuf, "res/xml/backup_rules.xml"), true),
            ("base/res/xml/data_extraction_rules.xml", entry(&protobuf, "res/xml/data_extraction_rules.xml"), true),
        ]);
        for bytes in [apk, bundle] {
            let report = check("app", &bytes, &Options::default()).expect("it can be read");
            assert_eq!(ids(&report), expected, "{backup} {extracted}\n{report}");
        }
    }
}

#[test]
fn a_secret_among_the_strings_is_found() {
    // The AppSecret is as public in a string resource as in the manifest.
    let strings = "<string name=\"xiaomi_app_secret\">x</string>";
    let Some(apk) = link("a_secret_among_the_strings_is_found", &merged(), strings, false) else { return };
    let report = check("app.apk", &apk, &Options::default()).expect("it can be read");
    assert_eq!(ids(&report), ["app-secret"], "{report}");
}

#[test]
fn classes_that_are_missing_or_extend_something_else_are_found() {
    // The manifest's names are looked up in the code.
    let test = "classes_that_are_missing_or_extend_something_else_are_found";
    let Some(mut app) = App::new(test, &manifest()) else { return };
    app.classes.retain(|(class, _)| *class != RECEIVER);
    assert_eq!(app.ids(), ["receiver-class-missing"]);
    app.classes.push((RECEIVER, "android.content.BroadcastReceiver"));
    assert_eq!(app.ids(), ["receiver-superclass"]);
    app.classes = classes();
    app.classes.retain(|(class, _)| !class.ends_with("PingReceiver"));
    assert_eq!(app.ids(), ["library-class-missing"]);
}

#[test]
fn mi_pushs_own_classes_are_found() {
    // A class under Xiaomi's names that the library does not have; one that a shrinker renamed is none.
    let Some(mut app) = App::new("mi_pushs_own_classes_are_found", &manifest()) else { return };
    app.classes.push(("com.xiaomi.mipush.sdk.a", "java.lang.Object"));
    app.classes.push(("com.xiaomi.mipush.sdk.MiPushClient$Callback", "java.lang.Object"));
    assert!(app.ids().is_empty());
    app.classes.push(("com.xiaomi.mipush.sdk.ManifestChecker", "java.lang.Object"));
    assert_eq!(app.ids(), ["mi-push-sdk"]);
}

#[test]
fn a_library_that_is_missing_or_cannot_be_loaded_is_found() {
    // The native library: there, for every kind of processor, aligned in itself and in the APK, not compressed.
    let test = "a_library_that_is_missing_or_cannot_be_loaded_is_found";
    let Some(mut app) = App::new(test, &manifest()) else { return };
    let ours = "lib/arm64-v8a/liboffpush.so";
    assert!(app.ids().is_empty());
    app.padding = 4096;
    assert_eq!(app.ids(), ["library-zip-alignment"]);
    app.padding = 0;
    app.libraries = vec![(ours, library(0x1000), false)];
    assert_eq!(app.ids(), ["library-page-size"]);
    app.libraries = vec![(ours, b"no library".to_vec(), false)];
    assert_eq!(app.ids(), ["library-page-size"]);
    app.libraries = vec![(ours, library(PAGE), true)];
    assert_eq!(app.ids(), ["library-compressed"]);
    app.libraries = vec![(ours, library(PAGE), false), ("lib/armeabi-v7a/libother.so", Vec::new(), false)];
    assert_eq!(app.ids(), ["library-abi-missing"]);
    app.libraries.push(("lib/armeabi-v7a/liboffpush.so", library(0x1000), false));
    assert!(app.ids().is_empty(), "pages of 16 KB do not matter to 32-bit code");
    app.libraries.clear();
    assert_eq!(app.ids(), ["library-missing"]);
}

#[test]
fn an_aar_is_read_as_a_library() {
    // A text manifest in an archive that is merged into an app's: nothing is missing from it, what is there is checked.
    let text = "<manifest xmlns:android=\"http://schemas.android.com/apk/res/android\" package=\"com.acme.lib\">
        <uses-sdk android:minSdkVersion=\"21\" />
        <application><receiver android:name=\".A\"><intent-filter><action android:name=\"x\" /></intent-filter></receiver>
        </application></manifest>";
    let jar = zip(&[("com/xiaomi/mipush/sdk/MiPushClient4Hybrid.class", Vec::new(), false)]);
    let aar = zip(&[("AndroidManifest.xml", text.as_bytes().to_vec(), true), ("classes.jar", jar, true)]);
    let report = check("lib.aar", &aar, &Options::default()).expect("it can be read");
    assert_eq!(report.form, Form::Library);
    assert_eq!(ids(&report), ["mi-push-sdk", "exported-missing"], "{report}");
    assert!(report.fixed().is_none(), "an archive is not corrected");
}

#[test]
fn what_is_no_manifest_is_refused_with_the_reason() {
    // The message names the file, the place and what is wrong.
    let said = |bytes: &[u8]| check("f", bytes, &Options::default()).expect_err("it is refused").to_string();
    assert_eq!(said(b"<a/>"), "f: its root is no <manifest>");
    assert!(said(b"<manifest>\n<a>\n</manifest>").starts_with("f:3:1: "), "{}", said(b"<manifest>\n<a>\n</manifest>"));
    assert!(said(b"\xff\xfe<\0").contains("neither a manifest as text in UTF-8"));
    assert!(said(&zip(&[("a", Vec::new(), false)])).contains("it has no AndroidManifest.xml"));
    let text = zip(&[("AndroidManifest.xml", SOURCE.as_bytes().to_vec(), true)]);
    assert!(said(&text).contains("f!AndroidManifest.xml: it is a text, which Android does not read in an APK"));
    assert!(said(b"<!DOCTYPE m [<!ENTITY a \"b\">]><manifest/>").contains("DTD"));
}

#[test]
fn an_archive_that_unpacks_to_more_than_a_manifest_may_have_is_refused() {
    // What would become far more is refused before it is unpacked, whether it says its size or not.
    let bytes = vec![b' '; 3 << 20];
    let bomb = zip(&[("AndroidManifest.xml", bytes.clone(), true)]);
    assert!(bomb.len() < 10_000);
    let refused = |bomb: &[u8]| check("bomb.apk", bomb, &Options::default()).expect_err("it is refused").to_string();
    assert_eq!(refused(&bomb), "bomb.apk!AndroidManifest.xml: it has more than 2097152 bytes");
    let lying = claiming(&[("AndroidManifest.xml", bytes, 100)]);
    assert_eq!(refused(&lying), "bomb.apk!AndroidManifest.xml: it is damaged: the archive says another size");
    assert!(check("bomb.apk", &bomb[..bomb.len() / 2], &Options::default()).is_err());
}

#[test]
fn code_that_unpacks_to_more_than_any_app_has_is_refused() {
    // One dex file that is too large, and many that are not: nothing is unpacked.
    let test = "code_that_unpacks_to_more_than_any_app_has_is_refused";
    let Some(linked) = link(test, &merged(), "", false) else { return };
    let manifest = entry(&linked, "AndroidManifest.xml");
    let refused = |sizes: &[u64]| {
        let names: Vec<String> = (2..).take(sizes.len()).map(|number| format!("classes{number}.dex")).collect();
        let mut files = vec![("AndroidManifest.xml", manifest.clone(), manifest.len() as u64)];
        files.extend(names.iter().zip(sizes).map(|(name, size)| (name.as_str(), b"dex\n".to_vec(), *size)));
        check("bomb.apk", &claiming(&files), &Options::default()).expect_err("it is refused").to_string()
    };
    assert_eq!(refused(&[65 << 20]), "bomb.apk: classes2.dex: it has more than 67108864 bytes");
    assert_eq!(refused(&[60 << 20; 20]), "bomb.apk: its code has more than 1073741824 bytes");
    assert_eq!(refused(&[u64::MAX, u64::MAX]), "bomb.apk: its code has more than 1073741824 bytes");
}
