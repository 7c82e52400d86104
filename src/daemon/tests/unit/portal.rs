use super::*;

const HOST: &str = "push.example.com";

/// What is made of an answer that comes byte for byte and then ends.
fn verdict(answer: &[u8]) -> Internet {
    let mut portal = Portal::default();
    answer.iter().find_map(|byte| portal.receive(HOST, std::slice::from_ref(byte))).unwrap_or_else(|| portal.end())
}

fn redirect(status: u16, location: &str) -> Internet {
    verdict(format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n").as_bytes())
}

#[test]
fn a_redirect_to_another_host_is_a_portal() {
    // With whatever scheme, port, user or case, and however the portal tries to look like the gateway.
    for location in [
        "http://portal.example/login?to=push.example.com",
        "//portal.example/",
        "https://push.example.com.portal.example/",
        "https://push.example.com@portal.example/",
        "https://push.example.com:443@portal.example/",
        "http://192.0.2.1:8080",
        "http://[2001:db8::1]/push.example.com",
    ] {
        assert_eq!(redirect(302, location), Internet::Portal, "{location}");
    }
    for status in [301, 303, 307, 308] {
        assert_eq!(redirect(status, "http://portal.example/"), Internet::Portal, "{status}");
    }
}

#[test]
fn a_redirect_to_the_same_host_is_none() {
    // A web server that sends everybody to https does not stand in between.
    for location in [
        "https://push.example.com/.well-known/offpush",
        "HTTPS://PUSH.example.com.:8443",
        "https://me:1@push.example.com",
        "/login?to=http://x/",
        "",
    ] {
        assert_eq!(redirect(301, location), Internet::Unknown, "{location}");
    }
    assert_eq!(verdict(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"), Internet::Unknown, "without a location");
}

#[test]
fn a_portal_says_so_with_511() {
    // RFC 6585 §6.
    assert_eq!(verdict(b"HTTP/1.1 511 Network Authentication Required\r\nContent-Length: 0\r\n\r\n"), Internet::Portal);
}

#[test]
fn a_page_in_place_of_the_gateways_answer_is_a_portal() {
    // A 200 counts for the gateway only if it begins with the gateway's own word.
    for content in ["<html>Welcome</html>", "", "offpus", "of course"] {
        assert_eq!(verdict(format!("HTTP/1.0 200 OK\r\n\r\n{content}").as_bytes()), Internet::Portal, "{content:?}");
    }
    assert_eq!(verdict(b"HTTP/1.0 200 OK\r\n\r\noffpush\n"), Internet::Unknown);
}

#[test]
fn any_other_answer_means_that_the_network_leads_somewhere() {
    // A status of any other kind, and bytes that are no HTTP or no end of a head.
    for answer in [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".as_slice(),
        b"HTTP/1.1 503 Service Unavailable\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 O",
        b"\x15\x03\x01\x00\x02\x02\x0a",
        b"",
    ] {
        assert_eq!(verdict(answer), Internet::Unknown, "{}", answer.escape_ascii());
    }
    let endless = [b"HTTP/1.1 200 OK\r\nX: ".as_slice(), &[b'x'; 2 * MAXIMUM_BYTES]].concat();
    let mut portal = Portal::default();
    assert_eq!(portal.receive(HOST, &endless), Some(Internet::Unknown));
    assert_eq!(portal.received.len(), MAXIMUM_BYTES);
}

#[test]
fn no_name_and_no_route_mean_no_way_out() {
    // A refusal is an answer, and silence proves nothing.
    let mut begun = Portal::default();
    assert_eq!(begun.end(), Internet::Unknown);
    assert_eq!(begun.receive(HOST, b"HTTP/1.1"), None);
    assert_eq!(begun.end(), Internet::Unknown);
    let name = LinkFailure::Name { host: HOST.to_owned(), error: "unknown".to_owned() };
    for failure in [name, LinkFailure::Unreachable] {
        assert_eq!(unconnected(&failure), Internet::None, "{failure}");
    }
    for failure in [LinkFailure::Refused, LinkFailure::Reset, LinkFailure::TimedOut] {
        assert_eq!(unconnected(&failure), Internet::Unknown, "{failure}");
    }
}

#[test]
fn the_question_names_its_host() {
    // As a proxy or a portal needs it.
    let address = Address { host: "::1".to_owned(), port: 80 };
    let request = String::from_utf8(request(&address)).unwrap();
    assert_eq!(request, "GET /.well-known/offpush HTTP/1.0\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n");
}
