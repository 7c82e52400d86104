//! The gateway as app servers and its administrator see it: plain HTTP on loopback.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use offpush_inspect::Command;
use serde_json::{Value, json};

use super::processes::wait_for;
use crate::Failure;

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A gateway's addresses and its administrator's token.
#[derive(Clone)]
pub(super) struct Gateway {
    pub(super) http: String,
    pub(super) https: String,
    pub(super) mqtt: String,
    pub(super) ca: String,
    token: String,
}

/// An app with its keys and its certificate.
#[derive(Clone)]
pub(super) struct App {
    pub(super) app_id: String,
    pub(super) app_key: String,
    pub(super) app_secret: String,
    pub(super) package: String,
    pub(super) sdk_app_id: u32,
    pub(super) im_secret_key: String,
    pub(super) certificate: u64,
}

impl Gateway {
    pub(super) fn new(data: &Path, description: &Value) -> Result<Self, Failure> {
        let text = |name: &str| {
            description[name].as_str().map(str::to_owned).ok_or_else(|| format!("gateway.json has no {name}"))
        };
        Ok(Self {
            http: text("http")?,
            https: text("https")?,
            mqtt: text("mqtt")?,
            ca: text("ca")?,
            token: std::fs::read_to_string(data.join("admin-token"))?.trim().to_owned(),
        })
    }

    /// Where it listens: HTTP, HTTPS, MQTT.
    pub(super) fn addresses(&self) -> [String; 3] {
        [&self.http, &self.https, &self.mqtt]
            .map(|url| url.split_once("://").map_or(url.as_str(), |(_, rest)| rest).trim_end_matches('/').to_owned())
    }

    /// One request; gives the JSON answer.
    fn request(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Result<Value, Failure> {
        let [address, ..] = self.addresses();
        let mut stream = TcpStream::connect(&address)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
            body.len()
        )?;
        stream.write_all(body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8(answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("the gateway's answer has no end of headers")?;
        serde_json::from_str(body).map_err(|error| {
            format!("{method} {path}: {} is no JSON answer: {error}", head.lines().next().unwrap_or_default()).into()
        })
    }

    fn console(&self, method: &str, path: &str, body: &Value) -> Result<Value, Failure> {
        let headers = format!("Authorization: Bearer {}\r\nContent-Type: application/json\r\n", self.token);
        let body = if method == "GET" { Vec::new() } else { serde_json::to_vec(body)? };
        let answer = self.request(method, &format!("/console/api/{path}"), &headers, &body)?;
        match answer["error"].as_str() {
            Some(error) => Err(format!("{method} {path}: {error}").into()),
            None => Ok(answer),
        }
    }

    /// Step 1: an app and its certificate.
    pub(super) fn create_app(&self, package: &str) -> Result<App, Failure> {
        let app = self.console("POST", "apps", &json!({ "package": package, "name": "Demo" }))?;
        let text = |name: &str| app[name].as_str().map(str::to_owned).ok_or_else(|| format!("the app has no {name}"));
        let app_id = text("appId")?;
        let click = json!({ "appId": app_id, "click": { "type": "app" } });
        let certificate = self.console("POST", "certificates", &click)?;
        Ok(App {
            app_key: text("appKey")?,
            app_secret: text("appSecret")?,
            package: package.to_owned(),
            sdk_app_id: app["sdkAppId"].as_u64().and_then(|id| id.try_into().ok()).ok_or("the app has no sdkAppId")?,
            im_secret_key: text("imSecretKey")?,
            certificate: certificate["certificateId"].as_u64().ok_or("there is no certificateId")?,
            app_id,
        })
    }

    /// A push to one regId through the Mi Push API; gives the message's id.
    pub(super) fn push(&self, app: &App, reg_id: &str, title: &str, text: &str) -> Result<String, Failure> {
        let form = form(&[
            ("registration_id", reg_id),
            ("restricted_package_name", &app.package),
            ("title", title),
            ("description", text),
            ("payload", "payload of the demo"),
            ("pass_through", "0"),
            ("notify_type", "-1"),
            ("extra.ext", "ext content"),
        ]);
        let headers = format!(
            "Authorization: key={}\r\nContent-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n",
            app.app_secret
        );
        let answer = self.request("POST", "/v3/message/regid", &headers, form.as_bytes())?;
        let id = answer["data"]["id"].as_str().filter(|_| answer["code"] == 0);
        id.map(str::to_owned).ok_or_else(|| format!("the push was refused: {answer}").into())
    }

    /// The user's ticket, made as existing server code makes it.
    pub(super) fn user_sig(app: &App, user: &str) -> Result<String, Failure> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
        Ok(offpush_gateway::make_user_sig(app.sdk_app_id, &app.im_secret_key, user, 86_400, now.try_into()?))
    }

    /// What the app reports after the log-in.
    pub(super) fn token_report(app: &App, user: &str) -> Result<Command, Failure> {
        Ok(Command::ReportToken {
            certificate: app.certificate,
            user: user.to_owned(),
            sig: Self::user_sig(app, user)?,
        })
    }

    fn im(&self, app: &App, command: &str, body: &Value) -> Result<Value, Failure> {
        let sig = Self::user_sig(app, "administrator")?;
        let path = format!(
            "/v4/{command}?sdkappid={}&identifier=administrator&usersig={}&random={}&contenttype=json",
            app.sdk_app_id,
            encode(&sig),
            std::process::id()
        );
        let answer = self.request("POST", &path, "Content-Type: application/json\r\n", &serde_json::to_vec(body)?)?;
        if answer["ActionStatus"] == "OK" { Ok(answer) } else { Err(format!("{command} was refused: {answer}").into()) }
    }

    /// An IM message to a user, without a title.
    pub(super) fn send_im(&self, app: &App, user: &str, text: &str) -> Result<(), Failure> {
        let body = json!({
            "SyncOtherMachine": 2,
            "From_Account": "administrator",
            "To_Account": user,
            "MsgRandom": random(),
            "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }],
            "OfflinePushInfo": { "PushFlag": 0, "Desc": text, "Ext": "{\"entity\":{\"from\":\"demo\"}}" },
        });
        self.im(app, "openim/sendmsg", &body).map(drop)
    }

    /// Forces the user offline.
    pub(super) fn kick(&self, app: &App, user: &str) -> Result<(), Failure> {
        self.im(app, "im_open_login_svc/kick", &json!({ "UserID": user })).map(drop)
    }

    /// Waits until the gateway knows that the message reached these steps.
    pub(super) fn wait_steps(&self, id: &str, wanted: &[&str]) -> Result<(), Failure> {
        wait_for(&format!("{} of message {id} at the gateway", wanted.join(", ")), || {
            let path = self.console("GET", &format!("messages/{id}"), &Value::Null)?;
            let steps = path["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
            let has = |step: &&str| steps.iter().any(|known| known["step"] == **step);
            Ok(wanted.iter().all(has).then_some(()))
        })
    }
}

/// Two requests of one process must not carry the same `MsgRandom`.
fn random() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

/// Percent-encoding of everything but unreserved characters (RFC 3986 §2.3).
fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
