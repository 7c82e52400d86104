package org.offpush;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;
import static org.robolectric.Shadows.shadowOf;

import android.app.ActivityManager;
import android.app.Notification;
import android.app.Service;
import android.app.job.JobInfo;
import android.app.job.JobScheduler;
import android.content.Context;
import android.content.Intent;
import android.os.Build;
import android.os.UserManager;

import com.xiaomi.mipush.sdk.ErrorCode;
import com.xiaomi.mipush.sdk.MiPushClient;
import com.xiaomi.mipush.sdk.PushServiceReceiver;
import com.xiaomi.push.service.XMPushService;

import org.json.JSONObject;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;
import org.robolectric.annotation.Implementation;
import org.robolectric.annotation.Implements;
import org.robolectric.shadows.ShadowLog;
import org.robolectric.shadows.ShadowService;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;

/** XMPushService where Android or the manifest does not let it do its work: no crash, and the status says why. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {23, 28, 34, 35}, application = SampleApplication.class, shadows = ServiceTest.Limits.class)
public class ServiceTest {
    /** Android's refusal of a foreground service at startForeground. */
    @Implements(Service.class)
    public static class Limits extends ShadowService {
        static RuntimeException refusal;

        @Override
        @Implementation
        protected void startForeground(int id, Notification notification) {
            if (refusal != null) {
                throw refusal;
            }
            super.startForeground(id, notification);
        }
    }

    private Phone phone;

    @Before
    public void setUp() throws Exception {
        phone = new Phone();
    }

    @After
    public void tearDown() throws Exception {
        Limits.refusal = null;
        phone.close();
    }

    /** The status page as {@code dumpsys activity service} gets it. */
    private String dump(XMPushService service, String... arguments) {
        StringWriter page = new StringWriter();
        service.dump(null, new PrintWriter(page), arguments);
        return page.toString();
    }

    private JobInfo job(int id) {
        return shadowOf((JobScheduler) phone.app.getSystemService(Context.JOB_SCHEDULER_SERVICE)).getPendingJob(id);
    }

    private void theServiceSays(String words) throws Exception {
        Core.get(phone.app).settings.setApp("1", "2");
        XMPushService service = phone.start(null);
        phone.settle();
        String page = dump(service);
        assertTrue(page, page.contains(words));
        if (Build.VERSION.SDK_INT < 26) {
            assertTrue(page, page.contains("service: a service in the background"));
            assertNull(job(Jobs.KEEP));
        } else {
            assertTrue(page, page.contains("service: a job every 15 minutes: "));
            assertNotNull(job(Jobs.KEEP));
        }
    }

    /** Android's refusals of a foreground service, of whatever class, lead to the job, with Android's words. */
    @Test
    public void a_refused_foreground_service_becomes_a_job() throws Exception {
        Limits.refusal = Build.VERSION.SDK_INT < 31 ? new IllegalStateException("not allowed due to mAllowStartForeground false")
                : new android.app.ForegroundServiceStartNotAllowedException("not allowed due to mAllowStartForeground false");
        theServiceSays("mAllowStartForeground");
    }

    /** A permission of the foreground service's type that is missing leads to the job. */
    @Test
    public void a_missing_permission_of_its_type_is_named() throws Exception {
        Limits.refusal = new SecurityException("requires android.permission.FOREGROUND_SERVICE_SPECIAL_USE");
        theServiceSays("a permission of its type is missing: requires android.permission.FOREGROUND_SERVICE_SPECIAL_USE");
    }

    /** A type that does not fit the manifest leads to the job. */
    @Test
    public void a_wrong_type_is_named() throws Exception {
        Limits.refusal = new IllegalArgumentException("foregroundServiceType 0x1 is not a subset");
        theServiceSays("its type in the manifest is wrong");
    }

    /** FOREGROUND_SERVICE that the manifest lacks is named; startForeground is not even tried. */
    @Test
    @Config(sdk = {28, 34, 35})
    public void a_missing_foreground_permission_is_named() throws Exception {
        shadowOf(phone.app).denyPermissions(android.Manifest.permission.FOREGROUND_SERVICE);
        Limits.refusal = new UnsupportedOperationException("tried");
        theServiceSays("the manifest lacks the permission FOREGROUND_SERVICE");
    }

    /** A person's restriction of the app, under which startForeground is ignored without a word, is named. */
    @Test
    @Config(sdk = {28, 34, 35})
    public void a_persons_restriction_is_named() throws Exception {
        shadowOf((ActivityManager) phone.app.getSystemService(Context.ACTIVITY_SERVICE)).setBackgroundRestricted(true);
        theServiceSays("the person has restricted the app's use of the battery");
    }

    /** An app that wants no foreground service has none, and none is asked for either: that would end the process. */
    @Test
    public void an_app_may_want_no_foreground_service() throws Exception {
        phone.metaData("offpush.foreground", "false");
        theServiceSays("the manifest's offpush.foreground says so");
        assertEquals(0, shadowOf(phone.service()).getLastForegroundNotificationId());
        phone.endService();
        SampleApplication.background = new IllegalStateException("background");
        Phone.core().resume("alarm");
        phone.settle();
        assertEquals(0, SampleApplication.FOREGROUND.get());
    }

    /** Where it is allowed, the service is in the foreground at once, before anything else is done. */
    @Test
    public void the_service_is_in_the_foreground_at_once() throws Exception {
        Core core = Core.get(phone.app);
        core.settings.setApp("1", "2");
        CountDownLatch busy = phone.hold(core);
        assertEquals(Presence.NOTIFICATION, shadowOf(phone.start(null)).getLastForegroundNotificationId());
        busy.countDown();
        phone.settle();
        assertEquals("a foreground service", core.status.of(Status.SERVICE));
    }

    // ------------------------------------------------------------ the manifest

    private String refused() throws Exception {
        ShadowLog.clear();
        MiPushClient.registerPush(phone.app, "1", "2");
        phone.until("the register result", new Callable<Boolean>() {
            @Override
            public Boolean call() {
                return SampleReceiver.first("register") != null;
            }
        });
        assertEquals(ErrorCode.ERROR_SERVICE_UNAVAILABLE, SampleReceiver.first("register").result.getResultCode());
        String reason = SampleReceiver.first("register").result.getReason();
        boolean logged = false;
        for (ShadowLog.LogItem item : ShadowLog.getLogsForTag("offpush")) {
            logged |= item.msg.contains(reason);
        }
        assertTrue("in the log: " + reason, logged);
        return reason;
    }

    /** What is wrong with the manifest's address is the register result, a log line, and in the status of the service. */
    @Test
    public void a_wrong_server_is_named_everywhere() throws Exception {
        String[][] wrong = {
            {null, "the manifest has no <meta-data android:name=\"offpush.server\">"},
            {" ", "the manifest has no <meta-data android:name=\"offpush.server\">"},
            {"http://push.example.com", "\"http://push.example.com\" does not begin with https://"},
            {"https://push.example.com, http://b.example.com", "\"http://b.example.com\" does not begin with https://"},
            {"push.example.com", "\"push.example.com\" does not begin with https://"},
            {"https://", "names no host"},
            {"https://me@push.example.com", "carries a user name"},
        };
        for (String[] one : wrong) {
            SampleReceiver.CALLS.clear();
            phone.server(one[0]);
            String reason = refused();
            assertTrue(reason, reason.contains(one[1]));
        }
        // An update of the app took the address away: the service is there, and says what is wrong.
        Core.get(phone.app).settings.setApp("1", "2");
        XMPushService service = phone.start(null);
        phone.settle();
        assertTrue(dump(service), dump(service).contains("configuration: the manifest's offpush.server"));
        assertTrue(dump(service), dump(service).contains("daemon: does not run: the manifest's offpush.server"));
    }

    /** A certificate resource that is none is named before anything is sent. */
    @Test
    public void a_wrong_certificate_resource_is_named() throws Exception {
        phone.server("https://push.example.com");
        SampleApplication.ca = "no certificate at all";
        assertEquals("the resource offpush.ca has no certificate in PEM form", refused());
        SampleReceiver.CALLS.clear();
        SampleApplication.ca = new String(new char[600_000]).replace('\0', 'x');
        assertEquals("the resource offpush.ca cannot be read: it is longer than 524288 bytes", refused());
    }

    /** Certificates whose content is damaged are found by the library, whose words are the register result. */
    @Test
    public void a_damaged_certificate_is_the_register_result() throws Exception {
        org.junit.Assume.assumeFalse(System.getProperty("offpush.test.library", "").isEmpty());
        phone.server("https://push.example.com");
        SampleApplication.ca = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        String reason = refused();
        assertTrue(reason, reason.contains("certificate"));
        assertTrue(Phone.core().page(false), Phone.core().page(false).contains("daemon: does not run: " + reason));
    }

    /** An AppID or AppKey that is missing is the register result at once. */
    @Test
    public void missing_keys_are_the_register_result() throws Exception {
        for (String[] keys : new String[][] {{null, "k"}, {" ", "k"}, {"1", null}, {"1", ""}}) {
            SampleReceiver.CALLS.clear();
            MiPushClient.registerPush(phone.app, keys[0], keys[1]);
            phone.until("the register result", new Callable<Boolean>() {
                @Override
                public Boolean call() {
                    return SampleReceiver.first("register") != null;
                }
            });
            assertEquals(ErrorCode.ERROR_AUTHERICATION_ERROR, SampleReceiver.first("register").result.getResultCode());
        }
    }

    // ------------------------------------------------------------ the status page

    /** The page is there before the daemon runs, for people and in the stable form, and both say why it does not. */
    @Test
    public void the_page_is_there_before_the_daemon_runs() throws Exception {
        phone.start(null);
        phone.settle();
        assertNull("an app that never registered has no service", phone.service());
        Core.get(phone.app).settings.setApp("1", "2");
        phone.server(null);
        XMPushService service = phone.start(null);
        phone.settle();
        String text = dump(service);
        assertTrue(text, text.startsWith("The daemon does not run."));
        assertTrue(text, text.contains("Android " + Build.VERSION.RELEASE + " (API " + Build.VERSION.SDK_INT + ")"));
        JSONObject json = new JSONObject(dump(service, "--json"));
        assertEquals(1, json.getInt("schema"));
        assertEquals("not-running", json.getString("state"));
        assertEquals("com.example.push", json.getString("package"));
        assertTrue(json.toString(), json.getString("reason").contains("offpush.server"));
        assertTrue(json.toString(), json.getJSONObject("platform").getJSONObject("daemon").getString("words")
                .contains("offpush.server"));
        String lines = dump(service, "--checkin");
        assertTrue(lines, lines.startsWith("1,state,not-running,,") && lines.contains("offpush.server"));
        assertTrue(lines, lines.trim().endsWith("1,end"));
        assertEquals("other arguments change nothing", text, dump(service, "-a"));
        StringWriter page = new StringWriter();
        service.dump(null, new PrintWriter(page), null);
        assertEquals(text, page.toString());
    }

    /** Before the first unlock the service waits, says so on both pages, and starts with the unlock: once. */
    @Test
    @Config(sdk = {28, 34, 35})
    public void before_the_first_unlock_it_waits_and_says_so() throws Exception {
        UserManager users = (UserManager) phone.app.getSystemService(Context.USER_SERVICE);
        Core.get(phone.app).settings.setApp("1", "2");
        phone.kill();
        int receivers = shadowOf(phone.app).getRegisteredReceivers().size();
        shadowOf(users).setUserUnlocked(false);
        ShadowLog.clear();
        XMPushService service = org.robolectric.Robolectric.buildService(XMPushService.class).create().get();
        assertTrue(dump(service), dump(service).contains("the phone has not been unlocked since it was started"));
        JSONObject json = new JSONObject(dump(service, "--json"));
        assertEquals("not-running", json.getString("state"));
        assertTrue(json.toString(), json.getString("reason").contains("unlocked"));
        assertTrue(dump(service, "--checkin"), dump(service, "--checkin").contains("unlocked"));
        assertEquals(Service.START_NOT_STICKY, service.onStartCommand(null, 0, 1));
        assertTrue(shadowOf(service).isStoppedBySelf());
        for (int i = 0; i < 3; i++) {
            new PushServiceReceiver().onReceive(phone.app, new Intent(Intent.ACTION_LOCKED_BOOT_COMPLETED));
        }
        assertNull(Phone.core());
        assertEquals("waits once", receivers + 1, shadowOf(phone.app).getRegisteredReceivers().size());
        int logged = 0;
        for (ShadowLog.LogItem item : ShadowLog.getLogsForTag("offpush")) {
            logged += item.msg.contains("the push service waits for that") ? 1 : 0;
        }
        assertEquals(1, logged);
        shadowOf(users).setUserUnlocked(true);
        phone.app.sendBroadcast(new Intent(Intent.ACTION_USER_UNLOCKED));
        phone.until("the service is back", new Callable<Boolean>() {
            @Override
            public Boolean call() {
                return phone.service() != null;
            }
        });
        assertEquals(receivers, shadowOf(phone.app).getRegisteredReceivers().size());
    }

    /** An app that switched pushes off has neither service, alarm nor job after a boot or an update. */
    @Test
    public void what_is_switched_off_stays_off() throws Exception {
        Core core = Core.get(phone.app);
        core.settings.setApp("1", "2");
        core.settings.setDisabled(true);
        String[] wakes = {Intent.ACTION_BOOT_COMPLETED, Intent.ACTION_MY_PACKAGE_REPLACED};
        for (String wake : wakes) {
            new PushServiceReceiver().onReceive(phone.app, new Intent(wake));
            phone.settle();
        }
        assertNull(phone.service());
        assertFalse(core.daemon.runs());
        for (int id : new int[] {Jobs.KEEP, Jobs.WAKE, Jobs.DAILY}) {
            assertNull(job(id));
        }
    }
}
