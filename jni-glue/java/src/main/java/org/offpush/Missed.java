package org.offpush;

import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/**
 * What the person did with notifications while no daemon ran, after {@code disablePush} or between two starts: the next
 * daemon learns it. On the core's thread.
 */
final class Missed {
    /** At most so many requests; the oldest go first. More notifications than that do not stand in a bar. */
    private static final int MOST = 64;

    private final Settings settings;

    Missed(Settings settings) {
        this.settings = settings;
    }

    /** Keeps a request of the control protocol. */
    void add(JSONObject request) {
        JSONArray before = read();
        JSONArray kept = new JSONArray();
        for (int i = Math.max(0, before.length() + 1 - MOST); i < before.length(); i++) {
            kept.put(before.opt(i));
        }
        settings.setMissed(kept.put(request).toString());
    }

    /** Gives them to a daemon that has started. What it does not know any more is no fault. */
    void tell(Daemon daemon) {
        JSONArray requests = read();
        if (requests.length() == 0) {
            return;
        }
        settings.setMissed("");
        for (int i = 0; i < requests.length(); i++) {
            JSONObject request = requests.optJSONObject(i);
            if (request != null) {
                daemon.request(request);
            }
        }
    }

    private JSONArray read() {
        try {
            return new JSONArray(settings.missed());
        } catch (JSONException none) {
            return new JSONArray();
        }
    }
}
