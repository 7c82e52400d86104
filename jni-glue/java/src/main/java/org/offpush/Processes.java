package org.offpush;

import android.app.ActivityManager;
import android.app.Application;
import android.content.Context;
import android.os.Build;

import java.io.FileInputStream;
import java.io.IOException;
import java.util.List;

/** Which of the app's processes this is, and which of them a person is looking at. */
final class Processes {
    private static final String SERVICE = ":pushservice";
    /** Where Linux tells this process's name; tests have another. */
    private static String commandLine = "/proc/self/cmdline";

    private Processes() {
    }

    /** This process's name. */
    static String name(Context context) {
        if (Build.VERSION.SDK_INT >= 28) {
            String name = Application.getProcessName();
            if (name != null) {
                return name;
            }
        }
        byte[] line = new byte[256];
        try {
            FileInputStream file = new FileInputStream(commandLine);
            try {
                int read = file.read(line);
                int end = 0;
                while (end < read && line[end] != 0) {
                    end++;
                }
                return new String(line, 0, end, "US-ASCII");
            } finally {
                file.close();
            }
        } catch (IOException unreadable) {
            return context.getPackageName();
        }
    }

    /** Whether this is the process of the push service. */
    static boolean isService(Context context) {
        return name(context).equals(context.getPackageName() + SERVICE);
    }

    /** Whether a person is looking at the app now. The push service itself, in the foreground or not, does not count. */
    static boolean appIsVisible(Context context) {
        ActivityManager manager = (ActivityManager) context.getSystemService(Context.ACTIVITY_SERVICE);
        List<ActivityManager.RunningAppProcessInfo> running = manager == null ? null : manager.getRunningAppProcesses();
        if (running == null) {
            return false;
        }
        for (ActivityManager.RunningAppProcessInfo process : running) {
            if (process.importance == ActivityManager.RunningAppProcessInfo.IMPORTANCE_FOREGROUND
                    && !process.processName.endsWith(SERVICE) && process.uid == android.os.Process.myUid()) {
                return true;
            }
        }
        return false;
    }
}
