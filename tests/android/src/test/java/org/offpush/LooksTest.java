package org.offpush;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import android.app.Notification;
import android.app.NotificationChannel;
import android.app.NotificationManager;
import android.net.Uri;
import android.os.Build;

import com.xiaomi.mipush.sdk.MiPushClient;

import org.json.JSONObject;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;
import org.robolectric.util.ReflectionHelpers;

import java.util.ArrayList;
import java.util.List;

/** How a message's notification looks and sounds. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {23, 28, 34, 35}, application = SampleApplication.class)
public class LooksTest {
    private static final String CHIME = "android.resource://com.example.push/raw/chime";

    private Phone phone;
    private Notifications notifications;
    private final List<String> outcomes = new ArrayList<String>();
    private int number;

    @Before
    public void setUp() throws Exception {
        phone = new Phone();
        Core core = Core.get(phone.app);
        notifications = new Notifications(phone.app, core.handler, core.status, core.settings, new Channels(phone.app),
                new Clicks(phone.app, core.status), (sequence, outcome, reason) -> outcomes.add(outcome + " " + reason),
                sequence -> null);
    }

    @After
    public void tearDown() throws Exception {
        phone.close();
    }

    private Notification present(int notifyType, String... extra) throws Exception {
        JSONObject extras = Json.of((Object[]) extra);
        final int id = ++number;
        final JSONObject message = Json.of("id", "m" + id, "title", "t" + id, "description", "text", "notifyId", id,
                "notifyType", notifyType, "extra", extras);
        Phone.core().handler.post(() -> notifications.present(id, message, false));
        phone.settle();
        return phone.titled("t" + id);
    }

    private static boolean hasChannels() {
        return Build.VERSION.SDK_INT >= 26;
    }

    private NotificationChannel channel(Notification notification) {
        return phone.notifications().getNotificationChannel(notification.getChannelId());
    }

    /** What draws attention: sound, vibration and light, each as its bit says; before 8 by the notification, from then on by its channel. */
    @Test
    public void each_bit_draws_its_attention() throws Exception {
        for (int bits = 0; bits < 8; bits++) {
            Notification notification = present(bits);
            if (hasChannels()) {
                NotificationChannel channel = channel(notification);
                assertEquals((bits & 1) != 0, channel.getSound() != null);
                assertEquals((bits & 2) != 0, channel.shouldVibrate());
                assertEquals((bits & 4) != 0, channel.shouldShowLights());
                assertEquals((bits & 1) != 0 ? NotificationManager.IMPORTANCE_HIGH
                        : (bits & 2) != 0 ? NotificationManager.IMPORTANCE_DEFAULT : NotificationManager.IMPORTANCE_LOW,
                        channel.getImportance());
            } else {
                assertEquals(bits, notification.defaults);
            }
        }
        Notification all = present(-1);
        assertEquals(7, hasChannels() ? Integer.parseInt(all.getChannelId().replaceAll(".*\\.", "")) : all.defaults);
    }

    /** setLocalNotificationType wins over the message, until clearLocalNotificationType. */
    @Test
    public void the_local_type_wins() throws Exception {
        MiPushClient.setLocalNotificationType(phone.app, 2);
        phone.settle();
        Notification local = present(7);
        MiPushClient.clearLocalNotificationType(phone.app);
        phone.settle();
        Notification own = present(7);
        if (hasChannels()) {
            assertNull(channel(local).getSound());
            assertTrue(channel(local).shouldVibrate());
            assertNotNull(channel(own).getSound());
        } else {
            assertEquals(2, local.defaults);
            assertEquals(7, own.defaults);
        }
    }

    /** The app's own sound, from its own raw resources and nowhere else. */
    @Test
    public void an_own_sound_is_played() throws Exception {
        Notification chime = present(-1, "sound_uri", CHIME);
        assertEquals(Uri.parse(CHIME), hasChannels() ? channel(chime).getSound() : chime.sound);
        for (String foreign : new String[] {"android.resource://com.example.push/raw/none", "https://example.com/a.ogg",
                "android.resource://com.other/raw/chime", "content://media/1", "android.resource://com.example.push/raw/../chime"}) {
            Notification notification = present(-1, "sound_uri", foreign);
            Uri sound = hasChannels() ? channel(notification).getSound() : notification.sound;
            assertTrue(foreign, hasChannels() ? !Uri.parse(foreign).equals(sound) : sound == null);
        }
        assertNull("a silent message stays silent", hasChannels() ? channel(present(2, "sound_uri", CHIME)).getSound()
                : present(2, "sound_uri", CHIME).sound);
    }

    /** A message may name a channel: the app's own stays as it is, a new one is made with name and description, ours cannot be named. */
    @Test
    @Config(sdk = {28, 34, 35})
    public void messages_name_their_channel() throws Exception {
        NotificationChannel own = new NotificationChannel("own", "Own", NotificationManager.IMPORTANCE_LOW);
        phone.notifications().createNotificationChannel(own);
        assertEquals("own", present(-1, "channel_id", "own", "channel_name", "Other").getChannelId());
        assertEquals("Own", String.valueOf(phone.notifications().getNotificationChannel("own").getName()));
        assertEquals(NotificationManager.IMPORTANCE_LOW, phone.notifications().getNotificationChannel("own").getImportance());

        Notification news = present(1, "channel_id", "news", "channel_name", "News", "channel_description", "What is new");
        assertEquals("news", news.getChannelId());
        assertEquals("News", String.valueOf(channel(news).getName()));
        assertEquals("What is new", channel(news).getDescription());
        assertEquals(NotificationManager.IMPORTANCE_HIGH, channel(news).getImportance());

        assertEquals("offpush.messages.7", present(-1, "channel_id", "offpush.service").getChannelId());
        for (int i = 0; i < 60; i++) {
            present(-1, "channel_id", "c" + i);
        }
        assertTrue("channels: " + phone.notifications().getNotificationChannels().size(),
                phone.notifications().getNotificationChannels().size() <= 42);
    }

    /** A channel that the person has switched off: the message is blocked, and says which. */
    @Test
    @Config(sdk = {28, 34, 35})
    public void a_channel_switched_off_blocks() throws Exception {
        phone.notifications().createNotificationChannel(
                new NotificationChannel("off", "Off", NotificationManager.IMPORTANCE_NONE));
        assertNull(present(-1, "channel_id", "off"));
        assertEquals(1, outcomes.size());
        assertTrue(outcomes.get(0), outcomes.get(0).startsWith(Notifications.BLOCKED + " ") && outcomes.get(0).contains("off"));
    }

    /** On Android 8.0 an adaptive icon would end SystemUI for good: the bell stands there instead; later ones draw it. */
    @Test
    @Config(sdk = 28)
    public void an_adaptive_icon_is_not_for_android_8_0() {
        phone.app.getApplicationInfo().icon =
                phone.app.getResources().getIdentifier("adaptive", "drawable", "com.example.push");
        assertEquals(phone.app.getApplicationInfo().icon, Looks.smallIcon(phone.app));
        ReflectionHelpers.setStaticField(Build.VERSION.class, "SDK_INT", 26);
        try {
            assertEquals(android.R.drawable.stat_notify_chat, Looks.smallIcon(phone.app));
            phone.app.getApplicationInfo().icon =
                    phone.app.getResources().getIdentifier("icon", "drawable", "com.example.push");
            assertEquals(phone.app.getApplicationInfo().icon, Looks.smallIcon(phone.app));
        } finally {
            ReflectionHelpers.setStaticField(Build.VERSION.class, "SDK_INT", 28);
        }
    }

    /** Long texts unfold; a ticker and a time to live are kept, odd ones are not. */
    @Test
    public void big_text_ticker_and_timeout() throws Exception {
        Notification big = present(-1, "notification_style_type", "1", "ticker", "Tick");
        assertEquals("text", String.valueOf(big.extras.getCharSequence(Notification.EXTRA_BIG_TEXT)));
        assertEquals("Tick", String.valueOf(big.tickerText));
        assertNull(present(-1).extras.getCharSequence(Notification.EXTRA_BIG_TEXT));
        if (hasChannels()) {
            assertEquals(60_000, present(-1, "timeout", "60").getTimeoutAfter());
            for (String odd : new String[] {"0", "-5", "soon", "99999999999999999999", "604801"}) {
                assertEquals(odd, 0, present(-1, "timeout", odd).getTimeoutAfter());
            }
        }
    }

    /** A message that is shown again after a crash makes no sound and does not pop up. */
    @Test
    public void a_silent_one_is_silent() throws Exception {
        Phone.core().handler.post(() -> notifications.present(1, Json.of("id", "m", "title", "silent", "description", "d",
                "notifyType", -1), true));
        phone.settle();
        Notification silent = phone.titled("silent");
        if (hasChannels()) {
            assertEquals(Notification.GROUP_ALERT_SUMMARY, silent.getGroupAlertBehavior());
            assertNotNull(silent.getGroup());
            assertEquals(0, silent.flags & Notification.FLAG_GROUP_SUMMARY);
        } else {
            assertEquals(0, silent.defaults);
            assertNull(silent.sound);
            assertEquals(Notification.PRIORITY_DEFAULT, silent.priority);
        }
    }

    /** The icon for the status bar is the one that Mi Push apps bring, else the app's. */
    @Test
    public void there_is_always_an_icon() throws Exception {
        assertTrue(present(-1).getSmallIcon().getResId() != 0);
        assertEquals(phone.app.getApplicationInfo().icon, Looks.smallIcon(phone.app));
    }
}
