package org.offpush;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;
import static org.robolectric.Shadows.shadowOf;

import android.app.NotificationChannel;
import android.app.NotificationChannelGroup;
import android.app.NotificationManager;
import android.content.Context;
import android.content.Intent;
import android.net.ConnectivityManager;
import android.net.IpPrefix;
import android.net.LinkAddress;
import android.net.LinkProperties;
import android.net.Network;
import android.net.NetworkCapabilities;
import android.net.NetworkInfo;
import android.net.RouteInfo;
import android.os.Build;
import android.os.PowerManager;
import android.telephony.TelephonyManager;

import com.xiaomi.push.service.receivers.NetworkStatusReceiver;

import org.json.JSONObject;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;
import org.robolectric.shadows.ShadowConnectivityManager;
import org.robolectric.shadows.ShadowNetwork;
import org.robolectric.shadows.ShadowNetworkCapabilities;
import org.robolectric.shadows.ShadowNetworkInfo;

import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;

/** The default network as the daemon is told it, without a permission for location or phone. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {23, 28, 34, 35}, application = SampleApplication.class)
public class NetworkTest {
    private static final Network NETWORK = ShadowNetwork.newInstance(ConnectivityManager.TYPE_WIFI);

    private final List<JSONObject> told = new CopyOnWriteArrayList<JSONObject>();
    private Phone phone;
    private Core core;
    private Networks networks;
    private ShadowConnectivityManager manager;

    @Before
    public void setUp() throws Exception {
        phone = new Phone();
        core = Core.get(phone.app);
        ConnectivityManager real = (ConnectivityManager) phone.app.getSystemService(Context.CONNECTIVITY_SERVICE);
        manager = shadowOf(real);
        networks = new Networks(phone.app, core.handler, core.status, new Networks.Listener() {
            @Override
            public void network(JSONObject network) {
                told.add(network);
            }
        });
    }

    @After
    public void tearDown() throws Exception {
        networks.stop();
        phone.close();
    }

    /** The phone is in a network now; the addresses are its gateway, its own with prefix, and so on. */
    private void join(int transport, Integer capability, LinkProperties properties) {
        manager.clearAllNetworks();
        boolean cellular = transport == NetworkCapabilities.TRANSPORT_CELLULAR;
        NetworkInfo info = ShadowNetworkInfo.newInstance(NetworkInfo.DetailedState.CONNECTED,
                cellular ? ConnectivityManager.TYPE_MOBILE : ConnectivityManager.TYPE_WIFI, 0, true,
                NetworkInfo.State.CONNECTED);
        manager.addNetwork(NETWORK, info);
        manager.setActiveNetworkInfo(info);
        NetworkCapabilities capabilities = ShadowNetworkCapabilities.newInstance();
        shadowOf(capabilities).addTransportType(transport);
        if (capability != null) {
            shadowOf(capabilities).addCapability(capability);
        }
        manager.setNetworkCapabilities(NETWORK, capabilities);
        manager.setLinkProperties(NETWORK, properties);
    }

    private void leave() {
        manager.clearAllNetworks();
        manager.setActiveNetworkInfo(null);
    }

    private static LinkProperties link(String gateway, String dns, String... addresses) throws Exception {
        LinkProperties properties = new LinkProperties();
        for (String address : addresses) {
            properties.addLinkAddress(address(address));
        }
        InetAddress router = InetAddress.getByName(gateway);
        properties.addRoute(route(router));
        properties.addDnsServer(InetAddress.getByName(dns));
        return properties;
    }

    private static LinkAddress address(String text) throws Exception {
        int slash = text.indexOf('/');
        return new LinkAddress(InetAddress.getByName(text.substring(0, slash)), Integer.parseInt(text.substring(slash + 1)));
    }

    private static RouteInfo route(InetAddress router) throws Exception {
        InetAddress all = InetAddress.getByAddress(new byte[router.getAddress().length]);
        return new RouteInfo(new IpPrefix(all, 0), router, null);
    }

    private static LinkProperties home(String address) throws Exception {
        return link("192.168.1.1", "192.168.1.1", address);
    }

    private JSONObject wifi(LinkProperties properties) {
        join(NetworkCapabilities.TRANSPORT_WIFI, null, properties);
        return networks.describe();
    }

    /** Android tells of a change. */
    private void change() throws Exception {
        if (Build.VERSION.SDK_INT < 24) {
            phone.app.sendBroadcast(new Intent(ConnectivityManager.CONNECTIVITY_ACTION));
        } else {
            assertEquals(1, manager.getNetworkCallbacks().size());
            for (ConnectivityManager.NetworkCallback callback : manager.getNetworkCallbacks()) {
                callback.onAvailable(NETWORK);
                callback.onCapabilitiesChanged(NETWORK, ShadowNetworkCapabilities.newInstance());
                callback.onLinkPropertiesChanged(NETWORK, new LinkProperties());
            }
        }
        phone.settle();
    }

    private void waitFor(final int changes) throws Exception {
        phone.until(changes + " changes", new Callable<Boolean>() {
            @Override
            public Boolean call() {
                return told.size() == changes;
            }
        });
    }

    /** The same place has the same key whatever address the phone gets; another gateway, prefix or server is another. */
    @Test
    public void a_network_is_known_again_by_its_place() throws Exception {
        JSONObject first = wifi(home("192.168.1.23/24"));
        JSONObject again = wifi(home("192.168.1.99/24"));
        assertEquals(first.getLong("key"), again.getLong("key"));
        assertNotEquals("its address is another", first.getLong("addresses"), again.getLong("addresses"));
        LinkProperties[] others = {
            link("192.168.1.254", "192.168.1.1", "192.168.1.23/24"),
            link("192.168.1.1", "192.168.1.2", "192.168.1.23/24"),
            link("192.168.1.1", "192.168.1.1", "192.168.0.23/16"),
            link("192.168.2.1", "192.168.2.1", "192.168.2.23/24"),
        };
        for (LinkProperties other : others) {
            assertNotEquals(other.toString(), first.getLong("key"), wifi(other).getLong("key"));
        }
        join(NetworkCapabilities.TRANSPORT_ETHERNET, null, home("192.168.1.23/24"));
        assertNotEquals("by cable", first.getLong("key"), networks.describe().getLong("key"));
    }

    /** IPv6 that comes a moment later, or with a provider's new prefix, makes no other network; without IPv4 it counts. */
    @Test
    public void later_addresses_make_no_other_network() throws Exception {
        long first = wifi(home("192.168.1.23/24")).getLong("key");
        LinkProperties both = home("192.168.1.23/24");
        both.addLinkAddress(address("2001:db8:1::5/64"));
        both.addRoute(route(InetAddress.getByName("fe80::1")));
        both.addDnsServer(InetAddress.getByName("2001:db8:1::1"));
        assertEquals(first, wifi(both).getLong("key"));
        long wide = wifi(link("fe80::1", "2001:db8:1::1", "2001:db8:1::5/64")).getLong("key");
        assertEquals(wide, wifi(link("fe80::1", "2001:db8:1::1", "2001:db8:1::7/64")).getLong("key"));
        assertNotEquals(wide, wifi(link("fe80::2", "2001:db8:1::1", "2001:db8:1::5/64")).getLong("key"));
    }

    /** A cellular network is its operator's, whatever addresses a connection gets. */
    @Test
    public void a_cellular_network_is_its_operators() throws Exception {
        TelephonyManager phoneManager = (TelephonyManager) phone.app.getSystemService(Context.TELEPHONY_SERVICE);
        shadowOf(phoneManager).setNetworkOperator("26201");
        join(NetworkCapabilities.TRANSPORT_CELLULAR, null, link("10.1.2.1", "10.1.2.1", "10.1.2.3/30"));
        JSONObject first = networks.describe();
        assertEquals("cellular", first.getString("transport"));
        join(NetworkCapabilities.TRANSPORT_CELLULAR, null, link("10.9.9.1", "10.9.9.1", "10.9.9.3/30"));
        assertEquals(first.getLong("key"), networks.describe().getLong("key"));
        shadowOf(phoneManager).setNetworkOperator("26202");
        assertNotEquals(first.getLong("key"), networks.describe().getLong("key"));
    }

    /** The key is this installation's: another one's is another, so that it says nothing of a place to anybody else. */
    @Test
    public void keys_tell_nothing_outside_this_installation() throws Exception {
        long first = wifi(home("192.168.1.23/24")).getLong("key");
        assertTrue(first >= 0);
        assertTrue(new java.io.File(phone.app.getNoBackupFilesDir(), "offpush.key").delete());
        Phone.set(InstallKey.class, "key", null);
        assertNotEquals(first, wifi(home("192.168.1.23/24")).getLong("key"));
    }

    /** A captive portal, a network that Android has found good, one it has not judged, and a VPN are told apart. */
    @Test
    public void what_android_knows_of_a_network_is_told() throws Exception {
        LinkProperties properties = home("192.168.1.23/24");
        join(NetworkCapabilities.TRANSPORT_WIFI, NetworkCapabilities.NET_CAPABILITY_CAPTIVE_PORTAL, properties);
        assertEquals("portal", networks.describe().getString("internet"));
        join(NetworkCapabilities.TRANSPORT_WIFI, NetworkCapabilities.NET_CAPABILITY_VALIDATED, properties);
        assertEquals("works", networks.describe().getString("internet"));
        JSONObject unknown = wifi(properties);
        assertEquals("unknown", unknown.getString("internet"));
        assertEquals("wifi", unknown.getString("transport"));
        join(NetworkCapabilities.TRANSPORT_VPN, null, properties);
        assertEquals("vpn", networks.describe().getString("transport"));
        assertNotEquals(unknown.getLong("key"), networks.describe().getLong("key"));
    }

    /** The daemon learns of a network that comes, changes and goes, once each, and nothing of callbacks without news. */
    @Test
    public void changes_are_told_once() throws Exception {
        leave();
        networks.watch();
        waitFor(1);
        assertEquals("none", told.get(0).getString("network"));
        join(NetworkCapabilities.TRANSPORT_WIFI, null, home("192.168.1.23/24"));
        change();
        waitFor(2);
        assertEquals("up", told.get(1).getString("network"));
        change();
        change();
        waitFor(2);
        join(NetworkCapabilities.TRANSPORT_WIFI, NetworkCapabilities.NET_CAPABILITY_VALIDATED, home("192.168.1.23/24"));
        change();
        waitFor(3);
        assertEquals(told.get(1).getLong("key"), told.get(2).getLong("key"));
        leave();
        if (Build.VERSION.SDK_INT < 24) {
            change();
        } else {
            manager.getNetworkCallbacks().iterator().next().onLost(NETWORK);
        }
        waitFor(4);
        assertEquals("none", told.get(3).getString("network"));
        networks.stop();
        assertEquals(0, manager.getNetworkCallbacks().size());
    }

    /** A network that Android takes away in Doze and gives back is noticed both times, and the status says why it is gone. */
    @Test
    public void doze_takes_the_network_and_gives_it_back() throws Exception {
        join(NetworkCapabilities.TRANSPORT_WIFI, null, home("192.168.1.23/24"));
        networks.watch();
        waitFor(1);
        leave();
        doze(true);
        waitFor(2);
        assertEquals("none", told.get(1).getString("network"));
        assertTrue(core.page(false), core.page(false).contains("network: Android gives the app none in Doze"));
        assertTrue(core.page(false), core.page(false).contains("battery: the phone is in Doze"));
        join(NetworkCapabilities.TRANSPORT_WIFI, null, home("192.168.1.23/24"));
        doze(false);
        waitFor(3);
        assertEquals(told.get(0).toString(), told.get(2).toString());
        assertNull(core.status.of(Status.NETWORK));
    }

    private void doze(boolean idle) throws Exception {
        PowerManager power = (PowerManager) phone.app.getSystemService(Context.POWER_SERVICE);
        shadowOf(power).setIsDeviceIdleMode(idle);
        if (Build.VERSION.SDK_INT < 29) {
            // The shadow sends it too where it does; a second one is no news.
            phone.app.sendBroadcast(new Intent(PowerManager.ACTION_DEVICE_IDLE_MODE_CHANGED));
        } else {
            manager.getNetworkCallbacks().iterator().next().onBlockedStatusChanged(NETWORK, idle);
        }
        phone.settle();
    }

    /** Whether the person has exempted the app from battery optimisation is in the status, also when it changes. */
    @Test
    public void the_battery_exemption_is_in_the_status() {
        PowerManager power = (PowerManager) phone.app.getSystemService(Context.POWER_SERVICE);
        assertTrue(core.page(false), !core.page(false).contains("battery:"));
        shadowOf(power).setIgnoringBatteryOptimizations("com.example.push", true);
        assertTrue(core.page(false), core.page(false).contains("battery: exempt from battery optimisation"));
        assertTrue(core.page(true), core.page(true).contains("exempt from battery optimisation"));
        shadowOf(power).setIgnoringBatteryOptimizations("com.example.push", false);
        assertTrue(core.page(false), !core.page(false).contains("battery:"));
    }

    /** That a person has taken the permission for notifications away is in the status before any message waits for it. */
    @Test
    @Config(sdk = {28, 34, 35})
    public void denied_notifications_are_in_the_status() {
        shadowOf(phone.notifications()).setNotificationsEnabled(false);
        assertTrue(core.page(false), core.page(false).contains("notifications: the person has not allowed notifications"));
        shadowOf(phone.notifications()).setNotificationsEnabled(true);
        assertTrue(core.page(false), !core.page(false).contains("notifications:"));
    }

    /** Channels that a person has switched off are in the status by the names that the settings show, alone or as a group. */
    @Test
    @Config(sdk = {28, 34, 35})
    public void channels_that_are_switched_off_are_in_the_status() {
        assertTrue(core.page(false), !core.page(false).contains("channel:"));
        phone.notifications().createNotificationChannel(
                new NotificationChannel("news", "What is new", NotificationManager.IMPORTANCE_NONE));
        assertTrue(core.page(false), core.page(false).contains("channel: the person has switched off [What is new]"));
        assertTrue(core.page(true), core.page(true).contains("channel-off"));
        phone.notifications().deleteNotificationChannel("news");
        assertTrue(core.page(false), !core.page(false).contains("channel:"));
        NotificationChannelGroup group = new NotificationChannelGroup("all", "All");
        phone.notifications().createNotificationChannelGroup(group);
        NotificationChannel channel = new NotificationChannel("chat", "Chat", NotificationManager.IMPORTANCE_HIGH);
        channel.setGroup("all");
        phone.notifications().createNotificationChannel(channel);
        org.robolectric.util.ReflectionHelpers.callInstanceMethod(group, "setBlocked",
                org.robolectric.util.ReflectionHelpers.ClassParameter.from(boolean.class, true));
        assertTrue(core.page(false), core.page(false).contains("channel: the person has switched off [Chat]"));
    }

    /** A change of the network that reaches the app's exported receiver makes the registered app's service look. */
    @Test
    public void the_network_receiver_makes_the_service_look() throws Exception {
        phone.app.getSharedPreferences(com.xiaomi.mipush.sdk.Constants.PREF_EXTRA, Context.MODE_PRIVATE).edit()
                .putString("regId", "r").commit();
        new NetworkStatusReceiver().onReceive(phone.app, new Intent(ConnectivityManager.CONNECTIVITY_ACTION));
        Intent started = shadowOf(phone.app).getNextStartedService();
        assertEquals(Names.PUSH_SERVICE, started.getComponent().getClassName());
        assertEquals("check", Callers.open(phone.app, started, Names.PUSH_SERVICE).getString("do"));
        new NetworkStatusReceiver().onReceive(phone.app, new Intent(ConnectivityManager.CONNECTIVITY_ACTION));
        assertNull("not twice within half a minute", shadowOf(phone.app).getNextStartedService());
    }
}
