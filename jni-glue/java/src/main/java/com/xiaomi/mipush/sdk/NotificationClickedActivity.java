package com.xiaomi.mipush.sdk;

import android.app.Activity;
import android.os.Bundle;

import org.offpush.Client;

/**
 * Exported by the manifests of existing apps, so nothing it gets can be trusted: it shows nothing, and is at most a
 * reason to look. Clicks go to {@link BridgeActivity}.
 */
public class NotificationClickedActivity extends Activity {
    @Override
    protected void onCreate(Bundle saved) {
        super.onCreate(saved);
        Client.stranger(this, getClass().getName());
        finish();
    }
}
