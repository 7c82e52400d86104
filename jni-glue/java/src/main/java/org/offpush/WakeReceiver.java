package org.offpush;

import android.app.Activity;
import android.content.BroadcastReceiver;
import android.content.Context;
import android.content.Intent;
import android.os.Bundle;

import org.json.JSONObject;

import java.util.Arrays;
import java.util.List;

/**
 * Receives in {@code :pushservice} what can arrive while nothing of the app runs: the alarm, the boot, an update, the
 * person's clicks, and the app's commands where it may not start the service.
 */
public abstract class WakeReceiver extends BroadcastReceiver {
    private static final List<String> SYSTEM = Arrays.asList(Intent.ACTION_BOOT_COMPLETED,
            Intent.ACTION_LOCKED_BOOT_COMPLETED, Intent.ACTION_MY_PACKAGE_REPLACED, Intent.ACTION_USER_UNLOCKED,
            "android.app.action.SCHEDULE_EXACT_ALARM_PERMISSION_STATE_CHANGED",
            "android.app.action.APP_BLOCK_STATE_CHANGED");

    @Override
    public void onReceive(Context context, Intent intent) {
        Core core = Core.get(context);
        if (core == null) {
            // The key that tells our own intents from others' cannot be read either.
            Core.waitForUnlock(context);
            return;
        }
        JSONObject body = Callers.open(context, intent, Names.PING_RECEIVER);
        String action = intent == null ? "" : String.valueOf(intent.getAction());
        if (body == null) {
            // Android lets nobody but itself send these.
            if (SYSTEM.contains(action)) {
                core.resume(action);
            } else {
                Client.stranger(context, getClass().getName());
            }
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
