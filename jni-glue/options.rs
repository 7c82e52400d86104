//! What a daemon is started with, as Java writes it.

use std::path::PathBuf;

use offpush_daemon::{Options, Timing};
use serde::Deserialize;

/// The options of `Native.start`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StartOptions {
    data: PathBuf,
    servers: Vec<String>,
    app_id: String,
    app_key: String,
    package: String,
    /// CA certificates in PEM form; `None`: the platform judges.
    #[serde(default)]
    pub(crate) ca: Option<String>,
    /// Identifies this boot. Java has no unsigned numbers; only whether it is the same counts.
    boot_id: i64,
    #[serde(default)]
    debuggable: bool,
    #[serde(default)]
    timing: StartTiming,
}

/// Waits that tests shorten, in milliseconds; the others are as usual. See [`Timing`].
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct StartTiming {
    heartbeat: Option<u64>,
    heartbeat_scale: Option<u64>,
    back_off_base: Option<u64>,
    back_off_cap: Option<u64>,
    long_back_off_base: Option<u64>,
    long_back_off_cap: Option<u64>,
    lost_contact: Option<u64>,
    resend: Option<u64>,
}

impl StartOptions {
    /// Reads them, or says in words what is wrong.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(json).map_err(|error| format!("the options cannot be read: {error}"))
    }

    pub(crate) fn boot_id(&self) -> u64 {
        self.boot_id.cast_unsigned()
    }

    /// The control socket's abstract name, if the app may be debugged.
    pub(crate) fn socket(&self) -> Option<String> {
        self.debuggable.then(|| format!("offpush.{}", self.package))
    }

    pub(crate) fn into_daemon(self) -> Options {
        let mut options = Options::new(self.data, "", &self.app_id, &self.app_key, &self.package);
        options.servers = self.servers;
        options.timing = self.timing.into_daemon();
        options
    }
}

impl StartTiming {
    fn into_daemon(self) -> Timing {
        let usual = Timing::default();
        Timing {
            heartbeat: self.heartbeat.or(usual.heartbeat),
            heartbeat_scale: self.heartbeat_scale.unwrap_or(usual.heartbeat_scale),
            back_off_base: self.back_off_base.unwrap_or(usual.back_off_base),
            back_off_cap: self.back_off_cap.unwrap_or(usual.back_off_cap),
            long_back_off_base: self.long_back_off_base.unwrap_or(usual.long_back_off_base),
            long_back_off_cap: self.long_back_off_cap.unwrap_or(usual.long_back_off_cap),
            lost_contact: self.lost_contact.unwrap_or(usual.lost_contact),
            resend: self.resend.unwrap_or(usual.resend),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_as_usual_and_what_is_wrong_is_named() {
        // Java gives a minimum; a missing or misspelt field is told in words that name it.
        let minimum = r#"{"data":"/d","servers":["https://h"],"appId":"1","appKey":"k","package":"p","bootId":-1}"#;
        let options = StartOptions::parse(minimum.as_bytes()).unwrap();
        assert_eq!((options.boot_id(), options.socket()), (u64::MAX, None));
        assert_eq!(options.into_daemon().timing, Timing::default());

        let debuggable = minimum.replace("-1}", r#"7,"debuggable":true,"timing":{"resend":5}}"#);
        let options = StartOptions::parse(debuggable.as_bytes()).unwrap();
        assert_eq!(options.socket().as_deref(), Some("offpush.p"));
        assert_eq!(options.into_daemon().timing, Timing { resend: 5, ..Timing::default() });

        for (wrong, named) in [
            ("{}", "data"),
            (&minimum.replace("-1}", r#"1,"timing":{"resent":5}}"#), "resent"),
            ("nonsense", "expected"),
        ] {
            let error = StartOptions::parse(wrong.as_bytes()).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }
}
