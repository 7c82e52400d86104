//! Opens an APK, AAB or AAR, and takes out what the checks ask for, whatever the archive claims of its sizes.

use std::collections::HashMap;
use std::io::Read;

use flate2::bufread::DeflateDecoder;
use object::elf::{FileHeader32, FileHeader64, PT_LOAD};
use object::endian::Endianness;
use object::read::elf::{FileHeader, ProgramHeader};
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder, ZipSliceArchive};

use crate::contents::{Classes, Contents, NativeLibrary};
use crate::document::Document;
use crate::manifest::Form;
use crate::read::{MAXIMUM_MANIFEST, ReadError};
use crate::resources::Resources;
use crate::{binary, bundle, dex, text};

/// Entries of an archive at most; Android's zip reader takes 65,535, a bundle's may have more.
const MAXIMUM_ENTRIES: usize = 300_000;
/// Bytes of a resource table at most; the largest of real apps have 50 million.
const MAXIMUM_TABLE: usize = 128 << 20;
/// Bytes of a dex file at most: 65,536 classes and their code, of which real apps have 15 million.
const MAXIMUM_DEX: usize = 64 << 20;
/// Bytes of all dex files together at most; real apps have a tenth of it.
const MAXIMUM_CODE: u64 = 1 << 30;
/// Bytes of a library's beginning that are read: its program headers follow its file header.
const LIBRARY_HEAD: usize = 64 << 10;
/// Native libraries that are looked at; real apps have some hundred.
const MAXIMUM_LIBRARIES: usize = 2_000;
/// The daemon's library.
pub(crate) const LIBRARY: &str = "liboffpush.so";

/// The attributes of `<application>` that name rules for backups: up to Android 11, and later.
pub(crate) const BACKUP_RULES: [&str; 2] = ["fullBackupContent", "dataExtractionRules"];

/// What an archive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Apk,
    Bundle,
    Library,
}

/// A manifest, what it is, the file that it stands in, and what is beside it.
pub(crate) struct Opened {
    pub(crate) document: Document,
    pub(crate) form: Form,
    pub(crate) contents: Contents,
}

struct Entry {
    path: String,
    way: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
    /// Bytes of it, as the archive says.
    size: u64,
}

/// Whether some bytes begin as a zip archive does.
pub(crate) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

struct Archive<'b> {
    zip: ZipSliceArchive<&'b [u8]>,
    entries: Vec<Entry>,
}

impl<'b> Archive<'b> {
    fn open(bytes: &'b [u8]) -> Result<Self, String> {
        let zip = ZipArchive::from_slice(bytes).map_err(|error| format!("it is no whole archive: {error}"))?;
        let mut entries = Vec::new();
        let mut iterator = zip.entries();
        while let Some(entry) = iterator.next_entry().map_err(|error| format!("its directory is damaged: {error}"))? {
            if entries.len() >= MAXIMUM_ENTRIES {
                return Err(format!("it has more than {MAXIMUM_ENTRIES} entries"));
            }
            let path = String::from_utf8_lossy(entry.file_path().as_ref()).into_owned();
            entries.push(Entry {
                path,
                way: entry.wayfinder(),
                method: entry.compression_method(),
                size: entry.uncompressed_size_hint(),
            });
        }
        Ok(Self { zip, entries })
    }

    fn find(&self, path: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.path == path)
    }

    /// The bytes of an entry, at most `limit` of them.
    fn head(&self, entry: &Entry, limit: usize) -> Result<Vec<u8>, String> {
        let found = self.zip.get_entry(entry.way).map_err(|error| format!("it is damaged: {error}"))?;
        let data = found.data();
        let mut bytes = Vec::new();
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let read = match entry.method {
            CompressionMethod::STORE => data.take(limit).read_to_end(&mut bytes),
            CompressionMethod::DEFLATE => DeflateDecoder::new(data).take(limit).read_to_end(&mut bytes),
            _ => return Err("it is compressed in a way that Android does not know".to_owned()),
        };
        read.map_err(|error| format!("it is damaged: {error}"))?;
        Ok(bytes)
    }

    /// All bytes of an entry; if it says that it has too many, none is unpacked.
    fn read(&self, entry: &Entry, limit: usize) -> Result<Vec<u8>, String> {
        let Some(size) = usize::try_from(entry.size).ok().filter(|size| *size <= limit) else {
            return Err(format!("it has more than {limit} bytes"));
        };
        let bytes = self.head(entry, size.saturating_add(1))?;
        if bytes.len() != size {
            return Err("it is damaged: the archive says another size".to_owned());
        }
        Ok(bytes)
    }

    /// Where an entry's bytes begin in the archive.
    fn offset(&self, entry: &Entry) -> Option<u64> {
        self.zip.get_entry(entry.way).ok().map(|found| found.compressed_data_range().0)
    }
}

/// Opens an archive.
///
/// # Errors
/// It is damaged, too large, or has no manifest.
pub(crate) fn open(file: &str, bytes: &[u8]) -> Result<Opened, ReadError> {
    let archive = Archive::open(bytes).map_err(|why| ReadError::new(file, why))?;
    let (kind, path) = if archive.find("base/manifest/AndroidManifest.xml").is_some() {
        (Kind::Bundle, "base/manifest/AndroidManifest.xml")
    } else if archive.find("classes.jar").is_some() || archive.find("R.txt").is_some() {
        (Kind::Library, "AndroidManifest.xml")
    } else {
        (Kind::Apk, "AndroidManifest.xml")
    };
    let entry = archive.find(path).ok_or_else(|| ReadError::new(file, format!("it has no {path}")))?;
    let inside = |why: String| ReadError::new(&format!("{file}!{path}"), why);
    let manifest = archive.read(entry, MAXIMUM_MANIFEST).map_err(inside)?;
    let resources = resources(&archive, kind);
    let document = match kind {
        Kind::Apk if !binary::is_binary(&manifest) => Err(match std::str::from_utf8(&manifest) {
            Ok(text) if text.trim_start().starts_with('<') => {
                "it is a text, which Android does not read in an APK: build it with aapt2".to_owned()
            }
            _ => "it is no binary XML document".to_owned(),
        }),
        Kind::Apk => binary::read(&manifest, &resources),
        Kind::Bundle => bundle::read(&manifest, &resources),
        Kind::Library => match std::str::from_utf8(&manifest) {
            Ok(text) => text::read(text).map_err(|error| error.to_string()),
            Err(_) => Err("it is no text in UTF-8".to_owned()),
        },
    }
    .map_err(inside)?;
    let contents = Contents {
        backup_rules: backup_rules(&archive, kind, &document),
        classes: classes(&archive, kind).map_err(|why| ReadError::new(file, why))?,
        libraries: Some(libraries(&archive, kind)),
        strings: resources.strings(),
    };
    let form = if kind == Kind::Library { Form::Library } else { Form::Merged };
    Ok(Opened { document, form, contents })
}

fn resources(archive: &Archive<'_>, kind: Kind) -> Resources {
    let read = |path| archive.find(path).and_then(|entry| archive.read(entry, MAXIMUM_TABLE).ok()).unwrap_or_default();
    match kind {
        Kind::Apk => Resources::read(&read("resources.arsc")),
        Kind::Bundle => bundle::read_resources(&read("base/resources.pb")),
        Kind::Library => Resources::default(),
    }
}

/// The application's rules for backups: the files to which its attributes lead.
fn backup_rules(archive: &Archive<'_>, kind: Kind, document: &Document) -> HashMap<String, Document> {
    let application = document.root().and_then(|root| root.children_named("application").next());
    let named = BACKUP_RULES.iter().filter_map(|attribute| application?.value(attribute));
    let read = |path: &str| {
        let file = |path: &str| archive.read(archive.find(path)?, MAXIMUM_MANIFEST).ok();
        match kind {
            Kind::Apk => binary::read(&file(path)?, &Resources::default()).ok(),
            Kind::Bundle => bundle::read(&file(&format!("base/{path}"))?, &Resources::default()).ok(),
            Kind::Library => None,
        }
    };
    named.filter_map(|path| Some((path.to_owned(), read(path)?))).collect()
}

/// The classes of all dex files, or of an AAR's jar; none if there is no code.
fn classes(archive: &Archive<'_>, kind: Kind) -> Result<Option<Classes>, String> {
    let mut classes = Classes::default();
    let files: Vec<&Entry> = archive.entries.iter().filter(|entry| is_code(&entry.path, kind)).collect();
    // Many entries may lead to the same bytes, so the archive's own size limits nothing.
    if files.iter().try_fold(0_u64, |sum, entry| sum.checked_add(entry.size)).is_none_or(|sum| sum > MAXIMUM_CODE) {
        return Err(format!("its code has more than {MAXIMUM_CODE} bytes"));
    }
    for entry in &files {
        let code = archive.read(entry, MAXIMUM_DEX).map_err(|why| format!("{}: {why}", entry.path))?;
        if kind == Kind::Library {
            let jar = Archive::open(&code).map_err(|why| format!("{}: {why}", entry.path))?;
            for name in jar.entries.iter().filter_map(|entry| entry.path.strip_suffix(".class")) {
                classes.add(name.replace('/', "."), None);
            }
        } else {
            dex::read(&code, &mut classes).ok_or_else(|| format!("{}: it is no dex file", entry.path))?;
        }
    }
    Ok((!files.is_empty() && classes.is_whole()).then_some(classes))
}

fn is_code(path: &str, kind: Kind) -> bool {
    let name = match kind {
        Kind::Library => return path == "classes.jar",
        Kind::Apk => path,
        // MODULE/dex/classes.dex
        Kind::Bundle => match path.split_once("/dex/") {
            Some((module, name)) if !module.contains('/') => name,
            _ => return false,
        },
    };
    name.strip_prefix("classes")
        .and_then(|rest| rest.strip_suffix(".dex"))
        .is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn libraries(archive: &Archive<'_>, kind: Kind) -> Vec<NativeLibrary> {
    let mut libraries = Vec::new();
    for entry in &archive.entries {
        let parts: Vec<&str> = entry.path.split('/').collect();
        let (abi, name) = match (kind, parts.as_slice()) {
            (Kind::Apk, ["lib", abi, name]) | (Kind::Bundle, [_, "lib", abi, name]) => (*abi, *name),
            (Kind::Library, ["jni", abi, name]) => (*abi, *name),
            _ => continue,
        };
        if !name.ends_with(".so") || libraries.len() >= MAXIMUM_LIBRARIES {
            continue;
        }
        let is_ours = name == LIBRARY;
        let head = if is_ours { archive.head(entry, LIBRARY_HEAD).unwrap_or_default() } else { Vec::new() };
        libraries.push(NativeLibrary {
            path: entry.path.clone(),
            abi: abi.to_owned(),
            name: name.to_owned(),
            is_compressed: entry.method != CompressionMethod::STORE,
            offset: if kind == Kind::Apk { archive.offset(entry) } else { None },
            alignment: alignment(&head),
        });
    }
    libraries
}

/// The smallest alignment of a library's loaded segments.
fn alignment(head: &[u8]) -> Option<u64> {
    fn smallest<Elf: FileHeader<Endian = Endianness>>(head: &[u8]) -> Option<u64> {
        let header = Elf::parse(head).ok()?;
        let endian = header.endian().ok()?;
        let segments = header.program_headers(endian, head).ok()?;
        segments
            .iter()
            .filter(|segment| segment.p_type(endian) == PT_LOAD)
            .map(|segment| segment.p_align(endian).into())
            .min()
    }
    smallest::<FileHeader64<Endianness>>(head).or_else(|| smallest::<FileHeader32<Endianness>>(head))
}
