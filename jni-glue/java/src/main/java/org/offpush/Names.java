package org.offpush;

import android.content.Context;
import android.content.pm.PackageManager;
import android.content.pm.ServiceInfo;

/** The components as manifests name them. */
final class Names {
    static final String PUSH_SERVICE = "com.xiaomi.push.service.XMPushService";
    static final String JOB_SERVICE = "com.xiaomi.push.service.XMJobService";
    static final String PING_RECEIVER = "com.xiaomi.push.service.receivers.PingReceiver";
    /** The IM side's receiver of results. */
    static final String IM_RECEIVER = "com.tencent.imsdk.ResultReceiver";
    static final String CLICK_ACTIVITY = "com.xiaomi.mipush.sdk.BridgeActivity";

    /** The alarm's broadcast. */
    static final String PING_TIMER = "com.xiaomi.push.PING_TIMER";
    /** A message, a click or a result, for the app's receivers. */
    static final String RECEIVE_MESSAGE = "com.xiaomi.mipush.RECEIVE_MESSAGE";
    /** A notification arrived, for the app's receivers. */
    static final String MESSAGE_ARRIVED = "com.xiaomi.mipush.MESSAGE_ARRIVED";
    /** Something is missing, for the app's receivers. */
    static final String ERROR = "com.xiaomi.mipush.ERROR";
    /** From any process of the app to the push service. */
    static final String COMMAND = "org.offpush.COMMAND";
    /** A notification was clicked. */
    static final String CLICK = "org.offpush.CLICK";

    private Names() {
    }

    /** The service's entry in the manifest; null if it has none. */
    static ServiceInfo service(Context context, String name) {
        try {
            return context.getPackageManager()
                    .getServiceInfo(new android.content.ComponentName(context.getPackageName(), name), 0);
        } catch (PackageManager.NameNotFoundException missing) {
            return null;
        }
    }

    /** Whether the manifest has this activity. */
    static boolean hasActivity(Context context, String name) {
        try {
            context.getPackageManager()
                    .getActivityInfo(new android.content.ComponentName(context.getPackageName(), name), 0);
            return true;
        } catch (PackageManager.NameNotFoundException missing) {
            return false;
        }
    }

    /** Whether the app has this permission. */
    static boolean granted(Context context, String permission) {
        return context.checkPermission(permission, android.os.Process.myPid(), android.os.Process.myUid())
                == PackageManager.PERMISSION_GRANTED;
    }
}
