//! TLS with a certificate authority of the gateway's own.
//!
//! The CA's key and certificate are made on the first start and kept; phones and servers are given `ca.pem`. The leaf
//! lives in memory only: each start makes one, and it is renewed while the gateway runs.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData, SanType,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore};

use crate::{GatewayError, files};

/// How long the CA is valid: 20 years (design §8). Phones carry it in the app, so it outlives every device.
const CA_LIFE: Duration = Duration::from_secs(20 * 365 * DAY);
/// How long a leaf is valid: 90 days (design §8).
const LEAF_LIFE: Duration = Duration::from_secs(90 * DAY);
/// A leaf is renewed when this much of its life is left: a third, as ACME clients do.
pub(crate) const LEAF_RENEWAL: Duration = Duration::from_secs(30 * DAY);
/// Certificates are valid from this long ago: phones' clocks run behind by up to hours.
const BACKDATED: Duration = Duration::from_secs(DAY);
/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

/// The names that every leaf carries besides the public ones.
const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The gateway's own certificate authority and the leaf in use.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: PathBuf,
    names: Vec<String>,
    leaf: Arc<Leaf>,
}

/// The leaf in use; all TLS listeners share it.
#[derive(Debug)]
struct Leaf(RwLock<(Arc<CertifiedKey>, SystemTime)>);

impl ResolvesServerCert for Leaf {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).0.clone())
    }
}

impl Authority {
    /// Reads the CA from the data directory, or makes it on the first start, and makes a leaf.
    ///
    /// `names` are DNS names or IP addresses.
    pub(crate) fn open_or_make(data: &Path, names: &[String], now: SystemTime) -> Result<Self, GatewayError> {
        let key_path = data.join("ca.key");
        let key = files::read_or_make(&key_path, files::PRIVATE, || {
            let key = KeyPair::generate().map_err(|error| GatewayError::at("cannot make the CA's key", error))?;
            Ok(key.serialize_pem().into_bytes())
        })?;
        let key = std::str::from_utf8(&key)
            .map_err(|error| error.to_string())
            .and_then(|pem| KeyPair::from_pem(pem).map_err(|error| error.to_string()))
            .map_err(|error| {
                GatewayError::at(format!("{} is damaged, restore it from the backup", key_path.display()), error)
            })?;

        let mut params = CertificateParams::default();
        params.distinguished_name = ca_name(&key);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.not_before = (now - BACKDATED).into();
        params.not_after = (now + CA_LIFE).into();
        let certificate = data.join("ca.pem");
        files::read_or_make(&certificate, files::PUBLIC, || {
            let made = params.self_signed(&key);
            Ok(made.map_err(|error| GatewayError::at("cannot make the CA's certificate", error))?.pem().into_bytes())
        })?;

        let names = LOCAL_NAMES.iter().map(|&name| name.to_owned()).chain(names.iter().cloned()).collect::<Vec<_>>();
        let issuer = Issuer::new(params, key);
        let leaf = Arc::new(Leaf(RwLock::new(make_leaf(&issuer, &names, now)?)));
        Ok(Self { issuer, certificate, names, leaf })
    }

    /// The file with the CA's certificate, PEM.
    pub(crate) fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// Renews the leaf if less than [`LEAF_RENEWAL`] of its life is left. True if it did.
    pub(crate) fn renew(&self, now: SystemTime) -> Result<bool, GatewayError> {
        let expires = self.leaf.0.read().unwrap_or_else(PoisonError::into_inner).1;
        if expires.duration_since(now).is_ok_and(|left| left > LEAF_RENEWAL) {
            return Ok(false);
        }
        let leaf = make_leaf(&self.issuer, &self.names, now)?;
        *self.leaf.0.write().unwrap_or_else(PoisonError::into_inner) = leaf;
        Ok(true)
    }

    /// For phones: TLS 1.3 only.
    pub(crate) fn for_phones(&self) -> Result<Arc<ServerConfig>, GatewayError> {
        self.server(&[&rustls::version::TLS13], &[])
    }

    /// For HTTPS: server clients in the wild still speak TLS 1.2.
    pub(crate) fn for_https(&self) -> Result<Arc<ServerConfig>, GatewayError> {
        self.server(&[&rustls::version::TLS13, &rustls::version::TLS12], &[b"http/1.1"])
    }

    /// For the gateway as a client of an external broker: the system's store, the gateway's own CA, and `ca`.
    pub(crate) fn client(&self, ca: Option<&Path>) -> Result<Arc<ClientConfig>, GatewayError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for file in [Some(self.certificate()), ca].into_iter().flatten() {
            let failed =
                |error: &dyn std::fmt::Display| GatewayError::at(format!("cannot read {}", file.display()), error);
            for certificate in CertificateDer::pem_file_iter(file).map_err(|error| failed(&error))? {
                let certificate = certificate.map_err(|error| failed(&error))?;
                roots.add(certificate).map_err(|error| failed(&error))?;
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| GatewayError::at("cannot set up TLS", error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::new(config))
    }

    fn server(
        &self,
        versions: &[&'static rustls::SupportedProtocolVersion],
        alpn: &[&[u8]],
    ) -> Result<Arc<ServerConfig>, GatewayError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .map_err(|error| GatewayError::at("cannot set up TLS", error))?
            .with_no_client_auth()
            .with_cert_resolver(self.leaf.clone());
        config.alpn_protocols = alpn.iter().map(|&name| name.to_vec()).collect();
        // Tickets keep no state here, so that every phone's reconnect is resumed, not only the last few.
        config.ticketer =
            rustls::crypto::ring::Ticketer::new().map_err(|error| GatewayError::at("cannot set up TLS", error))?;
        Ok(Arc::new(config))
    }
}

/// The CA's name, told from its key: it must be the same each time that key signs.
fn ca_name(key: &KeyPair) -> DistinguishedName {
    let digest = ring::digest::digest(&ring::digest::SHA256, &key.subject_public_key_info());
    let id: String = digest.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "offpush");
    name.push(DnType::CommonName, format!("offpush CA {id}"));
    name
}

fn make_leaf(
    issuer: &Issuer<'static, KeyPair>,
    names: &[String],
    now: SystemTime,
) -> Result<(Arc<CertifiedKey>, SystemTime), GatewayError> {
    let failed = |error: &dyn std::fmt::Display| GatewayError::at("cannot make a TLS certificate", error);
    let mut params = CertificateParams::default();
    for name in names {
        let name = match name.parse::<IpAddr>() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(name.as_str().try_into().map_err(|_| {
                GatewayError::new(format!("--public-host {name:?} is neither a DNS name nor an IP address"))
            })?),
        };
        params.subject_alt_names.push(name);
    }
    let expires = now + LEAF_LIFE;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "offpush gateway");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.not_before = (now - BACKDATED).into();
    params.not_after = expires.into();

    let key = KeyPair::generate().map_err(|error| failed(&error))?;
    let certificate = params.signed_by(&key, issuer).map_err(|error| failed(&error))?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let key = rustls::crypto::ring::sign::any_ecdsa_type(&key).map_err(|error| failed(&error))?;
    Ok((Arc::new(CertifiedKey::new(vec![certificate.der().clone()], key)), expires))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use rustls::pki_types::ServerName;
    use rustls::{ClientConnection, ServerConnection};

    use super::*;

    /// Completes a handshake in memory against `ca.pem` and gives the leaf that was shown.
    fn shake_hands(authority: &Authority, name: &'static str) -> Result<Vec<u8>, rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(authority.certificate()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut client = ClientConnection::new(Arc::new(client), ServerName::try_from(name).unwrap()).unwrap();
        let mut server = ServerConnection::new(authority.for_phones().unwrap()).unwrap();
        let mut pipe = Vec::new();
        while client.is_handshaking() || server.is_handshaking() {
            pipe.clear();
            while client.wants_write() {
                client.write_tls(&mut pipe).unwrap();
            }
            let mut read = &pipe[..];
            while !read.is_empty() {
                server.read_tls(&mut read.by_ref()).unwrap();
                server.process_new_packets()?;
            }
            pipe.clear();
            while server.wants_write() {
                server.write_tls(&mut pipe).unwrap();
            }
            let mut read = &pipe[..];
            while !read.is_empty() {
                client.read_tls(&mut read.by_ref()).unwrap();
                client.process_new_packets()?;
            }
        }
        client.writer().flush().unwrap();
        Ok(client.peer_certificates().unwrap()[0].to_vec())
    }

    #[test]
    fn the_certificate_authority_is_kept_across_starts() {
        // A second start uses the same CA, and what it signs is trusted by those who hold the first ca.pem.
        let directory = files::tests::directory("tls-reuse");
        let now = SystemTime::now();
        let first = Authority::open_or_make(&directory, &[], now).unwrap();
        let pem = std::fs::read(first.certificate()).unwrap();
        let first_leaf = shake_hands(&first, "localhost").unwrap();
        let second = Authority::open_or_make(&directory, &["push.example.com".to_owned()], now).unwrap();
        assert_eq!(std::fs::read(second.certificate()).unwrap(), pem);
        assert_ne!(shake_hands(&second, "push.example.com").unwrap(), first_leaf);
        assert!(shake_hands(&first, "push.example.com").is_err());
    }

    #[test]
    fn a_leaf_is_renewed_while_running_when_a_third_of_its_life_is_left() {
        // Sixty days in, the next handshake shows a new certificate; before that it stays the same.
        let directory = files::tests::directory("tls-renew");
        let now = SystemTime::now();
        let start = now - Duration::from_secs(61 * DAY);
        let authority = Authority::open_or_make(&directory, &[], start).unwrap();
        let old = shake_hands(&authority, "localhost").unwrap();
        assert!(!authority.renew(start + Duration::from_secs(59 * DAY)).unwrap());
        assert_eq!(shake_hands(&authority, "localhost").unwrap(), old);
        assert!(authority.renew(now).unwrap());
        assert_ne!(shake_hands(&authority, "localhost").unwrap(), old);
    }

    #[test]
    fn a_public_host_that_is_no_name_is_refused_with_its_text() {
        // The error names the option and the value.
        let directory = files::tests::directory("tls-name");
        let error = Authority::open_or_make(&directory, &["höst name".to_owned()], SystemTime::now()).err().unwrap();
        assert!(error.to_string().contains("--public-host"), "{error}");
    }
}
