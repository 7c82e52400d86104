//! The two listeners: plain and TLS.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::{Server, dispatch};

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(15);
/// How long a request's head may take, and how long a connection may wait for its next request. Server clients keep
/// connections for a minute or so; who is cut off connects again.
const HEAD: Duration = Duration::from_secs(75);
/// After this the listener takes new connections again when the process had no file left for one.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop` changes, then lets the requests under way end.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    server: Arc<Server>,
    mut stop: watch::Receiver<()>,
) {
    let connections = GracefulShutdown::new();
    let tls = tls.map(TlsAcceptor::from);
    // They end with this task, if not before.
    let mut tasks = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = tasks.join_next() => continue,
            _ = stop.changed() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                tasks.spawn(connection(stream, peer, tls.clone(), server.clone(), connections.watcher()));
            }
            Err(error) => {
                log::warn!("a listener takes no connection: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    server: Arc<Server>,
    watcher: Watcher,
) {
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return requests(stream, peer, server, watcher).await };
    match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
        Ok(Ok(stream)) => requests(stream, peer, server, watcher).await,
        Ok(Err(error)) => log::debug!("no TLS with {peer}: {error}"),
        Err(_) => log::debug!("no TLS with {peer} in time"),
    }
}

async fn requests<S>(stream: S, peer: SocketAddr, server: Arc<Server>, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let server = server.clone();
        async move { Ok::<_, Infallible>(dispatch(&server, peer, request.map(Body::new)).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        log::debug!("the connection of {peer} broke off: {error}");
    }
}
