//! Where randomness comes from.

/// A source of random bytes. On a device the system's; in a test a seeded generator, so that the same inputs give
/// the same outputs.
pub trait Entropy {
    /// Fills the buffer with random bytes.
    fn fill(&mut self, bytes: &mut [u8]);
}

impl<F: FnMut(&mut [u8])> Entropy for F {
    fn fill(&mut self, bytes: &mut [u8]) {
        self(bytes);
    }
}

/// A number below `bound`; 0 if that is 0. The bias of the remainder is below 2⁻³² for any wait here.
pub(crate) fn below(entropy: &mut dyn Entropy, bound: u64) -> u64 {
    let mut bytes = [0; 8];
    entropy.fill(&mut bytes);
    u64::from_le_bytes(bytes).checked_rem(bound).unwrap_or(0)
}

/// `count` random bytes as unpadded base64url.
pub(crate) fn token(entropy: &mut dyn Entropy, count: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = vec![0; count];
    entropy.fill(&mut bytes);
    let mut text = String::with_capacity(count.div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word =
            u32::from_be_bytes([0, chunk[0], chunk.get(1).copied().unwrap_or(0), chunk.get(2).copied().unwrap_or(0)]);
        for place in 0..=chunk.len() {
            text.push(char::from(ALPHABET[(word >> (18 - 6 * place)) as usize & 63]));
        }
    }
    text
}
