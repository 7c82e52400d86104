//! What the library brings: the templates, read once, and what they mean to a check.

use std::sync::LazyLock;

use crate::catalogue::{self, Check};
use crate::document::{Document, Node, Space};
use crate::text;

/// A file of `manifest-templates`.
macro_rules! template {
    ($path:literal) => {
        include_str!(concat!("../../manifest-templates/", $path))
    };
}
pub(crate) use template;

/// The lowest API level of the library: Android 5, the first with JobScheduler and the no-backup folder.
pub(crate) const MIN_SDK: u32 = 21;
/// The newest API level that the checks know, Android 16: what is assumed of an app that does not say its target.
pub(crate) const NEWEST_SDK: u32 = 36;
/// The process of the daemon.
pub(crate) const DAEMON_PROCESS: &str = ":pushservice";

pub(crate) const PUSH_SERVICE: &str = "com.xiaomi.push.service.XMPushService";
pub(crate) const JOB_SERVICE: &str = "com.xiaomi.push.service.XMJobService";
pub(crate) const NETWORK_STATUS_RECEIVER: &str = "com.xiaomi.push.service.receivers.NetworkStatusReceiver";
pub(crate) const RECEIVER_BASE: &str = "com.xiaomi.mipush.sdk.PushMessageReceiver";
/// The IM side's own receiver, which is no app's.
pub(crate) const IM_RECEIVER: &str = "com.tencent.imsdk.ResultReceiver";

/// The actions of the library's broadcasts to the app's receiver, the first being the one it is found by.
pub(crate) const ACTIONS: [&str; 3] =
    ["com.xiaomi.mipush.RECEIVE_MESSAGE", "com.xiaomi.mipush.MESSAGE_ARRIVED", "com.xiaomi.mipush.ERROR"];

/// The meta-data that the library reads.
pub(crate) const META_DATA: [&str; 4] = ["offpush.server", "offpush.ca", "offpush.pages", "offpush.foreground"];

/// Where a component of the library runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runs {
    /// In the daemon's process.
    Daemon,
    /// In the app's process.
    App,
}

/// A component of the library.
pub(crate) struct Part {
    pub(crate) element: &'static str,
    pub(crate) class: &'static str,
    pub(crate) runs: Runs,
    /// What it is called when it is missing; none if it may be missing.
    pub(crate) missing: Option<&'static Check>,
}

/// Every component that the library may have in a manifest.
pub(crate) static PARTS: [Part; 9] = [
    Part {
        element: "service",
        class: PUSH_SERVICE,
        runs: Runs::Daemon,
        missing: Some(&catalogue::PUSH_SERVICE_MISSING),
    },
    Part { element: "service", class: JOB_SERVICE, runs: Runs::Daemon, missing: Some(&catalogue::JOB_SERVICE_MISSING) },
    Part {
        element: "service",
        class: "com.xiaomi.mipush.sdk.PushMessageHandler",
        runs: Runs::App,
        missing: Some(&catalogue::MESSAGE_HANDLER_MISSING),
    },
    Part {
        element: "service",
        class: "com.xiaomi.mipush.sdk.MessageHandleService",
        runs: Runs::App,
        missing: Some(&catalogue::CALLBACK_SERVICE_MISSING),
    },
    Part {
        element: "receiver",
        class: "com.xiaomi.push.service.receivers.PingReceiver",
        runs: Runs::Daemon,
        missing: Some(&catalogue::PING_RECEIVER_MISSING),
    },
    Part {
        element: "receiver",
        class: "com.xiaomi.mipush.sdk.PushServiceReceiver",
        runs: Runs::Daemon,
        missing: Some(&catalogue::START_RECEIVER_MISSING),
    },
    Part {
        element: "activity",
        class: "com.xiaomi.mipush.sdk.BridgeActivity",
        runs: Runs::App,
        missing: Some(&catalogue::CLICK_ACTIVITY_MISSING),
    },
    // Mi Push's documents declare these two; an app that does may keep them.
    Part {
        element: "activity",
        class: "com.xiaomi.mipush.sdk.NotificationClickedActivity",
        runs: Runs::App,
        missing: None,
    },
    Part { element: "receiver", class: NETWORK_STATUS_RECEIVER, runs: Runs::App, missing: None },
];

/// The component of this class.
pub(crate) fn part(class: &str) -> Option<&'static Part> {
    PARTS.iter().find(|part| part.class == class)
}

static COMPONENTS: LazyLock<Document> = LazyLock::new(|| {
    let all = format!(
        "<application xmlns:android=\"{}\">{}{}</application>",
        crate::document::ANDROID,
        template!("application/components.xml"),
        template!("application/network-status.xml")
    );
    text::read(&all).unwrap_or_default()
});

/// A component as the AAR declares it.
pub(crate) fn declared(class: &str) -> Option<Node<'static>> {
    COMPONENTS.root()?.children().find(|node| node.value("name") == Some(class))
}

/// The lines of a component of the library, as they are pasted into an application.
pub(crate) fn lines(class: &str) -> Option<Vec<&'static str>> {
    let node = declared(class)?;
    Some(node.text()?.get(node.element().range.clone())?.lines().collect())
}

/// The attributes that merging compares: those of Android's namespace but the name.
pub(crate) fn merged_attributes(class: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    declared(class)
        .into_iter()
        .flat_map(|node| node.attributes())
        .filter(|attribute| attribute.space == Space::Android && attribute.name != "name")
        .map(|attribute| (attribute.name.as_str(), attribute.value.as_str()))
}

static BACKUP_RULES: LazyLock<Document> =
    LazyLock::new(|| text::read(template!("res/xml/offpush_backup_rules.xml")).unwrap_or_default());

/// The preferences that hold a registration, which the library's rules leave out of backups.
pub(crate) fn registration_files() -> impl Iterator<Item = &'static str> {
    let excluded = BACKUP_RULES.root().into_iter().flat_map(|root| root.children_named("exclude"));
    excluded.filter_map(|rule| Some(rule.find(Space::None, "path")?.value.as_str()))
}

/// Classes of the library under Xiaomi's names: whatever else an app has under them is Mi Push's own SDK.
pub(crate) static CLASSES: [&str; 27] = [
    "com.xiaomi.channel.commonutils.logger.LoggerInterface",
    "com.xiaomi.mipush.sdk.AbstractPushManager",
    "com.xiaomi.mipush.sdk.BaseService",
    "com.xiaomi.mipush.sdk.BridgeActivity",
    "com.xiaomi.mipush.sdk.COSPushHelper",
    "com.xiaomi.mipush.sdk.Constants",
    "com.xiaomi.mipush.sdk.ErrorCode",
    "com.xiaomi.mipush.sdk.FCMPushHelper",
    "com.xiaomi.mipush.sdk.FTOSPushHelper",
    "com.xiaomi.mipush.sdk.HWPushHelper",
    "com.xiaomi.mipush.sdk.Logger",
    "com.xiaomi.mipush.sdk.MessageHandleService",
    "com.xiaomi.mipush.sdk.MiPushClient",
    "com.xiaomi.mipush.sdk.MiPushCommandMessage",
    "com.xiaomi.mipush.sdk.MiPushMessage",
    "com.xiaomi.mipush.sdk.MiTinyDataClient",
    "com.xiaomi.mipush.sdk.NotificationClickedActivity",
    "com.xiaomi.mipush.sdk.PushConfiguration",
    "com.xiaomi.mipush.sdk.PushMessageHandler",
    "com.xiaomi.mipush.sdk.PushMessageHelper",
    "com.xiaomi.mipush.sdk.PushMessageReceiver",
    "com.xiaomi.mipush.sdk.PushServiceReceiver",
    "com.xiaomi.push.service.XMJobService",
    "com.xiaomi.push.service.XMPushService",
    "com.xiaomi.push.service.module.PushChannelRegion",
    "com.xiaomi.push.service.receivers.NetworkStatusReceiver",
    "com.xiaomi.push.service.receivers.PingReceiver",
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_classes_are_those_of_the_java_side() {
        // A class of the library that is not listed would be taken for Mi Push's own SDK.
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../jni-glue/java/src/main/java");
        let mut found = Vec::new();
        let mut open = vec![sources.join("com")];
        while let Some(directory) = open.pop() {
            for entry in std::fs::read_dir(directory).expect("a directory of sources") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let class = path.strip_prefix(&sources).expect("a path below").with_extension("");
                    found.push(class.to_str().expect("a name in ASCII").replace('/', "."));
                }
            }
        }
        found.sort();
        assert_eq!(found, CLASSES);
    }

    #[test]
    fn every_component_is_declared_as_the_templates_have_it() {
        // What the checks call missing is what the template declares, under the same element.
        for part in PARTS.iter().filter(|part| part.missing.is_some()) {
            assert_eq!(declared(part.class).map(Node::name), Some(part.element), "{}", part.class);
        }
        let declared: Vec<_> = COMPONENTS.root().expect("components").children().collect();
        assert!(declared.iter().all(|node| node.value("name").is_some_and(|name| part(name).is_some())));
    }
}
