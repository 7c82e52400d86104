//! From the options to a broker that can be started.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use offpush_wire::DEFAULT_TOPIC_PREFIX;

use super::dynamic_security::shared_filter;
use super::embedded::Listening;
use super::{Address, Admin, DynamicSecurity, Embedded, Link, LinkOptions};
use crate::options::ExternalBroker;
use crate::tls::Authority;
use crate::{GatewayError, Options, files};

/// The certificates, PEM, that an external broker's chain may end in besides the system's.
const BROKER_CA_FILE: &str = "broker-ca.pem";

/// A broker that can be started.
pub(crate) struct Setup {
    pub(crate) admin: Admin,
    pub(crate) link_options: LinkOptions,
    /// The broker's URL as seen from this machine.
    pub(crate) mqtt: String,
    /// What phones are told, the preferred one first.
    pub(crate) device_brokers: Vec<String>,
    /// The embedded broker, which is to be served.
    pub(crate) embedded: Option<Listening>,
}

impl Setup {
    /// The embedded broker; takes its port.
    pub(crate) async fn embedded(options: &Options, authority: &Authority) -> Result<Self, GatewayError> {
        let (embedded, listening) =
            Embedded::bind(&options.mqtt, authority.for_phones()?, DEFAULT_TOPIC_PREFIX).await?;
        let urls = |host: Option<&String>| embedded.addresses().iter().map(|at| url("mqtts", *at, host)).collect();
        let here: Vec<String> = urls(None);
        let Some(mqtt) = here.into_iter().next() else {
            return Err(GatewayError::new("the embedded broker listens nowhere: give an address with --mqtt"));
        };
        Ok(Self {
            mqtt,
            device_brokers: urls(options.public_hosts.first()),
            link_options: embedded.link_options(),
            admin: Admin::Embedded(embedded),
            embedded: Some(listening),
        })
    }

    /// An external one, administered through `link`.
    pub(crate) fn external(
        external: &ExternalBroker,
        data: &Path,
        authority: &Authority,
        link: &Arc<Link>,
    ) -> Result<Self, GatewayError> {
        let mut device_brokers = external.device_urls.clone();
        if device_brokers.is_empty() {
            device_brokers.push(external.url.clone());
        }
        Ok(Self {
            admin: Admin::External(Arc::new(DynamicSecurity::new(link.clone(), DEFAULT_TOPIC_PREFIX))),
            link_options: external_link(external, data, authority)?,
            mqtt: device_brokers[0].clone(),
            device_brokers,
            embedded: None,
        })
    }
}

/// The URL of a listener, by a public name if one is given.
pub(crate) fn url(scheme: &str, address: SocketAddr, public_host: Option<&String>) -> String {
    let host = match (public_host, address.ip()) {
        (Some(name), _) => name.parse().map_or_else(|_| name.clone(), in_url),
        (None, ip) if ip.is_unspecified() => "localhost".to_owned(),
        (None, ip) => in_url(ip),
    };
    format!("{scheme}://{host}:{}", address.port())
}

fn in_url(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// How the gateway gets into an external broker.
fn external_link(external: &ExternalBroker, data: &Path, authority: &Authority) -> Result<LinkOptions, GatewayError> {
    let file = external.credentials.display();
    let credentials = std::fs::read_to_string(&external.credentials)
        .map_err(|error| GatewayError::at(format!("cannot read {file} (--broker-credentials)"), error))?;
    let mut lines = credentials.lines().map(str::trim);
    let (Some(user), Some(password)) = (lines.next(), lines.next()) else {
        return Err(GatewayError::new(format!("{file} must have a user name on one line and a password on the next")));
    };
    let (tls, rest, default_port) = match external.url.split_once("://") {
        Some(("mqtts", rest)) => (true, rest, 8883),
        Some(("mqtt", rest)) => (false, rest, 1883),
        _ => return Err(GatewayError::new(format!("--broker {:?} is no mqtts://HOST:PORT", external.url))),
    };
    let ca = data.join(BROKER_CA_FILE);
    let rest = rest.trim_end_matches('/');
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            let port = port.parse().map_err(|_| GatewayError::new(format!("--broker: {port:?} is no port")))?;
            (host, port)
        }
        _ => (rest, default_port),
    };
    Ok(LinkOptions {
        address: Address {
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            tls: tls.then(|| authority.client(ca.exists().then_some(ca.as_path()))).transpose()?,
        },
        // Several gateways may be the same user.
        client_id: format!("{user}-{}", files::random_token()?),
        user: user.to_owned(),
        password: password.to_owned(),
        uplink_filter: shared_filter(DEFAULT_TOPIC_PREFIX),
        administer: true,
    })
}
