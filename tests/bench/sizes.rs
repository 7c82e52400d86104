//! The device build's bytes, and which crates are in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use crate::report::{Report, Table};
use crate::{Failure, Options};

/// What each crate is for, as a table `| crate | … |`.
const PURPOSES: &str = "docs/dependencies.md";

pub(crate) fn run(options: &Options) -> Result<Report, Failure> {
    let program = options.offpush()?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let crates = crates_in_device_build(&root)?;
    let purposes = purposes(&std::fs::read_to_string(root.join(PURPOSES))?);

    let mut report = Report::new("sizes");
    report.note(
        "The build: `cargo build --profile device -p offpush-cli --no-default-features`; stripped, linked to the C \
         library only. The crates: `cargo tree -e normal -p offpush-cli --no-default-features`.",
    );
    let mut sizes = Table::new("Bytes", &["", "value"]);
    sizes.row(vec!["the program".into(), std::fs::metadata(&program)?.len().into()]);
    for (section, bytes) in sections(&program) {
        sizes.row(vec![format!("of it {section}").into(), bytes.into()]);
    }
    let (own, foreign): (BTreeSet<_>, BTreeSet<_>) = crates.iter().partition(|name| name.starts_with("offpush-"));
    sizes.row(vec!["crates of this workspace in it".into(), own.len().into()]);
    sizes.row(vec!["other crates in it, those that run at build time included".into(), foreign.len().into()]);
    report.table(sizes);

    let mut table = Table::new("What each other crate is for", &["crate", "what it is for"]);
    for name in &foreign {
        let purpose = purposes.get(*name).map_or("MISSING", String::as_str);
        table.row(vec![name.as_str().into(), purpose.into()]);
    }
    report.table(table);
    let missing: Vec<&str> =
        foreign.iter().filter(|name| !purposes.contains_key(**name)).map(|name| name.as_str()).collect();
    let left_over: Vec<&str> = purposes.keys().filter(|name| !crates.contains(*name)).map(String::as_str).collect();
    if missing.is_empty() && left_over.is_empty() {
        report.note(format!("{PURPOSES} lists exactly these crates."));
        return Ok(report);
    }
    report.print();
    Err(format!("{PURPOSES} lacks {missing:?} and lists in vain {left_over:?}: put it right").into())
}

/// Every crate of the device build, without the program itself.
fn crates_in_device_build(root: &Path) -> Result<BTreeSet<String>, Failure> {
    let arguments = ["tree", "-e", "normal", "-p", "offpush-cli", "--no-default-features", "--prefix", "none"];
    let output = Command::new("cargo").args(arguments).args(["--format", "{p}"]).current_dir(root).output()?;
    if !output.status.success() {
        return Err(format!("cargo tree: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let names = text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned);
    Ok(names.filter(|name| name != "offpush-cli").collect())
}

/// The rows of the table: the first cell, in backticks, names the crate, the second says what it is for.
fn purposes(page: &str) -> BTreeMap<String, String> {
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `")?.split('|');
        let name = cells.next()?.trim().trim_end_matches('`').to_owned();
        Some((name, cells.next()?.trim().to_owned()))
    };
    page.lines().filter_map(row).collect()
}

/// The largest sections, as `size -A` (binutils) tells them; empty where it is not installed.
fn sections(program: &Path) -> Vec<(String, u64)> {
    let Ok(output) = Command::new("size").arg("-A").arg(program).output() else { return Vec::new() };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let row = |line: &str| {
        let mut fields = line.split_whitespace();
        let (name, bytes) = (fields.next()?, fields.next()?.parse().ok()?);
        (name.starts_with('.') && bytes >= 10_000).then(|| (name.to_owned(), bytes))
    };
    text.lines().filter_map(row).collect()
}
