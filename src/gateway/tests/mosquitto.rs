//! An external broker: Debian's mosquitto with its dynamic security, as docs/mosquitto.md sets it up.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{Client, DEADLINE, Device, Server, directory, hello, options};
use offpush_gateway::ExternalBroker;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, Packet, PubAckReason, SubscribeReasonCode};

const USER: &str = "gateway";
const PASSWORD: &str = "secret of the test";

/// A mosquitto of its own, ended with the test.
struct Mosquitto {
    directory: PathBuf,
    port: u16,
    process: Option<Child>,
}

impl Mosquitto {
    fn start() -> Self {
        let directory = directory();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &ca).unwrap();
        fs::write(directory.join("ca.pem"), ca.pem()).unwrap();
        fs::write(directory.join("leaf.pem"), leaf.pem()).unwrap();
        fs::write(directory.join("leaf.key"), key.serialize_pem()).unwrap();
        let template = include_str!("../../../docs/mosquitto.conf");
        let path = directory.display().to_string();
        let configuration = template
            .replace("8883", &format!("{port} 127.0.0.1"))
            .replace("/etc/mosquitto/certs", &path)
            .replace("/var/lib/mosquitto", &path);
        fs::write(directory.join("mosquitto.conf"), format!("{configuration}\nuser root\n")).unwrap();
        let mut mosquitto = Self { directory, port, process: None };
        mosquitto.wipe();
        mosquitto.run();
        mosquitto
    }

    /// Sets the file of users and roles back to the administrator alone.
    fn wipe(&self) {
        let file = self.directory.join("dynamic-security.json");
        let _ = fs::remove_file(&file);
        let init = Command::new("mosquitto_ctrl").args(["dynsec", "init"]).arg(&file).args([USER, PASSWORD]).output();
        let init = init.expect("mosquitto_ctrl is needed: install the package mosquitto");
        assert!(init.status.success(), "{init:?}");
    }

    fn run(&mut self) {
        let process = Command::new("/usr/sbin/mosquitto")
            .arg("-c")
            .arg(self.directory.join("mosquitto.conf"))
            .stdout(Stdio::null())
            .stderr(fs::File::create(self.directory.join("log")).unwrap())
            .spawn();
        self.process = Some(process.expect("mosquitto is needed: install the package mosquitto"));
    }

    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    fn options(&self) -> offpush_gateway::Options {
        let mut options = options();
        let credentials = self.directory.join("credentials");
        fs::write(&credentials, format!("{USER}\n{PASSWORD}\n")).unwrap();
        fs::copy(self.directory.join("ca.pem"), options.data.join("broker-ca.pem")).unwrap();
        let url = format!("mqtts://127.0.0.1:{}", self.port);
        options.broker = Some(ExternalBroker { url, credentials, device_urls: Vec::new() });
        options
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Waits until the gateway has its connection to the broker.
async fn ready(server: &Server) {
    let ready = async {
        while server.raw("GET /readyz HTTP/1.1\r\n", b"").await.0 != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DEADLINE, ready).await.unwrap();
}

async fn device(server: &Server, name: &str, ca: &Path) -> Device {
    Device { ca: ca.to_owned(), ..server.register(name).await }
}

/// Says hello and waits for its answer.
async fn is_served(client: &mut Client, device: &Device) {
    client.client.subscribe(device.down(), QoS::AtLeastOnce).await.unwrap();
    client.client.publish(device.up(), QoS::AtLeastOnce, false, hello("c1")).await.unwrap();
    let frame = client.next(|packet| match packet {
        Packet::Publish(publish) => Some(publish.payload),
        _ => None,
    });
    let frame = String::from_utf8(frame.await.unwrap().to_vec()).unwrap();
    assert!(frame.contains("c1"), "{frame}");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_mosquitto_a_device_reaches_its_two_topics_and_nothing_else() {
    // The gateway gives itself the access it needs, and each device a role of its own.
    let mosquitto = Mosquitto::start();
    let server = Server::start(mosquitto.options()).await;
    ready(&server).await;
    let ca = mosquitto.directory.join("ca.pem");
    let first = device(&server, "first", &ca).await;
    let second = device(&server, "second", &ca).await;
    assert_eq!(first.broker, format!("127.0.0.1:{}", mosquitto.port));

    let mut client = first.connect().await;
    is_served(&mut client, &first).await;
    for filter in [second.down().as_str(), "#", "op/#", "op/d/+", "$share/x/op/d/+", "$CONTROL/#"] {
        client.client.subscribe(filter, QoS::AtLeastOnce).await.unwrap();
        let codes = client.next(|packet| match packet {
            Packet::SubAck(ack) => Some(ack.return_codes),
            _ => None,
        });
        assert_eq!(codes.await.unwrap(), [SubscribeReasonCode::NotAuthorized], "{filter}");
    }
    for topic in [second.down(), second.up(), first.down(), "$CONTROL/dynamic-security/v1".to_owned()] {
        client.client.publish(&topic, QoS::AtLeastOnce, false, "{}").await.unwrap();
        let reason = client.next(|packet| match packet {
            Packet::PubAck(ack) => Some(ack.reason),
            _ => None,
        });
        assert_eq!(reason.await.unwrap(), PubAckReason::NotAuthorized, "{topic}");
    }
    let mut stolen = first.options();
    stolen.set_client_id("another".to_owned());
    assert!(Client::connect(stolen).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_was_wiped_is_filled_again_by_the_phones() {
    // The gateway comes back by itself; a phone that is refused registers again with the same request and is let in.
    let mut mosquitto = Mosquitto::start();
    let server = Server::start(mosquitto.options()).await;
    ready(&server).await;
    let ca = mosquitto.directory.join("ca.pem");
    let phone = device(&server, "phone", &ca).await;
    is_served(&mut phone.connect().await, &phone).await;

    mosquitto.stop();
    mosquitto.wipe();
    mosquitto.run();
    ready(&server).await;
    let refused = Client::connect(phone.options()).await.err().expect("a wiped broker knows nobody");
    assert!(matches!(refused, ConnectReturnCode::NotAuthorized | ConnectReturnCode::BadUserNamePassword));

    let again = Device { ca, ..server.register_again("phone", Some(&phone.reg_id)).await };
    assert_eq!(again.reg_id, phone.reg_id);
    is_served(&mut again.connect().await, &again).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_left_without_a_word_is_known_to_be_gone_with_the_next_frame() {
    // mosquitto answers a PUBLISH that nobody gets with 0x10; the message waits for the next hello then.
    let mosquitto = Mosquitto::start();
    let server = Server::start(mosquitto.options()).await;
    ready(&server).await;
    let phone = device(&server, "phone", &mosquitto.directory.join("ca.pem")).await;
    let mut connection = phone.connect().await;
    is_served(&mut connection, &phone).await;
    let path = format!("devices/{}", phone.reg_id);
    assert_eq!(server.console("GET", &path, None).await.1["connected"], true);

    // It has no will.
    drop(connection);
    let gone = async {
        while server.console("GET", &path, None).await.1["connected"] == true {
            let form = format!("registration_id={}&title=t&description=d", phone.reg_id);
            assert_eq!(server.mi("/v3/message/regid", &form).await["code"], 0);
        }
    };
    tokio::time::timeout(DEADLINE, gone).await.unwrap();
    let mut connection = phone.connect().await;
    is_served(&mut connection, &phone).await;
    assert_eq!(server.console("GET", &path, None).await.1["connected"], true);
}
