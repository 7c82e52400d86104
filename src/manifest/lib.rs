//! Manifests and shrinker rules: read, check, correct, render.
//!
//! * [`check()`] reads a manifest in any form (text, the binary one of an APK, the protobuf of an AAB, the one in an AAR) and
//!   says what breaks on which Android version; [`Report::fixed`] is the text with everything corrected that can be, and
//!   otherwise the same, byte for byte.
//! * [`catalogue()`] is every check as data.
//! * [`render()`] makes a manifest, or a part to paste, of the templates.
//!
//! It opens no file and runs no program. Whatever it is given, it ends in bounded time and memory.
//!
//! ```
//! use offpush_manifest::{Options, check};
//!
//! let manifest = br#"<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="com.example.app">
//!     <application><meta-data android:name="offpush.server" android:value="http://push.example.app" /></application>
//! </manifest>"#;
//! let report = check("AndroidManifest.xml", manifest, &Options::default())?;
//! assert!(report.findings.iter().any(|finding| finding.check.id == "server-cleartext"));
//! assert!(report.fixed().is_some_and(|text| text.contains("https://push.example.app")));
//! # Ok::<(), offpush_manifest::ReadError>(())
//! ```

mod archive;
mod binary;
mod bundle;
mod bytes;
mod catalogue;
mod check;
mod contents;
mod dex;
mod diff;
mod document;
mod edit;
mod finding;
mod json;
mod library;
mod manifest;
mod pool;
mod read;
mod render;
mod report;
mod resources;
mod sarif;
mod shrinker;
mod similar;
mod text;

pub use catalogue::{Check, Severity, Since, catalogue, find, nearest};
pub use diff::diff;
pub use document::Place;
pub use finding::Finding;
pub use json::catalogue_to_json;
pub use manifest::Form;
pub use read::{Options, ReadError, check};
pub use render::{Choice, Rendering, render};
pub use report::Report;
