package org.offpush;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import com.xiaomi.push.service.XMPushService;

import org.json.JSONObject;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.Robolectric;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;

import java.io.PrintWriter;
import java.io.StringWriter;

/** What {@code dumpsys activity service} prints, as {@code offpush --adb} reads it, where no daemon runs. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {23, 28, 34, 35}, application = SampleApplication.class)
public class DumpTest {
    private Phone phone;
    private PushService service;

    @Before
    public void setUp() throws Exception {
        phone = new Phone();
        service = Robolectric.buildService(XMPushService.class).create().get();
    }

    @After
    public void tearDown() throws Exception {
        phone.close();
    }

    private String dump(String... arguments) {
        StringWriter printed = new StringWriter();
        service.dump(null, new PrintWriter(printed, true), arguments);
        return printed.toString();
    }

    /** The page is one line of JSON, with what Android allows among it. */
    @Test
    public void the_page_for_machines_is_one_line_with_what_android_allows() throws Exception {
        String printed = dump("--json");
        assertEquals(printed, 1, printed.trim().split("\n").length);
        JSONObject page = new JSONObject(printed);
        assertEquals("not-running", page.getString("state"));
        assertTrue(printed, page.has("platform"));
    }

    /** History, messages and networks may be asked for; nothing that changes anything, and nothing that is none of these. */
    @Test
    public void only_questions_that_change_nothing_are_asked() throws Exception {
        for (String question : new String[] {"history", "notifications", "networks"}) {
            JSONObject error = new JSONObject(dump("--json", question, "7")).getJSONObject("error");
            assertEquals("the daemon does not run", error.getString("message"));
        }
        for (String other : new String[] {"command", "register", "click", "dismiss", "echo", "", "history\"}"}) {
            JSONObject error = new JSONObject(dump("--json", other)).getJSONObject("error");
            assertEquals("not to be had by dumpsys", error.getString("message"));
        }
    }

    /** Without an argument, or with one that is unknown, a person reads it. */
    @Test
    public void a_person_gets_text() {
        assertTrue(dump().startsWith("The daemon does not run."));
        assertTrue(dump("--unknown").contains("Android"));
        assertTrue(dump((String[]) null).contains("API"));
    }
}
