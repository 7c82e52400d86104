//! Every check, as data: what `offpush manifest check --list` prints, what `docs/manifest.md` is held to, and what stands
//! beside each finding.

use std::fmt;

use crate::similar;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Push does not work, the app is not built or not installed.
    Error,
    /// It works in part, on some phones, or not for long.
    Warning,
    /// Nothing breaks; it could go.
    Note,
}

impl Severity {
    /// The word for it, as in the output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where something breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// On every phone.
    Always,
    /// On phones with this API level or a later one.
    Android(u32),
    /// On phones with this API level or a later one, for an app that targets it; such a check waits for that target.
    Target(u32),
}

impl Since {
    /// The API level, 1 for always.
    #[must_use]
    pub fn api(self) -> u32 {
        match self {
            Self::Always => 1,
            Self::Android(api) | Self::Target(api) => api,
        }
    }
}

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => f.write_str("every Android version"),
            Self::Android(api) => write!(f, "Android {} (API {api}) and later", release(*api)),
            Self::Target(api) => {
                write!(f, "Android {} (API {api}) and later, for an app that targets it", release(*api))
            }
        }
    }
}

/// The release that people know an API level by.
fn release(api: u32) -> String {
    match api {
        21 => "5".into(),
        22 => "5.1".into(),
        23 => "6".into(),
        24 => "7".into(),
        25 => "7.1".into(),
        26 => "8".into(),
        27 => "8.1".into(),
        28..=31 => (api - 19).to_string(),
        32 => "12L".into(),
        33.. => (api - 20).to_string(),
        _ => "1".into(),
    }
}

/// One check.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// The stable name, in kebab-case.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Where it breaks.
    pub since: Since,
    /// What is wrong, in one line.
    pub title: &'static str,
    /// What it breaks.
    pub breaks: &'static str,
    /// What to do.
    pub fix: &'static str,
}

macro_rules! checks {
    ($($name:ident $id:literal $severity:ident $since:expr; $title:literal $breaks:literal $fix:literal)*) => {
        $(pub(crate) static $name: Check = Check {
            id: $id, severity: Severity::$severity, since: $since, title: $title, breaks: $breaks, fix: $fix,
        };)*
        static ALL: &[&Check] = &[$(&$name),*];
    };
}

/// Every check, what hides others first: findings of one severity are told in this order.
#[must_use]
pub fn catalogue() -> &'static [&'static Check] {
    ALL
}

use Since::{Always, Android, Target};

checks! {
    // ---- the file as a whole
    APPLICATION_MISSING "application-missing" Error Always;
        "There is no <application>"
        "There is nothing that Android could start."
        "Check the app's AndroidManifest.xml, not a fragment of it."
    ATTRIBUTE_WITHOUT_PREFIX "attribute-without-prefix" Error Always;
        "An attribute lacks the prefix android:"
        "Android does not see it, as if it were not written."
        "Write android: before the name."
    ELEMENT_MISPLACED "element-misplaced" Error Always;
        "An element stands where Android does not look for it"
        "Android ignores it, as if it were not written."
        "Move it: permissions under <manifest>, components and offpush's meta-data under <application>."
    PLACEHOLDER_LEFT "placeholder-left" Error Always;
        "A placeholder was not replaced"
        "The name is taken as it is written, so it names nothing."
        "Replace it, or set it in Gradle's manifestPlaceholders."
    PACKAGE_INVALID "package-invalid" Error Always;
        "The package is no Java package name of two parts or more"
        "Android does not install the app (INSTALL_PARSE_FAILED_BAD_PACKAGE_NAME)."
        "Write letters, digits and underscores, with a dot between parts that begin with a letter."
    MIN_SDK_LOW "min-sdk-low" Error Always;
        "minSdkVersion is below 21"
        "Gradle's merger refuses the library, which needs Android 5: no JobScheduler and no no-backup folder before."
        "Set minSdkVersion to 21."
    TARGET_SDK_REFUSED "target-sdk-refused" Error Android(34);
        "targetSdkVersion is one that Android no longer installs"
        "Android 14 refuses apps that target less than 23, Android 15 less than 24 (INSTALL_FAILED_DEPRECATED_SDK_VERSION)."
        "Set targetSdkVersion to at least 24, and read the findings again: each version asks for more."
    MI_PUSH_SDK "mi-push-sdk" Error Always;
        "Mi Push's own SDK is in the app as well"
        "Both bring classes of the same names: the build fails, or the phone runs either of them."
        "Take MiPush_SDK_Client's jar or AAR out of the dependencies."

    // ---- the library's components
    PUSH_SERVICE_MISSING "push-service-missing" Error Always;
        "XMPushService is missing"
        "The daemon is never started: no registration, no message."
        "Declare it as manifest-templates/application/components.xml does, or use the AAR."
    JOB_SERVICE_MISSING "job-service-missing" Error Android(21);
        "XMJobService is missing"
        "Without a foreground service nothing connects while the app is closed, and nothing looks once a day whether all runs."
        "Declare it as manifest-templates/application/components.xml does, or use the AAR."
    MESSAGE_HANDLER_MISSING "message-handler-missing" Error Always;
        "PushMessageHandler is missing"
        "What the daemon sends to the app's process arrives nowhere: no regId, no callback."
        "Declare it as manifest-templates/application/components.xml does, or use the AAR."
    CALLBACK_SERVICE_MISSING "callback-service-missing" Error Always;
        "MessageHandleService is missing"
        "The receiver's callbacks are not run."
        "Declare it as manifest-templates/application/components.xml does, or use the AAR."
    PING_RECEIVER_MISSING "ping-receiver-missing" Error Always;
        "PingReceiver is missing"
        "The heartbeat's alarm wakes nobody: in Doze a dead connection is noticed hours late."
        "Declare it as manifest-templates/application/components.xml does, or use the AAR."
    START_RECEIVER_MISSING "start-receiver-missing" Warning Always;
        "PushServiceReceiver is missing"
        "After a restart of the phone or an update of the app nothing arrives until somebody opens the app."
        "Declare it as manifest-templates/application/components.xml does, or use the AAR."
    CLICK_ACTIVITY_MISSING "click-activity-missing" Error Always;
        "BridgeActivity is missing"
        "A click on a notification opens nothing."
        "Declare it as manifest-templates/application/components.xml does, or use the AAR."
    COMPONENT_MISSPELT "component-misspelt" Error Always;
        "A component's name is almost one of the library's"
        "Android starts components by their exact name, so this one is never started."
        "Correct the name."
    COMPONENT_WRONG_KIND "component-wrong-kind" Error Always;
        "A component of the library is declared as something else"
        "Android casts it to what the manifest says, and the app crashes (ClassCastException)."
        "Use the element that manifest-templates/application/components.xml uses."
    COMPONENT_DUPLICATE "component-duplicate" Error Always;
        "A component is declared twice"
        "Gradle's merger refuses it; in an app that is installed all the same, only one of them counts."
        "Leave one of them out."
    COMPONENT_REMOVED "component-removed" Error Always;
        "tools:node takes a component of the library out"
        "It is missing in the installed app."
        "Take the element with tools:node out."
    COMPONENT_DISABLED "component-disabled" Error Always;
        "A component is switched off by android:enabled"
        "Android never starts it."
        "Take android:enabled out, or say true."
    PROCESS_INVALID "process-invalid" Error Always;
        "A process name has neither a colon in front nor a dot inside"
        "Android does not install the app (INSTALL_PARSE_FAILED_MANIFEST_MALFORMED: bad process name)."
        "Write :pushservice."
    PROCESS_WRONG "process-wrong" Error Always;
        "A component of the daemon is not in the process :pushservice"
        "Two processes hold one daemon's data: the second is refused, and alarms or jobs wake the wrong one."
        "Write android:process=\":pushservice\" at all of XMPushService, XMJobService, PingReceiver, PushServiceReceiver."
    CALLBACK_PROCESS_WRONG "callback-process-wrong" Error Always;
        "A component for callbacks does not run in the app's own process"
        "The callbacks run where the app's code was not set up: fields are empty, and Application.onCreate runs twice."
        "Take android:process out."
    ISOLATED_PROCESS "isolated-process" Error Always;
        "XMPushService runs in an isolated process"
        "Such a process has no permission at all, not even for the network."
        "Take android:isolatedProcess out."
    STOP_WITH_TASK "stop-with-task" Error Always;
        "XMPushService ends with the app's task"
        "When a person swipes the app away Android stops the service, and nothing starts it again."
        "Take android:stopWithTask out."
    DIRECT_BOOT "direct-boot" Warning Android(24);
        "A component of the daemon is started before the phone was unlocked"
        "The messages are kept where they can be read only once it was unlocked: the start fails, and is tried again later."
        "Take android:directBootAware and LOCKED_BOOT_COMPLETED out."
    EXPORTED_MISSING "exported-missing" Error Target(31);
        "A component with an intent filter does not say android:exported"
        "Android does not install the app (INSTALL_PARSE_FAILED_MANIFEST_MALFORMED)."
        "Write android:exported: true if others start it, false if not."
    SERVICE_EXPORTED "service-exported" Warning Always;
        "A component of the daemon is exported"
        "Every app can start it. What strangers send is not believed, but it costs battery."
        "Write android:exported=\"false\"."
    JOB_PERMISSION_MISSING "job-permission-missing" Error Android(21);
        "XMJobService lacks android.permission.BIND_JOB_SERVICE"
        "JobScheduler refuses the job with an exception: nothing connects while no foreground service may run."
        "Write android:permission=\"android.permission.BIND_JOB_SERVICE\"."
    MERGE_CONFLICT "merge-conflict" Error Always;
        "An attribute differs from the library's own"
        "Gradle's merger stops: the attribute \"is also present at [org.offpush:offpush]\"."
        "Take the attribute out, or say tools:replace if you mean it."
    NETWORK_STATUS_RECEIVER "network-status-receiver" Note Target(24);
        "NetworkStatusReceiver waits for CONNECTIVITY_CHANGE"
        "Android no longer sends it to a manifest's receivers, and app stores take the filter for a way to start by itself."
        "Take the receiver out: the daemon follows the network without it."

    // ---- the app's receiver
    RECEIVER_MISSING "receiver-missing" Error Always;
        "No receiver has a filter for com.xiaomi.mipush.RECEIVE_MESSAGE"
        "The app gets no callback at all: no regId, no click, no message."
        "Declare your subclass of PushMessageReceiver as manifest-templates/application/receiver.xml does."
    RECEIVER_TWO "receiver-two" Warning Always;
        "Two receivers take the callbacks"
        "Each gets every callback: a regId is reported twice, a click opens twice."
        "Keep one."
    RECEIVER_ACTION_MISSPELT "receiver-action-misspelt" Error Always;
        "A filter's action is almost one of Mi Push's"
        "Nobody ever sends it."
        "Correct the action."
    RECEIVER_MESSAGE_FILTER "receiver-message-filter" Error Always;
        "The receiver has no filter for com.xiaomi.mipush.RECEIVE_MESSAGE"
        "It gets no callback: it is found by this action."
        "Add an <intent-filter> with that action."
    RECEIVER_ARRIVED_FILTER "receiver-arrived-filter" Warning Always;
        "The receiver has no filter for com.xiaomi.mipush.MESSAGE_ARRIVED"
        "Mi Push calls onNotificationMessageArrived only with it; code that moves between the two behaves differently."
        "Add an <intent-filter> with that action."
    RECEIVER_ERROR_FILTER "receiver-error-filter" Warning Always;
        "The receiver has no filter for com.xiaomi.mipush.ERROR"
        "Mi Push reports failures only with it; code that moves between the two behaves differently."
        "Add an <intent-filter> with that action."
    RECEIVER_FILTER_SHARED "receiver-filter-shared" Warning Always;
        "Two of Mi Push's actions stand in one filter"
        "What one of them needs (a priority, a category) is then said of both; Mi Push's documents give each its own."
        "Give each action an <intent-filter> of its own."
    RECEIVER_FILTER_DATA "receiver-filter-data" Error Always;
        "A filter of the receiver demands data"
        "The library's broadcasts carry none, so the filter never matches."
        "Take <data> out of the filter."
    RECEIVER_ABSTRACT "receiver-abstract" Error Always;
        "The receiver is PushMessageReceiver itself"
        "The class is abstract: the app crashes when Android makes one (InstantiationException)."
        "Name your own subclass."
    RECEIVER_CLASS_MISSING "receiver-class-missing" Error Always;
        "The receiver's class is not in the app"
        "Stripped or renamed by the shrinker, or misspelt: the callbacks go nowhere."
        "Correct the name, or keep the class as manifest-templates/shrinker/app.pro does."
    RECEIVER_SUPERCLASS "receiver-superclass" Error Always;
        "The receiver does not extend PushMessageReceiver"
        "The library does not take it for a receiver: no callback."
        "Extend com.xiaomi.mipush.sdk.PushMessageReceiver."
    SAMPLE_NAME "sample-name" Warning Always;
        "A class name of the documents was not replaced"
        "The class is most likely not in your app, so Android cannot start it."
        "Write the name of your own class."

    // ---- Mi Push's permission
    RECEIVE_PERMISSION_PACKAGE "receive-permission-package" Error Always;
        "MIPUSH_RECEIVE carries another package's name"
        "Two apps that define it cannot be installed side by side (INSTALL_FAILED_DUPLICATE_PERMISSION), and Mi Push gives no callback."
        "Write ${applicationId}.permission.MIPUSH_RECEIVE."
    RECEIVE_PERMISSION_LEVEL "receive-permission-level" Error Always;
        "MIPUSH_RECEIVE is not of protectionLevel signature"
        "Any app can ask for it and send broadcasts in the library's name."
        "Write android:protectionLevel=\"signature\"."
    RECEIVE_PERMISSION_UNUSED "receive-permission-unused" Note Always;
        "MIPUSH_RECEIVE is defined and not asked for, or asked for and not defined"
        "Nothing here; an app that moves back to Mi Push gets no callback there."
        "Write both <permission> and <uses-permission>."

    // ---- permissions
    PERMISSION_MISSPELT "permission-misspelt" Error Always;
        "A permission's name is almost one that the library needs"
        "Android grants nothing for a name that it does not know."
        "Correct the name."
    INTERNET_MISSING "internet-missing" Error Always;
        "android.permission.INTERNET is missing"
        "Every connection fails (EACCES)."
        "Add the <uses-permission>."
    NETWORK_STATE_MISSING "network-state-missing" Error Always;
        "android.permission.ACCESS_NETWORK_STATE is missing"
        "The daemon cannot follow the network: it is refused with an exception."
        "Add the <uses-permission>."
    WAKE_LOCK_MISSING "wake-lock-missing" Error Always;
        "android.permission.WAKE_LOCK is missing"
        "The phone falls asleep between a message's first byte and its notification; acquiring is refused with an exception."
        "Add the <uses-permission>."
    BOOT_PERMISSION_MISSING "boot-permission-missing" Warning Always;
        "android.permission.RECEIVE_BOOT_COMPLETED is missing"
        "After a restart of the phone nothing arrives until the app is opened, and jobs are not kept."
        "Add the <uses-permission>."
    NOTIFICATION_PERMISSION_MISSING "notification-permission-missing" Error Target(33);
        "android.permission.POST_NOTIFICATIONS is missing"
        "The app cannot ask the person, and no notification is ever shown."
        "Add the <uses-permission>, and ask at a moment of your choice."
    PERMISSION_REMOVED "permission-removed" Error Always;
        "tools:node takes a permission out that the library needs"
        "It is missing in the installed app."
        "Take the element with tools:node out."
    PERMISSION_LIMITED "permission-limited" Error Always;
        "android:maxSdkVersion ends a permission that the library needs"
        "Later Android versions do not grant it."
        "Take android:maxSdkVersion out."
    PERMISSION_STORAGE "permission-storage" Warning Target(30);
        "WRITE_EXTERNAL_STORAGE is asked for"
        "It has no effect any more; before, people are asked for their photos and files by an app that needs none."
        "Take it out, or limit it: android:maxSdkVersion=\"28\"."
    PERMISSION_PHONE_STATE "permission-phone-state" Warning Target(29);
        "READ_PHONE_STATE is asked for"
        "The phone's numbers are not given out any more, people are asked to let the app manage calls, and stores ask why."
        "Take it out, or limit it: android:maxSdkVersion=\"28\"."
    PERMISSION_TASKS "permission-tasks" Note Android(21);
        "GET_TASKS is asked for"
        "It has no effect: an app sees its own tasks only."
        "Take it out."
    PERMISSION_WIFI_STATE "permission-wifi-state" Note Always;
        "ACCESS_WIFI_STATE is asked for"
        "Nothing breaks; the library tells networks apart without it."
        "Take it out if nothing else in the app needs it."
    EXACT_ALARM_RESTRICTED "exact-alarm-restricted" Warning Android(33);
        "USE_EXACT_ALARM is asked for"
        "Google Play takes it from alarm clocks and calendars alone, and removes other apps."
        "Use SCHEDULE_EXACT_ALARM, which the person grants."
    BATTERY_EXEMPTION "battery-exemption" Note Android(23);
        "REQUEST_IGNORE_BATTERY_OPTIMIZATIONS is asked for"
        "Google Play allows it to few kinds of app; elsewhere it is a fair choice."
        "Leave it out if the app goes to Google Play."

    // ---- the foreground service
    FOREGROUND_PERMISSION_MISSING "foreground-permission-missing" Error Target(28);
        "android.permission.FOREGROUND_SERVICE is missing"
        "startForeground is refused with an exception: while the phone sleeps messages come minutes to hours late."
        "Add the <uses-permission>, or choose no foreground service: meta-data offpush.foreground false."
    FOREGROUND_TYPE_MISSING "foreground-type-missing" Error Target(34);
        "XMPushService has no android:foregroundServiceType"
        "startForeground is refused (MissingForegroundServiceTypeException): while the phone sleeps messages come minutes to hours late."
        "Write android:foregroundServiceType=\"specialUse\"."
    FOREGROUND_TYPE_PERMISSION "foreground-type-permission" Error Target(34);
        "The permission for the foreground service's type is missing"
        "startForeground is refused with a SecurityException: while the phone sleeps messages come minutes to hours late."
        "Add the <uses-permission> FOREGROUND_SERVICE_… of that type."
    FOREGROUND_PROPERTY_MISSING "foreground-property-missing" Warning Target(34);
        "The special use is not described"
        "Google Play's review asks for PROPERTY_SPECIAL_USE_FGS_SUBTYPE and refuses the app without it."
        "Add the <property> as manifest-templates/application/components.xml does."
    FOREGROUND_TYPE_LIMITED "foreground-type-limited" Warning Target(35);
        "The foreground service's type ends after some hours, or may not start at boot"
        "dataSync and mediaProcessing end after six hours a day, and crash the app that goes on; these and others may not start at boot."
        "Write android:foregroundServiceType=\"specialUse\" or remoteMessaging."
    FOREGROUND_OFF_PERMISSION "foreground-off-permission" Note Android(34);
        "offpush.foreground is false, and the permission for it is still asked for"
        "Nothing breaks; Google Play asks what the foreground service is for."
        "Take it out as manifest-templates/manifest/no-foreground-service.xml does."
    NO_FOREGROUND_NO_ALARM "no-foreground-no-alarm" Warning Android(33);
        "Neither a foreground service nor exact alarms"
        "In Doze an inexact alarm brings no network: messages come at the next maintenance window, hours apart."
        "Take offpush.foreground out, or ask for SCHEDULE_EXACT_ALARM."

    // ---- what offpush and Mi Push are told in meta-data
    SERVER_MISSING "server-missing" Error Always;
        "The meta-data offpush.server is missing"
        "The daemon does not know where your gateway is, and says so in its status."
        "Add <meta-data android:name=\"offpush.server\" android:value=\"https://…\" /> to <application>."
    SERVER_RESOURCE "server-resource" Error Always;
        "offpush.server is given as android:resource"
        "The app then reads the resource's number, not its text."
        "Write android:value, which may be @string/… too."
    SERVER_CLEARTEXT "server-cleartext" Error Always;
        "offpush.server begins with http://"
        "The daemon never speaks without TLS, and does not connect."
        "Write https://."
    SERVER_INVALID "server-invalid" Error Always;
        "offpush.server is no https address"
        "The daemon does not connect."
        "Write https://HOST or https://HOST:PORT; several are separated by commas."
    SERVER_EXAMPLE "server-example" Error Always;
        "offpush.server still names a host of the documents, or this machine"
        "Nobody's gateway is there for a phone."
        "Write your gateway's name."
    META_DATA_DUPLICATE "meta-data-duplicate" Error Always;
        "A meta-data of offpush is written twice"
        "Gradle's merger refuses it, or the last one counts."
        "Leave one of them out."
    META_DATA_MISSPELT "meta-data-misspelt" Error Always;
        "A meta-data's name is almost one of offpush's"
        "It is not read."
        "Correct the name: offpush.server, offpush.ca, offpush.pages, offpush.foreground."
    CA_VALUE "ca-value" Error Always;
        "offpush.ca is given as android:value"
        "The app then gets the file's path, not the resource: the CA is not found, and no certificate of your gateway is trusted."
        "Write android:resource=\"@raw/…\"."
    FOREGROUND_VALUE "foreground-value" Warning Always;
        "offpush.foreground is neither true nor false"
        "Everything but false counts as true."
        "Write false, or leave it out."
    PAGE_UNKNOWN "page-unknown" Error Always;
        "offpush.pages names an activity that the manifest does not have"
        "A click that should open it opens the app's first page."
        "Write the activity's whole class name."
    APP_SECRET "app-secret" Error Always;
        "The AppSecret is in the app"
        "Whoever unpacks the app can push to everybody in your name."
        "Take it out, and make a new one on the gateway: AppID and AppKey are all an app needs."
    APP_ID_NUMBER "app-id-number" Error Always;
        "An AppID or AppKey is read as a number"
        "Bundle.getString gives null, or the last digits are rounded off: registration fails with 22006 or 22007 (invalid application id)."
        "Put a backslash and a space in front (\"\\ 1234…\"), or use @string/…."
    APP_ID_PLACEHOLDER "app-id-placeholder" Error Always;
        "An AppID or AppKey is still a placeholder"
        "Registration fails with 22006 or 22007 (invalid application id)."
        "Write what your gateway gave."

    // ---- the application
    APPLICATION_DISABLED "application-disabled" Error Always;
        "The application is switched off by android:enabled"
        "None of its components is ever started."
        "Take android:enabled out."
    BACKUP_REGISTRATION "backup-registration" Warning Android(23);
        "Android's backup takes the registration with it"
        "Restored on another phone, both have one regId: messages reach one of them, and an old alias comes back."
        "Write android:fullBackupContent=\"@xml/offpush_backup_rules\" (in the AAR), or android:allowBackup=\"false\"."
    TRANSFER_REGISTRATION "transfer-registration" Warning Target(31);
        "A move to a new phone takes the registration with it"
        "Such a move ignores android:allowBackup and fullBackupContent: both phones have one regId."
        "Write android:dataExtractionRules=\"@xml/offpush_data_extraction_rules\" (in the AAR)."
    BACKUP_RULES_OWN "backup-rules-own" Note Android(23);
        "The app has rules of its own for backups"
        "Nothing, if they leave out what offpush's do; else a restored phone has the regId of another. In an APK or AAB they are read."
        "Take over the <exclude> lines of offpush_backup_rules.xml and offpush_data_extraction_rules.xml (manifest-templates/res/xml)."
    CLEARTEXT_PERMITTED "cleartext-permitted" Warning Android(23);
        "The app permits traffic without TLS"
        "offpush needs none; what else the app loads can be read and changed on the way."
        "Take android:usesCleartextTraffic out."
    LAUNCHER_MISSING "launcher-missing" Warning Always;
        "No activity is for the launcher"
        "A click whose action is \"open app\" has nothing to open."
        "Give an activity a filter with MAIN and LAUNCHER."

    // ---- what else is in the archive
    LIBRARY_MISSING "library-missing" Error Always;
        "liboffpush.so is not in the app"
        "The daemon does not start (UnsatisfiedLinkError)."
        "Pack the AAR with --jni, and do not exclude the library."
    LIBRARY_ABI_MISSING "library-abi-missing" Error Always;
        "liboffpush.so is missing for a kind of processor that the app supports"
        "On these phones the daemon does not start (UnsatisfiedLinkError), because Android looks for that ABI alone."
        "Build the library for it (jni-glue/build), or leave the ABI out with abiFilters."
    LIBRARY_COMPRESSED "library-compressed" Error Android(23);
        "The native library is compressed, and extractNativeLibs is false"
        "Android does not install the app (INSTALL_FAILED_INVALID_APK)."
        "Store libraries uncompressed, as Gradle does by itself, or take extractNativeLibs out."
    LIBRARY_PAGE_SIZE "library-page-size" Error Android(35);
        "A segment of the 64-bit library is not aligned to 16 KB"
        "Phones with pages of 16 KB do not load it, or only in a compatibility mode, and Google Play does not take the app."
        "Link with -z max-page-size=16384, as jni-glue/build does."
    LIBRARY_ZIP_ALIGNMENT "library-zip-alignment" Warning Android(35);
        "The uncompressed library does not begin at a multiple of 16 KB in the APK"
        "Phones with pages of 16 KB cannot load it from the APK."
        "Align with zipalign -P 16, or a plug-in of 8.5.1 or later."
    LIBRARY_CLASS_MISSING "library-class-missing" Error Always;
        "A class of the library that the manifest names is not in the app"
        "Android cannot start it: the app crashes (ClassNotFoundException)."
        "Use the AAR's own rules (proguard.txt in it), and no rule that takes them back."

    // ---- shrinker rules
    RULE_WITHOUT_CLASS "rule-without-class" Error Always;
        "A -keep rule lacks the word class"
        "Neither ProGuard nor R8 reads such a file: the build fails."
        "Write -keep class NAME { *; }. (The line comes from the document.)"
    RULE_WEAK "rule-weak" Warning Always;
        "A rule keeps a class and lets the shrinker rename or remove it"
        "A build that makes no rules from the manifest (Gradle does) renames it or takes it out: Android cannot start it."
        "Use plain -keep class."
    RULE_RECEIVER_MISSING "rule-receiver-missing" Warning Always;
        "No rule keeps the receiver"
        "A build that makes no rules from the manifest (Gradle does) removes or renames it: no callback."
        "Add -keep class RECEIVER { *; }."
    RULE_SAMPLE_NAME "rule-sample-name" Warning Always;
        "A rule keeps a class of the documents that the manifest does not have"
        "It keeps nothing, and your own receiver is not kept by it."
        "Write the name of your own receiver."
}

/// The check whose name is nearest to one that no check has.
#[must_use]
pub fn nearest(id: &str) -> Option<&'static Check> {
    ALL.iter().copied().min_by_key(|check| similar::distance_within(id, check.id, usize::MAX))
}

/// A check by its name.
#[must_use]
pub fn find(id: &str) -> Option<&'static Check> {
    ALL.iter().copied().find(|check| check.id == id)
}
