package org.offpush;

import org.json.JSONObject;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the platform allows and denies now, topic by topic, in words: the part of the status page that only Android can
 * know. A topic is there while it has something to say.
 */
final class Status {
    /** How the service is kept alive. */
    static final String SERVICE = "service";
    /** Which rung of the alarm ladder is in force. */
    static final String ALARM = "alarm";
    /** Whether notifications can be shown. */
    static final String NOTIFICATIONS = "notifications";
    /** What the person has decided about the app's use of the battery. */
    static final String BATTERY = "battery";
    /** Why no wake lock can be held. */
    static final String WAKE_LOCK = "wake lock";
    /** Why no job can be scheduled. */
    static final String JOBS = "jobs";
    /** What is wrong with the manifest's components. */
    static final String MANIFEST = "manifest";
    /** What is wrong with the manifest's meta-data or the resources they name. */
    static final String CONFIGURATION = "configuration";
    /** The app's receivers. */
    static final String RECEIVERS = "receivers";
    /** Why the daemon does not run. */
    static final String DAEMON = "daemon";
    /** The default network. */
    static final String NETWORK = "network";
    /** The last certificate that was refused. */
    static final String TRUST = "trust";
    /** The last click that could not be carried out as sent. */
    static final String CLICK = "click";

    private final Map<String, String> topics = new LinkedHashMap<String, String>();
    private volatile Runnable listener;

    /** Is called after each change, on the thread that said it. */
    void onChange(Runnable listener) {
        this.listener = listener;
    }

    /**
     * Says something; null: nothing any more. The daemon and its tools take it for a problem unless it begins with "a
     * foreground service", "exact", "none is needed" or "exempt".
     */
    void say(String topic, String words) {
        String before;
        synchronized (this) {
            before = words == null ? topics.remove(topic) : topics.put(topic, words);
        }
        if (words == null ? before == null : words.equals(before)) {
            return;
        }
        if (words != null) {
            AppLog.log(topic + ": " + words);
        }
        Runnable told = listener;
        if (told != null) {
            told.run();
        }
    }

    /** What is said of a topic; null if nothing. */
    synchronized String of(String topic) {
        return topics.get(topic);
    }

    /** Line by line, for people. */
    synchronized List<String> lines() {
        List<String> lines = new ArrayList<String>();
        for (Map.Entry<String, String> topic : topics.entrySet()) {
            lines.add(topic.getKey() + ": " + topic.getValue());
        }
        return lines;
    }

    /** For machines. */
    synchronized JSONObject json() {
        return new JSONObject(topics);
    }
}
