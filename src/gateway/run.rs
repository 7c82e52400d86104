//! Starting, serving, stopping.

use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use offpush_wire::DEFAULT_TOPIC_PREFIX;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::broker::{Connected, Link, Setup, url};
use crate::core::{self, Core, CoreOptions, SystemClock};
use crate::db::Db;
use crate::events::Events;
use crate::secrets::Secrets;
use crate::tls::Authority;
use crate::{GatewayError, Options, files, http, logging};

/// How often it is looked whether the leaf is due. It has a month's time.
const RENEWAL_CHECK: Duration = Duration::from_secs(60 * 60);
/// How long the start waits for the connection to the broker. The embedded one is there within milliseconds.
const BROKER_START: Duration = Duration::from_secs(5);
/// How long requests under way may take to end when the gateway stops, and then its own work. A request takes
/// milliseconds; one that was only half sent may never end.
const GRACE: Duration = Duration::from_secs(2);
/// The file that tells where the gateway serves.
const ADDRESS_FILE: &str = "gateway.json";
/// The file that is locked while a gateway uses the directory.
const LOCK_FILE: &str = "lock";
/// The file with the administrator's token.
const TOKEN_FILE: &str = "admin-token";

/// Serves until SIGINT or SIGTERM.
///
/// Once everything serves, `gateway.json` stands in the data directory: `{"http", "https", "mqtt", "console", "ca"}`.
/// It is removed first, and when the gateway stops.
pub fn run(options: Options) -> Result<(), GatewayError> {
    logging::start();
    raise_file_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| GatewayError::at("cannot start", error))?;
    let result = runtime.block_on(async {
        // Before anybody can know that it serves, and send one.
        let listen_for = |kind| signal(kind).map_err(|error| GatewayError::at("cannot listen for signals", error));
        let (mut interrupt, mut terminate) =
            (listen_for(SignalKind::interrupt())?, listen_for(SignalKind::terminate())?);
        let gateway = Gateway::start(options).await?;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        log::info!("stopping");
        gateway.stop().await;
        Ok(())
    });
    // Phones' connections have no end of their own.
    runtime.shutdown_background();
    result
}

/// A gateway that serves.
pub struct Gateway {
    core: Core,
    addresses: Addresses,
    address_file: PathBuf,
    /// Held as long as the gateway lives.
    _lock: File,
    stop: watch::Sender<()>,
    http: JoinSet<()>,
    /// What ends with the gateway: the broker, its connection, renewals.
    background: JoinSet<()>,
}

/// Where a gateway serves, as seen from its own machine. (Phones are told the first public host instead.)
#[derive(Debug, Clone)]
pub struct Addresses {
    /// Plain HTTP, as `http://HOST:PORT`.
    pub http: String,
    /// The same over TLS, as `https://HOST:PORT`.
    pub https: String,
    /// The broker as `mqtts://HOST:PORT`: the embedded one where it listens, an external one as phones are told.
    pub mqtt: String,
    /// The gateway's own CA, PEM.
    pub ca: PathBuf,
}

impl Gateway {
    /// Starts everything within the tokio runtime of the caller. When this returns, everything serves, and
    /// `gateway.json` and `admin-token` stand in the data directory.
    pub async fn start(options: Options) -> Result<Self, GatewayError> {
        let data = &options.data;
        let data = files::make_directory(data)
            .and_then(|()| std::fs::canonicalize(data))
            .map_err(|error| GatewayError::at(format!("cannot use the directory {}", data.display()), error))?;
        let lock = lock(&data)?;
        let address_file = data.join(ADDRESS_FILE);
        // What an earlier run left when it was killed.
        let _ = std::fs::remove_file(&address_file);

        let db = open_database(&data, options.database.as_deref()).await?;
        let secrets = Secrets::open_or_make(&data)?;
        let authority = Authority::open_or_make(&data, &options.public_hosts, SystemTime::now())?;
        let admin_token =
            files::read_or_make(&data.join(TOKEN_FILE), files::PRIVATE, || Ok(files::random_token()?.into_bytes()))?;
        let admin_token = String::from_utf8_lossy(&admin_token).trim().to_owned();
        if admin_token.is_empty() {
            return Err(GatewayError::new(format!("{TOKEN_FILE} is empty: remove it, and a new one is made")));
        }

        let plain = listen(options.http, "--http").await?;
        let secure = listen(options.https, "--https").await?;
        let link = Arc::new(Link::default());
        let setup = match &options.broker {
            None => Setup::embedded(&options, &authority).await?,
            Some(external) => Setup::external(external, &data, &authority, &link)?,
        };

        if options.restored {
            core::restored(&db).await.map_err(|error| GatewayError::at("cannot draw a new epoch", error))?;
        }
        let core = Core::start(CoreOptions {
            db,
            broker: Arc::new(Connected {
                link: link.clone(),
                admin: setup.admin.clone(),
                topic_prefix: DEFAULT_TOPIC_PREFIX.to_owned(),
            }),
            clock: Arc::new(SystemClock),
            secrets: Arc::new(secrets),
            topic_prefix: DEFAULT_TOPIC_PREFIX.to_owned(),
            device_brokers: setup.device_brokers,
            reconnect_rate: options.reconnect_rate,
        })
        .await
        .map_err(|error| GatewayError::at("cannot use the database", error))?;

        let mut background = JoinSet::new();
        if let Some(embedded) = setup.embedded {
            background.spawn(embedded.serve(core.clone()));
        }
        let (sender, receiver) = mpsc::unbounded_channel();
        let events = Events {
            core: core.clone(),
            link: link.clone(),
            admin: setup.admin,
            link_options: setup.link_options.clone(),
        };
        background.spawn(events.run(receiver));
        let connection = link.clone();
        background.spawn(async move { connection.run(setup.link_options, sender).await });
        // What a phone says before would be lost, and said again half a minute later.
        if tokio::time::timeout(BROKER_START, link.until_ready()).await.is_err() {
            log::warn!("no connection to the broker yet; serving without it until there is one");
        }

        let addresses = Addresses {
            http: url("http", local_address(&plain)?, None),
            https: url("https", local_address(&secure)?, None),
            mqtt: setup.mqtt,
            ca: authority.certificate().to_owned(),
        };
        let server = Arc::new(http::Server { core: core.clone(), link, admin_token });
        let (stop, stopped) = watch::channel(());
        let mut http_tasks = JoinSet::new();
        http_tasks.spawn(http::serve(plain, None, server.clone(), stopped.clone()));
        http_tasks.spawn(http::serve(secure, Some(authority.for_https()?), server, stopped));
        background.spawn(renew(authority));

        let gateway = Self { core, addresses, address_file, _lock: lock, stop, http: http_tasks, background };
        gateway.write_addresses()?;
        log::info!("serving {}, {} and {}", gateway.addresses.http, gateway.addresses.https, gateway.addresses.mqtt);
        Ok(gateway)
    }

    /// Where it serves.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    fn write_addresses(&self) -> Result<(), GatewayError> {
        let Addresses { http, https, mqtt, ca } = &self.addresses;
        let content = json!({
            "http": http,
            "https": https,
            "mqtt": mqtt,
            "console": format!("{https}/console"),
            "ca": ca,
        });
        files::write(&self.address_file, format!("{content}\n").as_bytes(), files::PUBLIC)
            .map_err(|error| GatewayError::at(format!("cannot write {}", self.address_file.display()), error))
    }

    /// Takes no new requests, lets those under way end, and closes the database.
    pub async fn stop(mut self) {
        let _ = std::fs::remove_file(&self.address_file);
        let _ = self.stop.send(());
        let ended = tokio::time::timeout(GRACE, async { while self.http.join_next().await.is_some() {} });
        if ended.await.is_err() {
            log::info!("requests did not end in {} s", GRACE.as_secs());
            self.http.shutdown().await;
        }
        self.background.shutdown().await;
        self.core.shutdown(GRACE).await;
    }
}

async fn renew(authority: Authority) {
    loop {
        tokio::time::sleep(RENEWAL_CHECK).await;
        match authority.renew(SystemTime::now()) {
            Ok(true) => log::info!("the TLS certificate was renewed"),
            Ok(false) => {}
            Err(error) => log::error!("the TLS certificate was not renewed: {error}"),
        }
    }
}

/// One gateway at a time uses a directory.
fn lock(data: &Path) -> Result<File, GatewayError> {
    let path = data.join(LOCK_FILE);
    let file = File::create(&path)
        .map_err(|error| GatewayError::at(format!("cannot use the directory {}", data.display()), error))?;
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => GatewayError::new(format!(
            "another gateway is running in {}: stop it, or choose another --data",
            data.display()
        )),
        TryLockError::Error(error) => GatewayError::at(format!("cannot lock {}", path.display()), error),
    })?;
    Ok(file)
}

/// Each phone takes three open files here; the limit that most systems start a process with is for 1024.
fn raise_file_limit() {
    let raised =
        getrlimit(Resource::RLIMIT_NOFILE).and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    if let Err(error) = raised {
        log::warn!("the limit of open files could not be raised: {error}");
    }
}

pub(crate) async fn listen(address: SocketAddr, option: &str) -> Result<TcpListener, GatewayError> {
    TcpListener::bind(address)
        .await
        .map_err(|error| GatewayError::at(format!("cannot listen on {address} (choose another with {option})"), error))
}

pub(crate) fn local_address(listener: &TcpListener) -> Result<SocketAddr, GatewayError> {
    listener.local_addr().map_err(|error| GatewayError::at("cannot tell the listener's address", error))
}

async fn open_database(data: &Path, database: Option<&str>) -> Result<Db, GatewayError> {
    let path = match database {
        None => data.join("gateway.db"),
        Some(text) => match text.strip_prefix("sqlite:") {
            Some(path) => PathBuf::from(path.strip_prefix("//").unwrap_or(path)),
            None => {
                return Err(GatewayError::new(format!(
                    "--database {}:… is not supported by this build: give sqlite:PATH",
                    // What follows may hold a password.
                    text.split(':').next().unwrap_or_default()
                )));
            }
        },
    };
    let failed =
        |error: &dyn std::fmt::Display| GatewayError::at(format!("cannot open the database {}", path.display()), error);
    // SQLite gives its other files the mode of the first.
    files::make_private(&path).map_err(|error| failed(&error))?;
    Db::open(&path).await.map_err(|error| failed(&error))
}
