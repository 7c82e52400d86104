//! Acting as the app on a host.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use offpush_inspect::{AppCallback, ClientError, Command, Line, Operation};

use crate::Failure;
use crate::arguments::{AppCommand, At, Change, Named};
use crate::choose;

/// How long a command waits for the gateway's answer before it leaves the rest to the daemon.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn command(command: AppCommand) -> Result<(), Failure> {
    use AppCommand as App;
    let (command, at) = match command {
        App::Alias(Named { change: Change::Add, name, at }) => (Command::SetAlias { alias: name }, at),
        App::Alias(Named { change: Change::Remove, name, at }) => (Command::UnsetAlias { alias: name }, at),
        App::Account(Named { change: Change::Add, name, at }) => (Command::SetAccount { account: name }, at),
        App::Account(Named { change: Change::Remove, name, at }) => (Command::UnsetAccount { account: name }, at),
        App::Topic(Named { change: Change::Add, name, at }) => (Command::SubscribeTopic { topic: name }, at),
        App::Topic(Named { change: Change::Remove, name, at }) => (Command::UnsubscribeTopic { topic: name }, at),
        App::AcceptTime { start, end, at } => (Command::AcceptTime { start: start.0, end: end.0 }, at),
        App::Pause(at) => (Command::Pause, at),
        App::Resume(at) => (Command::Resume, at),
        App::Unregister(at) => (Command::Unregister, at),
        App::ReportToken { certificate, user, sig, at } => (Command::ReportToken { certificate, user, sig }, at),
        App::Logout { user, at } => (Command::Logout { user }, at),
        App::Click { message_id, at } => return act(&at, Operation::Click { id: message_id }),
        App::Dismiss { message_id, at } => return act(&at, Operation::Dismiss { id: message_id }),
    };
    ask_gateway(command, &at)
}

fn act(at: &At, operation: Operation) -> Result<(), Failure> {
    choose::connect(at)?.ask(operation)?;
    if at.json {
        println!("{{\"done\":true}}");
    }
    Ok(())
}

/// Gives the command to the daemon, which keeps it, and waits some seconds for the gateway's answer.
fn ask_gateway(command: Command, at: &At) -> Result<(), Failure> {
    let mut client = choose::connect(at)?;
    let name = command_name(&command)?;
    client.ask(Operation::Watch)?;
    client.ask(Operation::Command(command))?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        client.set_timeout(Some(left))?;
        let item = match client.next_line() {
            Ok(Line::Event(item)) => item,
            Ok(_) => continue,
            Err(ClientError::Io(error))
                if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) =>
            {
                break;
            }
            Err(error) => return Err(error.into()),
        };
        if item.event == "command-result" && item.details.get("command").and_then(|c| c.as_str()) == Some(&name) {
            let code = item.details.get("code").and_then(|code| code.as_i64()).unwrap_or(-1);
            let reason = item.details.get("reason").and_then(|reason| reason.as_str());
            return told(&name, code, reason, at.json);
        }
    }
    if at.json {
        println!("{}", serde_json::json!({ "command": name, "done": false }));
    } else {
        println!("{name} is kept and goes out once the gateway is reached; `offpush status` says why it is not");
    }
    Ok(())
}

fn told(name: &str, code: i64, reason: Option<&str>, json: bool) -> Result<(), Failure> {
    if json {
        println!("{}", serde_json::json!({ "command": name, "done": true, "code": code, "reason": reason }));
    }
    if code != 0 {
        return Err(format!("the gateway refused {name}: {} (code {code})", reason.unwrap_or("no reason given")).into());
    }
    if !json {
        println!("{name}: done");
    }
    Ok(())
}

/// The name under which the gateway answers: pause and resume are accept times.
fn command_name(command: &Command) -> Result<String, Failure> {
    let json = serde_json::to_value(command)?;
    Ok(match json.get("command").and_then(|name| name.as_str()) {
        Some("pause" | "resume") => "accept-time".to_owned(),
        Some(name) => name.to_owned(),
        None => return Err("the command has no name".into()),
    })
}

/// Listens as the app does, and prints each callback on a line.
pub(crate) fn listen(at: &At) -> Result<(), Failure> {
    let mut client = choose::connect(at)?;
    client.ask(Operation::Listen)?;
    loop {
        let Line::Callback(line) = client.next_line()? else { continue };
        {
            let mut out = io::stdout().lock();
            if at.json {
                serde_json::to_writer(&mut out, &line)?;
                writeln!(out)?;
            } else {
                writeln!(out, "{}", callback_text(&line.callback))?;
            }
            out.flush()?;
        }
        if let Some(callback) = line.id {
            client.ask(Operation::Taken { callback })?;
        }
    }
}

fn callback_text(callback: &AppCallback) -> String {
    match callback {
        AppCallback::Registered { code: 0, reg_id, .. } => {
            format!("registered: regId {}", reg_id.as_deref().unwrap_or("unknown"))
        }
        AppCallback::Registered { code, reason, .. } => {
            format!("not registered: {} (code {code})", reason.as_deref().unwrap_or("no reason given"))
        }
        AppCallback::CommandResult { command, arguments, code: 0, .. } => {
            format!("{command} {}: done", arguments.join(" "))
        }
        AppCallback::CommandResult { command, arguments, code, reason } => format!(
            "{command} {}: {} (code {code})",
            arguments.join(" "),
            reason.as_deref().unwrap_or("no reason given")
        ),
        AppCallback::NotificationArrived { message } => format!("arrived: {} {:?}", message.id, message.title),
        AppCallback::NotificationClicked { message } => {
            format!("clicked: {} {:?} extra {:?}", message.id, message.title, message.extra)
        }
        AppCallback::PassThroughMessage { message } => format!("pass-through: {} {:?}", message.id, message.content),
        AppCallback::Unknown => "a callback that this version does not know".to_owned(),
    }
}
