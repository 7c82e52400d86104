package com.tencent.imsdk;

import android.os.Handler;
import android.os.Looper;

import com.xiaomi.mipush.sdk.ErrorCode;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** The callbacks of this process that wait for the gateway's answer. */
final class Pending {
    /** The commands as results name them. */
    static final String REPORT_TOKEN = "report-token";
    static final String LOGOUT = "logout";

    /** At most this many wait: an app that repeats a request while offline must not fill the memory. */
    private static final int LIMIT = 64;

    private static final List<Pending> WAITING = new ArrayList<Pending>();

    private final String command;
    private final List<String> arguments;
    private final TIMCallBack callback;

    private Pending(String command, List<String> arguments, TIMCallBack callback) {
        this.command = command;
        this.arguments = arguments;
        this.callback = callback;
    }

    /** {@code callback} is told once a result with this command and these arguments is there. */
    static void add(String command, List<String> arguments, TIMCallBack callback) {
        if (callback == null) {
            return;
        }
        TIMCallBack dropped = null;
        synchronized (WAITING) {
            if (WAITING.size() == LIMIT) {
                dropped = WAITING.remove(0).callback;
            }
            WAITING.add(new Pending(command, arguments, callback));
        }
        if (dropped != null) {
            fail(dropped, ErrorCode.ERROR_SERVICE_UNAVAILABLE, "too many requests wait for a connection");
        }
    }

    /** A result: the oldest that waits for it is told. */
    static void result(String command, List<String> arguments, long code, String reason) {
        TIMCallBack told = null;
        synchronized (WAITING) {
            for (Iterator<Pending> all = WAITING.iterator(); told == null && all.hasNext();) {
                Pending one = all.next();
                if (one.command.equals(command) && one.arguments.equals(arguments)) {
                    told = one.callback;
                    all.remove();
                }
            }
        }
        if (code == 0) {
            succeed(told);
        } else {
            fail(told, (int) code, reason);
        }
    }

    static void succeed(final TIMCallBack callback) {
        post(callback, new Runnable() {
            @Override
            public void run() {
                callback.onSuccess();
            }
        });
    }

    static void fail(final TIMCallBack callback, final int code, final String reason) {
        post(callback, new Runnable() {
            @Override
            public void run() {
                callback.onError(code, reason);
            }
        });
    }

    private static void post(TIMCallBack callback, Runnable telling) {
        if (callback != null) {
            new Handler(Looper.getMainLooper()).post(telling);
        }
    }
}
