package org.offpush;

import android.content.Context;
import android.content.Intent;

import org.json.JSONObject;

/** Tells the app's other processes, where they run already, of the daemon's state. It starts none. */
final class StateBroadcast {
    private static final String ACTION = "org.offpush.STATE";

    private StateBroadcast() {
    }

    /** The action within this app. */
    static String action(Context context) {
        return ACTION + "." + context.getPackageName();
    }

    static void tell(Context context, JSONObject state) {
        // Signed for the action alone: listeners are receivers without a name in the manifest.
        Intent signed = Callers.sign(context, action(context), ACTION, state);
        Intent intent = new Intent(signed.getAction()).setPackage(context.getPackageName()).setData(signed.getData());
        try {
            context.sendBroadcast(intent.addFlags(Intent.FLAG_RECEIVER_REGISTERED_ONLY));
        } catch (RuntimeException goingDown) {
            AppLog.log("the state could not be told", goingDown);
        }
    }

    /** The state that a broadcast carries; null if it is a stranger's. */
    static JSONObject open(Context context, Intent intent) {
        return Callers.open(context, intent, ACTION);
    }
}
