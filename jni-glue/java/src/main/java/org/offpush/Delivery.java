package org.offpush;

import android.content.Context;
import android.content.Intent;

import com.xiaomi.mipush.sdk.MiPushCommandMessage;
import com.xiaomi.mipush.sdk.MiPushMessage;

import org.json.JSONObject;

/** One callback on its way into the app, read in the receiver's process. Part of the library, not of its API. */
public final class Delivery {
    /** A broadcast's result: the receiver's process has dealt with the callback. */
    public static final int TAKEN = 1;

    /** {@code registered}, {@code command-result}, {@code notification-arrived}, {@code notification-clicked} or {@code pass-through-message}. */
    public final String kind;
    /** The message; null with a result. */
    public final MiPushMessage message;
    /** The result; null with a message. */
    public final MiPushCommandMessage result;

    private Delivery(JSONObject json) {
        kind = json.optString("kind");
        JSONObject content = json.optJSONObject("message");
        message = content == null ? null : Messages.message(content);
        result = content == null ? Messages.result(json) : null;
        if (message != null && kind.equals("notification-arrived")) {
            message.setArrivedMessage(true);
        }
    }

    /** What the intent carries for this component of the app; null, and at most a check, if it is a stranger's. */
    public static Delivery open(Context context, Intent intent, Class<?> component) {
        JSONObject body = Callers.open(context, intent, component.getName());
        if (body == null) {
            Client.stranger(context, component.getName());
            return null;
        }
        return new Delivery(body);
    }

    /** Keeps in this process's preferences what the app can ask for later: regId, aliases, topics, accounts. */
    public void remember(Context context) {
        if (result != null) {
            new AppState(context).apply(result);
        }
    }
}
