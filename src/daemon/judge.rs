//! Certificates that the platform judges, while TLS is checked here.
//!
//! The TLS library asks in the middle of a handshake and wants the answer at once; the platform's may take a while. So
//! the library is told yes, the chain is kept, and the link holds what it has until the platform has answered: nothing
//! of ours but the handshake is sent, nothing more is read. That the other side has the leaf's key (its signature), and that the leaf is for
//! the name that was asked for, is checked here in every case.
//!
//! A session that is resumed brings no chain: it is one whose chain was trusted. So that this is true, no ticket is
//! kept that comes together with a chain that is not judged yet.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue, verify_server_name,
};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{DigitallySignedStruct, Error, NamedGroup, SignatureScheme};

/// Servers whose sessions are kept: more than an app has brokers.
const SESSIONS: usize = 32;

/// A chain to judge.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) id: u64,
    /// DER, the leaf first, as the other side sent them.
    pub(crate) chain: Vec<Vec<u8>>,
    pub(crate) host: String,
}

/// See the module's page.
#[derive(Debug)]
pub(crate) struct Judge {
    algorithms: WebPkiSupportedAlgorithms,
    sessions: ClientSessionMemoryCache,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The chain that the link whose bytes are being decrypted has just brought.
    seen: Option<Vec<Vec<u8>>>,
    /// The last question's number.
    last: u64,
    questions: VecDeque<Question>,
}

impl Judge {
    pub(crate) fn new(algorithms: WebPkiSupportedAlgorithms) -> Self {
        Self { algorithms, sessions: ClientSessionMemoryCache::new(SESSIONS), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the question for the chain that has come with the bytes just decrypted, if one has; its number.
    pub(crate) fn ask(&self, host: &str) -> Option<u64> {
        let mut state = self.state();
        let chain = state.seen.take()?;
        state.last += 1;
        let id = state.last;
        state.questions.push_back(Question { id, chain, host: host.to_owned() });
        Some(id)
    }

    /// The next question to put to the platform.
    pub(crate) fn question(&self) -> Option<Question> {
        self.state().questions.pop_front()
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        verify_server_name(&ParsedCertificate::try_from(leaf)?, name)?;
        self.state().seen = Some(std::iter::once(leaf).chain(others).map(|one| one.to_vec()).collect());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, leaf, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, leaf, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ClientSessionStore for Judge {
    fn set_kx_hint(&self, server: ServerName<'static>, group: NamedGroup) {
        self.sessions.set_kx_hint(server, group);
    }

    fn kx_hint(&self, server: &ServerName<'_>) -> Option<NamedGroup> {
        self.sessions.kx_hint(server)
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, server: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        if self.state().seen.is_none() {
            self.sessions.insert_tls13_ticket(server, ticket);
        }
    }

    fn take_tls13_ticket(&self, server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.sessions.take_tls13_ticket(server)
    }
}
