//! `offpush manifest check` on files that are made to take memory: each is some kilobytes, and says the same text or the
//! same nothing again and again.
#![cfg(all(feature = "tools", target_os = "linux"))]

use std::io::Write;
use std::process::{Command, Output};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use rawzip::{CompressionMethod, ZipArchiveWriter};

/// Kilobytes of memory that a check may take: the largest file within an archive that is read has 128 MB, and is held
/// twice for a moment.
const MEMORY: u64 = 600_000;

/// Checks a file in a process that gets no more memory than [`MEMORY`].
fn check(name: &str, bytes: &[u8]) -> Output {
    let file = std::env::temp_dir().join(format!("offpush-memory-{}-{name}", std::process::id()));
    std::fs::write(&file, bytes).expect("a file for the test");
    let limited = format!("ulimit -d {MEMORY} && exec \"$0\" manifest check \"$1\"");
    let output =
        Command::new("sh").args(["-c", &limited, env!("CARGO_BIN_EXE_offpush")]).arg(&file).output().expect("sh runs");
    std::fs::remove_file(&file).expect("the file goes");
    output
}

/// It ended by itself, with an answer or a refusal.
fn ended(output: &Output) -> String {
    let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
    assert!(matches!(output.status.code(), Some(0 | 1 | 3)), "{}: {said}", output.status);
    said
}

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (path, bytes) in files {
        let new = archive.new_file(*path).compression_method(CompressionMethod::DEFLATE);
        let (mut entry, config) = new.start().expect("an entry");
        let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::fast()));
        writer.write_all(bytes).expect("its bytes");
        let (encoder, size_and_checksum) = writer.finish().expect("the end of its bytes");
        encoder.finish().expect("the end of the stream");
        entry.finish(size_and_checksum).expect("the end of the entry");
    }
    archive.finish().expect("the end of the archive")
}

fn number(value: usize) -> [u8; 4] {
    u32::try_from(value).expect("a small number").to_le_bytes()
}

/// The header of a chunk of Android's binary resources: its kind, its header's size, its size.
fn chunk(kind: u16, header: u16, size: usize) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &header.to_le_bytes(), &number(size)].concat()
}

/// A binary manifest of nested elements with some attributes each, which all have one long text as name and value.
fn repeating_manifest(depth: usize, attributes: usize) -> Vec<u8> {
    let texts = ["manifest".to_owned(), "x".repeat(30_000)];
    let mut strings = Vec::new();
    let mut offsets = Vec::new();
    for text in &texts {
        offsets.extend(number(strings.len()));
        let length = u16::try_from(text.len()).expect("a length of 15 bits");
        strings.extend(length.to_le_bytes());
        strings.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        strings.extend([0, 0]);
    }
    strings.resize(strings.len().next_multiple_of(4), 0);
    let header = 28;
    let mut pool = chunk(1, 28, header + offsets.len() + strings.len());
    for value in [texts.len(), 0, 0, header + offsets.len(), 0] {
        pool.extend(number(value));
    }
    pool.extend([offsets, strings].concat());
    let nothing = u32::MAX.to_le_bytes();
    let mut elements = Vec::new();
    for _ in 0..depth {
        let mut start = chunk(0x102, 16, 36 + attributes * 20);
        start.extend([number(1), nothing, nothing, number(0)].concat());
        for value in [20, 20, u16::try_from(attributes).expect("a small number"), 0, 0, 0] {
            start.extend(value.to_le_bytes());
        }
        for _ in 0..attributes {
            // No namespace, the long text as name, as raw and as typed value.
            start.extend([nothing, number(1), number(1), [8, 0, 0, 3], number(1)].concat());
        }
        elements.extend(start);
    }
    for _ in 0..depth {
        let end = [chunk(0x103, 16, 24), [number(1), nothing, nothing, number(0)].concat()].concat();
        elements.extend(end);
    }
    [chunk(3, 8, 8 + pool.len() + elements.len()), pool, elements].concat()
}

#[test]
fn a_manifest_that_repeats_one_text_takes_bounded_memory() {
    // 30,000 attributes share a text of 30,000 letters: together they would take two gigabytes.
    let said = ended(&check("manifest.apk", &archive(&[("AndroidManifest.xml", &repeating_manifest(30, 1_000))])));
    assert!(said.contains("its names and values have more than 8388608 bytes"), "{said}");
}

/// A protobuf field of a message.
fn field(tag: u8, message: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag << 3 | 2];
    let mut length = message.len();
    while length > 0x7f {
        bytes.push(u8::try_from(length & 0x7f).expect("seven bits") | 0x80);
        length >>= 7;
    }
    bytes.push(u8::try_from(length).expect("seven bits"));
    [bytes, message.to_vec()].concat()
}

#[test]
fn a_table_of_empty_values_takes_bounded_memory() {
    // Each value is two bytes in the file and a hundred in memory.
    let values = [0x32, 0].repeat(8 << 20);
    let entry = field(3, &[field(2, b"server"), values].concat());
    let table = field(2, &field(3, &[field(2, b"string"), entry].concat()));
    let manifest = field(1, &field(3, b"manifest"));
    let files = [("base/manifest/AndroidManifest.xml", &manifest[..]), ("base/resources.pb", &table)];
    let said = ended(&check("table.aab", &archive(&files)));
    assert!(said.contains("application-missing"), "{said}");
}

#[test]
fn code_whose_names_share_their_bytes_takes_bounded_memory() {
    // Every second byte of a text begins a name that goes to its end: 200,000 names of 2,000 letters, which extend one of
    // 4,000, in less than nine megabytes.
    let (classes, each) = (200_000, 1_900);
    // A name begins with its length, here a letter, and ends with a zero.
    let text = |number: usize| format!("a{}{number:04};\0", "La".repeat(2_000));
    let length = text(0).len();
    let (header, starts) = (0x70, (0..classes).map(|class| class / each * length + class % each * 2));
    let names = 36 * classes + 4 * classes + header;
    let mut data = vec![0; header];
    data[..8].copy_from_slice(b"dex\n035\0");
    let fields = [(0x38, classes), (0x3c, header), (0x40, classes), (0x44, header + 4 * classes)];
    for (at, value) in fields.into_iter().chain([(0x60, classes), (0x64, header + 8 * classes)]) {
        data[at..at + 4].copy_from_slice(&number(value));
    }
    starts.for_each(|start| data.extend(number(names + start)));
    (0..classes).for_each(|class| data.extend(number(class)));
    for class in 0..classes {
        data.extend([number(class), number(0), number(0)].concat());
        data.extend([0; 20]);
    }
    (0..classes / each + 1).for_each(|number| data.extend(text(number).into_bytes()));
    let files = [("AndroidManifest.xml", &repeating_manifest(1, 0)[..]), ("classes.dex", &data)];
    let said = ended(&check("code.apk", &archive(&files)));
    assert!(said.contains("application-missing"), "{said}");
}
