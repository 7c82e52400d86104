package org.offpush;

/**
 * The native side, {@code liboffpush.so}. Only the {@code :pushservice} process touches it.
 *
 * <p>Times are {@code SystemClock.elapsedRealtime()} in milliseconds. Texts cross as UTF-8 JSON bytes, so that modified
 * UTF-8 never matters. A handle that is not running, or no longer, is ignored ({@link #request} and {@link #page} then
 * return null). Except where said otherwise every method may be called from any thread, also from within a callback.
 */
final class Native {
    static {
        // Tests load a library that was built for the machine they run on.
        String path = System.getProperty("offpush.library");
        if (path == null) {
            System.loadLibrary("offpush");
        } else {
            System.load(path);
        }
    }

    private Native() {}

    /**
     * Starts the daemon's thread.
     *
     * @param options JSON: {@code {"data": directory, "servers": ["https://…"], "appId", "appKey", "package", "ca": PEM
     *     or null (null: the platform judges certificates), "bootId": a number that is another after each boot,
     *     "debuggable": boolean, "timing": {…} (tests only)}}
     * @return a handle greater than 0
     * @throws IllegalStateException if it cannot start, with the reason in words
     */
    static native long start(byte[] options, Callbacks callbacks);

    /**
     * Ends it and waits at most 2 s for its thread, which says goodbye to the broker. Safe to call twice. From within a
     * callback it does not wait.
     */
    static native void stop(long handle);

    /**
     * Tells the default network.
     *
     * @param network JSON: {@code {"network":"none"}} or {@code {"network":"up","key":number,"transport":"wifi",
     *     "addresses":number,"internet":"unknown|works|portal|none"}}
     */
    static native void network(long handle, byte[] network);

    /**
     * The alarm, a job or any other wake-up: what is due is done. {@link Callbacks#wakeLock} then says, in every case, for
     * how long the wake lock is needed, so that whoever woke it can let go of its own.
     */
    static native void wake(long handle);

    /**
     * Asks one line of the control protocol (status, notifications, history, click, dismiss, command, register, taken
     * and so on).
     *
     * @return the answer's line; null if the daemon has not answered within {@code timeoutMillis}, or if this is called
     *     from within a callback, where waiting would be for oneself (the request is carried out all the same)
     */
    static native byte[] request(long handle, byte[] line, long timeoutMillis);

    /**
     * Tells whether the app takes callbacks now (the control protocol's {@code listen} for this boundary; but it does not
     * register: that is the request {@code register}).
     */
    static native void app(long handle, boolean listens);

    /**
     * Tells what became of a presentation.
     *
     * @param outcome 0 shown, 1 folded, 2 cancelled, 3 blocked, 4 later
     * @param reason with blocked and later: why, in words
     */
    static native void presented(long handle, long sequence, int outcome, String reason);

    /** What kept notifications from being shown is over. */
    static native void canPresent(long handle);

    /**
     * The answer to {@link Callbacks#judge}.
     *
     * @param problem null if the chain is trusted, else why not
     */
    static native void judged(long handle, long question, String problem);

    /**
     * Tells what the platform allows and denies now, for the status page. Replaces what was told before.
     *
     * @param json what {@link Status#json} says
     */
    static native void said(long handle, byte[] json);

    /**
     * The status page, as text for {@code dump()}.
     *
     * @param checkin the stable form for scripts, comma-separated lines; the page's JSON is the answer to the request
     *     {@code status}
     */
    static native String page(long handle, boolean checkin);
}
