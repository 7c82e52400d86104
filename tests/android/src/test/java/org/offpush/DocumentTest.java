package org.offpush;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;
import static org.robolectric.Shadows.shadowOf;

import android.app.ActivityManager;
import android.content.ComponentName;
import android.content.Context;
import android.content.Intent;
import android.content.pm.PackageManager;

import com.tencent.imsdk.AppContext;
import com.tencent.imsdk.ResultReceiver;
import com.tencent.imsdk.TIMManager;
import com.tencent.qcloud.tim.demo.DemoApplication;
import com.tencent.qcloud.tim.demo.MainActivity;
import com.tencent.qcloud.tim.demo.chat.ChatActivity;
import com.tencent.qcloud.tim.demo.thirdpush.ThirdPushTokenMgr;
import com.tencent.qcloud.tim.demo.thirdpush.XiaomiMsgReceiver;
import com.tencent.qcloud.tim.demo.utils.Constants;

import org.json.JSONObject;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.Robolectric;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;
import org.robolectric.shadows.ShadowLog;
import org.robolectric.util.ReflectionHelpers;
import org.robolectric.util.ReflectionHelpers.ClassParameter;

import java.util.Collections;
import java.util.concurrent.Callable;

/** The reference document's own code (tests/android/sample), from registration to forced offline, at a real gateway. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {23, 28, 34, 35}, application = SampleApplication.class)
public class DocumentTest extends GatewayTest {
    @Before
    public void install() throws Exception {
        Class<?>[] receivers = {XiaomiMsgReceiver.class, ResultReceiver.class};
        for (Class<?> receiver : receivers) {
            phone.app.getPackageManager().setComponentEnabledSetting(new ComponentName(phone.app, receiver),
                    PackageManager.COMPONENT_ENABLED_STATE_ENABLED, 0);
        }
        // As Android does before any code of the app.
        Robolectric.setupContentProvider(AppContext.class);
        forgetEverything();
        Constants.XM_PUSH_APPID = gateway.appId;
        Constants.XM_PUSH_APPKEY = gateway.appKey;
    }

    /** Step 2: the certificate, with what a click does. */
    private void certificate(JSONObject click) throws Exception {
        Constants.XM_PUSH_BUZID = gateway.admin("POST", "certificates",
                new JSONObject().put("appId", gateway.appId).put("click", click)).getLong("certificateId");
    }

    /** Steps 3.4 and 4: the app is started, registers, and its user logs in. */
    private void startAndLogIn(String user) throws Exception {
        DemoApplication application = new DemoApplication();
        ReflectionHelpers.callInstanceMethod(android.content.ContextWrapper.class, application, "attachBaseContext",
                ClassParameter.from(Context.class, phone.app));
        application.onCreate();
        waitFor("regId: ", 43);
        logIn(user);
        waitFor("setOfflinePushToken success", 0);
    }

    private void logIn(String user) throws Exception {
        Robolectric.buildActivity(MainActivity.class, new Intent().putExtra("user", user).putExtra("sig", gateway.ticket(user)))
                .create();
    }

    /** The main process dies: what it kept in memory is gone, and only {@code :pushservice} runs. */
    private void killApp() {
        forgetEverything();
        ActivityManager.RunningAppProcessInfo service = new ActivityManager.RunningAppProcessInfo(
                "com.example.push:pushservice", android.os.Process.myPid(), null);
        ActivityManager manager = (ActivityManager) phone.app.getSystemService(Context.ACTIVITY_SERVICE);
        shadowOf(manager).setProcesses(Collections.singletonList(service));
        ShadowLog.clear();
    }

    private static void forgetEverything() {
        ReflectionHelpers.setField(TIMManager.getInstance(), "user", null);
        ReflectionHelpers.setField(TIMManager.getInstance(), "ticket", null);
        ThirdPushTokenMgr.getInstance().setThirdPushToken(null);
    }

    /** Waits until the document's code has logged a line that begins so, with so many characters behind it. */
    private void waitFor(final String start, final int more) throws Exception {
        phone.until("the log says " + start, new Callable<Boolean>() {
            @Override
            public Boolean call() {
                String line = logged(start);
                return line != null && line.length() == start.length() + more;
            }
        });
    }

    private static String logged(String start) {
        for (ShadowLog.LogItem item : ShadowLog.getLogs()) {
            if (item.msg != null && item.msg.startsWith(start)) {
                return item.msg;
            }
        }
        return null;
    }

    /** A message to a user whose app was killed is shown; a click opens the app, and the document's callback reads ext. */
    @Test
    public void the_document_runs_from_registration_to_ext_in_the_callback() throws Exception {
        certificate(Json.of("type", "app"));
        startAndLogIn("anna");
        killApp();
        gateway.send("anna", "Berta", "{\"chat\":7}");
        Intent opened = phone.click(shown("Berta").contentIntent);
        assertEquals(SampleActivities.Main.class.getName(), opened.getComponent().getClassName());
        waitFor("onNotificationMessageClicked ext: {\"chat\":7}", 0);
    }

    /** The page that the document's own code names at the console is opened, and its lines read ext. */
    @Test
    public void the_documents_page_opens_and_reads_ext() throws Exception {
        ChatActivity page = Robolectric.buildActivity(ChatActivity.class).get();
        String uri = ReflectionHelpers.callInstanceMethod(page, "intentUri");
        certificate(Json.of("type", "page", "intentUri", uri));
        startAndLogIn("bruno");
        killApp();
        gateway.send("bruno", "Carla", "ext content");
        Intent opened = phone.click(shown("Carla").contentIntent);
        assertEquals(ChatActivity.class.getName(), opened.getComponent().getClassName());
        assertTrue((opened.getFlags() & Intent.FLAG_ACTIVITY_CLEAR_TOP) != 0);
        Robolectric.buildActivity(ChatActivity.class, opened).create();
        assertNotNull(ShadowLog.getLogs().toString(), logged("opened ext: ext content"));
    }

    /** Forced offline takes back what was shown; the next login's messages are shown, the first one's never again. */
    @Test
    public void forced_offline_takes_back_what_was_shown_and_shows_no_more() throws Exception {
        certificate(Json.of("type", "app"));
        startAndLogIn("dora");
        gateway.send("dora", "before", "1");
        shown("before");
        gateway.im("im_open_login_svc/kick", Json.of("UserID", "dora"));
        withdrawn("before");
        gateway.send("dora", "after", "2");
        ShadowLog.clear();
        logIn("emil");
        waitFor("setOfflinePushToken success", 0);
        // Entries arrive in order: what was sent to dora would be there before what is sent to emil.
        gateway.send("emil", "of the other", "3");
        shown("of the other");
        assertNull(phone.titled("after"));
    }

    /** What was under way when its user was forced offline is not shown, however long it waited on the phone. */
    @Test
    @Config(sdk = {28, 34, 35})
    public void what_waited_on_the_phone_is_dropped_with_its_login() throws Exception {
        certificate(Json.of("type", "app"));
        startAndLogIn("frida");
        shadowOf(phone.notifications()).setNotificationsEnabled(false);
        gateway.send("frida", "waits", "1");
        messages("pending", 1);
        gateway.im("im_open_login_svc/kick", Json.of("UserID", "frida"));
        messages("pending", 0);
        shadowOf(phone.notifications()).setNotificationsEnabled(true);
        Phone.core().resume("allowed again");
        phone.settle();
        assertNull(phone.titled("waits"));
    }

    /** A person who logs out is not reached any more, also right after a start in which nobody has logged in yet. */
    @Test
    public void logged_out_is_not_reached() throws Exception {
        certificate(Json.of("type", "app"));
        startAndLogIn("gerd");
        gateway.send("gerd", "mine", "1");
        shown("mine");
        killApp();
        Robolectric.buildActivity(MainActivity.class, new Intent().putExtra("logout", true)).create();
        withdrawn("mine");
    }

    private void withdrawn(final String title) throws Exception {
        phone.until("\"" + title + "\" is withdrawn", new Callable<Boolean>() {
            @Override
            public Boolean call() {
                return phone.titled(title) == null;
            }
        });
    }

    /** Waits until so many messages stand in this state. */
    private void messages(final String state, final int count) throws Exception {
        phone.until(count + " " + state, new Callable<Boolean>() {
            @Override
            public Boolean call() {
                JSONObject page = Json.parse(Json.utf8(Phone.core().page(true)));
                JSONObject messages = page == null ? null : page.optJSONObject("messages");
                return messages != null && messages.optInt(state) == count;
            }
        });
    }
}
