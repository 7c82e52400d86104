package org.offpush;

import com.xiaomi.mipush.sdk.ErrorCode;
import com.xiaomi.mipush.sdk.MiPushClient;

import org.json.JSONArray;
import org.json.JSONObject;

import java.util.Arrays;
import java.util.List;

/** What the app's processes and the person ask of the push service. Runs on the core's thread. */
final class Commands {
    private static final JSONObject REGISTER = Json.of("op", "register");

    /** What comes from a process of the app that can take callbacks. */
    private static final List<String> BY_APP = Arrays.asList("register", "request", "unregister", "disable", "enable",
            "notify-type", "click", "click-folded", "cleared");

    private final Core core;

    Commands(Core core) {
        this.core = core;
    }

    void run(JSONObject body) {
        String what = body.optString("do");
        if (BY_APP.contains(what)) {
            core.bridge.appIsThere();
        }
        if (what.equals("register")) {
            register(body.optString("appId"), body.optString("appKey"));
        } else if (what.equals("request")) {
            request(body.optJSONObject("line"));
        } else if (what.equals("unregister")) {
            unregister();
        } else if (what.equals("disable")) {
            core.settings.setDisabled(true);
            core.end("the app has switched pushes off (disablePush)");
        } else if (what.equals("enable")) {
            core.settings.setDisabled(false);
            core.start("enablePush", true);
            core.resume("enablePush");
        } else if (what.equals("notify-type")) {
            core.settings.setNotifyType(body.has("value") ? Integer.valueOf(body.optInt("value")) : null);
        } else if (what.equals("click") || what.equals("dismiss")) {
            core.bridge.notifications.left(body.optString("id"));
            done(Json.of("op", what, "id", body.optString("id")));
            core.bridge.notifications.promoteSoon();
            core.bridge.notificationsMayBeBack();
        } else if (what.equals("click-folded")) {
            folded("click-summary");
        } else if (what.equals("dismiss-folded")) {
            folded("dismiss-summary");
        } else if (what.equals("click-refused")) {
            core.status.complain(Status.CLICK, Status.CLICK_REDIRECTED, "opened the app instead: " + body.optString("why"));
        } else if (what.equals("cleared")) {
            core.bridge.notifications.clear(Pick.of(body.optJSONObject("what")));
            core.bridge.notificationsMayBeBack();
        } else {
            // "check" and "stay": whatever is due.
            core.resume(what);
        }
    }

    /** What the person did: told to the daemon now, or to the next one. */
    private void done(JSONObject request) {
        core.start(request.optString("op"), false);
        if (core.daemon.request(request) == null) {
            core.missed.add(request);
        }
    }

    /** The summary is gone, and what stood behind it with it. */
    private void folded(String operation) {
        done(Json.of("op", operation, "ids", Json.array(core.bridge.notifications.takeFolded())));
        core.bridge.notificationsMayBeBack();
    }

    private void register(String appId, String appKey) {
        if (!appId.equals(core.settings.appId()) || !appKey.equals(core.settings.appKey())) {
            // What runs belongs to the registration before, and what it was told of the network went with it.
            core.stop("the app registers with another AppID or AppKey");
        }
        core.settings.setApp(appId, appKey);
        String problem = core.start("registerPush", true);
        JSONObject answer = problem == null ? core.daemon.request(REGISTER) : null;
        problem = problem != null ? problem : refusal(answer);
        if (problem != null) {
            core.bridge.tell(Json.of("kind", "registered", "code", ErrorCode.ERROR_SERVICE_UNAVAILABLE, "reason", problem));
        }
        core.resume("registerPush");
    }

    private void request(JSONObject line) {
        if (line == null) {
            return;
        }
        String problem = core.start("a command", false);
        problem = problem != null ? problem : refusal(core.daemon.request(line));
        if (problem != null) {
            core.bridge.tell(Json.of("kind", "command-result", "command", name(line), "arguments", arguments(line),
                    "code", ErrorCode.ERROR_SERVICE_UNAVAILABLE, "reason", problem));
        }
    }

    private void unregister() {
        Notifications.remove(core.context, Pick.ALL);
        core.bridge.notifications.clear(Pick.ALL);
        core.unregister();
    }

    /** Why a request was not carried out; null if it was. */
    private static String refusal(JSONObject answer) {
        if (answer == null) {
            return "the push service did not answer in time";
        }
        JSONObject error = answer.optJSONObject("error");
        return error == null ? null : error.optString("message");
    }

    private static String name(JSONObject line) {
        String name = line.optString("command");
        return name.equals("pause") || name.equals("resume") ? MiPushClient.COMMAND_SET_ACCEPT_TIME : name;
    }

    /** As the gateway's results carry them: who waits for one knows it by them. */
    private static JSONArray arguments(JSONObject line) {
        JSONArray arguments = new JSONArray();
        for (String field : new String[] {"alias", "account", "topic", "certificate", "user"}) {
            if (line.has(field)) {
                arguments.put(line.optString(field));
            }
        }
        return arguments;
    }
}
