//! The rules for topic names and topic filters (§4.7).

/// Whether a topic name contains a character that only a filter may contain (MQTT-4.7.0-1).
pub(crate) fn contains_wildcard(topic_name: &str) -> bool {
    topic_name.bytes().any(|byte| matches!(byte, b'+' | b'#'))
}

/// Whether wildcards stand where a topic filter may have them: `+` as a whole level, `#` as the whole last level
/// (MQTT-4.7.1-1, MQTT-4.7.1-2); and whether it is not empty (MQTT-4.7.3-1).
pub(crate) fn is_filter(filter: &str) -> bool {
    let mut rest = Some(filter);
    while let Some(levels) = rest {
        let (level, after) = match levels.split_once('/') {
            Some((level, after)) => (level, Some(after)),
            None => (levels, None),
        };
        let valid = match level {
            "+" => true,
            "#" => after.is_none(),
            _ => !contains_wildcard(level),
        };
        if !valid {
            return false;
        }
        rest = after;
    }
    !filter.is_empty()
}
