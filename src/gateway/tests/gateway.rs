//! Starting, telling where, health, stopping.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::os::unix::fs::PermissionsExt;

use common::{Server, options};
use offpush_gateway::Gateway;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_serves_tells_where_and_keeps_its_secrets_private() {
    // gateway.json has the addresses that work, the token and the keys are for the owner alone, and stopping removes it.
    let options = options();
    let server = Server::start(options.clone()).await;
    let file = server.data.join("gateway.json");
    let content: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(content["http"], server.gateway.addresses().http);
    assert!(content["https"].as_str().unwrap().starts_with("https://127.0.0.1:"), "{content}");
    assert!(content["mqtt"].as_str().unwrap().starts_with("mqtts://127.0.0.1:"), "{content}");
    assert_eq!(content["ca"], server.gateway.addresses().ca.to_str().unwrap());
    assert!(content["console"].is_string());
    for secret in ["admin-token", "ca.key", "secrets.key", "gateway.db", "gateway.db-wal"] {
        let mode = std::fs::metadata(server.data.join(secret)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{secret}");
    }
    let token = server.token.clone();
    server.gateway.stop().await;
    assert!(!file.exists());
    let again = Gateway::start(options).await.unwrap();
    assert_eq!(std::fs::read_to_string(server.data.join("admin-token")).unwrap(), token);
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn https_serves_the_same_under_the_gateways_own_ca() {
    // A client that trusts ca.pem alone reaches /healthz over TLS by every name of the certificate.
    let mut options = options();
    options.public_hosts = vec!["push.example.com".to_owned()];
    let server = Server::start(options).await;
    let addresses = server.gateway.addresses();
    let port = addresses.https.rsplit_once(':').unwrap().1;
    let connector = TlsConnector::from(common::tls(&addresses.ca));
    for name in ["localhost", "127.0.0.1", "push.example.com"] {
        let stream = TcpStream::connect(format!("127.0.0.1:{port}")).await.unwrap();
        let mut stream = connector.connect(name.try_into().unwrap(), stream).await.unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn phones_are_told_the_first_public_host() {
    // What the registration answers carries that name, while gateway.json tells the machine's own address.
    let mut options = options();
    options.public_hosts = vec!["push.example.com".to_owned(), "other.example.com".to_owned()];
    let server = Server::start(options).await;
    let port = server.gateway.addresses().mqtt.rsplit_once(':').unwrap().1.to_owned();
    assert_eq!(server.register("phone").await.broker, format!("push.example.com:{port}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_broker_listens_on_several_ports_and_phones_are_told_all() {
    // In the order given; each serves, and gateway.json has the first.
    let mut options = options();
    options.mqtt.push(options.mqtt[0]);
    let server = Server::start(options).await;
    let mut phone = server.register("phone").await;
    assert_eq!(phone.brokers.len(), 2);
    assert_ne!(phone.brokers[0], phone.brokers[1]);
    assert_eq!(server.gateway.addresses().mqtt, format!("mqtts://{}", phone.brokers[0]));
    for broker in phone.brokers.clone() {
        phone.broker = broker;
        phone.connect().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_embedded_broker_without_an_address_is_refused() {
    // Nobody could reach it.
    let mut options = options();
    options.mqtt.clear();
    let error = Gateway::start(options).await.err().unwrap().to_string();
    assert!(error.contains("--mqtt"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named_with_its_option() {
    // The error says which address and which option to change.
    let first = Server::start(options()).await;
    let mut second = options();
    second.http = first.http.parse().unwrap();
    let error = Gateway::start(second).await.err().unwrap().to_string();
    assert!(error.contains(&first.http) && error.contains("--http"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_is_used_by_one_gateway_at_a_time() {
    // A second gateway in the same directory does not start, and leaves the first one's gateway.json alone.
    let options = options();
    let first = Server::start(options.clone()).await;
    let error = Gateway::start(options).await.err().unwrap().to_string();
    assert!(error.contains("another gateway is running"), "{error}");
    assert!(first.data.join("gateway.json").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_database_option_cannot_mean_is_said() {
    // A database that this build does not speak is refused by name.
    let mut options = options();
    options.database = Some("postgres://localhost/push".to_owned());
    let error = Gateway::start(options).await.err().unwrap().to_string();
    assert!(error.contains("--database") && error.contains("sqlite:"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_stops_ends_its_phones_connections() {
    // A phone learns at once that its gateway is gone, even where the process lives on.
    let server = Server::start(options()).await;
    let phone = server.register("phone").await;
    let mut client = phone.connect().await;
    server.gateway.stop().await;
    assert!(client.next(|_| None::<()>).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_and_health_are_for_everybody() {
    // Monitoring needs no token; what is elsewhere is not found.
    let server = Server::start(options()).await;
    let (status, _, body) = server.raw("GET /healthz HTTP/1.1\r\n", b"").await;
    assert_eq!((status, body.as_str()), (200, "ok\n"));
    let (status, _, body) = server.raw("GET /metrics HTTP/1.1\r\n", b"").await;
    assert!(status == 200 && body.contains("offpush_broker_connected"), "{body}");
    let (status, _, body) = server.raw("GET /.well-known/offpush HTTP/1.1\r\n", b"").await;
    assert_eq!((status, body.as_str()), (200, "offpush\n"), "what no captive portal answers");
    assert_eq!(server.raw("GET /nowhere HTTP/1.1\r\n", b"").await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_sent_request_does_not_hold_up_the_stop() {
    // One that never ends its head and one that never ends its body: both are cut off after two seconds.
    let server = Server::start(options()).await;
    let mut head = TcpStream::connect(&server.http).await.unwrap();
    head.write_all(b"POST /v3/message/all HTTP/1.1\r\nHost:").await.unwrap();
    let mut body = TcpStream::connect(&server.http).await.unwrap();
    let begun = b"POST /v1/register HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n";
    body.write_all(begun).await.unwrap();
    let mut answer = [0; 64];
    assert!(body.read(&mut answer).await.unwrap() > 0 && answer.starts_with(b"HTTP/1.1 100"), "it reads the body");
    let begin = std::time::Instant::now();
    server.gateway.stop().await;
    assert!(begin.elapsed() < std::time::Duration::from_secs(6), "{:?}", begin.elapsed());
    assert_eq!(head.read(&mut answer).await.unwrap_or(0), 0, "the connection is closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_address_says_where_the_api_is() {
    // gateway.json names it; a person who follows it finds the way, without a token.
    let server = Server::start(options()).await;
    for path in ["/console", "/console/"] {
        let (status, _, body) = server.raw(&format!("GET {path} HTTP/1.1\r\n"), b"").await;
        assert!(status == 200 && body.contains("/console/api/") && !body.contains(&server.token), "{body}");
    }
    assert_eq!(server.raw("GET /console/api/apps HTTP/1.1\r\n", b"").await.0, 401);
}
