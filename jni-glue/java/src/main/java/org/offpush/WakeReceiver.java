package org.offpush;

import android.app.Activity;
import android.content.BroadcastReceiver;
import android.content.Context;
import android.content.Intent;
import android.os.Bundle;

import org.json.JSONObject;

/**
 * Receives in {@code :pushservice} what can arrive while nothing of the app runs: the alarm, the boot, an update, the
 * person's clicks, and the app's commands where it may not start the service.
 */
public abstract class WakeReceiver extends BroadcastReceiver {
    @Override
    public void onReceive(Context context, Intent intent) {
        Core core = Core.get(context);
        if (core == null) {
            Core.waitForUnlock(context);
            return;
        }
        JSONObject body = Callers.open(context, intent, Names.PING_RECEIVER);
        String action = intent == null ? "" : String.valueOf(intent.getAction());
        if (body == null) {
            // The system's broadcasts; it is not exported, so no other app can send here.
            core.resume(action);
            return;
        }
        String what = body.optString("do");
        if (what.equals("alarm")) {
            core.locks.handOver();
            core.resume("alarm");
        } else if (what.equals("page")) {
            Bundle page = new Bundle();
            page.putString("page", core.page(body.optBoolean("json")));
            setResult(Activity.RESULT_OK, null, page);
        } else {
            core.command(body);
        }
    }
}
