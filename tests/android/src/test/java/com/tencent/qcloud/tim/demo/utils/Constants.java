package com.tencent.qcloud.tim.demo.utils;

/** The reference document's constants, which here name the gateway of the test. */
public class Constants {
    public static long XM_PUSH_BUZID;
    public static String XM_PUSH_APPID = "";
    public static String XM_PUSH_APPKEY = "";

    // The other SDKs' values, which the reference document uses and does not give.
    public static final int SDKAPPID = 1400000000;
    public static final String MZ_PUSH_APPID = "";
    public static final String MZ_PUSH_APPKEY = "";
    public static final long HW_PUSH_BUZID = 0;
    public static final long MZ_PUSH_BUZID = 0;
    public static final long OPPO_PUSH_BUZID = 0;
    public static final long VIVO_PUSH_BUZID = 0;
}
