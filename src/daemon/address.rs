//! Servers' addresses.

use std::net::IpAddr;

use rustls::pki_types::ServerName;

/// The port of `https` (RFC 9110 §4.2.2).
const HTTPS_PORT: u16 = 443;
/// The port registered for MQTT over TLS (`secure-mqtt`).
const MQTTS_PORT: u16 = 8883;

/// A server to reach over TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// A name, or an IP address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Address {
    /// Reads `https://HOST[:PORT]`.
    pub(crate) fn https(text: &str) -> Option<Self> {
        Self::parse(text.strip_prefix("https://")?, HTTPS_PORT)
    }

    /// Reads `mqtts://HOST[:PORT]`.
    pub(crate) fn mqtts(text: &str) -> Option<Self> {
        Self::parse(text.strip_prefix("mqtts://")?, MQTTS_PORT)
    }

    fn parse(text: &str, default_port: u16) -> Option<Self> {
        let text = text.strip_suffix('/').unwrap_or(text);
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']')?;
                host.parse::<std::net::Ipv6Addr>().ok()?;
                (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
            }
            None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
        };
        let port = match port {
            Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => port.parse().ok()?,
            Some(_) => return None,
            None => default_port,
        };
        // The name that the certificate must be for; a text that is none is no address.
        ServerName::try_from(host).ok()?;
        (port != 0).then(|| Self { host: host.to_owned(), port })
    }

    /// Whether it is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// As a `Host` header has it.
    pub(crate) fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_with_and_without_a_port() {
        // The scheme's port is taken where none is given, and brackets hold an IPv6 address.
        let address = |host: &str, port| Some(Address { host: host.to_owned(), port });
        assert_eq!(Address::https("https://push.example.com"), address("push.example.com", 443));
        assert_eq!(Address::https("https://push.example.com:8443/"), address("push.example.com", 8443));
        assert_eq!(Address::mqtts("mqtts://127.0.0.1"), address("127.0.0.1", 8883));
        assert_eq!(Address::mqtts("mqtts://[::1]:1"), address("::1", 1));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        // Other schemes, paths, users, empty or impossible hosts and ports are no address.
        for text in [
            "",
            "https://",
            "http://a",
            "mqtts://a",
            "https://a/b",
            "https://u@a",
            "https://a:",
            "https://a:0",
            "https://a:65536",
            "https://a:+1",
            "https://[::1",
            "https://[a]",
            "https://::1",
            "https://a b",
        ] {
            assert_eq!(Address::https(text), None, "{text:?}");
        }
    }

    #[test]
    fn loopback_is_recognised() {
        // `localhost` and every loopback address are this machine; names that only look like it are not.
        for (text, expected) in [
            ("https://localhost", true),
            ("https://127.1.2.3", true),
            ("https://[::1]", true),
            ("https://localhost.example.com", false),
            ("https://10.0.0.1", false),
        ] {
            assert_eq!(Address::https(text).map(|address| address.is_loopback()), Some(expected), "{text}");
        }
    }
}
