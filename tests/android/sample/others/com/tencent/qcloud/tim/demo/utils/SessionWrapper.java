package com.tencent.qcloud.tim.demo.utils;

/** Stands for the IM SDK's: whether this is the process that is named like the app. */
public class SessionWrapper {
    public static boolean isMainProcess(android.content.Context context) {
        android.app.ActivityManager manager =
                (android.app.ActivityManager) context.getSystemService(android.content.Context.ACTIVITY_SERVICE);
        for (android.app.ActivityManager.RunningAppProcessInfo process : manager.getRunningAppProcesses()) {
            if (process.pid == android.os.Process.myPid()) {
                return process.processName.equals(context.getPackageName());
            }
        }
        return false;
    }
}
