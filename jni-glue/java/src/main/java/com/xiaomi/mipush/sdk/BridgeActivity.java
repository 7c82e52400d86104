package com.xiaomi.mipush.sdk;

import android.app.Activity;
import android.os.Bundle;

/** A name of the published API. It shows nothing and does nothing. */
public class BridgeActivity extends Activity {
    @Override
    protected void onCreate(Bundle saved) {
        super.onCreate(saved);
        finish();
    }
}
