package org.offpush;

import android.app.Notification;

import org.json.JSONObject;

/** What tests of messages and their way ask for. */
abstract class OnGateway extends GatewayTest {
    @Override
    String register() throws Exception {
        SampleReceiver.CALLS.clear();
        return super.register();
    }

    /** Waits for the notification with this title; time passes, as one notification changes once a second only. */
    @Override
    Notification shown(String title) throws Exception {
        phone.until("a notification \"" + title + "\"", () -> {
            phone.pass(100);
            return phone.titled(title) != null;
        });
        return phone.titled(title);
    }

    /** The first callback of this name, once it is there. */
    SampleReceiver.Call callback(String name) throws Exception {
        called(name);
        return SampleReceiver.first(name);
    }

    /** A push with what every one needs. Its id. */
    String push(String regId, String title, String... more) throws Exception {
        String[] form = new String[more.length + 8];
        System.arraycopy(new String[] {"title", title, "description", "d", "payload", "p", "pass_through", "0"}, 0, form, 0, 8);
        System.arraycopy(more, 0, form, 8, more.length);
        return gateway.push(regId, form);
    }

    /** The gateway knows of this step of a message. */
    void step(String id, String step) throws Exception {
        phone.until(step + " of " + id + ": " + gateway.steps(id), () -> gateway.steps(id).contains(step));
    }

    /** The state of a message on the phone; null if it is not there. */
    String state(String id) {
        long after = 0;
        while (after >= 0) {
            JSONObject answer = Phone.core().daemon.request(Json.of("op", "notifications", "after", after));
            JSONObject page = answer.optJSONObject("ok").optJSONObject("notifications");
            for (int i = 0; i < page.optJSONArray("items").length(); i++) {
                JSONObject item = page.optJSONArray("items").optJSONObject(i);
                if (item.optString("id").equals(id)) {
                    return item.optString("state");
                }
            }
            after = page.has("next") ? page.optLong("next") : -1;
        }
        return null;
    }

    /** How many messages stand in this state on the phone; -1 while the daemon does not answer. */
    int count(String state) {
        JSONObject answer = Phone.core().daemon.request(Json.of("op", "status"));
        return answer == null ? -1 : answer.optJSONObject("ok").optJSONObject("status").optJSONObject("messages").optInt(state);
    }
}
