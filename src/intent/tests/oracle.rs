//! Android's own parser, in a Java process.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, thread};

use offpush_intent::{Extra, Intent, Uri};

/// The framework of Android 14 (API 34), as Robolectric publishes it at Maven Central.
const JAR: &str =
    ".m2/repository/org/robolectric/android-all/14-robolectric-10818077/android-all-14-robolectric-10818077.jar";

/// Answers `questions`, each the flags and the text in hexadecimal, line by line; or says why this machine cannot.
pub(crate) fn ask(questions: String) -> Result<Vec<String>, String> {
    let jar = env::var_os("OFFPUSH_ANDROID_ALL").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(JAR)));
    let Some(jar) = jar.filter(|jar| jar.is_file()) else {
        return Err(format!("there is no ~/{JAR}, and OFFPUSH_ANDROID_ALL names no other"));
    };
    let compiler = Command::new("javac").arg("-version").output();
    if !compiler.is_ok_and(|compiler| compiler.status.success()) {
        return Err("there is no JDK".into());
    }
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/android/intent/Oracle.java");
    let arguments: [OsString; 3] = ["-cp".into(), jar.into(), program.into()];
    let mut java = Command::new("java")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("java starts");
    let mut input = java.stdin.take().expect("its input");
    let writer = thread::spawn(move || input.write_all(questions.as_bytes()));
    let mut errors = java.stderr.take().expect("its errors");
    let errors = thread::spawn(move || std::io::read_to_string(&mut errors));
    let output = BufReader::new(java.stdout.take().expect("its output"));
    let answers: Vec<String> = output.lines().map(|line| line.expect("a line of ASCII")).collect();
    let status = java.wait().expect("its end");
    let errors = errors.join().expect("the reader of errors").unwrap_or_default();
    assert!(status.success(), "the oracle failed after {} answers: {errors}", answers.len());
    writer.join().expect("the writer").expect("the oracle reads its whole input");
    Ok(answers)
}

/// Tells the test command that a test cannot run on this machine.
pub(crate) fn skip(test: &str, reason: &str) {
    eprintln!("skipped: {test}: {reason}");
    if let Some(file) = env::var_os("OFFPUSH_SKIPPED") {
        let file = fs::OpenOptions::new().append(true).create(true).open(file);
        file.and_then(|mut file| writeln!(file, "{test}: {reason}")).expect("the list of skips");
    }
}

/// Puts an intent into the oracle's words.
pub(crate) fn describe(intent: &Intent) -> String {
    let data = intent.data.as_ref();
    let fields = [
        hex(intent.action.as_deref()),
        hex(data.map(Uri::as_str)),
        data.map_or("-".into(), parts),
        join(intent.categories.iter().map(|(category, ())| hex(Some(category)))),
        hex(intent.mime_type.as_deref()),
        hex(intent.identifier.as_deref()),
        format!("{:x}", intent.flags),
        hex(intent.package.as_deref()),
        intent.component.as_ref().map_or("-".into(), |c| format!("{}/{}", hex(Some(&c.package)), hex(Some(&c.class)))),
        hex(intent.source_bounds.map(|b| format!("{} {} {} {}", b.left, b.top, b.right, b.bottom)).as_deref()),
        join(intent.extras.iter().map(|(key, extra)| format!("{}={}", hex(Some(key)), describe_extra(extra)))),
        intent.selector.as_deref().map_or("-".into(), describe),
    ];
    format!("({})", fields.join(","))
}

fn describe_extra(extra: &Extra) -> String {
    match extra {
        Extra::String(value) => format!("S{}", hex(Some(value))),
        Extra::Boolean(value) => format!("B{value}"),
        Extra::Byte(value) => format!("b{value}"),
        Extra::Character(value) => format!("c{value}"),
        Extra::Double(value) => format!("d{:x}", value.to_bits()),
        Extra::Float(value) => format!("f{:x}", value.to_bits()),
        Extra::Integer(value) => format!("i{value}"),
        Extra::Long(value) => format!("l{value}"),
        Extra::Short(value) => format!("s{value}"),
    }
}

fn parts(uri: &Uri) -> String {
    let parts = [uri.scheme(), uri.authority(), uri.path(), uri.query(), uri.fragment(), uri.user_info()].map(hex);
    // Android gives the host decoded alone: what counts is whether there is one.
    format!("{}/{}", parts.join("/"), uri.host().is_none_or(str::is_empty))
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join("+")
}

/// `x` and the bytes of a text, or `-` for none.
pub(crate) fn hex(text: Option<&str>) -> String {
    let Some(text) = text else { return "-".into() };
    let digit = |half: u8| char::from_digit(half.into(), 16).expect("half a byte");
    let digits = text.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    std::iter::once('x').chain(digits).collect()
}

/// The text that [`hex`] stands for.
pub(crate) fn unhex(hex: &str) -> Option<String> {
    let digits = hex.strip_prefix('x')?;
    let bytes = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("two digits"));
    Some(String::from_utf8(bytes.collect()).expect("the oracle writes UTF-8"))
}
