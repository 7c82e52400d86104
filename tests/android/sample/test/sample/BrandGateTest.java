package sample;

import static org.junit.Assert.assertFalse;

import android.content.Intent;

import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;
import org.robolectric.shadows.ShadowBuild;

/** The reference document's app as it stands there, with its gates around registration and report. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = 34)
public class BrandGateTest {
    /** Robolectric's phone is not Xiaomi's: nothing registers and nothing is reported; on Xiaomi's it is. */
    @Test
    public void behind_the_gates_only_xiaomi_registers_and_reports() throws Exception {
        Handset phone = new Handset();
        Intent login = new Intent().setClassName(phone.app, "com.tencent.qcloud.tim.demo.MainActivity")
                .putExtra("user", Server.USER).putExtra("sig", Server.TICKET);
        // What the library is asked for starts its service before it returns: what has not by now was not asked.
        assertFalse(phone.pump());
        ShadowBuild.setBrand("Xiaomi");
        phone.app.onCreate();
        phone.untilSaid("| result: 0 |");

        ShadowBuild.setBrand("another");
        phone.open(login);
        assertFalse(phone.pump());
        ShadowBuild.setBrand("Xiaomi");
        phone.open(login);
        phone.untilSaid("setOfflinePushToken success");
    }
}
