//! The rules for topics that both directions need (§4.7).

/// Whether a topic name contains a character that only a filter may contain (MQTT-4.7.0-1).
pub(crate) fn contains_wildcard(topic_name: &str) -> bool {
    topic_name.bytes().any(|byte| matches!(byte, b'+' | b'#'))
}
