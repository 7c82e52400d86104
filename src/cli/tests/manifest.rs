//! `offpush manifest`, completions and man pages, as a person runs them.
#![cfg(feature = "tools")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A directory that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("offpush-cli-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a directory for the test");
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("a file for the test");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn offpush(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_offpush")).args(arguments).output().expect("offpush runs")
}

fn check(file: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    let mut arguments = vec!["manifest", "check", file.to_str().expect("a path as text")];
    arguments.extend(more);
    let output = offpush(&arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text in UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A manifest with an error that can be corrected.
const FAULTY: &str = "<manifest xmlns:android=\"http://schemas.android.com/apk/res/android\" package=\"com.acme.chat\">
    <application
        android:dataExtractionRules=\"@xml/offpush_data_extraction_rules\"
        android:fullBackupContent=\"@xml/offpush_backup_rules\">
        <meta-data android:name=\"offpush.server\" android:value=\"http://push.acme.app\" />
        <receiver android:name=\".PushReceiver\" android:exported=\"true\">
            <intent-filter><action android:name=\"com.xiaomi.mipush.RECEIVE_MESSAGE\" /></intent-filter>
            <intent-filter><action android:name=\"com.xiaomi.mipush.MESSAGE_ARRIVED\" /></intent-filter>
            <intent-filter><action android:name=\"com.xiaomi.mipush.ERROR\" /></intent-filter>
        </receiver>
    </application>
</manifest>
";

#[test]
fn the_exit_status_says_whether_something_is_wrong() {
    // 0 without an error, warnings or not; 3 with one; 1 if the file cannot be read; 2 for wrong usage.
    let scratch = Scratch::new("status");
    let faulty = scratch.file("faulty.xml", FAULTY);
    let warned = scratch.file(
        "warned.xml",
        &FAULTY.replace("http://push", "https://push").replace("com.xiaomi.mipush.ERROR", "com.acme.OTHER"),
    );
    let (code, out, error) = check(&faulty, &[]);
    assert_eq!((code, error.as_str()), (Some(3), ""), "{out}");
    assert!(out.ends_with("\n1 error, 0 warnings, 0 notes; --fix corrects 1\n"), "{out}");
    let (code, out, error) = check(&warned, &[]);
    assert_eq!((code, error.as_str()), (Some(0), ""), "{out}");
    assert!(out.contains("warning receiver-error-filter"), "{out}");
    let (code, out, error) = check(&scratch.0.join("none.xml"), &[]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(error.contains("none.xml: No such file"), "{error}");
    assert_eq!(check(&faulty, &["--json", "--sarif"]).0, Some(2));
    assert_eq!(offpush(&["manifest", "check"]).status.code(), Some(2));
}

#[test]
fn json_and_sarif_are_one_document() {
    // Scripts read standard output whole; the status is the same as with text.
    let scratch = Scratch::new("json");
    let faulty = scratch.file("faulty.xml", FAULTY);
    for (flag, field) in [("--json", "findings"), ("--sarif", "runs")] {
        let (code, out, _) = check(&faulty, &[flag]);
        let json: serde_json::Value = serde_json::from_str(&out).expect("a JSON document");
        assert_eq!(code, Some(3));
        assert_eq!(json[field].as_array().map(Vec::len), Some(1), "{out}");
    }
}

#[test]
fn fix_writes_the_file_and_shows_what_changed() {
    // The corrected file differs in the one value, keeps its mode, and a second run changes nothing.
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new("fix");
    let file = scratch.file("AndroidManifest.xml", FAULTY);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("a mode");
    let (code, out, error) = check(&file, &["--fix"]);
    assert_eq!(code, Some(0), "{out}{error}");
    assert!(out.starts_with("@@ 5\n-        <meta-data"), "{out}");
    assert!(out.contains("nothing found"), "{out}");
    let written = std::fs::read_to_string(&file).expect("the corrected file");
    assert_eq!(written, FAULTY.replace("http://push", "https://push"));
    assert_eq!(std::fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o640);
    assert_eq!(check(&file, &["--fix"]).0, Some(0));
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), written);
    assert_eq!(std::fs::read_dir(&scratch.0).expect("the directory").count(), 1, "nothing is left beside it");
}

#[test]
fn fix_refuses_what_is_no_text_by_itself_and_says_what_to_do() {
    // Binary XML, an archive around it, and a library's text in an archive: nothing is written, one line says where to.
    let scratch = Scratch::new("fix-refuses");
    let library = "<manifest package=\"com.acme.lib\"><application /></manifest>";
    for (name, bytes, own) in [
        ("AndroidManifest.xml", binary(), "correct the app's own AndroidManifest.xml and build it again"),
        (
            "app.apk",
            archive(&[("AndroidManifest.xml", &binary())]),
            "correct the app's own AndroidManifest.xml and build it again",
        ),
        (
            "app.aab",
            // A protobuf: a node whose element (field 1) is named (field 3) "manifest".
            archive(&[("base/manifest/AndroidManifest.xml", b"\x0a\x0a\x1a\x08manifest")]),
            "correct the app's own AndroidManifest.xml and build it again",
        ),
        (
            "library.aar",
            archive(&[("AndroidManifest.xml", library.as_bytes()), ("R.txt", b"")]),
            "correct the library's own AndroidManifest.xml and pack it again",
        ),
    ] {
        let file = scratch.0.join(name);
        std::fs::write(&file, &bytes).expect("a file for the test");
        let (code, out, error) = check(&file, &["--fix"]);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{name}: {error}");
        assert!(error.ends_with(&format!("{own}\n")) && error.lines().count() == 1, "{name}: {error}");
        assert_eq!(std::fs::read(&file).expect("the file"), bytes, "{name} is as it was");
    }
}

/// Android's binary XML of `<manifest/>`: a pool of one string, the element's start and its end.
fn binary() -> Vec<u8> {
    let none = u32::MAX.to_le_bytes();
    let mut pool = chunk(0x0001, 28, 28 + 4 + 12, &[1, 0, 1 << 8, 32, 0]);
    pool.extend(0_u32.to_le_bytes());
    pool.extend(b"\x08\x08manifest\0\0");
    let mut start = chunk(0x0102, 16, 36, &[1, u32::MAX]);
    start.extend([none, 0_u32.to_le_bytes()].concat());
    start.extend([20_u16, 20, 0, 0, 0, 0].map(u16::to_le_bytes).concat());
    let mut end = chunk(0x0103, 16, 24, &[1, u32::MAX]);
    end.extend([none, 0_u32.to_le_bytes()].concat());
    let parts = [pool, start, end].concat();
    [chunk(0x0003, 8, u32::try_from(8 + parts.len()).expect("a small document"), &[]), parts].concat()
}

/// The header of a chunk: its kind, its header's size, its size, and more numbers.
fn chunk(kind: u16, header: u16, size: u32, more: &[u32]) -> Vec<u8> {
    let mut bytes = [kind.to_le_bytes(), header.to_le_bytes()].concat();
    bytes.extend(size.to_le_bytes());
    bytes.extend(more.iter().flat_map(|number| number.to_le_bytes()));
    bytes
}

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = rawzip::ZipArchiveWriter::new(Vec::new());
    for (path, bytes) in files {
        let (mut entry, config) = zip.new_file(*path).start().expect("an entry");
        let mut writer = config.wrap(&mut entry);
        writer.write_all(bytes).expect("its bytes");
        let (_, size_and_checksum) = writer.finish().expect("the end of its bytes");
        entry.finish(size_and_checksum).expect("the end of the entry");
    }
    zip.finish().expect("the end of the archive")
}

#[test]
fn an_ignored_check_is_no_error_and_is_counted() {
    // Its finding is not told, not corrected and does not decide the status; scripts and code hosts see that it was there.
    let scratch = Scratch::new("ignore");
    let faulty = scratch.file("faulty.xml", FAULTY);
    let ignore = ["--ignore", "server-cleartext", "--ignore", "launcher-missing"];
    let with = |flag: &'static str| check(&faulty, &[&ignore[..], &[flag]].concat());
    let (code, out, _) = check(&faulty, &ignore);
    assert_eq!(code, Some(0));
    assert!(out.ends_with("\nnothing found; 1 ignored\n") && !out.contains("server-cleartext"), "{out}");
    let json: serde_json::Value = serde_json::from_str(&with("--json").1).expect("a JSON document");
    assert_eq!((&json["ignored"], &json["errors"], &json["findings"]), (&1.into(), &0.into(), &serde_json::json!([])));
    let (code, sarif, _) = with("--sarif");
    let sarif: serde_json::Value = serde_json::from_str(&sarif).expect("a JSON document");
    let results = &sarif["runs"][0]["results"];
    assert_eq!((code, results.as_array().map(Vec::len)), (Some(0), Some(1)));
    assert_eq!(results[0]["suppressions"][0]["kind"], "external");
    assert_eq!(with("--fix").0, Some(0));
    assert_eq!(std::fs::read_to_string(&faulty).expect("the file"), FAULTY, "what is ignored is not corrected");
}

#[test]
fn a_check_that_does_not_exist_is_wrong_usage_and_the_nearest_is_named() {
    // A slip in a script must not switch nothing off in silence.
    let scratch = Scratch::new("ignore-unknown");
    let faulty = scratch.file("faulty.xml", FAULTY);
    let (code, out, error) = check(&faulty, &["--ignore", "server-cleartxt"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(error.contains("'server-cleartxt'") && error.contains("did you mean server-cleartext?"), "{error}");
    assert!(error.lines().count() < 6, "not the whole list: {error}");
}

#[test]
fn rules_package_and_target_come_from_the_command_line() {
    // What Gradle keeps elsewhere than in the manifest can be said.
    let scratch = Scratch::new("options");
    let file = scratch.file("AndroidManifest.xml", &FAULTY.replace("http://push", "https://push"));
    let rules = scratch.file("proguard.txt", "-keep com.acme.chat.PushReceiver {*;}\n");
    let (code, out, _) = check(&file, &["--rules", rules.to_str().expect("a path as text")]);
    assert_eq!(code, Some(3));
    assert!(out.contains("proguard.txt:1:1  -keep com.acme.chat.PushReceiver"), "{out}");
    let (_, out, _) = check(&file, &["--package", "com.acme.beta", "--target-sdk", "30"]);
    assert!(out.contains("package com.acme.beta, target SDK 30"), "{out}");
}

#[test]
fn what_is_rendered_is_what_is_checked() {
    // A whole manifest passes; a part has its receiver and its server, and its choices.
    let scratch = Scratch::new("render");
    let base = ["manifest", "render", "--package", "com.acme.chat", "--receiver", "com.acme.chat.PushReceiver"];
    let of = |more: &[&str]| {
        let output = offpush(&[&base[..], more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text in UTF-8")
    };
    let whole = of(&["--whole", "--server", "https://push.acme.app", "--target-sdk", "34"]);
    let file = scratch.file("whole.xml", &whole);
    let (code, out, _) = check(&file, &["--merged"]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("target SDK 34"), "{out}");
    let part = of(&["--without", "library", "--without", "comments", "--with", "exact-alarm"]);
    assert!(part.contains("SCHEDULE_EXACT_ALARM") && part.contains("${offpushServer}"), "{part}");
    assert!(!part.contains("XMPushService") && part.contains("com.acme.chat.PushReceiver"), "{part}");
}

#[test]
fn all_checks_are_listed() {
    // One line each, with its severity and its name.
    let output = offpush(&["manifest", "check", "--list"]);
    let text = String::from_utf8(output.stdout).expect("text in UTF-8");
    assert!(output.status.success());
    assert_eq!(text.lines().count(), offpush_manifest::catalogue().len());
    assert!(text.lines().any(|line| line.starts_with("error    receiver-missing ")), "{text}");
}

#[test]
fn completions_and_man_pages_know_every_command() {
    // They come from the same source as the help, so a command that is in one is in all.
    let scratch = Scratch::new("man");
    let directory = scratch.0.join("man1");
    let output = offpush(&["man", directory.to_str().expect("a path as text")]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let page = |name: &str| std::fs::read_to_string(directory.join(name)).expect("a man page");
    assert!(page("offpush.1").contains(".TH offpush 1"));
    assert!(page("offpush-manifest-check.1").contains("SARIF 2.1.0"));
    assert!(page("offpush-manifest-render.1").contains(".TH offpush-manifest-render 1"));
    let names = page("offpush-manifest.1");
    assert!(
        names.contains("offpush\\-manifest\\-check(1)") && names.contains("offpush\\-manifest\\-render(1)"),
        "{names}"
    );
    let help = String::from_utf8(offpush(&["--help"]).stdout).expect("text in UTF-8");
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(commands.contains(&"manifest") && commands.len() > 15, "{commands:?}");
    for shell in ["bash", "zsh", "fish"] {
        let script = String::from_utf8(offpush(&["completions", shell]).stdout).expect("text in UTF-8");
        for name in &commands {
            assert!(script.contains(name), "{shell} does not know {name}");
        }
        for known in ["render", "check", "--target-sdk", "--sarif", "--ignore", "receiver-missing"] {
            assert!(script.contains(known.trim_start_matches("--")), "{shell} does not know manifest's {known}");
        }
    }
    for name in &commands {
        assert!(directory.join(format!("offpush-{name}.1")).is_file(), "there is no page for {name}");
    }
    assert_eq!(offpush(&["completions", "sh"]).status.code(), Some(2));
}

#[test]
fn the_readme_shows_what_is_printed() {
    // The session there is a real one: run again, it says the same.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("the README");
    let session = readme.split("$ offpush manifest check ").nth(1).and_then(|rest| rest.split("```").next());
    let (command, shown) = session.and_then(|session| session.split_once('\n')).expect("a session");
    let arguments = command.split(" | ").next().expect("a command").split_whitespace();
    let output = Command::new(env!("CARGO_BIN_EXE_offpush"))
        .current_dir(root)
        .args(["manifest", "check"])
        .args(arguments)
        .output()
        .expect("offpush runs");
    let printed = String::from_utf8(output.stdout).expect("text in UTF-8");
    assert!(shown.lines().count() > 5 && printed.starts_with(shown), "{printed}");
}
