//! What `offpush export` wrote.

use std::io::Read;
use std::path::Path;

use flate2::bufread::DeflateDecoder;
use rawzip::ZipArchive;

/// The files of an archive by their names, in order.
pub fn unpacked(archive: &Path) -> Vec<(String, String)> {
    let bytes = std::fs::read(archive).expect("the export");
    let archive = ZipArchive::from_slice(&bytes).expect("a zip archive");
    let mut entries = archive.entries();
    let mut files = Vec::new();
    while let Some(entry) = entries.next_entry().expect("a directory") {
        let file = archive.get_entry(entry.wayfinder()).expect("a file");
        let mut content = String::new();
        let mut verified = file.verifying_reader(DeflateDecoder::new(file.data()));
        verified.read_to_string(&mut content).expect("UTF-8, as its checksum says");
        files.push((String::from_utf8_lossy(entry.file_path().as_ref()).into_owned(), content));
    }
    files
}
