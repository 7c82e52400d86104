//! `offpush manifest`: render a manifest, check one.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};
use offpush_manifest::{Choice, Form, Options, Rendering, Report, catalogue, catalogue_to_json, diff, find, nearest};

use crate::{BAD_NEWS, Failure};

/// Bytes of a file to check at most: Google Play's limit for an app is 4 GB, of which a manifest's reader needs little,
/// but all of it is read.
const MAXIMUM_FILE: u64 = 1 << 30;

#[derive(Debug, Subcommand)]
pub(crate) enum Manifest {
    /// Print what goes into an app's manifest, to paste or whole
    Render(Render),
    /// Say what is wrong with a manifest, what it breaks on which Android version, and how to correct it
    Check(Check),
}

#[derive(Debug, Args)]
pub(crate) struct Render {
    /// The app's package name (applicationId)
    #[arg(long, value_name = "NAME", default_value = "${applicationId}")]
    package: String,
    /// The whole class name of the app's receiver
    #[arg(long, value_name = "CLASS")]
    receiver: String,
    /// Where the gateway is
    #[arg(long, value_name = "https://HOST[:PORT]", default_value = "${offpushServer}")]
    server: String,
    /// The API level that the app targets; for --whole
    #[arg(long, value_name = "N", default_value_t = 35, value_parser = clap::value_parser!(u32).range(21..))]
    target_sdk: u32,
    /// A whole minimal manifest instead of parts to paste
    #[arg(long)]
    whole: bool,
    /// Leave something out; may be given several times
    #[arg(long, value_name = "PART", value_enum)]
    without: Vec<Without>,
    /// Take something in; may be given several times
    #[arg(long, value_name = "PART", value_enum)]
    with: Vec<With>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Without {
    /// No foreground service: messages come late while the phone sleeps
    ForegroundService,
    /// Not what the AAR brings: only what an app that uses it writes itself
    Library,
    /// No notes
    Comments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum With {
    /// SCHEDULE_EXACT_ALARM, the way through Doze without a foreground service
    ExactAlarm,
    /// REQUEST_IGNORE_BATTERY_OPTIMIZATIONS
    BatteryExemption,
    /// What Mi Push's documents list and the library does not use
    Classic,
    /// The IM side (TIMManager)
    Im,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit status 0: no error, warnings or not; 3: an error; 1: the file could not be read, or not corrected."
)]
pub(crate) struct Check {
    /// AndroidManifest.xml, or an APK, AAB or AAR
    #[arg(value_name = "FILE", required_unless_present = "list")]
    file: Option<PathBuf>,
    /// The app's rules for ProGuard or R8
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// The text is as it is installed: nothing is merged into it any more (an APK's and an AAB's always are)
    #[arg(long)]
    merged: bool,
    /// The app's package name, where the manifest does not say it
    #[arg(long, value_name = "NAME")]
    package: Option<String>,
    /// The API level that the app targets, where the manifest does not say it
    #[arg(long, value_name = "N")]
    target_sdk: Option<u32>,
    /// Print JSON
    #[arg(long, conflicts_with = "sarif")]
    json: bool,
    /// Print SARIF 2.1.0, for code hosts and editors
    #[arg(long)]
    sarif: bool,
    /// Write the corrected text to FILE, and print what changed
    #[arg(long, conflicts_with_all = ["json", "sarif", "list"])]
    fix: bool,
    /// Set findings of this check aside, as --list names it; may be given several times
    #[arg(long, value_name = "ID", value_parser = CheckName, hide_possible_values = true)]
    ignore: Vec<&'static offpush_manifest::Check>,
    /// List all checks
    #[arg(long, conflicts_with_all = ["file", "sarif"])]
    list: bool,
}

/// Reads a check's name. The shell completes it; a wrong one is answered with the nearest instead of with all.
#[derive(Debug, Clone)]
struct CheckName;

impl TypedValueParser for CheckName {
    type Value = &'static offpush_manifest::Check;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        named.parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(catalogue().iter().map(|check| PossibleValue::new(check.id).help(check.title))))
    }
}

fn named(id: &str) -> Result<&'static offpush_manifest::Check, String> {
    find(id).ok_or_else(|| {
        let near = nearest(id).map_or(String::new(), |check| format!("; did you mean {}?", check.id));
        format!("no check has this name{near} (--list prints all)")
    })
}

pub(crate) fn run(command: &Manifest) -> Result<ExitCode, Failure> {
    match command {
        Manifest::Render(options) => render(options)?,
        Manifest::Check(options) if options.list => list(options.json)?,
        Manifest::Check(options) => return check(options),
    }
    Ok(ExitCode::SUCCESS)
}

fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

fn render(options: &Render) -> Result<(), Failure> {
    let mut with = Vec::new();
    for (choice, without) in [
        (Choice::ForegroundService, Without::ForegroundService),
        (Choice::Library, Without::Library),
        (Choice::Comments, Without::Comments),
    ] {
        if !options.without.contains(&without) {
            with.push(choice);
        }
    }
    for wanted in &options.with {
        with.push(match wanted {
            With::ExactAlarm => Choice::ExactAlarm,
            With::BatteryExemption => Choice::BatteryExemption,
            With::Classic => Choice::Classic,
            With::Im => Choice::Im,
        });
    }
    print(&offpush_manifest::render(&Rendering {
        package: options.package.clone(),
        receiver: options.receiver.clone(),
        server: options.server.clone(),
        target_sdk: options.target_sdk,
        whole: options.whole,
        with,
    }))
}

fn check(options: &Check) -> Result<ExitCode, Failure> {
    let Some(path) = &options.file else { return Err("name a file".into()) };
    let rules = match &options.rules {
        Some(path) => {
            let text = String::from_utf8(read(path)?)
                .map_err(|_| format!("{}: rules are text in UTF-8, and this is none", path.display()))?;
            Some((path.display().to_string(), text))
        }
        None => None,
    };
    let settings = Options {
        merged: options.merged,
        package: options.package.clone(),
        target_sdk: options.target_sdk,
        rules,
        ignored: options.ignore.clone(),
    };
    let name = path.display().to_string();
    let report = offpush_manifest::check(&name, &read(path)?, &settings)?;
    if options.fix {
        return fix(path, &report, &settings);
    }
    if options.json {
        print(&format!("{:#}\n", report.to_json()))?;
    } else if options.sarif {
        print(&format!("{:#}\n", report.to_sarif()))?;
    } else {
        print(&report.to_string())?;
    }
    Ok(judged(&report))
}

fn judged(report: &Report) -> ExitCode {
    if report.has_errors() { ExitCode::from(BAD_NEWS) } else { ExitCode::SUCCESS }
}

fn fix(path: &Path, report: &Report, settings: &Options) -> Result<ExitCode, Failure> {
    let Some(before) = report.text() else {
        let own = match report.form {
            Form::Library => "the library's own AndroidManifest.xml and pack it",
            Form::Source | Form::Merged => "the app's own AndroidManifest.xml and build it",
        };
        return Err(format!(
            "{}: --fix corrects a manifest that is a text by itself; correct {own} again",
            report.file
        )
        .into());
    };
    let Some(after) = report.fixed() else {
        print(&report.to_string())?;
        return Ok(judged(report));
    };
    replace(path, &after)?;
    print(&diff(before, &after))?;
    print("\n")?;
    let report = offpush_manifest::check(&report.file, after.as_bytes(), settings)?;
    print(&report.to_string())?;
    Ok(judged(&report))
}

/// Writes a file beside the old one and puts it in its place, so that no moment sees half of it.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let path = std::fs::canonicalize(path)?;
    let mut beside = path.clone().into_os_string();
    beside.push(format!(".offpush-{}", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = std::fs::write(&beside, text)
        .and_then(|()| std::fs::set_permissions(&beside, std::fs::metadata(&path)?.permissions()))
        .and_then(|()| std::fs::rename(&beside, &path));
    if let Err(error) = written {
        let _ = std::fs::remove_file(&beside);
        return Err(format!("{}: {error}", path.display()).into());
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let cannot = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut bytes = Vec::new();
    File::open(path).map_err(cannot)?.take(MAXIMUM_FILE + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > MAXIMUM_FILE {
        return Err(format!("{}: larger than {MAXIMUM_FILE} bytes", path.display()).into());
    }
    Ok(bytes)
}

fn list(json: bool) -> Result<(), Failure> {
    if json {
        return print(&format!("{:#}\n", catalogue_to_json()));
    }
    for check in catalogue() {
        print(&format!("{:8} {:34} {}\n", check.severity.name(), check.id, check.title))?;
    }
    Ok(())
}
