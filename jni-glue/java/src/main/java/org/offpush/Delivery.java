package org.offpush;

import android.content.Context;
import android.content.Intent;

import com.xiaomi.mipush.sdk.MiPushCommandMessage;
import com.xiaomi.mipush.sdk.MiPushMessage;

import org.json.JSONArray;
import org.json.JSONObject;

/** One callback on its way into the app, read in the receiver's process. Part of the library, not of its API. */
public final class Delivery {
    /** A broadcast's result: the receiver's process has dealt with the callback. */
    public static final int TAKEN = 1;

    /** Runtime permissions are missing. */
    static final String REQUIRE_PERMISSIONS = "require-permissions";

    /** {@code registered}, {@code command-result}, {@code notification-arrived}, {@code notification-clicked},
     * {@code pass-through-message} or {@code require-permissions}. */
    public final String kind;
    /** Which delivery this is, the same for each receiver; 0 if that is not told. */
    public final long number;
    /** It comes again if it is not taken. */
    public final boolean isRepeated;
    /** The message; null with a result. */
    public final MiPushMessage message;
    /** The result; null with a message, and with permissions. */
    public final MiPushCommandMessage result;
    /** The permissions that are missing; null with anything else. */
    public final String[] permissions;

    private Delivery(JSONObject json) {
        kind = json.optString("kind");
        number = json.optLong("delivery");
        isRepeated = json.has("id");
        JSONObject content = json.optJSONObject("message");
        message = content == null ? null : Messages.message(content);
        JSONArray missing = json.optJSONArray("permissions");
        permissions = missing == null ? null : Json.strings(missing).toArray(new String[0]);
        result = content == null && missing == null ? Messages.result(json) : null;
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
