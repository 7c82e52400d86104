package com.xiaomi.mipush.sdk;

import android.content.BroadcastReceiver;
import android.content.Context;
import android.content.Intent;

import org.offpush.Client;

/** A name of the published API; what it gets is at most a reason to look. */
public class PushServiceReceiver extends BroadcastReceiver {
    @Override
    public void onReceive(Context context, Intent intent) {
        Client.stranger(context, getClass().getName());
    }
}
