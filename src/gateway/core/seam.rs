//! What the core asks of its surroundings: a broker and a clock.

use std::fmt;

use async_trait::async_trait;

/// The broker, as far as the core needs it.
///
/// Everything that is published to one device is published one call after the other, and must reach the broker in
/// that order. Nothing is lost if a call fails: the core publishes again after the next hello or broker start.
#[async_trait]
pub(crate) trait Broker: Send + Sync + 'static {
    /// Publishes a frame with QoS 1 to the device's topic. Returns once the frame is on its way, in order; whether
    /// it arrives is told by the phone's mark.
    async fn publish(&self, reg_id: &str, frame: Vec<u8>) -> Result<(), BrokerError>;

    /// Lets the device in with this secret. `secret` is the text that is its MQTT password.
    async fn put_device(&self, reg_id: &str, secret: &str) -> Result<(), BrokerError>;

    /// Lets the device in no more and ends its connection. One that is not known is fine.
    async fn remove_device(&self, reg_id: &str) -> Result<(), BrokerError>;
}

/// Why the broker did not do it.
#[derive(Debug, Clone)]
pub(crate) struct BrokerError(pub(crate) String);

impl fmt::Display for BrokerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broker: {}", self.0)
    }
}

impl std::error::Error for BrokerError {}

/// Wall time.
pub(crate) trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970, UTC.
    fn now_ms(&self) -> i64;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}
