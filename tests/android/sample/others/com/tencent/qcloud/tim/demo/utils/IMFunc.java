package com.tencent.qcloud.tim.demo.utils;

/** Stands for another SDK or for the reference document's demo; empty. */
public class IMFunc {
    public static boolean isBrandXiaoMi() {
        return false;
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
