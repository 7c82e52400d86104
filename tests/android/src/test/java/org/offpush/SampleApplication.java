package org.offpush;

import android.app.Application;
import android.content.BroadcastReceiver;
import android.content.ComponentName;
import android.content.Intent;
import android.content.IntentFilter;
import android.content.res.Resources;
import android.os.Handler;
import android.os.Looper;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** The sample app, and what Android lets it do. Its resource {@code offpush_ca} is the gateway's certificate of the test. */
public class SampleApplication extends Application {
    /** The app brings no certificates. */
    static final String NO_CA = "none";
    /** The certificates that the app brings; null: those of its resource file. */
    static volatile String ca;
    /** What Android says to a service that is started from the background; null: it starts. */
    static volatile RuntimeException background;
    /** The same for a foreground service. */
    static volatile RuntimeException foreground;
    /** How many foreground services were asked for. */
    static final AtomicInteger FOREGROUND = new AtomicInteger();

    /** Who listens for the daemon's state. */
    private final List<BroadcastReceiver> watchers = new CopyOnWriteArrayList<>();

    /** As after the installation. */
    static void reset() {
        ca = null;
        background = null;
        foreground = null;
        FOREGROUND.set(0);
    }

    @Override
    public ComponentName startService(Intent intent) {
        if (background != null) {
            throw background;
        }
        return super.startService(intent);
    }

    @Override
    public ComponentName startForegroundService(Intent intent) {
        FOREGROUND.incrementAndGet();
        if (foreground != null) {
            throw foreground;
        }
        return super.startForegroundService(intent);
    }

    private static boolean isState(String action) {
        return action != null && action.startsWith("org.offpush.STATE");
    }

    // Robolectric loses count when one receiver has two broadcasts to come: those of the state go by here.

    @Override
    public Intent registerReceiver(BroadcastReceiver receiver, IntentFilter filter) {
        return isState(filter.getAction(0)) ? watched(receiver) : super.registerReceiver(receiver, filter);
    }

    @Override
    public Intent registerReceiver(BroadcastReceiver receiver, IntentFilter filter, int flags) {
        return isState(filter.getAction(0)) ? watched(receiver) : super.registerReceiver(receiver, filter, flags);
    }

    private Intent watched(BroadcastReceiver receiver) {
        watchers.add(receiver);
        return null;
    }

    @Override
    public void unregisterReceiver(BroadcastReceiver receiver) {
        if (!watchers.remove(receiver)) {
            super.unregisterReceiver(receiver);
        }
    }

    @Override
    public void sendBroadcast(Intent intent) {
        if (!isState(intent.getAction())) {
            super.sendBroadcast(intent);
            return;
        }
        for (BroadcastReceiver watcher : watchers) {
            new Handler(Looper.getMainLooper()).post(() -> watcher.onReceive(this, intent));
        }
    }

    @Override
    public Resources getResources() {
        final Resources real = super.getResources();
        if (ca == null) {
            return real;
        }
        final int id = real.getIdentifier("offpush_ca", "raw", "com.example.push");
        return new Resources(real.getAssets(), real.getDisplayMetrics(), real.getConfiguration()) {
            @Override
            public int getIdentifier(String name, String type, String owner) {
                int found = super.getIdentifier(name, type, owner);
                return found == id && ca.equals(NO_CA) ? 0 : found;
            }

            @Override
            public InputStream openRawResource(int asked) {
                return asked == id ? new ByteArrayInputStream(Json.utf8(ca)) : super.openRawResource(asked);
            }
        };
    }
}
