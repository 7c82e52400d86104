package org.offpush;

import android.content.Context;
import android.content.Intent;
import android.content.pm.ResolveInfo;

import com.xiaomi.mipush.sdk.PushMessageReceiver;

import java.util.ArrayList;
import java.util.List;

/** The app's receivers as its manifest names them. */
final class Receivers {
    private Receivers() {
    }

    /** The class names of all {@link PushMessageReceiver}s of the app. Each gets every callback. */
    static List<String> of(Context context, Status status) {
        Intent wanted = new Intent(Names.RECEIVE_MESSAGE).setPackage(context.getPackageName());
        List<ResolveInfo> found = context.getPackageManager()
                .queryBroadcastReceivers(wanted, 0);
        List<String> names = new ArrayList<String>();
        for (ResolveInfo info : found) {
            String name = info.activityInfo.name;
            if (!names.contains(name) && isReceiver(context, name)) {
                names.add(name);
            }
        }
        // The IM side's own receiver is there for one purpose, and no surprise.
        int others = names.size() - (names.contains(Names.IM_RECEIVER) ? 1 : 0);
        if (others == 0) {
            status.complain(Status.RECEIVERS, Status.WRONG_MANIFEST, "the manifest has no receiver for "
                    + Names.RECEIVE_MESSAGE + " that extends PushMessageReceiver: the app gets no callback");
        } else if (others > 1) {
            status.complain(Status.RECEIVERS, Status.SEVERAL_RECEIVERS,
                    "the app has " + others + " receivers, and each gets every callback: " + names);
        } else {
            status.clear(Status.RECEIVERS);
        }
        return names;
    }

    private static boolean isReceiver(Context context, String name) {
        try {
            return PushMessageReceiver.class.isAssignableFrom(Class.forName(name, false, context.getClassLoader()));
        } catch (ClassNotFoundException missing) {
            AppLog.log("the manifest names " + name + ", which the app does not have");
            return false;
        }
    }
}
