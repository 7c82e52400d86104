package org.offpush;

import static org.robolectric.Shadows.shadowOf;

import android.app.Activity;
import android.app.Application;
import android.app.Notification;
import android.app.NotificationManager;
import android.app.PendingIntent;
import android.content.BroadcastReceiver;
import android.content.Context;
import android.content.Intent;
import android.os.Bundle;
import android.os.Looper;
import android.service.notification.StatusBarNotification;

import com.xiaomi.push.service.XMPushService;

import org.robolectric.Robolectric;
import org.robolectric.RuntimeEnvironment;
import org.robolectric.android.controller.ServiceController;
import org.robolectric.shadows.ShadowApplication;
import org.robolectric.shadows.ShadowSystemClock;
import org.robolectric.util.ReflectionHelpers;

import java.io.File;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/**
 * The rest of a phone around the real framework code: what ActivityManager does with started services and explicit
 * broadcasts. Robolectric runs one process, so {@code :pushservice} and the app are told apart by their classes alone.
 */
final class Phone implements AutoCloseable {
    /** Milliseconds that anything may take. */
    private static final long LONGEST = 30_000;

    final Application app = RuntimeEnvironment.getApplication();
    private ServiceController<XMPushService> service;
    private int starts;

    Phone() throws Exception {
        library();
        // The manifest's receivers are registered once for each of their filters; Android knows each only once.
        Set<String> seen = new HashSet<String>();
        for (ShadowApplication.Wrapper wrapper : new ArrayList<ShadowApplication.Wrapper>(
                shadowOf(app).getRegisteredReceivers())) {
            if (!seen.add(wrapper.broadcastReceiver.getClass().getName())) {
                app.unregisterReceiver(wrapper.broadcastReceiver);
            }
        }
        SampleReceiver.CALLS.clear();
        SampleReceiver.fault = null;
        SampleReceiver.slow = null;
        SecondReceiver.RESULTS.clear();
        SecondReceiver.COMMANDS.clear();
        SecondReceiver.onMainThread = false;
        // Normal permissions, which Android grants with the installation.
        shadowOf(app).grantPermissions(android.Manifest.permission.FOREGROUND_SERVICE,
                android.Manifest.permission.RECEIVE_BOOT_COMPLETED);
        set(Core.class, "instance", null);
        set(Core.class, "waitsForUnlock", false);
        set(Client.class, "strangerAt", -1_000_000L);
        set(Processes.class, "commandLine", "/proc/self/cmdline");
    }

    /** Where the manifest's gateway is; null takes the line out. */
    void server(String address) throws Exception {
        metaData("offpush.server", address);
    }

    /** The manifest's meta-data of this name; null takes the line out. */
    void metaData(String name, String value) throws Exception {
        Bundle data = shadowOf(app.getPackageManager()).getInternalMutablePackageInfo(app.getPackageName())
                .applicationInfo.metaData;
        if (value == null) {
            data.remove(name);
        } else {
            data.putString(name, value);
        }
    }

    /** Works off what was posted and started. */
    void pump() {
        shadowOf(Looper.getMainLooper()).idle();
        for (Intent started = shadowOf(app).getNextStartedService(); started != null;
                started = shadowOf(app).getNextStartedService()) {
            if (started.getComponent().getClassName().equals(Names.PUSH_SERVICE)) {
                start(started);
            }
        }
        shadowOf(Looper.getMainLooper()).idle();
        endStopped();
    }

    /** Android ends a service that has stopped itself. */
    private void endStopped() {
        if (service != null && shadowOf(service.get()).isStoppedBySelf()) {
            endService();
        }
    }

    /** Starts XMPushService, or gives it another intent; null as after a kill. */
    XMPushService start(Intent intent) {
        if (service == null) {
            service = Robolectric.buildService(XMPushService.class).create();
        }
        service.get().onStartCommand(intent, 0, ++starts);
        endStopped();
        return service == null ? null : service.get();
    }

    XMPushService service() {
        return service == null ? null : service.get();
    }

    void endService() {
        if (service != null) {
            ServiceController<XMPushService> ends = service;
            service = null;
            ends.destroy();
        }
    }

    /** Waits until it is so. */
    void until(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + LONGEST * 1_000_000;
        while (!condition.call()) {
            if (System.nanoTime() > end) {
                Core core = core();
                throw new AssertionError("not within " + LONGEST + " ms: " + what + "\n" + SampleReceiver.CALLS + "\n"
                        + (core == null ? "no core" : core.page(false)));
            }
            pump();
            LockSupport.parkNanos(2_000_000);
        }
    }

    /** Lets the core's thread work off what was posted before. */
    void settle() throws Exception {
        pump();
        Core core = core();
        if (core != null) {
            final CountDownLatch done = new CountDownLatch(1);
            core.handler.post(new Runnable() {
                @Override
                public void run() {
                    done.countDown();
                }
            });
            until("the core's thread is free", new Callable<Boolean>() {
                @Override
                public Boolean call() {
                    return done.getCount() == 0;
                }
            });
        }
        pump();
    }

    /** Keeps the core's thread from working until the latch is counted down. */
    CountDownLatch hold(Core core) throws Exception {
        final CountDownLatch held = new CountDownLatch(1);
        final CountDownLatch holds = new CountDownLatch(1);
        core.handler.post(new Runnable() {
            @Override
            public void run() {
                holds.countDown();
                try {
                    held.await();
                } catch (InterruptedException ends) {
                    Thread.currentThread().interrupt();
                }
            }
        });
        holds.await();
        return held;
    }

    /** Time passes. */
    void pass(long millis) throws Exception {
        ShadowSystemClock.advanceBy(Duration.ofMillis(millis));
        settle();
    }

    static Core core() {
        try {
            Field field = Core.class.getDeclaredField("instance");
            field.setAccessible(true);
            return (Core) field.get(null);
        } catch (ReflectiveOperationException missing) {
            throw new AssertionError(missing);
        }
    }

    NotificationManager notifications() {
        return (NotificationManager) app.getSystemService(Context.NOTIFICATION_SERVICE);
    }

    /** The messages' notifications in the bar. */
    List<Notification> bar() {
        List<Notification> bar = new ArrayList<Notification>();
        for (StatusBarNotification one : notifications().getActiveNotifications()) {
            if (one.getTag() != null) {
                bar.add(one.getNotification());
            }
        }
        return bar;
    }

    /** The notification with this title; null if there is none. */
    Notification titled(String title) {
        for (Notification one : bar()) {
            if (title.contentEquals(String.valueOf(one.extras.getCharSequence(Notification.EXTRA_TITLE)))) {
                return one;
            }
        }
        return null;
    }

    /** A person clicks what is behind a notification: an activity of ours, and what that started is returned. */
    Intent click(PendingIntent behind) {
        while (shadowOf(app).getNextStartedActivity() != null) {
            continue;
        }
        open(shadowOf(behind).getSavedIntent());
        return shadowOf(app).getNextStartedActivity();
    }

    /** A person clicks a notification; the notification bar takes it away if it says so. */
    Intent clickOn(StatusBarNotification one) throws Exception {
        if ((one.getNotification().flags & Notification.FLAG_AUTO_CANCEL) != 0) {
            notifications().cancel(one.getTag(), one.getId());
        }
        return click(one.getNotification().contentIntent);
    }

    /** A person swipes a notification away. */
    void swipe(StatusBarNotification one) {
        notifications().cancel(one.getTag(), one.getId());
        fire(one.getNotification().deleteIntent);
    }

    /** How many notifications stand there that nobody can swipe away: the foreground service's. */
    int ongoing() {
        int count = 0;
        for (StatusBarNotification one : notifications().getActiveNotifications()) {
            count += one.isOngoing() ? 1 : 0;
        }
        return count;
    }

    /** An activity is started, and ends or not. */
    static void open(Intent intent) {
        try {
            Robolectric.buildActivity(Class.forName(intent.getComponent().getClassName()).asSubclass(Activity.class), intent)
                    .create();
        } catch (ClassNotFoundException missing) {
            throw new AssertionError(missing);
        }
    }

    /** Sends what a PendingIntent for a broadcast holds. */
    void fire(PendingIntent behind) {
        app.sendBroadcast(shadowOf(behind).getSavedIntent());
        pump();
    }

    /** A broadcast of somebody else to one of our receivers. */
    void forged(BroadcastReceiver receiver, Intent intent) {
        receiver.onReceive(app, intent);
        pump();
    }

    /** A private copy of the library: no two sandboxes may load the same file. */
    private static void library() throws Exception {
        String path = System.getProperty("offpush.test.library");
        if (path == null || path.isEmpty() || System.getProperty(loaded()) != null) {
            return;
        }
        File copy = File.createTempFile("liboffpush", ".so");
        copy.deleteOnExit();
        Files.copy(new File(path).toPath(), copy.toPath(), StandardCopyOption.REPLACE_EXISTING);
        System.setProperty("offpush.library", copy.getPath());
        Class.forName("org.offpush.Native", true, Phone.class.getClassLoader());
        System.setProperty(loaded(), "yes");
    }

    private static String loaded() {
        return "offpush.loaded." + System.identityHashCode(Phone.class.getClassLoader());
    }

    static void set(Class<?> owner, String name, Object value) throws Exception {
        Field field = owner.getDeclaredField(name);
        field.setAccessible(true);
        field.set(null, value);
    }

    /** From now on this is the process's name. */
    void process(String name) throws Exception {
        if (android.os.Build.VERSION.SDK_INT >= 28) {
            ShadowApplication.setProcessName(name);
            return;
        }
        File line = File.createTempFile("cmdline", "");
        line.deleteOnExit();
        Files.write(line.toPath(), Json.utf8(name + '\0'));
        set(Processes.class, "commandLine", line.getPath());
    }

    /** What the core says to the daemon from now on is lost. Returns the daemon's handle, for its end. */
    long deafen() {
        long handle = ReflectionHelpers.getField(core().daemon, "handle");
        ReflectionHelpers.setField(core().daemon, "handle", 0L);
        return handle;
    }

    /** The push service's process dies at this moment, in which its core's thread is {@link #hold held}. */
    void crash(CountDownLatch held) throws Exception {
        core().handler.getLooper().quit();
        held.countDown();
        end();
    }

    /** The push service's process dies, with nothing left to do: nothing is told to anybody. */
    void kill() throws Exception {
        if (core() != null) {
            settle();
        }
        end();
    }

    private void end() throws Exception {
        Core core = core();
        if (core != null) {
            // What its thread still had to do is not done.
            core.handler.getLooper().quit();
            core.handler.getLooper().getThread().join();
            core.networks.stop();
            core.daemon.stop();
            set(Core.class, "instance", null);
        }
        service = null;
    }

    @Override
    public void close() throws Exception {
        kill();
        SampleApplication.reset();
    }
}
