package org.offpush;

import android.content.Context;
import android.os.PowerManager;

/**
 * The two wake locks, both bounded: the daemon's own, and the one that carries an alarm from its receiver to the daemon.
 * The platform lets go of both by itself when their time is over.
 */
final class WakeLocks {
    /** Milliseconds that the daemon may hold its lock for at once: a connection attempt's 30 s, and some. */
    private static final long MOST = 60_000;
    /** Milliseconds from an alarm's receiver until the daemon took over. */
    private static final long HAND_OVER = 5_000;

    private final PowerManager.WakeLock daemon;
    private final PowerManager.WakeLock alarm;
    private final Status status;

    WakeLocks(Context context, Status status) {
        PowerManager power = (PowerManager) context.getSystemService(Context.POWER_SERVICE);
        daemon = make(power, "offpush:daemon");
        alarm = make(power, "offpush:alarm");
        this.status = status;
    }

    private static PowerManager.WakeLock make(PowerManager power, String tag) {
        PowerManager.WakeLock lock = power.newWakeLock(PowerManager.PARTIAL_WAKE_LOCK, tag);
        lock.setReferenceCounted(false);
        return lock;
    }

    /** Holds the daemon's lock for so many milliseconds at most; 0 lets go. */
    void hold(long millis) {
        set(daemon, Math.min(millis, MOST));
        set(alarm, 0);
    }

    /** An alarm has fired: awake until the daemon has seen it. */
    void handOver() {
        set(alarm, HAND_OVER);
    }

    /** Nothing is held any more. */
    void release() {
        set(daemon, 0);
        set(alarm, 0);
    }

    private synchronized void set(PowerManager.WakeLock lock, long millis) {
        try {
            if (millis > 0) {
                lock.acquire(millis);
            } else if (lock.isHeld()) {
                lock.release();
            }
        } catch (SecurityException denied) {
            status.complain(Status.WAKE_LOCK, Status.WRONG_MANIFEST,
                    "the manifest lacks WAKE_LOCK: the phone may fall asleep in the middle of work");
        }
    }
}
