package org.offpush;

import android.util.Log;

import com.xiaomi.channel.commonutils.logger.LoggerInterface;

/** The library's log lines of one process: to logcat, and to the logger that the app set. */
public final class AppLog {
    private static final String TAG = "offpush";

    private static volatile LoggerInterface logger;

    private AppLog() {
    }

    /** From now on lines go to {@code newLogger} too; null: to logcat alone. */
    public static void setLogger(LoggerInterface newLogger) {
        if (newLogger != null) {
            newLogger.setTag(TAG);
        }
        logger = newLogger;
    }

    /** One line. */
    public static void log(String line) {
        log(line, null);
    }

    /** One line, and the error it is about, or null. */
    public static void log(String line, Throwable error) {
        Log.i(TAG, line, error);
        LoggerInterface also = logger;
        if (also == null) {
            return;
        }
        try {
            if (error == null) {
                also.log(line);
            } else {
                also.log(line, error);
            }
        } catch (RuntimeException failure) {
            // A logger that fails must not take the push service with it.
            Log.w(TAG, "the app's logger failed", failure);
        }
    }
}
