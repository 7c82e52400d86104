package org.offpush;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertSame;
import static org.junit.Assert.assertTrue;
import static org.robolectric.Shadows.shadowOf;

import android.app.AlarmManager;
import android.app.Notification;
import android.app.Service;
import android.app.job.JobInfo;
import android.app.job.JobScheduler;
import android.content.Context;
import android.content.Intent;
import android.os.PowerManager;

import com.xiaomi.mipush.sdk.MiPushClient;
import com.xiaomi.mipush.sdk.PushServiceReceiver;

import org.json.JSONObject;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;
import org.robolectric.shadows.ShadowAlarmManager;
import org.robolectric.util.ReflectionHelpers;

import java.io.BufferedReader;
import java.io.FileReader;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;

/** What a killed push service brings back, and what brings it back, at a real gateway. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {23, 28, 34, 35}, application = SampleApplication.class)
public class RestartTest extends GatewayTest {
    /** Waits until the gateway knows that the phone has the message on disk. */
    private void arrived(final String id) throws Exception {
        phone.until("the gateway knows that it arrived", new Callable<Boolean>() {
            @Override
            public Boolean call() throws Exception {
                return gateway.message(id).getJSONObject("counts").optInt("arrived") == 1;
            }
        });
    }

    private void counted(final String id, final String what) throws Exception {
        phone.until("the gateway counts it as " + what, new Callable<Boolean>() {
            @Override
            public Boolean call() throws Exception {
                return gateway.message(id).getJSONObject("counts").optInt(what) == 1;
            }
        });
    }

    private void serviceIsBack() throws Exception {
        phone.until("the service is back", new Callable<Boolean>() {
            @Override
            public Boolean call() {
                return phone.service() != null;
            }
        });
        connected();
    }

    private JobInfo job(int id) {
        return shadowOf((JobScheduler) phone.app.getSystemService(Context.JOB_SCHEDULER_SERVICE)).getPendingJob(id);
    }

    /** A message that was on disk when the process died, and not yet shown, is shown once after the restart. */
    @Test
    public void what_was_on_disk_is_shown_once_after_a_kill() throws Exception {
        String regId = register();
        connected();
        CountDownLatch busy = phone.hold(Phone.core());
        String id = push(regId, "on disk");
        arrived(id);
        assertNull(phone.titled("on disk"));
        phone.crash(busy);
        phone.start(null);
        shown("on disk");
        counted(id, "shown");
        // Another one, whose way through the daemon is behind the first's: nothing more came of that.
        push(regId, "after");
        shown("after");
        assertEquals(phone.bar().toString(), 2, phone.bar().size());
    }

    /** A message whose process died between the notification and its note on disk is not shown a second time. */
    @Test
    public void what_was_shown_already_is_left_as_it_stands() throws Exception {
        String regId = register();
        connected();
        CountDownLatch busy = phone.hold(Phone.core());
        String id = push(regId, "shown");
        arrived(id);
        long handle = phone.deafen();
        busy.countDown();
        Notification before = shown("shown");
        phone.settle();
        Native.stop(handle);
        phone.kill();
        phone.start(null);
        counted(id, "shown");
        assertSame("the same one stands there", before, shown("shown"));
    }

    /** Boot, update, an alarm and Android's own restart bring the service back, connected, for an app that is registered. */
    @Test
    public void whatever_wakes_it_brings_it_back() throws Exception {
        register();
        connected();
        // Boot and update come with the permission to start a foreground service; the others find the service's own.
        String[] wakes = {Intent.ACTION_BOOT_COMPLETED, Intent.ACTION_MY_PACKAGE_REPLACED, Intent.ACTION_USER_UNLOCKED};
        for (String wake : wakes) {
            phone.kill();
            new PushServiceReceiver().onReceive(phone.app, new Intent(wake));
            serviceIsBack();
            assertTrue(Phone.core().page(false), Phone.core().page(false).contains("started by: " + wake));
            Phone.core().settings.setStarts("");
        }
    }

    /** Android's restart after a kill comes without an intent; the service stays, and asks to be restarted again. */
    @Test
    public void a_sticky_restart_comes_back_connected() throws Exception {
        register();
        connected();
        phone.kill();
        phone.start(null);
        assertEquals(Service.START_STICKY, phone.service().onStartCommand(null, Service.START_FLAG_REDELIVERY, 9));
        serviceIsBack();
        assertEquals("a foreground service", Phone.core().status.of(Status.SERVICE));
    }

    /** The alarm that the daemon asked for lies ahead by no more than its heartbeat; its receiver wakes a dead process. */
    @Test
    public void the_alarm_wakes_a_dead_process() throws Exception {
        ShadowAlarmManager.setCanScheduleExactAlarms(true);
        register();
        connected();
        phone.settle();
        List<ShadowAlarmManager.ScheduledAlarm> alarms = scheduled();
        assertEquals(1, alarms.size());
        assertTrue(alarms.get(0).isAllowWhileIdle());
        // The daemon's clock is the machine's, the framework's is the test's.
        long ahead = alarms.get(0).getTriggerAtMs() - uptime();
        JSONObject page = Json.parse(Json.utf8(Phone.core().page(true)));
        assertTrue(ahead + " ms of " + page.getLong("heartbeat"), ahead > 0 && ahead <= page.getLong("heartbeat") + 5_000);
        Intent alarm = shadowOf(alarms.get(0).operation).getSavedIntent();
        phone.kill();
        phone.app.sendBroadcast(alarm);
        serviceIsBack();
        phone.until("the daemon has taken the wake lock over", new Callable<Boolean>() {
            @Override
            public Boolean call() {
                PowerManager.WakeLock lock = ReflectionHelpers.getField(Phone.core().locks, "alarm");
                return !lock.isHeld();
            }
        });
    }

    private List<ShadowAlarmManager.ScheduledAlarm> scheduled() {
        return shadowOf((AlarmManager) phone.app.getSystemService(Context.ALARM_SERVICE)).getScheduledAlarms();
    }

    /** Milliseconds since the machine was started. */
    private static long uptime() throws Exception {
        BufferedReader file = new BufferedReader(new FileReader("/proc/uptime"));
        try {
            return (long) (Double.parseDouble(file.readLine().split(" ")[0]) * 1_000);
        } finally {
            file.close();
        }
    }

    /** A process that dies again and again pauses for a quarter of an hour, says so, has a job for then, and comes back. */
    @Test
    public void restarts_pause_and_come_back() throws Exception {
        register();
        connected();
        int starts = 0;
        boolean ran = true;
        while (ran) {
            phone.kill();
            starts++;
            assertTrue("it loops", starts < 20);
            phone.start(null);
            phone.settle();
            ran = Phone.core().daemon.runs();
        }
        assertTrue(Phone.core().page(false), Phone.core().page(false).contains("started again and again within minutes"));
        long wait = job(Jobs.WAKE).getMinLatencyMillis();
        assertTrue(wait + " ms", wait > 0 && wait <= Restarts.PAUSE);
        // Alarms and broadcasts meanwhile change nothing.
        new PushServiceReceiver().onReceive(phone.app, new Intent(Intent.ACTION_BOOT_COMPLETED));
        phone.settle();
        assertFalse(Phone.core().daemon.runs());
        // The service's wall clock is the machine's: the starts are as long ago as the pause lasts.
        StringBuilder past = new StringBuilder();
        for (String at : Phone.core().settings.starts().split(",")) {
            past.append(Long.parseLong(at) - wait).append(',');
        }
        Phone.core().settings.setStarts(past.toString());
        phone.pass(wait);
        connected();
    }

    /** The app's own request is no loop: it starts the service at once, whatever happened before. */
    @Test
    public void the_apps_own_request_ends_the_pause() throws Exception {
        register();
        phone.kill();
        Core core = Core.get(phone.app);
        Restarts restarts = new Restarts(core.settings);
        while (restarts.start(System.currentTimeMillis()) == 0) {
            continue;
        }
        assertNotNull(core.start("alarm", false));
        MiPushClient.registerPush(phone.app, gateway.appId, gateway.appKey);
        connected();
    }

    /** In the push service's process, registering again starts nothing: it would start the main process by its callback. */
    @Test
    public void registering_in_the_services_own_process_starts_nothing() throws Exception {
        register();
        phone.settle();
        while (shadowOf(phone.app).getNextStartedService() != null) {
            continue;
        }
        SampleReceiver.CALLS.clear();
        phone.process("com.example.push:pushservice");
        MiPushClient.registerPush(phone.app, gateway.appId, gateway.appKey);
        assertNull(shadowOf(phone.app).getNextStartedService());
        MiPushClient.registerPush(phone.app, gateway.appId, "another key");
        assertNotNull("other keys are news", shadowOf(phone.app).getNextStartedService());
    }

    /** From any other process a registration is forwarded to the push service, which brings the result. */
    @Test
    public void a_registration_from_another_process_is_forwarded() throws Exception {
        phone.process("com.example.push:remote");
        assertEquals(43, register().length());
        connected();
    }

    /** With the app's main process dead, messages are shown by the push service alone. */
    @Test
    public void the_push_service_works_alone() throws Exception {
        String regId = register();
        connected();
        phone.kill();
        phone.process("com.example.push:pushservice");
        new PushServiceReceiver().onReceive(phone.app, new Intent(Intent.ACTION_BOOT_COMPLETED));
        serviceIsBack();
        String id = push(regId, "alone");
        shown("alone");
        counted(id, "shown");
    }
}
