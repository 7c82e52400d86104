package org.offpush;

import android.app.Activity;
import android.content.BroadcastReceiver;
import android.content.Context;
import android.content.Intent;
import android.content.IntentFilter;
import android.os.Build;
import android.os.Bundle;
import android.os.Handler;
import android.os.Looper;

import org.json.JSONArray;
import org.json.JSONObject;

/** What Mi Push's API has no words for: how the connection is, and why. All methods may be called in any process of the app. */
public final class OfflinePush {
    private OfflinePush() {
    }

    /** The push service's connection. */
    public static final class State {
        /**
         * {@code connected}, {@code connecting}, {@code handshaking}, {@code waiting}, {@code no-network},
         * {@code unregistered}, {@code registering}, {@code waiting-to-register}, {@code registration-refused} or
         * {@code not-running}.
         */
        public final String name;
        /** Since when, in milliseconds since 1970; 0 if that is not known. */
        public final long since;
        /** Why it is so, or what is wrong; null if there is nothing to say. */
        public final String reason;
        /** Since when there has been no connection: it may have been in several of these states. */
        private final long downSince;

        private State(JSONObject json) {
            name = json.optString("state", Core.NOT_RUNNING);
            since = json.optLong("since");
            downSince = json.optLong("downSince", since);
            String problem = Json.string(json, "problem");
            JSONArray problems = json.optJSONArray("problems");
            if (problem == null && problems != null) {
                // A page has them all, the worst first.
                problem = Json.string(problems.optJSONObject(0), "title");
            }
            reason = problem != null ? problem : Json.string(json, "reason");
        }

        /** Whether messages arrive now. */
        public boolean isConnected() {
            return name.equals("connected");
        }

        @Override
        public String toString() {
            return reason == null ? name : name + " (" + reason + ")";
        }
    }

    /** Is given a page. */
    public interface PageListener {
        /** On the main thread. {@code page} is null if the push service does not answer. */
        void onPage(String page);
    }

    /** Is given the state. */
    public interface StateListener {
        /** On the main thread. */
        void onState(State state);
    }

    /** Is told of a lasting loss of the connection. */
    public interface LossListener {
        /** There has been no connection for as long as was asked for; {@code state} says why. On the main thread. */
        void onLost(State state);

        /** It is back, after {@link #onLost}. On the main thread. */
        void onBack();
    }

    /** What stops {@link #watch}. */
    public interface Watch {
        /** No more calls from now on. On the main thread. */
        void stop();
    }

    /** The status page for people: everything that {@code offpush status} shows, and what Android allows and denies. */
    public static void inspect(Context context, PageListener listener) {
        page(context, false, listener);
    }

    /** The state now. */
    public static void state(Context context, final StateListener listener) {
        page(context, true, new PageListener() {
            @Override
            public void onPage(String page) {
                JSONObject json = page == null ? null : Json.parse(Json.utf8(page));
                listener.onState(new State(json == null ? new JSONObject() : json));
            }
        });
    }

    /** Tells of losses that last for {@code millis} or longer, for as long as this process lives or until stopped. */
    public static Watch watch(Context context, long millis, LossListener listener) {
        Context application = context.getApplicationContext();
        final Watcher watcher = new Watcher(application, millis, listener);
        IntentFilter filter = new IntentFilter(StateBroadcast.action(application));
        filter.addDataScheme("offpush");
        if (Build.VERSION.SDK_INT >= 33) {
            application.registerReceiver(watcher, filter, Context.RECEIVER_NOT_EXPORTED);
        } else {
            application.registerReceiver(watcher, filter);
        }
        // Changes are told; what has been so for long is asked for.
        state(application, new StateListener() {
            @Override
            public void onState(State state) {
                if (watcher.last == null) {
                    watcher.follow(state);
                }
            }
        });
        return watcher;
    }

    /** Follows the state on the main thread. */
    private static final class Watcher extends BroadcastReceiver implements Watch, Runnable {
        private final Context application;
        private final Handler handler = new Handler(Looper.getMainLooper());
        private final long millis;
        private final LossListener listener;
        private State last;
        private boolean lost;
        private boolean stopped;

        private Watcher(Context application, long millis, LossListener listener) {
            this.application = application;
            this.millis = millis;
            this.listener = listener;
        }

        @Override
        public void onReceive(Context ignored, Intent intent) {
            JSONObject told = StateBroadcast.open(application, intent);
            if (told != null) {
                follow(new State(told));
            }
        }

        private void follow(State state) {
            if (stopped) {
                return;
            }
            boolean waits = last != null && !last.isConnected();
            last = state;
            if (state.isConnected()) {
                handler.removeCallbacks(this);
                if (lost) {
                    lost = false;
                    listener.onBack();
                }
            } else if (!waits) {
                long gone = state.downSince == 0 ? 0 : Math.max(0, System.currentTimeMillis() - state.downSince);
                handler.postDelayed(this, Math.max(0, millis - gone));
            }
        }

        /** It has lasted. */
        @Override
        public void run() {
            lost = true;
            listener.onLost(last);
        }

        @Override
        public void stop() {
            if (!stopped) {
                stopped = true;
                handler.removeCallbacks(this);
                application.unregisterReceiver(this);
            }
        }
    }

    private static void page(Context context, boolean json, final PageListener listener) {
        Intent ask = Callers.sign(context, Names.COMMAND, Names.PING_RECEIVER, Json.of("do", "page", "json", json));
        BroadcastReceiver answer = new BroadcastReceiver() {
            @Override
            public void onReceive(Context ignored, Intent intent) {
                Bundle extras = getResultExtras(false);
                listener.onPage(extras == null ? null : extras.getString("page"));
            }
        };
        context.getApplicationContext().sendOrderedBroadcast(ask.addFlags(Intent.FLAG_RECEIVER_FOREGROUND), null, answer,
                new Handler(Looper.getMainLooper()), Activity.RESULT_CANCELED, null, null);
    }
}
