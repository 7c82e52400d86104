package com.xiaomi.mipush.sdk;

import android.content.BroadcastReceiver;
import android.content.Context;
import android.content.Intent;

import org.offpush.AppLog;
import org.offpush.Delivery;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Runs the app's callbacks, one after another, on a thread of its own. The service itself is a name that manifests
 * carry: what keeps the process alive meanwhile is the broadcast that brought the callback.
 */
public class MessageHandleService extends BaseService {
    /** Milliseconds after which a broadcast is let go although the callback still runs: Android allows it 10 s. */
    private static final long LONGEST = 8_000;

    private static final ExecutorService WORKER = Executors.newSingleThreadExecutor(new ThreadFactory() {
        @Override
        public Thread newThread(Runnable work) {
            Thread thread = new Thread(work, "offpush-callbacks");
            thread.setDaemon(true);
            return thread;
        }
    });

    @Override
    public int onStartCommand(Intent intent, int flags, int startId) {
        stopSelf(startId);
        return START_NOT_STICKY;
    }

    /** Starts it; it ends by itself. */
    public static void startService(Context context) {
        try {
            context.startService(new Intent(context, MessageHandleService.class));
        } catch (IllegalStateException background) {
            AppLog.log("in the background no service is started; none is needed");
        }
    }

    /** Runs a callback, then lets go of its broadcast and says that it was taken. */
    static void run(final Context context, final PushMessageReceiver receiver, final Delivery delivery,
            final BroadcastReceiver.PendingResult broadcast) {
        final AtomicBoolean open = new AtomicBoolean(true);
        final AtomicBoolean begun = new AtomicBoolean();
        final android.os.Handler clock = new android.os.Handler(android.os.Looper.getMainLooper());
        final Runnable letGo = new Runnable() {
            @Override
            public void run() {
                if (open.getAndSet(false)) {
                    // One that still waits behind another is not taken.
                    if (begun.get()) {
                        broadcast.setResultCode(Delivery.TAKEN);
                    }
                    broadcast.finish();
                }
            }
        };
        clock.postDelayed(letGo, LONGEST);
        WORKER.execute(new Runnable() {
            @Override
            public void run() {
                begun.set(true);
                if (!open.get() && delivery.isRepeated) {
                    return;
                }
                try {
                    delivery.remember(context);
                    call(context, receiver, delivery);
                } catch (RuntimeException fault) {
                    // The app's own. It is told to the app's log, and the callback is not repeated for ever.
                    AppLog.log("the app's receiver failed", fault);
                } finally {
                    clock.removeCallbacks(letGo);
                    letGo.run();
                }
            }
        });
    }

    /** The number of the delivery that {@code MiPushClientCallback} was told of last: every receiver gets each. */
    private static long told;

    private static boolean isFirst(Delivery delivery) {
        boolean isFirst = delivery.number == 0 || delivery.number != told;
        told = delivery.number;
        return isFirst;
    }

    private static void call(Context context, PushMessageReceiver receiver, Delivery delivery) {
        MiPushMessage message = delivery.message;
        MiPushCommandMessage result = delivery.result;
        if (delivery.permissions != null) {
            receiver.onRequirePermissions(context, delivery.permissions);
        } else if (result != null) {
            if (MiPushClient.COMMAND_REGISTER.equals(result.getCommand())) {
                receiver.onReceiveRegisterResult(context, result);
            }
            receiver.onCommandResult(context, result);
            if (isFirst(delivery)) {
                MiPushClient.answered(result);
            }
        } else if (delivery.kind.equals("notification-arrived")) {
            receiver.onNotificationMessageArrived(context, message);
        } else if (delivery.kind.equals("notification-clicked")) {
            receiver.onNotificationMessageClicked(context, message);
            receiver.onReceiveMessage(context, message);
            if (isFirst(delivery)) {
                MiPushClient.received(message);
            }
        } else if (delivery.kind.equals("pass-through-message")) {
            receiver.onReceivePassThroughMessage(context, message);
            receiver.onReceiveMessage(context, message);
            if (isFirst(delivery)) {
                MiPushClient.received(message);
            }
        }
    }
}
