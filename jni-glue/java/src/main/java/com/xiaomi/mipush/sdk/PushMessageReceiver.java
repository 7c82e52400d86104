package com.xiaomi.mipush.sdk;

import android.content.BroadcastReceiver;
import android.content.Context;
import android.content.Intent;

import org.offpush.Delivery;

/**
 * An app extends this to get messages and results, and names its class in the manifest. All callbacks come on a thread
 * of the library, one after another. If there are several receivers, each gets every callback.
 */
public abstract class PushMessageReceiver extends BroadcastReceiver {
    /** Checks that the intent is the library's own, and passes it on. */
    @Override
    public final void onReceive(Context context, Intent intent) {
        Delivery delivery = Delivery.open(context, intent, getClass());
        if (delivery != null) {
            MessageHandleService.run(context.getApplicationContext(), this, delivery, goAsync());
        }
    }

    /** A message to the app itself: no notification is shown for it. */
    public void onReceivePassThroughMessage(Context context, MiPushMessage message) {
    }

    /** A notification has arrived, and was shown unless the message did not want that in the foreground. */
    public void onNotificationMessageArrived(Context context, MiPushMessage message) {
    }

    /** The person has clicked a notification that opens the app. */
    public void onNotificationMessageClicked(Context context, MiPushMessage message) {
    }

    /** A message or a click; the callbacks above tell them apart. */
    public void onReceiveMessage(Context context, MiPushMessage message) {
    }

    /** The result of {@link MiPushClient#registerPush}: its first argument is the regId. */
    public void onReceiveRegisterResult(Context context, MiPushCommandMessage result) {
    }

    /** The result of any command, a registration among them. */
    public void onCommandResult(Context context, MiPushCommandMessage result) {
    }

    /** Runtime permissions are missing: POST_NOTIFICATIONS, told after a registration on Android 13 and later. */
    public void onRequirePermissions(Context context, String[] permissions) {
    }
}
