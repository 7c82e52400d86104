package sample;

import static org.robolectric.Shadows.shadowOf;

import android.app.Activity;
import android.app.AlarmManager;
import android.app.Application;
import android.app.Notification;
import android.app.NotificationManager;
import android.app.PendingIntent;
import android.app.Service;
import android.content.ContentProvider;
import android.content.Intent;
import android.content.pm.PackageManager;
import android.content.pm.ProviderInfo;
import android.os.Looper;
import android.service.notification.StatusBarNotification;

import org.robolectric.Robolectric;
import org.robolectric.RuntimeEnvironment;
import org.robolectric.android.controller.ServiceController;
import org.robolectric.shadows.ShadowApplication;
import org.robolectric.shadows.ShadowLog;
import org.robolectric.shadows.ShadowSystemClock;

import java.io.File;
import java.io.FileDescriptor;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/**
 * What ActivityManager does around an app whose classes are shrunk: everything is started by the name that the manifest or
 * an intent gives, nothing else of the app is known.
 */
final class Handset {
    /** Milliseconds that anything may take. */
    private static final long LONGEST = 10_000;
    private static final String SERVICE = "com.xiaomi.push.service.XMPushService";

    final Application app = RuntimeEnvironment.getApplication();
    private ServiceController<? extends Service> service;
    private int starts;

    Handset() throws Exception {
        // A copy of its own: no two sandboxes of Robolectric may load the same file.
        File library = File.createTempFile("liboffpush", ".so");
        library.deleteOnExit();
        Files.copy(Paths.get(System.getProperty("sample.library")), library.toPath(), StandardCopyOption.REPLACE_EXISTING);
        System.setProperty("offpush.library", library.getPath());
        // Android makes the manifest's providers before the application's onCreate; Robolectric only when somebody asks.
        for (ProviderInfo provider : app.getPackageManager()
                .getPackageInfo(app.getPackageName(), PackageManager.GET_PROVIDERS).providers) {
            Robolectric.buildContentProvider(Class.forName(provider.name).asSubclass(ContentProvider.class)).create(provider);
        }
        // Robolectric registers a receiver of the manifest once for each of its filters; Android knows each only once.
        Set<String> seen = new HashSet<String>();
        for (ShadowApplication.Wrapper wrapper : new ArrayList<ShadowApplication.Wrapper>(
                shadowOf(app).getRegisteredReceivers())) {
            if (!seen.add(wrapper.broadcastReceiver.getClass().getName())) {
                app.unregisterReceiver(wrapper.broadcastReceiver);
            }
        }
        // What Android grants with the installation, and what the person does.
        shadowOf(app).grantPermissions(android.Manifest.permission.FOREGROUND_SERVICE,
                android.Manifest.permission.RECEIVE_BOOT_COMPLETED, android.Manifest.permission.POST_NOTIFICATIONS);
    }

    /** Works off what was posted, and starts what was to be started. Whether a service was. */
    boolean pump() throws Exception {
        boolean started = false;
        shadowOf(Looper.getMainLooper()).idle();
        for (Intent next = shadowOf(app).getNextStartedService(); next != null; next = shadowOf(app).getNextStartedService()) {
            started = true;
            if (next.getComponent().getClassName().equals(SERVICE)) {
                if (service == null) {
                    service = Robolectric.buildService(Class.forName(SERVICE).asSubclass(Service.class)).create();
                }
                service.get().onStartCommand(next, 0, ++starts);
            }
        }
        shadowOf(Looper.getMainLooper()).idle();
        return started;
    }

    private void until(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + LONGEST * 1_000_000;
        while (!condition.call()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not within " + LONGEST + " ms: " + what + "\n" + page() + log());
            }
            pump();
            LockSupport.parkNanos(2_000_000);
            // Virtual time goes on: what the app put off by a second comes sooner than that.
            ShadowSystemClock.advanceBy(Duration.ofMillis(20));
        }
    }

    /** Waits until the log or the status page says this. */
    void untilSaid(final String text) throws Exception {
        until("\"" + text + "\" is said", new Callable<Boolean>() {
            @Override
            public Boolean call() throws Exception {
                return log().contains(text) || page().contains(text);
            }
        });
    }

    /** Waits until the notification with this title is there, or gone. */
    Notification untilShown(final String title, final boolean there) throws Exception {
        until(title + (there ? " is shown" : " is gone"), new Callable<Boolean>() {
            @Override
            public Boolean call() {
                return (titled(title) != null) == there;
            }
        });
        return titled(title);
    }

    private Notification titled(String title) {
        NotificationManager manager = (NotificationManager) app.getSystemService(Application.NOTIFICATION_SERVICE);
        for (StatusBarNotification one : manager.getActiveNotifications()) {
            if (title.contentEquals(String.valueOf(one.getNotification().extras.getCharSequence(Notification.EXTRA_TITLE)))) {
                return one.getNotification();
            }
        }
        return null;
    }

    /** Android ends the service. */
    void endService() {
        service.destroy();
        service = null;
    }

    void broadcast(Intent intent) throws Exception {
        app.sendBroadcast(intent);
        until("a broadcast has started the push service", new Callable<Boolean>() {
            @Override
            public Boolean call() {
                return service != null;
            }
        });
    }

    /** The app's alarm fires. */
    void alarm() throws Exception {
        AlarmManager alarms = (AlarmManager) app.getSystemService(Application.ALARM_SERVICE);
        app.sendBroadcast(shadowOf(shadowOf(alarms).getNextScheduledAlarm().operation).getSavedIntent());
        pump();
    }

    /** A person opens an activity, or the system does. */
    void open(Intent intent) throws Exception {
        Robolectric.buildActivity(Class.forName(intent.getComponent().getClassName()).asSubclass(Activity.class), intent).create();
    }

    /** A person clicks a notification: what it started, which is opened too. */
    Intent click(PendingIntent behind) throws Exception {
        while (shadowOf(app).getNextStartedActivity() != null) {
            continue;
        }
        Intent intent = shadowOf(behind).getSavedIntent();
        // The manifest must have it, or Android starts nothing.
        app.getPackageManager().getActivityInfo(intent.getComponent(), 0);
        open(intent);
        Intent opened = shadowOf(app).getNextStartedActivity();
        open(opened);
        return opened;
    }

    /** What {@code adb shell dumpsys activity service} prints, without {@code --checkin}. */
    private String page() throws Exception {
        if (service == null) {
            return "the push service was not started\n";
        }
        StringWriter text = new StringWriter();
        Method dump = Service.class.getDeclaredMethod("dump", FileDescriptor.class, PrintWriter.class, String[].class);
        dump.setAccessible(true);
        dump.invoke(service.get(), null, new PrintWriter(text, true), new String[0]);
        return text.toString();
    }

    private static String log() {
        StringBuilder all = new StringBuilder();
        for (ShadowLog.LogItem item : ShadowLog.getLogs()) {
            all.append(item.tag).append(": ").append(item.msg).append('\n');
            if (item.throwable != null) {
                all.append("  ").append(item.throwable).append('\n');
            }
        }
        return all.toString();
    }
}
