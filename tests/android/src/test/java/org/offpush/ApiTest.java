package org.offpush;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotEquals;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;
import static org.junit.Assert.fail;
import static org.robolectric.Shadows.shadowOf;

import android.app.AlarmManager;
import android.app.Notification;
import android.app.NotificationManager;
import android.app.job.JobScheduler;
import android.content.ComponentName;
import android.content.Context;
import android.content.Intent;
import android.content.pm.PackageManager;
import android.os.Build;

import com.xiaomi.mipush.sdk.ErrorCode;
import com.xiaomi.mipush.sdk.MiPushClient;
import com.xiaomi.mipush.sdk.MiPushCommandMessage;
import com.xiaomi.mipush.sdk.MiPushMessage;
import com.xiaomi.mipush.sdk.PushMessageHelper;

import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Calendar;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** What MiPushClient does, call by call, at a real gateway. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {23, 28, 34, 35}, application = SampleApplication.class)
public class ApiTest extends OnGateway {
    /** The result of this command, once it is there. */
    private MiPushCommandMessage result(String command) throws Exception {
        phone.until("the result of " + command, () -> SampleReceiver.result(command) != null);
        MiPushCommandMessage result = SampleReceiver.result(command);
        SampleReceiver.CALLS.clear();
        return result;
    }

    private void succeeds(String command, String... arguments) throws Exception {
        MiPushCommandMessage result = result(command);
        assertEquals(command + " " + result, ErrorCode.SUCCESS, result.getResultCode());
        assertNull(result.getReason());
        assertEquals(Arrays.asList(arguments), result.getCommandArguments());
    }

    /** Every command brings its result under its name and with its argument, and the lists follow. */
    @Test
    public void commands_bring_their_results() throws Exception {
        register();
        MiPushClient.setAlias(phone.app, "alias", null);
        succeeds("set-alias", "alias");
        MiPushClient.setUserAccount(phone.app, "account", null);
        succeeds("set-account", "account");
        MiPushClient.subscribe(phone.app, "topic", null);
        succeeds("subscribe-topic", "topic");
        assertEquals(Collections.singletonList("alias"), MiPushClient.getAllAlias(phone.app));
        assertEquals(Collections.singletonList("account"), MiPushClient.getAllUserAccount(phone.app));
        assertEquals(Collections.singletonList("topic"), MiPushClient.getAllTopic(phone.app));
        assertTrue(MiPushClient.aliasSetTime(phone.app, "alias") > 0);
        assertTrue(MiPushClient.accountSetTime(phone.app, "account") > 0);
        assertTrue(MiPushClient.topicSubscribedTime(phone.app, "topic") > 0);
        assertEquals(-1, MiPushClient.aliasSetTime(phone.app, "other"));
        MiPushClient.unsetAlias(phone.app, "alias", null);
        succeeds("unset-alias", "alias");
        MiPushClient.unsetUserAccount(phone.app, "account", null);
        succeeds("unset-account", "account");
        MiPushClient.unsubscribe(phone.app, "topic", null);
        succeeds("unsubscibe-topic", "topic");
        assertTrue(MiPushClient.getAllAlias(phone.app).isEmpty());
        assertTrue(MiPushClient.getAllUserAccount(phone.app).isEmpty());
        assertTrue(MiPushClient.getAllTopic(phone.app).isEmpty());
        MiPushClient.setAcceptTime(phone.app, 8, 5, 22, 30, null);
        succeeds("accept-time", "08:05", "22:30");
        MiPushClient.pausePush(phone.app, null);
        succeeds("accept-time", "00:00", "00:00");
        MiPushClient.resumePush(phone.app, null);
        succeeds("accept-time", "00:00", "23:59");
        MiPushClient.setAlias(phone.app, "", null);
        assertEquals(ErrorCode.ERROR_INVALID_PAYLOAD, result("set-alias").getResultCode());
        try {
            MiPushClient.setAcceptTime(phone.app, 24, 0, 1, 0, null);
            fail("not a time of day");
        } catch (IllegalArgumentException expected) {
            assertTrue(expected.getMessage().contains("24:0"));
        }
    }

    /** A message to an alias, a topic, an account or everybody says so. */
    @Test
    public void a_message_says_to_whom_it_was_addressed() throws Exception {
        register();
        MiPushClient.setAlias(phone.app, "alias", null);
        succeeds("set-alias", "alias");
        MiPushClient.setUserAccount(phone.app, "account", null);
        succeeds("set-account", "account");
        MiPushClient.subscribe(phone.app, "topic", null);
        succeeds("subscribe-topic", "topic");
        String[][] targets = {{"/v3/message/alias", "alias=alias"}, {"/v2/message/user_account", "user_account=account"},
                {"/v3/message/topic", "topic=topic"}, {"/v3/message/all", ""}};
        List<MiPushMessage> clicked = new ArrayList<MiPushMessage>();
        for (String[] target : targets) {
            SampleReceiver.CALLS.clear();
            gateway.miPush(target[0], target[1], "title", target[0], "description", "d", "payload", "p", "pass_through", "0",
                    "notify_id", Integer.toString(clicked.size()));
            Intent opened = phone.click(shown(target[0]).contentIntent);
            clicked.add(callback("clicked").message);
            MiPushMessage here = (MiPushMessage) opened.getSerializableExtra(PushMessageHelper.KEY_MESSAGE);
            assertEquals("the opened activity and the callback get the same", clicked.get(clicked.size() - 1).toString(),
                    here.toString());
        }
        assertEquals("alias", clicked.get(0).getAlias());
        assertEquals(MiPushMessage.MESSAGE_TYPE_ALIAS, clicked.get(0).getMessageType());
        assertEquals("account", clicked.get(1).getUserAccount());
        assertEquals(MiPushMessage.MESSAGE_TYPE_ACCOUNT, clicked.get(1).getMessageType());
        assertEquals("topic", clicked.get(2).getTopic());
        assertEquals(MiPushMessage.MESSAGE_TYPE_TOPIC, clicked.get(2).getMessageType());
        assertEquals("**ALL**", clicked.get(3).getTopic());
    }

    /** A pass-through message reaches the app off the main thread, and shows nothing. */
    @Test
    public void a_pass_through_message_reaches_the_app() throws Exception {
        String regId = register();
        String id = gateway.push(regId, "payload", "raw", "pass_through", "1", "title", "T", "description", "D", "extra.k", "v");
        SampleReceiver.Call call = callback("pass-through");
        assertEquals("raw", call.message.getContent());
        assertEquals(1, call.message.getPassThrough());
        assertFalse(call.message.isNotified());
        assertEquals("v", call.message.getExtra().get("k"));
        assertFalse(call.onMainThread);
        assertTrue(phone.bar().isEmpty());
        step(id, "shown");
    }

    /** Registering again brings the same regId and the result again. */
    @Test
    public void registering_again_changes_nothing() throws Exception {
        String regId = register();
        assertEquals(regId, register());
        phone.kill();
        assertEquals("after a restart", regId, register());
    }

    /** The app's Application is made in the push service's process too: registering there starts nothing anew. */
    @Test
    @Config(sdk = {28, 34, 35})
    public void registering_in_the_services_process_is_nothing_new() throws Exception {
        String regId = register();
        phone.settle();
        SampleReceiver.CALLS.clear();
        org.robolectric.shadows.ShadowApplication.setProcessName("com.example.push:pushservice");
        try {
            MiPushClient.registerPush(phone.app, gateway.appId, gateway.appKey);
            assertNull(shadowOf(phone.app).getNextStartedService());
            assertEquals(regId, MiPushClient.getRegId(phone.app));
        } finally {
            org.robolectric.shadows.ShadowApplication.setProcessName("com.example.push");
        }
    }

    /** Wrong credentials are the register result, with the gateway's code; missing ones with the SDK's. */
    @Test
    public void wrong_credentials_are_the_result() throws Exception {
        MiPushClient.registerPush(phone.app, gateway.appId, "wrong");
        assertEquals(22007, callback("register").result.getResultCode());
        assertNull(MiPushClient.getRegId(phone.app));
        SampleReceiver.CALLS.clear();
        MiPushClient.registerPush(phone.app, "", "key");
        assertEquals(ErrorCode.ERROR_AUTHERICATION_ERROR, callback("register").result.getResultCode());
        assertNotNull(register());
    }

    /** After unregisterPush there is no regId and no notification, servers learn it, and a new registration is another one. */
    @Test
    public void unregistering_ends_it() throws Exception {
        String regId = register();
        push(regId, "Before");
        shown("Before");
        MiPushClient.unregisterPush(phone.app);
        assertNull(MiPushClient.getRegId(phone.app));
        phone.until("the bar is empty", () -> phone.bar().isEmpty());
        refused(regId);
        phone.until("the service has ended", () -> phone.service() == null);
        assertFalse(Phone.core().daemon.runs());
        AlarmManager alarms = (AlarmManager) phone.app.getSystemService(Context.ALARM_SERVICE);
        assertEquals(0, shadowOf(alarms).getScheduledAlarms().size());
        JobScheduler jobs = (JobScheduler) phone.app.getSystemService(Context.JOB_SCHEDULER_SERVICE);
        assertEquals(jobs.getAllPendingJobs().toString(), 0, jobs.getAllPendingJobs().size());
        String second = register();
        assertNotEquals(regId, second);
        push(second, "Again");
        shown("Again");
        assertNull(phone.titled("After"));
    }

    private void refused(String regId) throws Exception {
        phone.until("the gateway refuses the regId", () -> {
            try {
                push(regId, "After");
                return false;
            } catch (java.io.IOException refused) {
                return refused.getMessage().contains("\"code\"");
            }
        });
    }

    /** An unregistration that its process did not live to see through is seen through by the next one. */
    @Test
    public void an_unregistration_survives_the_process() throws Exception {
        String regId = register();
        CountDownLatch held = phone.hold(Phone.core());
        MiPushClient.unregisterPush(phone.app);
        phone.pump();
        held.countDown();
        phone.until("the app is leaving", () -> Phone.core().settings.leaving() || Phone.core().settings.appId() == null);
        phone.kill();
        phone.start(null);
        refused(regId);
        phone.until("the service has ended", () -> phone.service() == null);
        assertNull(Phone.core().settings.appId());
    }

    /** An app that registers again at once, for another person, keeps its service, and gets another regId. */
    @Test
    public void registering_again_at_once_keeps_the_service() throws Exception {
        String regId = register();
        SampleReceiver.CALLS.clear();
        MiPushClient.unregisterPush(phone.app);
        MiPushClient.registerPush(phone.app, gateway.appId, gateway.appKey);
        String second = callback("register").result.getCommandArguments().get(0);
        assertNotEquals(regId, second);
        push(second, "Again");
        shown("Again");
        phone.settle();
        assertTrue(Phone.core().presence.stays() && phone.service() != null);
    }

    /** A click while pushes are off is counted, and calls back, once they are on again. */
    @Test
    public void a_click_while_pushes_are_off_is_kept() throws Exception {
        String regId = register();
        String id = push(regId, "Kept");
        Notification notification = shown("Kept");
        step(id, "shown");
        MiPushClient.disablePush(phone.app);
        phone.until("it is off", () -> !Phone.core().daemon.runs());
        phone.click(notification.contentIntent);
        phone.until("it waits", () -> Phone.core().settings.missed().contains(id));
        phone.kill();
        MiPushClient.enablePush(phone.app);
        callback("clicked");
        step(id, "clicked");
        assertEquals("", Phone.core().settings.missed());
    }

    /** An app that speaks is spoken to at once, however often it did not take a callback before. */
    @Test
    public void an_app_that_speaks_is_spoken_to() throws Exception {
        register();
        phone.settle();
        Core core = Phone.core();
        for (int i = 0; i < 6; i++) {
            core.handler.post(() -> core.bridge.delivered(Json.of("id", Long.MAX_VALUE, "kind", "nothing"), false));
        }
        phone.settle();
        MiPushClient.setAlias(phone.app, "spoken", null);
        succeeds("set-alias", "spoken");
    }

    private static long calls(String name) {
        return SampleReceiver.CALLS.stream().filter(call -> call.name.equals(name)).count();
    }

    /** A callback that the daemon gives again while it waits is run once. */
    @Test
    public void what_waits_is_not_given_twice() throws Exception {
        register();
        byte[] line = Json.bytes(Json.of("id", Long.MAX_VALUE, "kind", "command-result", "command", "own", "code", 0));
        Phone.core().bridge.callback(line);
        Phone.core().bridge.callback(line);
        result("own");
        MiPushClient.setAlias(phone.app, "after", null);
        phone.until("what comes after", () -> SampleReceiver.result("set-alias") != null);
        assertNull("once", SampleReceiver.result("own"));
    }

    /** A callback that waited behind a slow one for longer than Android allows comes again, and is run once. */
    @Test
    public void what_waits_behind_a_slow_callback_comes_again() throws Exception {
        String regId = register();
        phone.settle();
        SampleReceiver.CALLS.clear();
        CountDownLatch ends = new CountDownLatch(1);
        SampleReceiver.slow = ends;
        gateway.push(regId, "payload", "one", "pass_through", "1");
        callback("pass-through");
        gateway.push(regId, "payload", "two", "pass_through", "1");
        // The first is let go after 8 s, the second, which has not begun, after 8 more.
        for (int i = 0; i < 20; i++) {
            phone.pass(1_000);
        }
        assertEquals(1, calls("pass-through"));
        SampleReceiver.slow = null;
        ends.countDown();
        phone.until("the second", () -> {
            phone.pass(1_000);
            return calls("pass-through") == 2;
        });
        for (int i = 0; i < 60; i++) {
            phone.pass(1_000);
        }
        assertEquals(SampleReceiver.CALLS.toString(), 2, calls("pass-through"));
    }

    /** A message that cannot be shown arrives all the same, and says that no notification was shown for it. */
    @Test
    @Config(sdk = {28, 34, 35})
    public void what_arrives_says_whether_it_is_shown() throws Exception {
        String regId = register();
        push(regId, "Seen");
        assertTrue(callback("arrived").message.isNotified());
        SampleReceiver.CALLS.clear();
        shadowOf(phone.notifications()).setNotificationsEnabled(false);
        push(regId, "Unseen");
        assertFalse(callback("arrived").message.isNotified());
    }

    /** From Android 13 on an app that may not show notifications is told so with its registration. */
    @Test
    @Config(sdk = {28, 34})
    public void a_missing_permission_is_told() throws Exception {
        shadowOf(phone.app).denyPermissions("android.permission.POST_NOTIFICATIONS");
        register();
        String told = "permissions [android.permission.POST_NOTIFICATIONS]";
        if (Build.VERSION.SDK_INT < 33) {
            phone.settle();
            assertNull(SampleReceiver.first(told));
            return;
        }
        callback(told);
    }

    /** While pushes are off nothing is shown; the regId stays, and what was sent is shown once they are on again. */
    @Test
    public void disabled_pushes_wait() throws Exception {
        String regId = register();
        phone.until("it is connected", () -> Phone.core().bridge.state().equals("connected"));
        MiPushClient.disablePush(phone.app);
        phone.settle();
        assertNotNull(Phone.core().status.of(Status.DAEMON));
        assertFalse(Phone.core().daemon.runs());
        String id = push(regId, "Off");
        phone.kill();
        phone.start(null);
        phone.settle();
        assertFalse("a restart changes nothing", Phone.core().daemon.runs());
        assertFalse(gateway.steps(id).contains("arrived"));
        assertEquals(regId, MiPushClient.getRegId(phone.app));
        MiPushClient.enablePush(phone.app);
        shown("Off");
        step(id, "shown");
    }

    /** While paused nothing is shown, and nothing is lost; resumed, it is. */
    @Test
    public void paused_pushes_wait() throws Exception {
        String regId = register();
        MiPushClient.pausePush(phone.app, null);
        succeeds("accept-time", "00:00", "00:00");
        String id = push(regId, "Paused");
        gateway.push(regId, "payload", "raw", "pass_through", "1");
        phone.settle();
        assertNull(phone.titled("Paused"));
        MiPushClient.resumePush(phone.app, null);
        shown("Paused");
        step(id, "shown");
    }

    /** Outside the accept time nothing is shown; with a window around now it is. */
    @Test
    public void the_accept_time_is_kept() throws Exception {
        String regId = register();
        int hour = Calendar.getInstance().get(Calendar.HOUR_OF_DAY);
        int other = (hour + 12) % 24;
        MiPushClient.setAcceptTime(phone.app, other, 0, other, 30, null);
        assertEquals(ErrorCode.SUCCESS, result("accept-time").getResultCode());
        String id = push(regId, "Window");
        phone.settle();
        assertNull(phone.titled("Window"));
        assertFalse(gateway.steps(id).contains("shown"));
        MiPushClient.setAcceptTime(phone.app, (hour + 23) % 24, 0, (hour + 2) % 24, 0, null);
        shown("Window");
    }

    /** One by its id, one by its words, all at once. */
    @Test
    public void notifications_are_cleared() throws Exception {
        String regId = register();
        for (int id = 1; id <= 4; id++) {
            push(regId, "N" + id, "notify_id", Integer.toString(id));
            shown("N" + id);
        }
        MiPushClient.clearNotification(phone.app, 2);
        assertNull(phone.titled("N2"));
        MiPushClient.clearNotification(phone.app, "N3", "another text");
        assertNotNull(phone.titled("N3"));
        MiPushClient.clearNotification(phone.app, "N3", "d");
        assertNull(phone.titled("N3"));
        assertEquals(2, phone.bar().size());
        MiPushClient.clearNotification(phone.app);
        assertTrue(phone.bar().isEmpty());
    }

    /** notify_foreground 0: not shown while the person looks at the app, with the reason at the gateway; shown else. */
    @Test
    public void notify_foreground_is_kept() throws Exception {
        String regId = register();
        android.app.ActivityManager manager = (android.app.ActivityManager) phone.app.getSystemService("activity");
        android.app.ActivityManager.RunningAppProcessInfo process = new android.app.ActivityManager.RunningAppProcessInfo();
        process.processName = "com.example.push";
        process.uid = android.os.Process.myUid();
        process.importance = android.app.ActivityManager.RunningAppProcessInfo.IMPORTANCE_FOREGROUND;
        shadowOf(manager).setProcesses(Collections.singletonList(process));
        String id = push(regId, "Looking", "extra.notify_foreground", "0");
        step(id, "blocked");
        assertEquals("Looking", callback("arrived").message.getTitle());
        assertNull(phone.titled("Looking"));
        push(regId, "Default", "notify_id", "1");
        shown("Default");
        process.importance = android.app.ActivityManager.RunningAppProcessInfo.IMPORTANCE_CACHED;
        shadowOf(manager).setProcesses(Collections.singletonList(process));
        push(regId, "Away", "extra.notify_foreground", "0", "notify_id", "2");
        shown("Away");
    }

    /** Once the person allows notifications again, Android tells the app, and what waited is shown. */
    @Test
    @Config(sdk = {28, 34, 35})
    public void allowed_again_what_waited_is_shown() throws Exception {
        String regId = register();
        shadowOf(phone.notifications()).setNotificationsEnabled(false);
        String id = push(regId, "Waits");
        phone.until("it waits", () -> "pending".equals(state(id)));
        assertNotNull(Phone.core().status.of(Status.NOTIFICATIONS));
        shadowOf(phone.notifications()).setNotificationsEnabled(true);
        Intent told = new Intent(NotificationManager.ACTION_APP_BLOCK_STATE_CHANGED).setPackage("com.example.push");
        assertEquals("the manifest has a receiver for it", 1,
                phone.app.getPackageManager().queryBroadcastReceivers(told, 0).size());
        phone.app.sendBroadcast(told);
        shown("Waits");
        step(id, "shown");
    }

    /** A result that the app makes itself reaches the receivers whole. */
    @Test
    public void a_result_of_the_apps_own_keeps_its_category() throws Exception {
        PushMessageHelper.sendCommandMessageBroadcast(phone.app, PushMessageHelper.generateCommandMessage("own",
                Arrays.asList("a", "b"), 7, "why", "category"));
        MiPushCommandMessage result = result("own");
        assertEquals(Arrays.asList("a", "b"), result.getCommandArguments());
        assertEquals(7, result.getResultCode());
        assertEquals("why", result.getReason());
        assertEquals("category", result.getCategory());
    }

    /** Two receivers: both get everything, off the main thread, and the status says so; the IM artifact's own does not count. */
    @Test
    public void two_receivers_get_everything_off_the_main_thread() throws Exception {
        phone.app.getPackageManager().setComponentEnabledSetting(new ComponentName(phone.app, SecondReceiver.class),
                PackageManager.COMPONENT_ENABLED_STATE_ENABLED, 0);
        phone.app.registerReceiver(new SecondReceiver(), new android.content.IntentFilter(Names.RECEIVE_MESSAGE));
        AtomicInteger initialized = new AtomicInteger();
        MiPushClient.initialize(phone.app, gateway.appId, gateway.appKey, new MiPushClient.MiPushClientCallback() {
            @Override
            public void onInitializeResult(long code, String reason, String regId) {
                initialized.incrementAndGet();
            }
        });
        callback("register");
        phone.until("the callback", () -> initialized.get() > 0);
        MiPushClient.setAlias(phone.app, "two", null);
        phone.until("both have the alias's result", () -> SampleReceiver.result("set-alias") != null
                && SecondReceiver.COMMANDS.contains("set-alias"));
        assertTrue(SecondReceiver.COMMANDS.contains("register"));
        assertEquals("told once", 1, initialized.get());
        assertFalse(SecondReceiver.onMainThread);
        assertFalse(SampleReceiver.CALLS.stream().anyMatch(call -> call.onMainThread));
        assertTrue(Phone.core().status.of(Status.RECEIVERS).contains("2 receivers"));
    }

    /** A receiver that fails keeps nobody else from anything. */
    @Test
    public void a_failing_receiver_stops_nothing() throws Exception {
        String regId = register();
        SampleReceiver.fault = new IllegalStateException("the app's own fault");
        gateway.push(regId, "payload", "one", "pass_through", "1");
        callback("pass-through");
        SampleReceiver.fault = null;
        SampleReceiver.CALLS.clear();
        gateway.push(regId, "payload", "two", "pass_through", "1");
        assertEquals("two", callback("pass-through").message.getContent());
    }
}
