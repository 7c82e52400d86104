package org.offpush;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;
import static org.robolectric.Shadows.shadowOf;

import android.app.Activity;
import android.app.Service;
import android.content.BroadcastReceiver;
import android.content.ComponentName;
import android.content.Context;
import android.content.Intent;
import android.content.pm.ActivityInfo;
import android.content.pm.ComponentInfo;
import android.content.pm.PackageInfo;
import android.content.pm.PackageManager;
import android.content.pm.ServiceInfo;
import android.net.Uri;
import android.os.Parcel;
import android.os.Parcelable;

import com.xiaomi.mipush.sdk.BridgeActivity;
import com.xiaomi.mipush.sdk.Constants;
import com.xiaomi.mipush.sdk.MessageHandleService;
import com.xiaomi.mipush.sdk.NotificationClickedActivity;
import com.xiaomi.mipush.sdk.PushMessageHandler;
import com.xiaomi.mipush.sdk.PushMessageHelper;
import com.xiaomi.mipush.sdk.PushServiceReceiver;
import com.xiaomi.push.service.XMPushService;
import com.xiaomi.push.service.receivers.NetworkStatusReceiver;
import com.xiaomi.push.service.receivers.PingReceiver;

import org.json.JSONObject;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.Robolectric;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;

/** What strangers send to the components: nothing happens, but for a look now and then. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {23, 28, 34, 35}, application = SampleApplication.class)
public class ForgeryTest {
    /** An extra that must not be read before its sender is known. */
    public static final class Bomb implements Parcelable {
        static int read;

        public static final Creator<Bomb> CREATOR = new Creator<Bomb>() {
            @Override
            public Bomb createFromParcel(Parcel from) {
                read++;
                return new Bomb();
            }

            @Override
            public Bomb[] newArray(int size) {
                return new Bomb[size];
            }
        };

        @Override
        public int describeContents() {
            return 0;
        }

        @Override
        public void writeToParcel(Parcel to, int flags) {
            to.writeInt(1);
        }
    }

    /** Another installation's key. */
    private static final byte[] STRANGE = new byte[32];

    private Phone phone;

    @Before
    public void setUp() throws Exception {
        phone = new Phone();
        Bomb.read = 0;
    }

    @After
    public void tearDown() throws Exception {
        phone.close();
    }

    /** The same intent as it arrives from another process: its extras are bytes until somebody asks for one. */
    private static Intent sent(Intent intent) {
        Parcel parcel = Parcel.obtain();
        try {
            intent.writeToParcel(parcel, 0);
            parcel.setDataPosition(0);
            return Intent.CREATOR.createFromParcel(parcel);
        } finally {
            parcel.recycle();
        }
    }

    /** One with this content, signed with a key that is not this installation's. */
    private static Intent signedByAnother(String action, String component, JSONObject body) {
        String content = android.util.Base64.encodeToString(Json.bytes(body), android.util.Base64.URL_SAFE
                | android.util.Base64.NO_PADDING | android.util.Base64.NO_WRAP);
        String mac = android.util.Base64.encodeToString(
                Callers.mac(STRANGE, action + '\n' + component + '\n' + content), android.util.Base64.URL_SAFE
                | android.util.Base64.NO_PADDING | android.util.Base64.NO_WRAP);
        return new Intent(action).setData(Uri.parse("offpush:" + mac + "#" + content));
    }

    /** Everything that strangers might try at this component, with an extra in each that must not be read. */
    private List<Intent> forged(String component) {
        JSONObject callback = Json.of("kind", "registered", "code", 0, "regId", "forged");
        JSONObject command = Json.of("do", "register", "appId", "1", "appKey", "2");
        List<Intent> forged = new ArrayList<Intent>();
        for (String action : new String[] {null, "", Names.RECEIVE_MESSAGE, Names.MESSAGE_ARRIVED, Names.ERROR, Names.PING_TIMER,
            Names.COMMAND, Names.CLICK}) {
            forged.add(new Intent(action));
            forged.add(signedByAnother(String.valueOf(action), component, callback));
            forged.add(signedByAnother(String.valueOf(action), component, command));
        }
        // Our own, made for another component, with another action, cut, or grown.
        Intent ours = Callers.sign(phone.app, Names.COMMAND, "another.Component", command);
        String data = Callers.sign(phone.app, Names.COMMAND, component, command).getDataString();
        forged.add(new Intent(Names.COMMAND).setData(ours.getData()));
        forged.add(new Intent(Names.CLICK).setData(Uri.parse(data)));
        for (String text : new String[] {"offpush:", "offpush:#", data.replace('#', '.'), data.substring(0, 20), data.substring(0, data.length() - 4),
            data + "A", data.replace("offpush:", "offpush://"), "offpush:" + new String(new char[43]).replace('\0', 'A') + "#",
            "offpush:" + new String(new char[43]).replace('\0', '\u00e4') + "#e30",
            "offpush:" + new String(new char[300_000]).replace('\0', 'A'),
            data.substring(0, data.indexOf('#') + 1) + new String(new char[300_000]).replace('\0', 'A')}) {
            forged.add(new Intent(Names.COMMAND).setData(Uri.parse(text)));
        }
        List<Intent> sent = new ArrayList<Intent>();
        for (Intent one : forged) {
            sent.add(sent(one.putExtra(PushMessageHelper.KEY_MESSAGE, new Bomb()).putExtra("mipush_payload", new byte[8])
                    .putExtra(PushMessageHelper.MESSAGE_TYPE, PushMessageHelper.MESSAGE_RAW)));
        }
        return sent;
    }

    private void give(ComponentInfo info, Intent intent) throws Exception {
        Class<?> type = Class.forName(info.name);
        if (BroadcastReceiver.class.isAssignableFrom(type)) {
            ((BroadcastReceiver) type.getDeclaredConstructor().newInstance()).onReceive(phone.app, intent);
        } else if (info instanceof ServiceInfo) {
            Robolectric.buildService(type.asSubclass(Service.class), intent).create().startCommand(0, 1);
        } else {
            Robolectric.buildActivity(type.asSubclass(Activity.class), intent).create();
        }
    }

    /** The manifest's components that are the library's, or take its intents. */
    private List<ComponentInfo> components(boolean exportedOnly) throws Exception {
        PackageInfo info = phone.app.getPackageManager().getPackageInfo("com.example.push", PackageManager.GET_ACTIVITIES
                | PackageManager.GET_RECEIVERS | PackageManager.GET_SERVICES);
        List<ComponentInfo> components = new ArrayList<ComponentInfo>();
        for (ComponentInfo[] some : new ComponentInfo[][] {info.activities, info.receivers, info.services}) {
            for (ComponentInfo one : some) {
                boolean ours = one.name.startsWith("com.xiaomi.") || one.name.equals(SampleReceiver.class.getName());
                if (ours && (one.exported || !exportedOnly)) {
                    components.add(one);
                }
            }
        }
        return components;
    }

    private void nothingHappened(String at) throws Exception {
        phone.pump();
        assertTrue(at + ": " + SampleReceiver.CALLS, SampleReceiver.CALLS.isEmpty());
        assertNull(at, shadowOf(phone.app).getNextStartedActivity());
        assertNull(at, phone.app.getSharedPreferences(Constants.PREF_EXTRA, Context.MODE_PRIVATE).getString("regId", null));
        assertEquals(at + ": no message", 0, phone.bar().size());
        assertEquals(at + ": an extra was read", 0, Bomb.read);
        if (Phone.core() != null) {
            phone.settle();
            assertNull(at, Phone.core().settings.appId());
        }
    }

    /** The components that others can reach are those of the reference document, and no more. */
    @Test
    public void the_exported_components_are_the_documents() throws Exception {
        TreeSet<String> names = new TreeSet<String>();
        for (ComponentInfo one : components(true)) {
            names.add(one.name);
        }
        assertEquals(new TreeSet<String>(Arrays.asList(PushMessageHandler.class.getName(), NetworkStatusReceiver.class.getName(),
                NotificationClickedActivity.class.getName(), SampleReceiver.class.getName())), names);
    }

    /** At no component, exported or not, does a forged intent call back, start, show or change anything. */
    @Test
    public void forged_intents_do_nothing_at_any_component() throws Exception {
        for (ComponentInfo one : components(false)) {
            if (one.name.equals(Names.JOB_SERVICE)) {
                // Android alone may bind it: android.permission.BIND_JOB_SERVICE.
                continue;
            }
            for (Intent intent : forged(one.name)) {
                give(one, intent);
                nothingHappened(one.name + " " + intent);
            }
        }
    }

    /** Of a registered app strangers get a look of its service every half minute at most, and nothing else. */
    @Test
    public void a_registered_app_looks_now_and_then() throws Exception {
        phone.app.getSharedPreferences(Constants.PREF_EXTRA, Context.MODE_PRIVATE).edit().putString("regId", "r").commit();
        List<String> bodies = new ArrayList<String>();
        for (int second = 0; second < 100; second++) {
            for (ComponentInfo one : components(true)) {
                give(one, sent(new Intent(Names.RECEIVE_MESSAGE).putExtra(PushMessageHelper.KEY_MESSAGE, new Bomb())));
            }
            for (Intent started; (started = shadowOf(phone.app).getNextStartedService()) != null;) {
                bodies.add(String.valueOf(Callers.open(phone.app, started, Names.PUSH_SERVICE)));
            }
            org.robolectric.shadows.ShadowSystemClock.advanceBy(java.time.Duration.ofSeconds(1));
        }
        assertEquals(java.util.Collections.nCopies(4, "{\"do\":\"check\"}"), bodies);
        assertTrue(SampleReceiver.CALLS.isEmpty());
        assertEquals(0, Bomb.read);
    }

    /** An app's own intent opens only what it was made for: not another component, not another installation. */
    @Test
    public void an_intent_of_ours_is_for_one_component_of_one_installation() throws Exception {
        JSONObject body = Json.of("do", "check");
        Intent ours = Callers.sign(phone.app, Names.COMMAND, Names.PUSH_SERVICE, body);
        assertNotNull(Callers.open(phone.app, sent(ours), Names.PUSH_SERVICE));
        assertNull(Callers.open(phone.app, ours, Names.PING_RECEIVER));
        assertTrue(new java.io.File(phone.app.getNoBackupFilesDir(), "offpush.key").delete());
        Phone.set(InstallKey.class, "key", null);
        assertNull(Callers.open(phone.app, ours, Names.PUSH_SERVICE));
    }

    /** The key is readable for the app alone, and a damaged one is made anew. */
    @Test
    public void the_key_is_made_anew_when_it_is_damaged() throws Exception {
        byte[] first = InstallKey.of(phone.app);
        java.io.File file = new java.io.File(phone.app.getNoBackupFilesDir(), "offpush.key");
        assertEquals(32, file.length());
        java.nio.file.Files.write(file.toPath(), new byte[7]);
        Phone.set(InstallKey.class, "key", null);
        byte[] second = InstallKey.of(phone.app);
        assertEquals(32, second.length);
        assertTrue(!Arrays.equals(first, second));
        Phone.set(InstallKey.class, "key", null);
        assertTrue("it is kept", Arrays.equals(second, InstallKey.of(phone.app)));
    }
}
