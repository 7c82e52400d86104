//! Durable state for a phone: a small key-value store in one append-only log.
//!
//! [`Store`] keeps values under a [`Key`]. Writes are gathered in a [`Batch`]; [`Store::commit`] makes a batch durable
//! as a whole or not at all, with one write and one sync. In memory there is only an index, about 50 bytes a key; a
//! value is read from the file when it is asked for. When most of the file is dead, it is rewritten and replaced
//! atomically.
//!
//! [`Store::open`] recovers by itself. What a crash left unfinished at the end is cut off. Damage in the middle (a bad
//! flash block, a meddling backup tool) costs the commits it touches and no other: the damaged file is set aside and a
//! clean one takes its place, and [`Recovery`] says what happened.
//!
//! [`History`] is a log of events apart from the state: bounded, not synced, and nothing depends on it.
//! [`ReadOnlyStore`] is for tools: it looks at a store that a running process is writing, and changes nothing.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use offpush_store::{Batch, Key, Store};
//!
//! let (mut store, recovery) = Store::open("data".as_ref())?;
//! for damage in &recovery.damage {
//!     eprintln!("{damage}");
//! }
//! let name = Key { kind: 1, id: 0 };
//! let mut batch = Batch::new();
//! batch.put(name, 1, "a phone")?;
//! batch.delete(Key { kind: 2, id: 17 });
//! store.commit(batch)?;
//! let value = store.get(name)?;
//! assert_eq!(value.map(|value| value.decode::<String>()).transpose()?.as_deref(), Some("a phone"));
//! # Ok(())
//! # }
//! ```
//!
//! The files in a store's directory:
//!
//! | file | what |
//! |---|---|
//! | `lock` | held with `flock` by the process that has the store open; its pid inside |
//! | `state.log` | the log |
//! | `state.log.new` | a rewritten log, until it replaces the log |
//! | `state.log.damaged-1`, `-2` | damaged logs, for a person to look at; never deleted here, but a third one replaces the second |
//! | `history.log`, `history.log.old` | the two segments of the event history |
//!
//! The store does not know what it stores: kinds, numbers and versions are the caller's. It never interprets a value,
//! never drops one of a kind it has not heard of, and starts no thread.

mod batch;
mod checksum;
mod codec;
mod disk;
mod error;
mod format;
mod history;
mod index;
mod lock;
mod read_only;
mod rewrite;
mod scan;
mod store;

pub use batch::Batch;
pub use codec::Value;
pub use disk::{Disk, DiskFile, FileSystem, OpenMode};
pub use error::{AppendError, CommitError, DecodeError, EncodeError, OpenError, ReadError};
pub use format::{FORMAT_VERSION, Key, MAX_BATCH_BYTES, MAX_RECORD_BYTES};
pub use history::{History, HistoryReader, MIN_SEGMENT_BYTES};
pub use read_only::ReadOnlyStore;
pub use scan::{Damage, DamageKind};
pub use store::{MIN_DEAD_BYTES, Recovery, Statistics, Store};
