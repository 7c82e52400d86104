//! What several test files need: packets put together from parts, and numbers that look random and never change.

#![allow(dead_code, reason = "each test file is a crate of its own and uses a part")]

/// What the tests allow a packet to be, in bytes, where its size is not the point.
pub(crate) const ROOMY: u32 = 1 << 20;

/// A packet: its first byte, its remaining length, and the parts of its body.
pub(crate) fn packet(first_byte: u8, body: &[&[u8]]) -> Vec<u8> {
    let body = body.concat();
    let mut bytes = vec![first_byte];
    variable_byte_integer(&mut bytes, body.len());
    bytes.extend(body);
    bytes
}

/// A property section: its length, then the properties.
pub(crate) fn properties(properties: &[&[u8]]) -> Vec<u8> {
    let properties = properties.concat();
    let mut bytes = Vec::new();
    variable_byte_integer(&mut bytes, properties.len());
    bytes.extend(properties);
    bytes
}

/// A string field, or a binary one.
pub(crate) fn field(content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    let mut bytes = u16::try_from(content.len()).expect("at most 65,535 bytes").to_be_bytes().to_vec();
    bytes.extend(content);
    bytes
}

pub(crate) fn variable_byte_integer(bytes: &mut Vec<u8>, mut value: usize) {
    while value > 0x7F {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// SplitMix64: small, good enough to choose test cases, and the same on every machine.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.next() as u8
    }

    /// True once in `n`.
    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// Up to `longest` characters, some of them of several bytes, none of them special to MQTT.
    pub(crate) fn string(&mut self, longest: usize) -> String {
        let length = self.below(longest + 1);
        (0..length).map(|_| self.pick(&['a', 'b', 'Z', '0', '/', ' ', 'é', '中', '🙂'])).collect()
    }

    pub(crate) fn bytes(&mut self, longest: usize) -> Vec<u8> {
        let length = self.below(longest + 1);
        (0..length).map(|_| self.byte()).collect()
    }

    /// Changes `bytes` in one to three places, as a fault or an attacker would, more often near the start, where most of
    /// the structure is. Half of the time the remaining length is put right again afterwards, so that the change is not
    /// found in the header already.
    pub(crate) fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            let within = if self.one_in(2) { bytes.len().min(8) } else { bytes.len() };
            let at = self.below(within + 1);
            match self.below(6) {
                0 => bytes.insert(at, self.byte()),
                1 if at < bytes.len() => drop(bytes.remove(at)),
                2 if at < bytes.len() => bytes[at] = self.pick(&[0, 1, 2, 0x10, 0x1F, 0x23, 0x26, 0x7F, 0x80, 0xFF]),
                3 => bytes.truncate(at),
                4 => {
                    let end = at + self.below(bytes.len() - at + 1);
                    let repeated = bytes[at..end].to_vec();
                    bytes.splice(at..at, repeated);
                }
                _ if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                _ => {}
            }
        }
        if self.one_in(2) {
            let header = 1 + bytes.iter().skip(1).take(4).take_while(|&&byte| byte >= 0x80).count() + 1;
            if header <= bytes.len() {
                *bytes = packet(bytes[0], &[&bytes[header..]]);
            }
        }
    }
}
