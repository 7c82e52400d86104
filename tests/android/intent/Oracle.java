import android.content.ComponentName;
import android.content.Intent;
import android.graphics.Rect;
import android.net.Uri;
import android.os.Bundle;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.StringJoiner;

/**
 * What the real framework makes of intent URIs. Each line of the input is the flags of {@code parseUri} and a text in
 * hexadecimal UTF-8; each line of the output is {@code refused}, or the intent and what {@code toUri} makes of it
 * with the flags 0, URI_INTENT_SCHEME and URI_ANDROID_APP_SCHEME.
 *
 * <p>Runs in a plain JVM on Robolectric's android-all jar: none of the classes used here needs anything native.
 */
public final class Oracle {
    private Oracle() {}

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        PrintWriter out = new PrintWriter(
                new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.US_ASCII)));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            int space = line.indexOf(' ');
            out.println(answer(Integer.parseInt(line.substring(0, space)), fromHex(line.substring(space + 1))));
        }
        out.flush();
    }

    private static String answer(int flags, String text) {
        Intent intent;
        try {
            intent = Intent.parseUri(text, flags);
        } catch (URISyntaxException | NumberFormatException e) {
            return "refused";
        }
        // Without a package toUri throws, and for the message asks a part of the framework that is native.
        String androidApp = intent.getPackage() == null ? "-" : hex(intent.toUri(Intent.URI_ANDROID_APP_SCHEME));
        return describe(intent) + ' ' + hex(intent.toUri(0)) + ' ' + hex(intent.toUri(Intent.URI_INTENT_SCHEME)) + ' '
                + androidApp;
    }

    private static String describe(Intent intent) {
        Uri data = intent.getData();
        ComponentName component = intent.getComponent();
        Rect bounds = intent.getSourceBounds();
        Intent selector = intent.getSelector();
        StringJoiner fields = new StringJoiner(",", "(", ")");
        fields.add(hex(intent.getAction()));
        fields.add(data == null ? "-" : hex(data.toString()));
        fields.add(data == null ? "-" : parts(data));
        fields.add(categories(intent.getCategories()));
        fields.add(hex(intent.getType()));
        fields.add(hex(intent.getIdentifier()));
        fields.add(Integer.toHexString(intent.getFlags()));
        fields.add(hex(intent.getPackage()));
        fields.add(component == null ? "-" : hex(component.getPackageName()) + '/' + hex(component.getClassName()));
        fields.add(bounds == null ? "-" : hex(bounds.flattenToString()));
        fields.add(extras(intent.getExtras()));
        fields.add(selector == null ? "-" : describe(selector));
        return fields.toString();
    }

    private static String parts(Uri uri) {
        return hex(uri.getScheme()) + '/' + hex(uri.getEncodedAuthority()) + '/' + hex(uri.getEncodedPath()) + '/'
                + hex(uri.getEncodedQuery()) + '/' + hex(uri.getEncodedFragment()) + '/'
                + hex(uri.getEncodedUserInfo()) + '/' + (uri.getHost() == null || uri.getHost().isEmpty());
    }

    private static String categories(Set<String> categories) {
        StringJoiner all = new StringJoiner("+");
        if (categories != null) {
            for (String category : categories) {
                all.add(hex(category));
            }
        }
        return all.toString();
    }

    private static String extras(Bundle extras) {
        StringJoiner all = new StringJoiner("+");
        if (extras != null) {
            for (String key : extras.keySet()) {
                all.add(hex(key) + '=' + extra(extras.get(key)));
            }
        }
        return all.toString();
    }

    private static String extra(Object value) {
        if (value instanceof String) {
            return 'S' + hex((String) value);
        } else if (value instanceof Character) {
            return "c" + (int) (Character) value;
        } else if (value instanceof Double) {
            return 'd' + Long.toHexString(Double.doubleToLongBits((Double) value));
        } else if (value instanceof Float) {
            return 'f' + Integer.toHexString(Float.floatToIntBits((Float) value));
        } else if (value instanceof Boolean) {
            return "B" + value;
        } else if (value instanceof Byte) {
            return "b" + value;
        } else if (value instanceof Integer) {
            return "i" + value;
        } else if (value instanceof Long) {
            return "l" + value;
        } else if (value instanceof Short) {
            return "s" + value;
        }
        throw new IllegalArgumentException("an extra of no type that a URI can carry: " + value);
    }

    private static String hex(String text) {
        if (text == null) {
            return "-";
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        StringBuilder hex = new StringBuilder(2 * bytes.length + 1).append('x');
        for (byte b : bytes) {
            hex.append(Character.forDigit(b >> 4 & 15, 16)).append(Character.forDigit(b & 15, 16));
        }
        return hex.toString();
    }

    private static String fromHex(String hex) {
        byte[] bytes = new byte[hex.length() / 2];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Integer.parseInt(hex.substring(2 * i, 2 * i + 2), 16);
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
