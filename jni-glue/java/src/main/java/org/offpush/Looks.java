package org.offpush;

import android.app.Notification;
import android.app.PendingIntent;
import android.content.Context;
import android.content.res.Resources;
import android.graphics.Bitmap;
import android.graphics.BitmapFactory;
import android.graphics.drawable.AdaptiveIconDrawable;
import android.net.Uri;
import android.os.Build;
import android.os.Bundle;

import org.json.JSONObject;

/** What a message's notification looks and sounds like. */
final class Looks {
    /** In a notification's extras: the message's number. */
    static final String SEQUENCE = "offpush.sequence";
    /** In a notification's extras: the message's id. */
    static final String ID = "offpush.id";
    private static final String SILENT_GROUP = "offpush.silent";

    private static final String SMALL_ICON = "mipush_small_notification";
    private static final String LARGE_ICON = "mipush_notification";
    private static final String[] BUTTONS = {"left", "mid", "right"};
    private static final String STYLE = "notification_style_type";
    private static final String BIG_TEXT = "1";
    /** Seconds after which {@code timeout} may remove a notification: a week. */
    private static final long LONGEST_TIMEOUT = 7 * 24 * 3600;

    private final Context context;
    private final Channels channels;
    private final Clicks clicks;

    Looks(Context context, Channels channels, Clicks clicks) {
        this.context = context;
        this.channels = channels;
        this.clicks = clicks;
    }

    /** The channel for a message; null where there are none. */
    String channel(JSONObject message, Integer localNotifyType) {
        return Channels.exist() ? channels.of(extra(message), notifyType(message, localNotifyType), sound(message)) : null;
    }

    /**
     * A message's notification.
     *
     * @param message in the control protocol's form
     * @param picture the big picture, if it has one and it is here already
     */
    Notification of(long sequence, JSONObject message, boolean silent, Integer localNotifyType, Bitmap picture) {
        JSONObject extra = extra(message);
        String title = message.optString("title");
        String text = message.optString("description");
        Notification.Builder builder = Channels.exist()
                ? new Notification.Builder(context, channel(message, localNotifyType)) : legacy(context);
        Bundle own = new Bundle();
        own.putLong(SEQUENCE, sequence);
        own.putString(ID, message.optString("id"));
        builder.setSmallIcon(smallIcon(context)).setContentTitle(title).setContentText(text).setAutoCancel(true)
                .setShowWhen(true).addExtras(own)
                .setContentIntent(clicks.content(sequence, message)).setDeleteIntent(clicks.dismissed(message.optString("id")));
        long sent = message.optLong("sentAt");
        if (sent > 0) {
            builder.setWhen(sent);
        }
        if (!extra.optString("ticker").isEmpty()) {
            builder.setTicker(extra.optString("ticker"));
        }
        int large = drawable(context, LARGE_ICON);
        if (large != 0) {
            builder.setLargeIcon(BitmapFactory.decodeResource(context.getResources(), large));
        }
        if (picture != null) {
            builder.setStyle(new Notification.BigPictureStyle().bigPicture(picture).setSummaryText(text));
        } else if (extra.optString(STYLE).equals(BIG_TEXT)) {
            builder.setStyle(new Notification.BigTextStyle().bigText(text));
        }
        for (String button : BUTTONS) {
            String name = extra.optString("notification_style_button_" + button + "_name");
            PendingIntent opens = name.isEmpty() ? null : clicks.button(sequence, message, button);
            if (opens != null) {
                addAction(builder, name, opens);
            }
        }
        attention(builder, message, silent, localNotifyType);
        timeout(builder, extra.optString("timeout"));
        return builder.build();
    }

    /**
     * The summary of messages that have no place of their own. It is no group's summary: removing one removes its whole
     * group (NotificationManagerService.cancelGroupChildrenLocked), and its text is not seen while the group has others.
     */
    Notification summary(int count, String last, String channel) {
        Notification.Builder builder = channel != null ? new Notification.Builder(context, channel) : legacy(context);
        CharSequence label = context.getApplicationInfo().loadLabel(context.getPackageManager());
        builder.setSmallIcon(smallIcon(context)).setContentTitle(label).setContentText("+" + count + "  " + last)
                .setNumber(count).setAutoCancel(true).setOnlyAlertOnce(true)
                .setContentIntent(clicks.summary()).setDeleteIntent(clicks.summaryDismissed());
        return builder.build();
    }

    private void attention(Notification.Builder builder, JSONObject message, boolean silent, Integer localNotifyType) {
        if (Channels.exist()) {
            if (silent) {
                // The channel has a sound; a child of a group whose summary alone alerts has none.
                builder.setGroup(SILENT_GROUP).setGroupAlertBehavior(Notification.GROUP_ALERT_SUMMARY);
            }
            return;
        }
        int type = silent ? 0 : notifyType(message, localNotifyType) & Notification.DEFAULT_ALL & 7;
        Uri sound = sound(message);
        if (sound != null && (type & Notification.DEFAULT_SOUND) != 0) {
            type &= ~Notification.DEFAULT_SOUND;
            legacySound(builder, sound);
        }
        legacyDefaults(builder, type);
        legacyPriority(builder, silent || type == 0 ? Notification.PRIORITY_DEFAULT : Notification.PRIORITY_HIGH);
    }

    private static void timeout(Notification.Builder builder, String seconds) {
        if (Build.VERSION.SDK_INT >= 26 && !seconds.isEmpty()) {
            try {
                long after = Long.parseLong(seconds);
                if (after > 0 && after <= LONGEST_TIMEOUT) {
                    builder.setTimeoutAfter(after * 1000);
                }
            } catch (NumberFormatException notANumber) {
                AppLog.log("a message's timeout is no number of seconds: " + seconds);
            }
        }
    }

    private static int notifyType(JSONObject message, Integer local) {
        return local != null ? local : message.optInt("notifyType", -1);
    }

    /** The app's own raw resource that {@code sound_uri} names; null for anything else. */
    private Uri sound(JSONObject message) {
        String text = extra(message).optString("sound_uri");
        String prefix = "android.resource://" + context.getPackageName() + "/raw/";
        if (!text.startsWith(prefix)) {
            return null;
        }
        String name = text.substring(prefix.length());
        return context.getResources().getIdentifier(name, "raw", context.getPackageName()) == 0 ? null : Uri.parse(text);
    }

    static JSONObject extra(JSONObject message) {
        JSONObject extra = message.optJSONObject("extra");
        return extra == null ? new JSONObject() : extra;
    }

    /** The drawable that Mi Push apps bring for the status bar, else the app's icon, else the platform's bell. */
    static int smallIcon(Context context) {
        for (int icon : new int[] {drawable(context, SMALL_ICON), context.getApplicationInfo().icon}) {
            if (icon != 0 && isFit(context, icon)) {
                return icon;
            }
        }
        return android.R.drawable.stat_notify_chat;
    }

    /** An adaptive icon in the status bar ends Android 8.0's SystemUI, again and again (Android's issue 68716460). */
    private static boolean isFit(Context context, int icon) {
        if (Build.VERSION.SDK_INT != 26) {
            return true;
        }
        try {
            return !(context.getDrawable(icon) instanceof AdaptiveIconDrawable);
        } catch (Resources.NotFoundException missing) {
            return false;
        }
    }

    private static int drawable(Context context, String name) {
        Resources resources = context.getResources();
        return resources.getIdentifier(name, "drawable", context.getPackageName());
    }

    // Before 8 the builder has no channel, and sound, vibration and priority are its own.

    @SuppressWarnings("deprecation")
    static Notification.Builder legacy(Context context) {
        return new Notification.Builder(context);
    }

    @SuppressWarnings("deprecation")
    static void legacyPriority(Notification.Builder builder, int priority) {
        builder.setPriority(priority);
    }

    @SuppressWarnings("deprecation")
    private static void legacySound(Notification.Builder builder, Uri sound) {
        builder.setSound(sound);
    }

    @SuppressWarnings("deprecation")
    private static void legacyDefaults(Notification.Builder builder, int defaults) {
        builder.setDefaults(defaults);
    }

    @SuppressWarnings("deprecation")
    private static void addAction(Notification.Builder builder, String name, PendingIntent opens) {
        builder.addAction(0, name, opens);
    }
}
