//! An app's own rules for backups: whether they leave out what offpush's do (developer.android.com, "Back up user data with
//! Auto Backup").

use crate::document::{Node, Space};
use crate::library;

/// The first file of the registration that a backup by these rules takes with it, and by which of them.
pub(super) fn taken(rules: Node<'_>, is_backup_allowed: bool) -> Option<String> {
    // Since Android 12 two sections; where one is missing everything is taken.
    let sections: &[&str] = match (rules.name(), is_backup_allowed) {
        ("full-backup-content", _) => return first_taken(Some(rules)).map(str::to_owned),
        ("data-extraction-rules", true) => &["cloud-backup", "device-transfer"],
        ("data-extraction-rules", false) => &["device-transfer"],
        _ => return None,
    };
    sections.iter().find_map(|section| {
        first_taken(rules.children_named(section).next()).map(|file| format!("{file}, in <{section}>"))
    })
}

fn first_taken(section: Option<Node<'_>>) -> Option<&'static str> {
    let names = |rule: Node<'_>, file: &str| {
        let path = written(rule, "path").unwrap_or_default();
        match written(rule, "domain") {
            Some("sharedpref") => matches!(path, "." | "" | "./") || path == file,
            Some("root") => matches!(path, "." | "" | "./" | "shared_prefs" | "shared_prefs/"),
            _ => false,
        }
    };
    for file in library::registration_files() {
        let Some(section) = section else { return Some(file) };
        let mut included = section.children_named("include").peekable();
        let is_included = included.peek().is_none() || included.any(|rule| names(rule, file));
        if is_included && !section.children_named("exclude").any(|rule| names(rule, file)) {
            return Some(file);
        }
    }
    None
}

/// The value of an attribute, which in these files has no namespace.
fn written<'d>(rule: Node<'d>, name: &str) -> Option<&'d str> {
    rule.find(Space::None, name).map(|attribute| attribute.value.as_str())
}
