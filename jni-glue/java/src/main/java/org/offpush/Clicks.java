package org.offpush;

import android.app.PendingIntent;
import android.content.Context;
import android.content.Intent;
import android.os.Build;

import org.json.JSONObject;

/**
 * What is behind a notification: explicit, immutable PendingIntents of ours. A click goes to our own activity, which
 * records it and opens the target; Android allows no receiver or service in between.
 */
final class Clicks {
    private final Context context;
    private final boolean hasActivity;

    Clicks(Context context, Status status) {
        this.context = context;
        hasActivity = Names.hasActivity(context, Names.CLICK_ACTIVITY);
        if (!hasActivity) {
            status.complain(Status.MANIFEST, Status.WRONG_MANIFEST, "the manifest has no " + Names.CLICK_ACTIVITY
                    + ": a click opens the app, is not recorded and brings no callback");
        }
    }

    /** The flag that Android 12 asks for, where it is known. */
    static int immutable() {
        return Build.VERSION.SDK_INT >= 23 ? PendingIntent.FLAG_IMMUTABLE : 0;
    }

    /** A click on a message's notification. */
    PendingIntent content(long sequence, JSONObject message) {
        JSONObject extra = Looks.extra(message);
        return open(click("message", message, target(extra.optString("notify_effect"), extra.optString("web_uri"),
                extra.optString("intent_uri"), extra.optString("class_name"))));
    }

    /** A click on one of its buttons; null if the button opens nothing. */
    PendingIntent button(long sequence, JSONObject message, String button) {
        JSONObject extra = Looks.extra(message);
        String prefix = "notification_style_button_" + button + "_";
        String effect = extra.optString(prefix + "notify_effect");
        if (effect.isEmpty()) {
            return null;
        }
        JSONObject body = click("message", message, target(effect, extra.optString(prefix + "web_uri"),
                extra.optString(prefix + "intent_uri"), extra.optString(prefix + "intent_class")));
        // A button does not take its notification away by itself, as a click on the whole does.
        Json.put(body, "button", button);
        return open(body);
    }

    /** A click on the summary. */
    PendingIntent summary() {
        return open(click("summary", null, Json.of("type", "app")));
    }

    /** The person has swiped a message's notification away. */
    PendingIntent dismissed(String id) {
        return tell(Json.of("do", "dismiss", "id", id));
    }

    /** The person has swiped the summary away. */
    PendingIntent summaryDismissed() {
        return tell(Json.of("do", "dismiss-folded"));
    }

    private static JSONObject click(String what, JSONObject message, JSONObject target) {
        return Json.of("what", what, "message", message, "target", target);
    }

    /** As the wire's {@code Message::click}: an effect without what it needs opens the app. */
    static JSONObject target(String effect, String webUri, String intentUri, String className) {
        if (effect.equals("1")) {
            return Json.of("type", "launcher");
        }
        if (effect.equals("2") && !intentUri.isEmpty()) {
            return Json.of("type", "page", "intentUri", intentUri);
        }
        if (effect.equals("2") && !className.isEmpty()) {
            return Json.of("type", "page", "className", className);
        }
        if (effect.equals("3") && !webUri.isEmpty()) {
            return Json.of("type", "web", "url", webUri);
        }
        return Json.of("type", "app");
    }

    private PendingIntent open(JSONObject body) {
        Intent intent = hasActivity ? Callers.sign(context, Names.CLICK, Names.CLICK_ACTIVITY, body)
                : context.getPackageManager().getLaunchIntentForPackage(context.getPackageName());
        if (intent == null) {
            return null;
        }
        // Its own task: the app's is brought forward by the target, not by us.
        intent.addFlags(Intent.FLAG_ACTIVITY_NEW_TASK | Intent.FLAG_ACTIVITY_NO_ANIMATION);
        return PendingIntent.getActivity(context, 0, intent, PendingIntent.FLAG_UPDATE_CURRENT | immutable());
    }

    private PendingIntent tell(JSONObject body) {
        Intent intent = Callers.sign(context, Names.COMMAND, Names.PING_RECEIVER, body);
        return PendingIntent.getBroadcast(context, 0, intent, PendingIntent.FLAG_UPDATE_CURRENT | immutable());
    }
}
