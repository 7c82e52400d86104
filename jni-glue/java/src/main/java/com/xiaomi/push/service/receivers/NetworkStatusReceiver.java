package com.xiaomi.push.service.receivers;

import android.content.BroadcastReceiver;
import android.content.Context;
import android.content.Intent;

import org.offpush.Client;

/**
 * Exported, in the app's main process; the network's changes reach it up to Android 6, and nothing it gets can be
 * trusted. So whatever it gets is at most a reason for the push service to look.
 */
public class NetworkStatusReceiver extends BroadcastReceiver {
    @Override
    public void onReceive(Context context, Intent intent) {
        Client.stranger(context, getClass().getName());
    }
}
