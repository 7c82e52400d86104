package org.offpush;

import android.app.Application;
import android.content.res.Resources;

import java.io.ByteArrayInputStream;
import java.io.InputStream;

/** The sample app. Its resource {@code offpush_ca} is the gateway's certificate of the test. */
public class SampleApplication extends Application {
    static volatile String ca;

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
