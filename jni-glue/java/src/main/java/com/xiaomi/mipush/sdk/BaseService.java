package com.xiaomi.mipush.sdk;

import android.app.Service;
import android.content.Intent;
import android.os.IBinder;

/** A service that cannot be bound and does not stay. */
public abstract class BaseService extends Service {
    @Override
    public IBinder onBind(Intent intent) {
        return null;
    }
}
