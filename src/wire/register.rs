use serde::{Deserialize, Serialize};

/// The body of `POST /v1/register`.
///
/// The phone makes request id and secret and stores them before it asks. The same request id with the same secret
/// gets the same regId again; with another secret it is refused.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisterRequest {
    /// 256 random bits, unpadded base64url.
    pub request_id: String,
    /// 256 random bits, unpadded base64url; from then on the password at the broker.
    pub secret: String,
    /// The AppID, decimal.
    pub app_id: String,
    /// The AppKey.
    pub app_key: String,
    /// The app's package name.
    pub package: String,
    /// The regId that this request gave before, when contact was lost. Without it a request id that is not known
    /// is a new registration; with it the answer is [`code::UNKNOWN_DEVICE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reg_id: Option<String>,
    /// The phone's software, such as `offpush/0.1.0`.
    #[serde(default)]
    pub version: String,
}

impl RegisterRequest {
    /// The request's body.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a request has only string keys and cannot fail to serialise")
    }
}

impl RegisterAnswer {
    /// Reads an answer's body.
    pub fn decode(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}

impl std::fmt::Debug for RegisterRequest {
    /// Leaves out what is secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RegisterRequest").field("app_id", &self.app_id).field("package", &self.package).finish()
    }
}

/// The answer to a registration. Only JSON with a `code` is one: anything else comes from somebody in between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisterAnswer {
    /// One of [`code`].
    pub code: i64,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The device's address; given when `code` is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reg_id: Option<String>,
    /// Where to connect, `mqtts://HOST:PORT`, the preferred one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brokers: Vec<String>,
    /// The first level of the device's topics; `op` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic_prefix: Option<String>,
    /// The gateway's wall clock in milliseconds since 1970, UTC.
    #[serde(default)]
    pub time: i64,
}

/// Codes of the Mi Push API that a registration or command can end in (`mipush-api` §3.4).
pub mod code {
    /// Done.
    pub const SUCCESS: i64 = 0;
    /// The gateway itself failed: try again.
    pub const INTERNAL: i64 = 1;
    /// The gateway is busy: try again.
    pub const BUSY: i64 = 10002;
    /// A request that must not be made, such as a known request id with another secret.
    pub const ILLEGAL_REQUEST: i64 = 10012;
    /// A parameter is missing.
    pub const MISSING_PARAMETER: i64 = 10016;
    /// A parameter's value is invalid.
    pub const INVALID_VALUE: i64 = 10017;
    /// A command that the gateway does not know.
    pub const NOT_SUPPORTED: i64 = 10021;
    /// The gateway does not know this regId: the only reason for a new registration.
    pub const UNKNOWN_DEVICE: i64 = 10029;
    /// The AppID is wrong.
    pub const APP_ID: i64 = 22006;
    /// The AppKey is wrong.
    pub const APP_KEY: i64 = 22007;
    /// The package name is not the one of the app.
    pub const PACKAGE: i64 = 22022;
}
