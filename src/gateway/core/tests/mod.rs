//! The rules, each driven step by step: a real database, a broker that only records, a clock that is moved by hand.

mod bindings;
mod commands;
mod epochs;
mod fan_out;
mod hello;
mod im;
mod load;
mod numbering;
mod path;
mod register;
mod running;
mod time;

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use offpush_wire::{Command, Have, Hello, Receipt, ReceiptKind, RegisterAnswer, RegisterRequest, Up, UpFrame};
use serde_json::Value;

use super::*;
use crate::files::tests::directory;

/// 2026-01-01 00:00 UTC.
const START: i64 = 1_767_225_600_000;
const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const PACKAGE: &str = "com.example.app";

struct ManualClock(AtomicI64);

impl Clock for ManualClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

#[derive(Default)]
struct FakeBroker {
    frames: Mutex<Vec<(String, Value)>>,
    devices: Mutex<Vec<(String, String)>>,
    down: AtomicBool,
}

#[async_trait]
impl Broker for FakeBroker {
    async fn publish(&self, reg_id: &str, frame: Vec<u8>) -> Result<(), BrokerError> {
        if self.down.load(Ordering::SeqCst) {
            return Err(BrokerError("down".into()));
        }
        self.frames.lock().unwrap().push((reg_id.to_owned(), serde_json::from_slice(&frame).unwrap()));
        Ok(())
    }

    async fn put_device(&self, reg_id: &str, secret: &str) -> Result<(), BrokerError> {
        if self.down.load(Ordering::SeqCst) {
            return Err(BrokerError("down".into()));
        }
        self.devices.lock().unwrap().push((reg_id.to_owned(), secret.to_owned()));
        Ok(())
    }

    async fn remove_device(&self, reg_id: &str) -> Result<(), BrokerError> {
        self.devices.lock().unwrap().retain(|(device, _)| device != reg_id);
        Ok(())
    }
}

/// A gateway with one app, without background tasks.
struct Bench {
    core: Core,
    broker: Arc<FakeBroker>,
    clock: Arc<ManualClock>,
    /// Those of each start; the last is in use.
    directories: Vec<PathBuf>,
    app: NewApp,
    name: String,
}

impl Bench {
    async fn new(name: &str) -> Self {
        let directory = directory(&format!("core-{name}"));
        let clock = Arc::new(ManualClock(AtomicI64::new(START)));
        let broker = Arc::new(FakeBroker::default());
        let core = open(&directory, &broker, &clock).await;
        let app = core.create_app(PACKAGE, "Example").await.unwrap();
        Self { core, broker, clock, directories: vec![directory], app, name: name.into() }
    }

    /// The gateway ends without a farewell and another one starts on what is on the disk at this moment.
    async fn restart(&mut self) {
        let next = directory(&format!("core-{}-{}", self.name, self.directories.len()));
        for file in std::fs::read_dir(self.directories.last().unwrap()).unwrap() {
            let file = file.unwrap();
            // SQLite's shared memory is gone with the process.
            if !file.file_name().to_string_lossy().ends_with("-shm") {
                std::fs::copy(file.path(), next.join(file.file_name())).unwrap();
            }
        }
        self.core = open(&next, &self.broker, &self.clock).await;
        self.directories.push(next);
    }

    fn pass(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// Does the work that waits.
    async fn settle(&self) {
        while let Some((device, again)) = self.core.0.work.pop() {
            self.core.deliver(device, again).await.unwrap();
        }
    }

    async fn tick(&self) {
        self.core.tick().await.unwrap();
        self.settle().await;
    }

    /// The frames published since the last call, to anybody.
    fn frames(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.broker.frames.lock().unwrap())
    }

    async fn register(&self, name: &str) -> (RegisterRequest, RegisterAnswer) {
        let request = request(&self.app, name);
        let answer = self.core.register(&request, PEER).await;
        (request, answer)
    }

    /// A phone that has registered and said hello.
    async fn phone(&self, name: &str) -> Phone {
        let mut phone = self.absent_phone(name).await;
        phone.hello(self).await;
        self.frames();
        phone
    }

    /// A phone that has only registered and logged in.
    async fn absent_phone(&self, name: &str) -> Phone {
        let (request, answer) = self.register(name).await;
        assert_eq!(answer.code, 0, "{answer:?}");
        let reg_id = answer.reg_id.unwrap();
        assert!(self.core.authenticate_device(&reg_id, &request.secret).await);
        Phone {
            reg_id,
            outbox: format!("outbox-{name}"),
            sent: 0,
            connections: 0,
            connection: String::new(),
            have: None,
        }
    }

    async fn push(&self, phone: &Phone, title: &str) -> String {
        let message = NewMessage { title: title.into(), description: "text".into(), ..NewMessage::default() };
        self.push_to(message, Targets::RegIds(vec![phone.reg_id.clone()])).await
    }

    async fn push_to(&self, message: NewMessage, targets: Targets) -> String {
        let id = self.core.accept(&self.app.app_id, message, targets).await.unwrap().message_id;
        self.settle().await;
        id
    }

    fn sig(&self, user: &str) -> String {
        crate::usersig::make_user_sig(self.app.sdk_app_id, &self.app.im_secret_key, user, 3600, self.core.now() / 1000)
    }

    fn count(&self, name: &str, label: &str) -> u64 {
        self.core.counters().iter().find(|(n, l, _)| (*n, *l) == (name, label)).map_or(0, |(.., count)| *count)
    }

    async fn number(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(self.core.0.db.readers()).await.unwrap()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        for directory in &self.directories {
            let _ = std::fs::remove_dir_all(directory);
        }
    }
}

async fn open(directory: &std::path::Path, broker: &Arc<FakeBroker>, clock: &Arc<ManualClock>) -> Core {
    let options = CoreOptions {
        db: Db::open(&directory.join("gateway.db")).await.unwrap(),
        broker: broker.clone(),
        clock: clock.clone(),
        secrets: Arc::new(Secrets::open_or_make(directory).unwrap()),
        topic_prefix: "op".into(),
        device_brokers: vec!["mqtts://broker.example:8883".into()],
        reconnect_rate: 2,
    };
    Core::new(options).await.unwrap().0
}

fn request(app: &NewApp, name: &str) -> RegisterRequest {
    RegisterRequest {
        request_id: format!("request-{name}{}", "-".repeat(35 - name.len())),
        secret: format!("secret--{name}{}", "-".repeat(35 - name.len())),
        app_id: app.app_id.clone(),
        app_key: app.app_key.clone(),
        package: PACKAGE.into(),
        reg_id: None,
        version: "offpush/test".into(),
    }
}

/// What a phone remembers.
struct Phone {
    reg_id: String,
    outbox: String,
    sent: u64,
    connections: u32,
    connection: String,
    have: Option<Have>,
}

impl Phone {
    /// Connects anew and says hello with the mark it has.
    async fn hello(&mut self, bench: &Bench) -> Vec<Value> {
        self.hello_with(bench, None).await
    }

    async fn hello_with(&mut self, bench: &Bench, id_of_up_to: Option<&str>) -> Vec<Value> {
        self.connections += 1;
        self.connection = format!("connection-{}", self.connections);
        let mut frame = UpFrame::new(&self.outbox);
        frame.have = self.have.clone();
        frame.hello = Some(Hello {
            connection: self.connection.clone(),
            id_of_up_to: id_of_up_to.map(str::to_owned),
            version: "offpush/test".into(),
            network: Some("wifi".into()),
            heartbeat: Some(240),
        });
        let frames = self.raw(bench, &frame.encode()).await;
        let epoch = frames[0]["epoch"].as_str().unwrap().to_owned();
        if self.have.as_ref().is_none_or(|have| have.epoch != epoch) {
            self.have = Some(Have { epoch, up_to: 0 });
        }
        frames
    }

    /// Takes entries up to this number and says so.
    async fn mark(&mut self, bench: &Bench, up_to: u64) -> Vec<Value> {
        self.have.as_mut().unwrap().up_to = up_to;
        let mut frame = UpFrame::new(&self.outbox);
        frame.have = self.have.clone();
        self.raw(bench, &frame.encode()).await
    }

    /// The connection ends without a word.
    async fn gone(&self, bench: &Bench) {
        self.gone_of(bench, &self.connection).await;
    }

    async fn gone_of(&self, bench: &Bench, connection: &str) {
        let mut frame = UpFrame::new(&self.outbox);
        frame.gone = Some(offpush_wire::Gone { connection: connection.into() });
        self.raw(bench, &frame.encode()).await;
    }

    /// Sends one entry under the next number.
    async fn send(&mut self, bench: &Bench, content: Up) -> Vec<Value> {
        self.sent += 1;
        let mut frame = UpFrame::new(&self.outbox);
        frame.entries = vec![offpush_wire::Entry { n: self.sent, id: String::new(), content }];
        self.raw(bench, &frame.encode()).await
    }

    /// Sends a command; the code of its result. Takes everything up to it.
    async fn command(&mut self, bench: &Bench, command: Command) -> i64 {
        let frames = self.send(bench, Up::Command(command)).await;
        let entry = &frames.last().unwrap()["entries"][0];
        assert_eq!(entry["kind"], "result", "{frames:?}");
        assert_eq!(entry["body"]["n"], self.sent);
        let code = entry["body"]["code"].as_i64().unwrap();
        self.mark(bench, entry["n"].as_u64().unwrap()).await;
        code
    }

    async fn receipt(&mut self, bench: &Bench, id: &str, what: ReceiptKind) {
        let at = bench.core.now();
        self.send(bench, Up::Receipt(Receipt { id: id.into(), what, reason: None, at })).await;
    }

    /// Sends bytes as they are; what this phone is published then.
    async fn raw(&self, bench: &Bench, payload: &[u8]) -> Vec<Value> {
        bench.frames();
        bench.core.handle_uplink(&self.reg_id, payload.to_vec()).await;
        self.got(bench)
    }

    /// What this phone was published since the last look.
    fn got(&self, bench: &Bench) -> Vec<Value> {
        bench.frames().into_iter().filter(|(reg_id, _)| *reg_id == self.reg_id).map(|(_, frame)| frame).collect()
    }
}

/// The numbers of the entries in these frames.
fn numbers(frames: &[Value]) -> Vec<u64> {
    entries(frames).iter().map(|entry| entry["n"].as_u64().unwrap()).collect()
}

fn entries(frames: &[Value]) -> Vec<Value> {
    frames.iter().flat_map(|frame| frame["entries"].as_array().cloned().unwrap_or_default()).collect()
}

/// The titles of the messages in these frames, or else their kinds.
fn titles(frames: &[Value]) -> Vec<String> {
    let title = |entry: &Value| entry["body"]["title"].as_str().or(entry["kind"].as_str()).unwrap().to_owned();
    entries(frames).iter().map(title).collect()
}
