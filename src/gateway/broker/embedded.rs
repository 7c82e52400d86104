//! The embedded broker: rmqtt in this process, behind the gateway's own TLS.
//!
//! rmqtt listens on a loopback port without TLS; the TLS listener hands each connection on to it. So certificates are
//! renewed while running, and the one TLS library is rustls with ring. A connection to the loopback port from
//! elsewhere on the machine gains nothing: it needs the same credentials.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::{NonZeroU16, NonZeroU32};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use offpush_wire::{REG_ID_CHARACTERS, down_topic, is_reg_id, up_topic};
use rmqtt::codec::types::Publish;
use rmqtt::codec::v5::SubscribeAckReason;
use rmqtt::context::ServerContext;
use rmqtt::fitter::{DefaultFitter, Fitter, FitterManager};
use rmqtt::hook::{Handler, HookResult, Parameter, ReturnType, Type};
use rmqtt::net::{Builder, Listener};
use rmqtt::server::MqttServer;
use rmqtt::types::{
    AuthResult, ConnectInfo, Disconnect, FitterType, Id, ListenerConfig, PublishAclResult, QoS, SubscribeAclResult,
};
use rustls::ServerConfig;
use subtle::ConstantTimeEq;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::link::{Address, LinkOptions, MAXIMUM_PACKET_BYTES};
use crate::core::{BrokerError, Core};
use crate::run::{listen, local_address};
use crate::{GatewayError, files};

/// The gateway's user name and client id. Shorter than a regId, so that no device can have it.
const GATEWAY_USER: &str = "gateway";
/// What may be under way to the gateway, and what a device may be sent at most when it names no receive maximum.
const IN_FLIGHT: NonZeroU16 = NonZeroU16::new(1024).expect("1024 is not zero");
/// What waits for a device at most: a window of 64 entries, published twice in the worst case, and answers.
const DEVICE_QUEUE: usize = 256;
/// What waits for the gateway at most, of all phones together. Phones send again what is lost here.
const GATEWAY_QUEUE: usize = 100_000;
/// How long a TLS handshake or a CONNECT may take. A handshake over the slowest mobile network takes a few seconds.
const HANDSHAKE: Duration = Duration::from_secs(15);
/// How long the second direction of a connection may outlive the first: a last round trip on a slow network.
const LINGER: Duration = Duration::from_secs(5);
/// TLS handshakes at the same time. Each costs about 1 ms of CPU; more wait in the listener's backlog.
const HANDSHAKES: usize = 512;
/// How long a connection that takes over waits for the end of the one before. rmqtt itself waits so long.
const TAKE_OVER: Duration = Duration::from_secs(5);
/// After this it is looked again whether that one has ended: what is waited for is another task's turn.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// After this the listener takes new connections again when the process had no file left for one.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The broker in this process.
pub(crate) struct Embedded {
    context: ServerContext,
    fronts: Vec<SocketAddr>,
    back: SocketAddr,
    password: String,
    topic_prefix: String,
}

/// The embedded broker with its listeners, not serving yet.
pub(crate) struct Listening {
    broker: Arc<Embedded>,
    fronts: Vec<TcpListener>,
    back: Listener,
    tls: Arc<ServerConfig>,
}

impl Embedded {
    /// Takes the ports; nobody is served yet.
    pub(crate) async fn bind(
        addresses: &[SocketAddr],
        tls: Arc<ServerConfig>,
        topic_prefix: &str,
    ) -> Result<(Arc<Self>, Listening), GatewayError> {
        let mut fronts = Vec::new();
        for address in addresses {
            fronts.push(listen(*address, "--mqtt").await?);
        }
        let failed = |error: &dyn std::fmt::Display| GatewayError::at("cannot start the embedded broker", error);
        let back = Builder::new()
            .name("embedded")
            .laddr(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .reuseaddr(Some(true))
            .nodelay(true)
            .allow_anonymous(false)
            .max_packet_size(MAXIMUM_PACKET_BYTES)
            .max_clientid_len(REG_ID_CHARACTERS)
            .max_inflight(IN_FLIGHT)
            .max_qos_allowed(QoS::AtLeastOnce)
            .max_topic_levels(8)
            .handshake_timeout(HANDSHAKE)
            // MQTT 5 forbids sending again on the same connection; what is lost, the core publishes again.
            .message_retry_interval(Duration::ZERO)
            .bind()
            .and_then(Listener::tcp)
            .map_err(|error| failed(&error))?;
        let context = ServerContext::new().busy_check_enable(false).build().await;
        let embedded = Arc::new(Self {
            fronts: fronts.iter().map(local_address).collect::<Result<_, _>>()?,
            back: back.local_addr().map_err(|error| failed(&error))?,
            context,
            password: files::random_token()?,
            topic_prefix: topic_prefix.to_owned(),
        });
        Ok((embedded.clone(), Listening { broker: embedded, fronts, back, tls }))
    }

    /// Where phones connect, the preferred one first.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.fronts
    }

    /// How the gateway's own connection gets in. It is the only gateway here, so it shares its subscription with none.
    pub(crate) fn link_options(&self) -> LinkOptions {
        LinkOptions {
            address: Address { host: self.back.ip().to_string(), port: self.back.port(), tls: None },
            client_id: GATEWAY_USER.to_owned(),
            user: GATEWAY_USER.to_owned(),
            password: self.password.clone(),
            uplink_filter: up_topic(&self.topic_prefix, "+"),
            administer: false,
        }
    }

    /// Ends the device's connection, if it has one.
    pub(crate) async fn disconnect(&self, reg_id: &str) -> Result<(), BrokerError> {
        let id = Id::from(self.context.node.id(), reg_id.into());
        let entry = self.context.extends.shared().await.entry(id);
        if !entry.exist() {
            return Ok(());
        }
        let mut entry = entry.try_lock().await.map_err(|error| BrokerError(error.to_string()))?;
        entry.kick(true, true, true).await.map_err(|error| BrokerError(error.to_string()))?;
        Ok(())
    }

    /// Ends the device's connection before rmqtt does it for the next one: rmqtt refuses that one with "Server unavailable"
    /// if the one before is ending by itself just then, as it is when a phone moves to another network.
    async fn make_way(&self, reg_id: &str) {
        let way = async {
            loop {
                let entry = self.context.extends.shared().await.entry(Id::from(self.context.node.id(), reg_id.into()));
                if let Ok(mut entry) = entry.try_lock().await
                    && (!entry.exist() || entry.kick(true, true, false).await.is_ok())
                {
                    return;
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        if tokio::time::timeout(TAKE_OVER, way).await.is_err() {
            log::warn!("the connection of {reg_id} before does not end");
        }
    }
}

impl Listening {
    /// Serves until the task is dropped.
    pub(crate) async fn serve(self, core: Core) {
        let Self { broker, fronts, back, tls } = self;
        let context = &broker.context;
        *context.extends.fitter_mgr_mut().await = Box::new(Fitters);
        let register = context.extends.hook_mgr().register();
        for hook in [Type::ClientAuthenticate, Type::ClientSubscribeCheckAcl, Type::MessagePublishCheckAcl] {
            register.add(hook, Box::new(Access { broker: broker.clone(), core: core.clone() })).await;
        }
        register.start().await;
        let server = MqttServer::new(context.clone()).listener_by_id(back, broker.back.port()).build();
        let handshakes = Arc::new(Semaphore::new(HANDSHAKES));
        // They end with this task.
        let mut relays = JoinSet::new();
        for front in fronts {
            relays.spawn(relay(front, TlsAcceptor::from(tls.clone()), handshakes.clone(), broker.back));
        }
        let result = server.run().await;
        log::error!("the embedded broker ended: {result:?}");
    }
}

/// Takes TLS connections and hands their content on.
async fn relay(listener: TcpListener, tls: TlsAcceptor, handshakes: Arc<Semaphore>, back: SocketAddr) {
    // Connections end with this task.
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            let permit = handshakes.clone().acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            accepted = accepted => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, peer)) => drop(connections.spawn(connection(stream, peer, tls.clone(), permit.ok(), back))),
            Err(error) => {
                log::warn!("the MQTT listener takes no connection: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    tls: TlsAcceptor,
    handshake: Option<OwnedSemaphorePermit>,
    back: SocketAddr,
) {
    let _ = stream.set_nodelay(true);
    let phone = match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
        Ok(Ok(phone)) => phone,
        Ok(Err(error)) => return log::debug!("no TLS with {peer}: {error}"),
        Err(_) => return log::debug!("no TLS with {peer} in time"),
    };
    drop(handshake);
    match TcpStream::connect(back).await {
        Ok(broker) => {
            let _ = broker.set_nodelay(true);
            pass(phone, broker).await;
        }
        Err(error) => log::warn!("no connection inside for {peer}: {error}"),
    }
}

/// Copies both ways until one side ends; what the other still has to say gets [`LINGER`], as a phone that is gone
/// without a word never ends its side.
async fn pass(phone: TlsStream<TcpStream>, mut broker: TcpStream) {
    let (mut from_phone, mut to_phone) = tokio::io::split(phone);
    let (mut from_broker, mut to_broker) = broker.split();
    let up = async {
        let _ = tokio::io::copy(&mut from_phone, &mut to_broker).await;
        let _ = to_broker.shutdown().await;
    };
    let down = async {
        let _ = tokio::io::copy(&mut from_broker, &mut to_phone).await;
        let _ = to_phone.shutdown().await;
    };
    tokio::pin!(up, down);
    tokio::select! {
        () = &mut up => drop(tokio::time::timeout(LINGER, down).await),
        () = &mut down => drop(tokio::time::timeout(LINGER, up).await),
    }
}

/// Who may log in, and what for.
struct Access {
    broker: Arc<Embedded>,
    core: Core,
}

impl Access {
    async fn log_in(&self, connect: &ConnectInfo) -> AuthResult {
        // MQTT 5 only.
        let ConnectInfo::V5(id, connect) = connect else { return AuthResult::NotAuthorized };
        let client = &id.client_id;
        let (Some(user), Some(password)) = (&connect.username, &connect.password) else {
            return AuthResult::NotAuthorized;
        };
        if user != client {
            return AuthResult::NotAuthorized;
        }
        if &**client == GATEWAY_USER {
            return match bool::from(password.ct_eq(self.broker.password.as_bytes())) {
                true => AuthResult::Allow(true, None),
                false => AuthResult::BadUsernameOrPassword,
            };
        }
        let up = up_topic(&self.broker.topic_prefix, client);
        if !is_reg_id(client) || connect.last_will.as_ref().is_some_and(|will| *will.topic != *up || will.retain) {
            return AuthResult::NotAuthorized;
        }
        let Ok(secret) = std::str::from_utf8(password) else { return AuthResult::BadUsernameOrPassword };
        match self.core.authenticate_device(client, secret).await {
            true => {
                self.broker.make_way(client).await;
                AuthResult::Allow(false, None)
            }
            false => AuthResult::BadUsernameOrPassword,
        }
    }
}

#[async_trait]
impl Handler for Access {
    async fn hook(&self, parameter: &Parameter, accumulated: Option<HookResult>) -> ReturnType {
        let prefix = &self.broker.topic_prefix;
        let result = match parameter {
            Parameter::ClientAuthenticate(connect) => HookResult::AuthResult(self.log_in(connect).await),
            Parameter::ClientSubscribeCheckAcl(session, subscribe) => {
                let own = down_topic(prefix, &session.id.client_id);
                HookResult::SubscribeAclResult(match *subscribe.topic_filter == *own {
                    true => SubscribeAclResult::new_success(subscribe.opts.qos(), None),
                    false => SubscribeAclResult::new_failure(SubscribeAckReason::NotAuthorized),
                })
            }
            Parameter::MessagePublishCheckAcl(session, publish) => {
                let own = up_topic(prefix, &session.id.client_id);
                HookResult::PublishAclResult(match *publish.topic == *own && !publish.retain {
                    true => PublishAclResult::allow(),
                    false => PublishAclResult::rejected(false, None),
                })
            }
            _ => return (true, accumulated),
        };
        (false, Some(result))
    }
}

/// The limits of each session.
struct Fitters;

impl FitterManager for Fitters {
    fn create(&self, connect: Arc<ConnectInfo>, id: Id, listener: ListenerConfig) -> FitterType {
        let queue = if &*id.client_id == GATEWAY_USER { GATEWAY_QUEUE } else { DEVICE_QUEUE };
        Arc::new(Limits { queue, default: DefaultFitter::new(connect, id, listener) })
    }
}

struct Limits {
    queue: usize,
    default: DefaultFitter,
}

#[async_trait]
impl Fitter for Limits {
    fn keep_alive(&self, keep_alive: &mut u16) -> rmqtt::Result<u16> {
        self.default.keep_alive(keep_alive)
    }

    fn max_mqueue_len(&self) -> usize {
        self.queue
    }

    fn mqueue_rate_limit(&self) -> (NonZeroU32, Duration) {
        self.default.mqueue_rate_limit()
    }

    fn max_inflight(&self) -> NonZeroU16 {
        self.default.max_inflight()
    }

    /// No session outlives its connection.
    fn session_expiry_interval(&self, _: Option<&Disconnect>) -> Duration {
        Duration::ZERO
    }

    fn message_expiry_interval(&self, publish: &Publish) -> Duration {
        self.default.message_expiry_interval(publish)
    }

    fn max_client_topic_aliases(&self) -> u16 {
        self.default.max_client_topic_aliases()
    }

    fn max_server_topic_aliases(&self) -> u16 {
        self.default.max_server_topic_aliases()
    }
}
