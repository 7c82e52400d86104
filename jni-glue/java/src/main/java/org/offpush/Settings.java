package org.offpush;

import android.content.Context;
import android.content.SharedPreferences;

/**
 * What the push service remembers apart from the daemon's own files. Only {@code :pushservice} opens it: preferences
 * are not safe between processes.
 */
final class Settings {
    private static final String FILE = "offpush_service";
    private static final String APP_ID = "appId";
    private static final String APP_KEY = "appKey";
    private static final String DISABLED = "disabled";
    private static final String LEAVING = "leaving";
    private static final String MISSED = "missed";
    private static final String NOTIFY_TYPE = "notifyType";
    private static final String STARTS = "starts";

    private final SharedPreferences file;

    Settings(Context context) {
        file = context.getSharedPreferences(FILE, Context.MODE_PRIVATE);
    }

    /** Null before the first registration and after the end of the last. */
    String appId() {
        return file.getString(APP_ID, null);
    }

    String appKey() {
        return file.getString(APP_KEY, null);
    }

    void setApp(String appId, String appKey) {
        file.edit().putString(APP_ID, appId).putString(APP_KEY, appKey).remove(LEAVING).commit();
    }

    /** Whether the app has unregistered, and the gateway may not know yet. */
    boolean leaving() {
        return file.getBoolean(LEAVING, false);
    }

    void setLeaving() {
        file.edit().putBoolean(LEAVING, true).commit();
    }

    /** What the person did with notifications while no daemon ran: requests of the control protocol, a line each. */
    String missed() {
        return file.getString(MISSED, "");
    }

    void setMissed(String missed) {
        file.edit().putString(MISSED, missed).commit();
    }

    /** Whether the app has switched pushes off. */
    boolean disabled() {
        return file.getBoolean(DISABLED, false);
    }

    void setDisabled(boolean disabled) {
        file.edit().putBoolean(DISABLED, disabled).commit();
    }

    /** The app's own notify type, which wins over the message's; null if it has set none. */
    Integer notifyType() {
        return file.contains(NOTIFY_TYPE) ? Integer.valueOf(file.getInt(NOTIFY_TYPE, -1)) : null;
    }

    void setNotifyType(Integer type) {
        SharedPreferences.Editor edit = file.edit();
        if (type == null) {
            edit.remove(NOTIFY_TYPE);
        } else {
            edit.putInt(NOTIFY_TYPE, type);
        }
        edit.commit();
    }

    /** Wall times of the last starts, separated by commas. */
    String starts() {
        return file.getString(STARTS, "");
    }

    void setStarts(String starts) {
        file.edit().putString(STARTS, starts).commit();
    }
}
