package org.offpush;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertTrue;

import android.app.Notification;
import android.content.Intent;

import com.xiaomi.mipush.sdk.MiPushClient;
import com.xiaomi.mipush.sdk.MiPushMessage;
import com.xiaomi.mipush.sdk.PushMessageHelper;

import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;

import java.util.concurrent.Callable;

/** The reference document's app against a real gateway process, with the real library loaded. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {23, 28, 34, 35}, application = SampleApplication.class)
public class EndToEndTest extends GatewayTest {
    /** The regId reaches the receiver off the main thread, and getRegId afterwards. */
    @Test
    public void registering_brings_the_reg_id() throws Exception {
        String regId = register();
        assertEquals(43, regId.length());
        assertFalse(SampleReceiver.first("register").onMainThread);
        assertEquals(regId, MiPushClient.getRegId(phone.app));
        assertNotNull(SampleReceiver.result(MiPushClient.COMMAND_REGISTER));
    }

    /** A push is in the notification bar, and a click opens the app with the message and calls back with ext. */
    @Test
    public void a_push_is_shown_and_its_click_calls_back() throws Exception {
        String regId = register();
        gateway.push(regId, "title", "Hello", "description", "World", "payload", "content", "pass_through", "0",
                "notify_type", "-1", "extra.ext", "ext content");
        Notification notification = shown("Hello");
        called("arrived");
        Intent opened = phone.click(notification.contentIntent);
        MiPushMessage message = (MiPushMessage) opened.getSerializableExtra(PushMessageHelper.KEY_MESSAGE);
        assertEquals("ext content", message.getExtra().get("ext"));
        assertEquals(SampleActivities.Main.class.getName(), opened.getComponent().getClassName());
        called("clicked");
        MiPushMessage clicked = SampleReceiver.first("clicked").message;
        assertEquals("ext content", clicked.getExtra().get("ext"));
        assertEquals("content", clicked.getContent());
        assertTrue(clicked.isNotified());
        assertFalse(SampleReceiver.first("clicked").onMainThread);
    }

    /** An in-app page gets the message, and ext with it, under KEY_MESSAGE. */
    @Test
    public void a_click_opens_the_page_with_ext() throws Exception {
        String regId = register();
        gateway.push(regId, "title", "Page", "description", "d", "payload", "p", "pass_through", "0", "extra.ext", "of the page",
                "extra.notify_effect", "2", "extra.intent_uri",
                "intent://com.example.push/detail#Intent;scheme=pushscheme;launchFlags=0x4000000;end");
        Intent opened = phone.click(shown("Page").contentIntent);
        assertEquals(SampleActivities.Chat.class.getName(), opened.getComponent().getClassName());
        MiPushMessage message = (MiPushMessage) opened.getSerializableExtra(PushMessageHelper.KEY_MESSAGE);
        assertEquals("of the page", message.getExtra().get("ext"));
    }

    /** What was pushed while the push service's process was dead is shown after Android's restart, with the app dead. */
    @Test
    public void a_restarted_service_shows_what_waited() throws Exception {
        String regId = register();
        phone.kill();
        gateway.push(regId, "title", "Later", "description", "d", "payload", "p", "pass_through", "0");
        // START_STICKY: Android starts the service again, without an intent.
        phone.start(null);
        shown("Later");
    }

    /** An alias is confirmed, and listed from then on. */
    @Test
    public void an_alias_is_confirmed() throws Exception {
        register();
        MiPushClient.setAlias(phone.app, "me", null);
        phone.until("the alias's result", new Callable<Boolean>() {
            @Override
            public Boolean call() {
                return SampleReceiver.result(MiPushClient.COMMAND_SET_ALIAS) != null;
            }
        });
        assertEquals(java.util.Collections.singletonList("me"), MiPushClient.getAllAlias(phone.app));
    }
}
