package org.offpush;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;
import static org.junit.Assert.fail;
import static org.robolectric.Shadows.shadowOf;

import android.app.AlarmManager;
import android.content.Context;
import android.content.Intent;
import android.net.Uri;

import com.xiaomi.mipush.sdk.ErrorCode;
import com.xiaomi.mipush.sdk.MiPushClient;
import com.xiaomi.mipush.sdk.PushMessageHelper;

import org.json.JSONObject;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** The runtime's rules without a daemon. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {23, 28, 34, 35}, application = SampleApplication.class)
public class RuntimeTest {
    private Phone phone;

    @Before
    public void setUp() throws Exception {
        phone = new Phone();
    }

    @After
    public void tearDown() throws Exception {
        phone.close();
    }

    private String refused(String uri) {
        try {
            new PageGate(phone.app, null).page(uri);
            return null;
        } catch (PageGate.Refused refused) {
            return refused.getMessage();
        }
    }

    /** The gate lets the reference document's page through, aimed at the app's own activity. */
    @Test
    public void the_page_gate_lets_the_documents_page_through() throws Exception {
        Intent page = new PageGate(phone.app, null).page("intent://com.example.push/detail#Intent;scheme=pushscheme;"
                + "launchFlags=0x4000000;component=com.example.push/org.offpush.SampleActivities$Chat;S.k=v;end");
        assertEquals(SampleActivities.Chat.class.getName(), page.getComponent().getClassName());
        assertEquals("v", page.getStringExtra("k"));
        assertTrue((page.getFlags() & Intent.FLAG_ACTIVITY_CLEAR_TOP) != 0);
    }

    /** An extra that only the library sets is not taken from the intent URI. */
    @Test
    public void the_page_gate_drops_reserved_extras() throws Exception {
        Intent page = new PageGate(phone.app, null).page("intent://com.example.push/detail#Intent;scheme=pushscheme;"
                + "S." + PushMessageHelper.KEY_MESSAGE + "=forged;end");
        assertNull(page.getStringExtra(PushMessageHelper.KEY_MESSAGE));
    }

    /** Other apps, inner activities, selectors, grants, odd schemes and broken texts are refused. */
    @Test
    public void the_page_gate_refuses_what_was_not_made_for_it() {
        String[] texts = {
            "intent:#Intent;component=com.example.push/org.offpush.SampleActivities$Inner;end",
            "intent:#Intent;component=com.other/com.other.Main;end",
            "intent:#Intent;package=com.other;action=a;end",
            "intent://x/#Intent;scheme=pushscheme;SEL;action=a;end",
            "intent:///x#Intent;scheme=file;end",
            "intent:alert(1)#Intent;scheme=javascript;end",
            "intent:#Intent;i.a=notanumber;end",
            "intent:#Intent;S.b=2",
            "android-app://com.other/#Intent;end",
            "https://example.com/",
            "",
            "intent:#Intent;component=com.example.push/" + Names.CLICK_ACTIVITY + ";end",
        };
        for (String text : texts) {
            assertNotNull(text, refused(text));
        }
    }

    /** A web page's address is http or https with a host and no user; all else is refused. */
    @Test
    public void only_web_addresses_are_opened_as_web_pages() throws Exception {
        assertEquals("https://example.com/a", PageGate.web("https://example.com/a").getDataString());
        for (String url : new String[] {"javascript:alert(1)", "file:///x", "https://", "https://u@host/", "intent://x"}) {
            try {
                PageGate.web(url);
                fail(url);
            } catch (PageGate.Refused expected) {
                assertNotNull(expected.getMessage());
            }
        }
    }

    /** An intent changed in its content, action or component is not ours any more. */
    @Test
    public void a_changed_intent_is_not_ours() {
        Intent ours = Callers.sign(phone.app, "a", "c", Json.of("do", "x"));
        assertNotNull(Callers.open(phone.app, ours, "c"));
        assertNull(Callers.open(phone.app, ours, "d"));
        assertNull(Callers.open(phone.app, new Intent("b").setData(ours.getData()), "c"));
        assertNull(Callers.open(phone.app, new Intent("a").setData(Uri.parse(ours.getDataString() + "A")), "c"));
        assertNull(Callers.open(phone.app, new Intent("a"), "c"));
    }

    /** Without the gateway's address in the manifest the register result says so. */
    @Test
    public void a_missing_server_is_the_register_result() throws Exception {
        phone.server(null);
        MiPushClient.registerPush(phone.app, "1", "2");
        phone.until("a result", new Callable<Boolean>() {
            @Override
            public Boolean call() {
                return SampleReceiver.first("register") != null;
            }
        });
        assertEquals(ErrorCode.ERROR_SERVICE_UNAVAILABLE, SampleReceiver.first("register").result.getResultCode());
        assertTrue(SampleReceiver.first("register").result.getReason().contains("offpush.server"));
    }

    /** There is always an alarm or a job once one was asked for. */
    @Test
    public void the_alarm_ladder_never_schedules_nothing() {
        Status status = new Status();
        new Alarms(phone.app, status, new Jobs(phone.app, status)).set(60_000, 90_000);
        AlarmManager manager = (AlarmManager) phone.app.getSystemService(Context.ALARM_SERVICE);
        assertEquals(1, shadowOf(manager).getScheduledAlarms().size());
        assertEquals(60_000, shadowOf(manager).getScheduledAlarms().get(0).triggerAtTime);
        assertNotNull(status.of(Status.ALARM));
    }

    /** Five starts within ten minutes make the sixth wait. */
    @Test
    public void restarts_do_not_loop() {
        Restarts restarts = new Restarts(new Settings(phone.app));
        for (int i = 0; i < 5; i++) {
            assertEquals(0, restarts.start(1_000_000 + i));
        }
        assertTrue(restarts.start(1_000_010) > 0);
        restarts.forget();
        assertEquals(0, restarts.start(1_000_020));
    }

    /** While notifications are refused a message is not called shown: it waits, and the status says why. */
    @Test
    @Config(sdk = {28, 34, 35})
    public void without_permission_messages_wait() {
        final List<Integer> outcomes = new ArrayList<Integer>();
        Core core = Core.get(phone.app);
        shadowOf(phone.notifications()).setNotificationsEnabled(false);
        new Notifications(phone.app, core.handler, core.status, core.settings, new Channels(phone.app),
                new Clicks(phone.app, core.status), new Notifications.Outcomes() {
                    @Override
                    public void presented(long sequence, int outcome, String reason) {
                        outcomes.add(outcome);
                    }
                }, null).present(1, Json.of("id", "m", "title", "t", "description", "d"), false);
        assertEquals(java.util.Collections.singletonList(Notifications.LATER), outcomes);
        assertNotNull(core.status.of(Status.NOTIFICATIONS));
    }

    /** Two receivers each get the result, and the status warns of it. */
    @Test
    public void two_receivers_both_get_the_result() throws Exception {
        phone.app.getPackageManager().setComponentEnabledSetting(
                new android.content.ComponentName(phone.app, SecondReceiver.class),
                android.content.pm.PackageManager.COMPONENT_ENABLED_STATE_ENABLED, 0);
        phone.app.registerReceiver(new SecondReceiver(), new android.content.IntentFilter(Names.RECEIVE_MESSAGE));
        Status status = new Status();
        assertEquals(2, Receivers.of(phone.app, status).size());
        assertNotNull(status.of(Status.RECEIVERS));
        phone.server(null);
        MiPushClient.registerPush(phone.app, "1", "2");
        phone.until("both results", new Callable<Boolean>() {
            @Override
            public Boolean call() {
                return SampleReceiver.first("register") != null && !SecondReceiver.RESULTS.isEmpty();
            }
        });
    }
}
