package org.offpush;

import android.content.Context;

import com.xiaomi.mipush.sdk.MiPushCommandMessage;
import com.xiaomi.mipush.sdk.PushMessageReceiver;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Another library's receiver in the same app; disabled until a test enables it. */
public class SecondReceiver extends PushMessageReceiver {
    static final List<MiPushCommandMessage> RESULTS = new CopyOnWriteArrayList<MiPushCommandMessage>();

    @Override
    public void onReceiveRegisterResult(Context context, MiPushCommandMessage result) {
        RESULTS.add(result);
    }
}
