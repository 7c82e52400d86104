package org.offpush;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;
import static org.robolectric.Shadows.shadowOf;

import android.app.Notification;
import android.app.PendingIntent;
import android.content.ComponentName;
import android.content.Intent;
import android.net.Uri;
import android.os.Bundle;

import com.xiaomi.mipush.sdk.MiPushMessage;
import com.xiaomi.mipush.sdk.NotificationClickedActivity;
import com.xiaomi.mipush.sdk.PushMessageHandler;
import com.xiaomi.mipush.sdk.PushMessageHelper;
import com.xiaomi.mipush.sdk.PushServiceReceiver;
import com.xiaomi.push.service.receivers.NetworkStatusReceiver;
import com.xiaomi.push.service.receivers.PingReceiver;

import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.Robolectric;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a click does, and what strangers cannot do. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {23, 28, 34, 35}, application = SampleApplication.class)
public class ClicksTest extends OnGateway {
    private static final String PAGE = "intent://com.example.push/detail#Intent;scheme=pushscheme;launchFlags=0x4000000;"
            + "component=com.example.push/org.offpush.SampleActivities$Chat;S.k=v;end";

    private static MiPushMessage message(Intent opened) {
        return (MiPushMessage) opened.getSerializableExtra(PushMessageHelper.KEY_MESSAGE);
    }

    private void opensApp(Intent opened) {
        assertEquals(SampleActivities.Main.class.getName(), opened.getComponent().getClassName());
    }

    /** The app and the push service are dead: a click opens the app, is counted, and calls back once the app runs. */
    @Test
    public void a_cold_click_opens_the_app_and_calls_back() throws Exception {
        String regId = register();
        String id = push(regId, "Cold", "extra.ext", "cold ext");
        PendingIntent behind = shown("Cold").contentIntent;
        step(id, "shown");
        phone.kill();
        SampleReceiver.CALLS.clear();
        Intent opened = phone.click(behind);
        opensApp(opened);
        assertEquals("cold ext", message(opened).getExtra().get("ext"));
        assertEquals("cold ext", callback("clicked").message.getExtra().get("ext"));
        step(id, "clicked");
    }

    /** A second click on the same notification opens again, but is one click and one callback. */
    @Test
    public void a_click_counts_once() throws Exception {
        String regId = register();
        String id = push(regId, "Once");
        PendingIntent behind = shown("Once").contentIntent;
        phone.click(behind);
        called("clicked");
        opensApp(phone.click(behind));
        step(id, "clicked");
        phone.settle();
        assertEquals(1, SampleReceiver.CALLS.stream().filter(call -> call.name.equals("clicked")).count());
    }

    /** "Open webpage" starts the browser, with no word of the app's; anything but http and https opens the app, and the status says why. */
    @Test
    public void a_web_page_is_http_or_https() throws Exception {
        String regId = register();
        String id = push(regId, "Web", "extra.notify_effect", "3", "extra.web_uri", "https://example.com/a?b#c");
        Intent opened = phone.click(shown("Web").contentIntent);
        assertEquals(Intent.ACTION_VIEW, opened.getAction());
        assertEquals("https://example.com/a?b#c", opened.getDataString());
        assertNull(opened.getComponent());
        assertNull(opened.getExtras());
        step(id, "clicked");
        for (String url : new String[] {"javascript:alert(1)", "file:///data/data/com.example.push/files/x",
                "content://com.example.push/x", "intent://x#Intent;scheme=http;end", "https://user@example.com/"}) {
            opensApp(phone.click(new Clicks(phone.app, new Status()).content(1, Json.of("id", "forged", "extra",
                    Json.of("notify_effect", "3", "web_uri", url)))));
            phone.settle();
            assertNotNull(url, Phone.core().status.of(Status.CLICK));
            Phone.core().status.clear(Status.CLICK);
        }
        assertNull("a web page calls nobody back", SampleReceiver.first("clicked"));
    }

    /** "Open in-app page" passes the gate with its extras and the message; what the gate refuses opens the app with the message. */
    @Test
    public void a_page_opens_through_the_gate() throws Exception {
        String regId = register();
        String id = push(regId, "Page", "extra.ext", "page ext", "extra.notify_effect", "2", "extra.intent_uri", PAGE);
        Intent opened = phone.click(shown("Page").contentIntent);
        assertEquals(SampleActivities.Chat.class.getName(), opened.getComponent().getClassName());
        assertEquals("v", opened.getStringExtra("k"));
        assertEquals("page ext", message(opened).getExtra().get("ext"));
        assertEquals(id, opened.getStringExtra("messageId"));
        assertEquals("true", opened.getStringExtra("mipush_notified"));
        step(id, "clicked");
        Intent refused = phone.click(new Clicks(phone.app, new Status()).content(1, Json.of("id", "x", "extra",
                Json.of("notify_effect", "2", "intent_uri", "intent:#Intent;component=com.example.push/"
                        + SampleActivities.Inner.class.getName() + ";end"))));
        opensApp(refused);
        assertEquals("x", message(refused).getMessageId());
        phone.settle();
        assertTrue(Phone.core().status.of(Status.CLICK), Phone.core().status.of(Status.CLICK).contains("Inner"));
    }

    /** notify_effect 1 opens the app with the message and calls nobody back; it is counted. */
    @Test
    public void the_launcher_gets_the_message_without_a_callback() throws Exception {
        String regId = register();
        String id = push(regId, "Launcher", "extra.notify_effect", "1", "extra.ext", "e");
        Intent opened = phone.click(shown("Launcher").contentIntent);
        opensApp(opened);
        assertEquals("e", message(opened).getExtra().get("ext"));
        step(id, "clicked");
        phone.settle();
        assertNull(SampleReceiver.first("clicked"));
    }

    /** A button opens its own target, counts as a click, and takes the notification away; one without a target is not there. */
    @Test
    public void buttons_open_their_targets() throws Exception {
        String regId = register();
        String id = push(regId, "Buttons", "extra.notification_style_button_left_name", "Read",
                "extra.notification_style_button_left_notify_effect", "3",
                "extra.notification_style_button_left_web_uri", "https://example.com/left",
                "extra.notification_style_button_mid_name", "Dead",
                "extra.notification_style_button_right_name", "Page",
                "extra.notification_style_button_right_notify_effect", "2",
                "extra.notification_style_button_right_intent_uri", PAGE);
        Notification.Action[] actions = shown("Buttons").actions;
        assertEquals(2, actions.length);
        assertEquals("Read", String.valueOf(actions[0].title));
        Intent page = phone.click(actions[1].actionIntent);
        assertEquals(SampleActivities.Chat.class.getName(), page.getComponent().getClassName());
        assertEquals("https://example.com/left", phone.click(actions[0].actionIntent).getDataString());
        step(id, "clicked");
        phone.until("it is gone", () -> phone.titled("Buttons") == null);
    }

    /** Swiped away, a notification is dismissed on the phone and at the gateway. */
    @Test
    public void swiped_away_is_dismissed() throws Exception {
        String regId = register();
        String id = push(regId, "Swiped");
        Notification notification = shown("Swiped");
        step(id, "shown");
        phone.notifications().cancel("0", phone.notifications().getActiveNotifications()[0].getId());
        phone.fire(notification.deleteIntent);
        step(id, "dismissed");
        assertEquals("dismissed", state(id));
    }

    /** Whatever is behind a notification names one component of ours and cannot be changed by others. */
    @Test
    public void pending_intents_are_explicit_and_immutable() throws Exception {
        String regId = register();
        push(regId, "Intents", "extra.notification_style_button_left_name", "Read",
                "extra.notification_style_button_left_notify_effect", "1");
        Notification notification = shown("Intents");
        List<PendingIntent> all = new ArrayList<PendingIntent>(Arrays.asList(notification.contentIntent,
                notification.deleteIntent, notification.actions[0].actionIntent));
        Notification summary = new Looks(phone.app, new Channels(phone.app), new Clicks(phone.app, new Status()))
                .summary(2, "x", Channels.exist() ? new Channels(phone.app).service() : null);
        all.addAll(Arrays.asList(summary.contentIntent, summary.deleteIntent));
        for (PendingIntent one : all) {
            ComponentName component = shadowOf(one).getSavedIntent().getComponent();
            assertEquals("com.example.push", component.getPackageName());
            assertTrue((shadowOf(one).getFlags() & PendingIntent.FLAG_IMMUTABLE) != 0);
        }
        // Two messages' intents are two, or one would get the other's extras.
        Clicks clicks = new Clicks(phone.app, new Status());
        assertFalse(clicks.content(1, Json.of("id", "a")).equals(clicks.content(2, Json.of("id", "b"))));
    }

    /** The activity behind notifications can be started by nobody else; nor does it do anything without our seal. */
    @Test
    public void the_click_activity_is_not_exported() throws Exception {
        assertFalse(phone.app.getPackageManager()
                .getActivityInfo(new ComponentName(phone.app, Names.CLICK_ACTIVITY), 0).exported);
    }

    /** An intent whose extras must not be touched: reading them would make an object of a stranger's. */
    private static Intent trap(String action, Uri data) {
        Intent trap = new Intent(action) {
            @Override
            public Bundle getExtras() {
                throw new AssertionError("a stranger's extras were read");
            }

            @Override
            public java.io.Serializable getSerializableExtra(String name) {
                throw new AssertionError("a stranger's extra was read");
            }

            @Override
            public String getStringExtra(String name) {
                throw new AssertionError("a stranger's extra was read");
            }

            @Override
            public int getIntExtra(String name, int otherwise) {
                throw new AssertionError("a stranger's extra was read");
            }
        };
        return trap.setData(data);
    }

    /** Forged intents at every component, exported or not: nobody is called back, nothing is opened, shown, counted or taken away, and no extra is read. */
    @Test
    public void forged_intents_do_nothing() throws Exception {
        String regId = register();
        String id = push(regId, "Real", "extra.ext", "e");
        Notification real = shown("Real");
        step(id, "shown");
        called("arrived");
        SampleReceiver.CALLS.clear();
        while (shadowOf(phone.app).getNextStartedActivity() != null) {
            continue;
        }
        Uri ours = shadowOf(real.contentIntent).getSavedIntent().getData();
        String text = ours.toString();
        Uri[] seals = {
            null,
            Uri.parse("offpush:"),
            Uri.parse("offpush:" + text.substring("offpush:".length() + 43)),
            // Another content under a good seal, and a good seal of another component's.
            Uri.parse(text.substring(0, "offpush:".length() + 44) + "eyJ3aGF0IjoibWVzc2FnZSJ9"),
            shadowOf(real.deleteIntent).getSavedIntent().getData(),
            Uri.parse("https://example.com/" + text),
        };
        for (Uri seal : seals) {
            for (Class<?> activity : new Class<?>[] {Class.forName(Names.CLICK_ACTIVITY), NotificationClickedActivity.class}) {
                Phone.open(trap(Names.CLICK, seal).setClass(phone.app, activity));
            }
            for (String action : new String[] {Names.RECEIVE_MESSAGE, Names.MESSAGE_ARRIVED, Names.ERROR}) {
                phone.forged(new SampleReceiver(), trap(action, seal));
            }
            phone.forged(new NetworkStatusReceiver(), trap("android.net.conn.CONNECTIVITY_CHANGE", seal));
            Robolectric.buildService(PushMessageHandler.class, trap(Names.RECEIVE_MESSAGE, seal)).create().startCommand(0, 1);
            Uri notForIt = seal == seals[4] ? null : seal;
            phone.forged(new PingReceiver(), trap(Names.COMMAND, notForIt));
            phone.forged(new PushServiceReceiver(), trap(Intent.ACTION_BOOT_COMPLETED, notForIt));
            phone.start(trap(Names.COMMAND, seal));
        }
        // The click's own seal, at another component.
        phone.forged(new SampleReceiver(), trap(Names.CLICK, ours));
        phone.forged(new PingReceiver(), trap(Names.CLICK, ours));
        phone.settle();
        assertTrue(SampleReceiver.CALLS.toString(), SampleReceiver.CALLS.isEmpty());
        assertNull(shadowOf(phone.app).getNextStartedActivity());
        assertEquals("shown", state(id));
        assertNotNull(phone.titled("Real"));
    }
}
