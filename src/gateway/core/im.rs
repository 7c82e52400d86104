//! The IM side: messages to users, by what their `OfflinePushInfo` and body say.

use std::collections::BTreeMap;

use offpush_wire::{DEFAULT_IM_TITLE, NotifyType, code};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::accept::ImPart;
use super::{ApiError, Core, DEFAULT_IM_LIFE_S, NewMessage, Targets};

/// An IM message with what it says about offline push.
#[derive(Debug, Clone, Default)]
pub(crate) struct ImMessage {
    /// `OfflinePushInfo` as it came; absent is fine.
    pub(crate) offline_push_info: Option<Box<RawValue>>,
    /// `MsgBody` as it came: `[{"MsgType", "MsgContent"}]`.
    pub(crate) body: Option<Box<RawValue>>,
    /// `From_Account`, `MsgSeq` and `MsgRandom`: with the same content they make a repetition. `None` where the sender
    /// gives no `MsgSeq`: two equal texts may be meant then.
    pub(crate) identity: Option<(String, u64, u32)>,
    /// `MsgLifeTime` in seconds; `None`: 7 days. 0 means online only, and is not pushed.
    pub(crate) life_time_s: Option<u64>,
}

/// What became of an IM message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ImAccepted {
    /// It goes to the users' devices.
    Push {
        message_id: String,
        /// Users without a device that is logged in.
        without_device: Vec<String>,
    },
    /// It is not pushed, and why: it says so itself, has nothing to show, or nobody is logged in anywhere.
    NoPush(&'static str),
}

/// Whether a user can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UserState {
    /// Logged in on a device that is connected.
    Online,
    /// Logged in on a device that will get what is sent when it is back.
    PushOnline,
    Offline,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct OfflinePushInfo {
    push_flag: i64,
    title: Option<String>,
    desc: Option<String>,
    ext: Option<String>,
    android_info: Option<AndroidInfo>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AndroidInfo {
    #[serde(rename = "XiaoMiChannelID")]
    channel_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Element {
    msg_type: String,
    #[serde(default)]
    msg_content: Content,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Content {
    text: Option<String>,
    desc: Option<String>,
}

impl Core {
    /// Sends an IM message to every device on which one of the users is logged in.
    pub(crate) async fn send_im(
        &self,
        app_id: &str,
        users: &[String],
        message: ImMessage,
    ) -> Result<ImAccepted, ApiError> {
        let info: OfflinePushInfo = match &message.offline_push_info {
            // An array would pass for a struct's fields in order.
            Some(info) if !info.get().starts_with('{') => {
                return Err(ApiError::new(code::INVALID_VALUE, "OfflinePushInfo is no object"));
            }
            Some(info) => serde_json::from_str(info.get())
                .map_err(|error| ApiError::new(code::INVALID_VALUE, format!("OfflinePushInfo: {error}")))?,
            None => OfflinePushInfo::default(),
        };
        if info.push_flag == 1 {
            return Ok(ImAccepted::NoPush("PushFlag is 1"));
        }
        let life = message.life_time_s.unwrap_or(DEFAULT_IM_LIFE_S);
        if life == 0 {
            return Ok(ImAccepted::NoPush("MsgLifeTime is 0: online only"));
        }
        let description = match filled(info.desc) {
            Some(desc) => desc,
            None => match text(message.body.as_deref())? {
                Some(text) => text,
                None => return Ok(ImAccepted::NoPush("neither OfflinePushInfo nor the elements have a text")),
            },
        };
        let mut extra = BTreeMap::new();
        if let Some(ext) = filled(info.ext) {
            extra.insert("ext".to_owned(), ext);
        }
        if let Some(channel_id) = info.android_info.and_then(|android| filled(android.channel_id)) {
            extra.insert("channel_id".to_owned(), channel_id);
        }
        let new = NewMessage {
            title: filled(info.title).unwrap_or_else(|| DEFAULT_IM_TITLE.to_owned()),
            description,
            notify_type: NotifyType::default(),
            time_to_live: Some(life.saturating_mul(1000)),
            extra,
            ..NewMessage::default()
        };
        let repeat_key = match &message.identity {
            Some(identity) => {
                let content = (app_id, identity, users, &message.body, &message.offline_push_info);
                Some(super::hash(&super::to_json(&content)?))
            }
            None => None,
        };
        let part = ImPart { offline_push_info: message.offline_push_info, repeat_key };
        match self.accept_with(app_id, new, Targets::Users(users.to_vec()), part).await {
            Ok(accepted) => Ok(ImAccepted::Push { message_id: accepted.message_id, without_device: accepted.invalid }),
            Err(error) if error.code == super::NO_VALID_TARGETS => {
                Ok(ImAccepted::NoPush("no device is logged in as any of the users"))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a user can be reached.
    pub(crate) async fn user_state(&self, app_id: &str, user: &str) -> Result<UserState, ApiError> {
        let connected: Option<i64> = sqlx::query_scalar(
            "SELECT MAX(CASE WHEN d.connection IS NULL THEN 0 ELSE 1 END)
             FROM bindings b JOIN devices d ON d.id = b.device
             WHERE b.app_id = $1 AND b.user_id = $2 AND b.valid = 1 AND d.invalid_at IS NULL",
        )
        .bind(app_id)
        .bind(user)
        .fetch_one(self.0.db.readers())
        .await?;
        Ok(match connected {
            Some(1) => UserState::Online,
            Some(_) => UserState::PushOnline,
            None => UserState::Offline,
        })
    }
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// What the elements say, for people. `None`: nothing to show, as with custom elements that have no `Desc`.
fn text(body: Option<&RawValue>) -> Result<Option<String>, ApiError> {
    let Some(body) = body else { return Ok(None) };
    let elements: Vec<Element> = serde_json::from_str(body.get())
        .map_err(|error| ApiError::new(code::INVALID_VALUE, format!("MsgBody: {error}")))?;
    let texts: Vec<String> = elements
        .into_iter()
        .filter_map(|element| match element.msg_type.as_str() {
            "TIMTextElem" => filled(element.msg_content.text),
            "TIMCustomElem" => filled(element.msg_content.desc),
            "TIMImageElem" => Some("[Image]".into()),
            "TIMSoundElem" => Some("[Voice]".into()),
            "TIMVideoFileElem" => Some("[Video]".into()),
            "TIMFileElem" => Some("[File]".into()),
            "TIMLocationElem" => Some("[Location]".into()),
            "TIMFaceElem" => Some("[Sticker]".into()),
            _ => Some("[Message]".into()),
        })
        .collect();
    Ok((!texts.is_empty()).then(|| texts.concat()))
}
