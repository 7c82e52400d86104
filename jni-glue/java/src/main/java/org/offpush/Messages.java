package org.offpush;

import com.xiaomi.mipush.sdk.MiPushCommandMessage;
import com.xiaomi.mipush.sdk.MiPushMessage;

import org.json.JSONObject;

/** Messages and results from the daemon's JSON into what the app gets. */
final class Messages {
    private static final String EVERYBODY = "**ALL**";

    private Messages() {
    }

    /** A message in the form of the control protocol ({@code id, title, content, alias, …}). */
    static MiPushMessage message(JSONObject json) {
        MiPushMessage message = new MiPushMessage();
        message.setMessageId(Json.string(json, "id"));
        message.setTitle(json.optString("title"));
        message.setDescription(json.optString("description"));
        message.setContent(json.optString("content"));
        message.setPassThrough(json.optInt("passThrough"));
        message.setNotifyId(json.optInt("notifyId"));
        message.setNotifyType(json.optInt("notifyType", -1));
        message.setNotified(json.optBoolean("notified"));
        message.setAlias(Json.string(json, "alias"));
        message.setTopic(Json.string(json, "topic"));
        message.setUserAccount(Json.string(json, "userAccount"));
        message.setMessageType(message.getAlias() != null ? MiPushMessage.MESSAGE_TYPE_ALIAS
                : message.getTopic() != null ? MiPushMessage.MESSAGE_TYPE_TOPIC
                : message.getUserAccount() != null ? MiPushMessage.MESSAGE_TYPE_ACCOUNT
                : MiPushMessage.MESSAGE_TYPE_REG);
        message.setExtra(Json.map(json.optJSONObject("extra")));
        return message;
    }

    /** A message of the wire, as it comes with a presentation, in the form of the control protocol. */
    static JSONObject ofWire(JSONObject wire) {
        JSONObject json = Json.of("id", wire.optString("id"), "title", wire.optString("title"),
                "description", wire.optString("description"), "content", wire.optString("payload"),
                "passThrough", wire.optInt("passThrough"), "notifyId", wire.optInt("notifyId"),
                "notifyType", wire.optInt("notifyType", -1), "extra", wire.optJSONObject("extra"), "notified", true,
                "sentAt", wire.optLong("sentAt"));
        JSONObject target = wire.optJSONObject("target");
        String kind = target == null ? "" : target.optString("kind");
        if (kind.equals("all")) {
            Json.put(json, "topic", EVERYBODY);
        } else if (kind.equals("alias") || kind.equals("topic")) {
            Json.put(json, kind, Json.string(target, "value"));
        } else if (kind.equals("account")) {
            Json.put(json, "userAccount", Json.string(target, "value"));
        }
        return json;
    }

    /** The result of a command, from the callbacks {@code registered} and {@code command-result}. */
    static MiPushCommandMessage result(JSONObject json) {
        MiPushCommandMessage result = new MiPushCommandMessage();
        boolean registered = "registered".equals(json.optString("kind"));
        result.setCommand(registered ? "register" : json.optString("command"));
        if (registered) {
            String regId = Json.string(json, "regId");
            if (regId != null) {
                result.setCommandArguments(new java.util.ArrayList<String>(java.util.Collections.singletonList(regId)));
            }
        } else {
            result.setCommandArguments(Json.strings(json.optJSONArray("arguments")));
        }
        result.setResultCode(json.optLong("code"));
        result.setReason(Json.string(json, "reason"));
        result.setCategory(Json.string(json, "category"));
        return result;
    }
}
