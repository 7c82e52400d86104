//! A certificate authority for brokers and servers of the tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A certificate authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: PathBuf,
}

/// When a leaf is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// Today.
    Now,
    /// It ended in 2020.
    Over,
    /// It begins in 2099.
    Later,
}

/// A certificate with its key.
pub struct Leaf {
    certificate: Certificate,
    key: KeyPair,
}

impl Authority {
    /// Makes one, with its certificate in `directory`.
    pub fn new(directory: &Path) -> Self {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = name("The tests' authority");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        let certificate = directory.join("test-ca.pem");
        let signed = parameters.self_signed(&key).expect("a certificate");
        fs::write(&certificate, signed.pem()).expect("a file for the certificate");
        Self { issuer: Issuer::new(parameters, key), certificate }
    }

    /// The certificate's path.
    pub fn path(&self) -> &Path {
        &self.certificate
    }

    /// Makes a leaf for these DNS names or addresses.
    pub fn leaf(&self, names: &[&str], validity: Validity) -> Leaf {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut parameters = CertificateParams::new(names).expect("valid names");
        // Another name than the authority's, or OpenSSL takes the certificate for a self-signed one.
        parameters.distinguished_name = name("A server of the tests");
        let (from, to) = match validity {
            Validity::Now => (2019, 2100),
            Validity::Over => (2019, 2020),
            Validity::Later => (2099, 2100),
        };
        parameters.not_before = date_time_ymd(from, 1, 1);
        parameters.not_after = date_time_ymd(to, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.signed_by(&key, &self.issuer).expect("a certificate");
        Leaf { certificate, key }
    }

    /// One file with our certificate and those of `others`: a phone that trusts them all.
    pub fn bundle(&self, others: &[&Path], path: &Path) {
        let mut pem = fs::read_to_string(&self.certificate).expect("our certificate");
        for other in others {
            pem.push_str(&fs::read_to_string(other).expect("another certificate"));
        }
        fs::write(path, pem).expect("a bundle");
    }
}

impl Leaf {
    /// Writes certificate and key as PEM into `directory`; returns their paths.
    pub fn write(&self, directory: &Path) -> (PathBuf, PathBuf) {
        let (certificate, key) = (directory.join("leaf.pem"), directory.join("leaf.key"));
        fs::write(&certificate, self.certificate.pem()).expect("a file for the certificate");
        fs::write(&key, self.key.serialize_pem()).expect("a file for the key");
        (certificate, key)
    }

    /// A server's TLS with this certificate.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("ring speaks TLS 1.3")
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.der().clone()], key)
            .expect("a certificate and its key");
        Arc::new(config)
    }
}

fn name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}
