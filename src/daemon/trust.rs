//! Which servers are trusted, and by which time.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use offpush_engine::input::{CertificateProblem, LinkFailure};
use rustls::client::{Resumption, WantsClientCert};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{CertificateError, ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};

use crate::judge::{Judge, Question};
use crate::provider::provider;

/// When this was built, in milliseconds since 1970: no honest clock shows an earlier time.
const BUILT_AT: i64 = parse_seconds(env!("OFFPUSH_BUILD_SECONDS")) * 1_000;

/// How far the device's clock must be ahead of what a gateway told before it, rather than a certificate, is taken to be
/// wrong, in milliseconds. A day: more than time zones set wrongly make, less than certificates are renewed early.
const CLOCK_AHEAD: i64 = 24 * 3_600_000;

const fn parse_seconds(text: &str) -> i64 {
    let bytes = text.as_bytes();
    let mut value = 0;
    let mut index = 0;
    while index < bytes.len() {
        value = value * 10 + (bytes[index] - b'0') as i64;
        index += 1;
    }
    value
}

/// The TLS configurations, and the time by which certificates are judged.
#[derive(Debug)]
pub(crate) struct Trust {
    /// For brokers. One for the process's life, so that each connection resumes the one before.
    pub(crate) brokers: Arc<ClientConfig>,
    /// For the one HTTPS request, which asks for HTTP/1.1 and does not spend the brokers' tickets.
    pub(crate) gateways: Arc<ClientConfig>,
    clock: Arc<JudgingClock>,
    /// If the platform judges.
    judge: Option<Arc<Judge>>,
}

impl Trust {
    /// Trusts the certificates of this file, or without one the system's.
    pub(crate) fn new(ca: Option<&Path>) -> Result<Self, TrustError> {
        let roots = match ca {
            Some(path) => roots_of_file(path)?,
            None => system_roots()?,
        };
        Self::with_roots(roots)
    }

    /// Trusts these certificates, in PEM form.
    pub(crate) fn of_pem(pem: &[u8]) -> Result<Self, TrustError> {
        Self::with_roots(roots_of_pem(CertificateDer::pem_slice_iter(pem)).map_err(TrustError::Pem)?)
    }

    /// Trusts what the platform is found to trust.
    pub(crate) fn judged_by_platform() -> Result<Self, TrustError> {
        let judge = Arc::new(Judge::new(provider().signature_verification_algorithms));
        let verifier = Arc::clone(&judge);
        let mut trust = Self::of(|builder| builder.dangerous().with_custom_certificate_verifier(verifier))?;
        let mut brokers = ClientConfig::clone(&trust.brokers);
        brokers.resumption = Resumption::store(Arc::clone(&judge) as _);
        trust.brokers = Arc::new(brokers);
        trust.judge = Some(judge);
        Ok(trust)
    }

    fn with_roots(roots: RootCertStore) -> Result<Self, TrustError> {
        Self::of(|builder| builder.with_root_certificates(roots))
    }

    fn of(
        verify: impl FnOnce(ConfigBuilder<ClientConfig, WantsVerifier>) -> ConfigBuilder<ClientConfig, WantsClientCert>,
    ) -> Result<Self, TrustError> {
        let clock = Arc::new(JudgingClock { wall: AtomicI64::new(0), gateway: AtomicI64::new(i64::MIN) });
        let time: Arc<dyn TimeProvider> = Arc::clone(&clock) as _;
        let builder = ClientConfig::builder_with_details(Arc::new(provider()), time);
        let builder = builder
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|error| TrustError::Library(error.to_string()))?;
        let brokers = verify(builder).with_no_client_auth();
        let mut gateways = brokers.clone();
        gateways.alpn_protocols = vec![b"http/1.1".to_vec()];
        gateways.resumption = Resumption::disabled();
        Ok(Self { brokers: Arc::new(brokers), gateways: Arc::new(gateways), clock, judge: None })
    }

    /// Puts the question for the chain that has come with the bytes just decrypted, if the platform judges; its number.
    pub(crate) fn ask(&self, host: &str) -> Option<u64> {
        self.judge.as_ref()?.ask(host)
    }

    /// The next question to put to the platform.
    pub(crate) fn question(&self) -> Option<Question> {
        self.judge.as_ref()?.question()
    }

    /// Tells the device's clock, and the time by what a gateway last told. To be called before each attempt.
    pub(crate) fn set_time(&self, wall: i64, gateway: Option<i64>) {
        self.clock.wall.store(wall, Ordering::Relaxed);
        self.clock.gateway.store(gateway.unwrap_or(i64::MIN), Ordering::Relaxed);
    }

    /// Why TLS failed, for an attempt to reach `host`.
    pub(crate) fn failure(&self, error: &rustls::Error, host: &str) -> LinkFailure {
        match error {
            rustls::Error::InvalidCertificate(error) => {
                LinkFailure::Certificate { problem: self.certificate_problem(error, host) }
            }
            other => LinkFailure::Tls { error: other.to_string() },
        }
    }

    fn certificate_problem(&self, error: &CertificateError, host: &str) -> CertificateProblem {
        match error {
            // A signature that does not fit is what a CA of the same name with another key makes.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => CertificateProblem::UnknownIssuer,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                CertificateProblem::WrongName { host: host.to_owned() }
            }
            CertificateError::Expired => CertificateProblem::Expired { clock_ahead: self.clock.is_ahead() },
            CertificateError::ExpiredContext { not_after, .. } => {
                let ended = i64::try_from(not_after.as_secs()).unwrap_or(i64::MAX).saturating_mul(1_000);
                let by_gateway = self.clock.gateway.load(Ordering::Relaxed);
                CertificateProblem::Expired { clock_ahead: self.clock.is_ahead() && by_gateway < ended }
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                CertificateProblem::NotYetValid
            }
            other => CertificateProblem::Other { error: other.to_string() },
        }
    }
}

/// The latest of the device's clock, the build date and the time by what a gateway told: each of them is a time that is
/// over, unless the clock is ahead.
#[derive(Debug)]
struct JudgingClock {
    /// Milliseconds since 1970.
    wall: AtomicI64,
    /// Milliseconds since 1970; the lowest number if no gateway has told.
    gateway: AtomicI64,
}

impl JudgingClock {
    fn is_ahead(&self) -> bool {
        let gateway = self.gateway.load(Ordering::Relaxed);
        gateway != i64::MIN && self.wall.load(Ordering::Relaxed).saturating_sub(gateway) > CLOCK_AHEAD
    }
}

impl TimeProvider for JudgingClock {
    fn current_time(&self) -> Option<UnixTime> {
        let latest = self.wall.load(Ordering::Relaxed).max(self.gateway.load(Ordering::Relaxed)).max(BUILT_AT);
        Some(UnixTime::since_unix_epoch(Duration::from_millis(latest.unsigned_abs())))
    }
}

fn roots_of_file(path: &Path) -> Result<RootCertStore, TrustError> {
    let unreadable = |error: String| TrustError::File { path: path.to_owned(), error };
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| unreadable(error.to_string()))?;
    roots_of_pem(certificates).map_err(unreadable)
}

fn roots_of_pem(
    certificates: impl Iterator<Item = Result<CertificateDer<'static>, pem::Error>>,
) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate.map_err(|error| error.to_string())?).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() { Err("it holds no certificate in PEM form".to_owned()) } else { Ok(roots) }
}

fn system_roots() -> Result<RootCertStore, TrustError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Old roots that are not in order are common in system stores, and no reason to trust none.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let errors: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
        return Err(TrustError::System(errors.join("; ")));
    }
    Ok(roots)
}

/// Why nothing can be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustError {
    /// The file of CA certificates cannot be used.
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: String,
    },
    /// The CA certificates that were given cannot be used: what is wrong with them.
    Pem(String),
    /// The system has no CA certificates.
    System(String),
    /// The TLS library refuses its configuration.
    Library(String),
}

impl fmt::Display for TrustError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, error } => write!(formatter, "the CA file {} cannot be used: {error}", path.display()),
            Self::Pem(error) => write!(formatter, "the CA certificates cannot be used: {error}"),
            Self::System(error) if error.is_empty() => {
                formatter.write_str("the system has no CA certificates: install them, or give a CA file")
            }
            Self::System(error) => write!(formatter, "the system's CA certificates cannot be read: {error}"),
            Self::Library(error) => write!(formatter, "TLS cannot be set up: {error}"),
        }
    }
}

impl std::error::Error for TrustError {}
