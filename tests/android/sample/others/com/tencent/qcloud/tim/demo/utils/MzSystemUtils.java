package com.tencent.qcloud.tim.demo.utils;

/** Stands for another SDK or for the reference document's demo; empty. */
public class MzSystemUtils {
    public static boolean isBrandMeizu(android.content.Context context) {
        return false;
    }
}
