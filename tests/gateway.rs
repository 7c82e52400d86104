//! A gateway, and what servers ask of it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::{fs, io};

use serde_json::{Value, json};

use crate::process::offpush;
use crate::{Http, HttpAnswer, Mosquitto, Place, Process, form, free_port, wait};

/// A gateway on ports of its own, which stay the same over restarts.
#[derive(Debug)]
pub struct Gateway {
    process: Option<Process>,
    data: PathBuf,
    log: PathBuf,
    http: u16,
    https: u16,
    mqtt: u16,
    place: Place,
    broker: Vec<String>,
    client: Mutex<Http>,
}

/// An app's keys, as the admin API gives them once.
#[derive(Debug, Clone)]
pub struct Account {
    /// The AppID, decimal.
    pub app_id: String,
    /// The AppKey.
    pub app_key: String,
    /// The AppSecret.
    pub app_secret: String,
    /// The IM side's number of the app.
    pub sdk_app_id: u64,
    /// Its package.
    pub package: String,
}

/// Whom a message is for.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// One or several regIds, comma-separated.
    RegId(&'a str),
    /// An alias.
    Alias(&'a str),
    /// An account.
    Account(&'a str),
    /// A topic.
    Topic(&'a str),
    /// Every device of the app.
    All,
}

impl Gateway {
    /// Starts one with its files in `data`, with the embedded broker or with `mosquitto`.
    pub fn start(data: PathBuf, mosquitto: Option<&Mosquitto>, place: Place) -> Self {
        let log = data.with_extension("log");
        let http = free_port();
        let client = Mutex::new(Http::new(&format!("127.0.0.1:{http}")));
        let (https, mqtt) = (free_port(), free_port());
        let mut gateway = Self { process: None, data, log, http, https, mqtt, place, broker: Vec::new(), client };
        if let Some(mosquitto) = mosquitto {
            gateway.use_broker(mosquitto);
        }
        gateway.start_again(&[]);
        gateway
    }

    /// From the next start on, this broker.
    pub fn use_broker(&mut self, mosquitto: &Mosquitto) {
        let credentials = mosquitto.credentials().display().to_string();
        self.broker = vec![
            "--broker".to_owned(),
            mosquitto.url(),
            "--broker-credentials".to_owned(),
            credentials,
            "--device-broker".to_owned(),
            mosquitto.device_url(),
        ];
    }

    /// From the next start on, phones are told this address of the external broker.
    pub fn tell_phones(&mut self, url: &str) {
        *self.broker.last_mut().expect("an external broker") = url.to_owned();
    }

    /// From the next start on, the embedded broker has another port.
    pub fn move_broker(&mut self) {
        self.mqtt = free_port();
    }

    /// Starts it with the same data and ports, and `more` arguments; returns when it serves and has its broker.
    pub fn start_again(&mut self, more: &[&str]) {
        self.launch(more);
        wait::until_true("the gateway is ready", wait::SOON, || {
            let process = self.process.as_mut().expect("just started");
            assert!(process.ended().is_none(), "the gateway ended: {}", process.log());
            self.get("/readyz").is_ok_and(|answer| answer.status == 200)
        });
    }

    /// Starts it without waiting for anything.
    pub fn launch(&mut self, more: &[&str]) {
        assert!(self.process.is_none(), "the gateway runs already");
        let mut command = offpush();
        command.arg("gateway").arg("--data").arg(&self.data);
        command.arg("--http").arg(format!("127.0.0.1:{}", self.http));
        for (option, port) in [("--https", self.https), ("--mqtt", self.mqtt)] {
            command.arg(option).arg(SocketAddr::new(self.place.listen, port).to_string());
        }
        if self.place != Place::default() {
            command.arg("--public-host").arg(self.place.host);
        }
        command.args(&self.broker).args(more);
        self.process = Some(Process::start(command, "the gateway", self.log.clone()));
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.take_process().kill();
    }

    /// Hands the process over, for a kill while others still call the gateway.
    pub fn take_process(&mut self) -> Process {
        self.process.take().expect("a running gateway")
    }

    /// SIGTERM.
    pub fn stop(&mut self) {
        let status = self.take_process().terminate();
        assert!(status.success(), "the gateway ended with {status}");
    }

    /// Its data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The URL phones register at.
    pub fn server(&self) -> String {
        format!("https://{}:{}", self.place.host, self.https)
    }

    /// Its plain HTTP port.
    pub fn http_port(&self) -> u16 {
        self.http
    }

    /// The port of its embedded broker.
    pub fn mqtt_port(&self) -> u16 {
        self.mqtt
    }

    /// The certificate of its own authority.
    pub fn authority(&self) -> PathBuf {
        self.data.join("ca.pem")
    }

    /// GET without credentials.
    pub fn get(&self, path: &str) -> io::Result<HttpAnswer> {
        self.request("GET", path, &[], b"")
    }

    /// Any request.
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<HttpAnswer> {
        self.client.lock().unwrap_or_else(std::sync::PoisonError::into_inner).request(method, path, headers, body)
    }

    /// A call of the admin API that works.
    pub fn admin(&self, method: &str, path: &str, body: &Value) -> Value {
        let token = fs::read_to_string(self.data.join("admin-token")).expect("the administrator's token");
        let bearer = format!("Bearer {}", token.trim());
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.request(method, &format!("/console/api/{path}"), &headers, body.as_bytes());
        let answer = answer.expect("the admin API answers");
        assert_eq!(answer.status, 200, "{method} {path}: {}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    /// Makes an app.
    pub fn create_app(&self, package: &str) -> Account {
        let made = self.admin("POST", "apps", &json!({ "package": package, "name": "A test" }));
        let text = |name: &str| made[name].as_str().unwrap_or_else(|| panic!("{name} in {made}")).to_owned();
        Account {
            app_id: text("appId"),
            app_key: text("appKey"),
            app_secret: text("appSecret"),
            sdk_app_id: made["sdkAppId"].as_u64().expect("an integer"),
            package: package.to_owned(),
        }
    }

    /// Adds a certificate whose click opens the app.
    pub fn create_certificate(&self, app: &Account) -> u64 {
        let made = self.admin("POST", "certificates", &json!({ "appId": app.app_id, "click": { "type": "app" } }));
        made["certificateId"].as_u64().expect("a number")
    }

    /// A user's ticket.
    pub fn user_sig(&self, app: &Account, user: &str) -> String {
        let made = self.admin("POST", "usersig", &json!({ "sdkAppId": app.sdk_app_id, "user": user }));
        let ticket = made.as_str().or(made["userSig"].as_str()).or(made["usersig"].as_str());
        ticket.unwrap_or_else(|| panic!("no ticket in {made}")).to_owned()
    }

    /// One call of the Mi Push API; returns its answer.
    pub fn push_call(&self, app: &Account, target: Target<'_>, fields: &[(&str, &str)]) -> io::Result<Value> {
        let (path, to) = match target {
            Target::RegId(value) => ("/v3/message/regid", Some(("registration_id", value))),
            Target::Alias(value) => ("/v3/message/alias", Some(("alias", value))),
            Target::Account(value) => ("/v2/message/user_account", Some(("user_account", value))),
            Target::Topic(value) => ("/v3/message/topic", Some(("topic", value))),
            Target::All => ("/v3/message/all", None),
        };
        let mut all = vec![("restricted_package_name", app.package.as_str())];
        all.extend(to);
        all.extend_from_slice(fields);
        let key = format!("key={}", app.app_secret);
        let headers = [("Authorization", key.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
        Ok(self.request("POST", path, &headers, form(&all).as_bytes())?.json())
    }

    /// Pushes a notification with this title; returns the message's id.
    pub fn push(&self, app: &Account, target: Target<'_>, title: &str) -> String {
        self.push_with(app, target, &[("title", title), ("description", "a text"), ("payload", "content")])
    }

    /// Pushes what these fields say; returns the message's id.
    pub fn push_with(&self, app: &Account, target: Target<'_>, fields: &[(&str, &str)]) -> String {
        let answer = self.push_call(app, target, fields).expect("the push API answers");
        assert_eq!(answer["code"], 0, "{answer}");
        answer["data"]["id"].as_str().unwrap_or_else(|| panic!("no id in {answer}")).to_owned()
    }

    /// One call of the IM side's REST API, as its administrator; returns its answer.
    pub fn im_call(&self, app: &Account, command: &str, body: &Value) -> Value {
        let ticket = self.user_sig(app, "administrator");
        let query = form(&[
            ("sdkappid", &app.sdk_app_id.to_string()),
            ("identifier", "administrator"),
            ("usersig", &ticket),
            ("random", "1"),
            ("contenttype", "json"),
        ]);
        let answer = self.request("POST", &format!("/v4/{command}?{query}"), &[], body.to_string().as_bytes());
        answer.expect("the IM API answers").json()
    }

    /// Sends an IM message with this text and `OfflinePushInfo`.
    pub fn send_im(&self, app: &Account, user: &str, text: &str, offline_push_info: Value) -> Value {
        let random = u32::from_ne_bytes(*text.as_bytes().first_chunk().unwrap_or(&[1, 2, 3, 4]));
        self.im_call(
            app,
            "openim/sendmsg",
            &json!({
                "SyncOtherMachine": 2,
                "To_Account": user,
                "MsgRandom": random,
                "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }],
                "OfflinePushInfo": offline_push_info,
            }),
        )
    }

    /// The path of a message, step by step.
    pub fn message(&self, id: &str) -> Value {
        self.admin("GET", &format!("messages/{id}"), &Value::Null)
    }

    /// A program that runs beside it, such as `offpush status`.
    pub fn tool(&self) -> Command {
        offpush()
    }
}
