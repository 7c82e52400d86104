//! The user ticket of the IM side: UserSig v2, as the public TLS-SIG-API-v2 libraries make it.

use std::fmt;
use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use ring::hmac;
use serde::Deserialize;

/// The most bytes a ticket may inflate to: the Java library's buffer, which no valid ticket exceeds.
const MAXIMUM_BYTES: u64 = 2048;
/// The only version in use; version 1 was made with a private key.
const VERSION: &str = "2.0";

/// Why a ticket is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserSigError {
    /// It cannot be decoded: cut off, not a UserSig, or of another version.
    Malformed,
    /// The signature does not belong to this key.
    Signature,
    /// It was made for another user.
    User,
    /// It was made for another SDKAppID.
    App,
    /// Its time is over.
    Expired,
}

impl UserSigError {
    /// The IM side's public error code.
    pub fn code(self) -> i64 {
        match self {
            Self::Expired => 70001,
            Self::Malformed => 70003,
            Self::Signature => 70009,
            Self::User => 70013,
            Self::App => 70014,
        }
    }
}

impl fmt::Display for UserSigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the UserSig cannot be decoded",
            Self::Signature => "the UserSig's signature is wrong",
            Self::User => "the UserSig was made for another user",
            Self::App => "the UserSig was made for another SDKAppID",
            Self::Expired => "the UserSig has expired",
        })
    }
}

impl std::error::Error for UserSigError {}

#[derive(Deserialize)]
struct Ticket {
    #[serde(rename = "TLS.ver")]
    version: String,
    #[serde(rename = "TLS.identifier")]
    identifier: String,
    #[serde(rename = "TLS.sdkappid")]
    sdk_app_id: u32,
    #[serde(rename = "TLS.expire")]
    expire: i64,
    #[serde(rename = "TLS.time")]
    time: i64,
    #[serde(rename = "TLS.userbuf", default)]
    userbuf: Option<String>,
    #[serde(rename = "TLS.sig")]
    sig: String,
}

/// Makes a ticket for `user`, valid for `valid_seconds` from `now` (seconds since 1970, UTC).
///
/// `key` is the app's IM secret key, as text.
pub fn make_user_sig(sdk_app_id: u32, key: &str, user: &str, valid_seconds: i64, now: i64) -> String {
    let text = signed_text(user, sdk_app_id, now, valid_seconds, None);
    let sig = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), text.as_bytes());
    let ticket = serde_json::json!({
        "TLS.ver": VERSION,
        "TLS.identifier": user,
        "TLS.sdkappid": sdk_app_id,
        "TLS.expire": valid_seconds,
        "TLS.time": now,
        "TLS.sig": STANDARD.encode(sig),
    });
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let deflated = encoder.write_all(ticket.to_string().as_bytes()).and_then(|()| encoder.finish());
    STANDARD
        .encode(deflated.expect("writing to memory does not fail"))
        .replace('+', "*")
        .replace('/', "-")
        .replace('=', "_")
}

/// Judges a ticket for `user` at `now` (seconds since 1970, UTC).
///
/// Members may stand in any order; a `TLS.userbuf` must be covered by the signature and is ignored otherwise.
pub fn verify_user_sig(sdk_app_id: u32, key: &str, user: &str, sig: &str, now: i64) -> Result<(), UserSigError> {
    let ticket = decode(sig).ok_or(UserSigError::Malformed)?;
    // Lines are what the signature tells the members apart by: a name with line breaks could stand for several of them.
    let is_line = |text: &str| !text.contains(['\n', '\r']);
    if ticket.version != VERSION || !is_line(&ticket.identifier) || !ticket.userbuf.as_deref().is_none_or(is_line) {
        return Err(UserSigError::Malformed);
    }
    if ticket.sdk_app_id != sdk_app_id {
        return Err(UserSigError::App);
    }
    if ticket.identifier != user {
        return Err(UserSigError::User);
    }
    let text =
        signed_text(&ticket.identifier, ticket.sdk_app_id, ticket.time, ticket.expire, ticket.userbuf.as_deref());
    let signature = STANDARD.decode(&ticket.sig).map_err(|_| UserSigError::Malformed)?;
    // `hmac::verify` compares in constant time.
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), text.as_bytes(), &signature)
        .map_err(|_| UserSigError::Signature)?;
    if ticket.time.checked_add(ticket.expire).is_none_or(|end| now > end) {
        return Err(UserSigError::Expired);
    }
    Ok(())
}

fn signed_text(user: &str, sdk_app_id: u32, time: i64, expire: i64, userbuf: Option<&str>) -> String {
    let mut text = format!("TLS.identifier:{user}\nTLS.sdkappid:{sdk_app_id}\nTLS.time:{time}\nTLS.expire:{expire}\n");
    if let Some(userbuf) = userbuf {
        text.push_str(&format!("TLS.userbuf:{userbuf}\n"));
    }
    text
}

fn decode(sig: &str) -> Option<Ticket> {
    let deflated = STANDARD.decode(sig.replace('*', "+").replace('-', "/").replace('_', "=")).ok()?;
    let mut json = Vec::new();
    ZlibDecoder::new(&deflated[..]).take(MAXIMUM_BYTES + 1).read_to_end(&mut json).ok()?;
    if json.len() as u64 > MAXIMUM_BYTES {
        return None;
    }
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Vector {
        name: String,
        sdk_app_id: u32,
        key: String,
        user: String,
        expire: i64,
        time: i64,
        sig: String,
    }

    /// Tickets made by another implementation (Python's hmac, zlib and json).
    fn vectors() -> Vec<Vector> {
        serde_json::from_str(include_str!("testdata/usersig.json")).unwrap()
    }

    fn deflate(text: &str) -> String {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        STANDARD.encode(encoder.finish().unwrap()).replace('+', "*").replace('/', "-").replace('=', "_")
    }

    #[test]
    fn tickets_of_other_implementations_hold_for_their_time() {
        // Whatever the order of members and the spaces, a ticket holds up to its last second and not after it.
        for vector in vectors() {
            let verify = |now| verify_user_sig(vector.sdk_app_id, &vector.key, &vector.user, &vector.sig, now);
            let end = vector.time + vector.expire;
            assert_eq!(verify(vector.time), Ok(()), "{}", vector.name);
            assert_eq!(verify(end), Ok(()), "{}", vector.name);
            assert_eq!(verify(end + 1), Err(UserSigError::Expired), "{}", vector.name);
        }
    }

    #[test]
    fn a_ticket_holds_for_its_key_user_and_app_only() {
        // Each difference is refused with the code that tells which it is.
        for Vector { name, sdk_app_id, key, user, time, sig, .. } in vectors() {
            let verify = |app, key: &str, user: &str, sig: &str| verify_user_sig(app, key, user, sig, time);
            assert_eq!(verify(sdk_app_id, "other", &user, &sig).map_err(UserSigError::code), Err(70009), "{name}");
            assert_eq!(verify(sdk_app_id, &key, "mallory", &sig).map_err(UserSigError::code), Err(70013), "{name}");
            assert_eq!(verify(1, &key, &user, &sig).map_err(UserSigError::code), Err(70014), "{name}");
            for cut in ["", "x", &sig[..sig.len() / 2], &sig[4..]] {
                assert_eq!(verify(sdk_app_id, &key, &user, cut).map_err(UserSigError::code), Err(70003), "{name}");
            }
        }
    }

    #[test]
    fn a_ticket_made_here_holds_here() {
        // What is made is what is verified, members and signature.
        let sig = make_user_sig(1_400_000_001, "key", "alice", 60, 1000);
        assert_eq!(verify_user_sig(1_400_000_001, "key", "alice", &sig, 1060), Ok(()));
        assert!(sig.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"*-_".contains(&byte)), "{sig}");
    }

    #[test]
    fn what_is_no_ticket_is_refused_without_harm() {
        // A ticket that inflates to megabytes, another version, times that overflow, missing members.
        let sig = |json: &str| verify_user_sig(1, "key", "u", &deflate(json), 0);
        assert_eq!(sig(&" ".repeat(10_000_000)), Err(UserSigError::Malformed));
        assert_eq!(sig("{}"), Err(UserSigError::Malformed));
        assert_eq!(sig("[1]"), Err(UserSigError::Malformed));
        let ticket = |version: &str, time: i64, expire: i64| {
            let text = signed_text("u", 1, time, expire, None);
            let sig = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"key"), text.as_bytes());
            serde_json::json!({
                "TLS.ver": version, "TLS.identifier": "u", "TLS.sdkappid": 1, "TLS.time": time, "TLS.expire": expire,
                "TLS.sig": STANDARD.encode(sig),
            })
            .to_string()
        };
        assert_eq!(sig(&ticket("2.0", 0, 10)), Ok(()));
        assert_eq!(sig(&ticket("1.0", 0, 10)), Err(UserSigError::Malformed));
        assert_eq!(sig(&ticket("2.0", i64::MAX, i64::MAX)), Err(UserSigError::Expired));
    }

    #[test]
    fn a_user_whose_name_has_line_breaks_is_no_other_user() {
        // What was signed for such a name reads like the lines of a ticket for another one.
        let name = "administrator\nTLS.sdkappid:1\nTLS.time:0\nTLS.expire:9\nTLS.userbuf:x";
        let forged = json!({
            "TLS.ver": VERSION, "TLS.identifier": "administrator", "TLS.sdkappid": 1, "TLS.time": 0, "TLS.expire": 9,
            "TLS.userbuf": "x\nTLS.sdkappid:1\nTLS.time:0\nTLS.expire:9",
            "TLS.sig": STANDARD.encode(hmac::sign(
                &hmac::Key::new(hmac::HMAC_SHA256, b"key"), signed_text(name, 1, 0, 9, None).as_bytes())),
        });
        let sig = deflate(&forged.to_string());
        assert_eq!(verify_user_sig(1, "key", "administrator", &sig, 1), Err(UserSigError::Malformed));
        let own = make_user_sig(1, "key", name, 9, 0);
        assert_eq!(verify_user_sig(1, "key", name, &own, 1), Err(UserSigError::Malformed));
    }
}
