package com.tencent.qcloud.tim.demo.utils;

/** Stands for another SDK or for the reference document's demo; empty. */
public class HMSAgent {
    public static void init(android.app.Application application) {
    }
}
