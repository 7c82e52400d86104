//! Whether the default network leads anywhere: "connected, no internet" and captive portals, told apart from a server
//! that is missing.
//!
//! The platform's word counts where it has one. Else, when the servers cannot be reached, the driver looks once on each
//! network and again after [`limit::PROBE_AGAIN`]; what it found says how patient the next attempts are, until a broker
//! answers.

use crate::config::limit;
use crate::engine::Engine;
use crate::event::Event;
use crate::input::{CertificateProblem, Internet, LinkFailure, LinkId, Network};
use crate::output::Output;
use crate::status::{Phase, WaitReason};
use crate::time::{Now, SECOND};
use crate::timer::Timer;

/// What is known of the default network's way out.
#[derive(Debug, Default)]
pub(crate) struct WayOut {
    pub(crate) internet: Internet,
    /// The platform said so, and will say when that changes.
    told: bool,
    probing: Option<LinkId>,
    /// When it was looked last on this network, boot time.
    looked: Option<u64>,
}

impl WayOut {
    /// Another default network, or the platform says something else of the same one.
    pub(crate) fn network_changed(&mut self, internet: Internet, same_network: bool) {
        let told = internet != Internet::Unknown;
        if told || !same_network || self.told {
            *self = Self { internet, told, probing: None, looked: self.looked.filter(|_| same_network) };
        }
    }
}

impl Engine {
    /// What a probe found out: [`Internet::Portal`] if something else answered, [`Internet::None`] if there was no name or
    /// no route, [`Internet::Unknown`] otherwise. The gateway's host may answer, refuse or be silent: then it is the
    /// server that is missing.
    pub fn handle_probed(&mut self, now: Now, link: LinkId, found: Internet) {
        self.now = now;
        self.probed(link, found);
        self.finish();
    }

    fn probed(&mut self, link: LinkId, found: Internet) {
        if self.way_out.probing.take_if(|probing| *probing == link).is_none() {
            return;
        }
        self.timers.clear(Timer::Probe);
        self.found(found);
        let waits = matches!(self.phase, Phase::Waiting(_) | Phase::WaitingToRegister { .. });
        // The next attempt was due meanwhile; the wake lock is let go before it.
        if (waits || self.is_moving()) && self.timers.get(Timer::Retry).is_none() {
            self.timers.set(Timer::Retry, self.now.boot + SECOND, 0);
        }
        if let Some(reason) = self.way_out_reason().filter(|_| waits) {
            if let Phase::Waiting(_) = self.phase {
                self.set_phase(Phase::Waiting(reason));
            }
            let patient = self.now.boot + limit::NO_WAY_OUT;
            if self.timers.get(Timer::Retry).is_some_and(|wake| wake.deadline < patient) {
                self.timers.set(Timer::Retry, patient, 0);
            }
        }
    }

    /// Nobody has told what the probe found. Silence is no evidence: hosts that drop what is not for them are common.
    pub(crate) fn probe_timed_out(&mut self) {
        if let Some(link) = self.way_out.probing {
            self.output(Output::Close { link });
            self.probed(link, Internet::Unknown);
        }
    }

    /// A broker has answered.
    pub(crate) fn found_a_way_out(&mut self) {
        self.end_probe();
        if !self.way_out.told {
            self.found(Internet::Works);
        }
    }

    fn found(&mut self, internet: Internet) {
        if std::mem::replace(&mut self.way_out.internet, internet) != internet {
            self.event(Event::WayOut { internet });
        }
    }

    /// An attempt failed in a way that the network may have to do with.
    pub(crate) fn look_for_a_way_out(&mut self, failure: &LinkFailure) {
        let now = self.now.boot;
        let lately = self.way_out.looked.is_some_and(|at| now.saturating_sub(at) < limit::PROBE_AGAIN);
        let is_here = self.network != Network::None;
        if self.way_out.told || self.way_out.probing.is_some() || lately || !is_here || !may_be_the_network(failure) {
            return;
        }
        let link = self.new_link();
        self.way_out.probing = Some(link);
        self.way_out.looked = Some(now);
        self.timers.set(Timer::Probe, now + limit::PROBE, 0);
        self.output(Output::Probe { link });
    }

    pub(crate) fn is_probing(&self) -> bool {
        self.way_out.probing.is_some()
    }

    pub(crate) fn end_probe(&mut self) {
        if let Some(link) = self.way_out.probing.take() {
            self.timers.clear(Timer::Probe);
            self.output(Output::Close { link });
        }
    }

    /// Why a wait is the network's doing, if it is known to be.
    pub(crate) fn way_out_reason(&self) -> Option<WaitReason> {
        match self.way_out.internet {
            Internet::Portal => Some(WaitReason::CaptivePortal),
            Internet::None => Some(WaitReason::NoInternet),
            Internet::Unknown | Internet::Works => None,
        }
    }
}

/// A portal answers with its own certificate or page, or resets; a network without a way out says nothing, or that there
/// is no route. A refused connection reached its host, and an expired certificate is the server's.
fn may_be_the_network(failure: &LinkFailure) -> bool {
    match failure {
        LinkFailure::Certificate { problem } => {
            !matches!(problem, CertificateProblem::Expired { .. } | CertificateProblem::NotYetValid)
        }
        LinkFailure::Address { .. } | LinkFailure::Refused | LinkFailure::System { .. } => false,
        LinkFailure::Name { .. }
        | LinkFailure::Unreachable
        | LinkFailure::TimedOut
        | LinkFailure::Tls { .. }
        | LinkFailure::Http { .. }
        | LinkFailure::Ended
        | LinkFailure::Reset => true,
    }
}
