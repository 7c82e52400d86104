package com.tencent.qcloud.tim.demo.utils;

/** Stands for another SDK or for the reference document's demo; empty. */
public class PushClient {
    public static PushClient getInstance(android.content.Context context) {
        return new PushClient();
    }

    public void initialize() {
    }
}
