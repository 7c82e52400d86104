package org.offpush;

/**
 * What the native side asks for.
 *
 * <p>Called on the daemon's thread, never with a lock held. A callback must not block (100 ms and more are logged) and
 * must not throw (what is thrown is logged and cleared).
 */
interface Callbacks {
    /**
     * Shows a notification. {@link Native#presented} tells later, from any thread, what became of it.
     *
     * @param message the message as the wire's JSON (title, description, payload, notifyId, notifyType, extra, click and
     *     so on)
     * @param silent without sound: it may have been shown before
     */
    void present(long sequence, byte[] message, boolean silent);

    /** Removes a notification. */
    void cancel(long sequence);

    /** Which of these are in the notification bar now. */
    long[] showing(long[] sequences);

    /**
     * A callback's line of the control protocol ({@code {"callback":…,"id":…}}) for the app. If it has an id it is
     * answered with the request {@code {"op":"taken","id":…}}.
     */
    void callback(byte[] line);

    /**
     * {@link Native#wake} is wanted at {@code elapsedRealtime} {@code deadline} to {@code latest}, in milliseconds;
     * -1, -1: no alarm. It replaces the one before.
     */
    void alarm(long deadline, long latest);

    /** Holds a wake lock for at most so many milliseconds; 0 lets it go. */
    void wakeLock(long millis);

    /**
     * Judges a certificate chain (DER, leaf first) for this host. That the leaf is for this host and that the server has
     * its key is checked already; whether the chain is valid and trusted is not. {@link Native#judged} answers, from any thread.
     */
    void judge(long question, byte[][] chain, String host);

    /**
     * A state that the service shows: JSON {@code {"state","since","problem"?}}, told when it changes.
     */
    void state(byte[] state);
}
