package org.offpush;

import android.app.ActivityManager;
import android.app.Notification;
import android.app.NotificationManager;
import android.app.PendingIntent;
import android.app.Service;
import android.content.Context;
import android.content.Intent;
import android.content.pm.PackageManager;
import android.content.pm.ServiceInfo;
import android.os.Build;
import android.os.PowerManager;

import org.json.JSONObject;

/**
 * How the process is kept alive: as a foreground service where Android lets it be one, else as a plain service where
 * that may stay (before 8), else by a job that connects, drains and leaves. Which is in force, and why, is in the status.
 */
final class Presence {
    /** The foreground service's notification. */
    static final int NOTIFICATION = 0x6f66_0010;

    private static final String RESTRICTED = "the person has restricted the app's use of the battery";
    private static final String UNWANTED = "the manifest's offpush.foreground says so";

    private final Context context;
    private final Status status;
    private final Jobs jobs;
    private final Channels channels;
    private Service service;
    private boolean foreground;

    Presence(Context context, Status status, Jobs jobs, Channels channels) {
        this.context = context;
        this.status = status;
        this.jobs = jobs;
        this.channels = channels;
    }

    /** Whether the service is there to keep the process. */
    synchronized boolean stays() {
        return service != null && (foreground || Build.VERSION.SDK_INT < 26);
    }

    /** Whether the service runs, whatever it may do. */
    synchronized boolean isThere() {
        return service != null;
    }

    /** The service was started: makes it a foreground service if Android lets it. */
    synchronized void enter(Service started, Config config) {
        service = started;
        String denied = config.foreground ? toForeground(started) : UNWANTED;
        foreground = denied == null;
        if (foreground) {
            jobs.stopKeeping();
            status.say(Status.SERVICE, "a foreground service");
        } else if (Build.VERSION.SDK_INT < 26) {
            jobs.stopKeeping();
            status.complain(Status.SERVICE, Status.NO_FOREGROUND_SERVICE,
                    "a service in the background, without network in Doze: " + denied);
        } else {
            byJob(denied);
        }
    }

    /** The service has ended. */
    synchronized void left() {
        service = null;
        foreground = false;
    }

    /** No service can be started now. */
    synchronized void byJob(String why) {
        boolean scheduled = jobs.keep();
        status.complain(Status.SERVICE, Status.NO_FOREGROUND_SERVICE,
                (scheduled ? "a job every 15 minutes: " : "nothing, not even a job: ") + why);
    }

    /** Ends the service, if there is one. */
    synchronized void end() {
        if (service != null) {
            service.stopSelf();
        }
    }

    private String toForeground(Service started) {
        String missing = missing();
        if (missing != null) {
            return missing;
        }
        try {
            // The type is the manifest's.
            started.startForeground(NOTIFICATION, notification());
            return null;
        } catch (SecurityException denied) {
            return "a permission of its type is missing: " + denied.getMessage();
        } catch (IllegalStateException denied) {
            // ForegroundServiceStartNotAllowedException, MissingForegroundServiceTypeException, …
            return "Android does not allow it now: " + denied.getMessage();
        } catch (IllegalArgumentException wrongType) {
            return "its type in the manifest is wrong: " + wrongType.getMessage();
        }
    }

    /** Why no foreground service can be had at all; null if it can. */
    private String missing() {
        if (Build.VERSION.SDK_INT >= 28 && !Names.granted(context, android.Manifest.permission.FOREGROUND_SERVICE)) {
            return "the manifest lacks the permission FOREGROUND_SERVICE";
        }
        if (Build.VERSION.SDK_INT >= 34 && context.getApplicationInfo().targetSdkVersion >= 34) {
            ServiceInfo info = Names.service(context, Names.PUSH_SERVICE);
            if (info == null || info.getForegroundServiceType() == 0) {
                return "XMPushService has no foregroundServiceType in the manifest";
            }
        }
        // startForeground would be ignored without a word.
        return isRestricted() ? RESTRICTED : null;
    }

    /**
     * Starts the service out of the background, where Android lets it: after boot or update, from an exact alarm, or
     * if the app is exempt from battery optimisation.
     *
     * @return null if it was started, else why not
     */
    String start(JSONObject body) {
        Intent intent = Callers.sign(context, Names.COMMAND, Names.PUSH_SERVICE, body);
        if (Names.service(context, Names.PUSH_SERVICE) == null) {
            return "the manifest has no " + Names.PUSH_SERVICE;
        }
        try {
            // Allowed while the app is in the foreground, or this service is; and always before 8.
            if (context.startService(intent) != null) {
                return null;
            }
        } catch (IllegalStateException background) {
            // From 8 on, in the background: only as a foreground service.
        } catch (SecurityException denied) {
            return String.valueOf(denied.getMessage());
        }
        String missing = Build.VERSION.SDK_INT < 26 ? "Android did not start it" : missing();
        if (missing == null && !Config.of(context).foreground) {
            // One that is started as a foreground service and does not become one takes the process down with it.
            missing = UNWANTED;
        }
        if (missing != null) {
            return missing;
        }
        try {
            return context.startForegroundService(intent) != null ? null : "Android did not start it";
        } catch (IllegalStateException denied) {
            return "Android does not allow it from the background now";
        } catch (SecurityException denied) {
            return String.valueOf(denied.getMessage());
        }
    }

    private boolean isRestricted() {
        ActivityManager manager = (ActivityManager) context.getSystemService(Context.ACTIVITY_SERVICE);
        return Build.VERSION.SDK_INT >= 28 && manager != null && manager.isBackgroundRestricted();
    }

    /** What the person, or Doze, lets the app do with the battery now: said in the status. */
    void sayBattery() {
        PowerManager power = (PowerManager) context.getSystemService(Context.POWER_SERVICE);
        boolean knows = Build.VERSION.SDK_INT >= 23 && power != null;
        if (isRestricted()) {
            status.complain(Status.BATTERY, Status.BATTERY_RESTRICTED, RESTRICTED);
        } else if (knows && power.isIgnoringBatteryOptimizations(context.getPackageName())) {
            status.say(Status.BATTERY, "exempt from battery optimisation");
        } else if (knows && power.isDeviceIdleMode()) {
            status.complain(Status.BATTERY, Status.BATTERY_RESTRICTED,
                    "the phone is in Doze, and the app is not exempt from battery optimisation");
        } else {
            status.clear(Status.BATTERY);
        }
    }

    private Notification notification() {
        Notification.Builder builder = Build.VERSION.SDK_INT >= 26
                ? new Notification.Builder(context, channels.service()) : Looks.legacy(context);
        CharSequence label = context.getApplicationInfo().loadLabel(context.getPackageManager());
        builder.setSmallIcon(Looks.smallIcon(context)).setContentTitle(label).setOngoing(true).setShowWhen(false)
                .setCategory(Notification.CATEGORY_SERVICE).setVisibility(Notification.VISIBILITY_SECRET);
        if (Build.VERSION.SDK_INT < 26) {
            Looks.legacyPriority(builder, Notification.PRIORITY_MIN);
        }
        PackageManager packages = context.getPackageManager();
        Intent launcher = packages.getLaunchIntentForPackage(context.getPackageName());
        if (launcher != null) {
            builder.setContentIntent(PendingIntent.getActivity(context, NOTIFICATION, launcher, Clicks.immutable()));
        }
        return builder.build();
    }

    /** Whether the platform lets the app show notifications at all; true where it cannot say. */
    static boolean notificationsAllowed(Context context) {
        NotificationManager manager = (NotificationManager) context.getSystemService(Context.NOTIFICATION_SERVICE);
        return Build.VERSION.SDK_INT < 24 || manager == null || manager.areNotificationsEnabled();
    }
}
