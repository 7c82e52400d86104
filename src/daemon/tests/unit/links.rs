use std::collections::VecDeque;
use std::io::{Read, Write};
use std::sync::mpsc::channel;
use std::time::Duration;

use mio::{Events, Poll};
use offpush_engine::config::limit;
use offpush_engine::input::CertificateProblem;
use offpush_engine::{HttpAnswer, Internet, LinkFailure};

use super::*;
use crate::attempt::EARLIER;
use crate::clock;
use tls::{Authority, Stream, serve};

#[path = "../common/tls.rs"]
mod tls;

/// How long the network of one machine may take before a test has failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// Years in which the certificates of ordinary servers here are valid.
const VALID: (i32, i32) = (2000, 2100);

#[derive(Debug, PartialEq)]
enum Told {
    Connected(Path),
    Received(Vec<u8>),
    Closed(LinkFailure),
    Answered(Result<HttpAnswer, LinkFailure>),
    Probed(Internet),
}

struct Driver {
    poll: Poll,
    links: Links,
    told: VecDeque<Told>,
    /// Boot time stands still unless a test moves it.
    boot: u64,
}

impl Driver {
    fn new(authority: &Authority) -> Self {
        static FILES: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = FILES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let file = std::env::temp_dir().join(format!("offpush-links-{}-{number}.pem", std::process::id()));
        std::fs::write(&file, &authority.pem).unwrap();
        let trust = Trust::new(Some(&file)).unwrap();
        std::fs::remove_file(file).unwrap();
        let poll = Poll::new().unwrap();
        let waker = Arc::new(Waker::new(poll.registry(), Token(0)).unwrap());
        let links = Links::new(poll.registry().try_clone().unwrap(), waker, trust, 1);
        links.set_time(clock::now().wall, None);
        Self { poll, links, told: VecDeque::new(), boot: 0 }
    }

    fn register(&mut self, servers: &[String]) -> Told {
        self.links.start(LinkId(1), Purpose::Register(b"{}".to_vec()), servers, None, self.boot);
        self.next()
    }

    fn connect(&mut self, id: u64, brokers: &[String]) -> Told {
        self.links.start(LinkId(id), Purpose::Broker, brokers, None, self.boot);
        self.next()
    }

    /// Goes on, with nothing told, until the links are like this.
    fn until(&mut self, condition: impl Fn(&Links) -> bool) {
        let mut events = Events::with_capacity(16);
        while !condition(&self.links) {
            self.poll.poll(&mut events, Some(PATIENCE)).unwrap();
            assert!(!events.is_empty(), "nothing happens");
            for event in &events {
                self.links.ready(event.token(), event.is_readable(), event.is_writable());
            }
            self.links.advance(self.boot, |_, event| panic!("{event:?}"));
        }
    }

    /// What is told next.
    fn next(&mut self) -> Told {
        let mut events = Events::with_capacity(16);
        loop {
            if let Some(told) = self.told.pop_front() {
                return told;
            }
            let told = &mut self.told;
            self.links.advance(self.boot, |_, event| {
                told.push_back(match event {
                    LinkEvent::Connected(path) => Told::Connected(path),
                    LinkEvent::Received(bytes) => Told::Received(bytes.to_vec()),
                    LinkEvent::Closed(failure) => Told::Closed(failure),
                    LinkEvent::Answered(answer) => Told::Answered(answer),
                    LinkEvent::Probed(found) => Told::Probed(found),
                });
            });
            if !self.told.is_empty() {
                continue;
            }
            if !self.links.has_work() {
                self.poll.poll(&mut events, Some(PATIENCE)).unwrap();
                assert!(!events.is_empty(), "nothing happens");
            }
            for event in &events {
                let closed = event.is_read_closed() || event.is_error();
                self.links.ready(event.token(), event.is_readable() || closed, event.is_writable() || closed);
            }
        }
    }
}

fn https(port: u16) -> String {
    format!("https://127.0.0.1:{port}")
}

fn mqtts(port: u16) -> String {
    format!("mqtts://127.0.0.1:{port}")
}

fn is_connected(told: &Told) -> bool {
    matches!(told, Told::Connected(_))
}

fn failed(told: Told) -> LinkFailure {
    match told {
        Told::Closed(failure) | Told::Answered(Err(failure)) => failure,
        other => panic!("no failure: {other:?}"),
    }
}

/// Reads a request to its end.
fn request(stream: &mut Stream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 1024];
    while !bytes.ends_with(b"{}") {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// A gateway that gives this answer to everything.
fn gateway(authority: &Authority, answer: &'static [u8]) -> u16 {
    serve(authority.server("127.0.0.1", VALID), move |mut stream| {
        if request(&mut stream).starts_with("POST /v1/register HTTP/1.1\r\n") {
            let _ = stream.write_all(answer);
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    })
}

/// A broker that shakes hands and waits for the end.
fn broker(authority: &Authority, name: &str, years: (i32, i32)) -> u16 {
    serve(authority.server(name, years), |mut stream| {
        let _ = stream.read(&mut [0]);
    })
}

#[test]
fn a_registration_gets_its_answer() {
    // The body that was asked for comes back whole, in chunks too.
    let authority = Authority::new();
    let port = gateway(&authority, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
    let answer = HttpAnswer { status: 200, retry_after: None, body: b"hi".to_vec() };
    assert_eq!(Driver::new(&authority).register(&[https(port)]), Told::Answered(Ok(answer)));
}

#[test]
fn a_redirect_is_told_and_not_followed() {
    // A captive portal's redirect is an answer of that status.
    let authority = Authority::new();
    let port = gateway(&authority, b"HTTP/1.1 302 Found\r\nLocation: https://x/\r\nContent-Length: 0\r\n\r\n");
    let told = Driver::new(&authority).register(&[https(port)]);
    assert!(matches!(&told, Told::Answered(Ok(answer)) if answer.status == 302), "{told:?}");
}

#[test]
fn an_answer_that_is_no_http_is_named() {
    // Garbage and an answer that is too long are failures of HTTP.
    let authority = Authority::new();
    for answer in [b"\0\0 garbage".as_slice(), b"HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n"] {
        let failure = failed(Driver::new(&authority).register(&[https(gateway(&authority, answer))]));
        assert!(matches!(failure, LinkFailure::Http { .. }), "{failure:?}");
    }
}

#[test]
fn the_next_server_is_asked_when_one_cannot_be_reached() {
    // Nobody listens at the first address, and the second answers.
    let authority = Authority::new();
    let port = gateway(&authority, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let told = Driver::new(&authority).register(&[https(1), https(port)]);
    assert!(matches!(told, Told::Answered(Ok(_))), "{told:?}");
    assert_eq!(failed(Driver::new(&authority).register(&[https(1)])), LinkFailure::Refused);
}

#[test]
fn an_answer_that_never_ends_is_given_up_at_the_deadline() {
    // The deadline is one for the whole exchange, however lively the server is.
    let authority = Authority::new();
    let (asked, was_asked) = channel();
    let port = serve(authority.server("127.0.0.1", VALID), move |mut stream| {
        request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nstart");
        asked.send(()).unwrap();
        let _ = stream.read(&mut [0]);
    });
    let mut driver = Driver::new(&authority);
    driver.links.start(LinkId(1), Purpose::Register(b"{}".to_vec()), &[https(port)], None, 0);
    let mut events = Events::with_capacity(16);
    while was_asked.try_recv().is_err() {
        driver.poll.poll(&mut events, Some(Duration::from_millis(10))).unwrap();
        for event in &events {
            driver.links.ready(event.token(), true, true);
        }
        driver.links.advance(0, |_, event| panic!("too early: {event:?}"));
    }
    assert_eq!(driver.links.next_timeout(), Some(limit::REGISTER - EARLIER));
    driver.boot = limit::REGISTER;
    assert_eq!(driver.next(), Told::Answered(Err(LinkFailure::TimedOut)));
}

#[test]
fn what_is_sent_and_received_passes_unchanged_whatever_its_size() {
    // More than a socket takes at once goes out and comes back whole, and then the end is told.
    let authority = Authority::new();
    let content: Vec<u8> = (0..3_000_000_u32).map(|number| (number / 7) as u8).collect();
    let expected = content.clone();
    let port = serve(authority.server("127.0.0.1", VALID), move |mut stream| {
        let mut received = vec![0; expected.len()];
        stream.read_exact(&mut received).unwrap();
        stream.write_all(&received).unwrap();
        stream.conn.send_close_notify();
        stream.flush().unwrap();
    });
    let mut driver = Driver::new(&authority);
    assert!(is_connected(&driver.connect(1, &[mqtts(port)])));
    content.chunks(1_000_000).for_each(|part| driver.links.send(LinkId(1), part));
    driver.links.flush();
    let mut received = Vec::new();
    while received.len() < content.len() {
        match driver.next() {
            Told::Received(bytes) => received.extend_from_slice(&bytes),
            other => panic!("{other:?} after {} bytes", received.len()),
        }
    }
    assert!(received == content);
    assert_eq!(driver.next(), Told::Closed(LinkFailure::Ended));
}

#[test]
fn a_second_connection_resumes_the_first_ones_session() {
    // One configuration for all brokers: the second handshake brings no certificate.
    let authority = Authority::new();
    let port = serve(authority.server("127.0.0.1", VALID), |mut stream| {
        let resumed = |stream: &Stream| stream.conn.handshake_kind() == Some(rustls::HandshakeKind::Resumed);
        let _ = stream.write_all(b"");
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).unwrap();
        }
        let byte = u8::from(resumed(&stream));
        let _ = stream.write_all(&[byte]);
        let _ = stream.read(&mut [0]);
    });
    let mut driver = Driver::new(&authority);
    for (id, resumed) in [(1, 0), (2, 1)] {
        assert!(is_connected(&driver.connect(id, &[mqtts(port)])));
        assert_eq!(driver.next(), Told::Received(vec![resumed]));
        driver.links.close(LinkId(id));
    }
}

#[test]
fn a_server_of_another_ca_is_refused() {
    // The CA has the same name and another key.
    let port = broker(&Authority::new(), "127.0.0.1", VALID);
    let failure = failed(Driver::new(&Authority::new()).connect(1, &[mqtts(port)]));
    assert_eq!(failure, LinkFailure::Certificate { problem: CertificateProblem::UnknownIssuer });
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    // The name asked for is told.
    let authority = Authority::new();
    let port = broker(&authority, "push.example.com", VALID);
    let failure = failed(Driver::new(&authority).connect(1, &[mqtts(port)]));
    let problem = CertificateProblem::WrongName { host: "127.0.0.1".to_owned() };
    assert_eq!(failure, LinkFailure::Certificate { problem });
}

#[test]
fn an_expired_certificate_is_refused_and_a_clock_set_back_does_not_help() {
    // The time goes by the build date at least.
    let authority = Authority::new();
    let port = broker(&authority, "127.0.0.1", (2000, 2020));
    let mut driver = Driver::new(&authority);
    for wall in [clock::now().wall, 0] {
        driver.links.set_time(wall, None);
        let failure = failed(driver.connect(1, &[mqtts(port)]));
        let problem = CertificateProblem::Expired { clock_ahead: false };
        assert_eq!(failure, LinkFailure::Certificate { problem }, "at {wall}");
    }
}

#[test]
fn a_clock_far_ahead_is_named_as_the_cause() {
    // The certificate has expired by the clock, and not by the time that a gateway told.
    let authority = Authority::new();
    let port = broker(&authority, "127.0.0.1", (2000, 2060));
    let mut driver = Driver::new(&authority);
    let now = clock::now().wall;
    const YEAR: i64 = 365 * 24 * 3_600_000;
    for (gateway, clock_ahead) in [(None, false), (Some(now), true), (Some(now + 50 * YEAR), false)] {
        driver.links.set_time(now + 50 * YEAR, gateway);
        let failure = failed(driver.connect(1, &[mqtts(port)]));
        let problem = CertificateProblem::Expired { clock_ahead };
        assert_eq!(failure, LinkFailure::Certificate { problem }, "{gateway:?}");
    }
}

#[test]
fn a_clock_behind_is_named_until_a_gateway_has_told_the_time() {
    // A certificate of the future is not valid yet; once a later time is known, it is.
    let authority = Authority::new();
    let port = broker(&authority, "127.0.0.1", (2090, 2100));
    let mut driver = Driver::new(&authority);
    let failure = failed(driver.connect(1, &[mqtts(port)]));
    assert_eq!(failure, LinkFailure::Certificate { problem: CertificateProblem::NotYetValid });
    const YEAR_2095: i64 = 125 * 365 * 24 * 3_600_000 + 31 * 24 * 3_600_000;
    driver.links.set_time(clock::now().wall, Some(YEAR_2095));
    assert!(is_connected(&driver.connect(1, &[mqtts(port)])));
}

#[test]
fn the_most_telling_failure_of_several_servers_is_told() {
    // That a certificate is refused says more than that nobody listens elsewhere.
    let authority = Authority::new();
    let port = broker(&Authority::new(), "127.0.0.1", VALID);
    let failure = failed(Driver::new(&authority).connect(1, &[mqtts(port), mqtts(1)]));
    assert_eq!(failure, LinkFailure::Certificate { problem: CertificateProblem::UnknownIssuer });
}

#[test]
fn a_server_that_speaks_no_tls_is_named() {
    // A plain MQTT or HTTP port gives a failure of TLS.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let failure = failed(Driver::new(&Authority::new()).connect(1, &[mqtts(port)]));
    assert!(matches!(failure, LinkFailure::Tls { .. }), "{failure:?}");
}

#[test]
fn addresses_and_names_that_lead_nowhere_are_named() {
    // A wrong scheme, no address at all, and a name that no resolver knows.
    let mut driver = Driver::new(&Authority::new());
    let failure = failed(driver.connect(1, &["mqtt://127.0.0.1:1".to_owned()]));
    assert_eq!(failure, LinkFailure::Address { address: "mqtt://127.0.0.1:1".to_owned() });
    assert_eq!(failed(driver.connect(2, &[])), LinkFailure::Unreachable);
    // Reserved by RFC 6761 never to exist.
    let failure = failed(driver.connect(3, &["mqtts://offpush.invalid".to_owned()]));
    assert!(matches!(&failure, LinkFailure::Name { host, .. } if host == "offpush.invalid"), "{failure:?}");
}

#[test]
fn a_ca_file_that_is_none_is_refused() {
    // A missing file, one without a certificate and a damaged one say what is wrong.
    let missing = Trust::new(Some(std::path::Path::new("/nonexistent/ca.pem")));
    assert!(missing.unwrap_err().to_string().contains("/nonexistent/ca.pem"));
    for content in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let number = content.len();
        let file = std::env::temp_dir().join(format!("offpush-ca-{}-{number}.pem", std::process::id()));
        std::fs::write(&file, content).unwrap();
        assert!(Trust::new(Some(&file)).is_err(), "{content:?}");
        std::fs::remove_file(file).unwrap();
    }
}

#[test]
fn an_attempt_that_ends_with_its_time_tells_the_most_telling_failure_before_the_engine_gives_up() {
    // One address has a wrong certificate, the other is silent: the certificate is what a person has to know.
    let authority = Authority::new();
    let wrong = broker(&Authority::new(), "127.0.0.1", VALID);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().map(|address| (silent, address.port())).unwrap();
    let mut driver = Driver::new(&authority);
    driver.links.start(LinkId(1), Purpose::Broker, &[mqtts(wrong), mqtts(silent.1)], None, driver.boot);
    driver.until(|links| links.broker() == Some(&mqtts(silent.1)));
    driver.boot = limit::CONNECT - 1;
    let failure = failed(driver.next());
    assert_eq!(failure, LinkFailure::Certificate { problem: CertificateProblem::UnknownIssuer });
}

#[test]
fn a_server_that_never_reads_is_given_up() {
    // What waits for it must not grow without a bound.
    let authority = Authority::new();
    let (end, ended) = channel::<()>();
    let ended = std::sync::Mutex::new(ended);
    let port = serve(authority.server("127.0.0.1", VALID), move |mut stream| {
        // The handshake, and nothing more.
        let _ = stream.conn.complete_io(&mut stream.sock);
        let _ = ended.lock().unwrap().recv();
    });
    let mut driver = Driver::new(&authority);
    assert!(is_connected(&driver.connect(1, &[mqtts(port)])));
    let megabyte = vec![0; 1 << 20];
    // The kernel takes some megabytes on its own.
    for _ in 0..64 {
        driver.links.send(LinkId(1), &megabyte);
        driver.links.flush();
        if driver.links.has_work() {
            break;
        }
    }
    let failure = failed(driver.next());
    assert!(matches!(&failure, LinkFailure::System { error } if error.contains("does not take")), "{failure:?}");
    drop(end);
}

#[path = "racing.rs"]
mod racing;
