package org.offpush;

import android.content.Context;
import android.content.Intent;
import android.os.Handler;
import android.os.Looper;
import android.os.SystemClock;

import com.xiaomi.mipush.sdk.ErrorCode;
import com.xiaomi.mipush.sdk.MiPushClient;
import com.xiaomi.mipush.sdk.MiPushCommandMessage;

import org.json.JSONArray;
import org.json.JSONObject;

import java.util.List;

/**
 * The app's side of the library, in any of its processes: what {@code MiPushClient} and the components are made of.
 * Part of the library, not of its API.
 */
public final class Client {
    /** Milliseconds between two checks that intents of strangers cause. */
    private static final long STRANGERS = 30_000;

    private static long strangerAt = -STRANGERS;

    private Client() {
    }

    /** {@code registerPush}. The result is a callback. */
    public static void register(Context context, String appId, String appKey) {
        if (appId == null || appId.trim().isEmpty() || appKey == null || appKey.trim().isEmpty()) {
            fail(context, ErrorCode.ERROR_AUTHERICATION_ERROR, "registerPush needs an AppID and an AppKey");
            return;
        }
        String problem = Config.of(context).problem;
        if (problem == null && Names.service(context, Names.PUSH_SERVICE) == null) {
            problem = "the manifest has no service " + Names.PUSH_SERVICE;
        }
        if (problem != null) {
            fail(context, ErrorCode.ERROR_SERVICE_UNAVAILABLE, problem);
            return;
        }
        if (Processes.isService(context)) {
            // An app that does not ask in which process its Application is created registers here too. Its main
            // process does it properly; here it must not start callbacks, which would start the main process.
            Settings known = new Settings(context);
            if (appId.trim().equals(known.appId()) && appKey.trim().equals(known.appKey())) {
                return;
            }
        }
        new AppState(context).registering(appId.trim());
        send(context, Json.of("do", "register", "appId", appId.trim(), "appKey", appKey.trim()));
    }

    /** {@code unregisterPush}: from now on there is no regId. */
    public static void unregister(Context context) {
        new AppState(context).forget();
        send(context, Json.of("do", "unregister"));
    }

    /** A command that the gateway answers, by the control protocol's name of it and of its one argument. */
    public static void command(Context context, String command, String argument, String value) {
        if (argument != null && (value == null || value.isEmpty())) {
            tell(context, Json.of("kind", "command-result", "command", command, "code",
                    ErrorCode.ERROR_INVALID_PAYLOAD, "reason", "the " + argument + " is empty"));
            return;
        }
        JSONObject line = Json.of("op", "command", "command", command);
        if (argument != null) {
            Json.put(line, argument, value);
        }
        send(context, Json.of("do", "request", "line", line));
    }

    /** When messages may be shown: minutes since local midnight, to the end of the minute {@code end}. */
    public static void acceptTime(Context context, int start, int end) {
        send(context, Json.of("do", "request", "line",
                Json.of("op", "command", "command", "accept-time", "start", start, "end", end)));
    }

    /** {@code reportToken} of the IM side; the ticket is the user's. */
    public static void reportToken(Context context, long certificate, String user, String ticket) {
        send(context, Json.of("do", "request", "line", Json.of("op", "command", "command", "report-token",
                "certificate", certificate, "user", user, "sig", ticket)));
    }

    /** The IM user is logged out on this phone. */
    public static void logout(Context context, String user) {
        command(context, "logout", "user", user);
    }

    /** Switches pushes off or on, without a new regId. */
    public static void enable(Context context, boolean enabled) {
        send(context, Json.of("do", enabled ? "enable" : "disable"));
    }

    /** How notifications draw attention from now on, whatever messages say; null: as they say. */
    public static void notifyType(Context context, Integer type) {
        send(context, Json.of("do", "notify-type", "value", type));
    }

    /** A message that the app shows by itself was clicked. */
    public static void clicked(Context context, String messageId) {
        if (messageId != null && !messageId.isEmpty()) {
            send(context, Json.of("do", "click", "id", messageId));
        }
    }

    /** Removes the notification with this notifyId. */
    public static void clear(Context context, int notifyId) {
        clear(context, Pick.ofId(notifyId));
    }

    /** Removes those with this title and text; null and empty stand for any. */
    public static void clear(Context context, String title, String text) {
        clear(context, Pick.ofWords(title, text));
    }

    /** Removes all of them. */
    public static void clear(Context context) {
        clear(context, Pick.ALL);
    }

    private static void clear(Context context, Pick pick) {
        Notifications.remove(context, pick);
        if (regId(context) != null) {
            // What has no place of its own is behind the summary, which the push service keeps.
            send(context, Json.of("do", "cleared", "what", pick.json()));
        }
    }

    /** Null until registered. */
    public static String regId(Context context) {
        return new AppState(context).regId();
    }

    public static List<String> aliases(Context context) {
        return new AppState(context).aliases();
    }

    public static List<String> topics(Context context) {
        return new AppState(context).topics();
    }

    public static List<String> accounts(Context context) {
        return new AppState(context).accounts();
    }

    /** When the gateway confirmed the alias, in wall milliseconds; -1 if it has not. */
    public static long aliasSince(Context context, String alias) {
        return new AppState(context).aliasSince(alias);
    }

    public static long topicSince(Context context, String topic) {
        return new AppState(context).topicSince(topic);
    }

    public static long accountSince(Context context, String account) {
        return new AppState(context).accountSince(account);
    }

    /** An intent that is not ours reached this component: at most it is a reason to look, now and then. */
    public static void stranger(Context context, String component) {
        synchronized (Client.class) {
            long now = SystemClock.elapsedRealtime();
            if (now - strangerAt < STRANGERS) {
                return;
            }
            strangerAt = now;
        }
        AppLog.log("an intent of unknown origin at " + component + " is taken for a reason to look, and no more");
        if (regId(context) != null) {
            send(context, Json.of("do", "check"));
        }
    }

    /** To the push service: by starting it, or where Android denies that, by a broadcast to its receiver. */
    static void send(Context context, JSONObject body) {
        try {
            if (context.startService(Callers.sign(context, Names.COMMAND, Names.PUSH_SERVICE, body)) != null) {
                return;
            }
        } catch (IllegalStateException background) {
            // From Android 8 on, while the app is in the background.
        } catch (SecurityException denied) {
            AppLog.log("the push service may not be started", denied);
        }
        context.sendBroadcast(Callers.sign(context, Names.COMMAND, Names.PING_RECEIVER, body));
    }

    private static void fail(Context context, int code, String reason) {
        AppLog.log("registerPush: " + reason);
        tell(context, Json.of("kind", "registered", "code", code, "reason", reason));
    }

    /** Hands a result that the app made itself to its receivers. */
    public static void result(Context context, MiPushCommandMessage result) {
        List<String> arguments = result.getCommandArguments();
        JSONObject callback = Json.of("code", result.getResultCode(), "reason", result.getReason(),
                "category", result.getCategory());
        if (MiPushClient.COMMAND_REGISTER.equals(result.getCommand())) {
            Json.put(callback, "kind", "registered");
            Json.put(callback, "regId", arguments == null || arguments.isEmpty() ? null : arguments.get(0));
        } else {
            Json.put(callback, "kind", "command-result");
            Json.put(callback, "command", result.getCommand());
            Json.put(callback, "arguments", arguments == null ? null : new JSONArray(arguments));
        }
        tell(context, callback);
    }

    /** A callback that this process makes itself. */
    private static void tell(Context context, JSONObject callback) {
        Context application = context.getApplicationContext();
        new Deliveries(application, new Handler(Looper.getMainLooper()), new Status(), new Deliveries.Outcome() {
            @Override
            public void delivered(JSONObject told, boolean taken) {
                // It is not repeated: the app learns it again with its next call.
            }
        }).add(callback);
    }
}
