package org.offpush;

import android.app.Notification;
import android.app.NotificationChannel;
import android.app.NotificationChannelGroup;
import android.app.NotificationManager;
import android.content.Context;
import android.media.AudioAttributes;
import android.net.Uri;
import android.os.Build;

import org.json.JSONObject;

import java.util.ArrayList;
import java.util.List;

/**
 * Notification channels, from Android 8 on. A channel decides on sound, vibration and light, so each combination that
 * messages ask for has its own; what the person changes in one stays.
 */
final class Channels {
    private static final String PREFIX = "offpush.";
    private static final String SERVICE = PREFIX + "service";
    /** Channels that messages may bring: Android keeps every one, and shows them all in its settings. */
    private static final int MOST = 40;
    /** Characters of a channel's id, name and description; NotificationChannel cuts at 1,000. */
    private static final int LONGEST = 200;

    private final Context context;
    private final NotificationManager manager;

    Channels(Context context) {
        this.context = context;
        manager = (NotificationManager) context.getSystemService(Context.NOTIFICATION_SERVICE);
    }

    /** The foreground service's own. */
    String service() {
        if (manager.getNotificationChannel(SERVICE) == null) {
            NotificationChannel channel = new NotificationChannel(SERVICE, label(), NotificationManager.IMPORTANCE_MIN);
            channel.setShowBadge(false);
            manager.createNotificationChannel(channel);
        }
        return SERVICE;
    }

    /**
     * The channel for a message: the one it names ({@code channel_id}), made with {@code channel_name} and
     * {@code channel_description} if the app has not made it; else ours for its way of drawing attention.
     *
     * @param sound the message's own sound; null for the default
     */
    String of(JSONObject extra, int notifyType, Uri sound) {
        String id = cut(extra.optString("channel_id"));
        if (!id.isEmpty() && !id.startsWith(PREFIX)) {
            if (manager.getNotificationChannel(id) != null) {
                return id;
            }
            if (manager.getNotificationChannels().size() < MOST) {
                String name = cut(extra.optString("channel_name"));
                make(id, name.isEmpty() ? label() : name, cut(extra.optString("channel_description")), notifyType, sound);
                return id;
            }
        }
        int bits = notifyType & 7;
        String own = PREFIX + "messages." + bits;
        if (sound != null && manager.getNotificationChannels().size() < MOST) {
            own += "." + sound.getLastPathSegment();
        } else {
            sound = null;
        }
        if (manager.getNotificationChannel(own) == null) {
            make(own, label(), "", notifyType, sound);
        }
        return own;
    }

    /** Whether the person has switched this channel off, or its group. */
    boolean isOff(String id) {
        NotificationChannel channel = manager.getNotificationChannel(id);
        return channel != null && isOff(channel);
    }

    /** The names of all channels of the app that the person has switched off, as the phone's settings show them. */
    List<CharSequence> off() {
        List<CharSequence> names = new ArrayList<CharSequence>();
        for (NotificationChannel channel : manager.getNotificationChannels()) {
            if (isOff(channel)) {
                names.add(channel.getName());
            }
        }
        return names;
    }

    private boolean isOff(NotificationChannel channel) {
        if (channel.getImportance() == NotificationManager.IMPORTANCE_NONE) {
            return true;
        }
        // Groups can be switched off from Android 9 on.
        String group = Build.VERSION.SDK_INT >= 28 ? channel.getGroup() : null;
        NotificationChannelGroup found = group == null ? null : manager.getNotificationChannelGroup(group);
        return found != null && found.isBlocked();
    }

    private void make(String id, CharSequence name, String description, int notifyType, Uri sound) {
        int importance = (notifyType & Notification.DEFAULT_SOUND) != 0 ? NotificationManager.IMPORTANCE_HIGH
                : (notifyType & Notification.DEFAULT_VIBRATE) != 0 ? NotificationManager.IMPORTANCE_DEFAULT
                : NotificationManager.IMPORTANCE_LOW;
        NotificationChannel channel = new NotificationChannel(id, name, importance);
        channel.setDescription(description);
        channel.enableVibration((notifyType & Notification.DEFAULT_VIBRATE) != 0);
        channel.enableLights((notifyType & Notification.DEFAULT_LIGHTS) != 0);
        if ((notifyType & Notification.DEFAULT_SOUND) == 0) {
            channel.setSound(null, null);
        } else if (sound != null) {
            channel.setSound(sound, new AudioAttributes.Builder().setUsage(AudioAttributes.USAGE_NOTIFICATION).build());
        }
        manager.createNotificationChannel(channel);
    }

    private CharSequence label() {
        CharSequence label = context.getApplicationInfo().loadLabel(context.getPackageManager());
        return label == null || label.length() == 0 ? context.getPackageName() : label;
    }

    private static String cut(String text) {
        return text.length() > LONGEST ? text.substring(0, LONGEST) : text;
    }

    /** Whether this Android has channels. */
    static boolean exist() {
        return Build.VERSION.SDK_INT >= 26;
    }
}
