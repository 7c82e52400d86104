package org.offpush;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static org.robolectric.Shadows.shadowOf;

import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;
import org.robolectric.shadows.ShadowAlarmManager;

import java.io.PrintWriter;
import java.io.StringWriter;

/** What {@code dumpsys activity service} prints of a daemon that runs, at a real gateway. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {28, 34, 35}, application = SampleApplication.class)
public class StatusPageTest extends GatewayTest {
    private String dump(String... arguments) {
        StringWriter printed = new StringWriter();
        phone.service().dump(null, new PrintWriter(printed, true), arguments);
        return printed.toString();
    }

    private JSONObject page() throws Exception {
        return new JSONObject(dump("--json"));
    }

    private static JSONObject problem(JSONObject page, String code) throws Exception {
        JSONArray problems = page.getJSONArray("problems");
        for (int i = 0; i < problems.length(); i++) {
            if (problems.getJSONObject(i).getString("code").equals(code)) {
                return problems.getJSONObject(i);
            }
        }
        return null;
    }

    /** Text, lines for scripts and JSON say the same, each with what Android allows. */
    @Test
    public void text_lines_and_json_say_the_same() throws Exception {
        ShadowAlarmManager.setCanScheduleExactAlarms(true);
        register();
        phone.until("the gateway's answer", () -> dump().startsWith("Connected for "));
        String text = dump();
        assertTrue(text, text.contains("service    a foreground service"));
        String lines = dump("--checkin");
        assertTrue(lines, lines.startsWith("1,page,1,") && lines.trim().endsWith("1,end"));
        assertTrue(lines, lines.contains("\n1,state,connected,"));
        assertTrue(lines, lines.contains("\n1,platform,service,a foreground service,\n"));
        JSONObject json = page();
        assertEquals("connected", json.getString("state"));
        assertEquals("exact, also in Doze", json.getJSONObject("platform").getJSONObject("alarm").getString("words"));
        assertEquals("exact, also in Doze", json.getJSONObject("alarm").getString("rung"));
        assertEquals(json.toString(), 0, json.getJSONArray("problems").length());
        JSONObject history = new JSONObject(dump("--json", "history"));
        assertTrue(history.toString(), history.getJSONObject("ok").toString().contains("connected"));
    }

    /** What a person has denied is a problem with what it breaks and what to do, from the next look at the page on. */
    @Test
    public void what_android_denies_is_a_problem_of_the_page() throws Exception {
        register();
        connected();
        shadowOf(phone.notifications()).setNotificationsEnabled(false);
        phone.until("the problem", () -> problem(page(), "notifications-denied") != null);
        JSONObject denied = problem(page(), "notifications-denied");
        assertEquals("error", denied.getString("severity"));
        assertTrue(denied.toString(), denied.getString("impact").contains("not shown"));
        assertTrue(denied.toString(), denied.getString("action").contains("allow the app's notifications"));
        String text = dump();
        assertTrue(text, text.substring(0, text.indexOf('\n')).contains("notifications"));
        assertTrue(dump("--checkin"), dump("--checkin").contains("\n1,problem,notifications-denied,error,"));
        shadowOf(phone.notifications()).setNotificationsEnabled(true);
        phone.until("its end", () -> problem(page(), "notifications-denied") == null);
    }
}
