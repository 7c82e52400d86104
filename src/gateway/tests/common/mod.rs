//! A gateway on free ports, and small clients to speak to it.

#![allow(dead_code, reason = "each test file uses its part")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use offpush_gateway::{Gateway, Options};
use offpush_wire::{Hello, UpFrame};
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, Packet};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions};
use rumqttc::{TlsConfiguration, Transport};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Nothing on loopback takes this long.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

static DIRECTORIES: AtomicU32 = AtomicU32::new(0);

/// A new directory for one test.
pub(crate) fn directory() -> PathBuf {
    let number = DIRECTORIES.fetch_add(1, Ordering::Relaxed);
    let name = std::env::current_exe().unwrap().file_name().unwrap().to_string_lossy().into_owned();
    let path = std::env::temp_dir().join(format!("offpush-{name}-{}-{number}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// Options with free ports.
pub(crate) fn options() -> Options {
    let mut options = Options::new(directory());
    for address in [&mut options.http, &mut options.https].into_iter().chain(&mut options.mqtt) {
        address.set_port(0);
    }
    options
}

/// A gateway with one app.
pub(crate) struct Server {
    pub(crate) gateway: Gateway,
    pub(crate) data: PathBuf,
    /// Host and port of plain HTTP.
    pub(crate) http: String,
    pub(crate) token: String,
    /// The app, as the console API gave it.
    pub(crate) app: Value,
}

pub(crate) const PACKAGE: &str = "com.example.app";

impl Server {
    pub(crate) async fn start(options: Options) -> Self {
        let data = options.data.clone();
        let gateway = Gateway::start(options).await.unwrap();
        let http = gateway.addresses().http.strip_prefix("http://").unwrap().to_owned();
        let token = std::fs::read_to_string(data.join("admin-token")).unwrap();
        let mut server = Self { gateway, data, http, token, app: Value::Null };
        server.app = server.console("POST", "apps", Some(json!({ "package": PACKAGE, "name": "test" }))).await.1;
        server
    }

    /// A call of the console API.
    pub(crate) async fn console(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let head = format!("{method} /console/api/{path} HTTP/1.1\r\nAuthorization: Bearer {}\r\n", self.token);
        let (status, _, body) = self.raw(&head, body.as_bytes()).await;
        (status, serde_json::from_str(&body).unwrap())
    }

    /// Sends a request whose head lacks Host, Connection and Content-Length.
    pub(crate) async fn raw(&self, head: &str, body: &[u8]) -> (u16, String, String) {
        let head = format!("{head}Host: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
        self.bytes(&[head.as_bytes(), body].concat()).await
    }

    /// Sends these bytes; gives status, head and body.
    pub(crate) async fn bytes(&self, request: &[u8]) -> (u16, String, String) {
        let mut stream = TcpStream::connect(&self.http).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        tokio::time::timeout(DEADLINE, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_owned(), body.to_owned())
    }

    /// A call of the Mi Push API.
    pub(crate) async fn mi(&self, path: &str, form: &str) -> Value {
        let secret = self.app["appSecret"].as_str().unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nAuthorization: key={secret}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        );
        let (status, head, body) = self.raw(&head, form.as_bytes()).await;
        assert_eq!(status, 200, "{path} {form}: {body}");
        assert!(!head.to_ascii_lowercase().contains("x-push-host-list"), "{head}");
        serde_json::from_str(&body).unwrap()
    }

    /// A ticket for this user.
    pub(crate) async fn user_sig(&self, user: &str) -> String {
        let body = json!({ "sdkAppId": self.app["sdkAppId"], "user": user });
        let (status, answer) = self.console("POST", "usersig", Some(body)).await;
        assert_eq!(status, 200, "{answer}");
        answer["userSig"].as_str().unwrap().to_owned()
    }

    /// Registers a device; `name` tells request id and secret apart from others.
    pub(crate) async fn register(&self, name: &str) -> Device {
        self.register_again(name, None).await
    }

    /// The same with the regId that this request gave before, as a phone does that has lost contact.
    pub(crate) async fn register_again(&self, name: &str, reg_id: Option<&str>) -> Device {
        let secret = format!("s{name:A<42}");
        let request = json!({
            "requestId": format!("r{name:A<42}"),
            "secret": secret,
            "appId": self.app["appId"],
            "appKey": self.app["appKey"],
            "package": PACKAGE,
            "regId": reg_id,
            "version": "test/1",
        });
        let (status, _, body) = self.raw("POST /v1/register HTTP/1.1\r\n", request.to_string().as_bytes()).await;
        let answer: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &answer["code"]), (200, &json!(0)), "{answer}");
        let brokers = answer["brokers"].as_array().unwrap().iter();
        let brokers: Vec<_> =
            brokers.map(|url| url.as_str().unwrap().strip_prefix("mqtts://").unwrap().to_owned()).collect();
        Device {
            reg_id: answer["regId"].as_str().unwrap().to_owned(),
            secret,
            broker: brokers[0].clone(),
            brokers,
            ca: self.gateway.addresses().ca.clone(),
        }
    }
}

/// What a registered phone knows.
#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) reg_id: String,
    pub(crate) secret: String,
    /// Host and port of each broker, as it was told.
    pub(crate) brokers: Vec<String>,
    /// The one it connects to.
    pub(crate) broker: String,
    pub(crate) ca: PathBuf,
}

impl Device {
    /// How it connects.
    pub(crate) fn options(&self) -> MqttOptions {
        let (host, port) = self.broker.rsplit_once(':').unwrap();
        let mut options = MqttOptions::new(&self.reg_id, host, port.parse().unwrap());
        options.set_credentials(&self.reg_id, &self.secret).set_keep_alive(Duration::from_secs(60));
        options.set_transport(Transport::Tls(TlsConfiguration::Rustls(tls(&self.ca))));
        options
    }

    pub(crate) async fn connect(&self) -> Client {
        Client::connect(self.options()).await.unwrap()
    }

    pub(crate) fn down(&self) -> String {
        format!("op/d/{}", self.reg_id)
    }

    pub(crate) fn up(&self) -> String {
        format!("op/u/{}", self.reg_id)
    }
}

/// The first frame of a connection, as phones send it.
pub(crate) fn hello(connection: &str) -> Vec<u8> {
    let mut frame = UpFrame::new("outbox-of-the-test");
    frame.hello = Some(Hello {
        connection: connection.to_owned(),
        id_of_up_to: None,
        version: "test/1".to_owned(),
        network: None,
        heartbeat: None,
    });
    frame.encode()
}

/// A TLS client that trusts this CA alone.
pub(crate) fn tls(ca: &std::path::Path) -> Arc<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

/// A connected MQTT 5 client, driven step by step.
pub(crate) struct Client {
    pub(crate) client: AsyncClient,
    pub(crate) event_loop: EventLoop,
}

impl Client {
    /// Connects, or tells with which code it was refused.
    pub(crate) async fn connect(options: MqttOptions) -> Result<Self, ConnectReturnCode> {
        let (client, mut event_loop) = AsyncClient::new(options, 100);
        match tokio::time::timeout(DEADLINE, event_loop.poll()).await.unwrap() {
            Ok(Event::Incoming(Packet::ConnAck(_))) => Ok(Self { client, event_loop }),
            Err(ConnectionError::ConnectionRefused(code)) => Err(code),
            other => panic!("neither accepted nor refused: {other:?}"),
        }
    }

    /// The next packet that `wanted` takes; `None` when the connection ends before one comes.
    pub(crate) async fn next<T>(&mut self, mut wanted: impl FnMut(Packet) -> Option<T>) -> Option<T> {
        let search = async {
            loop {
                match self.event_loop.poll().await {
                    Ok(Event::Incoming(packet)) => {
                        if let Some(found) = wanted(packet) {
                            return Some(found);
                        }
                    }
                    Ok(Event::Outgoing(_)) => {}
                    Err(_) => return None,
                }
            }
        };
        tokio::time::timeout(DEADLINE, search).await.expect("nothing came")
    }
}
