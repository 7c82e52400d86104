use std::io::Read;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::mpsc::Receiver;
use std::thread;

use offpush_engine::Family;

use super::*;
use crate::portal;
use crate::race::STAGGER;
use crate::skip::skip;

const BODY: &[u8] = b"{}";

/// A server that takes connections and says nothing; it tells what each brought until its end.
fn silent() -> (u16, Receiver<Vec<u8>>) {
    silence(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap())
}

/// The same for IPv6 on this port; `None` where the machine has no IPv6.
fn silent_ipv6(port: u16) -> Option<Receiver<Vec<u8>>> {
    TcpListener::bind((Ipv6Addr::LOCALHOST, port)).ok().map(|listener| silence(listener).1)
}

fn silence(listener: TcpListener) -> (u16, Receiver<Vec<u8>>) {
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut bytes = Vec::new();
            // A reset is an end too.
            let _ = stream.read_to_end(&mut bytes);
            if tell.send(bytes).is_err() {
                return;
            }
        }
    });
    (port, told)
}

/// Whether this is one TLS record of a handshake (RFC 8446 §5.1), the ClientHello, and not a byte more.
fn is_client_hello(bytes: &[u8]) -> bool {
    let [22, _, _, high, low, rest @ ..] = bytes else { return false };
    rest.len() == usize::from(u16::from_be_bytes([*high, *low]))
}

fn path(broker: String, family: Family) -> Told {
    Told::Connected(Path { broker, family })
}

/// A broker at `localhost`, on IPv4 alone.
fn local_broker(authority: &Authority) -> (String, u16) {
    let port = broker(authority, "localhost", VALID);
    (format!("mqtts://localhost:{port}"), port)
}

#[test]
fn a_silent_server_costs_the_next_one_stagger_and_nothing_runs_after_the_race() {
    // The second is reached 250 ms after the first was tried; no timer is left, and the loser heard no word of ours.
    let authority = Authority::new();
    let (quiet, heard) = silent();
    let port = broker(&authority, "127.0.0.1", VALID);
    let mut driver = Driver::new(&authority);
    driver.links.start(LinkId(1), Purpose::Broker, &[mqtts(quiet), mqtts(port)], None, 0);
    assert_eq!(driver.links.next_timeout(), Some(STAGGER));
    driver.until(|links| links.bytes().1 > 0);
    let (_, hello) = driver.links.bytes();
    driver.boot = STAGGER;
    assert_eq!(driver.next(), path(mqtts(port), Family::V4));
    assert_eq!(driver.links.next_timeout(), None);
    assert!(driver.links.bytes().1 > 2 * hello, "what the loser cost is counted too");
    assert_eq!(driver.links.broker(), Some(mqtts(port).as_str()));
    driver.links.send(LinkId(1), b"CONNECT");
    driver.links.flush();
    let bytes = heard.recv_timeout(PATIENCE).unwrap();
    assert!(is_client_hello(&bytes), "{} bytes", bytes.len());
}

#[test]
fn a_registration_is_posted_to_the_winner_alone() {
    // A gateway that is silent in TLS gets no byte of the request, nor of the secret in it.
    let authority = Authority::new();
    let (quiet, heard) = silent();
    let port = gateway(&authority, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let mut driver = Driver::new(&authority);
    driver.links.start(LinkId(1), Purpose::Register(BODY.to_vec()), &[https(quiet), https(port)], None, 0);
    driver.until(|links| links.bytes().1 > 0);
    driver.boot = STAGGER;
    assert!(matches!(driver.next(), Told::Answered(Ok(_))));
    let bytes = heard.recv_timeout(PATIENCE).unwrap();
    assert!(is_client_hello(&bytes), "{} bytes", bytes.len());
}

#[test]
fn a_gateway_that_answers_nonsense_does_not_keep_the_others_from_being_asked() {
    // The winner's answer is no HTTP; the other gateway's counts, within the same deadline.
    let authority = Authority::new();
    let wrong = gateway(&authority, b"\0\0 garbage");
    let port = gateway(&authority, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let told = Driver::new(&authority).register(&[https(wrong), https(port)]);
    assert!(matches!(told, Told::Answered(Ok(_))), "{told:?}");
}

#[test]
fn a_name_whose_ipv6_leads_nowhere_is_reached_over_ipv4() {
    // IPv6 is silent: IPv4 follows after one stagger, and the way is told truthfully.
    let authority = Authority::new();
    let (name, port) = local_broker(&authority);
    let Some(_heard) = silent_ipv6(port) else {
        return skip("a_name_whose_ipv6_leads_nowhere_is_reached_over_ipv4", "this machine has no IPv6");
    };
    let mut driver = Driver::new(&authority);
    driver.links.start(LinkId(1), Purpose::Broker, std::slice::from_ref(&name), None, 0);
    assert_eq!(driver.links.next_timeout(), Some(STAGGER));
    driver.boot = STAGGER;
    assert_eq!(driver.next(), path(name, Family::V4));
}

#[test]
fn a_name_without_ipv6_is_reached_over_ipv4_at_once() {
    // Nobody listens on IPv6; no time passes.
    let authority = Authority::new();
    let (name, _) = local_broker(&authority);
    assert_eq!(Driver::new(&authority).connect(1, std::slice::from_ref(&name)), path(name, Family::V4));
}

#[test]
fn ipv6_is_tried_first_and_told_as_the_way() {
    // A name that is reached over both families is reached over IPv6.
    let authority = Authority::new();
    let (name, port) = local_broker(&authority);
    let Ok(listener) = TcpListener::bind((Ipv6Addr::LOCALHOST, port)) else {
        return skip("ipv6_is_tried_first_and_told_as_the_way", "this machine has no IPv6");
    };
    tls::serve_on(listener, authority.server("localhost", VALID), |mut stream| {
        let _ = stream.read(&mut [0]);
    });
    assert_eq!(Driver::new(&authority).connect(1, std::slice::from_ref(&name)), path(name, Family::V6));
}

#[test]
fn what_worked_last_is_tried_first() {
    // The second broker is preferred, over IPv4: it is reached without a try of the first, or of IPv6.
    let authority = Authority::new();
    let (first, heard) = silent();
    let (name, port) = local_broker(&authority);
    let heard_ipv6 = silent_ipv6(port);
    let mut driver = Driver::new(&authority);
    let prefer = Path { broker: name.clone(), family: Family::V4 };
    driver.links.start(LinkId(1), Purpose::Broker, &[mqtts(first), name], Some(&prefer), 0);
    assert_eq!(driver.next(), Told::Connected(prefer));
    for heard in [Some(heard), heard_ipv6].into_iter().flatten() {
        assert!(heard.try_recv().is_err(), "somebody else was tried");
    }
}

#[test]
fn a_preference_that_is_not_in_the_list_changes_nothing() {
    // The gateway has moved its brokers since.
    let authority = Authority::new();
    let port = broker(&authority, "127.0.0.1", VALID);
    let mut driver = Driver::new(&authority);
    let prefer = Path { broker: "mqtts://gone.example".to_owned(), family: Family::V6 };
    driver.links.start(LinkId(1), Purpose::Broker, &[mqtts(port)], Some(&prefer), 0);
    assert_eq!(driver.next(), path(mqtts(port), Family::V4));
}

#[test]
fn an_address_that_is_none_does_not_keep_the_others_from_the_race() {
    // Bad entries of the list are passed over; alone they are named.
    let authority = Authority::new();
    let port = broker(&authority, "127.0.0.1", VALID);
    let brokers = ["mqtt://x".to_owned(), String::new(), mqtts(port)];
    assert_eq!(Driver::new(&authority).connect(1, &brokers), path(mqtts(port), Family::V4));
}

#[test]
fn an_attempt_that_can_reach_nobody_is_over_at_once() {
    // With no address at all there is nothing to wait for, and no time passes until that is told.
    let mut driver = Driver::new(&Authority::new());
    driver.links.start(LinkId(1), Purpose::Broker, &[String::new()], None, 0);
    assert!(driver.links.has_work());
    assert_eq!(driver.next(), Told::Closed(LinkFailure::Address { address: String::new() }));
    assert!(!driver.links.has_work());
}

#[test]
fn there_is_one_deadline_for_names_tcp_and_tls() {
    // However many are silent, the end is told before the engine gives up, and no timer is beyond it.
    let authority = Authority::new();
    let quiet: Vec<_> = (0..8).map(|_| silent()).collect();
    let brokers: Vec<_> = quiet.iter().map(|(port, _)| mqtts(*port)).collect();
    let mut driver = Driver::new(&authority);
    driver.links.start(LinkId(1), Purpose::Broker, &brokers, None, 0);
    while let Some(at) = driver.links.next_timeout().filter(|at| *at < limit::CONNECT - EARLIER) {
        assert!(at > driver.boot, "{at}");
        driver.boot = at;
        driver.links.advance(at, |_, event| panic!("{event:?} at {at}"));
    }
    assert_eq!(driver.links.next_timeout(), Some(limit::CONNECT - EARLIER));
    driver.boot = limit::CONNECT - EARLIER;
    assert_eq!(driver.next(), Told::Closed(LinkFailure::TimedOut));
    assert_eq!(driver.links.next_timeout(), None);
    // All were tried, and none is left open.
    for (_, heard) in quiet {
        heard.recv_timeout(PATIENCE).unwrap();
    }
}

#[test]
fn an_attempt_that_is_called_off_leaves_no_socket_and_no_timer() {
    // The engine closes it in the middle of the race.
    let authority = Authority::new();
    let (quiet, heard) = silent();
    let mut driver = Driver::new(&authority);
    driver.links.start(LinkId(1), Purpose::Broker, &[mqtts(quiet), mqtts(quiet)], None, 0);
    driver.links.close(LinkId(1));
    assert_eq!(driver.links.next_timeout(), None);
    heard.recv_timeout(PATIENCE).unwrap();
    driver.links.advance(limit::CONNECT, |_, event| panic!("{event:?}"));
}

#[test]
fn a_link_serves_on_while_another_is_made() {
    // Both carry bytes at the same time, and the one connected last is the one that is named.
    let authority = Authority::new();
    let echo = |authority: &Authority| {
        serve(authority.server("127.0.0.1", VALID), |mut stream| {
            let mut byte = [0];
            while stream.read_exact(&mut byte).is_ok() && stream.write_all(&byte).is_ok() && stream.flush().is_ok() {}
        })
    };
    let (first, second) = (mqtts(echo(&authority)), mqtts(echo(&authority)));
    let mut driver = Driver::new(&authority);
    assert!(is_connected(&driver.connect(1, std::slice::from_ref(&first))));
    driver.links.start(LinkId(2), Purpose::Broker, std::slice::from_ref(&second), None, 0);
    assert_eq!(driver.links.broker(), Some(first.as_str()), "the second is not connected yet");
    let say = |driver: &mut Driver, link, byte| {
        driver.links.send(LinkId(link), &[byte]);
        driver.links.flush();
        driver.next()
    };
    assert!(is_connected(&driver.next()));
    assert_eq!(driver.links.broker(), Some(second.as_str()));
    assert_eq!(say(&mut driver, 1, 7), Told::Received(vec![7]));
    assert_eq!(say(&mut driver, 2, 8), Told::Received(vec![8]));
    driver.links.close(LinkId(2));
    assert_eq!(driver.links.broker(), Some(first.as_str()));
    assert_eq!(say(&mut driver, 1, 9), Told::Received(vec![9]));
}

/// What a probe finds at a plain server that answers with this.
fn probe(answer: &'static [u8]) -> Told {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut byte = [0];
        while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
            request.push(byte[0]);
        }
        // The other side may have heard enough.
        let _ = stream.write_all(answer);
        String::from_utf8(request).unwrap()
    });
    let mut driver = Driver::new(&Authority::new());
    driver.links.start(LinkId(1), Purpose::Probe(port), &[https(1), https(2)], None, 0);
    let told = driver.next();
    assert_eq!(driver.links.next_timeout(), None);
    let expected = format!("GET /.well-known/offpush HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    assert_eq!(server.join().unwrap(), expected);
    told
}

#[test]
fn a_probe_recognises_a_portal() {
    // One that redirects to its own host, one that answers with its page, and one that says so.
    for answer in [
        b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Length: 0\r\n\r\n".as_slice(),
        b"HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n<html>Welcome</html>",
        b"HTTP/1.1 511 Network Authentication Required\r\n\r\n",
    ] {
        assert_eq!(probe(answer), Told::Probed(Internet::Portal), "{}", answer.escape_ascii());
    }
}

#[test]
fn a_probe_takes_an_answer_of_the_host_for_a_network_that_leads_there() {
    // A 404, the way to https on the same host, and garbage; the server may be missing, the network is not.
    for answer in [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".as_slice(),
        b"HTTP/1.1 301 Moved\r\nLocation: https://127.0.0.1/.well-known/offpush\r\n\r\n",
        b"\x16\x03\x01 garbage",
        b"",
    ] {
        assert_eq!(probe(answer), Told::Probed(Internet::Unknown), "{}", answer.escape_ascii());
    }
}

#[test]
fn a_probe_that_is_refused_does_not_blame_the_network() {
    // Nobody listens on that port of the first gateway's host, which was reached; no other host is asked.
    let (port, heard) = silence(TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), 0)).unwrap());
    let mut driver = Driver::new(&Authority::new());
    driver.links.start(LinkId(1), Purpose::Probe(port), &[https(1), "https://127.0.0.2".to_owned()], None, 0);
    assert_eq!(driver.next(), Told::Probed(Internet::Unknown));
    assert!(heard.try_recv().is_err());
}

#[test]
fn a_name_that_does_not_resolve_is_no_way_out_and_silence_proves_nothing() {
    // Ten seconds without a byte may be a host that drops what is not for it.
    let (quiet, heard) = silent();
    let mut driver = Driver::new(&Authority::new());
    driver.links.start(LinkId(1), Purpose::Probe(quiet), &[https(1)], None, 0);
    assert_eq!(driver.links.next_timeout(), Some(portal::DEADLINE));
    driver.boot = portal::DEADLINE;
    assert_eq!(driver.next(), Told::Probed(Internet::Unknown));
    heard.recv_timeout(PATIENCE).unwrap();
    driver.links.start(LinkId(2), Purpose::Probe(quiet), &["https://offpush.invalid".to_owned()], None, driver.boot);
    assert_eq!(driver.next(), Told::Probed(Internet::None));
}
