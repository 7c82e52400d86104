//! From the broker to the core.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::broker::{Admin, Delivery, Event, IN_FLIGHT, Link, LinkOptions};
use crate::core::Core;

/// What waits for the core at most. What phones say with QoS 1 is bounded by the connection's receive maximum; some
/// brokers overrun it a little, and QoS 0 knows no bound at all.
const WAITING: usize = 2 * IN_FLIGHT as usize;

/// What concerns one device.
enum Word {
    Frame(Delivery),
    Absent(String),
}

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
        let (words, waiting) = mpsc::channel(WAITING);
        let uplink = tokio::spawn(take_words(self.core.clone(), waiting));
        while let Some(event) = events.recv().await {
            match event {
                Event::Administrator => self.put_gateway(),
                Event::Ready => {
                    log::info!("connected to the broker");
                    let core = self.core.clone();
                    tokio::spawn(async move { core.broker_ready().await });
                }
                Event::Lost => {
                    log::warn!("the connection to the broker is lost");
                    if let Admin::External(security) = &self.admin {
                        security.connection_lost();
                    }
                }
                Event::Up(delivery) => {
                    if let Err(TrySendError::Full(Word::Frame(delivery))) = words.try_send(Word::Frame(delivery)) {
                        // The phone says it again.
                        self.core.uplink_dropped();
                        delivery.drop_it();
                    }
                }
                // One that is lost here comes again with the next frame.
                Event::Absent(reg_id) => drop(words.try_send(Word::Absent(reg_id))),
                Event::Control(payload) => {
                    if let Admin::External(security) = &self.admin {
                        security.answered(&payload);
                    }
                }
            }
        }
        drop(words);
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

/// Each frame is acknowledged after the core has taken it.
async fn take_words(core: Core, mut words: mpsc::Receiver<Word>) {
    while let Some(word) = words.recv().await {
        match word {
            Word::Frame(delivery) => {
                if let Some(reg_id) = delivery.reg_id() {
                    core.uplink(reg_id, delivery.payload().to_vec()).await;
                }
                delivery.done().await;
            }
            Word::Absent(reg_id) => core.absent(&reg_id).await,
        }
    }
}
