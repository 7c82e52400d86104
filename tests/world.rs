//! A gateway with a broker and an app in it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use serde_json::json;

use crate::net::SERVER_NAME;
use crate::{Account, App, Authority, Broker, Gateway, Mosquitto, Phone, PhoneOptions, Scratch, Target, wait};

/// The app's package.
const PACKAGE: &str = "com.example.app";

/// Where phones find the servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The name they are reached by.
    pub host: &'static str,
    /// The address they listen on.
    pub listen: IpAddr,
}

impl Default for Place {
    /// This machine.
    fn default() -> Self {
        Self { host: "localhost", listen: Ipv4Addr::LOCALHOST.into() }
    }
}

impl Place {
    /// The server of a [`Lab`](crate::net::Lab).
    pub const LAB: Self = Self { host: SERVER_NAME, listen: IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
}

/// Everything but the phones. Dropped from the first field to the last.
pub struct World {
    /// The gateway.
    pub gateway: Gateway,
    /// The broker, if it is not the embedded one.
    pub mosquitto: Option<Mosquitto>,
    /// The app.
    pub account: Account,
    /// What a phone trusts: the gateway's authority and that of mosquitto.
    pub ca: PathBuf,
    /// The authority of mosquitto's certificates.
    pub authority: Authority,
    /// The folder.
    pub scratch: Scratch,
}

impl World {
    /// Starts broker and gateway on this machine, and makes an app.
    pub fn start(broker: Broker) -> Self {
        Self::start_at(broker, Place::default())
    }

    /// Starts broker and gateway at a place, and makes an app.
    pub fn start_at(broker: Broker, place: Place) -> Self {
        let scratch = Scratch::new();
        let authority = Authority::new(scratch.path());
        let mosquitto =
            (broker == Broker::Mosquitto).then(|| Mosquitto::start(scratch.join("mosquitto"), &authority, place));
        let gateway = Gateway::start(scratch.join("gateway"), mosquitto.as_ref(), place);
        let ca = scratch.join("ca.pem");
        authority.bundle(&[&gateway.authority()], &ca);
        let account = gateway.create_app(PACKAGE);
        Self { gateway, mosquitto, account, ca, authority, scratch }
    }

    /// The right options for a phone here.
    pub fn options(&self) -> PhoneOptions {
        PhoneOptions::new(&self.gateway.server(), &self.ca, &self.account)
    }

    /// Starts a daemon with its data in the folder `name`; nothing is waited for.
    pub fn phone_with(&self, name: &str, options: PhoneOptions) -> Phone {
        Phone::start(self.scratch.join(name), options)
    }

    /// Starts a daemon whose app registers; returns the app and the regId when the phone is connected.
    pub fn phone(&self, name: &str) -> (Phone, App, String) {
        let phone = self.phone_with(name, self.options());
        let mut app = phone.app();
        let result = app.callback("registered", wait::LATER);
        assert_eq!(result["code"], 0, "{result}");
        let reg_id = result["regId"].as_str().expect("a regId").to_owned();
        phone.connected();
        (phone, app, reg_id)
    }

    /// Pushes to a regId; returns the message's id.
    pub fn push(&self, reg_id: &str, title: &str) -> String {
        self.gateway.push(&self.account, Target::RegId(reg_id), title)
    }

    /// Logs a user in on a phone; returns the certificate's id.
    pub fn log_in(&self, app: &mut App, user: &str) -> u64 {
        let certificate = self.gateway.create_certificate(&self.account);
        let sig = self.gateway.user_sig(&self.account, user);
        let result = app.command("report-token", json!({ "certificate": certificate, "user": user, "sig": sig }));
        assert_eq!(result["code"], 0, "{result}");
        certificate
    }

    /// The port at which phones reach the broker.
    pub fn device_port(&self) -> u16 {
        let url = match &self.mosquitto {
            Some(mosquitto) => mosquitto.device_url(),
            None => return self.gateway.mqtt_port(),
        };
        url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
    }
}
