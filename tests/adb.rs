//! Debian's real adb, and a stand-in for the phone's end of it over TCP.
//!
//! The stand-in speaks adb's protocol (AOSP `packages/modules/adb/protocol.txt`) without features: it answers the commands
//! that it was given answers for, and leads abstract sockets to sockets of this machine.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::{Scratch, free_port};

/// A server of adb with a port and a home of its own. Dropped, it ends.
#[derive(Debug)]
pub struct Adb {
    port: u16,
    home: PathBuf,
}

impl Adb {
    /// Starts one.
    pub fn start(scratch: &Scratch) -> Self {
        let home = scratch.join("adb");
        std::fs::create_dir_all(&home).expect("a folder");
        let adb = Self { port: free_port(), home };
        let started = adb.run(&["start-server"]);
        assert!(started.status.success(), "adb is installed; `tests/run e2e` sees to it: {started:?}");
        adb
    }

    /// Runs adb.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.around(Command::new("adb")).args(arguments).output().expect("adb is installed; `tests/run e2e` sees to it")
    }

    /// A command whose adb speaks to this server.
    pub fn around(&self, mut command: Command) -> Command {
        command.env("ANDROID_ADB_SERVER_PORT", self.port.to_string()).env("HOME", &self.home);
        // Its log and our sockets.
        command.env("TMPDIR", &self.home).env_remove("XDG_RUNTIME_DIR").env_remove("ANDROID_SERIAL");
        command
    }

    /// Connects to a stand-in; what adb says. Its serial number is its address.
    pub fn connect(&self, phone: &Adbd) -> String {
        String::from_utf8_lossy(&self.run(&["connect", &phone.serial()]).stdout).into_owned()
    }
}

impl Drop for Adb {
    fn drop(&mut self) {
        let _ = self.run(&["kill-server"]);
    }
}

/// What a stand-in has.
#[derive(Debug, Default)]
pub struct Phone {
    /// What commands print; others print nothing.
    pub prints: HashMap<String, String>,
    /// Where abstract names lead.
    pub sockets: HashMap<String, PathBuf>,
    /// The person has not allowed debugging.
    pub is_locked: bool,
}

/// See the module's page.
#[derive(Debug)]
pub struct Adbd {
    port: u16,
    closed: Arc<AtomicBool>,
}

impl Adbd {
    /// Listens on a port of this machine.
    pub fn start(phone: Phone) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let closed = Arc::new(AtomicBool::new(false));
        let (ended, phone) = (closed.clone(), Arc::new(phone));
        thread::spawn(move || {
            for host in listener.incoming().flatten() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let phone = phone.clone();
                thread::spawn(move || serve(host, &phone));
            }
        });
        Self { port, closed }
    }

    /// What `adb devices` calls it.
    pub fn serial(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for Adbd {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

const CNXN: [u8; 4] = *b"CNXN";
const AUTH: [u8; 4] = *b"AUTH";
const OPEN: [u8; 4] = *b"OPEN";
const OKAY: [u8; 4] = *b"OKAY";
const WRTE: [u8; 4] = *b"WRTE";
const CLSE: [u8; 4] = *b"CLSE";

/// AUTH with the token signed by a key, the other kind being a key that is offered.
const SIGNATURE: u32 = 2;

/// The protocol's first version, which checks sums and allows this many bytes in a packet.
const VERSION: u32 = 0x0100_0000;
const MAXIMUM_BYTES: usize = 4_096;

struct Packet {
    command: [u8; 4],
    first: u32,
    second: u32,
    data: Vec<u8>,
}

fn receive(host: &mut impl Read) -> io::Result<Packet> {
    let mut words = [[0; 4]; 6];
    for word in &mut words {
        host.read_exact(word)?;
    }
    let length = u32::from_le_bytes(words[3]) as usize;
    // Older versions' longest, which is also the newest's.
    if length > 1 << 20 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut data = vec![0; length];
    host.read_exact(&mut data)?;
    Ok(Packet { command: words[0], first: u32::from_le_bytes(words[1]), second: u32::from_le_bytes(words[2]), data })
}

/// The way to the host, for all streams.
#[derive(Clone)]
struct Host(Arc<Mutex<TcpStream>>);

impl Host {
    fn send(&self, command: [u8; 4], first: u32, second: u32, data: &[u8]) -> io::Result<()> {
        let sum: u32 = data.iter().map(|&byte| u32::from(byte)).sum();
        let magic = !u32::from_le_bytes(command);
        let length = u32::try_from(data.len()).expect("a packet's length");
        let words = [u32::from_le_bytes(command), first, second, length, sum, magic];
        let header: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&[&header, data].concat())
    }
}

/// One stream that the host has opened.
struct Stream {
    /// Where what the host writes goes.
    to: Option<UnixStream>,
    /// Tells that the host has taken a packet.
    taken: Sender<()>,
}

fn serve(mut host: TcpStream, phone: &Phone) {
    let Ok(writer) = host.try_clone() else { return };
    let to_host = Host(Arc::new(Mutex::new(writer)));
    let mut streams: HashMap<u32, Stream> = HashMap::new();
    let mut next = 1;
    while let Ok(packet) = receive(&mut host) {
        let sent = match packet.command {
            CNXN if phone.is_locked => to_host.send(AUTH, 1, 0, &[7; 20]),
            // Every key that signs is unknown to it; one that is offered waits for the person.
            AUTH if phone.is_locked && packet.first == SIGNATURE => to_host.send(AUTH, 1, 0, &[7; 20]),
            CNXN => {
                let banner = b"device::ro.product.name=standin;ro.product.model=Stand_in;ro.product.device=standin;\0";
                to_host.send(CNXN, VERSION, MAXIMUM_BYTES as u32, banner)
            }
            OPEN => {
                let ours = next;
                next += 1;
                open(&packet, ours, phone, &to_host)
                    .map(|stream| drop(stream.map(|stream| streams.insert(ours, stream))))
            }
            OKAY => {
                let _ = streams.get(&packet.second).map(|stream| stream.taken.send(()));
                Ok(())
            }
            WRTE => {
                let to = streams.get_mut(&packet.second).and_then(|stream| stream.to.as_mut());
                let written = to.is_some_and(|to| to.write_all(&packet.data).is_ok());
                to_host.send(if written { OKAY } else { CLSE }, packet.second, packet.first, b"")
            }
            CLSE => {
                if let Some(to) = streams.remove(&packet.second).and_then(|stream| stream.to) {
                    let _ = to.shutdown(Shutdown::Both);
                }
                Ok(())
            }
            _ => Ok(()),
        };
        if sent.is_err() {
            break;
        }
    }
    for to in streams.into_values().filter_map(|stream| stream.to) {
        let _ = to.shutdown(Shutdown::Both);
    }
}

fn open(packet: &Packet, ours: u32, phone: &Phone, host: &Host) -> io::Result<Option<Stream>> {
    let theirs = packet.first;
    let service = String::from_utf8_lossy(&packet.data).trim_end_matches('\0').to_owned();
    let (taken, told) = channel();
    let (to, from): (_, Box<dyn Read + Send>) = if let Some(command) = service.strip_prefix("shell:") {
        let text = phone.prints.get(command).cloned().unwrap_or_default();
        (None, Box::new(io::Cursor::new(text.into_bytes())))
    } else {
        let name = service.strip_prefix("localabstract:").unwrap_or_default();
        let Some(Ok(socket)) = phone.sockets.get(name).map(UnixStream::connect) else {
            host.send(CLSE, 0, theirs, b"")?;
            return Ok(None);
        };
        (Some(socket.try_clone()?), Box::new(socket))
    };
    host.send(OKAY, ours, theirs, b"")?;
    let host = host.clone();
    thread::spawn(move || hand_on(from, &host, ours, theirs, &told));
    Ok(Some(Stream { to, taken }))
}

/// Hands on what comes, each packet once the host has taken the one before.
fn hand_on(mut from: impl Read, host: &Host, ours: u32, theirs: u32, taken: &Receiver<()>) {
    let mut buffer = [0; MAXIMUM_BYTES];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if host.send(WRTE, ours, theirs, &buffer[..length]).is_err() || taken.recv().is_err() {
            return;
        }
    }
    let _ = host.send(CLSE, ours, theirs, b"");
}
