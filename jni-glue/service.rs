//! The daemons that run in this process. There is one, unless a service is being replaced or a test wants more.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use offpush_daemon::{Daemon, DaemonError, Embedding, Remote};

/// How long the end of a daemon's thread is waited for. It says goodbye without waiting for an answer, so what it may
/// wait for is one commit; Android takes a main thread for hung after 5 s.
const END: Duration = Duration::from_secs(2);

/// What a daemon's thread tells first: how to speak with the daemon, or why it cannot be opened.
type Started = Result<Remote, String>;

/// A daemon in a thread of its own.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) remote: Remote,
    thread: ThreadId,
    /// Hangs up when the thread has let go of everything.
    ended: Mutex<Receiver<Started>>,
}

impl Service {
    /// Whether this is the daemon's own thread, which must not wait for itself.
    pub(crate) fn is_current_thread(&self) -> bool {
        thread::current().id() == self.thread
    }

    /// Asks it to end and waits for that, for a while.
    fn end(&self) {
        self.remote.stop();
        if !self.is_current_thread() {
            let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
            if matches!(ended.recv_timeout(END), Err(RecvTimeoutError::Timeout)) {
                log::error!("the daemon has not ended within {} s", END.as_secs());
            }
        }
    }
}

/// By handle; so few that looking through them is finding one.
static SERVICES: Mutex<Vec<(i64, Arc<Service>)>> = Mutex::new(Vec::new());
static LAST_HANDLE: AtomicI64 = AtomicI64::new(0);

fn services() -> MutexGuard<'static, Vec<(i64, Arc<Service>)>> {
    SERVICES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The daemon with this handle, unless it was stopped.
pub(crate) fn get(handle: i64) -> Option<Arc<Service>> {
    services().iter().find(|(other, _)| *other == handle).map(|(_, service)| Arc::clone(service))
}

/// Starts a thread, opens a daemon in it and runs it there. `around` runs in that thread and is given what runs the
/// daemon. Returns the handle once the daemon is open, or why it is not.
pub(crate) fn start(
    options: offpush_daemon::Options,
    embedding: impl FnOnce() -> Embedding + Send + 'static,
    around: impl FnOnce(Box<dyn FnOnce() + '_>) -> Result<(), String> + Send + 'static,
) -> Result<i64, String> {
    let (tell, told) = mpsc::channel::<Started>();
    // Kept until the thread ends: the channel's end is the thread's.
    let failed = tell.clone();
    let body = move || {
        let run = Box::new(move || match Daemon::embed(options, embedding()) {
            Ok(daemon) => {
                // Who asked waits for this.
                let _ = tell.send(Ok(daemon.remote()));
                if let Err(error) = daemon.run() {
                    log::error!("the daemon has ended: {error}");
                }
            }
            Err(error) => {
                let _ = tell.send(Err(reason(&error)));
            }
        });
        if let Err(error) = around(run) {
            let _ = failed.send(Err(error));
        }
    };
    let thread = thread::Builder::new().name("offpush".to_owned()).spawn(body);
    let thread = thread.map_err(|error| format!("no thread can be started: {error}"))?.thread().id();
    let remote = told.recv().map_err(|_| "the daemon's thread has failed".to_owned())??;
    let handle = LAST_HANDLE.fetch_add(1, Ordering::Relaxed) + 1;
    services().push((handle, Arc::new(Service { remote, thread, ended: Mutex::new(told) })));
    Ok(handle)
}

/// Ends the daemon with this handle, if there is one.
pub(crate) fn stop(handle: i64) {
    let mut services = services();
    let service = services.iter().position(|(other, _)| *other == handle).map(|place| services.swap_remove(place).1);
    drop(services);
    if let Some(service) = service {
        service.end();
    }
}

fn reason(error: &DaemonError) -> String {
    error.to_string()
}
