package com.xiaomi.mipush.sdk;

import org.offpush.WakeReceiver;

/** Starts the push service after the phone has started and after an update of the app. The name is one that manifests carry. */
public class PushServiceReceiver extends WakeReceiver {
}
