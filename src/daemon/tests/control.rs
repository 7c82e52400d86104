//! The control socket, as its clients see it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;

use offpush_daemon::{Daemon, DaemonError, offline};
use offpush_inspect::{
    Answer, ClientError, Command, ErrorCode, Line, MAXIMUM_REQUEST_BYTES, Operation, SOCKET_FILE, State, render,
};

mod common;

use common::{PATIENCE, Running, Scratch};

/// Sends bytes as they are and reads what comes until the daemon closes.
fn raw(daemon: &Running, bytes: &[u8]) -> Vec<Line> {
    let mut stream = UnixStream::connect(daemon.data.join(SOCKET_FILE)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // The daemon may close before all of it is written.
    let _ = stream.write_all(bytes);
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => text.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("the daemon does not close: {error}"),
        }
    }
    String::from_utf8(text).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn code(line: &Line) -> Option<ErrorCode> {
    if let Line::Error(error) = line { Some(error.code) } else { None }
}

#[test]
fn a_daemon_says_how_it_is_before_it_has_reached_anybody() {
    // The page is whole: who, why not, what next, and what to do.
    let scratch = Scratch::new("status");
    let daemon = Running::start(scratch.options());
    let page = daemon.status();
    assert_eq!(page.package, "com.example.app");
    assert_eq!(page.network.transport.as_deref(), Some("loopback"));
    assert_eq!(page.process.as_ref().unwrap().pid, std::process::id());
    let text = render(&page);
    assert!(text.starts_with("Not registered"), "{text}");
    daemon.stop();
}

#[test]
fn the_socket_is_its_owners_alone_and_goes_with_the_daemon() {
    // Mode 0600; a stale socket of a dead daemon is replaced, and a clean end leaves none.
    let scratch = Scratch::new("mode");
    let options = scratch.options();
    std::fs::create_dir_all(&options.data).unwrap();
    let socket = options.data.join(SOCKET_FILE);
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let daemon = Running::start(options);
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    daemon.status();
    daemon.stop();
    assert!(!socket.exists());
}

#[test]
fn a_second_daemon_is_refused_and_told_who_holds_the_directory() {
    // The first one goes on, its socket untouched.
    let scratch = Scratch::new("second");
    let daemon = Running::start(scratch.options());
    let error = Daemon::open(scratch.options()).unwrap_err();
    assert!(matches!(error, DaemonError::Store(_)));
    assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
    daemon.status();
}

#[test]
fn a_data_directory_may_have_a_long_path() {
    // Longer than the 107 bytes that a socket's address has room for.
    let scratch = Scratch::new("long");
    let mut options = scratch.options();
    options.data = scratch.path().join("d".repeat(200));
    Running::start(options).status();
}

#[test]
fn garbage_gets_one_error_line_and_the_end() {
    // Whatever is sent, the daemon says what is wrong, closes, and serves others on.
    let scratch = Scratch::new("garbage");
    let daemon = Running::start(scratch.options());
    for bytes in [
        b"\n".as_slice(),
        b"hello\n",
        b"\xff\xfe\x00\n",
        b"[]\n",
        b"{}\n",
        b"{\"op\":[]}\n",
        b"{\"op\":7}\n",
        b"{\"op\":\"click\"}\n",
        b"{\"op\":\"taken\",\"id\":-1}\n",
        b"{\"op\":\"command\",\"command\":\"dance\"}\n",
        b"{\"schema\":\"one\",\"op\":\"status\"}\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        &[b"hello\n".as_slice(), b"{\"op\":\"status\"}\n"].concat(),
    ] {
        let lines = raw(&daemon, bytes);
        let codes: Vec<_> = lines.iter().map(code).collect();
        assert_eq!(codes, [Some(ErrorCode::BadRequest)], "{:?}", String::from_utf8_lossy(bytes));
    }
    daemon.status();
}

#[test]
fn a_line_that_is_too_long_gets_one_error_line_and_the_end() {
    // With or without an end, and however much follows; one of just the limit is read.
    let scratch = Scratch::new("oversized");
    let daemon = Running::start(scratch.options());
    let long = vec![b'x'; MAXIMUM_REQUEST_BYTES + 1];
    for bytes in [long.clone(), [long.as_slice(), b"\n"].concat()] {
        let codes: Vec<_> = raw(&daemon, &bytes).iter().map(code).collect();
        assert!(codes.is_empty() || codes == [Some(ErrorCode::BadRequest)], "{codes:?}");
    }
    let mut fitting = b"{\"op\":\"status\"".to_vec();
    fitting.resize(MAXIMUM_REQUEST_BYTES - 1, b' ');
    fitting.extend_from_slice(b"}\n");
    let mut stream = UnixStream::connect(daemon.data.join(SOCKET_FILE)).unwrap();
    stream.write_all(&fitting).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("{\"ok\":{\"status\":{"), "{answer}");
}

#[test]
fn an_operation_that_is_not_known_is_refused_and_the_next_one_answered() {
    // A newer tool learns that this daemon is older, and may go on.
    let scratch = Scratch::new("unknown");
    let daemon = Running::start(scratch.options());
    let mut stream = UnixStream::connect(daemon.data.join(SOCKET_FILE)).unwrap();
    stream.write_all(b"{\"schema\":9,\"op\":\"teleport\",\"to\":\"x\"}\n{\"op\":\"notifications\",\"new\":1}").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let lines: Vec<Line> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(code(&lines[0]), Some(ErrorCode::UnknownOperation));
    assert_eq!(lines[1], Line::Ok(Answer::Notifications { items: Vec::new(), next: None }));
    assert_eq!(lines.len(), 2);
}

#[test]
fn what_does_not_exist_is_named() {
    // A click on an unknown message, and a time that no clock shows.
    let scratch = Scratch::new("refused");
    let daemon = Running::start(scratch.options());
    let mut client = daemon.client();
    let refused = |result: Result<Answer, ClientError>| match result {
        Err(ClientError::Refused(error)) => error.code,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(client.ask(Operation::Click { id: "m".to_owned() })), ErrorCode::UnknownMessage);
    assert_eq!(refused(client.ask(Operation::Dismiss { id: "m".to_owned() })), ErrorCode::UnknownMessage);
    let window = Command::AcceptTime { start: 0, end: 1_440 };
    assert_eq!(refused(client.ask(Operation::Command(window))), ErrorCode::CommandRefused);
}

#[test]
fn many_requests_at_once_are_all_answered_in_order() {
    // More than one turn's share, and answers of more bytes than a socket's buffer takes.
    let scratch = Scratch::new("pipelined");
    let daemon = Running::start(scratch.options());
    let mut stream = UnixStream::connect(daemon.data.join(SOCKET_FILE)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut writer = stream.try_clone().unwrap();
    const REQUESTS: usize = 2_000;
    let write = std::thread::spawn(move || {
        writer.write_all(&b"{\"op\":\"status\"}\n".repeat(REQUESTS)).unwrap();
        writer.shutdown(Shutdown::Write).unwrap();
    });
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    write.join().unwrap();
    assert_eq!(text.lines().count(), REQUESTS);
    assert!(text.lines().all(|line| line.starts_with("{\"ok\":{\"status\":")));
}

#[test]
fn too_many_clients_are_refused_and_nobody_else_suffers() {
    // Those connected are served on, and a place that becomes free is taken.
    let scratch = Scratch::new("crowd");
    let daemon = Running::start(scratch.options());
    let mut clients: Vec<_> = (0..32).map(|_| daemon.client()).collect();
    assert!(matches!(clients[31].ask(Operation::Watch), Ok(Answer::Done)));
    let codes: Vec<_> = raw(&daemon, b"").iter().map(code).collect();
    assert_eq!(codes, [Some(ErrorCode::TooManyClients)]);
    assert!(matches!(clients[0].ask(Operation::Status), Ok(Answer::Status(_))));
}

#[test]
fn a_watching_client_sees_events_and_the_history_keeps_them() {
    // What happens is told live, and can be read afterwards, with and without a daemon.
    let scratch = Scratch::new("watch");
    let daemon = Running::start(scratch.options());
    let mut watcher = daemon.client();
    assert!(matches!(watcher.ask(Operation::Watch), Ok(Answer::Done)));
    let failed = loop {
        match watcher.next_line().unwrap() {
            Line::Event(item) if item.event == "registration-failed" => break item,
            Line::Event(_) => {}
            other => panic!("{other:?}"),
        }
    };
    let kept = |items: &[offpush_inspect::HistoryItem]| items.contains(&failed);
    match daemon.client().ask(Operation::History { limit: None }).unwrap() {
        Answer::History(items) => assert!(items.first().is_some_and(|first| first.event == "started") && kept(&items)),
        other => panic!("{other:?}"),
    }
    let data = daemon.data.clone();
    daemon.stop();
    let items = offline::history(&data, usize::MAX).unwrap();
    assert!(kept(&items));
    assert_eq!(items.last().map(|item| item.event.as_str()), Some("stopped"));
}

#[test]
fn without_a_daemon_the_files_tell_what_they_can() {
    // The page says that nothing runs, and nothing is written.
    let scratch = Scratch::new("offline");
    let options = scratch.options();
    let data = options.data.clone();
    assert!(offline::status(&data).is_err());
    assert!(!data.exists());
    Running::start(options).stop();
    let page = offline::status(&data).unwrap();
    assert_eq!((page.state, page.process.clone()), (State::NotRunning, None));
    assert_eq!(page.package, "com.example.app");
    assert_eq!(page.problems.first().map(|problem| problem.code.as_str()), Some("not-running"));
    assert!(render(&page).starts_with("Not running"));
    assert_eq!(offline::notifications(&data).unwrap(), []);
    assert!(matches!(offpush_inspect::Client::connect(&data), Err(ClientError::NotRunning { .. })));
}

#[test]
fn options_that_cannot_work_are_refused_at_once() {
    // No server, an address that is none, and a CA file that is missing.
    let scratch = Scratch::new("options");
    let mut options = scratch.options();
    options.servers = Vec::new();
    assert!(matches!(Daemon::open(options.clone()), Err(DaemonError::NoServer)));
    options.servers = vec!["http://127.0.0.1".to_owned()];
    assert!(matches!(Daemon::open(options.clone()), Err(DaemonError::Server { .. })));
    options = scratch.options();
    options.ca = Some(scratch.path().join("missing.pem"));
    assert!(matches!(Daemon::open(options), Err(DaemonError::Trust(_))));
}

#[test]
fn a_damaged_store_is_named_and_the_daemon_starts_with_what_it_can_read() {
    // The page says what was lost, what to do, and where the damaged file is; the history has it too.
    let scratch = Scratch::new("damaged");
    let options = scratch.options();
    Running::start(options.clone()).stop();
    let log = options.data.join("state.log");
    let mut bytes = std::fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xFF;
    bytes.extend_from_slice(&[0x5A; 100]);
    std::fs::write(&log, bytes).unwrap();
    let daemon = Running::start(options);
    let page = daemon.status();
    let problem = page.problems.iter().find(|problem| problem.code == "storage-damaged").unwrap();
    assert!(problem.action.contains("state.log.damaged-1"), "{problem:?}");
    match daemon.client().ask(Operation::History { limit: None }).unwrap() {
        Answer::History(items) => assert!(items.iter().any(|item| item.event == "storage-damaged")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_daemon_ends_cleanly_on_sigterm() {
    // The end that init systems and people use: it says goodbye, and leaves no socket and no lock behind.
    use std::os::unix::thread::JoinHandleExt;
    let scratch = Scratch::new("sigterm");
    let options = scratch.options();
    let socket = options.data.join(SOCKET_FILE);
    let (tell, told) = std::sync::mpsc::channel();
    let again = options.clone();
    let thread = std::thread::spawn(move || {
        let mut daemon = Daemon::open(options)?;
        daemon.end_on_signals()?;
        tell.send(()).unwrap();
        daemon.run()
    });
    told.recv_timeout(PATIENCE).unwrap();
    // To that thread alone, for the others of this process would die of it.
    // SAFETY: the thread was not joined, so its id is valid.
    assert_eq!(unsafe { nix::libc::pthread_kill(thread.as_pthread_t(), nix::libc::SIGTERM) }, 0);
    thread.join().unwrap().unwrap();
    assert!(!socket.exists());
    Running::start(again).stop();
}
