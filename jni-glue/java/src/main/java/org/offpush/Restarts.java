package org.offpush;

import java.util.ArrayList;
import java.util.List;

/**
 * Keeps restarts from looping: a process that dies soon after each start is started again by the system, by alarms and
 * by jobs, all of which lead here.
 */
final class Restarts {
    /** Starts within {@link #WINDOW} that are taken for a loop. A person who reinstalls and reboots makes three. */
    private static final int MOST = 5;
    /** Milliseconds: 10 minutes. */
    private static final long WINDOW = 10 * 60_000L;
    /** Milliseconds that a loop's next start waits for: the platform's shortest period of a job. */
    static final long PAUSE = 15 * 60_000L;

    private final Settings settings;

    Restarts(Settings settings) {
        this.settings = settings;
    }

    /**
     * Notes a start at this wall time.
     *
     * @return milliseconds to wait before it; 0: start now
     */
    long start(long now) {
        List<Long> recent = new ArrayList<Long>();
        for (String text : settings.starts().split(",")) {
            try {
                long at = Long.parseLong(text);
                // A clock that was set back makes the past lie ahead: that start does not count.
                if (at <= now && now - at < Math.max(WINDOW, PAUSE)) {
                    recent.add(at);
                }
            } catch (NumberFormatException empty) {
                // The list is empty, or was damaged: no start is known.
            }
        }
        int within = 0;
        for (long at : recent) {
            within += now - at < WINDOW ? 1 : 0;
        }
        if (within >= MOST) {
            return PAUSE - (now - recent.get(recent.size() - 1));
        }
        recent.add(now);
        StringBuilder kept = new StringBuilder();
        for (long at : recent.subList(Math.max(0, recent.size() - MOST), recent.size())) {
            kept.append(kept.length() == 0 ? "" : ",").append(at);
        }
        settings.setStarts(kept.toString());
        return 0;
    }

    /** The service has run for long enough, or was asked for by the app: what was before is no loop. */
    void forget() {
        settings.setStarts("");
    }
}
