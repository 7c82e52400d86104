//! mosquitto, with the users and rights of an installation.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use offpush_tests::{Process, wait};

use crate::Failure;
use crate::certificates::Certificates;

/// The stand-in's user name at the broker.
pub(crate) const GATEWAY: &str = "gateway";
/// Its password; the broker can be reached from this machine only, and lives as long as the measurement.
pub(crate) const GATEWAY_PASSWORD: &str = "for-the-measurement-only";

/// What a client may have without PUBACK, in both directions: what the daemon advertises. Both peers advertise it too.
pub(crate) const RECEIVE_MAXIMUM: u16 = 128;

/// Debian's mosquitto.
#[derive(Debug)]
pub(crate) struct Broker {
    process: Process,
}

/// Where a broker listens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    /// Without TLS, for the stand-in.
    pub(crate) plain: u16,
    /// With TLS 1.3, for phones.
    pub(crate) tls: u16,
}

impl Broker {
    /// Starts one that knows the stand-in and one device, each with its own two topics and nothing else.
    pub(crate) fn start(
        directory: &Path,
        ports: Ports,
        certificates: &Certificates,
        reg_id: &str,
        secret: &str,
    ) -> Result<Self, Failure> {
        fs::create_dir_all(directory)?;
        let passwords = directory.join("passwords");
        fs::write(&passwords, "")?;
        for (user, password) in [(GATEWAY, GATEWAY_PASSWORD), (reg_id, secret)] {
            let made = Command::new("mosquitto_passwd").arg("-b").arg(&passwords).args([user, password]).output()?;
            if !made.status.success() {
                return Err(format!("mosquitto_passwd: {}", String::from_utf8_lossy(&made.stderr)).into());
            }
        }
        let rights = format!(
            "user {GATEWAY}\ntopic read op/u/+\ntopic write op/d/+\n\n\
             user {reg_id}\ntopic read op/d/{reg_id}\ntopic write op/u/{reg_id}\n"
        );
        fs::write(directory.join("rights"), rights)?;
        let configuration = configuration(directory, ports, certificates);
        let file: PathBuf = directory.join("mosquitto.conf");
        fs::write(&file, configuration)?;
        let mut command = Command::new("mosquitto");
        command.arg("-c").arg(file);
        let mut process = Process::start(command, "mosquitto", directory.join("log"));
        wait::until_true("mosquitto listens", wait::SOON, || {
            assert!(process.ended().is_none(), "mosquitto ended: {}", process.log());
            std::net::TcpStream::connect(("127.0.0.1", ports.tls)).is_ok()
        });
        Ok(Self { process })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }
}

/// Queues have no limit, so that the broker drops nothing of what a sender may send.
fn configuration(directory: &Path, ports: Ports, certificates: &Certificates) -> String {
    let Ports { plain, tls } = ports;
    let (certificate, key) = (certificates.certificate.display(), certificates.key.display());
    let directory = directory.display();
    format!(
        "user root\n\
         per_listener_settings false\n\
         allow_anonymous false\n\
         password_file {directory}/passwords\n\
         acl_file {directory}/rights\n\
         persistence false\n\
         set_tcp_nodelay true\n\
         max_queued_messages 0\n\
         max_queued_bytes 0\n\
         max_inflight_messages {RECEIVE_MAXIMUM}\n\
         log_dest stderr\n\
         log_type error\n\
         log_type warning\n\
         listener {plain} 127.0.0.1\n\
         listener {tls} 127.0.0.1\n\
         certfile {certificate}\n\
         keyfile {key}\n\
         tls_version tlsv1.3\n"
    )
}
