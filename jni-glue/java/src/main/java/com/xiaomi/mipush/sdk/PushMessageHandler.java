package com.xiaomi.mipush.sdk;

import android.content.Intent;

import org.offpush.Client;

/**
 * Exported by the manifests of existing apps. offpush sends its callbacks to the app's receivers directly, so nothing of
 * ours arrives here; what does is at most a reason to look.
 */
public class PushMessageHandler extends BaseService {
    @Override
    public int onStartCommand(Intent intent, int flags, int startId) {
        Client.stranger(this, getClass().getName());
        stopSelf(startId);
        return START_NOT_STICKY;
    }
}
