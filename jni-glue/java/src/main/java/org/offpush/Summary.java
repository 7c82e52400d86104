package org.offpush;

import android.os.Handler;
import android.os.SystemClock;

import org.json.JSONObject;

import java.util.ArrayList;
import java.util.List;

/**
 * The one notification that stands for all messages without a place of their own. A message counts as folded once the
 * summary was seen in the bar. On the handler's thread.
 */
final class Summary {
    private final Bar bar;
    private final Handler handler;
    private final Looks looks;
    private final Channels channels;
    private final Notifications.Outcomes outcomes;
    private final Folded folded = new Folded();
    private long postedAt = -Notifications.UPDATE;

    Summary(Bar bar, Handler handler, Looks looks, Channels channels, Notifications.Outcomes outcomes) {
        this.bar = bar;
        this.handler = handler;
        this.looks = looks;
        this.channels = channels;
        this.outcomes = outcomes;
    }

    /** A message goes behind it. Its outcome follows, if it was not told before. */
    void add(Folded.Item item) {
        folded.add(item);
        refresh();
        answer();
    }

    /** A message is not behind it any more. Whether it was. */
    boolean remove(long sequence) {
        Folded.Item item = folded.remove(sequence);
        if (item == null) {
            return false;
        }
        refresh();
        if (!item.answered) {
            outcomes.presented(sequence, Notifications.CANCELLED, null);
        }
        return true;
    }

    /** Those that are picked are gone, for another reason than a click. */
    void drop(Pick pick) {
        for (Folded.Item item : folded.all()) {
            if (pick.picks(item.tag, item.title, item.text)) {
                folded.remove(item.sequence);
                if (!item.wasShown) {
                    outcomes.presented(item.sequence, Notifications.CANCELLED, null);
                }
            }
        }
        refresh();
    }

    /** Takes all of them, newest first, and removes the notification. */
    List<String> take() {
        List<String> ids = new ArrayList<String>();
        for (Folded.Item item : folded.all()) {
            folded.remove(item.sequence);
            if (!item.answered) {
                outcomes.presented(item.sequence, Notifications.FOLDED, null);
            }
            ids.add(item.id);
        }
        refresh();
        return ids;
    }

    /** The newest that was never shown; null if there is none. */
    Folded.Item newestToShow() {
        return folded.newestToShow();
    }

    /** Takes one out, to be shown. */
    void takeOut(Folded.Item item) {
        folded.remove(item.sequence);
        refresh();
    }

    private void refresh() {
        handler.removeCallbacks(post);
        if (folded.count() == 0) {
            handler.removeCallbacks(look);
            bar.removeSummary();
        } else {
            handler.postDelayed(post, Math.max(0, postedAt + Notifications.UPDATE - now()));
        }
    }

    private final Runnable post = new Runnable() {
        @Override
        public void run() {
            postedAt = now();
            Folded.Item newest = folded.newest();
            String channel = Channels.exist() ? channels.of(new JSONObject(), 0, null) : null;
            bar.postSummary(looks.summary(folded.count(), newest.title + ": " + newest.text, channel));
            look.tries = 0;
            look.run();
        }
    };

    /** Whether it is there, and says what it should: an update may be shed. */
    private final class Look implements Runnable {
        int tries;

        @Override
        public void run() {
            handler.removeCallbacks(this);
            answer();
            int stands = bar.summaryCount();
            if (stands == folded.count() || folded.count() == 0) {
                return;
            }
            if (tries < Notifications.LOOK_AGAIN.length) {
                handler.postDelayed(this, Notifications.LOOK_AGAIN[tries++]);
            } else if (stands > 0) {
                refresh();
            } else {
                giveUp();
            }
        }
    }

    private final Look look = new Look();

    /** Those that wait for it are folded once it is there. */
    private void answer() {
        if (bar.summaryCount() > 0) {
            for (Folded.Item item : folded.all()) {
                if (!item.answered) {
                    item.answered = true;
                    outcomes.presented(item.sequence, Notifications.FOLDED, null);
                }
            }
        }
    }

    /** Android shows none: what was not answered for waits with the daemon, the rest for the next refresh. */
    private void giveUp() {
        for (Folded.Item item : folded.all()) {
            if (!item.answered) {
                folded.remove(item.sequence);
                outcomes.presented(item.sequence, Notifications.LATER, "Android shows no more notifications of this app");
            }
        }
    }

    private static long now() {
        return SystemClock.elapsedRealtime();
    }
}
