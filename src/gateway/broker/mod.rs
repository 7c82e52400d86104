//! The broker as the gateway uses it: one MQTT connection of its own, and the administration of who may log in.
//!
//! A device's whole access is to read its down topic and to write its up topic. Sessions are clean and nothing is
//! retained: the broker is transport, the gateway the only memory.

mod dynamic_security;
mod embedded;
mod link;
mod setup;

pub(crate) use link::{Delivery, Event, IN_FLIGHT, Link, LinkOptions};
pub(crate) use setup::{Setup, url};

use std::sync::Arc;

use async_trait::async_trait;
use offpush_wire::down_topic;

use dynamic_security::DynamicSecurity;
use embedded::Embedded;
use link::Address;

use crate::core::{Broker, BrokerError};

/// What the core gets as its broker.
pub(crate) struct Connected {
    pub(crate) link: Arc<Link>,
    pub(crate) admin: Admin,
    pub(crate) topic_prefix: String,
}

/// Where it is decided who may log in.
#[derive(Clone)]
pub(crate) enum Admin {
    /// The embedded broker asks the core at each login.
    Embedded(Arc<Embedded>),
    /// mosquitto's dynamic security holds a copy.
    External(Arc<DynamicSecurity>),
}

#[async_trait]
impl Broker for Connected {
    async fn publish(&self, reg_id: &str, frame: Vec<u8>) -> Result<(), BrokerError> {
        self.link.publish(down_topic(&self.topic_prefix, reg_id), frame).await
    }

    async fn put_device(&self, reg_id: &str, secret: &str) -> Result<(), BrokerError> {
        match &self.admin {
            Admin::Embedded(_) => Ok(()),
            Admin::External(security) => security.put_device(reg_id, secret).await,
        }
    }

    async fn remove_device(&self, reg_id: &str) -> Result<(), BrokerError> {
        match &self.admin {
            Admin::Embedded(embedded) => embedded.disconnect(reg_id).await,
            Admin::External(security) => security.remove_device(reg_id).await,
        }
    }
}
