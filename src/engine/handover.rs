//! From one default network to the next: the new broker link is made up to TLS while the old one goes on serving.
//!
//! Android keeps a network for half a minute after it is no longer the default one, and on a host both routes may live
//! on. So what comes meanwhile comes on the old connection; the new one takes over with CONNECT, right after a goodbye
//! on the old one, which keeps the broker from publishing the will. If the new network leads nowhere, nothing is lost.

use offpush_mqtt::ReasonCode;

use crate::config::limit;
use crate::engine::Engine;
use crate::event::{Disconnected, Event};
use crate::input::{LinkFailure, LinkId, Network, Path};
use crate::link::{Link, Stage};
use crate::output::Output;
use crate::status::Phase;
use crate::timer::Timer;

impl Engine {
    /// The connection serves on a network that is not the default one any more.
    pub(crate) fn is_moving(&self) -> bool {
        let Network::Up { key, .. } = self.network else { return false };
        self.link.as_ref().is_some_and(|link| link.is_online() && !link.suspended && link.network != Some(key))
    }

    /// Begins to reach a broker on the default network, beside the connection that serves.
    pub(crate) fn hand_over(&mut self) {
        self.give_up_successor();
        self.timers.clear(Timer::Retry);
        self.successor = self.begin_link();
    }

    /// TLS stands on the default network: the connection moves.
    pub(crate) fn succeed(&mut self, id: LinkId, path: Path) {
        let Some(mut successor) = self.successor.take_if(|successor| successor.id == id) else { return };
        if let Some(old) = &mut self.link {
            old.disconnect(ReasonCode::NORMAL_DISCONNECTION);
        }
        self.close_link(Disconnected::NetworkChanged, None);
        successor.path = Some(path);
        self.link = Some(successor);
        self.handshake();
    }

    /// The default network does not lead to a broker: the old connection stays, and is asked whether it still serves.
    pub(crate) fn successor_failed(&mut self, failure: LinkFailure) {
        let Some(successor) = self.successor.take() else { return };
        self.output(Output::Close { link: successor.id });
        self.timers.clear(Timer::Attempt);
        self.look_for_a_way_out(&failure);
        let retry_in = self.draw_retry(0);
        self.event(Event::Disconnected { cause: Disconnected::Link { failure }, lasted: 0, retry_in: Some(retry_in) });
        if self.link.as_ref().is_some_and(|link| link.heartbeat.answer_due().is_none()) {
            self.ask_link();
        }
    }

    /// The old connection has ended: the attempt under way is all there is.
    pub(crate) fn promote_successor(&mut self) -> bool {
        let Some(successor) = self.successor.take() else { return false };
        self.link = Some(successor);
        self.set_phase(Phase::Connecting);
        true
    }

    pub(crate) fn give_up_successor(&mut self) {
        if let Some(successor) = self.successor.take() {
            self.timers.clear(Timer::Attempt);
            self.output(Output::Close { link: successor.id });
        }
    }

    /// A ping whose answer says whether the connection lives, and nothing about the heartbeat.
    pub(crate) fn ask_link(&mut self) {
        self.ping();
        if let Some(link) = &mut self.link {
            link.heartbeat.excuse_ping();
        }
    }

    /// A link whose attempt begins now, on the default network.
    pub(crate) fn begin_link(&mut self) -> Option<Link> {
        let Network::Up { key, .. } = self.network else { return None };
        let mut brokers = self.identity.as_ref()?.brokers.clone();
        if let Some(moved) = self.moved_to.take() {
            brokers.retain(|broker| *broker != moved);
            brokers.insert(0, moved);
        }
        let link = self.new_link();
        let connection = self.connection_id();
        self.remember_connection(connection.clone());
        self.timers.set(Timer::Attempt, self.now.boot + limit::CONNECT, 0);
        self.event(Event::Connecting { brokers: brokers.clone() });
        let prefer = self.networks.path(key).filter(|path| brokers.contains(&path.broker));
        self.output(Output::Connect { link, brokers, prefer });
        Some(Link::new(link, Some(key), connection, self.new_heartbeat(), self.now.boot))
    }

    /// CONNECT, SUBSCRIBE and hello on a link whose TLS stands.
    pub(crate) fn handshake(&mut self) {
        if let Some(link) = &mut self.link {
            link.stage = Stage::Handshaking;
            self.timers.set(Timer::Attempt, self.now.boot + limit::CONNACK, 0);
            self.set_phase(Phase::Handshaking);
            self.open_link();
        }
    }
}
