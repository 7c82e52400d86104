//! Everything that can be told to the engine, as a value.

use offpush_engine::input::Presented;
use offpush_engine::{
    CommandRefused, CommitId, Engine, HttpAnswer, Internet, LinkFailure, LinkId, Network, Now, Path, UnknownMessage,
};
use offpush_wire::Command;

/// Everything that can be told to the engine: recorded, so that a run can be replayed.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    Timeout,
    Network(Network),
    Committed(CommitId, Result<(), String>),
    Connected(LinkId, Path),
    Probed(LinkId, Internet),
    Closed(LinkId, LinkFailure),
    Received(LinkId, Vec<u8>),
    RegisterAnswer(LinkId, Result<HttpAnswer, LinkFailure>),
    Register,
    Command(Command),
    App(bool),
    CallbackTaken(u64),
    Presented(u64, Presented),
    Showing(Vec<u64>),
    CanPresent,
    Clicked(String),
    Dismissed(String),
    SummaryClicked(Vec<String>),
    SummaryDismissed(Vec<String>),
    Stop,
}

/// Tells one input to an engine.
pub(crate) fn apply(engine: &mut Engine, now: Now, input: Input) -> Result<(), Refused> {
    match input {
        Input::Timeout => engine.handle_timeout(now),
        Input::Network(network) => engine.handle_network(now, network),
        Input::Committed(id, result) => engine.handle_committed(now, id, result),
        Input::Connected(link, path) => engine.handle_connected(now, link, path),
        Input::Probed(link, found) => engine.handle_probed(now, link, found),
        Input::Closed(link, failure) => engine.handle_closed(now, link, failure),
        Input::Received(link, bytes) => engine.handle_received(now, link, &bytes),
        Input::RegisterAnswer(link, answer) => engine.handle_register_answer(now, link, answer),
        Input::Register => engine.handle_register(now),
        Input::Command(command) => return engine.handle_command(now, command).map_err(Refused::Command),
        Input::App(listens) => engine.handle_app(now, listens),
        Input::CallbackTaken(id) => engine.handle_callback_taken(now, id),
        Input::Presented(sequence, outcome) => engine.handle_presented(now, sequence, outcome),
        Input::Showing(sequences) => engine.handle_showing(now, &sequences),
        Input::CanPresent => engine.handle_can_present(now),
        Input::Clicked(id) => return engine.handle_clicked(now, &id).map_err(Refused::Message),
        Input::Dismissed(id) => return engine.handle_dismissed(now, &id).map_err(Refused::Message),
        Input::SummaryClicked(ids) => engine.handle_summary_clicked(now, &ids),
        Input::SummaryDismissed(ids) => engine.handle_summary_dismissed(now, &ids),
        Input::Stop => engine.handle_stop(now),
    }
    Ok(())
}

#[derive(Debug, PartialEq)]
pub(crate) enum Refused {
    Command(CommandRefused),
    Message(UnknownMessage),
}
