use std::fmt;

/// Why the gateway could not start or go on; its text says what to do.
#[derive(Debug)]
pub struct GatewayError(String);

impl GatewayError {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What was being done, and what went wrong.
    pub(crate) fn at(doing: impl fmt::Display, error: impl fmt::Display) -> Self {
        Self(format!("{doing}: {error}"))
    }
}

impl fmt::Display for GatewayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for GatewayError {}
