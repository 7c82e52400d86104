package com.xiaomi.mipush.sdk;

import org.offpush.ClickActivity;

/** What a click on a notification starts: it records the click and opens the target. Not exported. */
public class BridgeActivity extends ClickActivity {
}
