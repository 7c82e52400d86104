//! The two brokers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::authority::{Authority, Validity};
use crate::{Leaf, Place, Process, free_port, wait};

/// Which broker carries the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broker {
    /// The gateway's own.
    Embedded,
    /// Debian's mosquitto, administered by the gateway through its dynamic security.
    Mosquitto,
}

/// The gateway's name at mosquitto.
const ADMINISTRATOR: &str = "offpush-gateway";
/// Its password; the broker of a test is reachable from this machine only.
const PASSWORD: &str = "for-the-tests-only";

/// A mosquitto of our own: without TLS for the gateway, with TLS for phones.
#[derive(Debug)]
pub struct Mosquitto {
    process: Option<Process>,
    directory: PathBuf,
    port: u16,
    tls_port: u16,
    place: Place,
}

impl Mosquitto {
    /// Starts one with its files in `directory`.
    pub fn start(directory: PathBuf, authority: &Authority, place: Place) -> Self {
        let leaf = authority.leaf(&[place.host, "127.0.0.1"], Validity::Now);
        Self::start_at(directory, &leaf, place)
    }

    /// Starts one that shows phones this certificate.
    pub fn start_with(directory: PathBuf, leaf: &Leaf) -> Self {
        Self::start_at(directory, leaf, Place::default())
    }

    fn start_at(directory: PathBuf, leaf: &Leaf, place: Place) -> Self {
        fs::create_dir_all(&directory).expect("the broker's folder");
        let mut broker = Self { process: None, directory, port: free_port(), tls_port: free_port(), place };
        leaf.write(&broker.directory);
        broker.forget();
        broker.start_again();
        broker
    }

    /// Forgets every client and role but the administrator.
    fn forget(&self) {
        let file = self.security_file();
        let _ = fs::remove_file(&file);
        let made = Command::new("mosquitto_ctrl")
            .args(["dynsec", "init"])
            .arg(&file)
            .args([ADMINISTRATOR, PASSWORD])
            .output()
            .expect("mosquitto_ctrl is installed; `tests/run e2e` sees to it");
        assert!(made.status.success(), "mosquitto_ctrl: {made:?}");
        let credentials = format!("{ADMINISTRATOR}\n{PASSWORD}\n");
        fs::write(self.credentials(), credentials).expect("the credentials file");
    }

    /// Starts it, at the same addresses and with what its dynamic security has on disk.
    pub fn start_again(&mut self) {
        let configuration = self.configuration();
        let file = self.directory.join("mosquitto.conf");
        fs::write(&file, configuration).expect("the broker's configuration");
        let mut command = Command::new("mosquitto");
        command.arg("-c").arg(file);
        let mut process = Process::start(command, "mosquitto", self.directory.join("log"));
        wait::until_true("mosquitto listens", wait::SOON, || {
            assert!(process.ended().is_none(), "mosquitto ended: {}", process.log());
            std::net::TcpStream::connect(("127.0.0.1", self.tls_port)).is_ok()
        });
        self.process = Some(process);
    }

    /// The configuration that the documentation gives, with this broker's addresses and files, and a second listener
    /// without TLS for a gateway on the same machine.
    fn configuration(&self) -> String {
        let directory = self.directory.display();
        let mut text =
            format!("user root\nper_listener_settings false\nlog_dest stderr\nlistener {} 127.0.0.1\n", self.port);
        for line in include_str!("../docs/mosquitto.conf").lines() {
            let line = match line.split(' ').next() {
                // Without an address it listens on every one of both families.
                Some("listener") if self.place.listen.is_unspecified() => format!("listener {}", self.tls_port),
                Some("listener") => format!("listener {} {}", self.tls_port, self.place.listen),
                Some("certfile") => format!("certfile {directory}/leaf.pem"),
                Some("keyfile") => format!("keyfile {directory}/leaf.key"),
                Some("plugin") => format!("plugin {}", plugin().display()),
                Some("plugin_opt_config_file") => format!("plugin_opt_config_file {}", self.security_file().display()),
                _ => line.to_owned(),
            };
            text.push_str(&line);
            text.push('\n');
        }
        text
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.process.take().expect("a running broker").kill();
    }

    /// Moves to other ports; takes effect with the next start.
    pub fn move_away(&mut self) {
        self.port = free_port();
        self.tls_port = free_port();
    }

    /// Loses everything it knows, as a new disk does, and starts again.
    pub fn wipe(&mut self) {
        self.kill();
        self.forget();
        self.start_again();
    }

    /// Where the gateway connects.
    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// Where phones connect.
    pub fn device_url(&self) -> String {
        format!("mqtts://{}:{}", self.place.host, self.tls_port)
    }

    /// What it logged.
    pub fn log(&self) -> String {
        self.process.as_ref().map(Process::log).unwrap_or_default()
    }

    /// The file with the gateway's name and password.
    pub fn credentials(&self) -> PathBuf {
        self.directory.join("credentials")
    }

    fn security_file(&self) -> PathBuf {
        self.directory.join("dynamic-security.json")
    }
}

/// mosquitto's dynamic security; its folder is named after the machine's architecture.
fn plugin() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").expect("/usr/lib").flatten().map(|entry| entry.path());
    let mut candidates =
        folders.chain([PathBuf::from("/usr/lib")]).map(|path| path.join("mosquitto_dynamic_security.so"));
    candidates.find(|path: &PathBuf| Path::exists(path)).expect("mosquitto's dynamic security plugin")
}
