//! A daemon's handle for other threads of its process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::time::Duration;

use mio::Waker;
use offpush_engine::{Network, Presented};
use offpush_inspect::{
    Answer, ControlError, ErrorCode, Line, MAXIMUM_REQUEST_BYTES, Operation, PlatformTopic, Request, StatusPage,
};

use crate::daemon::Stopper;

/// Inputs taken in one turn of the loop, so that a flood of them leaves room for messages.
const INPUTS_A_TURN: usize = 256;

/// Something said from outside the loop.
#[derive(Debug)]
pub(crate) enum Input {
    Network(Network),
    Wake,
    App(bool),
    Presented(u64, Presented),
    CanPresent,
    Judged(u64, Result<(), String>),
    Said(BTreeMap<String, PlatformTopic>),
    Request(Operation, SyncSender<Line>),
}

/// Speaks with a daemon from any thread of its process. Nothing here waits, but for an answer where that is said; what
/// is told to a daemon that has ended goes nowhere.
#[derive(Debug, Clone)]
pub struct Remote {
    sender: Sender<Input>,
    stopper: Stopper,
    waker: Arc<Waker>,
}

impl Remote {
    /// Asks the daemon to end; it says goodbye to its broker first.
    pub fn stop(&self) {
        self.stopper.stop();
    }

    /// Tells an embedded daemon the default network. It knows of none before; on a host it looks by itself.
    pub fn network(&self, network: Network) {
        self.tell(Input::Network(network));
    }

    /// The alarm, or another occasion: what is due is done. An embedded daemon then tells the platform anew for how long
    /// it needs the wake lock, so that whoever woke it can let go of its own.
    pub fn wake(&self) {
        self.tell(Input::Wake);
    }

    /// Tells whether the app takes callbacks through [`Platform::callback`](crate::Platform::callback) now.
    pub fn app(&self, listens: bool) {
        self.tell(Input::App(listens));
    }

    /// What became of a presentation, by the message's number on this phone.
    pub fn presented(&self, sequence: u64, outcome: Presented) {
        self.tell(Input::Presented(sequence, outcome));
    }

    /// What kept notifications from being shown is over.
    pub fn can_present(&self) {
        self.tell(Input::CanPresent);
    }

    /// The answer to [`Platform::judge`](crate::Platform::judge), with the reason if the chain is not trusted. Too late
    /// an answer, a second one, or one to a question that was never asked, changes nothing.
    pub fn judged(&self, question: u64, verdict: Result<(), String>) {
        self.tell(Input::Judged(question, verdict));
    }

    /// What the platform allows and denies now, topic by topic: `service`, `alarm`, `notifications` and so on. Replaces what
    /// was told before; the status page shows it.
    pub fn said(&self, topics: BTreeMap<String, PlatformTopic>) {
        self.tell(Input::Said(topics));
    }

    /// Carries out one line of the control protocol, without its end, and returns the answer's; `None` if there is none
    /// within this time. `listen` and `watch` are for sockets.
    #[must_use]
    pub fn request(&self, line: &[u8], patience: Duration) -> Option<Vec<u8>> {
        let bad = |message| Some(Line::Error(ControlError { code: ErrorCode::BadRequest, message }));
        let answer = if line.len() > MAXIMUM_REQUEST_BYTES {
            bad(format!("a request is longer than {MAXIMUM_REQUEST_BYTES} bytes"))
        } else {
            match Request::parse(line) {
                Err(error) => bad(format!("this is no request: {error}")),
                Ok(request) => self.ask(patience, request.operation),
            }
        };
        serde_json::to_vec(&answer?).map_err(|error| log::error!("an answer cannot be written: {error}")).ok()
    }

    /// The status page; `None` if it does not come within this time.
    #[must_use]
    pub fn status(&self, patience: Duration) -> Option<StatusPage> {
        match self.ask(patience, Operation::Status)? {
            Line::Ok(Answer::Status(page)) => Some(*page),
            _ => None,
        }
    }

    fn ask(&self, patience: Duration, operation: Operation) -> Option<Line> {
        let (reply, answer) = mpsc::sync_channel(1);
        self.tell(Input::Request(operation, reply));
        answer.recv_timeout(patience).ok()
    }

    fn tell(&self, input: Input) {
        // Both only fail if the daemon has ended.
        if self.sender.send(input).is_ok() {
            let _ = self.waker.wake();
        }
    }
}

/// The loop's end of it.
#[derive(Debug)]
pub(crate) struct Inbox {
    sender: Sender<Input>,
    receiver: Receiver<Input>,
    waker: Arc<Waker>,
}

impl Inbox {
    pub(crate) fn new(waker: Arc<Waker>) -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { sender, receiver, waker }
    }

    pub(crate) fn remote(&self, stopper: Stopper) -> Remote {
        Remote { sender: self.sender.clone(), stopper, waker: Arc::clone(&self.waker) }
    }

    /// What has come, as much as one turn takes.
    pub(crate) fn take(&self) -> Vec<Input> {
        let inputs: Vec<Input> = self.receiver.try_iter().take(INPUTS_A_TURN).collect();
        if inputs.len() == INPUTS_A_TURN {
            // There may be more; this only fails if there is no loop that could run.
            let _ = self.waker.wake();
        }
        inputs
    }
}
