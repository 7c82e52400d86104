//! Builds archives: with Debian's aapt2 what the build tools make, by hand what they would need an SDK for.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use rawzip::{CompressionMethod, DataDescriptorOutput, ZipArchive, ZipArchiveWriter};

/// A directory that goes with the test.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("offpush-manifest-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a directory for the test");
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The framework that aapt2 links against: AOSP's of Android 14, as a jar.
fn framework() -> Option<PathBuf> {
    let given = std::env::var_os("OFFPUSH_ANDROID_ALL").map(PathBuf::from);
    let name = "14-robolectric-10818077";
    let fetched = std::env::var_os("HOME").map(|home| {
        Path::new(&home).join(format!(".m2/repository/org/robolectric/android-all/{name}/android-all-{name}.jar"))
    });
    given.or(fetched).filter(|path| path.is_file())
}

/// A resource: its path, `values-zh/strings.xml`, and its text.
pub(crate) type Resource<'r> = (&'r str, &'r str);

/// A file of strings, of these elements.
pub(crate) fn strings(elements: &str) -> String {
    format!("<resources>{elements}</resources>")
}

/// Builds an APK of a manifest and strings, in the form of Android or of a bundle; none, and a skip, where the tools lack.
pub(crate) fn link(test: &str, manifest: &str, strings: &str, protobuf: bool) -> Option<Vec<u8>> {
    link_all(test, manifest, &[("values/strings.xml", &self::strings(strings))], protobuf)
}

/// The same, with any resources.
pub(crate) fn link_all(test: &str, manifest: &str, resources: &[Resource<'_>], protobuf: bool) -> Option<Vec<u8>> {
    let is_there = Command::new("aapt2").arg("version").output().is_ok();
    let Some(framework) = framework().filter(|_| is_there) else {
        skip(test, "there is no aapt2, or no android-all jar of Android 14");
        return None;
    };
    let scratch = sources(manifest, resources);
    let at = |name: &str| scratch.0.join(name);
    run(Command::new("aapt2").arg("compile").arg("--dir").arg(at("res")).arg("-o").arg(at("res.zip")));
    let mut command = Command::new("aapt2");
    command.arg("link").arg("-I").arg(framework).arg("--manifest").arg(at("AndroidManifest.xml"));
    // Debian's aapt2 is older than <property>.
    command.arg("--warn-manifest-validation").arg("-o").arg(at("app.apk")).arg(at("res.zip"));
    if protobuf {
        command.arg("--proto-format");
    }
    run(&mut command);
    Some(std::fs::read(at("app.apk")).expect("the APK"))
}

/// Builds an APK with aapt, the older tool: its strings are of sixteen bits.
pub(crate) fn package(test: &str, manifest: &str, resources: &[Resource<'_>]) -> Option<Vec<u8>> {
    let is_there = Command::new("aapt").arg("version").output().is_ok();
    let Some(framework) = framework().filter(|_| is_there) else {
        skip(test, "there is no aapt, or no android-all jar of Android 14");
        return None;
    };
    let scratch = sources(manifest, resources);
    let at = |name: &str| scratch.0.join(name);
    let mut command = Command::new("aapt");
    command.arg("package").arg("-f").arg("-M").arg(at("AndroidManifest.xml")).arg("-S").arg(at("res"));
    run(command.arg("-I").arg(framework).arg("-F").arg(at("app.apk")));
    Some(std::fs::read(at("app.apk")).expect("the APK"))
}

/// A directory with a manifest and the resources that it refers to.
fn sources(manifest: &str, resources: &[Resource<'_>]) -> Scratch {
    let scratch = Scratch::new();
    let at = |name: &str| scratch.0.join(name);
    std::fs::create_dir_all(at("res/xml")).expect("the resources' directory");
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../manifest-templates/res/xml");
    for file in ["offpush_backup_rules.xml", "offpush_data_extraction_rules.xml"] {
        std::fs::copy(templates.join(file), at("res/xml").join(file)).expect("the backup rules");
    }
    for (path, text) in resources {
        let file = at("res").join(path);
        file.parent().map(std::fs::create_dir_all).expect("a directory").expect("the resource's directory");
        std::fs::write(file, text).expect("the resource");
    }
    std::fs::write(at("AndroidManifest.xml"), manifest).expect("the manifest");
    scratch
}

fn run(command: &mut Command) {
    let output = command.output().expect("the tool runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Tells the test command that a test cannot run on this machine.
fn skip(test: &str, reason: &str) {
    use std::io::Write;
    eprintln!("skipped: {test}: {reason}");
    if let Some(file) = std::env::var_os("OFFPUSH_SKIPPED") {
        let file = std::fs::OpenOptions::new().append(true).create(true).open(file);
        file.and_then(|mut file| writeln!(file, "{test}: {reason}")).expect("the list of skips");
    }
}

/// A file for an archive: its path, its bytes, whether it is compressed.
pub(crate) type File<'f> = (&'f str, Vec<u8>, bool);

/// Makes a zip archive.
pub(crate) fn zip(files: &[File<'_>]) -> Vec<u8> {
    use std::io::Write;
    let mut out = Vec::new();
    let mut archive = ZipArchiveWriter::new(&mut out);
    for (path, bytes, compressed) in files {
        let method = if *compressed { CompressionMethod::DEFLATE } else { CompressionMethod::STORE };
        let (mut entry, config) = archive.new_file(path).compression_method(method).start().expect("an entry");
        let descriptor = if *compressed {
            let encoder = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
            let mut writer = config.wrap(encoder);
            writer.write_all(bytes).expect("the bytes");
            let (encoder, descriptor) = writer.finish().expect("the end of the bytes");
            encoder.finish().expect("the end of the stream");
            descriptor
        } else {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(bytes).expect("the bytes");
            let (_, descriptor) = writer.finish().expect("the end of the bytes");
            descriptor
        };
        entry.finish(descriptor).expect("the end of the entry");
    }
    archive.finish().expect("the end of the archive");
    out
}

/// Makes a zip archive of compressed files that claim to be as long as is said.
pub(crate) fn claiming(files: &[(&str, Vec<u8>, u64)]) -> Vec<u8> {
    use std::io::Write;
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (path, bytes, size) in files {
        let new = archive.new_file(*path).compression_method(CompressionMethod::DEFLATE);
        let (mut entry, _) = new.start().expect("an entry");
        let mut encoder = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
        encoder.write_all(bytes).expect("the bytes");
        encoder.finish().expect("the end of the stream");
        entry.finish(DataDescriptorOutput::new(0, *size)).expect("the end of the entry");
    }
    archive.finish().expect("the end of the archive")
}

/// The bytes of an archive's entry.
pub(crate) fn entry(archive: &[u8], path: &str) -> Vec<u8> {
    use std::io::Read;
    let archive = ZipArchive::from_slice(archive).expect("an archive");
    let mut entries = archive.entries();
    while let Some(found) = entries.next_entry().expect("a directory") {
        if found.file_path().as_ref() == path.as_bytes() {
            let data = archive.get_entry(found.wayfinder()).expect("an entry").data();
            let mut bytes = Vec::new();
            if found.compression_method() == CompressionMethod::STORE {
                bytes.extend_from_slice(data);
            } else {
                flate2::bufread::DeflateDecoder::new(data).read_to_end(&mut bytes).expect("the bytes");
            }
            return bytes;
        }
    }
    panic!("there is no {path}");
}

/// A dex file with these classes and what they extend, and no code.
pub(crate) fn dex(classes: &[(&str, &str)]) -> Vec<u8> {
    let mut names: Vec<&str> = classes.iter().flat_map(|(class, base)| [*class, *base]).collect();
    names.sort_unstable();
    names.dedup();
    let header = 0x70;
    let (strings, types) = (header, header + 4 * names.len());
    let definitions = types + 4 * names.len();
    let mut data = vec![0; definitions + 32 * classes.len()];
    data[..8].copy_from_slice(b"dex\n035\0");
    let mut put = |at: usize, value: usize| {
        data[at..at + 4].copy_from_slice(&u32::try_from(value).expect("a small number").to_le_bytes());
    };
    for (at, value) in [(0x38, names.len()), (0x3c, strings), (0x40, names.len()), (0x44, types)] {
        put(at, value);
    }
    put(0x60, classes.len());
    put(0x64, definitions);
    let mut text = Vec::new();
    for (number, name) in names.iter().enumerate() {
        put(strings + 4 * number, definitions + 32 * classes.len() + text.len());
        put(types + 4 * number, number);
        let descriptor = format!("L{};", name.replace('.', "/"));
        text.push(u8::try_from(descriptor.len()).expect("a short name"));
        text.extend(descriptor.bytes());
        text.push(0);
    }
    let index = |name| names.iter().position(|known| *known == name).expect("a known name");
    for (number, (class, base)) in classes.iter().enumerate() {
        put(definitions + 32 * number, index(*class));
        put(definitions + 32 * number + 8, index(*base));
    }
    data.extend(text);
    data
}

/// A 64-bit library of one loaded segment with this alignment, and nothing in it.
pub(crate) fn library(alignment: u64) -> Vec<u8> {
    let mut data = vec![0; 64 + 56];
    data[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    let mut put = |at: usize, bytes: &[u8]| data[at..at + bytes.len()].copy_from_slice(bytes);
    put(16, &3_u16.to_le_bytes()); // a shared object
    put(18, &183_u16.to_le_bytes()); // for AArch64
    put(20, &1_u32.to_le_bytes());
    put(32, &64_u64.to_le_bytes()); // where the program headers are,
    put(52, &64_u16.to_le_bytes());
    put(54, &56_u16.to_le_bytes()); // how large
    put(56, &1_u16.to_le_bytes()); // and how many
    put(64, &1_u32.to_le_bytes()); // loaded
    put(64 + 48, &alignment.to_le_bytes());
    data
}
