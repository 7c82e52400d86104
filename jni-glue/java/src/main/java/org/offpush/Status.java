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
    /** Which notification channels are switched off. */
    static final String CHANNEL = "channel";
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

    // The problems' codes, as docs/control.md of the project lists them; their severity and what to do about them are
    // the daemon's (src/daemon/said.rs).
    static final String NOTIFICATIONS_DENIED = "notifications-denied";
    static final String CHANNEL_OFF = "channel-off";
    static final String ALARMS_INEXACT = "alarms-inexact";
    static final String NO_FOREGROUND_SERVICE = "no-foreground-service";
    static final String BATTERY_RESTRICTED = "battery-restricted";
    static final String NETWORK_UNSEEN = "network-unseen";
    static final String CERTIFICATE_REFUSED = "certificate-refused";
    static final String CLICK_REDIRECTED = "click-redirected";
    static final String SEVERAL_RECEIVERS = "several-receivers";
    static final String WRONG_MANIFEST = "manifest";

    private static final class Saying {
        final String words;
        /** The code of what is wrong; null if nothing is. */
        final String problem;

        Saying(String words, String problem) {
            this.words = words;
            this.problem = problem;
        }
    }

    private final Map<String, Saying> topics = new LinkedHashMap<String, Saying>();
    private volatile Runnable listener;

    /** Is called after each change, on the thread that said it. */
    void onChange(Runnable listener) {
        this.listener = listener;
    }

    /** Says how it is, and that nothing is wrong with it. */
    void say(String topic, String words) {
        put(topic, new Saying(words, null));
    }

    /** Says what is wrong. */
    void complain(String topic, String problem, String words) {
        put(topic, new Saying(words, problem));
    }

    /** There is nothing to say any more. */
    void clear(String topic) {
        put(topic, null);
    }

    private void put(String topic, Saying saying) {
        Saying before;
        synchronized (this) {
            before = saying == null ? topics.remove(topic) : topics.put(topic, saying);
        }
        if (saying == null ? before == null : before != null && saying.words.equals(before.words)) {
            return;
        }
        if (saying != null) {
            AppLog.log(topic + ": " + saying.words);
        }
        Runnable told = listener;
        if (told != null) {
            told.run();
        }
    }

    /** What is said of a topic; null if nothing. */
    synchronized String of(String topic) {
        Saying saying = topics.get(topic);
        return saying == null ? null : saying.words;
    }

    /** Line by line, for people. */
    synchronized List<String> lines() {
        List<String> lines = new ArrayList<String>();
        for (Map.Entry<String, Saying> topic : topics.entrySet()) {
            lines.add(topic.getKey() + ": " + topic.getValue().words);
        }
        return lines;
    }

    /** For machines: {@code {TOPIC: {"words": …, "problem": CODE}}}. */
    synchronized JSONObject json() {
        JSONObject all = new JSONObject();
        for (Map.Entry<String, Saying> topic : topics.entrySet()) {
            Saying saying = topic.getValue();
            Json.put(all, topic.getKey(), Json.of("words", saying.words, "problem", saying.problem));
        }
        return all;
    }
}
