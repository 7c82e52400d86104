package org.offpush;

import android.content.BroadcastReceiver;
import android.content.Context;
import android.content.Intent;
import android.content.IntentFilter;
import android.os.Build;
import android.os.Handler;
import android.os.HandlerThread;
import android.os.SystemClock;
import android.os.UserManager;

import org.json.JSONObject;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * The push service's heart in {@code :pushservice}: one for the process, whatever woke it (the service, a job, an alarm,
 * a broadcast). It decides whether the daemon is to run, and hands what the app wants to it. All work is done on one
 * thread, in order; the methods may be called from any.
 */
final class Core {
    /** What dumpsys may ask of the control protocol: it changes nothing. */
    private static final List<String> QUESTIONS = Arrays.asList("history", "notifications", "networks");
    /**
     * Milliseconds until a daemon that could not start is started again: longer than the end of one before takes; doubled
     * up to a day, since what is wrong may last until the app is updated.
     */
    private static final long NEXT_TRY = 60_000L;
    private static final long NEXT_TRY_AT_MOST = 24 * 3_600_000L;
    /** Milliseconds after which a service that still runs is no restart loop. */
    private static final long SETTLED = 5 * 60_000L;

    /** The state, in the control protocol's word, of a daemon that does not run. */
    static final String NOT_RUNNING = "not-running";
    private static final String DOES_NOT_RUN = "does not run: ";
    private static final String UNREGISTERED = "the app has not registered";
    private static final JSONObject UNREGISTER = Json.of("op", "command", "command", "unregister");
    private static final String PAUSES = "it was started again and again within minutes, and now waits for a while";
    private static final String LOCKED = "the phone has not been unlocked since it was started";

    private static Core instance;
    private static boolean waitsForUnlock;

    final Context context;
    final Handler handler;
    final Status status = new Status();
    final Settings settings;
    final Jobs jobs;
    final Alarms alarms;
    final WakeLocks locks;
    final Presence presence;
    final Bridge bridge;
    final Daemon daemon;
    final Networks networks;
    final Missed missed;
    private final Restarts restarts;
    private final Commands commands;
    /** Until this moment (elapsedRealtime, ms), which counts sleep too, nothing is started: it was started too often. */
    private long pausesUntil;
    private long nextTry = NEXT_TRY;
    private String lastStarted;
    /** Why the daemon does not run; null while it does, and before anything has asked for it. */
    private volatile String whyNot;

    private Core(Context context) {
        this.context = context;
        HandlerThread thread = new HandlerThread("offpush");
        thread.start();
        handler = new Handler(thread.getLooper());
        settings = new Settings(context);
        restarts = new Restarts(settings);
        jobs = new Jobs(context, status);
        alarms = new Alarms(context, status, jobs);
        locks = new WakeLocks(context, status);
        Channels channels = new Channels(context);
        presence = new Presence(context, status, jobs, channels);
        bridge = new Bridge(this, channels);
        daemon = new Daemon(context, bridge);
        status.onChange(new Runnable() {
            @Override
            public void run() {
                daemon.said(status);
            }
        });
        missed = new Missed(settings);
        commands = new Commands(this);
        networks = new Networks(context, handler, status, new Networks.Listener() {
            @Override
            public void network(JSONObject network) {
                daemon.network(network);
            }
        });
    }

    /** The process's own; null before the first unlock after boot, when the app's files cannot be read. */
    static synchronized Core get(Context context) {
        if (instance == null && isUnlocked(context)) {
            Context application = context.getApplicationContext();
            instance = new Core(application == null ? context : application);
        }
        return instance;
    }

    /** Whether the person has unlocked the phone since it was started. */
    static boolean isUnlocked(Context context) {
        UserManager users = (UserManager) context.getSystemService(Context.USER_SERVICE);
        return Build.VERSION.SDK_INT < 24 || users == null || users.isUserUnlocked();
    }

    /** Starts what is to run, on the core's thread: after boot, restart, alarm, job. */
    void resume(final String why) {
        handler.post(new Runnable() {
            @Override
            public void run() {
                if (settings.appId() == null || settings.disabled()) {
                    presence.end();
                    return;
                }
                start(why, false);
                daemon.wake();
                networks.look();
                alarms.again();
                // A service that is there already, in the foreground or not, is never started from here: it leads here.
                if (!presence.isThere()) {
                    String denied = presence.start(Json.of("do", "stay"));
                    if (denied != null) {
                        presence.byJob(denied);
                    }
                }
                bridge.notificationsMayBeBack();
            }
        });
    }

    /** What a process of the app, or the person through a notification, wants. */
    void command(final JSONObject body) {
        handler.post(new Runnable() {
            @Override
            public void run() {
                commands.run(body);
            }
        });
    }

    /** The service has come to stay, or was started again. */
    void serviceStarted(PushService service) {
        // At once, on the service's own thread: Android gives a foreground service seconds to become one.
        presence.enter(service, Config.of(context));
        resume("service");
    }

    void serviceEnded() {
        presence.left();
        handler.post(new Runnable() {
            @Override
            public void run() {
                if (settings.appId() == null || settings.disabled()) {
                    stop("the app has switched it off");
                } else if (!presence.isThere()) {
                    String denied = presence.start(Json.of("do", "stay"));
                    if (denied != null) {
                        presence.byJob("Android has ended the service, and " + denied);
                    }
                }
            }
        });
    }

    /**
     * Starts the daemon if it is to run and does not. On the core's thread.
     *
     * @param asked the app itself asked: what was before is no loop
     * @return null if it runs, else why not
     */
    String start(String why, boolean asked) {
        String appId = settings.appId();
        if (appId == null) {
            return say(UNREGISTERED);
        }
        if (settings.disabled()) {
            return say("the app has switched pushes off (disablePush)");
        }
        Config config = Config.of(context);
        if (config.problem != null) {
            status.complain(Status.CONFIGURATION, Status.WRONG_MANIFEST, config.problem);
            return say(config.problem);
        }
        status.clear(Status.CONFIGURATION);
        if (asked) {
            restarts.forget();
            pausesUntil = 0;
            nextTry = NEXT_TRY;
        }
        if (!daemon.runs()) {
            if (SystemClock.elapsedRealtime() < pausesUntil) {
                return say(PAUSES);
            }
            long pause = restarts.start(System.currentTimeMillis());
            if (pause > 0) {
                pausesUntil = SystemClock.elapsedRealtime() + pause;
                again(pause);
                return say(PAUSES);
            }
            lastStarted = why;
        }
        boolean ran = daemon.runs();
        jobs.daily();
        String problem = daemon.start(config, appId, settings.appKey());
        if (problem != null) {
            // A disk that is full, or the former daemon's last moments: later it may do.
            again(nextTry);
            nextTry = Math.min(2 * nextTry, NEXT_TRY_AT_MOST);
            return say(problem);
        }
        nextTry = NEXT_TRY;
        if (!ran) {
            handler.postDelayed(settled, SETTLED);
            networks.watch();
            bridge.daemonStarted();
            missed.tell(daemon);
            if (settings.leaving()) {
                leave();
            }
        }
        if (!daemon.runs()) {
            return whyNot;
        }
        whyNot = null;
        status.clear(Status.DAEMON);
        daemon.said(status);
        return null;
    }

    /** The app wants no pushes any more: nothing of ours is left running or scheduled. On the core's thread. */
    void end(String why) {
        stop(why);
        alarms.set(-1, -1);
        jobs.cancelAll();
        presence.end();
    }

    /** Tells the daemon that the app has unregistered. Its result follows; a refusal says that there is nothing to end. */
    private void leave() {
        JSONObject answer = daemon.request(UNREGISTER);
        if (answer != null && answer.has("error")) {
            left();
        }
    }

    /** The app unregisters: the daemon goes on until the gateway knows, also in the next process. On the core's thread. */
    void unregister() {
        if (settings.appId() == null) {
            return;
        }
        settings.setLeaving();
        boolean ran = daemon.runs();
        if (start("unregisterPush", true) == null && ran) {
            leave();
        }
    }

    /** The gateway knows that the app has unregistered, if it still wants to. On the core's thread. */
    void left() {
        if (settings.leaving()) {
            settings.setApp(null, null);
            end(UNREGISTERED);
        }
    }

    /** Ends the daemon and what belongs to it. On the core's thread. */
    void stop(String why) {
        handler.removeCallbacks(settled);
        handler.removeCallbacks(afterPause);
        networks.stop();
        daemon.stop();
        locks.release();
        bridge.daemonStopped(why);
        say(why);
    }

    /** Starts the daemon in so many milliseconds: awake, the handler is on time; asleep, the job is. */
    private void again(long millis) {
        handler.removeCallbacks(afterPause);
        handler.postDelayed(afterPause, millis);
        jobs.wake(millis, millis);
    }

    private final Runnable afterPause = new Runnable() {
        @Override
        public void run() {
            start("after a pause", false);
        }
    };

    private final Runnable settled = new Runnable() {
        @Override
        public void run() {
            restarts.forget();
        }
    };

    private String say(String why) {
        whyNot = why;
        status.say(Status.DAEMON, DOES_NOT_RUN + why);
        return why;
    }

    private String whyNot() {
        return whyNot == null && settings.appId() == null ? say(UNREGISTERED) : whyNot;
    }

    /** The status page as lines for scripts: docs/control.md of the project says what they are. */
    static String checkin(Context context) {
        Core core = get(context);
        String page = core == null ? null : core.daemon.checkin();
        if (page != null) {
            return page;
        }
        String why = core == null ? LOCKED : core.whyNot();
        return "1,state," + NOT_RUNNING + ",," + (why == null ? "" : why.replace(',', ';')) + "\n1,end\n";
    }

    /** The status page, for people or for machines. */
    String page(boolean json) {
        // What a person decides in the settings is told to nobody.
        bridge.notifications.allowed();
        bridge.notifications.sayChannels();
        presence.sayBattery();
        String started = lastStarted == null ? "" : "  started by: " + lastStarted + '\n';
        return page(context, daemon.page(json), json, status, whyNot()) + (json ? "" : started);
    }

    /** The status page of this process, in whatever state it is. */
    static String page(Context context, boolean json) {
        Core core = get(context);
        if (core != null) {
            return core.page(json);
        }
        Status status = new Status();
        status.say(Status.DAEMON, DOES_NOT_RUN + LOCKED);
        return page(context, null, json, status, LOCKED);
    }

    private static String page(Context context, String daemon, boolean json, Status status, String why) {
        if (json) {
            JSONObject page = daemon == null ? null : Json.parse(Json.utf8(daemon));
            if (page == null) {
                page = Json.of("schema", 1, "state", NOT_RUNNING, "reason", why, "package", context.getPackageName());
            }
            Json.put(page, "platform", status.json());
            return page.toString();
        }
        StringBuilder text = new StringBuilder(daemon == null ? "The daemon does not run.\n" : daemon);
        text.append("\nAndroid ").append(Build.VERSION.RELEASE).append(" (API ").append(Build.VERSION.SDK_INT).append(")\n");
        // The daemon's page has it already.
        List<String> lines = daemon == null ? status.lines() : Collections.<String>emptyList();
        for (String line : lines) {
            text.append("  ").append(line).append('\n');
        }
        return text.toString();
    }

    /** The page for machines, or the answer to a question of the control protocol that changes nothing, in one line. */
    static String answer(Context context, List<String> question) {
        if (question.isEmpty()) {
            return page(context, true);
        }
        boolean isKnown = QUESTIONS.contains(question.get(0));
        JSONObject line = Json.of("op", question.get(0));
        if (question.size() > 1 && question.get(1).matches("[0-9]{1,18}")) {
            Json.put(line, "after", Long.valueOf(question.get(1)));
        }
        Core core = isKnown ? get(context) : null;
        JSONObject answer = core == null ? null : core.daemon.request(line);
        return answer != null ? answer.toString() : Json.of("error", Json.of("code", "unknown-operation", "message",
                isKnown ? "the daemon does not run" : "not to be had by dumpsys")).toString();
    }

    /** Before the first unlock: resumes once the phone is unlocked. */
    static synchronized void waitForUnlock(final Context context) {
        if (waitsForUnlock) {
            return;
        }
        waitsForUnlock = true;
        AppLog.log(LOCKED + ": the push service waits for that");
        Context application = context.getApplicationContext();
        final Context lasting = application == null ? context : application;
        BroadcastReceiver receiver = new BroadcastReceiver() {
            @Override
            public void onReceive(Context ignored, Intent intent) {
                lasting.unregisterReceiver(this);
                waitsForUnlock = false;
                Core core = get(lasting);
                if (core != null) {
                    core.resume("first unlock");
                }
            }
        };
        lasting.registerReceiver(receiver, new IntentFilter(Intent.ACTION_USER_UNLOCKED));
    }
}
