package sample;

import static org.junit.Assert.assertEquals;

import android.content.Intent;

import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;

/** The reference document's app, shrunk, with the real library, against a real gateway. One test: a phone has one daemon. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {23, 28, 34, 35})
public class WorksTest {
    private static final String DEMO = "com.tencent.qcloud.tim.demo.";

    /** It registers, reports its token, shows what is pushed, hands ext to callback and page, comes back, and cancels at logout. */
    @Test
    public void the_shrunk_app_does_what_the_document_says() throws Exception {
        Handset phone = new Handset();
        phone.untilSaid("| result: 0 |");

        phone.open(activity(phone, "MainActivity").putExtra("user", Server.USER).putExtra("sig", Server.TICKET));
        phone.untilSaid("setOfflinePushToken success");

        Server.afterClick("{\"type\":\"app\"}");
        Server.send("for the app", "in the callback");
        Intent opened = phone.click(phone.untilShown("for the app", true).contentIntent);
        assertEquals(DEMO + "MainActivity", opened.getComponent().getClassName());
        phone.untilSaid("onNotificationMessageClicked ext: in the callback");

        Server.afterClick("{\"type\":\"page\",\"intentUri\":\"intent://com.tencent.qcloud.tim/detail#Intent;scheme=pushscheme;"
                + "launchFlags=0x4000000;component=com.tencent.qcloud.tim.tuikit/" + DEMO + "chat.ChatActivity;end\"}");
        Server.send("for the page", "in the page");
        opened = phone.click(phone.untilShown("for the page", true).contentIntent);
        assertEquals(DEMO + "chat.ChatActivity", opened.getComponent().getClassName());
        phone.untilSaid("opened ext: in the page");

        phone.endService();
        phone.broadcast(new Intent(Intent.ACTION_BOOT_COMPLETED).setClassName(phone.app, "com.xiaomi.mipush.sdk.PushServiceReceiver"));
        phone.alarm();
        Server.send("for nobody any more", "");
        phone.untilShown("for nobody any more", true);
        phone.open(activity(phone, "MainActivity").putExtra("logout", "yes"));
        phone.untilShown("for nobody any more", false);
    }

    private static Intent activity(Handset phone, String name) {
        return new Intent().setClassName(phone.app, DEMO + name);
    }
}
