package com.tencent.qcloud.tim.demo.utils;

import android.os.Build;

/** Stands for the reference document's demo's: whose phone it is. Only Xiaomi's is asked for here. */
public class IMFunc {
    public static boolean isBrandXiaoMi() {
        return "xiaomi".equalsIgnoreCase(Build.BRAND) || "xiaomi".equalsIgnoreCase(Build.MANUFACTURER);
    }

    public static boolean isBrandHuawei() {
        return false;
    }

    public static boolean isBrandMeizu() {
        return false;
    }

    public static boolean isBrandOppo() {
        return false;
    }

    public static boolean isBrandVivo() {
        return false;
    }
}
