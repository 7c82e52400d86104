package com.tencent.imsdk.log;

/** Stands for another SDK or for the reference document's demo; empty. */
public class QLog {
    public static void i(String tag, String text) {
    }
}
