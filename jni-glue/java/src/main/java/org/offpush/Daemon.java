package org.offpush;

import android.content.Context;
import android.content.pm.ApplicationInfo;
import android.os.Build;
import android.os.SystemClock;
import android.provider.Settings.Global;

import org.json.JSONObject;

import java.io.BufferedReader;
import java.io.File;
import java.io.FileReader;
import java.io.IOException;

/** Owns the handle of the native daemon: starts it, ends it, and asks it. May be used from any thread. */
final class Daemon {
    /** Milliseconds that a question waits for its answer: the daemon's longest step is a commit to a slow disk. */
    private static final long ANSWER = 5_000;
    /** The daemon's directory in the app's no-backup directory. */
    private static final String DIRECTORY = "offpush";

    private final Context context;
    private final Callbacks callbacks;
    private volatile long handle;
    private volatile String startedWith;

    Daemon(Context context, Callbacks callbacks) {
        this.context = context;
        this.callbacks = callbacks;
    }

    /** Whether it was started and not ended. */
    boolean runs() {
        return handle != 0;
    }

    /**
     * Starts it, or starts it anew if it ran with other options.
     *
     * @return null, or why it cannot start
     */
    synchronized String start(Config config, String appId, String appKey) {
        JSONObject options = Json.of("data", new File(context.getNoBackupFilesDir(), DIRECTORY).getPath(),
                "servers", Json.array(config.servers), "appId", appId, "appKey", appKey,
                "package", context.getPackageName(), "ca", config.ca == null ? JSONObject.NULL : config.ca,
                "bootId", bootId(context),
                "debuggable", (context.getApplicationInfo().flags & ApplicationInfo.FLAG_DEBUGGABLE) != 0);
        String text = options.toString();
        if (runs() && text.equals(startedWith)) {
            return null;
        }
        stop();
        try {
            handle = Native.start(Json.utf8(text), callbacks);
            startedWith = text;
            return null;
        } catch (IllegalStateException refused) {
            return String.valueOf(refused.getMessage());
        } catch (LinkageError missing) {
            // No library for this processor, or one that was stripped from the app.
            return "liboffpush.so cannot be loaded: " + missing.getMessage();
        }
    }

    /** Ends it, and waits for its goodbye to the broker. */
    synchronized void stop() {
        long ends = handle;
        handle = 0;
        if (ends != 0) {
            Native.stop(ends);
        }
    }

    /** The default network has changed. */
    void network(JSONObject network) {
        long to = handle;
        if (to != 0) {
            Native.network(to, Json.bytes(network));
        }
    }

    /** What is due is done now. */
    void wake() {
        long to = handle;
        if (to != 0) {
            Native.wake(to);
        }
    }

    /**
     * Asks one line of the control protocol.
     *
     * @return the answer ({@code {"ok":…}} or {@code {"error":{…}}}); null if there was none
     */
    JSONObject request(JSONObject line) {
        long to = handle;
        return to == 0 ? null : Json.parse(Native.request(to, Json.bytes(line), ANSWER));
    }

    /** Whether the app takes callbacks now. */
    void app(boolean listens) {
        long to = handle;
        if (to != 0) {
            Native.app(to, listens);
        }
    }

    /** What became of a presentation: one of {@link Notifications}' outcomes. */
    void presented(long sequence, int outcome, String reason) {
        long to = handle;
        if (to != 0) {
            Native.presented(to, sequence, outcome, reason);
        }
    }

    /** What kept notifications from being shown is over. */
    void canPresent() {
        long to = handle;
        if (to != 0) {
            Native.canPresent(to);
        }
    }

    /** The answer to {@link Callbacks#judge}. */
    void judged(long question, String problem) {
        long to = handle;
        if (to != 0) {
            Native.judged(to, question, problem);
        }
    }

    /** What the platform allows and denies has changed. */
    void said(Status status) {
        long to = handle;
        if (to != 0) {
            Native.said(to, Json.bytes(status.json()));
        }
    }

    /** The status page, as text or as JSON; null if it does not run. */
    String page(boolean json) {
        if (json) {
            JSONObject answer = request(Json.of("op", "status"));
            JSONObject ok = answer == null ? null : answer.optJSONObject("ok");
            JSONObject page = ok == null ? null : ok.optJSONObject("status");
            return page == null ? null : page.toString();
        }
        long to = handle;
        return to == 0 ? null : Native.page(to, false);
    }

    /** The status page as lines for scripts; null if it does not run. */
    String checkin() {
        long to = handle;
        return to == 0 ? null : Native.page(to, true);
    }

    /** A number that is another after each boot. */
    static long bootId(Context context) {
        if (Build.VERSION.SDK_INT >= 24) {
            int count = Global.getInt(context.getContentResolver(), Global.BOOT_COUNT, 0);
            if (count > 0) {
                return count;
            }
        }
        try {
            BufferedReader file = new BufferedReader(new FileReader("/proc/sys/kernel/random/boot_id"));
            try {
                String id = file.readLine();
                if (id != null && !id.isEmpty()) {
                    return id.hashCode() & 0xffffffffL;
                }
            } finally {
                file.close();
            }
        } catch (IOException denied) {
            AppLog.log("the boot's id is not readable: the moment of the boot stands for it");
        }
        // To ten minutes: the wall clock is put right by less in an ordinary day.
        return (System.currentTimeMillis() - SystemClock.elapsedRealtime()) / 600_000;
    }
}
