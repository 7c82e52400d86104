//! The broker's side of MQTT 5: what clients send, decoded; what a broker sends, encoded. Only what this world needs.

/// A packet from a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FromClient {
    Connect { client_id: String, keep_alive: u16 },
    Subscribe { packet_id: u16 },
    Publish { packet_id: Option<u16>, payload: Vec<u8> },
    PubAck,
    PingReq,
    Disconnect,
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn field(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(length.into())
    }

    /// A variable byte integer (MQTT 5 §1.5.5).
    fn length(&mut self) -> Option<usize> {
        let mut value = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.u8()?;
            value |= usize::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

/// The first packet of a stream with its length; `None` if it is not whole yet.
pub(crate) fn decode(bytes: &[u8]) -> Option<(FromClient, usize)> {
    let mut reader = Reader(bytes);
    let first = reader.u8()?;
    let length = reader.length()?;
    let body = reader.take(length)?;
    Some((packet(first, Reader(body))?, bytes.len() - reader.0.len()))
}

fn packet(first: u8, mut body: Reader<'_>) -> Option<FromClient> {
    Some(match first >> 4 {
        1 => {
            // Protocol name, version and flags come before the keep-alive, properties before the client id (§3.1).
            body.take(8)?;
            let keep_alive = body.u16()?;
            let properties = body.length()?;
            body.take(properties)?;
            let client_id = String::from_utf8_lossy(body.field()?).into_owned();
            FromClient::Connect { client_id, keep_alive }
        }
        3 => {
            body.field()?;
            let packet_id = if first & 0x06 == 0 { None } else { Some(body.u16()?) };
            let properties = body.length()?;
            body.take(properties)?;
            FromClient::Publish { packet_id, payload: body.0.to_vec() }
        }
        4 => FromClient::PubAck,
        8 => FromClient::Subscribe { packet_id: body.u16()? },
        12 => FromClient::PingReq,
        14 => FromClient::Disconnect,
        _ => return None,
    })
}

fn whole(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut rest = body.len();
    while rest > 0x7F {
        bytes.push((rest & 0x7F) as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes.extend(body);
    bytes
}

/// CONNACK, accepted; with a Server Keep Alive where the server imposes one.
pub(crate) fn conn_ack(keep_alive: Option<u16>) -> Vec<u8> {
    match keep_alive {
        None => whole(0x20, &[0, 0, 0]),
        Some(seconds) => {
            let [high, low] = seconds.to_be_bytes();
            whole(0x20, &[0, 0, 3, 0x13, high, low])
        }
    }
}

pub(crate) fn sub_ack(packet_id: u16) -> Vec<u8> {
    let [high, low] = packet_id.to_be_bytes();
    whole(0x90, &[high, low, 0, 1])
}

pub(crate) fn pub_ack(packet_id: u16) -> Vec<u8> {
    whole(0x40, &packet_id.to_be_bytes())
}

pub(crate) fn ping_resp() -> Vec<u8> {
    vec![0xD0, 0]
}

/// DISCONNECT with a reason code.
pub(crate) fn disconnect(reason: u8) -> Vec<u8> {
    whole(0xE0, &[reason, 0])
}

pub(crate) fn publish(packet_id: u16, topic: &str, payload: &[u8]) -> Vec<u8> {
    let mut body = (topic.len() as u16).to_be_bytes().to_vec();
    body.extend(topic.as_bytes());
    body.extend(packet_id.to_be_bytes());
    body.push(0);
    body.extend(payload);
    whole(0x32, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_decoded_once_it_is_whole() {
        // Bytes may come in any pieces.
        let mut bytes = publish(7, "op/u/x", b"{}");
        let length = bytes.len();
        bytes.extend(ping_resp());
        for end in 0..length {
            assert_eq!(decode(&bytes[..end]), None);
        }
        let publish = FromClient::Publish { packet_id: Some(7), payload: b"{}".to_vec() };
        assert_eq!(decode(&bytes), Some((publish, length)));
    }

    #[test]
    fn what_no_client_sends_is_nothing() {
        // Garbage waits for ever rather than doing anything.
        assert_eq!(decode(&[0xFF, 0]), None);
        assert_eq!(decode(&[0x10, 0xFF, 0xFF, 0xFF, 0xFF]), None);
        assert_eq!(decode(&[0x10, 0]), None);
    }
}
