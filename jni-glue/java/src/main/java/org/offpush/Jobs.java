package org.offpush;

import android.app.job.JobInfo;
import android.app.job.JobScheduler;
import android.content.ComponentName;
import android.content.Context;

/** The jobs. They need the manifest's XMJobService; without it, and without its permission, the status says so. */
final class Jobs {
    /** Where no service may stay: connects, drains and leaves, every quarter of an hour. */
    static final int KEEP = 0x6f66_0001;
    /** The alarm ladder's last rung. */
    static final int WAKE = 0x6f66_0002;
    /** A check a day, against a service that was killed, or a network callback that was missed. */
    static final int DAILY = 0x6f66_0003;

    /** Milliseconds: JobInfo's shortest period. */
    private static final long KEEP_PERIOD = 15 * 60_000L;
    private static final long DAY = 24 * 60 * 60_000L;

    private final Context context;
    private final Status status;

    Jobs(Context context, Status status) {
        this.context = context;
        this.status = status;
    }

    /** From now on a job does the service's work. */
    boolean keep() {
        return isScheduled(KEEP) || schedule(job(KEEP).setPeriodic(KEEP_PERIOD)
                .setRequiredNetworkType(JobInfo.NETWORK_TYPE_ANY), true);
    }

    /** The service does its work itself. */
    void stopKeeping() {
        cancel(KEEP);
    }

    /** A job instead of an alarm, in so many milliseconds at the earliest and the latest. */
    void wake(long earliest, long latest) {
        schedule(job(WAKE).setMinimumLatency(earliest).setOverrideDeadline(Math.max(latest, earliest)), false);
    }

    void cancelWake() {
        cancel(WAKE);
    }

    /** The daily check; once scheduled it stays. */
    void daily() {
        if (!isScheduled(DAILY)) {
            schedule(job(DAILY).setPeriodic(DAY), true);
        }
    }

    /** The app wants no pushes any more: nothing is left to do. */
    void cancelAll() {
        cancel(KEEP);
        cancel(WAKE);
        cancel(DAILY);
    }

    private JobInfo.Builder job(int id) {
        return new JobInfo.Builder(id, new ComponentName(context.getPackageName(), Names.JOB_SERVICE));
    }

    private JobScheduler scheduler() {
        return (JobScheduler) context.getSystemService(Context.JOB_SCHEDULER_SERVICE);
    }

    private boolean schedule(JobInfo.Builder job, boolean acrossBoots) {
        try {
            if (acrossBoots && Names.granted(context, android.Manifest.permission.RECEIVE_BOOT_COMPLETED)) {
                job.setPersisted(true);
            }
            JobScheduler scheduler = scheduler();
            if (scheduler != null && scheduler.schedule(job.build()) == JobScheduler.RESULT_SUCCESS) {
                status.clear(Status.JOBS);
                return true;
            }
            status.complain(Status.JOBS, Status.WRONG_MANIFEST, "no job can be scheduled");
        } catch (IllegalArgumentException missing) {
            // No such service in the manifest, or one without android.permission.BIND_JOB_SERVICE.
            status.complain(Status.JOBS, Status.WRONG_MANIFEST, "no job can be scheduled: " + missing.getMessage());
        } catch (IllegalStateException tooMany) {
            status.complain(Status.JOBS, Status.WRONG_MANIFEST, "no job can be scheduled: " + tooMany.getMessage());
        }
        return false;
    }

    private boolean isScheduled(int id) {
        JobScheduler scheduler = scheduler();
        if (scheduler != null) {
            for (JobInfo job : scheduler.getAllPendingJobs()) {
                if (job.getId() == id) {
                    return true;
                }
            }
        }
        return false;
    }

    private void cancel(int id) {
        JobScheduler scheduler = scheduler();
        if (scheduler != null) {
            scheduler.cancel(id);
        }
    }
}
