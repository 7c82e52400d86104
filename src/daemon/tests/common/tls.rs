//! Certificates and a TLS server for tests.
#![allow(unreachable_pub, dead_code, reason = "each test takes what it needs")]

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A server's side of a connection.
pub type Stream = StreamOwned<ServerConnection, TcpStream>;

/// A CA.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate in PEM form.
    pub pem: String,
}

impl Authority {
    /// Every one has the same name and another key.
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "test CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A server with a certificate for this name, valid from the first day of one year to that of another.
    pub fn server(&self, name: &str, years: (i32, i32)) -> Arc<ServerConfig> {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(years.0, 1, 1);
        params.not_after = date_time_ymd(years.1, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .unwrap();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }
}

/// Accepts connections on a free port of 127.0.0.1, each in a thread of its own, for as long as the test runs.
pub fn serve(config: Arc<ServerConfig>, handler: impl Fn(Stream) + Send + Sync + 'static) -> u16 {
    serve_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(), config, handler)
}

/// The same on a listener that there is already.
pub fn serve_on(
    listener: TcpListener,
    config: Arc<ServerConfig>,
    handler: impl Fn(Stream) + Send + Sync + 'static,
) -> u16 {
    let port = listener.local_addr().unwrap().port();
    let handler = Arc::new(handler);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (config, handler) = (Arc::clone(&config), Arc::clone(&handler));
            thread::spawn(move || {
                let connection = ServerConnection::new(config).unwrap();
                handler(StreamOwned::new(connection, stream));
            });
        }
    });
    port
}
