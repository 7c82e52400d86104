//! Both directions of JNI. Everything that is unsafe in this crate is in this file.
//!
//! *Java → native*: the methods of `org.offpush.Native`, registered in [`JNI_OnLoad`], which is the one name that this
//! library exports. Their signatures are checked by the compiler, that Java declares them by `RegisterNatives`.
//!
//! *Panics* never cross into Java. In the device build a panic is not caught: it aborts, so `:pushservice` ends with
//! SIGABRT. The log has its words and its place in the source, the crash dump its words as the abort message; the app's
//! main process goes on, and Android starts the service again. Builds that unwind, as the tests load, catch a native
//! method's panic here and throw an `IllegalStateException`.
//!
//! *Native → Java*: [`App`] calls `org.offpush.Callbacks`, whose methods are looked up once, in [`JNI_OnLoad`]: a thread
//! that Java did not start finds another class loader's classes. Each call has a frame of its own for local references,
//! and clears what Java throws.

use std::collections::VecDeque;
use std::ffi::c_void;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use jni::errors::{Error, ErrorPolicy};
use jni::objects::{JByteArray, JClass, JLongArray, JMethodID, JObject, JObjectArray, JString};
use jni::refs::Global;
use jni::signature::{JavaType, Primitive, ReturnType};
use jni::sys::{JNI_ERR, jboolean, jint, jlong, jvalue};
use jni::{AttachConfig, Env, JValue, JavaVM, NativeMethod, jni_sig, jni_str, native_method};
use offpush_daemon::{Embedding, Network, Platform, PlatformEvent, Presentation, Presented, StateLine, Wake};
use offpush_inspect::CallbackLine;
use serde::Serialize;

use crate::options::StartOptions;
use crate::{logging, service};

/// A callback that takes longer is logged: the daemon waits for it (its contract, in `Callbacks`).
const SLOW: Duration = Duration::from_millis(100);

/// How long `page` waits for the daemon.
const PAGE: Duration = Duration::from_secs(2);

/// Local references of one call into Java: its arguments and a few of the library's own.
const FRAME: usize = 16;

type Result<T> = std::result::Result<T, Error>;

// ---------------------------------------------------------------- Java → native

/// A native method: what its function returns as an error is thrown. Whether Java declares it static, as they all are, is
/// looked at in builds with assertions, which the tests load; an app's library need not look at every method again.
macro_rules! method {
    ($($signature:tt)*) => {
        native_method! { $($signature)*, error_policy = Throw, abi_check = UnsafeDebugOnly }
    };
}

const METHODS: [NativeMethod<'static>; 11] = [
    method!(static fn start(options: jbyte[], callbacks: org.offpush.Callbacks) -> jlong),
    method!(static fn stop(handle: jlong)),
    method!(static fn network(handle: jlong, json: jbyte[])),
    method!(static fn wake(handle: jlong)),
    method!(static fn request(handle: jlong, line: jbyte[], timeout_millis: jlong) -> jbyte[]),
    method!(static fn app(handle: jlong, listens: jboolean)),
    method!(static fn presented(handle: jlong, sequence: jlong, outcome: jint, reason: JString)),
    method!(static fn can_present(handle: jlong)),
    method!(static fn judged(handle: jlong, question: jlong, problem: JString)),
    method!(static fn said(handle: jlong, json: jbyte[])),
    method!(static fn page(handle: jlong, checkin: jboolean) -> JString),
];

/// Called by Java when it loads the library.
///
/// # Safety
///
/// As JNI has it: `vm` is the virtual machine that loads the library.
#[allow(non_snake_case, reason = "JNI's name")]
#[unsafe(no_mangle)]
pub(crate) unsafe extern "system" fn JNI_OnLoad(vm: *mut jni::sys::JavaVM, _: *mut c_void) -> jint {
    logging::start();
    // SAFETY: it comes from Java and lives as long as the process.
    let vm = unsafe { JavaVM::from_raw(vm) };
    let prepared = vm.attach_current_thread(|env| {
        if METHOD_IDS.get().is_none() {
            let class = env.find_class(jni_str!("org/offpush/Callbacks"))?;
            let _ = METHOD_IDS.set(MethodIds::find(env, &class)?);
        }
        let class = env.find_class(jni_str!("org/offpush/Native"))?;
        // SAFETY: all of these methods are static, here as there.
        unsafe { env.register_native_methods(class, &METHODS) }
    });
    match prepared {
        Ok(()) => jni::sys::JNI_VERSION_1_6,
        Err(error) => {
            log::error!("the library does not fit its Java classes: {error}");
            JNI_ERR
        }
    }
}

/// What a native method throws: `IllegalStateException` with the reason in words.
struct Throw;

impl<T: Default> ErrorPolicy<T, Failure> for Throw {
    type Captures<'local: 'method, 'method> = ();

    fn on_error<'local: 'method, 'method>(env: &mut Env<'local>, (): &mut (), failure: Failure) -> Result<T> {
        throw(env, &failure.0)
    }

    fn on_panic<'local: 'method, 'method>(
        env: &mut Env<'local>,
        (): &mut (),
        payload: Box<dyn std::any::Any + Send + 'static>,
    ) -> Result<T> {
        let words = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
        throw(env, &format!("a defect in liboffpush: {}", words.unwrap_or("panic")))
    }
}

fn throw<T: Default>(env: &mut Env<'_>, reason: &str) -> Result<T> {
    raise(env, reason);
    Ok(T::default())
}

fn raise(env: &mut Env<'_>, reason: &str) {
    // It reports the exception that it has just thrown.
    let _ = env.throw_new(jni_str!("java/lang/IllegalStateException"), jni::strings::JNIString::from(reason));
}

/// Why a native method does not do what it was asked, in words.
#[derive(Debug)]
struct Failure(String);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

type Done<T> = std::result::Result<T, Failure>;

fn start<'local>(
    env: &mut Env<'local>,
    _: JClass<'local>,
    options: JByteArray<'local>,
    callbacks: JObject<'local>,
) -> Done<jlong> {
    let options = StartOptions::parse(&env.convert_byte_array(&options)?).map_err(Failure)?;
    if callbacks.is_null() {
        return Err(Failure("no callbacks are given".to_owned()));
    }
    let (boot_id, socket) = (options.boot_id(), options.socket());
    let ca = options.ca.clone().map(String::into_bytes);
    let app = App { vm: env.get_java_vm()?, callbacks: env.new_global_ref(callbacks)?, events: VecDeque::new() };
    let vm = env.get_java_vm()?;
    let embedding = move || Embedding { platform: Box::new(app), ca, boot_id, socket };
    let attached = move |run: Box<dyn FnOnce() + '_>| {
        let config = || AttachConfig::new().scoped(true).thread_name(jni_str!("offpush"));
        let attached = vm.attach_current_thread_with_config(config, Some(FRAME), |_| {
            run();
            Ok::<_, Error>(())
        });
        attached.map_err(|error| format!("Java does not take the daemon's thread: {error}"))
    };
    service::start(options.into_daemon(), embedding, attached).map_err(Failure)
}

fn stop<'local>(_: &mut Env<'local>, _: JClass<'local>, handle: jlong) -> Done<()> {
    service::stop(handle);
    Ok(())
}

fn network<'local>(env: &mut Env<'local>, _: JClass<'local>, handle: jlong, json: JByteArray<'local>) -> Done<()> {
    let json = env.convert_byte_array(&json)?;
    let network: Network =
        serde_json::from_slice(&json).map_err(|error| Failure(format!("this is no network: {error}")))?;
    if let Some(service) = service::get(handle) {
        service.remote.network(network);
    }
    Ok(())
}

fn wake<'local>(_: &mut Env<'local>, _: JClass<'local>, handle: jlong) -> Done<()> {
    if let Some(service) = service::get(handle) {
        service.remote.wake();
    }
    Ok(())
}

fn request<'local>(
    env: &mut Env<'local>,
    _: JClass<'local>,
    handle: jlong,
    line: JByteArray<'local>,
    timeout_millis: jlong,
) -> Done<JByteArray<'local>> {
    let line = env.convert_byte_array(&line)?;
    let Some(service) = service::get(handle) else { return Ok(JByteArray::default()) };
    let patience = if service.is_current_thread() { 0 } else { u64::try_from(timeout_millis).unwrap_or(0) };
    match service.remote.request(&line, Duration::from_millis(patience)) {
        Some(answer) => Ok(env.byte_array_from_slice(&answer)?),
        None => Ok(JByteArray::default()),
    }
}

fn app<'local>(_: &mut Env<'local>, _: JClass<'local>, handle: jlong, listens: jboolean) -> Done<()> {
    if let Some(service) = service::get(handle) {
        service.remote.app(listens);
    }
    Ok(())
}

fn presented<'local>(
    env: &mut Env<'local>,
    _: JClass<'local>,
    handle: jlong,
    sequence: jlong,
    outcome: jint,
    reason: JString<'local>,
) -> Done<()> {
    let reason = text(env, &reason)?;
    let outcome = match outcome {
        0 => Presented::Shown,
        1 => Presented::Folded,
        2 => Presented::Cancelled,
        3 => Presented::Blocked { reason: reason.unwrap_or_default() },
        4 => Presented::Later { reason: reason.unwrap_or_default() },
        other => return Err(Failure(format!("{other} is no outcome of a presentation"))),
    };
    if let Some(service) = service::get(handle) {
        service.remote.presented(sequence.cast_unsigned(), outcome);
    }
    Ok(())
}

fn can_present<'local>(_: &mut Env<'local>, _: JClass<'local>, handle: jlong) -> Done<()> {
    if let Some(service) = service::get(handle) {
        service.remote.can_present();
    }
    Ok(())
}

fn judged<'local>(
    env: &mut Env<'local>,
    _: JClass<'local>,
    handle: jlong,
    question: jlong,
    problem: JString<'local>,
) -> Done<()> {
    let verdict = text(env, &problem)?.map_or(Ok(()), Err);
    if let Some(service) = service::get(handle) {
        service.remote.judged(question.cast_unsigned(), verdict);
    }
    Ok(())
}

fn said<'local>(env: &mut Env<'local>, _: JClass<'local>, handle: jlong, json: JByteArray<'local>) -> Done<()> {
    let json = env.convert_byte_array(&json)?;
    let topics = serde_json::from_slice(&json).map_err(|error| Failure(format!("these are no topics: {error}")))?;
    if let Some(service) = service::get(handle) {
        service.remote.said(topics);
    }
    Ok(())
}

fn page<'local>(env: &mut Env<'local>, _: JClass<'local>, handle: jlong, checkin: jboolean) -> Done<JString<'local>> {
    let service = service::get(handle).filter(|service| !service.is_current_thread());
    let Some(page) = service.and_then(|service| service.remote.status(PAGE)) else { return Ok(JString::default()) };
    let text = if checkin { offpush_inspect::checkin(&page) } else { offpush_inspect::render(&page) };
    Ok(env.new_string(text)?)
}

/// A string from Java, or null.
fn text(env: &Env<'_>, string: &JString<'_>) -> Result<Option<String>> {
    if string.is_null() { Ok(None) } else { string.try_to_string(env).map(Some) }
}

// ---------------------------------------------------------------- native → Java

/// The methods of `org.offpush.Callbacks`. They stay valid as long as its class is loaded, and with it this library is
/// unloaded.
#[derive(Debug)]
struct MethodIds {
    present: JMethodID,
    cancel: JMethodID,
    showing: JMethodID,
    callback: JMethodID,
    alarm: JMethodID,
    wake_lock: JMethodID,
    judge: JMethodID,
    state: JMethodID,
}

static METHOD_IDS: OnceLock<MethodIds> = OnceLock::new();

impl MethodIds {
    fn find(env: &mut Env<'_>, class: &JClass<'_>) -> Result<Self> {
        Ok(Self {
            present: env.get_method_id(class, jni_str!("present"), jni_sig!((jlong, jbyte[], jboolean)))?,
            cancel: env.get_method_id(class, jni_str!("cancel"), jni_sig!((jlong)))?,
            showing: env.get_method_id(class, jni_str!("showing"), jni_sig!((jlong[]) -> jlong[]))?,
            callback: env.get_method_id(class, jni_str!("callback"), jni_sig!((jbyte[])))?,
            alarm: env.get_method_id(class, jni_str!("alarm"), jni_sig!((jlong, jlong)))?,
            wake_lock: env.get_method_id(class, jni_str!("wakeLock"), jni_sig!((jlong)))?,
            judge: env.get_method_id(class, jni_str!("judge"), jni_sig!((jlong, jbyte[][], JString)))?,
            state: env.get_method_id(class, jni_str!("state"), jni_sig!((jbyte[])))?,
        })
    }
}

/// The app's service, behind its callbacks.
struct App {
    vm: JavaVM,
    callbacks: Global<JObject<'static>>,
    /// What became of presentations that Java did not take.
    events: VecDeque<PlatformEvent>,
}

impl App {
    /// Calls Java, on the daemon's thread, which is attached. What Java throws is logged, and nothing came of the call.
    fn call<T>(&self, what: &str, act: impl FnOnce(&mut Env<'_>, &MethodIds) -> Result<T>) -> Option<T> {
        let (mut act, mut value) = (Some(act), None);
        self.enter(what, &mut |env, ids| {
            value = act.take().map(|act| act(env, ids)).transpose()?;
            Ok(())
        });
        value
    }

    /// Not generic, so that what is around a call is in the library once.
    fn enter(&self, what: &str, act: &mut dyn FnMut(&mut Env<'_>, &MethodIds) -> Result<()>) {
        let Some(ids) = METHOD_IDS.get() else { return };
        let begun = Instant::now();
        let done = self.vm.attach_current_thread_with_config(AttachConfig::new, Some(FRAME), |env| act(env, ids));
        let took = begun.elapsed();
        if took >= SLOW {
            log::warn!("Callbacks.{what} took {} ms: it must not block", took.as_millis());
        }
        if let Err(error) = done {
            log::error!("Callbacks.{what}: {error}");
        }
    }

    /// Calls a method that returns nothing.
    fn tell(&self, env: &mut Env<'_>, method: JMethodID, arguments: &[jvalue]) -> Result<()> {
        // SAFETY: every caller takes a method of MethodIds and gives what its signature there says; the object
        // implements the interface, for Java has checked it when `start` was called.
        unsafe {
            env.call_method_unchecked(&self.callbacks, method, ReturnType::Primitive(Primitive::Void), arguments)
        }?;
        Ok(())
    }

    /// Calls a method with one argument, JSON.
    fn tell_json(&self, what: &str, method: impl FnOnce(&MethodIds) -> JMethodID, value: &impl Serialize) {
        match serde_json::to_vec(value) {
            Ok(json) => {
                self.call(what, |env, ids| {
                    let json = env.byte_array_from_slice(&json)?;
                    self.tell(env, method(ids), &[JValue::from(&json).as_jni()])
                });
            }
            Err(error) => log::error!("Callbacks.{what}: {error}"),
        }
    }
}

/// A number that Java has no type for: sequence numbers and boot times stay far below 2^63.
fn long(number: u64) -> jvalue {
    JValue::Long(number.cast_signed()).as_jni()
}

impl Platform for App {
    fn showing(&mut self, sequences: &[u64]) -> Vec<u64> {
        let asked: Vec<jlong> = sequences.iter().map(|sequence| sequence.cast_signed()).collect();
        let answer = self.call("showing", |env, ids| {
            let array = env.new_long_array(asked.len())?;
            array.set_region(env, 0, &asked)?;
            let arguments = [JValue::from(&array).as_jni()];
            // SAFETY: as in `tell`; this one returns an array of long.
            let answer = unsafe {
                let answer =
                    env.call_method_unchecked(&self.callbacks, ids.showing, JavaType::Array, &arguments)?.l()?;
                JLongArray::from_raw(env, answer.into_raw())
            };
            if answer.is_null() {
                return Ok(Vec::new());
            }
            let mut showing = vec![0; answer.len(env)?];
            answer.get_region(env, 0, &mut showing)?;
            Ok(showing)
        });
        answer.unwrap_or_default().into_iter().map(i64::cast_unsigned).collect()
    }

    fn present(&mut self, _: u64, Presentation { sequence, message, silent }: Presentation) {
        let json = serde_json::to_vec(&message).map_err(|error| log::error!("Callbacks.present: {error}")).ok();
        let taken = json.and_then(|json| {
            self.call("present", |env, ids| {
                let json = env.byte_array_from_slice(&json)?;
                let silent = JValue::Bool(silent).as_jni();
                self.tell(env, ids.present, &[long(sequence), JValue::from(&json).as_jni(), silent])
            })
        });
        if taken.is_none() {
            let outcome = Presented::Later { reason: "the app's service has failed to show it".to_owned() };
            self.events.push_back(PlatformEvent::Presented { sequence, outcome });
        }
    }

    fn cancel(&mut self, _: u64, sequence: u64) {
        self.call("cancel", |env, ids| self.tell(env, ids.cancel, &[long(sequence)]));
    }

    /// Other answers come through `Native.presented`.
    fn poll(&mut self, _: u64) -> Option<PlatformEvent> {
        self.events.pop_front()
    }

    fn next_timeout(&self) -> Option<u64> {
        None
    }

    fn alarm(&mut self, wake: Option<Wake>) {
        let none = JValue::Long(-1).as_jni();
        let arguments = wake.map_or([none, none], |Wake { deadline, latest }| [long(deadline), long(latest)]);
        self.call("alarm", |env, ids| self.tell(env, ids.alarm, &arguments));
    }

    fn wake_lock(&mut self, longest: Option<u64>) {
        self.call("wakeLock", |env, ids| self.tell(env, ids.wake_lock, &[long(longest.unwrap_or(0))]));
    }

    fn judge(&mut self, question: u64, chain: &[Vec<u8>], host: &str) {
        self.call("judge", |env, ids| {
            let array = JObjectArray::<JByteArray<'_>>::new(env, chain.len(), JByteArray::null())?;
            for (index, certificate) in chain.iter().enumerate() {
                let certificate = env.byte_array_from_slice(certificate)?;
                array.set_element(env, index, &certificate)?;
                env.delete_local_ref(certificate);
            }
            let host = env.new_string(host)?;
            self.tell(env, ids.judge, &[long(question), JValue::from(&array).as_jni(), JValue::from(&host).as_jni()])
        });
    }

    fn callback(&mut self, line: &CallbackLine) {
        self.tell_json("callback", |ids| ids.callback, line);
    }

    fn state(&mut self, state: &StateLine) {
        self.tell_json("state", |ids| ids.state, state);
    }
}
