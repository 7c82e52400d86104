use serde::{Deserialize, Serialize};

/// What the app asks of the gateway. The names are those of Mi Push's `MiPushClient.COMMAND_*`, its spelling kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case", rename_all_fields = "camelCase", try_from = "Fields")]
pub enum Command {
    /// The device answers to this alias; the last device to set it keeps it.
    SetAlias {
        /// The alias.
        alias: String,
    },
    /// The device no longer answers to this alias.
    UnsetAlias {
        /// The alias.
        alias: String,
    },
    /// The device belongs to this account; an account has many devices.
    SetAccount {
        /// The account.
        account: String,
    },
    /// The device leaves this account.
    UnsetAccount {
        /// The account.
        account: String,
    },
    /// The device hears this topic.
    SubscribeTopic {
        /// The topic.
        topic: String,
    },
    /// The device no longer hears this topic.
    #[serde(rename = "unsubscibe-topic")]
    UnsubscribeTopic {
        /// The topic.
        topic: String,
    },
    /// When messages may be shown.
    AcceptTime(AcceptTime),
    /// A user is logged in on this device and gets IM messages through this certificate.
    ReportToken {
        /// The certificate id.
        certificate: u64,
        /// The IM user.
        user: String,
        /// The user's ticket, a UserSig.
        sig: String,
    },
    /// The user is logged out on this device.
    Logout {
        /// The IM user.
        user: String,
    },
    /// The regId becomes invalid; the last entry of its identity.
    Unregister,
    /// Say this back: a round trip for whoever looks into a phone, and nothing to an app.
    Echo {
        /// Chosen by who asks, to know the answer by.
        text: String,
    },
}

/// The fields of every command. An enum that is told from a field is read through a copy of the whole, with code of its
/// own for each variant: 3 % of the library that apps carry.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    command: String,
    alias: Option<String>,
    account: Option<String>,
    topic: Option<String>,
    start: Option<u16>,
    end: Option<u16>,
    utc_offset: Option<i16>,
    certificate: Option<u64>,
    user: Option<String>,
    sig: Option<String>,
    text: Option<String>,
}

impl TryFrom<Fields> for Command {
    type Error = String;

    fn try_from(fields: Fields) -> Result<Self, String> {
        fn given<T>(field: Option<T>, name: &str) -> Result<T, String> {
            field.ok_or_else(|| format!("missing field `{name}`"))
        }
        let Fields { command, alias, account, topic, start, end, utc_offset, certificate, user, sig, text } = fields;
        Ok(match command.as_str() {
            names::SET_ALIAS => Self::SetAlias { alias: given(alias, "alias")? },
            names::UNSET_ALIAS => Self::UnsetAlias { alias: given(alias, "alias")? },
            names::SET_ACCOUNT => Self::SetAccount { account: given(account, "account")? },
            names::UNSET_ACCOUNT => Self::UnsetAccount { account: given(account, "account")? },
            names::SUBSCRIBE_TOPIC => Self::SubscribeTopic { topic: given(topic, "topic")? },
            names::UNSUBSCRIBE_TOPIC => Self::UnsubscribeTopic { topic: given(topic, "topic")? },
            names::ACCEPT_TIME => Self::AcceptTime(AcceptTime {
                start: given(start, "start")?,
                end: given(end, "end")?,
                utc_offset: given(utc_offset, "utcOffset")?,
            }),
            names::REPORT_TOKEN => Self::ReportToken {
                certificate: given(certificate, "certificate")?,
                user: given(user, "user")?,
                sig: given(sig, "sig")?,
            },
            names::LOGOUT => Self::Logout { user: given(user, "user")? },
            names::UNREGISTER => Self::Unregister,
            names::ECHO => Self::Echo { text: given(text, "text")? },
            other => return Err(format!("unknown command `{other}`")),
        })
    }
}

/// The values of `MiPushClient.COMMAND_*`, and of the commands that Mi Push leaves to the IM SDK.
#[allow(missing_docs, reason = "each name says what it is")]
pub mod names {
    pub const REGISTER: &str = "register";
    pub const UNREGISTER: &str = "unregister";
    pub const SET_ALIAS: &str = "set-alias";
    pub const UNSET_ALIAS: &str = "unset-alias";
    pub const SET_ACCOUNT: &str = "set-account";
    pub const UNSET_ACCOUNT: &str = "unset-account";
    pub const SUBSCRIBE_TOPIC: &str = "subscribe-topic";
    /// Mi Push's own spelling: apps carry this value.
    pub const UNSUBSCRIBE_TOPIC: &str = "unsubscibe-topic";
    pub const ACCEPT_TIME: &str = "accept-time";
    pub const REPORT_TOKEN: &str = "report-token";
    pub const LOGOUT: &str = "logout";
    pub const ECHO: &str = "echo";
}

impl Command {
    /// The command's name, as results and callbacks carry it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SetAlias { .. } => names::SET_ALIAS,
            Self::UnsetAlias { .. } => names::UNSET_ALIAS,
            Self::SetAccount { .. } => names::SET_ACCOUNT,
            Self::UnsetAccount { .. } => names::UNSET_ACCOUNT,
            Self::SubscribeTopic { .. } => names::SUBSCRIBE_TOPIC,
            Self::UnsubscribeTopic { .. } => names::UNSUBSCRIBE_TOPIC,
            Self::AcceptTime(_) => names::ACCEPT_TIME,
            Self::ReportToken { .. } => names::REPORT_TOKEN,
            Self::Logout { .. } => names::LOGOUT,
            Self::Unregister => names::UNREGISTER,
            Self::Echo { .. } => names::ECHO,
        }
    }

    /// The arguments that the app's callback gets. A ticket is none of them.
    pub fn arguments(&self) -> Vec<String> {
        match self {
            Self::SetAlias { alias } | Self::UnsetAlias { alias } => vec![alias.clone()],
            Self::SetAccount { account } | Self::UnsetAccount { account } => vec![account.clone()],
            Self::SubscribeTopic { topic } | Self::UnsubscribeTopic { topic } => vec![topic.clone()],
            Self::AcceptTime(time) => vec![AcceptTime::clock(time.start), AcceptTime::clock(time.end)],
            Self::ReportToken { certificate, user, .. } => vec![certificate.to_string(), user.clone()],
            Self::Logout { user } => vec![user.clone()],
            Self::Unregister => Vec::new(),
            Self::Echo { text } => vec![text.clone()],
        }
    }
}

/// The daily window in which messages may be shown: from `start` to the end of the minute `end`, local time.
///
/// `start > end` crosses midnight. Mi Push's two special values: 0:00 to 0:00 is a pause (nothing is accepted),
/// 0:00 to 23:59 the whole day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AcceptTime {
    /// Minutes since local midnight, 0 to 1439.
    pub start: u16,
    /// Minutes since local midnight, 0 to 1439.
    pub end: u16,
    /// Local time minus UTC, in minutes.
    pub utc_offset: i16,
}

impl AcceptTime {
    /// Nothing is accepted.
    pub fn is_pause(&self) -> bool {
        self.start == 0 && self.end == 0
    }

    /// Everything is accepted.
    pub fn is_whole_day(&self) -> bool {
        self.start == 0 && self.end >= 1439
    }

    /// Whether a message may be shown at this moment (milliseconds since 1970, UTC).
    pub fn accepts(&self, wall_ms: i64) -> bool {
        if self.is_pause() {
            return false;
        }
        let minute = (wall_ms.div_euclid(60_000) + i64::from(self.utc_offset)).rem_euclid(1440) as u16;
        if self.start <= self.end {
            (self.start..=self.end).contains(&minute)
        } else {
            minute >= self.start || minute <= self.end
        }
    }

    /// How long until a message may be shown, in milliseconds: 0 if now, `None` if never (a pause).
    pub fn opens_in(&self, wall_ms: i64) -> Option<u64> {
        if self.is_pause() {
            return None;
        }
        if self.accepts(wall_ms) {
            return Some(0);
        }
        const DAY: i64 = 86_400_000;
        let local = wall_ms + i64::from(self.utc_offset) * 60_000;
        let start = i64::from(self.start) * 60_000;
        Some((start - local).rem_euclid(DAY) as u64)
    }

    /// Minutes since midnight as `HH:mm`.
    pub fn clock(minutes: u16) -> String {
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandResult {
    /// The outbox of the command.
    pub outbox: String,
    /// The command's number in that outbox.
    pub n: u64,
    /// The command's name.
    pub command: String,
    /// Its arguments, as the callback gets them.
    pub arguments: Vec<String>,
    /// 0 for success, else a code of the Mi Push API or of the IM side.
    pub code: i64,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
