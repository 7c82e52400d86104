package org.offpush;

import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** JSON without checked exceptions, and UTF-8. */
final class Json {
    private static final Charset UTF_8 = Charset.forName("UTF-8");

    private Json() {
    }

    static byte[] utf8(String text) {
        return text.getBytes(UTF_8);
    }

    static String text(byte[] utf8) {
        return new String(utf8, UTF_8);
    }

    static byte[] bytes(JSONObject object) {
        return utf8(object.toString());
    }

    /** An object of alternating names and values; a null value is left out. */
    static JSONObject of(Object... namesAndValues) {
        JSONObject object = new JSONObject();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            put(object, (String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return object;
    }

    /** Sets a field; null removes it. */
    static void put(JSONObject object, String name, Object value) {
        try {
            object.put(name, value);
        } catch (JSONException notANumber) {
            throw new IllegalArgumentException(notANumber);
        }
    }

    /** The object that {@code utf8} is; null if it is none. */
    static JSONObject parse(byte[] utf8) {
        if (utf8 == null) {
            return null;
        }
        try {
            return new JSONObject(text(utf8));
        } catch (JSONException notJson) {
            return null;
        }
    }

    /** A text field; null if there is none. */
    static String string(JSONObject object, String name) {
        return object == null || object.isNull(name) ? null : object.optString(name, null);
    }

    static List<String> strings(JSONArray array) {
        List<String> list = new ArrayList<String>();
        for (int i = 0; array != null && i < array.length(); i++) {
            list.add(array.optString(i));
        }
        return list;
    }

    static JSONArray array(Collection<String> strings) {
        return new JSONArray(strings);
    }

    static Map<String, String> map(JSONObject object) {
        Map<String, String> map = new HashMap<String, String>();
        if (object != null) {
            for (Iterator<String> names = object.keys(); names.hasNext();) {
                String name = names.next();
                map.put(name, object.optString(name));
            }
        }
        return map;
    }
}
