package org.offpush;

import android.app.Service;
import android.content.Intent;
import android.os.IBinder;

import org.json.JSONObject;

import java.io.FileDescriptor;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** The service that keeps the daemon's process. Android starts it again after a kill. */
public abstract class PushService extends Service {
    private Core core;

    @Override
    public void onCreate() {
        super.onCreate();
        core = Core.get(this);
        if (core == null) {
            Core.waitForUnlock(this);
        }
    }

    @Override
    public int onStartCommand(Intent intent, int flags, int startId) {
        if (core == null) {
            core = Core.get(this);
        }
        if (core == null) {
            // Before the first unlock nothing can be read; the unlock starts it.
            stopSelf();
            return START_NOT_STICKY;
        }
        core.serviceStarted(this);
        JSONObject body = intent == null ? null : Callers.open(this, intent, Names.PUSH_SERVICE);
        if (body != null) {
            core.command(body);
        } else if (intent != null) {
            Client.stranger(this, Names.PUSH_SERVICE);
        }
        return START_STICKY;
    }

    @Override
    public void onDestroy() {
        if (core != null) {
            core.serviceEnded();
        }
        super.onDestroy();
    }

    @Override
    public IBinder onBind(Intent intent) {
        return null;
    }

    /**
     * {@code adb shell dumpsys activity service PACKAGE/com.xiaomi.push.service.XMPushService}, and behind it nothing
     * (for people), {@code --checkin}, or {@code --json [history | notifications [AFTER] | networks]}.
     */
    @Override
    protected void dump(FileDescriptor file, PrintWriter writer, String[] arguments) {
        List<String> wanted = arguments == null ? Collections.<String>emptyList() : Arrays.asList(arguments);
        int json = wanted.indexOf("--json");
        writer.println(json >= 0 ? Core.answer(this, wanted.subList(json + 1, wanted.size()))
                : wanted.contains("--checkin") ? Core.checkin(this) : Core.page(this, false));
    }
}
