//! Makes a manifest, or a part to paste, of the templates. The same request gives the same bytes.

use crate::document::ANDROID;
use crate::edit::escaped;
use crate::library::{MIN_SDK, template};

/// What an app may leave out or take besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Choice {
    /// XMPushService as a foreground service.
    ForegroundService,
    /// Exact alarms, the way through Doze without a foreground service.
    ExactAlarm,
    /// Asking the person to exempt the app from battery optimisation.
    BatteryExemption,
    /// NetworkStatusReceiver and the permissions of Mi Push's documents that the library does not use.
    Classic,
    /// The IM side (TIMManager).
    Im,
    /// The library's own components and permissions, which the AAR brings.
    Library,
    /// The notes why each permission and component is there.
    Comments,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendering {
    /// The application id; `${applicationId}` leaves it to Gradle.
    pub package: String,
    /// The whole class name of the app's receiver.
    pub receiver: String,
    /// Where the gateway is; `${offpushServer}` leaves it to Gradle.
    pub server: String,
    /// The API level that the app targets.
    pub target_sdk: u32,
    /// A whole manifest, not a part of one.
    pub whole: bool,
    /// What is in it, of what can be left out.
    pub with: Vec<Choice>,
}

impl Rendering {
    fn has(&self, choice: Choice) -> bool {
        self.with.contains(&choice)
    }
}

/// Makes it.
#[must_use]
pub fn render(rendering: &Rendering) -> String {
    let rendering = &Rendering {
        package: escaped(&rendering.package),
        receiver: escaped(&rendering.receiver),
        server: escaped(&rendering.server),
        ..rendering.clone()
    };
    let permissions = permissions(rendering);
    let components = components(rendering);
    let mut out = String::new();
    if rendering.whole {
        out.push_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
        let tools = needs_tools(rendering);
        let namespace = if tools { " xmlns:tools=\"http://schemas.android.com/tools\"" } else { "" };
        out.push_str(&format!("<manifest xmlns:android=\"{ANDROID}\"{namespace} package=\"{}\">\n", rendering.package));
        out.push_str(&format!(
            "    <uses-sdk android:minSdkVersion=\"{MIN_SDK}\" android:targetSdkVersion=\"{}\" />\n",
            rendering.target_sdk
        ));
        for part in permissions {
            out.push('\n');
            out.push_str(&indented(&part, 4));
        }
        out.push_str("\n    <application");
        out.push_str("\n        android:dataExtractionRules=\"@xml/offpush_data_extraction_rules\"");
        out.push_str("\n        android:fullBackupContent=\"@xml/offpush_backup_rules\">\n");
        out.push_str(&join(components.iter().map(|part| indented(part, 8))));
        out.push_str("    </application>\n</manifest>\n");
    } else {
        if !permissions.is_empty() {
            out.push_str("<!-- Under <manifest>. -->\n\n");
            out.push_str(&join(permissions.into_iter()));
            out.push('\n');
        }
        out.push_str("<!-- Under <application>. -->\n\n");
        out.push_str(&join(components.into_iter()));
    }
    out
}

fn needs_tools(rendering: &Rendering) -> bool {
    !rendering.has(Choice::ForegroundService) && !rendering.has(Choice::Library)
}

fn permissions(rendering: &Rendering) -> Vec<String> {
    let mut parts = Vec::new();
    if rendering.has(Choice::Library) {
        parts.push(template!("manifest/permissions.xml"));
        parts.push(template!("manifest/receive-permission.xml"));
        if rendering.has(Choice::ForegroundService) {
            parts.push(template!("manifest/foreground-service.xml"));
        }
    } else if !rendering.has(Choice::ForegroundService) {
        parts.push(template!("manifest/no-foreground-service.xml"));
    }
    if rendering.has(Choice::ExactAlarm) {
        parts.push(template!("manifest/exact-alarm.xml"));
    }
    if rendering.has(Choice::BatteryExemption) {
        parts.push(template!("manifest/battery-exemption.xml"));
    }
    if rendering.has(Choice::Classic) {
        parts.push(template!("manifest/classic.xml"));
    }
    parts.into_iter().map(|part| filled(part, rendering)).collect()
}

fn components(rendering: &Rendering) -> Vec<String> {
    let mut parts = vec![template!("application/server.xml"), template!("application/receiver.xml")];
    if !rendering.has(Choice::ForegroundService) {
        parts.push(template!("application/no-foreground-service.xml"));
    }
    if rendering.has(Choice::Library) {
        parts.push(template!("application/components.xml"));
    }
    if rendering.has(Choice::Classic) {
        parts.push(template!("application/network-status.xml"));
    }
    if rendering.has(Choice::Im) {
        parts.push(template!("application/im.xml"));
    }
    parts.into_iter().map(|part| filled(part, rendering)).collect()
}

/// A template with its placeholders replaced, and without its notes where they are not wanted.
fn filled(template: &str, rendering: &Rendering) -> String {
    let text = template
        .replace("${applicationId}", &rendering.package)
        .replace("${offpushReceiver}", &rendering.receiver)
        .replace("${offpushServer}", &rendering.server);
    if rendering.has(Choice::Comments) { text } else { without_comments(&text) }
}

/// The text without comments and the lines that only they were on; parts stay apart by one empty line.
fn without_comments(text: &str) -> String {
    let mut rest = text;
    let mut out = String::new();
    while let Some((before, after)) = rest.split_once("<!--") {
        out.push_str(before);
        rest = after.split_once("-->").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    let mut lines: Vec<&str> = Vec::new();
    for line in out.lines().map(str::trim_end) {
        if !line.is_empty() {
            lines.push(line);
        }
    }
    lines.into_iter().map(|line| format!("{line}\n")).collect()
}

fn indented(text: &str, width: usize) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{:width$}{line}\n", "") }).collect()
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join("\n")
}
