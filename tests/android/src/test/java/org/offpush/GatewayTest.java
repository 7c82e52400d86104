package org.offpush;

import static org.junit.Assert.assertEquals;

import android.app.Notification;

import com.xiaomi.mipush.sdk.ErrorCode;
import com.xiaomi.mipush.sdk.MiPushClient;

import org.junit.After;
import org.junit.AfterClass;
import org.junit.Assume;
import org.junit.Before;

import java.util.concurrent.Callable;

/** What tests with the real library and a gateway process have in common. */
public abstract class GatewayTest {
    static Gateway gateway;
    private static int places;
    Phone phone;

    @Before
    public void setUp() throws Exception {
        Assume.assumeFalse("no liboffpush.so", System.getProperty("offpush.test.library", "").isEmpty());
        if (gateway == null) {
            gateway = new Gateway();
        }
        phone = new Phone();
        phone.server(gateway.https);
        SampleApplication.ca = gateway.ca;
    }

    @After
    public void tearDown() throws Exception {
        if (phone != null) {
            phone.close();
        }
    }

    @AfterClass
    public static void end() throws Exception {
        if (gateway != null) {
            gateway.close();
            gateway = null;
        }
    }

    /** Registers as the app does; returns the regId. */
    String register() throws Exception {
        MiPushClient.registerPush(phone.app, gateway.appId, gateway.appKey);
        called("register");
        SampleReceiver.Call call = SampleReceiver.first("register");
        assertEquals(call.result.getReason(), ErrorCode.SUCCESS, call.result.getResultCode());
        return call.result.getCommandArguments().get(0);
    }

    /** Waits for the notification with this title. */
    Notification shown(final String title) throws Exception {
        phone.until("a notification \"" + title + "\"", new Callable<Boolean>() {
            @Override
            public Boolean call() {
                return phone.titled(title) != null;
            }
        });
        return phone.titled(title);
    }

    /** Waits for the receiver's callback of this name. */
    void called(final String name) throws Exception {
        phone.until("the callback " + name, new Callable<Boolean>() {
            @Override
            public Boolean call() {
                return SampleReceiver.first(name) != null;
            }
        });
    }

    /** Waits until the daemon is connected. */
    void connected() throws Exception {
        phone.until("the connection", new Callable<Boolean>() {
            @Override
            public Boolean call() {
                Core core = Phone.core();
                return core != null && core.bridge.state().equals("connected");
            }
        });
    }

    /** Pushes an ordinary notification with this title, in a place of its own; returns the message's id. */
    String push(String regId, String title) throws Exception {
        return gateway.push(regId, "title", title, "description", "d", "payload", "p", "pass_through", "0",
                "notify_id", String.valueOf(++places));
    }
}
