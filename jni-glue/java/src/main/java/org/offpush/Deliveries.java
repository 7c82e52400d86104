package org.offpush;

import android.app.Activity;
import android.content.BroadcastReceiver;
import android.content.Context;
import android.content.Intent;
import android.os.Handler;

import org.json.JSONObject;

import java.util.ArrayDeque;
import java.util.List;

/**
 * Carries callbacks to the app's receivers, one after another, in order.
 *
 * <p>Each goes as an explicit ordered broadcast to one receiver after the other: it starts the app's process if that is
 * dead, needs no service start (which Android denies to apps in the background), and its result says that the receiver
 * has dealt with it. A binder call would kill a process that is frozen.
 */
final class Deliveries {
    /** Callbacks that wait here at most. The daemon keeps those with an id at 16; the others are arrivals. */
    private static final int MOST = 64;

    /** What becomes of a callback. */
    interface Outcome {
        /** The receivers are through with it. {@code taken}: each of them has dealt with it. */
        void delivered(JSONObject callback, boolean taken);
    }

    private final Context context;
    private final Handler handler;
    private final Status status;
    private final Outcome outcome;
    private final ArrayDeque<JSONObject> waiting = new ArrayDeque<JSONObject>();
    private boolean busy;
    /** The number of the last delivery; another process, or the next of this one, begins elsewhere. */
    private long number = System.nanoTime();

    /** Results come on this handler's thread, on which the methods are to be called. */
    Deliveries(Context context, Handler handler, Status status, Outcome outcome) {
        this.context = context;
        this.handler = handler;
        this.status = status;
        this.outcome = outcome;
    }

    /** Delivers a callback ({@code {"kind":…}}) after those that wait. */
    void add(JSONObject callback) {
        if (waits(callback)) {
            // The daemon gives all again that is not confirmed.
            return;
        }
        if (waiting.size() >= MOST) {
            JSONObject dropped = firstArrival();
            if (dropped == null) {
                outcome.delivered(callback, false);
                return;
            }
            waiting.remove(dropped);
        }
        waiting.add(callback);
        next();
    }

    /** Whether nothing waits, and nothing is on its way. */
    boolean isIdle() {
        return waiting.isEmpty();
    }

    private boolean waits(JSONObject callback) {
        for (JSONObject other : waiting) {
            if (callback.has("id") && other.has("id") && other.optLong("id") == callback.optLong("id")) {
                return true;
            }
        }
        return false;
    }

    /** The oldest that nobody has to confirm. */
    private JSONObject firstArrival() {
        for (JSONObject callback : waiting) {
            if (!callback.has("id")) {
                return callback;
            }
        }
        return null;
    }

    private void next() {
        if (busy || waiting.isEmpty()) {
            return;
        }
        busy = true;
        JSONObject callback = waiting.peek();
        Json.put(callback, "delivery", ++number);
        // Asked each time: an update may have brought another receiver, or enabled one.
        List<String> receivers = Receivers.of(context, status);
        // Without a receiver results and clicks have nobody to wait for; a message for the app itself waits for its
        // time to live, and is not called shown.
        boolean taken = !receivers.isEmpty() || !callback.optString("kind").equals("pass-through-message");
        send(callback, receivers, 0, taken);
    }

    private void send(final JSONObject callback, final List<String> receivers, final int index, final boolean taken) {
        if (index == receivers.size()) {
            waiting.poll();
            busy = false;
            outcome.delivered(callback, taken);
            next();
            return;
        }
        String kind = callback.optString("kind");
        String action = kind.equals("notification-arrived") ? Names.MESSAGE_ARRIVED
                : kind.equals(Delivery.REQUIRE_PERMISSIONS) ? Names.ERROR : Names.RECEIVE_MESSAGE;
        Intent intent = Callers.sign(context, action, receivers.get(index), callback);
        intent.addFlags(Intent.FLAG_INCLUDE_STOPPED_PACKAGES | Intent.FLAG_RECEIVER_FOREGROUND);
        BroadcastReceiver last = new BroadcastReceiver() {
            @Override
            public void onReceive(Context ignored, Intent same) {
                send(callback, receivers, index + 1, taken && getResultCode() == Delivery.TAKEN);
            }
        };
        try {
            context.sendOrderedBroadcast(intent, null, last, handler, Activity.RESULT_CANCELED, null, null);
        } catch (RuntimeException refused) {
            // A broadcast that is too large, or a system that is going down.
            AppLog.log("a callback could not be sent to " + receivers.get(index), refused);
            send(callback, receivers, index + 1, false);
        }
    }
}
