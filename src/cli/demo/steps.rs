//! The walk through the reference document.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use offpush_inspect::{AppCallback, AppMessage, Operation};

use super::gateway::{App, Gateway};
use super::processes::{AppKeys, AppProcess, DaemonProcess, GatewayProcess, wait_for};
use crate::Failure;

/// The package of the reference document's sample.
const PACKAGE: &str = "com.tencent.qcloud.tim.tuikit";

/// The demo's user.
const USER: &str = "alice";

/// Holds every presentation longer than the demo lasts.
const HELD: Duration = Duration::from_secs(600);

/// A step: what it shows, and how. Gives what really happened, in a few words.
type Step = (&'static str, fn(&mut Stage) -> Result<String, Failure>);

pub(super) const STEPS: [Step; 9] = [
    ("app created, certificate added", create_app),
    ("the app registers; wrong keys are refused", register),
    ("a user logs in and reports certificate ID and regId", report_token),
    ("the app is killed; a push is shown all the same", push_to_killed_app),
    ("it is clicked; the app starts and gets ext", click),
    ("an IM message without a title", im_without_title),
    ("the daemon is killed between disk and screen", kill_daemon),
    ("gateway and broker are killed while a message waits", kill_gateway),
    ("the user is forced offline", force_offline),
];

/// A step that did not hold.
pub(super) struct Failed {
    pub(super) step: usize,
    pub(super) reason: String,
}

/// Does every step, one line each, up to the first that does not hold.
pub(super) fn walk(stage: &mut Stage) -> Option<Failed> {
    for (index, (title, step)) in STEPS.iter().enumerate() {
        let number = index + 1;
        let began = Instant::now();
        match step(stage) {
            Ok(what) => println!("{number}. {title}: {what} [{} ms]", began.elapsed().as_millis()),
            Err(error) => return Some(Failed { step: number, reason: format!("{title}: {error}") }),
        }
    }
    None
}

/// Everything on stage.
pub(super) struct Stage {
    folder: PathBuf,
    gateway: Option<GatewayProcess>,
    daemon: Option<DaemonProcess>,
    app_process: Option<AppProcess>,
    app: Option<App>,
    reg_id: String,
    pushed: String,
}

impl Stage {
    pub(super) fn new(folder: &Path) -> Result<Self, Failure> {
        let gateway = GatewayProcess::start(&folder.join("gateway"), None)?;
        Ok(Self {
            folder: folder.to_owned(),
            gateway: Some(gateway),
            daemon: None,
            app_process: None,
            app: None,
            reg_id: String::new(),
            pushed: String::new(),
        })
    }

    fn gateway(&self) -> Result<&Gateway, Failure> {
        Ok(&self.gateway.as_ref().ok_or("the gateway does not run")?.http)
    }

    fn daemon(&self) -> Result<&DaemonProcess, Failure> {
        Ok(self.daemon.as_ref().ok_or("the daemon does not run")?)
    }

    fn app(&self) -> Result<&App, Failure> {
        Ok(self.app.as_ref().ok_or("there is no app")?)
    }

    fn app_process(&self) -> Result<&AppProcess, Failure> {
        Ok(self.app_process.as_ref().ok_or("the app does not run")?)
    }

    fn phone(&self) -> PathBuf {
        self.folder.join("phone")
    }

    fn start_daemon(&mut self, delay: Duration) -> Result<(), Failure> {
        let keys = self.app()?.keys();
        self.daemon = Some(DaemonProcess::start(&self.phone(), self.gateway()?, &keys, delay)?);
        Ok(())
    }

    fn kill_daemon(&mut self) -> Result<u32, Failure> {
        let daemon = self.daemon.take().ok_or("the daemon does not run")?;
        let id = daemon.id();
        daemon.kill();
        Ok(id)
    }

    /// Leaves it running until Ctrl-C, which reaches the children too; those that live on are ended by their ids.
    pub(super) fn stay(self) -> Result<(), Failure> {
        let (gateway, daemon, app) = (self.gateway()?, self.daemon()?, self.app()?);
        println!("\ndata:    {}", self.folder.display());
        println!("gateway: {} (pid {}), daemon pid {}", gateway.http, self.gateway_id(), daemon.id());
        println!("look:    offpush watch --data {}", daemon.data.display());
        println!("push:    curl -s {}/v3/message/regid \\", gateway.http.trim_end_matches('/'));
        println!("           -H 'Authorization: key={}' \\", app.app_secret);
        println!("           -d restricted_package_name={} -d registration_id={} \\", app.package, self.reg_id);
        println!("           -d title=Hello -d description='from curl' -d pass_through=0 -d extra.ext=demo");
        println!("\nCtrl-C ends it.");
        super::processes::wait_for_interrupt();
        Ok(())
    }

    fn gateway_id(&self) -> u32 {
        self.gateway.as_ref().map_or(0, GatewayProcess::id)
    }
}

impl App {
    fn keys(&self) -> AppKeys {
        AppKeys { app_id: self.app_id.clone(), app_key: self.app_key.clone(), package: self.package.clone() }
    }
}

fn create_app(stage: &mut Stage) -> Result<String, Failure> {
    let app = stage.gateway()?.create_app(PACKAGE)?;
    let what = format!(
        "{PACKAGE} → AppID {}, AppKey {}, AppSecret {}…, certificate ID {}",
        app.app_id,
        app.app_key,
        app.app_secret.get(..4).unwrap_or_default(),
        app.certificate
    );
    stage.app = Some(app);
    Ok(what)
}

fn register(stage: &mut Stage) -> Result<String, Failure> {
    let right = stage.app()?.keys();
    let wrong = [
        (22007, AppKeys { app_key: "1234512345123".to_owned(), ..right.clone() }),
        (22006, AppKeys { app_id: "1234512345123451234".to_owned(), ..right.clone() }),
        (22022, AppKeys { package: "com.example.other".to_owned(), ..right }),
    ];
    for (expected, keys) in wrong {
        let data = stage.folder.join(format!("refused-{expected}"));
        let _daemon = DaemonProcess::start(&data, stage.gateway()?, &keys, Duration::ZERO)?;
        let (code, _) = AppProcess::start(&data)?.wait_registered()?;
        if code != expected {
            return Err(format!("expected code {expected}, got {code}").into());
        }
    }
    stage.start_daemon(Duration::ZERO)?;
    let app = AppProcess::start(&stage.phone())?;
    let (code, reg_id) = app.wait_registered()?;
    if code != 0 {
        return Err(format!("the right keys were refused with {code}").into());
    }
    let what = format!("regId {reg_id}; wrong AppKey → 22007, AppID → 22006, package → 22022");
    stage.app_process = Some(app);
    stage.reg_id = reg_id;
    Ok(what)
}

fn report_token(stage: &mut Stage) -> Result<String, Failure> {
    let report = Gateway::token_report(stage.app()?, USER)?;
    stage.daemon()?.ask(Operation::Command(report))?;
    let code = stage.app_process()?.wait("the result of the token report", |callback| match callback {
        AppCallback::CommandResult { command, code, .. } if command == "report-token" => Some(code),
        _ => None,
    })?;
    if code != 0 {
        return Err(format!("the token report was refused with {code}").into());
    }
    Ok(format!("user {USER}, certificate {}, UserSig verified by the gateway", stage.app()?.certificate))
}

fn push_to_killed_app(stage: &mut Stage) -> Result<String, Failure> {
    let app = stage.app_process.take().ok_or("the app does not run")?;
    let pid = app.id();
    app.kill();
    let before = stage.daemon()?.bytes()?;
    let began = Instant::now();
    let id = stage.gateway()?.push(stage.app()?, &stage.reg_id, "Hello", "from the Mi Push API")?;
    let accepted = began.elapsed();
    let shown = stage.daemon()?.wait_state(&id, &["shown"])?;
    let until_shown = began.elapsed() - accepted;
    stage.gateway()?.wait_steps(&id, &["shown"])?;
    let after = stage.daemon()?.bytes()?;
    let what = format!(
        "app {pid} killed; {id} accepted in {} ms, {:?} shown {} ms later, {} bytes in and {} out with the receipt",
        accepted.as_millis(),
        shown.title,
        until_shown.as_millis(),
        after.0 - before.0,
        after.1 - before.1
    );
    stage.pushed = id;
    Ok(what)
}

fn click(stage: &mut Stage) -> Result<String, Failure> {
    let id = stage.pushed.clone();
    stage.daemon()?.ask(Operation::Click { id: id.clone() })?;
    let app = AppProcess::start(&stage.phone())?;
    let message: AppMessage = app.wait("the clicked callback", |callback| match callback {
        AppCallback::NotificationClicked { message } if message.id == id => Some(*message),
        _ => None,
    })?;
    let ext = message.extra.get("ext").cloned().unwrap_or_default();
    if ext != "ext content" {
        return Err(format!("ext is {ext:?}").into());
    }
    stage.gateway()?.wait_steps(&id, &["arrived", "shown", "clicked"])?;
    let what = format!("app {} got ext {ext:?}; the gateway has arrived, shown, clicked", app.id());
    stage.app_process = Some(app);
    Ok(what)
}

fn im_without_title(stage: &mut Stage) -> Result<String, Failure> {
    stage.gateway()?.send_im(stage.app()?, USER, "no title here")?;
    let shown = wait_text(stage.daemon()?, "no title here", &["shown"])?;
    if shown.title != "a new message" {
        return Err(format!("the title is {:?}", shown.title).into());
    }
    Ok(format!("{} shown as {:?}", shown.id, shown.title))
}

fn kill_daemon(stage: &mut Stage) -> Result<String, Failure> {
    stage.kill_daemon()?;
    stage.start_daemon(HELD)?;
    let id = stage.gateway()?.push(stage.app()?, &stage.reg_id, "Killed", "on disk, not shown")?;
    stage.daemon()?.wait_state(&id, &["presenting", "pending"])?;
    let before = stage.daemon()?.times_shown(&id)?;
    let pid = stage.kill_daemon()?;
    stage.start_daemon(Duration::ZERO)?;
    stage.daemon()?.wait_state(&id, &["shown"])?;
    stage.gateway()?.wait_steps(&id, &["shown"])?;
    let times = stage.daemon()?.times_shown(&id)?;
    if (before, times) != (0, 1) {
        return Err(format!("{id} was shown {before} times before and {times} times after").into());
    }
    Ok(format!("daemon {pid} killed with {id} on disk; restarted, it showed it {times} time"))
}

fn kill_gateway(stage: &mut Stage) -> Result<String, Failure> {
    stage.kill_daemon()?;
    let id = stage.gateway()?.push(stage.app()?, &stage.reg_id, "Waiting", "while the gateway dies")?;
    let gateway = stage.gateway.take().ok_or("the gateway does not run")?;
    let pid = gateway.id();
    let before = gateway.kill();
    stage.gateway = Some(GatewayProcess::start(&stage.folder.join("gateway"), Some(&before))?);
    stage.start_daemon(Duration::ZERO)?;
    stage.daemon()?.wait_state(&id, &["shown"])?;
    stage.gateway()?.wait_steps(&id, &["arrived", "shown"])?;
    let times = stage.daemon()?.times_shown(&id)?;
    if times != 1 {
        return Err(format!("{id} was shown {times} times").into());
    }
    Ok(format!("gateway {pid} killed with {id} accepted; restarted, it arrived and was shown {times} time"))
}

fn force_offline(stage: &mut Stage) -> Result<String, Failure> {
    let texts = |what: &str, count: usize| (1..=count).map(|n| format!("{what} {n}")).collect::<Vec<_>>();
    let (shown, held) = (texts("shown", 2), texts("held", 10));
    for text in &shown {
        stage.gateway()?.send_im(stage.app()?, USER, text)?;
        wait_text(stage.daemon()?, text, &["shown"])?;
    }
    stage.kill_daemon()?;
    stage.start_daemon(HELD)?;
    for text in &held {
        stage.gateway()?.send_im(stage.app()?, USER, text)?;
    }
    for text in &held {
        wait_text(stage.daemon()?, text, &["presenting", "pending"])?;
    }
    stage.gateway()?.kick(stage.app()?, USER)?;
    for text in shown.iter().chain(&held) {
        let cancelled = wait_text(stage.daemon()?, text, &["cancelled"])?;
        let times = stage.daemon()?.times_shown(&cancelled.id)?;
        if times != usize::from(shown.contains(text)) {
            return Err(format!("{text:?} was shown {times} times").into());
        }
    }
    // What comes after the kick must not reach the phone; a push behind it that does shows that the way is open.
    stage.gateway()?.send_im(stage.app()?, USER, "after the kick")?;
    stage.kill_daemon()?;
    stage.start_daemon(Duration::ZERO)?;
    let marker = stage.gateway()?.push(stage.app()?, &stage.reg_id, "Marker", "behind the kick")?;
    stage.daemon()?.wait_state(&marker, &["shown"])?;
    let all = stage.daemon()?.notifications()?;
    if all.iter().any(|item| item.description == "after the kick") {
        return Err("a message after the kick reached the phone".into());
    }
    Ok("10 held messages dropped, 2 shown ones cancelled, the next one not sent".to_owned())
}

/// Waits until the message with this text is in one of these states.
fn wait_text(daemon: &DaemonProcess, text: &str, states: &[&str]) -> Result<offpush_inspect::Notification, Failure> {
    wait_for(&format!("the message {text:?} is {}", states.join(" or ")), || {
        let all = daemon.notifications()?;
        Ok(all.into_iter().find(|item| item.description == text && states.contains(&item.state.as_str())))
    })
}
