package org.offpush;

import org.json.JSONObject;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The messages behind the summary, oldest first. The daemon's files keep them; this is what the summary needs of them. */
final class Folded {
    /** Messages whose content is kept in memory for the day they get a place: those that could all get one. */
    private static final int WITH_CONTENT = 20;

    private static final class Item {
        final String id;
        final String line;
        /** Null if it was shown before, or if newer ones took its room. */
        JSONObject message;

        Item(String id, String line, JSONObject message) {
            this.id = id;
            this.line = line;
            this.message = message;
        }
    }

    private final Map<Long, Item> items = new LinkedHashMap<Long, Item>();

    /** A message that has no place. {@code message} null: it had one, and gave it to a newer one. */
    void add(long sequence, String id, String line, JSONObject message) {
        items.put(sequence, new Item(id, line, message));
        int content = 0;
        for (Item item : reversed()) {
            content += item.message == null ? 0 : 1;
            if (content > WITH_CONTENT) {
                item.message = null;
            }
        }
    }

    boolean remove(long sequence) {
        return items.remove(sequence) != null;
    }

    int count() {
        return items.size();
    }

    /** The newest one's text. */
    String lastLine() {
        List<Item> newest = reversed();
        return newest.isEmpty() ? "" : newest.get(0).line;
    }

    /** The number of the newest that was never shown and can be; -1 if there is none. */
    long newest() {
        long found = -1;
        for (Map.Entry<Long, Item> entry : items.entrySet()) {
            if (entry.getValue().message != null) {
                found = entry.getKey();
            }
        }
        return found;
    }

    JSONObject message(long sequence) {
        Item item = items.get(sequence);
        return item == null ? null : item.message;
    }

    /** Takes all of them: their ids, newest first. */
    List<String> takeAll() {
        List<String> ids = new ArrayList<String>();
        for (Item item : reversed()) {
            ids.add(item.id);
        }
        items.clear();
        return ids;
    }

    private List<Item> reversed() {
        List<Item> list = new ArrayList<Item>(items.values());
        Collections.reverse(list);
        return list;
    }
}
