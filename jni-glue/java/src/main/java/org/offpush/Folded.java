package org.offpush;

import org.json.JSONObject;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** The messages behind the summary, by their number. The daemon's files keep their contents; this is what the summary needs. */
final class Folded {
    /** As many as the daemon keeps of those that are done: what it has forgotten can neither be shown nor clicked. */
    private static final int MOST = 1_000;

    /** A message without a place of its own. */
    static final class Item {
        final long sequence;
        final String id;
        final String tag;
        final String title;
        final String text;
        /** It had a place, and gave it to a newer one. */
        final boolean wasShown;
        /** Its outcome was told. */
        boolean answered;

        /** @param message in the control protocol's form */
        Item(long sequence, JSONObject message, boolean answered) {
            this.sequence = sequence;
            this.answered = answered;
            id = message.optString("id");
            tag = Bar.tag(message.optInt("notifyId"));
            title = message.optString("title");
            text = message.optString("description");
            wasShown = false;
        }

        /** What stood in the bar. */
        Item(Bar.Place place) {
            sequence = place.sequence;
            id = place.id;
            tag = place.tag;
            title = place.title;
            text = place.text;
            wasShown = true;
            answered = true;
        }
    }

    private final TreeMap<Long, Item> items = new TreeMap<Long, Item>();

    void add(Item item) {
        items.put(item.sequence, item);
        if (items.size() > MOST) {
            items.pollFirstEntry();
        }
    }

    /** Null if it is not here. */
    Item remove(long sequence) {
        return items.remove(sequence);
    }

    int count() {
        return items.size();
    }

    /** Null if there is none. */
    Item newest() {
        return items.isEmpty() ? null : items.lastEntry().getValue();
    }

    /** The newest that was never shown; null if there is none. */
    Item newestToShow() {
        for (Item item : items.descendingMap().values()) {
            if (!item.wasShown) {
                return item;
            }
        }
        return null;
    }

    /** All of them, newest first. */
    List<Item> all() {
        return new ArrayList<Item>(items.descendingMap().values());
    }
}
