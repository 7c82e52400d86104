package com.tencent.imsdk;

import android.content.Context;

import com.xiaomi.mipush.sdk.MiPushCommandMessage;
import com.xiaomi.mipush.sdk.PushMessageReceiver;

import java.util.List;

/** Gets the results of what {@link TIMManager} sent. The manifest names it; it is no part of the API. */
public class ResultReceiver extends PushMessageReceiver {
    @Override
    public void onCommandResult(Context context, MiPushCommandMessage message) {
        List<String> arguments = message.getCommandArguments();
        if (arguments != null) {
            Pending.result(message.getCommand(), arguments, message.getResultCode(), message.getReason());
        }
    }
}
