//! The parts of a URI, as `android.net.Uri` sees them.

/// A URI as text, never checked: as on Android, any text is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uri(String);

impl Uri {
    /// Takes `text` as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the first `:`, even if it is no valid scheme.
    pub fn scheme(&self) -> Option<&str> {
        self.0.split_once(':').map(|(scheme, _)| scheme)
    }

    /// What follows `//`, up to `/`, `\`, `?` or `#`, still encoded.
    pub fn authority(&self) -> Option<&str> {
        let rest = self.after_scheme().strip_prefix("//")?;
        Some(rest.split(['/', '\\', '?', '#']).next().unwrap_or(rest))
    }

    /// The path, still encoded; none if something other than `/` follows the scheme.
    pub fn path(&self) -> Option<&str> {
        let rest = self.after_scheme();
        if self.scheme().is_some() && !rest.starts_with('/') {
            return None;
        }
        let path = &rest[self.authority().map_or(0, |authority| authority.len() + 2)..];
        Some(path.split(['?', '#']).next().unwrap_or(path))
    }

    /// What stands between `?` and `#`, still encoded.
    pub fn query(&self) -> Option<&str> {
        let rest = self.after_scheme();
        let before_fragment = rest.split_once('#').map_or(rest, |(before, _)| before);
        before_fragment.split_once('?').map(|(_, query)| query)
    }

    /// What follows the first `#`, still encoded.
    pub fn fragment(&self) -> Option<&str> {
        self.after_scheme().split_once('#').map(|(_, fragment)| fragment)
    }

    /// What stands before the last `@` of the authority, still encoded.
    pub fn user_info(&self) -> Option<&str> {
        self.authority()?.rsplit_once('@').map(|(user, _)| user)
    }

    /// The authority without user and port, still encoded.
    pub fn host(&self) -> Option<&str> {
        let authority = self.authority()?;
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => Some(name),
            _ => Some(host),
        }
    }

    fn after_scheme(&self) -> &str {
        self.0.split_once(':').map_or(&self.0, |(_, rest)| rest)
    }
}
