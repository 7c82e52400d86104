//! Keys that the gateway must be able to use (IM keys): sealed with ChaCha20-Poly1305 under a key file in the data
//! directory, so that a copy of the database alone gives nothing away.

use std::path::Path;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::{GatewayError, files};

/// The file in the data directory that holds the 32 bytes of the key.
const KEY_FILE: &str = "secrets.key";

/// Seals and opens what is kept encrypted.
pub(crate) struct Secrets(LessSafeKey);

impl Secrets {
    /// Reads the key file, or makes one on the first start.
    pub(crate) fn open_or_make(data: &Path) -> Result<Self, GatewayError> {
        let path = data.join(KEY_FILE);
        let key = files::read_or_make(&path, files::PRIVATE, || Ok(files::random::<32>()?.to_vec()))?;
        let key = UnboundKey::new(&CHACHA20_POLY1305, &key).map_err(|_| {
            GatewayError::new(format!("{} is damaged (32 bytes expected): restore it from the backup", path.display()))
        })?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Encrypts. `context` says what the secret is for (such as `im-key/1400000001`) and must be given again to open.
    ///
    /// The result is the nonce (96 random bits: secrets are few), then the encrypted text with its tag.
    pub(crate) fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, GatewayError> {
        let nonce = files::random::<NONCE_LEN>()?;
        let mut sealed = plain.to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut sealed)
            .map_err(|_| GatewayError::new("a secret is too long to be sealed"))?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Decrypts what [`Secrets::seal`] gave for the same context.
    pub(crate) fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, GatewayError> {
        let damaged =
            || GatewayError::new(format!("the secret {context} does not open with {KEY_FILE}: restore that file"));
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(damaged)?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self.0.open_in_place(nonce, Aad::from(context), &mut sealed).map_err(|_| damaged())?;
        Ok(plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_only_with_its_key_file_and_context() {
        // What was sealed comes back after a restart, and not when it was changed, or the context or key file is another.
        let directory = files::tests::directory("secrets");
        let sealed = Secrets::open_or_make(&directory).unwrap().seal("im-key/1", b"secret").unwrap();
        let again = Secrets::open_or_make(&directory).unwrap();
        assert_eq!(again.open("im-key/1", &sealed).unwrap(), b"secret");
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        assert!(again.open("im-key/2", &sealed).is_err());
        let mut changed = sealed.clone();
        changed[NONCE_LEN] ^= 1;
        assert!(again.open("im-key/1", &changed).is_err());
        assert!(again.open("im-key/1", &sealed[..10]).is_err());
        let other = Secrets::open_or_make(&files::tests::directory("secrets-other")).unwrap();
        assert!(other.open("im-key/1", &sealed).is_err());
    }

    #[test]
    fn a_damaged_key_file_is_named() {
        // A key file that was cut off stops the start, and the error names it.
        let directory = files::tests::directory("secrets-damaged");
        files::write(&directory.join(KEY_FILE), b"short", files::PRIVATE).unwrap();
        assert!(Secrets::open_or_make(&directory).err().unwrap().to_string().contains(KEY_FILE));
    }
}
