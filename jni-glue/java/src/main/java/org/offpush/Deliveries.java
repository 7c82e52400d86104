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

    /** Results come on this handler's thread, on which the methods are to be called. */
    Deliveries(Context context, Handler handler, Status status, Outcome outcome) {
        this.context = context;
        this.handler = handler;
        this.status = status;
        this.outcome = outcome;
    }

    /** Delivers a callback ({@code {"kind":…}}) after those that wait. */
    void add(JSONObject callback) {
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
        // Asked each time: an update may have brought another receiver, or enabled one.
        send(waiting.peek(), Receivers.of(context, status), 0, true);
    }

    private void send(final JSONObject callback, final List<String> receivers, final int index, final boolean taken) {
        if (index == receivers.size()) {
            waiting.poll();
            busy = false;
            outcome.delivered(callback, taken);
            next();
            return;
        }
        boolean arrived = callback.optString("kind").equals("notification-arrived");
        Intent intent = Callers.sign(context, arrived ? Names.MESSAGE_ARRIVED : Names.RECEIVE_MESSAGE,
                receivers.get(index), callback);
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
