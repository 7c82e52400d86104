package com.xiaomi.push.service.receivers;

import org.offpush.WakeReceiver;

/** Wakes the push service: alarms, boot, updates. The name is the one that manifests carry. */
public class PingReceiver extends WakeReceiver {
}
