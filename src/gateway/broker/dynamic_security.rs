//! mosquitto's dynamic security, administered through the gateway's own connection (`docs/mosquitto.md`).
//!
//! It substitutes no user name in a role, so each device has a role of its own with exactly its two topics.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use offpush_wire::{down_topic, up_topic};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::link::Link;
use crate::core::BrokerError;
use crate::files;

/// Where the plugin takes commands.
const COMMAND_TOPIC: &str = "$CONTROL/dynamic-security/v1";
/// Where it answers.
pub(crate) const RESPONSE_TOPIC: &str = "$CONTROL/dynamic-security/v1/response";
/// The plugin writes its whole file on each change: with thousands of devices that takes some 100 ms.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The role that lets the gateway read and write every device's topics.
const GATEWAY_ROLE: &str = "offpush-gateway";

/// The commands to the plugin, and who waits for their answers.
pub(crate) struct DynamicSecurity {
    link: Arc<Link>,
    topic_prefix: String,
    waiting: Mutex<HashMap<String, oneshot::Sender<Response>>>,
}

#[derive(Deserialize)]
struct Responses {
    #[serde(default)]
    responses: Vec<Response>,
}

/// The plugin's answer to one command.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    #[serde(default)]
    correlation_data: Option<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    data: Value,
}

impl DynamicSecurity {
    pub(crate) fn new(link: Arc<Link>, topic_prefix: &str) -> Self {
        Self { link, topic_prefix: topic_prefix.to_owned(), waiting: Mutex::default() }
    }

    /// Takes what came on [`RESPONSE_TOPIC`].
    pub(crate) fn answered(&self, payload: &[u8]) {
        let Ok(Responses { responses }) = serde_json::from_slice(payload) else { return };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for response in responses {
            if let Some(sender) = response.correlation_data.as_ref().and_then(|id| waiting.remove(id)) {
                let _ = sender.send(response);
            }
        }
    }

    /// What was asked is not answered any more.
    pub(crate) fn connection_lost(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Gives the gateway itself access to the devices' topics; it needs none besides its administrator's role.
    pub(crate) async fn put_gateway(&self, user: &str) -> Result<(), BrokerError> {
        let client = self.command("getClient", json!({ "username": user })).await?;
        let roles = client.data.pointer("/client/roles").and_then(Value::as_array);
        let has_role = roles.is_some_and(|roles| roles.iter().any(|role| role["rolename"] == GATEWAY_ROLE));
        if has_role {
            return Ok(());
        }
        let up = up_topic(&self.topic_prefix, "+");
        let acls = json!([
            acl("subscribePattern", &up),
            acl("subscribePattern", &shared_filter(&self.topic_prefix)),
            acl("publishClientReceive", &up),
            acl("publishClientSend", &down_topic(&self.topic_prefix, "+")),
        ]);
        self.put_role(GATEWAY_ROLE, acls).await?;
        let added = self.command("addClientRole", json!({ "username": user, "rolename": GATEWAY_ROLE })).await?;
        added.done("addClientRole")
    }

    /// Lets the device in with this password, for its two topics.
    pub(crate) async fn put_device(&self, reg_id: &str, secret: &str) -> Result<(), BrokerError> {
        let down = down_topic(&self.topic_prefix, reg_id);
        let acls = json!([
            acl("subscribeLiteral", &down),
            acl("publishClientReceive", &down),
            acl("publishClientSend", &up_topic(&self.topic_prefix, reg_id)),
        ]);
        let role = device_role(reg_id);
        self.put_role(&role, acls).await?;
        let client = json!({
            "username": reg_id,
            "clientid": reg_id,
            "password": secret,
            "roles": [{ "rolename": role }],
        });
        let created = self.command("createClient", client.clone()).await?;
        match created.error.as_deref() {
            Some("Client already exists") => self.command("modifyClient", client).await?.done("modifyClient"),
            _ => created.done("createClient"),
        }
    }

    /// Lets the device in no more and ends its connection.
    pub(crate) async fn remove_device(&self, reg_id: &str) -> Result<(), BrokerError> {
        for (command, arguments) in [
            ("deleteClient", json!({ "username": reg_id })),
            ("deleteRole", json!({ "rolename": device_role(reg_id) })),
        ] {
            let deleted = self.command(command, arguments).await?;
            match deleted.error.as_deref() {
                Some("Client not found" | "Role not found") => {}
                _ => deleted.done(command)?,
            }
        }
        Ok(())
    }

    async fn put_role(&self, role: &str, acls: Value) -> Result<(), BrokerError> {
        let arguments = json!({ "rolename": role, "acls": acls });
        let created = self.command("createRole", arguments.clone()).await?;
        match created.error.as_deref() {
            Some("Role already exists") => self.command("modifyRole", arguments).await?.done("modifyRole"),
            _ => created.done("createRole"),
        }
    }

    async fn command(&self, name: &str, mut arguments: Value) -> Result<Response, BrokerError> {
        let id = files::random_token().map_err(|error| BrokerError(error.to_string()))?;
        arguments["command"] = name.into();
        arguments["correlationData"] = id.as_str().into();
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), sender);
        let commands = json!({ "commands": [arguments] }).to_string();
        let answered = match self.link.publish(COMMAND_TOPIC.to_owned(), commands.into_bytes()).await {
            Ok(()) => tokio::time::timeout(TIMEOUT, receiver).await.ok().and_then(Result::ok),
            Err(error) => {
                self.forget(&id);
                return Err(error);
            }
        };
        answered.ok_or_else(|| {
            self.forget(&id);
            BrokerError(format!(
                "dynamic security did not answer {name} in {} s, or the connection was lost",
                TIMEOUT.as_secs()
            ))
        })
    }

    fn forget(&self, id: &str) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

impl Response {
    fn done(&self, command: &str) -> Result<(), BrokerError> {
        match &self.error {
            None => Ok(()),
            Some(error) => Err(BrokerError(format!("dynamic security refused {command}: {error}"))),
        }
    }
}

/// What several gateways share: each frame of a phone goes to one of them.
pub(crate) fn shared_filter(topic_prefix: &str) -> String {
    format!("$share/gateway/{}", up_topic(topic_prefix, "+"))
}

fn device_role(reg_id: &str) -> String {
    format!("device-{reg_id}")
}

fn acl(kind: &str, topic: &str) -> Value {
    json!({ "acltype": kind, "topic": topic, "allow": true })
}
