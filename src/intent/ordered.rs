//! The order in which Android keeps categories and extras.

/// A map in the order of `android.util.ArrayMap` (and `ArraySet`): by the hash of the key, among equal hashes by age.
/// A canonical URI lists categories and extras in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered<V> {
    entries: Vec<(String, V)>,
}

impl<V> Default for Ordered<V> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<V> Ordered<V> {
    /// Adds an entry; of two with the same key the last one stays, at the place of the first.
    pub fn insert(&mut self, key: impl Into<String>, value: V) {
        let key = key.into();
        let hash = hash(&key);
        let start = self.entries.partition_point(|(other, _)| self::hash(other) < hash);
        let mut end = start;
        while let Some((other, old)) = self.entries.get_mut(end).filter(|(other, _)| self::hash(other) == hash) {
            if *other == key {
                *old = value;
                return;
            }
            end += 1;
        }
        self.entries.insert(end, (key, value));
    }

    /// Takes an entry out.
    pub fn remove(&mut self, key: &str) -> Option<V> {
        let at = self.entries.iter().position(|(other, _)| other == key)?;
        Some(self.entries.remove(at).1)
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&V> {
        self.iter().find(|(other, _)| *other == key).map(|(_, value)| value)
    }

    /// The entries in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// `String.hashCode` of Java.
fn hash(text: &str) -> i32 {
    text.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}
