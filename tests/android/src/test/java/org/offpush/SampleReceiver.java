package org.offpush;

import android.content.Context;
import android.os.Looper;

import com.xiaomi.mipush.sdk.MiPushCommandMessage;
import com.xiaomi.mipush.sdk.MiPushMessage;
import com.xiaomi.mipush.sdk.PushMessageReceiver;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The reference document's receiver: it keeps what it is told. */
public class SampleReceiver extends PushMessageReceiver {
    /** A callback's name and what came with it. */
    static final class Call {
        final String name;
        final MiPushMessage message;
        final MiPushCommandMessage result;
        final boolean onMainThread = Looper.myLooper() == Looper.getMainLooper();

        Call(String name, MiPushMessage message, MiPushCommandMessage result) {
            this.name = name;
            this.message = message;
            this.result = result;
        }

        @Override
        public String toString() {
            return name + " " + (message == null ? result : message);
        }
    }

    static final List<Call> CALLS = new CopyOnWriteArrayList<Call>();
    /** Thrown by every callback, if set. */
    static volatile RuntimeException fault;
    /** Callbacks take until this is counted down; null: no time. */
    static volatile java.util.concurrent.CountDownLatch slow;

    /** The first call with this name; null if there was none. */
    static Call first(String name) {
        for (Call call : CALLS) {
            if (call.name.equals(name)) {
                return call;
            }
        }
        return null;
    }

    /** The last result of this command; null if there was none. */
    static MiPushCommandMessage result(String command) {
        MiPushCommandMessage last = null;
        for (Call call : CALLS) {
            if (call.name.equals("command") && call.result.getCommand().equals(command)) {
                last = call.result;
            }
        }
        return last;
    }

    private static void add(String name, MiPushMessage message, MiPushCommandMessage result) {
        CALLS.add(new Call(name, message, result));
        if (slow != null) {
            try {
                slow.await();
            } catch (InterruptedException end) {
                Thread.currentThread().interrupt();
            }
        }
        if (fault != null) {
            throw fault;
        }
    }

    @Override
    public void onReceivePassThroughMessage(Context context, MiPushMessage message) {
        add("pass-through", message, null);
    }

    @Override
    public void onNotificationMessageArrived(Context context, MiPushMessage message) {
        add("arrived", message, null);
    }

    @Override
    public void onNotificationMessageClicked(Context context, MiPushMessage message) {
        add("clicked", message, null);
    }

    @Override
    public void onReceiveRegisterResult(Context context, MiPushCommandMessage result) {
        add("register", null, result);
    }

    @Override
    public void onRequirePermissions(Context context, String[] permissions) {
        add("permissions " + java.util.Arrays.asList(permissions), null, null);
    }

    @Override
    public void onCommandResult(Context context, MiPushCommandMessage result) {
        add("command", null, result);
    }
}
