//! Running the gateway or the daemon in this process.

use crate::Failure;
use crate::arguments;

#[cfg(feature = "gateway")]
pub(crate) fn gateway(options: arguments::Gateway) -> Result<(), Failure> {
    let broker = options.broker.zip(options.broker_credentials).map(|(url, credentials)| {
        offpush_gateway::ExternalBroker { url, credentials, device_urls: options.device_broker }
    });
    let gateway = offpush_gateway::Options {
        data: options.data,
        http: options.http,
        https: options.https,
        mqtt: options.mqtt,
        public_hosts: options.public_host,
        database: options.database,
        broker,
        reconnect_rate: options.reconnect_rate,
        restored: options.restored,
    };
    Ok(offpush_gateway::run(gateway)?)
}

pub(crate) fn daemon(options: arguments::Daemon) -> Result<(), Failure> {
    let mut daemon =
        offpush_daemon::Options::new(options.data, "", &options.app_id, &options.app_key, &options.package);
    daemon.servers = options.server;
    daemon.ca = options.ca;
    daemon.present_delay = std::time::Duration::from_millis(options.present_delay);
    let milliseconds = |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if let Some(heartbeat) = options.heartbeat {
        daemon.timing.heartbeat = Some(milliseconds(heartbeat));
    }
    if let Some(scale) = options.heartbeat_scale {
        daemon.timing.heartbeat_scale = scale;
    }
    if let Some(wait) = options.long_back_off {
        daemon.timing.long_back_off_base = milliseconds(wait);
    }
    if let Some(lost) = options.lost_contact {
        daemon.timing.lost_contact = milliseconds(lost);
    }
    Ok(offpush_daemon::run(daemon)?)
}
