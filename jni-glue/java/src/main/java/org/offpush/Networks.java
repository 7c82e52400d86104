package org.offpush;

import android.content.BroadcastReceiver;
import android.content.Context;
import android.content.Intent;
import android.content.IntentFilter;
import android.net.ConnectivityManager;
import android.net.LinkAddress;
import android.net.LinkProperties;
import android.net.Network;
import android.net.NetworkCapabilities;
import android.net.RouteInfo;
import android.os.Build;
import android.os.Handler;
import android.os.PowerManager;
import android.telephony.TelephonyManager;

import org.json.JSONObject;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.TreeSet;

/**
 * Watches the default network and describes it to the daemon.
 *
 * <p>A network is recognised by a keyed hash of its transport, gateways, DNS servers, prefixes and, on cellular, the
 * operator's number: neither location nor phone permission is needed, and the hash tells nothing outside this
 * installation.
 */
final class Networks {
    /** Who wants to know. */
    interface Listener {
        /** The default network as the daemon's JSON, when it has changed. On the handler's thread. */
        void network(JSONObject network);
    }

    /** {@code PowerManager.ACTION_DEVICE_LIGHT_IDLE_MODE_CHANGED}, which has this value before it is public in 33. */
    private static final String LIGHT_IDLE_CHANGED = "android.os.action.LIGHT_DEVICE_IDLE_MODE_CHANGED";

    private final Context context;
    private final Handler handler;
    private final Status status;
    private final Listener listener;
    private final ConnectivityManager manager;
    private ConnectivityManager.NetworkCallback callback;
    private BroadcastReceiver receiver;
    private String unseen;
    private String told;

    Networks(Context context, Handler handler, Status status, Listener listener) {
        this.context = context;
        this.handler = handler;
        this.status = status;
        this.listener = listener;
        manager = (ConnectivityManager) context.getSystemService(Context.CONNECTIVITY_SERVICE);
    }

    /** Begins to watch, and tells the network of now. */
    void watch() {
        told = null;
        if (callback == null && receiver == null && manager != null) {
            unseen = null;
            try {
                register();
            } catch (SecurityException denied) {
                unseen = "changes of the network go unseen: the manifest lacks ACCESS_NETWORK_STATE";
            } catch (RuntimeException tooMany) {
                // More than 100 callbacks of the app.
                unseen = "changes of the network go unseen: " + tooMany.getMessage();
            }
        }
        look();
    }

    void stop() {
        if (callback != null) {
            manager.unregisterNetworkCallback(callback);
            callback = null;
        }
        if (receiver != null) {
            context.unregisterReceiver(receiver);
            receiver = null;
        }
    }

    private void register() {
        if (Build.VERSION.SDK_INT < 29) {
            // Before onBlockedStatusChanged these tell when Android takes the network from the app, and gives it back.
            IntentFilter filter = new IntentFilter(PowerManager.ACTION_DEVICE_IDLE_MODE_CHANGED);
            filter.addAction(LIGHT_IDLE_CHANGED);
            filter.addAction(PowerManager.ACTION_POWER_SAVE_MODE_CHANGED);
            if (Build.VERSION.SDK_INT < 24) {
                filter.addAction(ConnectivityManager.CONNECTIVITY_ACTION);
            }
            receiver = new BroadcastReceiver() {
                @Override
                public void onReceive(Context ignored, Intent intent) {
                    later();
                }
            };
            context.registerReceiver(receiver, filter, null, handler);
        }
        if (Build.VERSION.SDK_INT < 24) {
            return;
        }
        ConnectivityManager.NetworkCallback watching = new ConnectivityManager.NetworkCallback() {
            @Override
            public void onAvailable(Network network) {
                later();
            }

            @Override
            public void onLost(Network network) {
                later();
            }

            @Override
            public void onCapabilitiesChanged(Network network, NetworkCapabilities capabilities) {
                later();
            }

            @Override
            public void onBlockedStatusChanged(Network network, boolean blocked) {
                later();
            }

            @Override
            public void onLinkPropertiesChanged(Network network, LinkProperties properties) {
                later();
            }
        };
        manager.registerDefaultNetworkCallback(watching);
        callback = watching;
    }

    /** Of several changes in one go one look is enough, and what it sees is the newest. */
    private void later() {
        handler.removeCallbacks(look);
        handler.post(look);
    }

    private final Runnable look = new Runnable() {
        @Override
        public void run() {
            look();
        }
    };

    /** Looks at the default network, and tells it if it is another. */
    void look() {
        JSONObject network = describe();
        String text = network.toString();
        if (!text.equals(told)) {
            told = text;
            listener.network(network);
        }
    }

    /** The default network as the daemon's JSON. */
    JSONObject describe() {
        Network network = null;
        NetworkCapabilities capabilities = null;
        LinkProperties properties = null;
        try {
            network = active();
            if (network != null) {
                capabilities = manager.getNetworkCapabilities(network);
                properties = manager.getLinkProperties(network);
            }
        } catch (SecurityException denied) {
            status.complain(Status.NETWORK, Status.NETWORK_UNSEEN,
                    "the manifest lacks ACCESS_NETWORK_STATE: a network is assumed");
            return Json.of("network", "up", "key", 0, "transport", "other", "addresses", 0, "internet", "unknown");
        }
        if (unseen != null) {
            status.complain(Status.NETWORK, Status.NETWORK_UNSEEN, unseen);
        } else if (network == null && isIdle()) {
            status.say(Status.NETWORK, "Android gives the app none in Doze: it comes back when the phone wakes");
        } else {
            status.clear(Status.NETWORK);
        }
        if (network == null) {
            return Json.of("network", "none");
        }
        String transport = transport(capabilities);
        Set<String> place = new TreeSet<String>();
        Set<String> addresses = new TreeSet<String>();
        if (properties != null) {
            boolean narrow = false;
            for (LinkAddress address : properties.getLinkAddresses()) {
                narrow |= !isWide(address.getAddress());
            }
            // Where there is IPv4 it says what place this is: IPv6 comes later, and providers change its prefixes.
            for (RouteInfo route : properties.getRoutes()) {
                InetAddress gateway = route.getGateway();
                if (route.isDefaultRoute() && gateway != null && isWide(gateway) != narrow) {
                    place.add("gateway " + gateway.getHostAddress());
                }
                addresses.add("route " + route);
            }
            for (InetAddress server : properties.getDnsServers()) {
                if (isWide(server) != narrow) {
                    place.add("dns " + server.getHostAddress());
                }
            }
            for (LinkAddress address : properties.getLinkAddresses()) {
                if (!isWide(address.getAddress())) {
                    place.add("prefix " + address.getPrefixLength() + " " + prefix(address));
                }
                addresses.add("address " + address);
            }
        }
        if (transport.equals("cellular")) {
            // Its addresses change with each connection; the operator is what stays.
            place.clear();
            TelephonyManager phone = (TelephonyManager) context.getSystemService(Context.TELEPHONY_SERVICE);
            place.add("operator " + (phone == null ? "" : phone.getNetworkOperator()));
        }
        return Json.of("network", "up", "key", hash(transport + place), "transport", transport,
                "addresses", hash(addresses.toString()), "internet", internet(capabilities));
    }

    private Network active() {
        if (manager == null) {
            return null;
        }
        if (Build.VERSION.SDK_INT >= 23) {
            return manager.getActiveNetwork();
        }
        android.net.NetworkInfo info = manager.getActiveNetworkInfo();
        for (Network network : manager.getAllNetworks()) {
            android.net.NetworkInfo one = manager.getNetworkInfo(network);
            if (info != null && info.isConnected() && one != null && one.getType() == info.getType()) {
                return network;
            }
        }
        return null;
    }

    private static String transport(NetworkCapabilities capabilities) {
        if (capabilities == null) {
            return "other";
        }
        return capabilities.hasTransport(NetworkCapabilities.TRANSPORT_VPN) ? "vpn"
                : capabilities.hasTransport(NetworkCapabilities.TRANSPORT_WIFI) ? "wifi"
                : capabilities.hasTransport(NetworkCapabilities.TRANSPORT_CELLULAR) ? "cellular"
                : capabilities.hasTransport(NetworkCapabilities.TRANSPORT_ETHERNET) ? "ethernet" : "other";
    }

    /** What the platform's own probe has found. Before 23 it does not tell. */
    private static String internet(NetworkCapabilities capabilities) {
        if (capabilities == null || Build.VERSION.SDK_INT < 23) {
            return "unknown";
        }
        if (capabilities.hasCapability(NetworkCapabilities.NET_CAPABILITY_CAPTIVE_PORTAL)) {
            return "portal";
        }
        return capabilities.hasCapability(NetworkCapabilities.NET_CAPABILITY_VALIDATED) ? "works" : "unknown";
    }

    private boolean isIdle() {
        PowerManager power = (PowerManager) context.getSystemService(Context.POWER_SERVICE);
        return Build.VERSION.SDK_INT >= 23 && power != null && power.isDeviceIdleMode();
    }

    /** IPv6. */
    private static boolean isWide(InetAddress address) {
        return address.getAddress().length == 16;
    }

    private static String prefix(LinkAddress address) {
        byte[] bytes = address.getAddress().getAddress();
        int bits = address.getPrefixLength();
        for (int i = 0; i < bytes.length; i++) {
            int keep = Math.max(0, Math.min(8, bits - 8 * i));
            bytes[i] = (byte) (bytes[i] & (0xff00 >> keep));
        }
        StringBuilder text = new StringBuilder();
        for (byte part : bytes) {
            text.append(part & 0xff).append('.');
        }
        return text.toString();
    }

    /** 63 bits: a JSON number that Java and Rust read alike. */
    private long hash(String text) {
        return ByteBuffer.wrap(Callers.mac(InstallKey.of(context), text)).getLong() >>> 1;
    }
}
