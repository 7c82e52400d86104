package org.offpush;

import android.app.AlarmManager;
import android.app.PendingIntent;
import android.content.Context;
import android.content.Intent;
import android.os.Build;
import android.os.SystemClock;

/**
 * The one alarm, on a ladder that degrades and never schedules nothing: exact while idle, inexact while idle, a job.
 * What each rung allows in Doze: docs of AlarmManager, and AlarmManagerService for the rations (72 an hour exact, 7 an
 * hour or one in 9 minutes inexact).
 */
final class Alarms {
    private final Context context;
    private final Status status;
    private final Jobs jobs;
    private long deadline = -1;
    private long latest = -1;

    Alarms(Context context, Status status, Jobs jobs) {
        this.context = context;
        this.status = status;
        this.jobs = jobs;
    }

    /** Wakes the daemon at {@code deadline} to {@code latest} (elapsedRealtime, ms); -1: no alarm. Replaces the one before. */
    void set(long deadline, long latest) {
        this.deadline = deadline;
        this.latest = latest;
        climb();
    }

    /** Sets the alarm anew: what is allowed may have changed since. */
    void again() {
        if (deadline >= 0) {
            climb();
        }
    }

    private void climb() {
        AlarmManager manager = (AlarmManager) context.getSystemService(Context.ALARM_SERVICE);
        PendingIntent intent = intent();
        if (deadline < 0) {
            if (manager != null) {
                manager.cancel(intent);
            }
            jobs.cancelWake();
            status.say(Status.ALARM, "none is needed");
            return;
        }
        String denied = manager == null ? "there is no AlarmManager" : exact(manager, intent);
        if (denied == null) {
            jobs.cancelWake();
            status.say(Status.ALARM, "exact, also in Doze");
            return;
        }
        String why = denied;
        denied = manager == null ? denied : inexact(manager, intent);
        if (denied == null) {
            jobs.cancelWake();
            status.complain(Status.ALARM, Status.ALARMS_INEXACT,
                    "inexact (" + why + "): late in Doze, and without network there since Android 13");
            return;
        }
        jobs.wake(Math.max(0, deadline - SystemClock.elapsedRealtime()),
                Math.max(0, latest - SystemClock.elapsedRealtime()));
        status.complain(Status.ALARM, Status.ALARMS_INEXACT, "a job (" + denied + "): not in Doze");
    }

    private String exact(AlarmManager manager, PendingIntent intent) {
        if (Build.VERSION.SDK_INT >= 31 && !manager.canScheduleExactAlarms()) {
            return "exact alarms are not allowed to this app";
        }
        try {
            if (Build.VERSION.SDK_INT >= 23) {
                manager.setExactAndAllowWhileIdle(AlarmManager.ELAPSED_REALTIME_WAKEUP, deadline, intent);
            } else {
                manager.setExact(AlarmManager.ELAPSED_REALTIME_WAKEUP, deadline, intent);
            }
            return null;
        } catch (SecurityException denied) {
            return "exact alarms are not allowed to this app";
        } catch (IllegalStateException tooMany) {
            // More than 500 alarms of the app's own.
            return String.valueOf(tooMany.getMessage());
        }
    }

    private String inexact(AlarmManager manager, PendingIntent intent) {
        try {
            if (Build.VERSION.SDK_INT >= 23) {
                manager.setAndAllowWhileIdle(AlarmManager.ELAPSED_REALTIME_WAKEUP, deadline, intent);
            } else {
                manager.set(AlarmManager.ELAPSED_REALTIME_WAKEUP, deadline, intent);
            }
            return null;
        } catch (SecurityException denied) {
            return "alarms are not allowed to this app";
        } catch (IllegalStateException tooMany) {
            return String.valueOf(tooMany.getMessage());
        }
    }

    private PendingIntent intent() {
        Intent intent = Callers.sign(context, Names.PING_TIMER, Names.PING_RECEIVER, Json.of("do", "alarm"));
        intent.addFlags(Intent.FLAG_RECEIVER_FOREGROUND);
        return PendingIntent.getBroadcast(context, 0, intent, PendingIntent.FLAG_UPDATE_CURRENT | Clicks.immutable());
    }
}
