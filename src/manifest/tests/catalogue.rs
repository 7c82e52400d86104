//! The catalogue beside what must say the same: the documentation, the library's classes, its components.

use std::path::Path;

use offpush_manifest::{Since, catalogue, find};

fn repository(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A cell of a table in Markdown.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "\\<")
}

#[test]
fn the_documentation_lists_every_check_as_it_is() {
    // docs/manifest.md holds the catalogue; this is the whole table, to be put there when it differs.
    let mut table =
        String::from("| check | | what is wrong | what breaks, since | what to do |\n|---|---|---|---|---|\n");
    for check in catalogue() {
        table.push_str(&format!(
            "| `{}` | {} | {} | {} ({}) | {} |\n",
            check.id,
            check.severity,
            cell(check.title),
            cell(check.breaks),
            check.since,
            cell(check.fix)
        ));
    }
    let page = repository("docs/manifest.md");
    assert!(page.contains(&table), "docs/manifest.md does not have this table:\n{table}");
}

#[test]
fn names_are_unique_and_in_kebab_case() {
    // Scripts and suppressions depend on them.
    for (at, check) in catalogue().iter().enumerate() {
        let is_kebab = check.id.split('-').all(|word| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        });
        assert!(is_kebab, "{}", check.id);
        assert_eq!(catalogue().iter().position(|other| other.id == check.id), Some(at), "{} is there twice", check.id);
        assert_eq!(find(check.id).map(|found| found.id), Some(check.id));
        for text in [check.title, check.breaks, check.fix] {
            assert!(text.len() > 5 && text == text.trim(), "{}: {text}", check.id);
        }
    }
}

#[test]
fn versions_are_told_by_the_names_that_people_know() {
    // API levels and releases part company at 32, and no formula holds for all.
    let said = |since: Since| since.to_string();
    assert_eq!(said(Since::Always), "every Android version");
    assert_eq!(said(Since::Android(23)), "Android 6 (API 23) and later");
    assert_eq!(said(Since::Android(28)), "Android 9 (API 28) and later");
    assert_eq!(said(Since::Target(31)), "Android 12 (API 31) and later, for an app that targets it");
    assert_eq!(said(Since::Target(33)), "Android 13 (API 33) and later, for an app that targets it");
    assert_eq!(said(Since::Target(35)), "Android 15 (API 35) and later, for an app that targets it");
}
