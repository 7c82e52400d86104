package com.xiaomi.mipush.sdk;

import android.content.Context;

import com.xiaomi.channel.commonutils.logger.LoggerInterface;

import org.offpush.AppLog;

import java.io.File;

/**
 * Where log lines go. The published API also writes log files and uploads them; offpush writes none (the daemon keeps
 * its history, see {@code OfflinePush.inspect()}), so the methods around files do nothing.
 */
public class Logger {
    /** The app's lines go to {@code logger}, besides logcat; null: to logcat alone. For this process. */
    public static void setLogger(Context context, LoggerInterface logger) {
        AppLog.setLogger(logger);
    }

    /** Does nothing: there is no log file. */
    public static void disablePushFileLog(Context context) {
    }

    /** Does nothing: there is no log file. */
    public static void enablePushFileLog(Context context) {
    }

    /** Does nothing: lines go where {@link #setLogger} sent them. */
    public static void setPushLog(Context context) {
    }

    /** Does nothing: nothing leaves the phone that a person did not send. */
    public static void uploadLogFile(Context context, boolean force) {
    }

    /** Null: there is no log file. */
    public static File getLogFile(String path) {
        return null;
    }
}
