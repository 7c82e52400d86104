package com.tencent.qcloud.tim.demo.utils;

/** Stands for another SDK or for the reference document's demo; empty. */
public class PushManager {
    public static void register(android.content.Context context, String appId, String appKey) {
    }
}
