//! A certificate authority and one server certificate, for broker and registrar.
//!
//! Not the harness's `Authority`: there leaf and authority have the same name, and OpenSSL (`mosquitto_sub`) takes such a
//! leaf for one that signed itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::Failure;

/// The files and a server's TLS.
#[derive(Debug)]
pub(crate) struct Certificates {
    /// The authority's certificate, PEM.
    pub(crate) ca: PathBuf,
    /// The server's, PEM.
    pub(crate) certificate: PathBuf,
    /// Its key, PEM.
    pub(crate) key: PathBuf,
    server_certificate: CertificateDer<'static>,
    server_key: Vec<u8>,
}

impl Certificates {
    /// Makes them, for `localhost`, in a folder.
    pub(crate) fn new(folder: &Path) -> Result<Self, Failure> {
        let mut authority = CertificateParams::default();
        authority.distinguished_name.push(DnType::CommonName, "offpush-bench authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority_key = KeyPair::generate()?;
        let authority_certificate = authority.self_signed(&authority_key)?;
        let issuer = Issuer::new(authority, authority_key);

        let mut server = CertificateParams::new(["localhost".to_owned()])?;
        server.distinguished_name.push(DnType::CommonName, "localhost");
        let server_key = KeyPair::generate()?;
        let server_certificate = server.signed_by(&server_key, &issuer)?;

        let files = ["ca.pem", "server.pem", "server.key"].map(|name| folder.join(name));
        let contents = [authority_certificate.pem(), server_certificate.pem(), server_key.serialize_pem()];
        for (file, content) in files.iter().zip(contents) {
            fs::write(file, content)?;
        }
        let [ca, certificate, key] = files;
        let (server_certificate, server_key) = (server_certificate.der().clone(), server_key.serialize_der());
        Ok(Self { ca, certificate, key, server_certificate, server_key })
    }

    /// TLS 1.3 with the server's certificate.
    pub(crate) fn server_config(&self) -> Result<Arc<ServerConfig>, Failure> {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.server_key.clone()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(vec![self.server_certificate.clone()], key)?;
        Ok(Arc::new(config))
    }
}
