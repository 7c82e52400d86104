package org.offpush;

import android.os.Build;
import android.os.SystemClock;

import com.xiaomi.mipush.sdk.MiPushClient;

import org.json.JSONArray;
import org.json.JSONObject;

/** What the daemon asks of Android, carried out on the core's thread: the daemon's own must never wait. */
final class Bridge implements Callbacks, Deliveries.Outcome, Notifications.Outcomes, Notifications.Source {
    /** Milliseconds after which callbacks that the app did not take are given to it again; doubled up to an hour. */
    private static final long AGAIN = 30_000;
    private static final long AGAIN_AT_MOST = 3_600_000;

    final Notifications notifications;
    private final Core core;
    private final Deliveries deliveries;
    private long again = AGAIN;
    private boolean waitsForPermission;
    /** The daemon holds callbacks back, since the app did not take one. */
    private boolean isMuted;
    private volatile String state = "";
    private volatile long busyAt;

    Bridge(Core core, Channels channels) {
        this.core = core;
        notifications = new Notifications(core.context, core.handler, core.status, core.settings, channels,
                new Clicks(core.context, core.status), this, this);
        deliveries = new Deliveries(core.context, core.handler, core.status, this);
    }

    /** The daemon was started: the app is there for callbacks, and what is folded is behind the summary again. */
    void daemonStarted() {
        core.daemon.app(true);
        long after = 0;
        while (after >= 0) {
            JSONObject answer = core.daemon.request(Json.of("op", "notifications", "after", after));
            JSONObject ok = answer == null ? null : answer.optJSONObject("ok");
            JSONObject page = ok == null ? null : ok.optJSONObject("notifications");
            JSONArray items = page == null ? new JSONArray() : page.optJSONArray("items");
            for (int i = 0; items != null && i < items.length(); i++) {
                JSONObject item = items.optJSONObject(i);
                if (item != null && item.optString("state").equals("folded")) {
                    notifications.restoreFolded(item.optLong("seq"), item);
                }
            }
            after = page == null || page.isNull("next") ? -1 : page.optLong("next");
        }
    }

    /** The daemon was ended: who listens for its state learns it from us. */
    void daemonStopped(String why) {
        if (!state.isEmpty()) {
            state = "";
            StateBroadcast.tell(core.context, Json.of("state", Core.NOT_RUNNING, "since", System.currentTimeMillis(),
                    "problem", why));
        }
    }

    /** Something for the app that does not come from the daemon. On the core's thread. */
    void tell(JSONObject callback) {
        deliveries.add(callback);
    }

    /** If messages wait for the person's permission, and it is there: shows them. On the core's thread. */
    void notificationsMayBeBack() {
        if (waitsForPermission && notifications.allowed()) {
            waitsForPermission = false;
            core.daemon.canPresent();
        }
    }

    /** Whether the daemon is connected, nothing is under way, and nothing has happened for so many milliseconds. */
    boolean isQuiet(long millis) {
        return state.equals("connected") && deliveries.isIdle() && notifications.isIdle() && SystemClock.elapsedRealtime() - busyAt >= millis;
    }

    /** The daemon's state as it last told it. */
    String state() {
        return state;
    }

    // ------------------------------------------------------------ from the daemon's thread

    @Override
    public void present(final long sequence, byte[] message, final boolean silent) {
        busy();
        final JSONObject wire = Json.parse(message);
        post(new Runnable() {
            @Override
            public void run() {
                if (wire == null) {
                    presented(sequence, Notifications.BLOCKED, "the message cannot be read");
                } else {
                    notifications.present(sequence, Messages.ofWire(wire), silent);
                }
            }
        });
    }

    @Override
    public void cancel(final long sequence) {
        post(new Runnable() {
            @Override
            public void run() {
                notifications.cancel(sequence);
            }
        });
    }

    @Override
    public long[] showing(long[] sequences) {
        return notifications.showing(sequences);
    }

    @Override
    public void callback(byte[] line) {
        busy();
        // The line's content; the control socket wraps it once more.
        JSONObject read = Json.parse(line);
        JSONObject wrapped = read == null ? null : read.optJSONObject("callback");
        final JSONObject callback = wrapped != null ? wrapped : read;
        if (callback != null) {
            post(new Runnable() {
                @Override
                public void run() {
                    JSONObject message = callback.optJSONObject("message");
                    if (callback.optString("kind").equals("notification-arrived") && message != null) {
                        Json.put(message, "notified", notifications.wouldShow(message));
                    }
                    deliveries.add(callback);
                    boolean registered = callback.optString("kind").equals("registered") && callback.optInt("code") == 0;
                    if (registered && Build.VERSION.SDK_INT >= 33
                            && !Names.granted(core.context, android.Manifest.permission.POST_NOTIFICATIONS)) {
                        deliveries.add(Json.of("kind", Delivery.REQUIRE_PERMISSIONS, "permissions",
                                new JSONArray().put(android.Manifest.permission.POST_NOTIFICATIONS)));
                    }
                }
            });
        }
    }

    @Override
    public void alarm(final long deadline, final long latest) {
        post(new Runnable() {
            @Override
            public void run() {
                // What a daemon asked for before it was ended would come too late.
                if (core.daemon.runs()) {
                    core.alarms.set(deadline, latest);
                }
            }
        });
    }

    @Override
    public void wakeLock(long millis) {
        // At once: posted, the phone could be asleep by then.
        core.locks.hold(millis);
    }

    @Override
    public void judge(final long question, final byte[][] chain, final String host) {
        // A thread of its own: the platform may read files, and fetch pins and revocations.
        Thread judge = new Thread("offpush-judge") {
            @Override
            public void run() {
                String problem = Trust.judge(chain, host);
                if (problem == null) {
                    core.status.clear(Status.TRUST);
                } else {
                    core.status.complain(Status.TRUST, Status.CERTIFICATE_REFUSED,
                            "the certificate of " + host + ": " + problem);
                }
                core.daemon.judged(question, problem);
            }
        };
        judge.start();
    }

    @Override
    public void state(byte[] json) {
        busy();
        final JSONObject told = Json.parse(json);
        if (told != null) {
            state = told.optString("state");
            post(new Runnable() {
                @Override
                public void run() {
                    StateBroadcast.tell(core.context, told);
                }
            });
        }
    }

    // ------------------------------------------------------------ what became of it

    @Override
    public void presented(long sequence, int outcome, String reason) {
        waitsForPermission |= outcome == Notifications.LATER;
        core.daemon.presented(sequence, outcome, reason);
    }

    @Override
    public JSONObject message(long sequence) {
        JSONObject answer = core.daemon.request(Json.of("op", "message", "seq", sequence));
        JSONObject ok = answer == null ? null : answer.optJSONObject("ok");
        return ok == null ? null : ok.optJSONObject("message");
    }

    @Override
    public void delivered(JSONObject callback, boolean taken) {
        if (!callback.has("id")) {
            return;
        }
        boolean isLast = MiPushClient.COMMAND_UNREGISTER.equals(callback.optString("command")) && callback.optInt("code") == 0;
        if (taken) {
            again = AGAIN;
            core.daemon.request(Json.of("op", "taken", "id", callback.optLong("id")));
        }
        if (isLast) {
            core.left();
        }
        if (taken) {
            return;
        }
        // The app's process died over it, or could not be started: the daemon gives them all again.
        core.daemon.app(false);
        isMuted = true;
        core.handler.removeCallbacks(listenAgain);
        core.handler.postDelayed(listenAgain, again);
        again = Math.min(again * 2, AGAIN_AT_MOST);
    }

    /** The app itself has spoken, so it can be spoken to. On the core's thread. */
    void appIsThere() {
        again = AGAIN;
        if (isMuted) {
            core.handler.removeCallbacks(listenAgain);
            listenAgain.run();
        }
    }

    private final Runnable listenAgain = new Runnable() {
        @Override
        public void run() {
            isMuted = false;
            core.daemon.app(true);
        }
    };

    private void busy() {
        busyAt = SystemClock.elapsedRealtime();
    }

    private void post(Runnable work) {
        core.handler.post(work);
    }
}
