//! One TCP connection through a NAT: what gets through, what is sent again, when it is dead.

use crate::client::ConnId;
use crate::time::SECOND;

/// Bytes of IPv4 and TCP headers with timestamps; also what an acknowledgement takes.
pub(crate) const HEADERS: u64 = 52;
/// Bytes that a TLS 1.3 record adds: header 5, content type 1, tag 16 (RFC 8446 §5.2).
pub(crate) const RECORD: u64 = 22;
/// Bytes over the air, both ways, for DNS, TCP and a resumed TLS 1.3 handshake. Measured for this project: 545 bytes
/// received on a resumed connection (design §1); as much again sent, and the headers of nine packets.
pub(crate) const HANDSHAKE: u64 = 2 * 545 + 9 * HEADERS;
/// Round trips until TLS stands: DNS, TCP, TLS 1.3.
pub(crate) const HANDSHAKE_ROUNDS: u8 = 3;

/// TCP's first retransmission of a SYN comes after a second, then doubled (RFC 6298 §2); Linux gives up after six.
pub(crate) fn dial_again(attempt: u32) -> Option<u64> {
    (attempt < 6).then(|| SECOND << attempt)
}

/// Linux: the retransmission time-out is the round trip and at least 200 ms more, doubled up to 120 s; after fifteen
/// (`tcp_retries2`) the connection is given up.
pub(crate) fn send_again(attempt: u32, round_trip: u64) -> Option<u64> {
    (attempt < 15).then(|| ((round_trip + 200) << attempt).min(120 * SECOND))
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the phone.
    Up,
    /// To the phone.
    Down,
}

/// One direction of a connection.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    /// Not through yet.
    pub(crate) unsent: Vec<u8>,
    /// The end of the stream follows.
    pub(crate) fin: bool,
    /// Retransmissions of what waits.
    pub(crate) attempt: u32,
    /// A retransmission is under way.
    pub(crate) waits: bool,
    /// Nothing arrives before what was sent before it.
    pub(crate) last_arrival: u64,
}

/// A connection, or an attempt.
#[derive(Debug)]
pub(crate) struct Conn {
    pub(crate) id: ConnId,
    /// The network it was made on.
    pub(crate) network: usize,
    pub(crate) phone_open: bool,
    pub(crate) server_open: bool,
    /// The NAT forgets it at that time unless something passes; `None`: never.
    pub(crate) mapping: Option<u64>,
    /// It is dead from then on for another reason.
    pub(crate) gone: Option<u64>,
    /// When the server vanished without a word.
    pub(crate) vanished: Option<u64>,
    pub(crate) up: Flow,
    pub(crate) down: Flow,
}

impl Conn {
    pub(crate) fn new(id: ConnId, network: usize) -> Self {
        Self {
            id,
            network,
            phone_open: true,
            server_open: false,
            mapping: None,
            gone: None,
            vanished: None,
            up: Flow::default(),
            down: Flow::default(),
        }
    }

    /// Since when it is dead.
    pub(crate) fn dead_since(&self, now: u64) -> Option<u64> {
        let forgotten = self.mapping.filter(|expires| *expires <= now);
        self.gone.into_iter().chain(forgotten).min()
    }

    /// The NAT still knows it.
    pub(crate) fn is_mapped(&self, now: u64) -> bool {
        self.mapping.is_none_or(|expires| expires > now)
    }

    /// Something passed the NAT.
    pub(crate) fn passed(&mut self, now: u64, time_out: Option<u64>) {
        self.mapping = time_out.map(|time_out| now + time_out);
    }

    pub(crate) fn flow(&mut self, way: Way) -> &mut Flow {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nat_forgets_what_was_idle_for_its_time_out() {
        // What passes starts the time anew; what was forgotten stays so.
        let mut conn = Conn::new(1, 0);
        conn.passed(1_000, Some(30_000));
        assert!(conn.is_mapped(30_999) && !conn.is_mapped(31_000));
        conn.passed(20_000, Some(30_000));
        assert_eq!((conn.dead_since(49_999), conn.dead_since(60_000)), (None, Some(50_000)));
    }

    #[test]
    fn a_nat_that_never_forgets_does_not() {
        // And a connection that is gone for another reason is dead from then on.
        let mut conn = Conn::new(1, 0);
        conn.passed(0, None);
        assert_eq!(conn.dead_since(u64::MAX), None);
        conn.gone = Some(5);
        assert_eq!(conn.dead_since(10), Some(5));
    }

    #[test]
    fn linux_gives_a_connection_up_after_a_quarter_of_an_hour() {
        // Fifteen retransmissions, doubled from 200 ms to 120 s: 924.6 s until the last wait is over.
        let waits: Vec<u64> = (0..20).map_while(|attempt| send_again(attempt, 0)).collect();
        assert_eq!(waits.len(), 15);
        assert_eq!(waits.iter().sum::<u64>() + 120_000, 924_600);
        assert_eq!((0..20).map_while(dial_again).sum::<u64>(), 63_000);
    }
}
