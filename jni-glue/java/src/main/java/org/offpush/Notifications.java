package org.offpush;

import android.content.Context;
import android.graphics.Bitmap;
import android.os.Handler;
import android.os.SystemClock;

import org.json.JSONObject;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Shows messages within what the platform bears, and says what became of each only after it has looked.
 *
 * <p>Android drops what is over its cap (25 on 10 and 11, else 50) and sheds quick updates of one notification, both
 * without a word. So at most {@link #MOST} stand in the bar: a newer message takes the oldest one's place, which goes
 * behind the summary; in a burst the newer ones go there at once. All methods belong on the handler's thread, but for
 * {@link #showing} and the static ones.
 */
final class Notifications {
    static final int SHOWN = 0;
    static final int FOLDED = 1;
    static final int CANCELLED = 2;
    static final int BLOCKED = 3;
    static final int LATER = 4;

    /** Messages in the bar at most; with the summary 20. */
    private static final int MOST = 19;
    /** Milliseconds between two updates of one notification, and between two evictions: Android sheds above 5 a second. */
    private static final long UPDATE = 1_000;
    /** Milliseconds until it is looked again whether a notification is there: the platform posts with a delay. */
    private static final long[] LOOK_AGAIN = {50, 250, 1_000};

    /** Who is told. */
    interface Outcomes {
        /** What became of a presentation. */
        void presented(long sequence, int outcome, String reason);
    }

    private final Context context;
    private final Handler handler;
    private final Status status;
    private final Settings settings;
    private final Looks looks;
    private final Channels channels;
    private final Outcomes outcomes;
    private final Bar bar;
    private final Folded folded = new Folded();
    private final Pictures pictures;
    /** By tag, when it was posted last. */
    private final Map<String, Long> posted = new HashMap<String, Long>();
    /** By tag, the update that waits for its second. */
    private final Map<String, Update> updates = new HashMap<String, Update>();
    private long evictedAt = -UPDATE;
    private long summaryAt = -UPDATE;
    private boolean summaryWaits;

    private static final class Update {
        final long sequence;
        final JSONObject message;
        final boolean silent;

        Update(long sequence, JSONObject message, boolean silent) {
            this.sequence = sequence;
            this.message = message;
            this.silent = silent;
        }
    }

    Notifications(Context context, Handler handler, Status status, Settings settings, Channels channels, Clicks clicks,
            Outcomes outcomes) {
        this.context = context;
        this.handler = handler;
        this.status = status;
        this.settings = settings;
        this.channels = channels;
        this.outcomes = outcomes;
        looks = new Looks(context, channels, clicks);
        bar = new Bar(context);
        pictures = new Pictures(handler);
    }

    /** Whether the platform lets notifications be shown; says it in the status. */
    boolean allowed() {
        boolean allowed = Presence.notificationsAllowed(context);
        status.say(Status.NOTIFICATIONS, allowed ? null : "the person has not allowed notifications: messages wait");
        return allowed;
    }

    /** Shows a message (the control protocol's form). Its outcome follows. */
    void present(long sequence, JSONObject message, boolean silent) {
        if (Looks.extra(message).optString("notify_foreground").equals("0") && Processes.appIsVisible(context)) {
            outcomes.presented(sequence, BLOCKED, "notify_foreground is 0, and the app is in the foreground");
            return;
        }
        if (!allowed()) {
            outcomes.presented(sequence, LATER, "notifications are not allowed");
            return;
        }
        String channel = looks.channel(message, settings.notifyType());
        if (channel != null && channels.isOff(channel)) {
            outcomes.presented(sequence, BLOCKED, "the person has switched the channel " + channel + " off");
            return;
        }
        String tag = tag(message.optInt("notifyId"));
        Map<String, Bar.Place> places = bar.places();
        if (places.containsKey(tag)) {
            update(tag, new Update(sequence, message, silent));
        } else if (places.size() < MOST) {
            post(tag, sequence, message, silent);
        } else if (now() - evictedAt < UPDATE) {
            fold(sequence, message);
        } else {
            evictedAt = now();
            evict();
            post(tag, sequence, message, silent);
        }
    }

    /** Takes a message out of the bar, or from behind the summary. */
    void cancel(long sequence) {
        for (Bar.Place place : bar.places().values()) {
            if (place.sequence == sequence) {
                bar.remove(place.tag);
                promoteSoon();
            }
        }
        for (Update update : updates.values()) {
            if (update.sequence == sequence) {
                updates.values().remove(update);
                outcomes.presented(sequence, CANCELLED, null);
                break;
            }
        }
        if (folded.remove(sequence)) {
            refreshSummary();
        }
    }

    /** Which of these stand in the bar. From any thread. */
    long[] showing(long[] sequences) {
        Map<String, Bar.Place> places = bar.places();
        long[] found = new long[sequences.length];
        int count = 0;
        for (long sequence : sequences) {
            for (Bar.Place place : places.values()) {
                if (place.sequence == sequence) {
                    found[count++] = sequence;
                    break;
                }
            }
        }
        return Arrays.copyOf(found, count);
    }

    /** A place may have become free: soon the newest folded message gets it. */
    void promoteSoon() {
        handler.removeCallbacks(promote);
        // A person who clears the bar does it one by one within this time: nothing may pop up in between.
        handler.postDelayed(promote, UPDATE);
    }

    /** Takes what is behind the summary, newest first, and removes it. */
    List<String> takeFolded() {
        List<String> ids = folded.takeAll();
        bar.removeSummary();
        return ids;
    }

    /** After a restart: a message that the daemon has as folded. */
    void restoreFolded(long sequence, JSONObject message) {
        folded.add(sequence, message.optString("id"), line(message), message);
        summaryWaits = false;
        refreshSummary();
    }

    private void post(String tag, long sequence, JSONObject message, boolean silent) {
        posted.put(tag, now());
        if (posted.size() > 4 * MOST) {
            posted.keySet().retainAll(bar.places().keySet());
        }
        bar.post(tag, looks.of(sequence, message, silent, settings.notifyType(), null));
        look(tag, sequence, message, 0);
    }

    /** Whether it is there, now or a moment later. */
    private void look(final String tag, final long sequence, final JSONObject message, final int tries) {
        Bar.Place place = bar.places().get(tag);
        if (place != null && place.sequence == sequence) {
            outcomes.presented(sequence, SHOWN, null);
            picture(tag, sequence, message);
        } else if (place != null && place.sequence > sequence) {
            // The same id was used again meanwhile.
            outcomes.presented(sequence, FOLDED, null);
        } else if (tries < LOOK_AGAIN.length) {
            handler.postDelayed(new Runnable() {
                @Override
                public void run() {
                    look(tag, sequence, message, tries + 1);
                }
            }, LOOK_AGAIN[tries]);
        } else if (!allowed()) {
            outcomes.presented(sequence, LATER, "notifications are not allowed");
        } else {
            // Over the platform's cap: the app shows many of its own.
            fold(sequence, message);
        }
    }

    /** One notification changes at most once a second; of several changes the last one counts. */
    private void update(final String tag, Update update) {
        Long last = posted.get(tag);
        Update before = updates.get(tag);
        if (before != null) {
            outcomes.presented(before.sequence, FOLDED, null);
            updates.put(tag, update);
        } else if (last == null || now() - last >= UPDATE) {
            post(tag, update.sequence, update.message, update.silent);
        } else {
            updates.put(tag, update);
            handler.postDelayed(new Runnable() {
                @Override
                public void run() {
                    Update due = updates.remove(tag);
                    if (due != null) {
                        post(tag, due.sequence, due.message, due.silent);
                    }
                }
            }, UPDATE - (now() - last));
        }
    }

    private void evict() {
        Bar.Place oldest = bar.oldest();
        if (oldest != null) {
            bar.remove(oldest.tag);
            folded.add(oldest.sequence, oldest.id, oldest.title + ": " + oldest.text, null);
            refreshSummary();
        }
    }

    private void fold(long sequence, JSONObject message) {
        folded.add(sequence, message.optString("id"), line(message), message);
        refreshSummary();
        if (bar.hasSummary()) {
            outcomes.presented(sequence, FOLDED, null);
        } else {
            folded.remove(sequence);
            outcomes.presented(sequence, LATER, "Android shows no more notifications of this app");
        }
    }

    private static String line(JSONObject message) {
        return message.optString("title") + ": " + message.optString("description");
    }

    private void refreshSummary() {
        if (folded.count() == 0) {
            bar.removeSummary();
        } else if (now() - summaryAt >= UPDATE || !bar.hasSummary()) {
            summaryAt = now();
            String channel = Channels.exist() ? channels.of(new JSONObject(), 0, null) : null;
            bar.postSummary(looks.summary(folded.count(), folded.lastLine(), channel));
        } else if (!summaryWaits) {
            summaryWaits = true;
            handler.postDelayed(summary, UPDATE - (now() - summaryAt));
        }
    }

    private final Runnable summary = new Runnable() {
        @Override
        public void run() {
            summaryWaits = false;
            refreshSummary();
        }
    };

    private final Runnable promote = new Runnable() {
        @Override
        public void run() {
            long newest = folded.newest();
            while (newest >= 0 && bar.places().size() < MOST) {
                JSONObject message = folded.message(newest);
                folded.remove(newest);
                String tag = tag(message.optInt("notifyId"));
                if (!bar.places().containsKey(tag)) {
                    post(tag, newest, message, true);
                }
                newest = folded.newest();
            }
            refreshSummary();
        }
    };

    private void picture(final String tag, final long sequence, final JSONObject message) {
        String address = Pictures.of(message);
        if (address == null) {
            return;
        }
        pictures.fetch(address, new Pictures.Taker() {
            @Override
            public void take(Bitmap picture) {
                Bar.Place place = bar.places().get(tag);
                // Swiped away or replaced meanwhile: it must not come back.
                if (place != null && place.sequence == sequence) {
                    posted.put(tag, now());
                    bar.post(tag, looks.of(sequence, message, true, settings.notifyType(), picture));
                }
            }
        });
    }

    private static String tag(int notifyId) {
        return Integer.toString(notifyId);
    }

    private static long now() {
        return SystemClock.elapsedRealtime();
    }

    /** Removes a message's notification, from any process of the app. */
    static void remove(Context context, int notifyId) {
        new Bar(context).remove(tag(notifyId));
    }

    /** Removes every message's notification, from any process of the app. */
    static void removeAll(Context context) {
        Bar bar = new Bar(context);
        for (String tag : bar.places().keySet()) {
            bar.remove(tag);
        }
        bar.removeSummary();
    }

    /** Removes those with this title and text, from any process of the app; null and empty stand for any. */
    static void remove(Context context, String title, String text) {
        Bar bar = new Bar(context);
        for (Bar.Place place : bar.places().values()) {
            boolean sameTitle = title == null || title.isEmpty() || title.equals(place.title);
            boolean sameText = text == null || text.isEmpty() || text.equals(place.text);
            if (sameTitle && sameText) {
                bar.remove(place.tag);
            }
        }
    }
}
