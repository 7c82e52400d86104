package org.offpush;

import android.app.Notification;
import android.app.NotificationManager;
import android.os.Build;
import android.os.Handler;
import android.os.Looper;
import android.os.SystemClock;
import android.service.notification.StatusBarNotification;

import org.robolectric.annotation.Implementation;
import org.robolectric.annotation.Implements;
import org.robolectric.shadows.ShadowNotificationManager;

import java.lang.reflect.Constructor;
import java.lang.reflect.Method;

/**
 * A notification service with the platform's limits, as NotificationManagerService has them on the API levels of the
 * tests (6.0.1, 9, 14, 15; {@code checkDisqualifyingFeatures} or, on 6.0.1, {@code enqueueNotificationInternal}): what is
 * over the cap is dropped and quick updates are shed without a word, posting takes a moment, and who cancels a group's
 * summary cancels the group. The rate is measured by the framework's own RateEstimator.
 */
@Implements(NotificationManager.class)
public class PlatformBar extends ShadowNotificationManager {
    /** NotificationManagerService.MAX_PACKAGE_NOTIFICATIONS (25 on 10 and 11). */
    static final int CAP = 50;
    /** NotificationManagerService.DEFAULT_MAX_NOTIFICATION_ENQUEUE_RATE, updates a second, from 7 on. */
    private static final float RATE = 5f;
    /** Milliseconds from notify() to the bar: two hops through the service's handler. */
    private static final long HOPS = 20;

    /** What the limits did, and the most that ever stood there beside the foreground service's own. */
    static int dropped;
    static int shed;
    static int withoutChannel;
    static int most;

    private static Object rate;
    private static int enqueued;

    static synchronized void clear() throws Exception {
        dropped = 0;
        shed = 0;
        withoutChannel = 0;
        most = 0;
        enqueued = 0;
        rate = null;
        if (Build.VERSION.SDK_INT >= 24) {
            Constructor<?> constructor = Class.forName("com.android.server.notification.RateEstimator").getDeclaredConstructor();
            constructor.setAccessible(true);
            rate = constructor.newInstance();
        }
    }

    private static Object rate(String method) {
        try {
            if (rate == null) {
                return 0f;
            }
            Method asked = rate.getClass().getMethod(method, long.class);
            asked.setAccessible(true);
            return asked.invoke(rate, SystemClock.elapsedRealtime());
        } catch (ReflectiveOperationException changed) {
            throw new AssertionError(changed);
        }
    }

    @Override
    @Implementation
    protected void notify(final String tag, final int id, final Notification notification) {
        synchronized (PlatformBar.class) {
            if (Build.VERSION.SDK_INT >= 26 && getNotificationChannel(notification.getChannelId()) == null) {
                withoutChannel++;
                return;
            }
            boolean update = false;
            for (StatusBarNotification one : super.getActiveNotifications()) {
                update |= one.getId() == id && String.valueOf(one.getTag()).equals(String.valueOf(tag));
            }
            if (update && (Float) rate("getRate") > RATE) {
                shed++;
                return;
            }
            if (!update && super.getActiveNotifications().length + enqueued >= CAP) {
                dropped++;
                return;
            }
            enqueued++;
        }
        later(new Runnable() {
            @Override
            public void run() {
                enqueued--;
                rate("update");
                PlatformBar.super.notify(tag, id, notification);
                int count = 0;
                for (StatusBarNotification one : PlatformBar.super.getActiveNotifications()) {
                    count += one.isOngoing() ? 0 : 1;
                }
                most = Math.max(most, count);
            }
        });
    }

    @Override
    @Implementation
    protected void cancel(final String tag, final int id) {
        later(new Runnable() {
            @Override
            public void run() {
                String group = null;
                for (StatusBarNotification one : PlatformBar.super.getActiveNotifications()) {
                    boolean same = one.getId() == id && String.valueOf(one.getTag()).equals(String.valueOf(tag));
                    if (same && (one.getNotification().flags & Notification.FLAG_GROUP_SUMMARY) != 0) {
                        group = one.getNotification().getGroup();
                    }
                }
                PlatformBar.super.cancel(tag, id);
                for (StatusBarNotification one : PlatformBar.super.getActiveNotifications()) {
                    if (group != null && group.equals(one.getNotification().getGroup())) {
                        PlatformBar.super.cancel(one.getTag(), one.getId());
                    }
                }
            }
        });
    }

    @Override
    @Implementation
    public StatusBarNotification[] getActiveNotifications() {
        synchronized (PlatformBar.class) {
            return super.getActiveNotifications();
        }
    }

    private static void later(final Runnable work) {
        new Handler(Looper.getMainLooper()).postDelayed(new Runnable() {
            @Override
            public void run() {
                synchronized (PlatformBar.class) {
                    work.run();
                }
            }
        }, HOPS);
    }
}
