//! The reference document's manifest, as it stands there.

mod common;

use common::{checked, ids};
use offpush_manifest::{Options, find};

/// The document's pieces where it says they go: permissions, components, receiver and activity.
fn document(target: u32) -> String {
    let permissions = include_str!("../../../tests/android/sample/document/permissions.xml");
    let components = include_str!("../../../tests/android/sample/document/components.xml");
    let receiver = include_str!("../../../tests/android/sample/document/receiver.xml");
    let activity = include_str!("../../../tests/android/sample/document/activity.xml");
    format!(
        "<manifest xmlns:android=\"http://schemas.android.com/apk/res/android\" package=\"com.acme.chat\">
<uses-sdk android:minSdkVersion=\"21\" android:targetSdkVersion=\"{target}\" />
{permissions}<application>
{components}{receiver}{activity}</application>
</manifest>
"
    )
}

const RULES: &str = include_str!("../../../tests/android/sample/document/rules.pro");

#[test]
fn the_documents_manifest_has_these_findings_and_no_others() {
    // Pasted into an app of today with nothing changed: each finding with what is behind it.
    let options = Options { rules: Some(("rules.pro".into(), RULES.into())), ..Options::default() };
    let report = checked(&document(35), &options);
    let expected = [
        // ChatActivity has a filter and does not say whether it is exported: not installed since Android 12.
        "exported-missing",
        // "Change com.tencent.qcloud.tim.tuikit to your app package name", twice, and nobody did.
        "receive-permission-package",
        // Where the servers are is what an app for offpush adds.
        "server-missing",
        // -keep without class: no shrinker reads it.
        "rule-without-class",
        // "Change com.tencent.qcloud.uipojo.thirdpush.XiaomiMsgReceiver to the complete class name in your app."
        "sample-name",
        // Permissions of a time when the log was kept on the card and phones were told apart by their numbers.
        "permission-storage",
        "permission-phone-state",
        // Backup did not matter to Mi Push, whose identities belong to the phone's system.
        "backup-registration",
        "transfer-registration",
        // The rule names the document's receiver in another package than its manifest does.
        "rule-receiver-missing",
        // Without effect since Android 7, and harmless.
        "network-status-receiver",
        "permission-tasks",
        "permission-wifi-state",
    ];
    assert_eq!(ids(&report), expected, "{report}");
    assert_eq!(report.findings.iter().filter(|f| f.check.id == "receive-permission-package").count(), 2);
}

#[test]
fn the_documents_manifest_is_corrected_but_for_what_only_its_author_knows() {
    // --fix leaves what it cannot know: the server, the receiver's class, the rules in their own file.
    let report = checked(&document(35), &Options::default());
    let fixed = report.fixed().expect("much can be corrected");
    let left = checked(&fixed, &Options::default());
    assert_eq!(
        ids(&left),
        ["server-missing", "sample-name", "network-status-receiver", "permission-tasks", "permission-wifi-state"],
        "{left}"
    );
    // The document's comments and its odd layout are still there.
    for kept in [
        "<!--Note: this service must be added for 2.2.5 and later versions.-->",
        "\n     android:name=\"com.xiaomi.mipush",
    ] {
        assert!(fixed.contains(kept), "{fixed}");
    }
}

#[test]
fn each_version_that_an_app_targets_asks_for_more() {
    // The same manifest, older apps: what depends on the target is said only to those whom it concerns.
    let of = |target| {
        let report = checked(&document(target), &Options::default());
        ids(&report).iter().map(|id| id.to_string()).collect::<Vec<_>>()
    };
    let has = |target, id: &str| of(target).iter().any(|found| found == id);
    for (id, since) in [
        ("network-status-receiver", 24),
        ("permission-phone-state", 29),
        ("permission-storage", 30),
        ("exported-missing", 31),
    ] {
        assert!(!has(since - 1, id) && has(since, id), "{id}");
        assert_eq!(find(id).map(|check| check.since.api()), Some(since), "{id}");
    }
}
