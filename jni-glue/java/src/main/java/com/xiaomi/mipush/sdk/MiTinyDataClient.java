package com.xiaomi.mipush.sdk;

import android.content.Context;

/** The published API's usage statistics. Does nothing: offpush collects none. */
public class MiTinyDataClient {
    /** Does nothing. */
    public static void init(Context context, String channel) {
    }

    /** Does nothing. Returns false: not uploaded. */
    public static boolean upload(Context context, String category, String name, long value, String data) {
        return false;
    }

    /** Does nothing. Returns false: not uploaded. */
    public static boolean upload(String category, String name, long value, String data) {
        return false;
    }
}
