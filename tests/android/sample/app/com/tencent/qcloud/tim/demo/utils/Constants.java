package com.tencent.qcloud.tim.demo.utils;

public class Constants {
    /****** Mi offline push parameters start ******/
    // Use your certificate ID in the Mi Push certificate information on the IM console.
    public static final long XM_PUSH_BUZID = 6666;
    // APPID and APPKEY assigned by the Mi open platform
    public static final String XM_PUSH_APPID = "1234512345123451234";
    public static final String XM_PUSH_APPKEY = "1234512345123";
    /****** Mi offline push parameters end ******/

    // The other SDKs' values, which the reference document uses and does not give.
    public static final int SDKAPPID = 1400000000;
    public static final String MZ_PUSH_APPID = "";
    public static final String MZ_PUSH_APPKEY = "";
    public static final long HW_PUSH_BUZID = 0;
    public static final long MZ_PUSH_BUZID = 0;
    public static final long OPPO_PUSH_BUZID = 0;
    public static final long VIVO_PUSH_BUZID = 0;
}
