package org.offpush;

import android.app.Application;
import android.content.ComponentName;
import android.content.Intent;
import android.content.res.Resources;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicInteger;

/** The sample app, and what Android lets it do. Its resource {@code offpush_ca} is the gateway's certificate of the test. */
public class SampleApplication extends Application {
    static volatile String ca;
    /** What Android says to a service that is started from the background; null: it starts. */
    static volatile RuntimeException background;
    /** The same for a foreground service. */
    static volatile RuntimeException foreground;
    /** How many foreground services were asked for. */
    static final AtomicInteger FOREGROUND = new AtomicInteger();

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

    @Override
    public Resources getResources() {
        final Resources real = super.getResources();
        if (ca == null) {
            return real;
        }
        final int id = real.getIdentifier("offpush_ca", "raw", "com.example.push");
        return new Resources(real.getAssets(), real.getDisplayMetrics(), real.getConfiguration()) {
            @Override
            public InputStream openRawResource(int asked) {
                return asked == id ? new ByteArrayInputStream(Json.utf8(ca)) : super.openRawResource(asked);
            }
        };
    }
}
