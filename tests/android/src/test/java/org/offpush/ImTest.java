package org.offpush;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import android.content.ComponentName;
import android.content.Context;
import android.content.pm.PackageManager;
import android.os.Looper;

import com.tencent.imsdk.AppContext;
import com.tencent.imsdk.ResultReceiver;
import com.tencent.imsdk.TIMCallBack;
import com.tencent.imsdk.TIMManager;
import com.tencent.imsdk.TIMMessageOfflinePushSettings;
import com.tencent.imsdk.TIMOfflinePushToken;
import com.xiaomi.mipush.sdk.ErrorCode;

import org.json.JSONObject;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.Robolectric;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;
import org.robolectric.util.ReflectionHelpers;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** The IM side (com.tencent.imsdk) at a real gateway: who is logged in, and who is reached. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {23, 28, 34, 35}, application = SampleApplication.class)
public class ImTest extends OnGateway {
    private final TIMManager manager = TIMManager.getInstance();
    private long certificate;

    /** Keeps what it is told: 0, or the code. */
    private static final class Answer implements TIMCallBack {
        final List<Integer> codes = new ArrayList<Integer>();
        String words;
        boolean offMainThread;

        @Override
        public void onError(int code, String desc) {
            words = desc;
            add(code);
        }

        @Override
        public void onSuccess() {
            add(0);
        }

        private void add(int code) {
            offMainThread |= Looper.myLooper() != Looper.getMainLooper();
            codes.add(code);
        }
    }

    @Before
    public void install() throws Exception {
        phone.app.getPackageManager().setComponentEnabledSetting(new ComponentName(phone.app, ResultReceiver.class),
                PackageManager.COMPONENT_ENABLED_STATE_ENABLED, 0);
        Robolectric.setupContentProvider(AppContext.class);
        ReflectionHelpers.setField(manager, "user", null);
        ReflectionHelpers.setField(manager, "ticket", null);
        phone.app.getSharedPreferences("offpush_im", Context.MODE_PRIVATE).edit().clear().commit();
        certificate = gateway.admin("POST", "certificates", new JSONObject().put("appId", gateway.appId)
                .put("click", Json.of("type", "app"))).getLong("certificateId");
    }

    private int told(Answer answer) throws Exception {
        phone.until("an answer", () -> !answer.codes.isEmpty());
        assertFalse(answer.offMainThread);
        assertEquals(answer.codes.toString(), 1, answer.codes.size());
        return answer.codes.get(0);
    }

    private Answer login(String user, String ticket) {
        Answer answer = new Answer();
        manager.login(user, ticket, answer);
        return answer;
    }

    private Answer report(long number, String regId) {
        Answer answer = new Answer();
        manager.setOfflinePushToken(regId == null ? null : new TIMOfflinePushToken(number, regId), answer);
        return answer;
    }

    private Answer logout() {
        Answer answer = new Answer();
        manager.logout(answer);
        return answer;
    }

    private void reachedAs(String user, String regId) throws Exception {
        assertEquals(0, told(login(user, gateway.ticket(user))));
        assertEquals(0, told(report(certificate, regId)));
    }

    /** Without a user or a ticket nobody is logged in; with both the user is, and a null callback is no fault. */
    @Test
    public void logging_in_needs_a_user_and_a_ticket() throws Exception {
        for (String[] missing : new String[][] {{null, "t"}, {"", "t"}, {"u", null}, {"u", ""}}) {
            assertEquals(TIMManager.ERR_INVALID_PARAMETERS, told(login(missing[0], missing[1])));
            assertNull(manager.getLoginUser());
        }
        assertEquals(0, told(login("user", "ticket")));
        assertEquals("user", manager.getLoginUser());
        manager.login(null, null, null);
        manager.setOfflinePushToken(null, null);
        assertEquals("user", manager.getLoginUser());
    }

    /** Nobody is logged in: neither a report nor a logout is sent, and the callback says so. */
    @Test
    public void without_a_login_nothing_is_sent() throws Exception {
        String regId = register();
        assertEquals(TIMManager.ERR_SDK_NOT_LOGGED_IN, told(report(certificate, regId)));
        assertEquals(TIMManager.ERR_SDK_NOT_LOGGED_IN, told(logout()));
        assertEquals(0, told(login("user", "ticket")));
        assertEquals(TIMManager.ERR_INVALID_PARAMETERS, told(report(certificate, null)));
        assertEquals(TIMManager.ERR_INVALID_PARAMETERS, told(report(certificate, "")));
    }

    /** A reported user is reached, with ext; logged out nobody is, and whoever comes next is. */
    @Test
    public void a_user_is_reached_until_logout() throws Exception {
        String regId = register();
        reachedAs("ida", regId);
        gateway.send("ida", "To Ida", "for ida");
        phone.click(shown("To Ida").contentIntent);
        assertEquals("for ida", callback("clicked").message.getExtra().get("ext"));
        assertEquals(0, told(logout()));
        assertNull(manager.getLoginUser());
        gateway.send("ida", "After", "x");
        reachedAs("jan", regId);
        // Entries arrive in order: what was sent before would be there before it.
        gateway.send("jan", "To Jan", "for jan");
        shown("To Jan");
        assertNull(phone.titled("After"));
    }

    /** Who logs in on a phone takes it from a user who never logged out, also in a new process. */
    @Test
    public void another_users_login_ends_the_one_before() throws Exception {
        String regId = register();
        reachedAs("kim", regId);
        ReflectionHelpers.setField(manager, "user", null);
        reachedAs("lea", regId);
        gateway.send("kim", "To Kim", "x");
        gateway.send("lea", "To Lea", "y");
        shown("To Lea");
        assertNull(phone.titled("To Kim"));
    }

    /** The gateway judges the ticket when the token is reported: nonsense and another user's are refused with its code, and reach nobody. */
    @Test
    public void a_wrong_ticket_is_refused() throws Exception {
        String regId = register();
        assertEquals(0, told(login("mia", "nonsense")));
        Answer nonsense = report(certificate, regId);
        int code = told(nonsense);
        assertTrue(code + " " + nonsense.words, code >= 70001 && code <= 70020);
        assertEquals(0, told(login("mia", gateway.ticket("another"))));
        assertEquals("the ticket is another user's", 70013, told(report(certificate, regId)));
        reachedAs("nina", regId);
        gateway.send("mia", "To Mia", "x");
        gateway.send("nina", "To Nina", "y");
        shown("To Nina");
        assertNull(phone.titled("To Mia"));
    }

    /** A certificate that the gateway does not have is refused with a reason. */
    @Test
    public void an_unknown_certificate_is_refused() throws Exception {
        String regId = register();
        assertEquals(0, told(login("olaf", gateway.ticket("olaf"))));
        Answer answer = report(certificate + 1_000, regId);
        assertTrue(told(answer) != 0);
        assertFalse(answer.words, answer.words == null || answer.words.isEmpty());
    }

    /** Two reports that are alike bring two answers, one each. */
    @Test
    public void each_report_is_answered_once() throws Exception {
        String regId = register();
        assertEquals(0, told(login("paul", gateway.ticket("paul"))));
        List<Answer> answers = Arrays.asList(report(certificate, regId), report(certificate, regId));
        for (Answer answer : answers) {
            assertEquals(0, told(answer));
        }
        phone.settle();
        for (Answer answer : answers) {
            assertEquals(Collections.singletonList(0), answer.codes);
        }
    }

    /** What the phone itself refuses is answered too: before the app has registered nothing can be reported, and nobody logged out. */
    @Test
    public void without_a_registration_the_callback_says_so() throws Exception {
        assertEquals(0, told(login("sven", "ticket")));
        Answer report = report(certificate, "regId");
        assertEquals(ErrorCode.ERROR_SERVICE_UNAVAILABLE, told(report));
        assertTrue(report.words, report.words.contains("not registered"));
        assertEquals(ErrorCode.ERROR_SERVICE_UNAVAILABLE, told(logout()));
    }

    /** An app that repeats itself while offline does not fill the memory: of more than 64 the oldest are given up, with a word. */
    @Test
    public void what_waits_is_bounded() throws Exception {
        phone.server(null);
        assertEquals(0, told(login("rita", "ticket")));
        List<Answer> answers = new ArrayList<Answer>();
        for (int i = 0; i < 65; i++) {
            answers.add(report(1_000_000 + i, "regId"));
        }
        assertEquals(ErrorCode.ERROR_SERVICE_UNAVAILABLE, told(answers.get(0)));
        assertTrue(answers.get(0).words, answers.get(0).words.contains("too many"));
    }

    /** The settings of a message's notification hold what they are given, and no reference to it. */
    @Test
    public void the_push_settings_hold_values() {
        TIMMessageOfflinePushSettings settings = new TIMMessageOfflinePushSettings();
        assertTrue(settings.isEnabled());
        assertNull(settings.getDescr());
        assertNull(settings.getExt());
        byte[] ext = {1, 2, 3};
        settings.setExt(ext);
        settings.setDescr("text");
        settings.setEnabled(false);
        ext[0] = 9;
        assertArrayEquals(new byte[] {1, 2, 3}, settings.getExt());
        assertEquals("text", settings.getDescr());
        assertFalse(settings.isEnabled());
        settings.setExt(null);
        assertNull(settings.getExt());
    }
}
