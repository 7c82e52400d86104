//! `liboffpush.so`: the daemon inside an app's `:pushservice` process.
//!
//! Java loads it and speaks with it through two classes, `org.offpush.Native` and `org.offpush.Callbacks`; their pages
//! say what each method does. What crosses is JSON of the daemon's own types, so nothing here knows what a message is.
//!
//! | what | where |
//! |---|---|
//! | both directions of JNI, and all that is unsafe | `boundary` |
//! | the daemons that run, their threads | `service` |
//! | what a daemon is started with | `options` |
//! | log and panics | `logging` |
//!
//! Handles are numbers, never pointers: one that is wrong, or of a daemon that has ended, is not found. A panic in a
//! native method ends the process in the device build, with its words in the crash dump; where panics unwind it
//! becomes an `IllegalStateException`. No lock is held while Java is called.

mod boundary;
mod logging;
mod options;
mod service;
