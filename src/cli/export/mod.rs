//! `offpush export`: one file for a developer, without secrets and without what messages say.

mod picture;
pub(crate) mod report;
pub(crate) mod scrub;

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use offpush_inspect::clock_text;
use rawzip::{CompressionMethod, ZipArchiveWriter};
use serde::Serialize;

use crate::adb::App;
use crate::arguments::{Doctor, Export};
use crate::show::{print_json, print_text};
use crate::source::Source;
use crate::{Failure, doctor, lists};
use report::Contents;
use scrub::Scrubber;

/// What was written, for `--json`.
#[derive(Serialize)]
struct Written {
    file: PathBuf,
    files: Vec<String>,
    removed: Vec<String>,
    /// Why something is not in it.
    missing: Vec<String>,
}

/// What is in the archive: name, content, and what it is for.
type Entry = (&'static str, Vec<u8>, &'static str);

pub(crate) fn run(options: &Export) -> Result<(), Failure> {
    let mut source = Source::open(&options.at)?;
    let page = source.status()?;
    let mut missing = Vec::new();
    let history = or_nothing(source.history(), &mut missing);
    let messages = or_nothing(source.notifications(), &mut missing);
    let networks = or_nothing(source.networks(), &mut missing);
    let log = log(options, &mut missing)?;
    let mut diagnosis =
        doctor::diagnosis(&Doctor { at: options.at.clone(), server: Vec::new(), ca: None, verbose: true })?;

    let mut scrubber = Scrubber::new(&page, &messages);
    let (page, history) = (scrubber.page(page), scrubber.history(history));
    let messages = scrubber.messages(messages);
    scrubber.diagnosis(&mut diagnosis);
    let log = log.map(|log| scrubber.log(&log));
    let removed = scrubber.removed();
    let report = report::html(&Contents {
        page: &page,
        history: &history,
        messages: &messages,
        networks: &networks,
        doctor: &diagnosis.text(true),
        removed: &removed,
    });
    let mut entries: Vec<Entry> = vec![
        ("report.html", report.into_bytes(), "everything on one page: open it in a browser, no network needed"),
        ("status.json", json(&page)?, "the status page"),
        ("doctor.json", json(&diagnosis)?, "what is wrong and what to do"),
        ("history.json", json(&history)?, "what happened"),
        ("notifications.json", json(&messages)?, "the messages, without what they say"),
        ("networks.json", json(&networks)?, "what was learned of each network"),
        ("history.txt", lists::history_table(&history).to_string().into_bytes(), "what happened, for reading"),
    ];
    entries.extend(log.map(|log| ("log.txt", log.into_bytes(), "the log")));
    let (path, file) = create(options)?;
    archive(file, &entries).map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    if options.at.json {
        let files = entries.iter().map(|(name, ..)| (*name).to_owned()).collect();
        return print_json(&Written { file: path, files, removed, missing });
    }
    let mut text = format!("{}\n", path.display());
    for (name, content, what) in &entries {
        text.push_str(&format!("  {name:<20} {:>9} bytes  {what}\n", content.len()));
    }
    text.push_str("taken out:\n");
    removed.iter().for_each(|what| text.push_str(&format!("  {what}\n")));
    missing.iter().for_each(|why| text.push_str(&format!("not in it: {why}\n")));
    print_text(&text)
}

/// What there is, or why there is nothing: a phone may give its page and no more.
fn or_nothing<T>(found: Result<Vec<T>, Failure>, missing: &mut Vec<String>) -> Vec<T> {
    found.unwrap_or_else(|failure| {
        let why = failure.to_string();
        if !missing.contains(&why) {
            missing.push(why);
        }
        Vec::new()
    })
}

/// The log that is named, else the phone's.
fn log(options: &Export, missing: &mut Vec<String>) -> Result<Option<String>, Failure> {
    if let Some(path) = &options.log {
        let log = std::fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        return Ok(Some(String::from_utf8_lossy(&log).into_owned()));
    }
    let Some(app) = App::chosen(&options.at)? else { return Ok(None) };
    Ok(app.log().map_err(|failure| missing.push(failure.to_string())).ok())
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Failure> {
    Ok(serde_json::to_vec_pretty(value)?)
}

/// The file to write: the one that is named, or a new one here.
fn create(options: &Export) -> Result<(PathBuf, File), Failure> {
    let now = clock_text(lists::now());
    let stamp: String = now.chars().take(19).filter(|letter| letter.is_ascii_digit()).collect();
    let path = options.out.clone().unwrap_or_else(|| format!("offpush-{stamp}.zip").into());
    let mut open = OpenOptions::new();
    open.write(true);
    match options.out {
        Some(_) => open.create(true).truncate(true),
        None => open.create_new(true),
    };
    let file = open.open(&path).map_err(|error| format!("{} cannot be made: {error}", path.display()))?;
    Ok((path, file))
}

fn archive(file: File, entries: &[Entry]) -> Result<(), rawzip::Error> {
    let mut zip = ZipArchiveWriter::new(BufWriter::new(file));
    for (name, content, _) in entries {
        let (mut entry, config) = zip.new_file(*name).compression_method(CompressionMethod::DEFLATE).start()?;
        let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::default()));
        writer.write_all(content)?;
        let (encoder, size_and_checksum) = writer.finish()?;
        encoder.finish()?;
        entry.finish(size_and_checksum)?;
    }
    zip.finish()?.flush()?;
    Ok(())
}
