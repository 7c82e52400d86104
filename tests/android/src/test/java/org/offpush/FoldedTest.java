package org.offpush;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import android.app.Notification;
import android.content.Intent;
import android.service.notification.StatusBarNotification;

import com.xiaomi.mipush.sdk.MiPushClient;

import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** More messages than have a place in the bar, from the gateway to the person and back, on a platform with its real limits. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {23, 28, 34, 35}, application = SampleApplication.class, shadows = PlatformBar.class)
public class FoldedTest extends OnGateway {
    @Before
    public void limits() throws Exception {
        PlatformBar.clear();
    }

    /** So many messages in one call, each with its own notifyId. Their ids. */
    private List<String> burst(String regId, int count) throws Exception {
        JSONArray messages = new JSONArray();
        for (int i = 1; i <= count; i++) {
            messages.put(Json.of("target", regId, "message", Json.of("payload", "p", "title", "t" + i, "description", "d",
                    "pass_through", 0, "notify_type", -1, "notify_id", i, "restricted_package_name", "com.example.push",
                    "extra", Json.of("ext", "e" + i))));
        }
        JSONObject answer = gateway.miPush("/v2/multi_messages/regids", "messages=" + Gateway.encode(messages.toString()));
        String[] ids = answer.getJSONObject("data").getString("id").split(",");
        assertEquals(count, ids.length);
        waitFor("each is shown or folded", () -> count("shown") + count("folded") == count);
        return Arrays.asList(ids);
    }

    private void waitFor(String what, java.util.concurrent.Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + 60_000_000_000L;
        while (!condition.call()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not within a minute: " + what + "\n" + Phone.core().page(false));
            }
            phone.pass(50);
        }
    }

    private void pass(long millis) throws Exception {
        for (long passed = 0; passed < millis; passed += 50) {
            phone.pass(50);
        }
    }

    /** How many of these messages have this receipt at the gateway. */
    private int receipts(List<String> ids, String what) throws Exception {
        Set<String> wanted = new HashSet<String>(ids);
        JSONArray all = gateway.list("messages?limit=1000");
        int count = 0;
        for (int i = 0; i < all.length(); i++) {
            JSONObject one = all.getJSONObject(i);
            count += wanted.contains(one.getString("id")) ? one.getJSONObject("counts").getInt(what) : 0;
        }
        return count;
    }

    private StatusBarNotification summary() {
        for (StatusBarNotification one : phone.notifications().getActiveNotifications()) {
            if (one.getTag() == null && one.getNotification().number > 0) {
                return one;
            }
        }
        return null;
    }

    /** A thousand pushes: all are shown or folded, on the phone and at the gateway; a place that becomes free makes a folded one shown; a click on the summary opens the app and clicks the rest. */
    @Test
    public void a_thousand_pushes_are_lost_by_nobody() throws Exception {
        String regId = register();
        List<String> ids = burst(regId, 1_000);
        assertEquals(0, PlatformBar.dropped);
        assertTrue("stood there at once: " + PlatformBar.most, PlatformBar.most <= 20);
        assertEquals(19, phone.bar().size());
        int folded = count("folded");
        waitFor("the receipts", () -> receipts(ids, "shown") + receipts(ids, "folded") == 1_000);
        assertEquals(folded, receipts(ids, "folded"));

        // The person swipes three away.
        int swiped = 0;
        for (StatusBarNotification one : phone.notifications().getActiveNotifications()) {
            if (one.getTag() != null && swiped < 3) {
                swiped++;
                phone.swipe(one);
            }
        }
        waitFor("three folded ones are shown", () -> count("folded") == folded - 3);
        assertEquals(3, count("dismissed"));
        assertEquals(19, phone.bar().size());
        waitFor("their second receipts", () -> receipts(ids, "shown") == 1_000 - folded + 3);
        // Both receipts of one message stay, in their order.
        int both = 0;
        for (Notification one : phone.bar()) {
            List<String> steps = gateway.steps(one.extras.getString(Looks.ID));
            both += steps.indexOf("folded") >= 0 && steps.indexOf("folded") < steps.indexOf("shown") ? 1 : 0;
        }
        assertEquals(3, both);

        waitFor("the summary counts them no more", () -> summary().getNotification().number == 1_000 - 19 - 3);
        SampleReceiver.CALLS.clear();
        String newest = String.valueOf(summary().getNotification().extras.getCharSequence(Notification.EXTRA_TEXT));
        Intent opened = phone.clickOn(summary());
        assertEquals(SampleActivities.Main.class.getName(), opened.getComponent().getClassName());
        waitFor("all behind it are clicked", () -> count("folded") == 0);
        waitFor("the callback", () -> SampleReceiver.first("clicked") != null);
        pass(2_000);
        assertNull(summary());
        assertEquals("the bar stays", 19, phone.bar().size());
        // One tap, one callback: the newest, whose text stood there.
        assertEquals(1, SampleReceiver.CALLS.stream().filter(call -> call.name.equals("clicked")).count());
        assertTrue(newest, newest.endsWith(SampleReceiver.first("clicked").message.getTitle() + ": d"));
        assertNotNull(SampleReceiver.first("clicked").message.getExtra().get("ext"));
        assertTrue(count("clicked") >= folded - 3);
        waitFor("the gateway knows", () -> receipts(ids, "clicked") == count("clicked"));
    }

    /** After a restart what is folded is behind the summary again; swiped away, it is dismissed. */
    @Test
    public void a_restart_keeps_what_is_folded() throws Exception {
        String regId = register();
        burst(regId, 40);
        int folded = count("folded");
        phone.kill();
        phone.start(null);
        waitFor("the summary", () -> summary() != null && summary().getNotification().number == folded);
        phone.swipe(summary());
        waitFor("dismissed", () -> count("dismissed") == folded);
        assertEquals(0, count("folded"));
    }

    /** clearNotification takes what is folded as well, for good: it is not back after a restart. */
    @Test
    public void what_is_cleared_stays_away() throws Exception {
        String regId = register();
        burst(regId, 40);
        MiPushClient.clearNotification(phone.app);
        waitFor("nothing is folded", () -> count("folded") == 0);
        pass(3_000);
        assertEquals(0, phone.notifications().getActiveNotifications().length - phone.ongoing());
        phone.kill();
        phone.start(null);
        pass(3_000);
        assertEquals(0, phone.notifications().getActiveNotifications().length - phone.ongoing());
    }
}
