//! A daemon that has registered, at a broker that knows it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use offpush_tests::net::Relay;
use offpush_tests::{App, Process, Scratch, free_port, wait};
use offpush_wire::RegisterAnswer;
use serde_json::{Value, json};

use crate::Failure;
use crate::broker::{Broker, Ports};
use crate::certificates::Certificates;
use crate::registrar::Registrar;
use crate::stand_in::StandIn;

/// The regId of the one device; that a real one is random changes nothing here.
const REG_ID: &str = "benchbenchbenchbenchbenchbenchbenchbenchben";

/// Broker, stand-in and the files of a registered phone. Dropped from the first field to the last.
pub(crate) struct Installation {
    pub(crate) stand_in: StandIn,
    pub(crate) broker: Broker,
    pub(crate) relay: Option<Relay>,
    /// What a client needs to log in as the device.
    pub(crate) device: Device,
    offpush: PathBuf,
    scratch: Scratch,
}

/// The device at the broker.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    pub(crate) reg_id: String,
    pub(crate) secret: String,
    /// The broker's TLS port.
    pub(crate) port: u16,
    /// The authority of the broker's certificate.
    pub(crate) ca: PathBuf,
    /// What a daemon takes as `--server`.
    server: String,
}

/// A running daemon.
#[derive(Debug)]
pub(crate) struct Phone {
    process: Process,
    data: PathBuf,
}

/// How a daemon is started.
#[derive(Debug, Clone, Default)]
pub(crate) struct PhoneOptions {
    /// `--heartbeat`, in seconds.
    pub(crate) heartbeat: Option<u32>,
    /// A library to load before the C library.
    pub(crate) preload: Option<PathBuf>,
}

impl Installation {
    /// Starts broker and stand-in, and has a daemon register; the daemon ends, its files stay.
    ///
    /// With `relayed` the daemon reaches the broker through a relay.
    pub(crate) fn new(offpush: &Path, relayed: bool) -> Result<Self, Failure> {
        let scratch = Scratch::new();
        let certificates = Certificates::new(scratch.path())?;
        let ports = Ports { plain: free_port(), tls: free_port() };
        let relay = relayed.then(|| Relay::to(ports.tls));
        let told_port = relay.as_ref().map_or(ports.tls, Relay::port);
        let registrar = Registrar::new(certificates.server_config()?)?;
        let device = Device {
            reg_id: REG_ID.to_owned(),
            secret: String::new(),
            port: ports.tls,
            ca: certificates.ca.clone(),
            server: registrar.url()?,
        };
        let template = scratch.join("registered");
        let command = daemon(offpush, &device, &template, &PhoneOptions::default());
        let process = Process::start(command, "the daemon", scratch.join("daemon.log"));
        let mut app = wait::until("the control socket", wait::SOON, || App::connect(&template).ok());
        app.listen();
        let directory = scratch.join("mosquitto");
        let mut served = None;
        registrar.serve(|request| {
            let broker = Broker::start(&directory, ports, &certificates, REG_ID, &request.secret)?;
            served = Some((broker, request.secret.clone()));
            Ok(RegisterAnswer {
                code: 0,
                reason: None,
                reg_id: Some(REG_ID.to_owned()),
                brokers: vec![format!("mqtts://localhost:{told_port}")],
                topic_prefix: None,
                time: i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis())?,
            })
        })?;
        let (broker, secret) = served.ok_or("no registration")?;
        app.callback("registered", wait::SOON);
        drop(app);
        process.terminate();
        let stand_in = StandIn::connect(ports.plain, REG_ID)?;
        let device = Device { secret, ..device };
        Ok(Self { stand_in, broker, relay, device, offpush: offpush.to_owned(), scratch })
    }

    /// A folder for files of the measurement.
    pub(crate) fn folder(&self) -> &Path {
        self.scratch.path()
    }

    /// Starts a daemon on a fresh copy of the registered phone's files.
    pub(crate) fn phone(&self, name: &str, options: &PhoneOptions) -> Result<Phone, Failure> {
        let data = self.scratch.join(name);
        fs::create_dir_all(&data)?;
        for file in fs::read_dir(self.scratch.join("registered"))?.flatten() {
            if file.file_type()?.is_file() {
                fs::copy(file.path(), data.join(file.file_name()))?;
            }
        }
        let command = daemon(&self.offpush, &self.device, &data, options);
        // Its lines for people are a courtesy of the host; no phone prints them.
        let process = Process::start(command, "the daemon", PathBuf::from("/dev/null"));
        Ok(Phone { process, data })
    }
}

fn daemon(offpush: &Path, device: &Device, data: &Path, options: &PhoneOptions) -> Command {
    let mut command = Command::new(offpush);
    command.arg("daemon").arg("--data").arg(data).args(["--server", &device.server]).arg("--ca").arg(&device.ca);
    command.args(["--app-id", "2882303761517000001", "--app-key", "5121700000001", "--package", "com.example.app"]);
    if let Some(seconds) = options.heartbeat {
        command.args(["--heartbeat", &seconds.to_string()]);
    }
    if let Some(library) = &options.preload {
        command.env("LD_PRELOAD", library);
    }
    command
}

impl Phone {
    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// The status page.
    pub(crate) fn status(&self) -> Result<Value, Failure> {
        let mut app = App::connect(&self.data)?;
        let mut answer = app.ask(&json!({ "op": "status" })).ok_or("the daemon ended")?;
        Ok(answer["ok"]["status"].take())
    }

    /// Every line of its notifications file.
    pub(crate) fn shown(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.data.join("notifications.jsonl")).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    pub(crate) fn kill(self) {
        self.process.kill();
    }
}
