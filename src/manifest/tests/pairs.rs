//! For each check a manifest that has the fault, and one that is almost the same and has not.

mod common;

use common::{SOURCE, changed, checked, ids, merged};
use offpush_manifest::{Options, catalogue};

/// Where the fault is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Base {
    Source,
    Merged,
}
use Base::{Merged, Source};

/// A check, a manifest, what makes it faulty, and what makes it almost faulty.
struct Pair {
    id: &'static str,
    base: Base,
    faulty: &'static [(&'static str, &'static str)],
    sound: &'static [(&'static str, &'static str)],
}

macro_rules! pairs {
    ($($id:literal $base:ident: $($from:literal => $to:literal),+ ; $($sound_from:literal => $sound_to:literal),*;)*) => {
        &[$(Pair { id: $id, base: $base, faulty: &[$(($from, $to)),+], sound: &[$(($sound_from, $sound_to)),*] }),*]
    };
}

static PAIRS: &[Pair] = pairs! {
    // ---- the file as a whole
    "application-missing" Source: "<application" => "<applications", "</application>" => "</applications>"; ;
    "attribute-without-prefix" Source: "<receiver\n            android:name" => "<receiver\n            name"; ;
    "element-misplaced" Source:
        "<meta-data" => "<uses-permission android:name=\"android.permission.CAMERA\" /><meta-data";
        "<application" => "<uses-permission android:name=\"android.permission.CAMERA\" /><application";
    "placeholder-left" Merged: "https://push.acme.app" => "${offpushServer}"; ;
    "package-invalid" Source: "package=\"com.acme.chat\"" => "package=\"chat\"";
        "package=\"com.acme.chat\"" => "package=\"com.acme\"", ".PushReceiver" => "com.acme.PushReceiver";
    "min-sdk-low" Source: "minSdkVersion=\"21\"" => "minSdkVersion=\"19\"";
        "minSdkVersion=\"21\"" => "minSdkVersion=\"23\"";
    "target-sdk-refused" Source: "targetSdkVersion=\"35\"" => "targetSdkVersion=\"23\"";
        "targetSdkVersion=\"35\"" => "targetSdkVersion=\"24\"";
    "mi-push-sdk" Merged:
        "<meta-data" => "<meta-data android:name=\"MIPUSH_SDK_VERSION_CODE\" android:value=\"60001\" /><meta-data";
        "<meta-data" => "<meta-data android:name=\"OTHER_SDK_VERSION_CODE\" android:value=\"60001\" /><meta-data";

    // ---- the library's components
    "push-service-missing" Merged: "com.xiaomi.push.service.XMPushService" => "com.acme.Other"; ;
    "job-service-missing" Merged: "com.xiaomi.push.service.XMJobService" => "com.acme.Other"; ;
    "message-handler-missing" Merged: "com.xiaomi.mipush.sdk.PushMessageHandler" => "com.acme.Other"; ;
    "callback-service-missing" Merged: "com.xiaomi.mipush.sdk.MessageHandleService" => "com.acme.Other"; ;
    "ping-receiver-missing" Merged: "com.xiaomi.push.service.receivers.PingReceiver" => "com.acme.Other"; ;
    "start-receiver-missing" Merged: "com.xiaomi.mipush.sdk.PushServiceReceiver" => "com.acme.Other"; ;
    "click-activity-missing" Merged: "com.xiaomi.mipush.sdk.BridgeActivity" => "com.acme.Other"; ;
    "component-misspelt" Source:
        "<receiver" => "<service android:name=\"com.xiaomi.push.services.XMPushService\" /><receiver";
        "<receiver" => "<service android:name=\"com.acme.push.MyPushService\" /><receiver";
    "component-wrong-kind" Source:
        "<receiver" => "<service android:name=\"com.xiaomi.push.service.receivers.PingReceiver\" /><receiver";
        "<receiver" => "<receiver android:name=\"com.xiaomi.push.service.receivers.PingReceiver\" /><receiver";
    "component-duplicate" Source:
        "<receiver" => "<service android:name=\".A\" /><service android:name=\"com.acme.chat.A\" /><receiver";
        "<receiver" => "<service android:name=\".A\" /><service android:name=\"com.acme.A\" /><receiver";
    "component-removed" Source:
        "<receiver" => "<service android:name=\"com.xiaomi.push.service.XMJobService\" tools:node=\"remove\" /><receiver";
        "<receiver" => "<receiver android:name=\"com.xiaomi.push.service.receivers.NetworkStatusReceiver\" tools:node=\"remove\" /><receiver";
    "component-disabled" Merged:
        "android:name=\"com.xiaomi.push.service.XMJobService\"\n            android:enabled=\"true\"" =>
        "android:name=\"com.xiaomi.push.service.XMJobService\"\n            android:enabled=\"false\""; ;
    "process-invalid" Merged: "\":pushservice\"" => "\"pushservice\""; ;
    "process-wrong" Merged: "\":pushservice\"" => "\":push\"";
        "\":pushservice\"" => "\"com.acme.chat:pushservice\"";
    "callback-process-wrong" Source: "android:name=\".PushReceiver\"" => "android:name=\".PushReceiver\" android:process=\":pushservice\"";
        "android:name=\".PushReceiver\"" => "android:name=\".PushReceiver\" android:process=\"com.acme.chat\"";
    "isolated-process" Merged: "android:foregroundServiceType" => "android:isolatedProcess=\"true\" android:foregroundServiceType";
        "android:foregroundServiceType" => "android:isolatedProcess=\"false\" android:foregroundServiceType";
    "stop-with-task" Merged: "android:foregroundServiceType" => "android:stopWithTask=\"true\" android:foregroundServiceType";
        "android:foregroundServiceType" => "android:stopWithTask=\"false\" android:foregroundServiceType";
    "direct-boot" Merged: "android.intent.action.BOOT_COMPLETED" => "android.intent.action.LOCKED_BOOT_COMPLETED"; ;
    "exported-missing" Source: "android:name=\".ChatActivity\" android:exported=\"true\"" => "android:name=\".ChatActivity\"";
        "android:name=\".ChatActivity\" android:exported=\"true\"" => "android:name=\".ChatActivity\"",
        "targetSdkVersion=\"35\"" => "targetSdkVersion=\"30\"";
    "service-exported" Merged: "android:exported=\"false\"\n            android:foregroundServiceType" =>
        "android:exported=\"true\"\n            android:foregroundServiceType"; ;
    "job-permission-missing" Merged: "            android:permission=\"android.permission.BIND_JOB_SERVICE\"\n" => ""; ;
    "merge-conflict" Source:
        "<receiver" => "<service android:name=\"com.xiaomi.mipush.sdk.PushMessageHandler\" android:exported=\"false\" /><receiver";
        "<receiver" => "<service android:name=\"com.xiaomi.mipush.sdk.PushMessageHandler\" android:exported=\"false\" tools:replace=\"android:exported\" /><receiver";
    "network-status-receiver" Source:
        "<receiver" => "<receiver android:name=\"com.xiaomi.push.service.receivers.NetworkStatusReceiver\" android:exported=\"true\" /><receiver";
        "<receiver" => "<receiver android:name=\"com.xiaomi.push.service.receivers.NetworkStatusReceiver\" android:exported=\"true\" /><receiver",
        "targetSdkVersion=\"35\"" => "targetSdkVersion=\"22\"";

    // ---- the app's receiver
    "receiver-missing" Source: "com.xiaomi.mipush.RECEIVE_MESSAGE" => "com.acme.A", "com.xiaomi.mipush.MESSAGE_ARRIVED" => "com.acme.B",
        "com.xiaomi.mipush.ERROR" => "com.acme.C"; ;
    "receiver-two" Source: "<receiver" =>
        "<receiver android:name=\".Second\" android:exported=\"true\"><intent-filter><action android:name=\"com.xiaomi.mipush.RECEIVE_MESSAGE\" /></intent-filter></receiver><receiver";
        "<receiver" => "<receiver android:name=\"com.tencent.imsdk.ResultReceiver\" android:exported=\"false\"><intent-filter><action android:name=\"com.xiaomi.mipush.RECEIVE_MESSAGE\" /></intent-filter></receiver><receiver";
    "receiver-action-misspelt" Source: "com.xiaomi.mipush.RECEIVE_MESSAGE" => "com.xiaomi.mipush.RECIEVE_MESSAGE"; ;
    "receiver-message-filter" Source: "com.xiaomi.mipush.RECEIVE_MESSAGE" => "com.acme.A"; ;
    "receiver-arrived-filter" Source: "com.xiaomi.mipush.MESSAGE_ARRIVED" => "com.acme.A"; ;
    "receiver-error-filter" Source: "com.xiaomi.mipush.ERROR" => "com.acme.A"; ;
    "receiver-filter-shared" Source: "RECEIVE_MESSAGE\" />\n            </intent-filter>\n            <intent-filter>" => "RECEIVE_MESSAGE\" />";
        "RECEIVE_MESSAGE\" />" => "RECEIVE_MESSAGE\" /><action android:name=\"com.acme.OWN\" />";
    "receiver-filter-data" Source: "RECEIVE_MESSAGE\" />" => "RECEIVE_MESSAGE\" /><data android:scheme=\"push\" />";
        "RECEIVE_MESSAGE\" />" => "RECEIVE_MESSAGE\" /><category android:name=\"android.intent.category.DEFAULT\" />";
    "receiver-abstract" Source: "\".PushReceiver\"" => "\"com.xiaomi.mipush.sdk.PushMessageReceiver\""; ;
    "sample-name" Source: "\".PushReceiver\"" => "\"com.tencent.qcloud.tim.demo.thirdpush.XiaomiMsgReceiver\"";
        "\".PushReceiver\"" => "\"com.tencent.qcloud.tim.demo.thirdpush.XiaomiMsgReceiver\"",
        "package=\"com.acme.chat\"" => "package=\"com.tencent.qcloud.tim.tuikit\"";

    // ---- Mi Push's permission
    "receive-permission-package" Merged: "com.acme.chat.permission.MIPUSH_RECEIVE" => "com.tencent.qcloud.tim.tuikit.permission.MIPUSH_RECEIVE";
        "<application" => "<uses-permission android:name=\"com.xiaomi.xmsf.permission.MIPUSH_RECEIVE\" /><application";
    "receive-permission-level" Merged: "android:protectionLevel=\"signature\"" => "android:protectionLevel=\"normal\"";
        "android:protectionLevel=\"signature\"" => "android:protectionLevel=\"signature|privileged\"";
    "receive-permission-unused" Merged: "<uses-permission android:name=\"com.acme.chat.permission.MIPUSH_RECEIVE\" />" => ""; ;

    // ---- permissions
    "permission-misspelt" Source: "<application" => "<uses-permission android:name=\"android.permissions.INTERNET\" /><application";
        "<application" => "<uses-permission android:name=\"android.permission.CHANGE_NETWORK_STATE\" /><application";
    "internet-missing" Merged: "android.permission.INTERNET" => "com.acme.OTHER"; ;
    "network-state-missing" Merged: "android.permission.ACCESS_NETWORK_STATE" => "com.acme.OTHER"; ;
    "wake-lock-missing" Merged: "android.permission.WAKE_LOCK" => "com.acme.OTHER"; ;
    "boot-permission-missing" Merged: "android.permission.RECEIVE_BOOT_COMPLETED" => "com.acme.OTHER"; ;
    "notification-permission-missing" Merged: "android.permission.POST_NOTIFICATIONS" => "com.acme.OTHER";
        "android.permission.POST_NOTIFICATIONS" => "com.acme.OTHER", "targetSdkVersion=\"35\"" => "targetSdkVersion=\"32\"";
    "permission-removed" Source: "<application" => "<uses-permission android:name=\"android.permission.WAKE_LOCK\" tools:node=\"remove\" /><application";
        "<application" => "<uses-permission android:name=\"android.permission.VIBRATE\" tools:node=\"remove\" /><application";
    "permission-limited" Merged: "android.permission.INTERNET\"" => "android.permission.INTERNET\" android:maxSdkVersion=\"22\""; ;
    "permission-storage" Source: "<application" => "<uses-permission android:name=\"android.permission.WRITE_EXTERNAL_STORAGE\" /><application";
        "<application" => "<uses-permission android:name=\"android.permission.WRITE_EXTERNAL_STORAGE\" android:maxSdkVersion=\"28\" /><application";
    "permission-phone-state" Source: "<application" => "<uses-permission android:name=\"android.permission.READ_PHONE_STATE\" /><application";
        "<application" => "<uses-permission android:name=\"android.permission.READ_PHONE_STATE\" android:maxSdkVersion=\"28\" /><application";
    "permission-tasks" Source: "<application" => "<uses-permission android:name=\"android.permission.GET_TASKS\" /><application";
        "<application" => "<uses-permission android:name=\"android.permission.GET_TASKS\" android:maxSdkVersion=\"20\" /><application";
    "permission-wifi-state" Source: "<application" => "<uses-permission android:name=\"android.permission.ACCESS_WIFI_STATE\" /><application"; ;
    "exact-alarm-restricted" Source: "<application" => "<uses-permission android:name=\"android.permission.USE_EXACT_ALARM\" /><application";
        "<application" => "<uses-permission android:name=\"android.permission.SCHEDULE_EXACT_ALARM\" /><application";
    "battery-exemption" Source: "<application" => "<uses-permission android:name=\"android.permission.REQUEST_IGNORE_BATTERY_OPTIMIZATIONS\" /><application"; ;

    // ---- the foreground service
    "foreground-permission-missing" Merged: "android.permission.FOREGROUND_SERVICE\"" => "com.acme.OTHER\"";
        "android.permission.FOREGROUND_SERVICE\"" => "com.acme.OTHER\"", "targetSdkVersion=\"35\"" => "targetSdkVersion=\"27\"";
    "foreground-type-missing" Merged: "            android:foregroundServiceType=\"specialUse\"\n" => "";
        "            android:foregroundServiceType=\"specialUse\"\n" => "", "targetSdkVersion=\"35\"" => "targetSdkVersion=\"33\"";
    "foreground-type-permission" Merged: "\"specialUse\"" => "\"remoteMessaging\"";
        "\"specialUse\"" => "\"remoteMessaging\"", "FOREGROUND_SERVICE_SPECIAL_USE" => "FOREGROUND_SERVICE_REMOTE_MESSAGING";
    "foreground-property-missing" Merged: "android.app.PROPERTY_SPECIAL_USE_FGS_SUBTYPE" => "com.acme.OTHER"; ;
    "foreground-type-limited" Merged: "\"specialUse\"" => "\"dataSync\"", "FOREGROUND_SERVICE_SPECIAL_USE" => "FOREGROUND_SERVICE_DATA_SYNC";
        "\"specialUse\"" => "\"dataSync\"", "FOREGROUND_SERVICE_SPECIAL_USE" => "FOREGROUND_SERVICE_DATA_SYNC",
        "targetSdkVersion=\"35\"" => "targetSdkVersion=\"34\"";
    "foreground-off-permission" Merged: "<meta-data" => "<meta-data android:name=\"offpush.foreground\" android:value=\"false\" /><meta-data";
        "<meta-data" => "<meta-data android:name=\"offpush.foreground\" android:value=\"true\" /><meta-data";
    "no-foreground-no-alarm" Source: "<meta-data" => "<meta-data android:name=\"offpush.foreground\" android:value=\"false\" /><meta-data";
        "<meta-data" => "<meta-data android:name=\"offpush.foreground\" android:value=\"false\" /><meta-data",
        "<application" => "<uses-permission android:name=\"android.permission.SCHEDULE_EXACT_ALARM\" /><application";

    // ---- meta-data
    "server-missing" Source: "        <meta-data android:name=\"offpush.server\" android:value=\"https://push.acme.app\" />\n" => ""; ;
    "server-resource" Source: "android:value=\"https://push.acme.app\"" => "android:resource=\"@string/server\"";
        "android:value=\"https://push.acme.app\"" => "android:value=\"@string/server\"";
    "server-cleartext" Source: "https://push.acme.app" => "https://a.acme.app,http://push.acme.app";
        "https://push.acme.app" => "https://a.acme.app, https://push.acme.app";
    "server-invalid" Source: "https://push.acme.app" => "https://push.acme.app:99999"; "https://push.acme.app" => "https://push.acme.app:8443/";
    "server-example" Source: "https://push.acme.app" => "https://push.example.com"; "https://push.acme.app" => "https://push.myexample.com";
    "meta-data-duplicate" Source: "<receiver" => "<meta-data android:name=\"offpush.server\" android:value=\"https://b.acme.app\" /><receiver"; ;
    "meta-data-misspelt" Source: "offpush.server" => "offpush_server";
        "<receiver" => "<meta-data android:name=\"acme.server\" android:value=\"https://b.acme.app\" /><receiver";
    "ca-value" Source: "<receiver" => "<meta-data android:name=\"offpush.ca\" android:value=\"@raw/ca\" /><receiver";
        "<receiver" => "<meta-data android:name=\"offpush.ca\" android:resource=\"@raw/ca\" /><receiver";
    "foreground-value" Source: "<receiver" => "<meta-data android:name=\"offpush.foreground\" android:value=\"no\" /><receiver";
        "<receiver" => "<meta-data android:name=\"offpush.foreground\" android:value=\"true\" /><receiver";
    "page-unknown" Source: "<receiver" => "<meta-data android:name=\"offpush.pages\" android:value=\".ChatActivity\" /><receiver";
        "<receiver" => "<meta-data android:name=\"offpush.pages\" android:value=\"com.acme.chat.ChatActivity\" /><receiver";
    "app-secret" Source: "<receiver" => "<meta-data android:name=\"MIPUSH_APPSECRET\" android:value=\"o6Pc==\" /><receiver";
        "<receiver" => "<meta-data android:name=\"OAUTH_CLIENT_SECRET\" android:value=\"o6Pc==\" /><receiver";
    "app-id-number" Source: "<receiver" => "<meta-data android:name=\"MIPUSH_APPID\" android:value=\"2882303761517400000\" /><receiver";
        "<receiver" => "<meta-data android:name=\"MIPUSH_APPID\" android:value=\"\\ 2882303761517400000\" /><receiver";
    "app-id-placeholder" Source: "<receiver" => "<meta-data android:name=\"XIAOMI_APP_ID\" android:value=\"YOUR_APP_ID\" /><receiver";
        "<receiver" => "<meta-data android:name=\"XIAOMI_APP_ID\" android:value=\"${xiaomiAppId}\" /><receiver";

    // ---- the application
    "application-disabled" Source: "android:name=\".App\"" => "android:name=\".App\" android:enabled=\"false\"";
        "android:name=\".App\"" => "android:name=\".App\" android:enabled=\"true\"";
    "backup-registration" Source: "        android:fullBackupContent=\"@xml/offpush_backup_rules\"" => "";
        "        android:fullBackupContent=\"@xml/offpush_backup_rules\"" => "        android:allowBackup=\"false\"";
    "backup-rules-own" Source: "@xml/offpush_backup_rules" => "@xml/backup_rules";
        "@xml/offpush_backup_rules" => "@xml/backup_rules", "android:name=\".App\"" => "android:name=\".App\" android:allowBackup=\"false\"";
    "transfer-registration" Source: "        android:dataExtractionRules=\"@xml/offpush_data_extraction_rules\"\n" => "";
        "        android:dataExtractionRules=\"@xml/offpush_data_extraction_rules\"\n" => "", "targetSdkVersion=\"35\"" => "targetSdkVersion=\"30\"";
    "cleartext-permitted" Source: "android:name=\".App\"" => "android:name=\".App\" android:usesCleartextTraffic=\"true\"";
        "android:name=\".App\"" => "android:name=\".App\" android:usesCleartextTraffic=\"false\"";
    "launcher-missing" Merged: "android.intent.category.LAUNCHER" => "android.intent.category.DEFAULT";
        "android.intent.category.LAUNCHER" => "android.intent.category.LEANBACK_LAUNCHER";
};

/// Rules, and whether they have the fault.
static RULES: &[(&str, &str, &str)] = &[
    ("rule-without-class", "-keep com.acme.chat.PushReceiver {*;}", "-keep class com.acme.chat.PushReceiver {*;}"),
    (
        "rule-weak",
        "-keep,allowobfuscation class com.acme.chat.PushReceiver { *; }",
        "-keep,allowoptimization class com.acme.chat.PushReceiver { *; }",
    ),
    ("rule-receiver-missing", "-keep class com.acme.chat.*.PushReceiver", "-keep public class com.acme.**.Push*"),
    (
        "rule-sample-name",
        "-keep class com.acme.chat.PushReceiver\n-keep class com.tencent.qcloud.tim.demo.thirdpush.XiaomiMsgReceiver {*;}",
        "-keep class com.acme.chat.PushReceiver\n-keep class com.acme.chat.XiaomiMsgReceiver {*;}",
    ),
];

/// Checks of what is in an archive beside the manifest; their pairs are in `archives.rs`.
const ARCHIVE_CHECKS: [&str; 8] = [
    "receiver-class-missing",
    "receiver-superclass",
    "library-missing",
    "library-abi-missing",
    "library-compressed",
    "library-page-size",
    "library-zip-alignment",
    "library-class-missing",
];

impl Base {
    fn text(self) -> String {
        match self {
            Source => SOURCE.to_owned(),
            Merged => merged(),
        }
    }

    fn options(self) -> Options {
        Options { merged: self == Merged, ..Options::default() }
    }
}

#[test]
fn the_sound_manifests_have_no_finding() {
    // What pairs start from is as it should be: an app's own manifest, and what render makes.
    for base in [Source, Merged] {
        let report = checked(&base.text(), &base.options());
        assert!(report.findings.is_empty(), "{report}");
    }
}

#[test]
fn every_check_finds_its_fault_and_leaves_its_neighbour_alone() {
    // The faulty manifest of each pair has the finding, the almost faulty one has not.
    for pair in PAIRS {
        let faulty = checked(&changed(&pair.base.text(), pair.faulty), &pair.base.options());
        assert!(ids(&faulty).contains(&pair.id), "{} not found in\n{faulty}", pair.id);
        let sound = checked(&changed(&pair.base.text(), pair.sound), &pair.base.options());
        assert!(!ids(&sound).contains(&pair.id), "{} found in\n{sound}", pair.id);
    }
}

#[test]
fn a_backup_of_all_files_takes_the_registration_too() {
    // android:fullBackupContent="true" names no rules: it is what counts without the attribute.
    let report = checked(&changed(SOURCE, &[("@xml/offpush_backup_rules", "true")]), &Options::default());
    assert_eq!(ids(&report), ["backup-registration"], "{report}");
    let fixed = report.fixed().expect("it is corrected");
    assert_eq!(fixed, SOURCE);
}

#[test]
fn every_check_of_rules_finds_its_fault_and_leaves_its_neighbour_alone() {
    // The same for shrinker rules beside a sound manifest.
    for (id, faulty, sound) in RULES {
        let with = |rules: &str| Options { rules: Some(("rules.pro".into(), rules.to_string())), ..Options::default() };
        let report = checked(SOURCE, &with(faulty));
        assert!(ids(&report).contains(id), "{id} not found in\n{report}");
        assert!(report.findings.iter().all(|finding| finding.file.as_deref() == Some("rules.pro")));
        let report = checked(SOURCE, &with(sound));
        assert!(report.findings.is_empty(), "{report}");
    }
}

#[test]
fn no_check_lacks_a_pair() {
    // A check without a pair would be a check that nobody has seen work; a pair without a check a leftover.
    let mut pairs: Vec<&str> = PAIRS.iter().map(|pair| pair.id).collect();
    pairs.extend(RULES.iter().map(|(id, ..)| *id));
    pairs.extend(ARCHIVE_CHECKS);
    let mut checks: Vec<&str> = catalogue().iter().map(|check| check.id).collect();
    pairs.sort_unstable();
    checks.sort_unstable();
    assert_eq!(pairs, checks);
    assert!(checks.len() >= 40);
}

#[test]
fn what_is_corrected_is_not_found_again_and_the_rest_stays() {
    // What is corrected is not found again, and whatever else the manifest says stays byte for byte.
    let mut corrected = 0;
    for pair in PAIRS {
        let text = changed(&pair.base.text(), pair.faulty);
        let report = checked(&text, &pair.base.options());
        let Some(finding) = report.findings.iter().find(|finding| finding.check.id == pair.id) else { continue };
        if !report.corrects(finding) {
            continue;
        }
        corrected += 1;
        let fixed = report.fixed().expect("there is something to correct");
        let after = checked(&fixed, &pair.base.options());
        assert!(!ids(&after).contains(&pair.id), "{} is still found in\n{fixed}", pair.id);
        assert!(after.fixed().is_none(), "{} is corrected twice:\n{fixed}", pair.id);
        let kept = text.lines().filter(|line| fixed.contains(line.trim())).count();
        assert!(kept + 6 >= text.lines().count(), "{} changes more than it must:\n{fixed}", pair.id);
    }
    assert!(corrected >= 40, "only {corrected} checks correct what they find");
}
