package org.offpush;

import android.content.Context;
import android.content.pm.ApplicationInfo;
import android.content.pm.PackageManager;
import android.content.res.Resources;
import android.net.Uri;
import android.os.Bundle;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * What the app says in its manifest and resources.
 *
 * <ul>
 *   <li>{@code offpush.server}: where the gateways are, {@code https://HOST[:PORT]}, separated by commas.
 *   <li>{@code offpush.ca} ({@code android:resource}), or a raw resource file {@code offpush.ca}: the certificates (PEM)
 *       that a private gateway is judged by, instead of the platform's. A shrinker of resources sees only the first.
 *   <li>{@code offpush.pages}: the activities that a message may open, separated by commas; without it the rules of
 *       {@link PageGate} decide.
 *   <li>{@code offpush.foreground}: {@code false} to have no foreground service.
 * </ul>
 */
final class Config {
    private static final String SERVER = "offpush.server";
    private static final String CA = "offpush.ca";
    private static final String PAGES = "offpush.pages";
    private static final String FOREGROUND = "offpush.foreground";
    /** The raw resource of the file {@code offpush.ca}: the build tools take the last part for an extension. */
    private static final String CA_RESOURCE = "offpush";
    /** Bytes of the certificates at most: some hundred of them. */
    private static final int MAXIMUM_CA_BYTES = 512 * 1024;

    /** The gateways' addresses. */
    final List<String> servers = new ArrayList<String>();
    /** The certificates; null: the platform judges. */
    final String ca;
    /** The activities that may be opened; null: the rules decide. */
    final List<String> pages;
    /** Whether a foreground service is wanted. */
    final boolean foreground;
    /** What is wrong with it, in words; null if nothing. */
    final String problem;

    private Config(Bundle data, String ca, String caProblem) {
        String text = value(data, SERVER);
        String wrong = null;
        if (text == null || text.trim().isEmpty()) {
            wrong = "the manifest has no <meta-data android:name=\"" + SERVER + "\">: it says where the gateway is";
        } else {
            for (String server : text.split(",")) {
                String problem = server(server.trim());
                if (problem == null) {
                    servers.add(server.trim());
                } else {
                    wrong = "the manifest's " + SERVER + ": " + problem;
                }
            }
        }
        this.ca = ca;
        this.pages = list(value(data, PAGES));
        this.foreground = !"false".equals(value(data, FOREGROUND));
        this.problem = wrong != null ? wrong : caProblem;
    }

    /** Reads it. */
    static Config of(Context context) {
        Bundle data = null;
        try {
            ApplicationInfo info = context.getPackageManager().getApplicationInfo(context.getPackageName(),
                    PackageManager.GET_META_DATA);
            data = info.metaData;
        } catch (PackageManager.NameNotFoundException impossible) {
            AppLog.log("the own package is not installed", impossible);
        }
        Resources resources = context.getResources();
        int id = data == null ? 0 : data.getInt(CA, 0);
        if (id == 0) {
            id = resources.getIdentifier(CA_RESOURCE, "raw", context.getPackageName());
        }
        if (id == 0) {
            return new Config(data, null, null);
        }
        try {
            String ca = read(resources.openRawResource(id));
            boolean isPem = ca.contains("-----BEGIN CERTIFICATE-----");
            return new Config(data, ca, isPem ? null : "the resource offpush.ca has no certificate in PEM form");
        } catch (IOException | Resources.NotFoundException unreadable) {
            return new Config(data, null, "the resource offpush.ca cannot be read: " + unreadable.getMessage());
        }
    }

    private static String server(String text) {
        Uri uri = Uri.parse(text);
        if (!"https".equals(uri.getScheme())) {
            return "\"" + text + "\" does not begin with https://";
        }
        if (uri.getHost() == null || uri.getHost().isEmpty()) {
            return "\"" + text + "\" names no host";
        }
        return uri.getUserInfo() == null ? null : "\"" + text + "\" carries a user name, which is not sent";
    }

    /** A value may be text, or a number that the build tools made of it. */
    private static String value(Bundle data, String name) {
        Object value = data == null ? null : data.get(name);
        return value == null ? null : value.toString();
    }

    private static List<String> list(String text) {
        if (text == null) {
            return null;
        }
        List<String> list = new ArrayList<String>();
        for (String item : text.split(",")) {
            if (!item.trim().isEmpty()) {
                list.add(item.trim());
            }
        }
        return list;
    }

    private static String read(InputStream stream) throws IOException {
        try {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            byte[] part = new byte[8192];
            for (int read = stream.read(part); read >= 0; read = stream.read(part)) {
                all.write(part, 0, read);
                if (all.size() > MAXIMUM_CA_BYTES) {
                    throw new IOException("it is longer than " + MAXIMUM_CA_BYTES + " bytes");
                }
            }
            return Json.text(all.toByteArray());
        } finally {
            stream.close();
        }
    }
}
