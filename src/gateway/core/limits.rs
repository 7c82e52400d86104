//! The constants of the rules, each with its unit and reason.

/// Numbered entries without a mark, per device (design §3): enough to fill a mobile link, few enough for any broker's
/// queue.
pub(crate) const WINDOW: i64 = 64;

/// A message's life if the server names none, in milliseconds: two weeks, Mi Push's old default (`mipush-api` §3.3).
pub(crate) const DEFAULT_TIME_TO_LIVE_MS: u64 = 14 * DAY_MS as u64;
/// The longest life, in milliseconds: two weeks.
pub(crate) const MAXIMUM_TIME_TO_LIVE_MS: u64 = DEFAULT_TIME_TO_LIVE_MS;
/// How far ahead a message may be scheduled, in milliseconds: Mi Push's newer limit of 30 days.
pub(crate) const MAXIMUM_SCHEDULE_MS: i64 = 30 * DAY_MS;
/// An IM message's life if the server names none, in seconds: 7 days (`openim/sendmsg`'s `MsgLifeTime`).
pub(crate) const DEFAULT_IM_LIFE_S: u64 = 7 * 24 * 3600;
/// Mi Push's code for a message that reaches nobody.
pub(crate) const NO_VALID_TARGETS: i64 = 20301;
/// Mi Push's code for a device that hears too many topics.
pub(crate) const TOO_MANY_TOPICS: i64 = 65035;
/// The longest message as JSON, in bytes: a frame without what is added for each device (epoch, target, the
/// certificate's click), which is below 8 KiB.
pub(crate) const MAXIMUM_MESSAGE_BYTES: usize = offpush_wire::MAXIMUM_FRAME_BYTES - 8 * 1024;
/// The longest click of a certificate as JSON, in bytes: a URI longer than 4 KiB fits no Intent filter and no browser.
pub(crate) const MAXIMUM_CLICK_BYTES: usize = 4 * 1024;
/// Mi Push's code for a message that is too long.
pub(crate) const MESSAGE_TOO_LONG: i64 = 65009;
/// Targets of one call (`mipush-api` §3.7).
pub(crate) const MAXIMUM_TARGETS: usize = 1000;

/// A window that has not moved for so long is published again, in milliseconds (design §3); doubled each time …
pub(super) const RESEND_FIRST_MS: i64 = 60_000;
/// … up to this.
pub(super) const RESEND_LONGEST_MS: i64 = 3_600_000;
/// A phone that repeats its mark has met a gap; its window is published again, but not sooner than so many
/// milliseconds after the last time: what is under way may close the gap.
pub(super) const GAP_RESEND_MS: i64 = 2_000;

/// Registrations that no phone ever logged in with are dropped after so many milliseconds (design §3).
pub(super) const UNUSED_REGISTRATION_MS: i64 = DAY_MS;
/// Unused registrations kept per address. A phone logs in within seconds, so that a test bench, or a provider's whole
/// NAT, stays below; who floods on purpose fills a megabyte.
pub(super) const UNUSED_PER_PEER: i64 = 1000;
/// Unused registrations kept per app: ten such addresses.
pub(super) const UNUSED_PER_APP: i64 = 10_000;
/// A registration younger than this, in milliseconds, is never dropped: its phone is on the way to the broker, and on a
/// slow network needs some tens of seconds.
pub(super) const UNUSED_AT_LEAST_MS: i64 = 60_000;
/// Registrations that one new one drops at most: more than one, so that the cap is reached, and few, as an external
/// broker is told of each.
pub(super) const DROPPED_AT_ONCE: i64 = 4;
/// How long an unregistered phone may still read its result, in milliseconds (design §3).
pub(super) const UNREGISTERED_KEPT_MS: i64 = DAY_MS;
/// A regId becomes invalid when its phone was not seen for so many milliseconds (30 days, `mipush-api` §1.10).
pub(super) const UNSEEN_MS: i64 = 30 * DAY_MS;
/// The same for a phone whose connection's end nobody told: it may be connected and have nothing to say.
pub(super) const UNSEEN_CONNECTED_MS: i64 = 60 * DAY_MS;
/// Messages and their traces are kept so many milliseconds after their expiry.
pub(super) const TRACE_KEPT_MS: i64 = 7 * DAY_MS;

/// Aliases of a device, accounts' devices and topics of a device (Mi Push's limits); the oldest alias or device goes.
pub(super) const ALIASES_PER_DEVICE: i64 = 15;
pub(super) const DEVICES_PER_ACCOUNT: i64 = 20;
pub(super) const TOPICS_PER_DEVICE: i64 = 30;
/// The longest alias, account, topic or user in bytes. Mi Push allows 64 characters of up to 4 bytes.
pub(super) const NAME_BYTES: usize = 256;

/// An IM message that is repeated within so many milliseconds is one message (`server.md` §3.3: 120 s).
pub(super) const IM_REPEAT_MS: i64 = 120_000;

/// The longest outbox or connection id in bytes; phones draw 16 to 32 random bytes as text.
pub(super) const ID_BYTES: usize = 128;
/// What is kept of a phone's texts for people (version, network, reasons), in characters.
pub(super) const EXCERPT_CHARACTERS: usize = 200;

/// Devices that one transaction of a fan-out covers: a few milliseconds, so that other writes get their turn.
pub(super) const FAN_OUT_BATCH: i64 = 1000;
/// Devices served at the same time; as many as share one commit.
pub(super) const WORKERS: usize = 64;
/// Queues of frames from phones; a device's frames always go to the same one.
pub(super) const UPLINK_QUEUES: usize = 64;
/// Frames that one such queue holds before the broker's connection has to wait.
pub(super) const UPLINK_QUEUE: usize = 64;
/// Locks that the devices share.
pub(super) const LOCKS: usize = 1024;

pub(super) const DAY_MS: i64 = 86_400_000;
