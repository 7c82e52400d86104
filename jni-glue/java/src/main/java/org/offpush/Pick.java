package org.offpush;

import org.json.JSONObject;

/** Which notifications an app wants cleared: all, those of one notifyId, or those with a title and a text. */
final class Pick {
    static final Pick ALL = new Pick(null, null, null);

    /** Null and empty stand for any. */
    private final String tag;
    private final String title;
    private final String text;

    private Pick(String tag, String title, String text) {
        this.tag = tag;
        this.title = title;
        this.text = text;
    }

    static Pick ofId(int notifyId) {
        return ofTag(Bar.tag(notifyId));
    }

    static Pick ofTag(String tag) {
        return new Pick(tag, null, null);
    }

    static Pick ofWords(String title, String text) {
        return new Pick(null, title, text);
    }

    static Pick of(JSONObject json) {
        return new Pick(Json.string(json, "tag"), Json.string(json, "title"), Json.string(json, "text"));
    }

    JSONObject json() {
        return Json.of("tag", tag, "title", title, "text", text);
    }

    /** The one tag that is meant; null if the words count, or all are meant. */
    String onlyTag() {
        return !any(tag) && any(title) && any(text) ? tag : null;
    }

    boolean isAll() {
        return any(tag) && any(title) && any(text);
    }

    boolean picks(String itsTag, String itsTitle, String itsText) {
        return (any(tag) || tag.equals(itsTag)) && (any(title) || title.equals(itsTitle))
                && (any(text) || text.equals(itsText));
    }

    private static boolean any(String wanted) {
        return wanted == null || wanted.isEmpty();
    }
}
