package org.offpush;

import android.content.Context;
import android.content.Intent;
import android.net.Uri;
import android.util.Base64;

import org.json.JSONException;
import org.json.JSONObject;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Tells the library's own intents from a stranger's.
 *
 * <p>An intent of ours is explicit and carries, in its data URI, a MAC under this installation's key over its action,
 * its component and its content. Only action, component and data are read before the MAC was checked: reading any extra
 * would already deserialise what a stranger put there. The URI also tells our PendingIntents apart. The content is its
 * fragment, which Android leaves out where it logs intents (Uri.toSafeString).
 */
final class Callers {
    private static final String SCHEME = "offpush";
    private static final String ALGORITHM = "HmacSHA256";
    /** Characters of a MAC in base64 without padding: 32 bytes. */
    private static final int MAC_CHARACTERS = 43;
    /** The longest content that is looked at, in characters: a frame's 120 KiB as base64, and room for its envelope. */
    private static final int MAXIMUM_CHARACTERS = 256 * 1024;
    private static final int BASE64 = Base64.URL_SAFE | Base64.NO_PADDING | Base64.NO_WRAP;

    private Callers() {
    }

    /** An explicit intent for this component of the app, with {@code body} as its content. */
    static Intent sign(Context context, String action, String component, JSONObject body) {
        String content = Base64.encodeToString(Json.bytes(body), BASE64);
        String mac = mac(context, action, component, content);
        return new Intent(action).setClassName(context.getPackageName(), component)
                .setData(Uri.parse(SCHEME + ":" + mac + "#" + content));
    }

    /** The content of an intent of ours that was made for this component; null if it is not one. */
    static JSONObject open(Context context, Intent intent, String component) {
        Uri data = intent == null ? null : intent.getData();
        if (data == null || !SCHEME.equals(data.getScheme())) {
            return null;
        }
        String told = data.getEncodedSchemeSpecificPart();
        String content = data.getEncodedFragment();
        if (told == null || told.length() != MAC_CHARACTERS || content == null || content.length() > MAXIMUM_CHARACTERS) {
            return null;
        }
        String expected = mac(context, String.valueOf(intent.getAction()), component, content);
        if (!MessageDigest.isEqual(Json.utf8(expected), Json.utf8(told))) {
            return null;
        }
        try {
            return new JSONObject(Json.text(Base64.decode(content, BASE64)));
        } catch (JSONException | IllegalArgumentException impossible) {
            // The MAC says that we made it.
            return null;
        }
    }

    private static String mac(Context context, String action, String component, String content) {
        return Base64.encodeToString(mac(InstallKey.of(context), action + '\n' + component + '\n' + content), BASE64);
    }

    /** HMAC-SHA256 of a text. */
    static byte[] mac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(key, ALGORITHM));
            return mac.doFinal(Json.utf8(text));
        } catch (GeneralSecurityException impossible) {
            // Every Android has HmacSHA256.
            throw new IllegalStateException(impossible);
        }
    }
}
