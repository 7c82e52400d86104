package org.offpush;

import android.content.Context;
import android.os.Looper;

import com.xiaomi.mipush.sdk.MiPushCommandMessage;
import com.xiaomi.mipush.sdk.PushMessageReceiver;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Another library's receiver in the same app; disabled until a test enables it. */
public class SecondReceiver extends PushMessageReceiver {
    /** The commands whose results it got. */
    static final List<String> COMMANDS = new CopyOnWriteArrayList<String>();
    static volatile boolean onMainThread;
    static final List<MiPushCommandMessage> RESULTS = new CopyOnWriteArrayList<MiPushCommandMessage>();

    @Override
    public void onReceiveRegisterResult(Context context, MiPushCommandMessage result) {
        RESULTS.add(result);
    }

    @Override
    public void onCommandResult(Context context, MiPushCommandMessage result) {
        onMainThread |= Looper.myLooper() == Looper.getMainLooper();
        COMMANDS.add(result.getCommand());
    }
}
