package org.offpush;

import android.app.Notification;
import android.app.NotificationManager;
import android.content.Context;
import android.os.Build;
import android.service.notification.StatusBarNotification;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The app's part of the notification bar, as far as messages stand in it: one place a notifyId (its tag), and the
 * summary. What stands there is read from the platform each time. Before Android 6 it cannot be asked: there this
 * process's memory has to do, and after a restart a message counts as not shown.
 */
final class Bar {
    /** The id of all our messages; their tag tells them apart. */
    private static final int MESSAGE = 0x6f66_0011;
    private static final int SUMMARY = 0x6f66_0012;
    /** Notification.EXTRA_PICTURE_ICON, of Android 12: the other form of a big picture. */
    private static final String PICTURE_ICON = "android.pictureIcon";

    /** One message's place. */
    static final class Place {
        /** The notifyId, in decimal. */
        final String tag;
        /** The message's number. */
        final long sequence;
        /** Its id. */
        final String id;
        final String title;
        final String text;
        /** Its big picture is there. */
        final boolean hasPicture;
        private final long postedAt;

        private Place(String tag, Notification notification, long postedAt) {
            this.tag = tag;
            this.postedAt = postedAt;
            sequence = notification.extras.getLong(Looks.SEQUENCE, -1);
            id = notification.extras.getString(Looks.ID);
            title = String.valueOf(notification.extras.getCharSequence(Notification.EXTRA_TITLE));
            text = String.valueOf(notification.extras.getCharSequence(Notification.EXTRA_TEXT));
            hasPicture = notification.extras.containsKey(Notification.EXTRA_PICTURE)
                    || notification.extras.containsKey(PICTURE_ICON);
        }
    }

    private final NotificationManager manager;
    private final Map<String, Place> remembered = new LinkedHashMap<String, Place>();
    private int summaryRemembered;
    private long posts;

    Bar(Context context) {
        manager = (NotificationManager) context.getSystemService(Context.NOTIFICATION_SERVICE);
    }

    /** The tag of messages with this notifyId. */
    static String tag(int notifyId) {
        return Integer.toString(notifyId);
    }

    /** The messages that stand there now, by tag. */
    synchronized Map<String, Place> places() {
        if (Build.VERSION.SDK_INT < 23) {
            return new LinkedHashMap<String, Place>(remembered);
        }
        Map<String, Place> places = new LinkedHashMap<String, Place>();
        for (StatusBarNotification one : active()) {
            if (one.getId() == MESSAGE && one.getTag() != null) {
                places.put(one.getTag(), new Place(one.getTag(), one.getNotification(), one.getPostTime()));
            }
        }
        return places;
    }

    /** The one that stands there longest, of those without these tags; null if there is none. */
    Place oldest(Set<String> without) {
        Place oldest = null;
        for (Place place : places().values()) {
            // Of the same moment the lower number is the older.
            boolean older = oldest == null || place.postedAt < oldest.postedAt
                    || place.postedAt == oldest.postedAt && place.sequence < oldest.sequence;
            if (older && !without.contains(place.tag)) {
                oldest = place;
            }
        }
        return oldest;
    }

    /** For how many messages the summary stands that is in the bar; 0 if there is none. */
    int summaryCount() {
        if (Build.VERSION.SDK_INT < 23) {
            return summaryRemembered;
        }
        for (StatusBarNotification one : active()) {
            if (one.getId() == SUMMARY) {
                return one.getNotification().number;
            }
        }
        return 0;
    }

    /** Posts a message's notification in its place. */
    synchronized void post(String tag, Notification notification) {
        if (Build.VERSION.SDK_INT < 23) {
            remembered.put(tag, new Place(tag, notification, posts++));
        }
        manager.notify(tag, MESSAGE, notification);
    }

    /** The person has clicked or swiped this message's notification away: the platform cannot be asked before Android 6. */
    synchronized void left(String id) {
        for (Place place : new ArrayList<Place>(remembered.values())) {
            if (id.equals(place.id)) {
                remembered.remove(place.tag);
            }
        }
    }

    synchronized void remove(String tag) {
        remembered.remove(tag);
        manager.cancel(tag, MESSAGE);
    }

    void postSummary(Notification notification) {
        summaryRemembered = notification.number;
        manager.notify(SUMMARY, notification);
    }

    void removeSummary() {
        summaryRemembered = 0;
        manager.cancel(SUMMARY);
    }

    private StatusBarNotification[] active() {
        StatusBarNotification[] active = Build.VERSION.SDK_INT >= 23 ? manager.getActiveNotifications() : null;
        return active == null ? new StatusBarNotification[0] : active;
    }
}
