//! The other clients: `rumqttc`, which acknowledges from memory, and `mosquitto_sub`, whose output nobody reads.

use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use rumqttc::{NetworkOptions, TlsConfiguration, Transport};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::broker::RECEIVE_MAXIMUM;
use crate::phone::Device;
use crate::{Failure, facts};

/// What a peer's process of ours is told.
#[derive(Debug, clap::Args)]
pub(crate) struct PeerOptions {
    #[arg(long)]
    pub(crate) port: u16,
    #[arg(long)]
    pub(crate) ca: PathBuf,
    #[arg(long)]
    pub(crate) reg_id: String,
    #[arg(long)]
    pub(crate) secret: String,
    /// Messages after which it says so
    #[arg(long)]
    pub(crate) messages: u64,
}

/// Which client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// An event loop of one thread, rustls with ring, TCP_NODELAY, the daemon's Receive Maximum.
    Rumqttc,
    /// The least that a client can do ([`drain`](crate::drain)), with the daemon's Receive Maximum.
    Drain,
    /// `mosquitto_sub -V 5 -q 1` as it comes.
    MosquittoSub,
    /// The same with TCP_NODELAY and the daemon's Receive Maximum, which it does not set by itself.
    MosquittoSubTuned,
}

/// A running client.
#[derive(Debug)]
pub(crate) struct RunningPeer {
    child: Child,
    output: Option<BufReader<ChildStdout>>,
    /// Of all children that ended before.
    children_before: Duration,
}

impl RunningPeer {
    /// Starts one that takes `messages` messages as the device.
    pub(crate) fn start(peer: Peer, device: &Device, messages: u64) -> Result<Self, Failure> {
        let Device { reg_id, secret, port, ca, .. } = device;
        let (port, messages) = (port.to_string(), messages.to_string());
        let mut command = match peer {
            Peer::Rumqttc | Peer::Drain => {
                let mut command = Command::new(std::env::current_exe()?);
                let name = if peer == Peer::Drain { "peer-drain" } else { "peer-rumqttc" };
                command.args([name, "--port", &port, "--reg-id", reg_id, "--secret", secret]);
                command.args(["--messages", &messages]).arg("--ca").arg(ca).stdout(Stdio::piped());
                command
            }
            Peer::MosquittoSub | Peer::MosquittoSubTuned => {
                let mut command = Command::new("mosquitto_sub");
                command.args(["-V", "5", "-q", "1", "-h", "localhost", "-p", &port, "-i", reg_id, "-u", reg_id]);
                command.args(["-P", secret, "-C", &messages, "--tls-version", "tlsv1.3"]);
                if peer == Peer::MosquittoSubTuned {
                    command.args(["--nodelay", "-D", "connect", "receive-maximum", &RECEIVE_MAXIMUM.to_string()]);
                }
                command.args(["-t", &topic(reg_id)]).arg("--cafile").arg(ca).stdout(Stdio::null());
                command
            }
        };
        let children_before = children()?;
        let mut child = command.stdin(Stdio::null()).spawn().map_err(|error| format!("{command:?}: {error}"))?;
        let output = child.stdout.take().map(BufReader::new);
        Ok(Self { child, output, children_before })
    }

    /// The CPU time it has used so far.
    pub(crate) fn cpu(&self) -> Result<Duration, Failure> {
        facts::cpu(self.child.id())
    }

    /// Waits until it has taken its last message, or for so long.
    pub(crate) fn is_done_within(&mut self, within: Duration) -> Result<bool, Failure> {
        match &mut self.output {
            Some(output) => {
                let mut fds = [PollFd::new(output.get_ref().as_fd(), PollFlags::POLLIN)];
                if poll(&mut fds, PollTimeout::try_from(within)?)? == 0 {
                    return Ok(false);
                }
                let mut line = String::new();
                output.read_line(&mut line)?;
                if line.trim() != "done" {
                    return Err("the client ended too early".into());
                }
                Ok(true)
            }
            None => {
                let until = Instant::now() + within;
                loop {
                    match self.child.try_wait()? {
                        Some(status) if status.success() => return Ok(true),
                        Some(status) => return Err(format!("mosquitto_sub ended with {status}").into()),
                        None if Instant::now() >= until => return Ok(false),
                        None => std::thread::park_timeout(Duration::from_millis(1)),
                    }
                }
            }
        }
    }

    /// Ends it; returns all the CPU time it has used.
    pub(crate) fn end(mut self) -> Result<Duration, Failure> {
        let _ = self.child.kill();
        self.child.wait()?;
        Ok(children()?.saturating_sub(self.children_before))
    }
}

impl Drop for RunningPeer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The CPU time of the children that have ended.
fn children() -> Result<Duration, Failure> {
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN)?;
    let micros = |time: nix::sys::time::TimeVal| {
        let micros = time.tv_sec().saturating_mul(1_000_000).saturating_add(time.tv_usec());
        Duration::from_micros(micros.unsigned_abs())
    };
    Ok(micros(usage.user_time()) + micros(usage.system_time()))
}

pub(crate) fn topic(reg_id: &str) -> String {
    offpush_wire::down_topic(offpush_wire::DEFAULT_TOPIC_PREFIX, reg_id)
}

/// TLS 1.3 by rustls with ring, for certificates of this authority.
pub(crate) fn tls(ca: &Path) -> Result<ClientConfig, Failure> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca)? {
        roots.add(certificate?)?;
    }
    Ok(ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// The `rumqttc` process: counts, and says `done` after the last message. It stays until it is ended.
///
/// One thread, the library's own acknowledgements, TCP_NODELAY, rustls with ring: the fastest it is without changing
/// the library.
pub(crate) fn run_rumqttc(options: &PeerOptions) -> Result<(), Failure> {
    let tls = tls(&options.ca)?;
    let mut mqtt = MqttOptions::new(&options.reg_id, "localhost", options.port);
    mqtt.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(Arc::new(tls))));
    mqtt.set_credentials(&options.reg_id, &options.secret);
    mqtt.set_keep_alive(Duration::from_secs(240));
    mqtt.set_receive_maximum(Some(RECEIVE_MAXIMUM));
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    mqtt.set_network_options(network);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (client, mut events) = AsyncClient::new(mqtt, usize::from(RECEIVE_MAXIMUM));
        client.subscribe(topic(&options.reg_id), QoS::AtLeastOnce).await?;
        let mut taken = 0;
        loop {
            if let Event::Incoming(Packet::Publish(_)) = events.poll().await? {
                taken += 1;
                if taken == options.messages {
                    println!("done");
                    std::io::stdout().flush()?;
                }
            }
        }
    })
}
