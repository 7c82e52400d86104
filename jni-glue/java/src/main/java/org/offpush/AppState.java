package org.offpush;

import android.content.Context;
import android.content.SharedPreferences;

import com.xiaomi.mipush.sdk.Constants;
import com.xiaomi.mipush.sdk.ErrorCode;
import com.xiaomi.mipush.sdk.MiPushClient;
import com.xiaomi.mipush.sdk.MiPushCommandMessage;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What the app asks the library for without waiting: regId, aliases, topics, accounts. Written in the process of the
 * app's receivers, where results arrive; a copy of what the gateway confirmed.
 */
final class AppState {
    private static final String REG_ID = "regId";
    private static final String APP_ID = "offpush_app";
    private static final String ALIAS = "alias_";
    private static final String TOPIC = "topic_";
    private static final String ACCOUNT = "account_";

    private final SharedPreferences file;

    AppState(Context context) {
        file = context.getSharedPreferences(Constants.PREF_EXTRA, Context.MODE_PRIVATE);
    }

    /** Null until registered. */
    String regId() {
        return file.getString(REG_ID, null);
    }

    /** Follows a result. Returns when it is on disk: the callback is then confirmed. */
    void apply(MiPushCommandMessage result) {
        if (result.getResultCode() != ErrorCode.SUCCESS) {
            return;
        }
        List<String> arguments = result.getCommandArguments();
        String first = arguments == null || arguments.isEmpty() ? null : arguments.get(0);
        String command = String.valueOf(result.getCommand());
        if (command.equals(MiPushClient.COMMAND_UNREGISTER)) {
            forget();
        } else if (first == null) {
            return;
        } else if (command.equals(MiPushClient.COMMAND_REGISTER)) {
            // A gateway that has forgotten the phone gives another regId, and gets the names again.
            file.edit().putString(REG_ID, first).commit();
        } else if (command.equals(MiPushClient.COMMAND_SET_ALIAS)) {
            add(ALIAS + first);
        } else if (command.equals(MiPushClient.COMMAND_UNSET_ALIAS)) {
            remove(ALIAS + first);
        } else if (command.equals(MiPushClient.COMMAND_SET_ACCOUNT)) {
            add(ACCOUNT + first);
        } else if (command.equals(MiPushClient.COMMAND_UNSET_ACCOUNT)) {
            remove(ACCOUNT + first);
        } else if (command.equals(MiPushClient.COMMAND_SUBSCRIBE_TOPIC)) {
            add(TOPIC + first);
        } else if (command.equals(MiPushClient.COMMAND_UNSUBSCRIBE_TOPIC)) {
            remove(TOPIC + first);
        }
    }

    /** The app registers with this AppID: with another than before it is another registration, without names. */
    void registering(String appId) {
        String before = file.getString(APP_ID, null);
        if (before != null && !before.equals(appId)) {
            forget();
        }
        file.edit().putString(APP_ID, appId).commit();
    }

    /** The registration is over. */
    void forget() {
        file.edit().clear().commit();
    }

    List<String> aliases() {
        return names(ALIAS);
    }

    List<String> topics() {
        return names(TOPIC);
    }

    List<String> accounts() {
        return names(ACCOUNT);
    }

    /** When the gateway confirmed it, in wall milliseconds; -1 if it has not. */
    long aliasSince(String alias) {
        return file.getLong(ALIAS + alias, -1);
    }

    long topicSince(String topic) {
        return file.getLong(TOPIC + topic, -1);
    }

    long accountSince(String account) {
        return file.getLong(ACCOUNT + account, -1);
    }

    private void add(String key) {
        file.edit().putLong(key, System.currentTimeMillis()).commit();
    }

    private void remove(String key) {
        file.edit().remove(key).commit();
    }

    private List<String> names(String prefix) {
        List<String> names = new ArrayList<String>();
        for (Map.Entry<String, ?> entry : file.getAll().entrySet()) {
            if (entry.getKey().startsWith(prefix)) {
                names.add(entry.getKey().substring(prefix.length()));
            }
        }
        return names;
    }
}
