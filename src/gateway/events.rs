//! From the broker to the core.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::broker::{Admin, Delivery, Event, Link, LinkOptions};
use crate::core::Core;

/// Who takes what the broker's connection tells.
pub(crate) struct Events {
    pub(crate) core: Core,
    pub(crate) link: Arc<Link>,
    pub(crate) admin: Admin,
    pub(crate) link_options: LinkOptions,
}

impl Events {
    /// Hands everything on until the connection's task ends.
    pub(crate) async fn run(self, mut events: mpsc::UnboundedReceiver<Event>) {
        // Frames wait apart: an answer of the broker's administration must not wait behind them.
        let (frames, waiting) = mpsc::unbounded_channel();
        let uplink = tokio::spawn(take_frames(self.core.clone(), waiting));
        while let Some(event) = events.recv().await {
            match event {
                Event::Administrator => self.put_gateway(),
                Event::Ready => {
                    log::info!("connected to the broker");
                    let core = self.core.clone();
                    tokio::spawn(async move { core.broker_ready().await });
                }
                Event::Lost => log::warn!("the connection to the broker is lost"),
                Event::Up(delivery) => drop(frames.send(delivery)),
                Event::Control(payload) => {
                    if let Admin::External(security) = &self.admin {
                        security.answered(&payload);
                    }
                }
            }
        }
        drop(frames);
        let _ = uplink.await;
    }

    fn put_gateway(&self) {
        let Admin::External(security) = &self.admin else { return };
        let (security, link, options) = (security.clone(), self.link.clone(), self.link_options.clone());
        tokio::spawn(async move {
            match security.put_gateway(&options.user).await {
                Ok(()) => link.subscribe_uplink(&options.uplink_filter).await,
                Err(error) => {
                    log::error!("{error}; does {} have the admin role (docs/mosquitto.md)?", options.user);
                    link.disconnect().await;
                }
            }
        });
    }
}

/// At most the connection's receive maximum is under way here: each is acknowledged after the core has taken it.
async fn take_frames(core: Core, mut frames: mpsc::UnboundedReceiver<Delivery>) {
    while let Some(delivery) = frames.recv().await {
        if let Some(reg_id) = delivery.reg_id() {
            core.uplink(reg_id, delivery.payload().to_vec()).await;
        }
        delivery.done().await;
    }
}
