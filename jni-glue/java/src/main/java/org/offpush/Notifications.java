package org.offpush;

import android.content.Context;
import android.graphics.Bitmap;
import android.os.Handler;
import android.os.SystemClock;

import org.json.JSONObject;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Shows messages within what the platform bears, and says what became of each only after it has looked.
 *
 * <p>Android drops what is over its cap (25 on 10 and 11, else 50) and sheds quick updates of one notification, both
 * without a word, and posts with a delay. So at most {@link #MOST} stand in the bar: a newer message takes the oldest
 * one's place, which goes behind the summary; in a burst the newer ones go there at once. All methods belong on the
 * handler's thread, but for {@link #showing} and the static ones.
 */
final class Notifications {
    static final int SHOWN = 0;
    static final int FOLDED = 1;
    static final int CANCELLED = 2;
    static final int BLOCKED = 3;
    static final int LATER = 4;

    /** Milliseconds between two updates of one notification, and between two evictions: Android sheds above 5 a second. */
    static final long UPDATE = 1_000;
    /** Milliseconds until it is looked again whether a notification is there: the platform posts with a delay. */
    static final long[] LOOK_AGAIN = {50, 250, 1_000};

    /** Messages in the bar at most; with the summary 20. */
    private static final int MOST = 19;
    /** How often a picture is put into a notification at most: an update may be shed. */
    private static final int PICTURE_TRIES = 3;

    private static final String DENIED = "notifications are not allowed";
    private static final String REPLACED = "a newer message with the same notifyId came before it could be shown";

    /** Who is told. */
    interface Outcomes {
        /** What became of a presentation. */
        void presented(long sequence, int outcome, String reason);
    }

    /** Where the contents of messages are kept. */
    interface Source {
        /** A message in the control protocol's form; null if it cannot be had now. */
        JSONObject message(long sequence);
    }

    private final Context context;
    private final Handler handler;
    private final Status status;
    private final Settings settings;
    private final Looks looks;
    private final Channels channels;
    private final Outcomes outcomes;
    private final Source source;
    private final Bar bar;
    private final Summary summary;
    private final Pictures pictures;
    /** By tag, when it was posted last. */
    private final Map<String, Long> posted = new HashMap<String, Long>();
    /** By tag, what was posted and was not seen in the bar yet. */
    private final Map<String, Post> underWay = new HashMap<String, Post>();
    /** By tag, the update that waits for its second. */
    private final Map<String, Post> updates = new HashMap<String, Post>();
    private long evictedAt = -UPDATE;

    private static final class Post {
        final long sequence;
        final JSONObject message;
        final boolean silent;
        /** It comes from behind the summary, and was answered for when it went there. */
        final boolean wasFolded;

        Post(long sequence, JSONObject message, boolean silent, boolean wasFolded) {
            this.sequence = sequence;
            this.message = message;
            this.silent = silent;
            this.wasFolded = wasFolded;
        }
    }

    Notifications(Context context, Handler handler, Status status, Settings settings, Channels channels, Clicks clicks,
            Outcomes outcomes, Source source) {
        this.context = context;
        this.handler = handler;
        this.status = status;
        this.settings = settings;
        this.channels = channels;
        this.outcomes = outcomes;
        this.source = source;
        looks = new Looks(context, channels, clicks);
        bar = new Bar(context);
        summary = new Summary(bar, handler, looks, channels, outcomes);
        pictures = new Pictures(handler, Pictures.LONGEST);
    }

    /** Whether the platform lets notifications be shown; says it in the status. */
    boolean allowed() {
        boolean allowed = Presence.notificationsAllowed(context);
        if (allowed) {
            status.clear(Status.NOTIFICATIONS);
        } else {
            status.complain(Status.NOTIFICATIONS, Status.NOTIFICATIONS_DENIED,
                    "the person has not allowed notifications: messages wait");
        }
        return allowed;
    }

    /** Says in the status which channels the person has switched off. */
    void sayChannels() {
        List<CharSequence> off = Channels.exist() ? channels.off() : Collections.<CharSequence>emptyList();
        if (off.isEmpty()) {
            status.clear(Status.CHANNEL);
        } else {
            status.complain(Status.CHANNEL, Status.CHANNEL_OFF, "the person has switched off " + off);
        }
    }

    /** Whether a message (the control protocol's form) would be shown now. */
    boolean wouldShow(JSONObject message) {
        return blocked(message) == null && allowed();
    }

    /** Why a message is not to be shown at all; null if it is. */
    private String blocked(JSONObject message) {
        if (Looks.extra(message).optString("notify_foreground").equals("0") && Processes.appIsVisible(context)) {
            return "notify_foreground is 0, and the app is in the foreground";
        }
        String channel = looks.channel(message, settings.notifyType());
        if (channel != null && channels.isOff(channel)) {
            sayChannels();
            return "the person has switched the channel " + channel + " off";
        }
        return null;
    }

    /** Whether nothing is on its way to the bar. */
    boolean isIdle() {
        return underWay.isEmpty() && updates.isEmpty();
    }

    /** Shows a message (the control protocol's form). Its outcome follows. */
    void present(long sequence, JSONObject message, boolean silent) {
        String blocked = blocked(message);
        if (blocked != null) {
            outcomes.presented(sequence, BLOCKED, blocked);
            return;
        }
        if (!allowed()) {
            outcomes.presented(sequence, LATER, DENIED);
            return;
        }
        Post post = new Post(sequence, message, silent, false);
        String tag = Bar.tag(message.optInt("notifyId"));
        // The same id replaces, also behind the summary.
        summary.drop(Pick.ofTag(tag));
        Set<String> standing = standing();
        if (standing.contains(tag)) {
            update(tag, post);
        } else if (standing.size() < MOST) {
            post(tag, post);
        } else if (now() - evictedAt >= UPDATE && evict()) {
            post(tag, post);
        } else {
            fold(post);
        }
    }

    /** Takes a message out of the bar, or from behind the summary. */
    void cancel(long sequence) {
        for (Map.Entry<String, Bar.Place> place : bar.places().entrySet()) {
            if (place.getValue().sequence == sequence) {
                bar.remove(place.getKey());
                promoteSoon();
            }
        }
        for (String tag : new ArrayList<String>(underWay.keySet())) {
            if (underWay.get(tag).sequence == sequence) {
                bar.remove(tag);
                giveUp(underWay.remove(tag));
            }
        }
        for (String tag : new ArrayList<String>(updates.keySet())) {
            if (updates.get(tag).sequence == sequence) {
                giveUp(updates.remove(tag));
            }
        }
        summary.remove(sequence);
    }

    /** The person has clicked or swiped this message's notification away. */
    void left(String id) {
        bar.left(id);
    }

    /** The app wants these cleared; from Android 6 on it has taken them out of the bar itself. */
    void clear(Pick pick) {
        for (Bar.Place place : bar.places().values()) {
            if (pick.picks(place.tag, place.title, place.text)) {
                bar.remove(place.tag);
            }
        }
        for (Map<String, Post> waiting : Arrays.asList(underWay, updates)) {
            for (String tag : new ArrayList<String>(waiting.keySet())) {
                JSONObject message = waiting.get(tag).message;
                if (pick.picks(tag, message.optString("title"), message.optString("description"))) {
                    bar.remove(tag);
                    giveUp(waiting.remove(tag));
                }
            }
        }
        summary.drop(pick);
        promoteSoon();
    }

    /** Which of these stand in the bar. From any thread. */
    long[] showing(long[] sequences) {
        Set<Long> standing = new HashSet<Long>();
        for (Bar.Place place : bar.places().values()) {
            standing.add(place.sequence);
        }
        long[] found = new long[sequences.length];
        int count = 0;
        for (long sequence : sequences) {
            if (standing.contains(sequence)) {
                found[count++] = sequence;
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
        return summary.take();
    }

    /** After a restart: a message that the daemon has as folded, in any form that has its id, notifyId and words. */
    void restoreFolded(long sequence, JSONObject message) {
        summary.add(new Folded.Item(sequence, message, true));
    }

    /** The tags that stand in the bar or are on their way there. */
    private Set<String> standing() {
        Set<String> tags = new HashSet<String>(bar.places().keySet());
        tags.addAll(underWay.keySet());
        tags.addAll(updates.keySet());
        return tags;
    }

    private void post(String tag, Post post) {
        posted.put(tag, now());
        if (posted.size() > 4 * MOST) {
            posted.keySet().retainAll(standing());
        }
        Post older = underWay.put(tag, post);
        if (older != null) {
            replaced(older);
        }
        bar.post(tag, looks.of(post.sequence, post.message, post.silent, settings.notifyType(), null));
        look(tag, post, 0);
    }

    /** Whether it is there, now or a moment later. */
    private void look(final String tag, final Post post, final int tries) {
        if (underWay.get(tag) != post) {
            return;
        }
        Bar.Place place = bar.places().get(tag);
        if (place != null && place.sequence == post.sequence) {
            underWay.remove(tag);
            outcomes.presented(post.sequence, SHOWN, null);
            picture(tag, post);
        } else if (tries < LOOK_AGAIN.length) {
            handler.postDelayed(new Runnable() {
                @Override
                public void run() {
                    look(tag, post, tries + 1);
                }
            }, LOOK_AGAIN[tries]);
        } else if (place != null) {
            // Its update was shed: the app changes its own notifications quickly.
            underWay.remove(tag);
            update(tag, post);
        } else if (allowed() || post.wasFolded) {
            // Over the platform's cap: the app shows many of its own.
            underWay.remove(tag);
            fold(post);
        } else {
            underWay.remove(tag);
            outcomes.presented(post.sequence, LATER, DENIED);
        }
    }

    /** One notification changes at most once a second; of several changes the last one counts. */
    private void update(final String tag, Post update) {
        Long last = posted.get(tag);
        Post before = updates.put(tag, update);
        if (before != null) {
            replaced(before);
            return;
        }
        handler.postDelayed(new Runnable() {
            @Override
            public void run() {
                Post due = updates.remove(tag);
                if (due != null) {
                    post(tag, due);
                }
            }
        }, last == null ? 0 : Math.max(0, UPDATE - (now() - last)));
    }

    /** It was never seen, and never will be: what was seen stays shown, whatever replaces it. */
    private void replaced(Post post) {
        outcomes.presented(post.sequence, post.wasFolded ? CANCELLED : BLOCKED, REPLACED);
    }

    private void giveUp(Post post) {
        outcomes.presented(post.sequence, CANCELLED, null);
    }

    /** Whether the oldest one has given its place. */
    private boolean evict() {
        Bar.Place oldest = bar.oldest(updates.keySet());
        if (oldest == null) {
            return false;
        }
        evictedAt = now();
        bar.remove(oldest.tag);
        summary.add(new Folded.Item(oldest));
        return true;
    }

    private void fold(Post post) {
        summary.add(new Folded.Item(post.sequence, post.message, post.wasFolded));
    }

    private final Runnable promote = new Runnable() {
        @Override
        public void run() {
            Set<String> standing = standing();
            Folded.Item newest = summary.newestToShow();
            while (newest != null && standing.size() < MOST && allowed()) {
                JSONObject message = source.message(newest.sequence);
                if (message == null) {
                    return;
                }
                summary.takeOut(newest);
                post(newest.tag, new Post(newest.sequence, message, true, newest.answered));
                standing.add(newest.tag);
                newest = summary.newestToShow();
            }
        }
    };

    private void picture(final String tag, final Post post) {
        String address = Pictures.of(post.message);
        if (address != null) {
            pictures.fetch(address, new Pictures.Taker() {
                @Override
                public void take(Bitmap picture) {
                    putIn(picture, tag, post, 0);
                }
            });
        }
    }

    /** Puts the picture in, once the notification may be updated again; and again if that was shed. */
    private void putIn(final Bitmap picture, final String tag, final Post post, final int tries) {
        Long last = posted.get(tag);
        handler.postDelayed(new Runnable() {
            @Override
            public void run() {
                Bar.Place place = bar.places().get(tag);
                // Swiped away or replaced meanwhile: it must not come back.
                if (place != null && place.sequence == post.sequence && !place.hasPicture && tries < PICTURE_TRIES) {
                    posted.put(tag, now());
                    bar.post(tag, looks.of(post.sequence, post.message, true, settings.notifyType(), picture));
                    putIn(picture, tag, post, tries + 1);
                }
            }
        }, last == null ? 0 : Math.max(0, UPDATE - (now() - last)));
    }

    private static long now() {
        return SystemClock.elapsedRealtime();
    }

    /** Takes these out of the bar, from any process of the app; the summary if it is all. */
    static void remove(Context context, Pick pick) {
        Bar bar = new Bar(context);
        if (pick.onlyTag() != null) {
            bar.remove(pick.onlyTag());
        }
        for (Bar.Place place : bar.places().values()) {
            if (pick.picks(place.tag, place.title, place.text)) {
                bar.remove(place.tag);
            }
        }
        if (pick.isAll()) {
            bar.removeSummary();
        }
    }
}
