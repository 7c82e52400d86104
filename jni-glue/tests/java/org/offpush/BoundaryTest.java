package org.offpush;

import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The boundary on an ordinary Java virtual machine; {@code boundary.rs} beside it compiles and runs it, a claim a run:
 * {@code BoundaryTest CLAIM DIRECTORY}. Prints {@code passed} at the end.
 */
final class BoundaryTest {
    private static final long PATIENCE_SECONDS = 10;

    /** Keeps what it is told, as lines of text. */
    private static class Recorder implements Callbacks {
        final LinkedBlockingQueue<String> told = new LinkedBlockingQueue<>();

        @Override
        public void present(long sequence, byte[] message, boolean silent) {
            told.add("present " + sequence);
        }

        @Override
        public void cancel(long sequence) {
            told.add("cancel " + sequence);
        }

        @Override
        public long[] showing(long[] sequences) {
            return new long[0];
        }

        @Override
        public void callback(byte[] line) {
            told.add("callback " + text(line));
        }

        @Override
        public void alarm(long deadline, long latest) {
            told.add("alarm " + deadline + " " + latest);
        }

        @Override
        public void wakeLock(long millis) {
            told.add("wakeLock " + millis);
        }

        @Override
        public void judge(long question, byte[][] chain, String host) {
            told.add("judge " + host);
        }

        @Override
        public void state(byte[] state) {
            told.add("state " + text(state));
        }

        String await(String start) throws InterruptedException {
            List<String> before = new ArrayList<>();
            String line;
            while ((line = told.poll(PATIENCE_SECONDS, TimeUnit.SECONDS)) != null) {
                if (line.startsWith(start)) {
                    return line;
                }
                before.add(line);
            }
            throw new AssertionError("never told: " + start + "; but " + before);
        }
    }

    public static void main(String[] arguments) throws Exception {
        try {
            run(arguments[0], Path.of(arguments[1]));
            System.out.println("passed");
            System.exit(0);
        } catch (Throwable thrown) {
            thrown.printStackTrace();
            // A daemon's thread that still runs would keep the machine alive.
            System.exit(1);
        }
    }

    private static void run(String claim, Path directory) throws Exception {
        switch (claim) {
            case "life" -> life(directory);
            case "mistakes" -> mistakes(directory);
            case "callbacks" -> callbacks(directory);
            case "hammer" -> hammer(directory);
            default -> throw new AssertionError(claim);
        }
    }

    private static void life(Path directory) throws Exception {
        Recorder recorder = new Recorder();
        long handle = Native.start(options(directory), recorder);
        check(handle > 0, "handle " + handle);
        String state = recorder.await("state");
        check(state.contains("\"no-network\"") && state.contains("\"since\""), state);
        Native.network(handle, bytes("{\"network\":\"up\",\"key\":7,\"transport\":\"wifi\",\"addresses\":1,\"internet\":\"works\"}"));
        check(ask(handle, "{\"op\":\"register\"}").contains("\"ok\""), "register");
        check(!recorder.await("wakeLock").equals("wakeLock 0"), "wake lock");
        recorder.await("wakeLock 0");
        String alarm = recorder.await("alarm");
        String[] parts = alarm.split(" ");
        check(Long.parseLong(parts[1]) > 0 && Long.parseLong(parts[1]) <= Long.parseLong(parts[2]), alarm);
        Native.wake(handle);
        recorder.await("wakeLock");
        String status = ask(handle, "{\"op\":\"status\"}");
        check(status.contains("com.example.\u00e4pp\ud83d\ude00"), status);
        check(Native.page(handle, false).contains("com.example.\u00e4pp\ud83d\ude00"), "page");
        check(Native.page(handle, true).startsWith("1,page,"), "lines");
        Native.said(handle, bytes("{\"alarm\":{\"words\":\"a job\",\"problem\":\"alarms-inexact\"},\"service\":{\"words\":\"stays\"}}"));
        String told = Native.page(handle, true);
        check(told.contains(",problem,alarms-inexact,warning,") && told.contains("1,platform,service,stays,\n"), told);
        Native.stop(handle);
        Native.stop(handle);
        check(Native.request(handle, bytes("{\"op\":\"status\"}"), 1000) == null, "an answer after the end");
        check(Native.page(handle, false) == null, "a page after the end");
        // What it held is free.
        long second = Native.start(options(directory), recorder);
        check(second > handle, "handle " + second);
        Native.stop(second);
    }

    private static void mistakes(Path directory) throws Exception {
        Recorder recorder = new Recorder();
        throwsWith("data", () -> Native.start(bytes("{}"), recorder));
        throwsWith("options", () -> Native.start(new byte[] {(byte) 0xff}, recorder));
        throwsWith("", () -> Native.start(null, recorder));
        throwsWith("callbacks", () -> Native.start(options(directory), null));
        String text = new String(options(directory), StandardCharsets.UTF_8);
        throwsWith("https", () -> Native.start(bytes(text.replace("https:", "http:")), recorder));
        throwsWith("PEM", () -> Native.start(bytes(text.replace("null", "\"no certificate\"")), recorder));
        long handle = Native.start(options(directory), recorder);
        throwsWith("in use", () -> Native.start(options(directory), recorder));
        throwsWith("network", () -> Native.network(handle, bytes("{\"network\":\"sideways\"}")));
        throwsWith("", () -> Native.network(handle, null));
        throwsWith("topics", () -> Native.said(handle, bytes("{\"alarm\":\"words alone\"}")));
        throwsWith("outcome", () -> Native.presented(handle, 1, 5, null));
        check(ask(handle, "nonsense").contains("bad-request"), "nonsense");
        check(ask(handle, "{\"op\":\"watch\"}").contains("bad-request"), "watch");
        check(ask(handle, "{\"op\":\"dance\"}").contains("unknown-operation"), "dance");
        check(ask(handle, "{\"op\":\"click\",\"id\":\"" + "x".repeat(70_000) + "\"}").contains("bad-request"), "long");
        // What was never asked for is not taken.
        Native.presented(handle, Long.MAX_VALUE, 0, null);
        Native.presented(handle, -1, 3, "why");
        Native.judged(handle, 99, null);
        Native.judged(handle, -1, "no");
        for (long wrong : new long[] {0, -1, handle + 1, Long.MIN_VALUE}) {
            Native.wake(wrong);
            Native.network(wrong, bytes("{\"network\":\"none\"}"));
            Native.stop(wrong);
            check(Native.request(wrong, bytes("{\"op\":\"status\"}"), 10_000) == null, "an answer from nobody");
        }
        check(ask(handle, "{\"op\":\"status\"}").contains("status"), "still there");
        Native.stop(handle);
    }

    /** A callback that throws, one that asks from within, one that stops from within. */
    private static void callbacks(Path directory) throws Exception {
        AtomicLong handle = new AtomicLong();
        CountDownLatch known = new CountDownLatch(1);
        AtomicReference<String> found = new AtomicReference<>();
        CountDownLatch stopped = new CountDownLatch(1);
        Recorder recorder = new Recorder() {
            @Override
            public void state(byte[] state) {
                throw new IllegalArgumentException("thrown by a callback");
            }

            @Override
            public void wakeLock(long millis) {
                try {
                    known.await();
                } catch (InterruptedException impossible) {
                    throw new AssertionError(impossible);
                }
                byte[] answer = Native.request(handle.get(), bytes("{\"op\":\"status\"}"), 60_000);
                String page = Native.page(handle.get(), true);
                found.set(answer + " " + page);
                Native.stop(handle.get());
                stopped.countDown();
            }
        };
        handle.set(Native.start(options(directory), recorder));
        Native.wake(handle.get());
        known.countDown();
        check(stopped.await(PATIENCE_SECONDS, TimeUnit.SECONDS), "stop from within waits for itself");
        check("null null".equals(found.get()), found.get());
    }

    /** 10,000 calls from 8 threads while callbacks run, some of which throw, and daemons start and stop. */
    private static void hammer(Path directory) throws Exception {
        int threads = 8;
        int calls = 10_000;
        AtomicInteger called = new AtomicInteger();
        AtomicInteger answered = new AtomicInteger();
        AtomicInteger calledBack = new AtomicInteger();
        AtomicLong current = new AtomicLong();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<WeakReference<Callbacks>> everyone = new ArrayList<>();
        Runnable caller = () -> {
            try {
                int number;
                while ((number = called.getAndIncrement()) < calls) {
                    long handle = current.get();
                    switch (number % 9) {
                        case 0 -> Native.wake(handle);
                        case 1 -> Native.network(handle, bytes("{\"network\":\"up\",\"key\":" + number % 3
                                + ",\"transport\":\"wifi\",\"addresses\":" + number + ",\"internet\":\"unknown\"}"));
                        case 2 -> Native.presented(handle, number, number % 5, "reason");
                        case 3 -> Native.canPresent(handle);
                        case 4 -> Native.judged(handle, number, "refused");
                        case 5 -> Native.app(handle, number % 2 == 0);
                        case 6 -> {
                            if (Native.page(handle, number % 2 == 0) != null) {
                                answered.incrementAndGet();
                            }
                        }
                        case 7 -> {
                            try {
                                Native.network(handle, bytes("nonsense"));
                                throw new AssertionError("nonsense is taken");
                            } catch (IllegalStateException expected) {
                                // As it says.
                            }
                        }
                        default -> {
                            if (Native.request(handle, bytes("{\"op\":\"register\"}"), 5_000) != null) {
                                answered.incrementAndGet();
                            }
                        }
                    }
                }
            } catch (Throwable thrown) {
                failure.compareAndSet(null, thrown);
            }
        };
        List<Thread> callers = new ArrayList<>();
        int services = 0;
        while (called.get() < calls || services < 20) {
            Callbacks callbacks = new Recorder() {
                @Override
                public void state(byte[] state) {
                    count();
                }

                @Override
                public void alarm(long deadline, long latest) {
                    count();
                }

                @Override
                public void wakeLock(long millis) {
                    count();
                }

                private void count() {
                    if (calledBack.incrementAndGet() % 50 == 0) {
                        throw new IllegalArgumentException("thrown by a callback");
                    }
                }
            };
            everyone.add(new WeakReference<>(callbacks));
            long handle = Native.start(options(directory), callbacks);
            current.set(handle);
            if (callers.isEmpty()) {
                for (int index = 0; index < threads; index++) {
                    Thread thread = new Thread(caller);
                    callers.add(thread);
                    thread.start();
                }
            }
            int from = called.get();
            while (called.get() < Math.min(from + calls / 25, calls)) {
                Thread.onSpinWait();
            }
            Native.stop(handle);
            services++;
        }
        for (Thread thread : callers) {
            thread.join();
        }
        if (failure.get() != null) {
            throw new AssertionError(failure.get());
        }
        // Both ways were used; how often depends on how many calls meet a service that is just stopping.
        check(answered.get() > 0 && calledBack.get() > 0, answered + " answers, " + calledBack + " callbacks");
        // A global reference that is left would keep the object that it is to.
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (everyone.stream().anyMatch(one -> one.get() != null) && System.nanoTime() < deadline) {
            System.gc();
        }
        long kept = everyone.stream().filter(one -> one.get() != null).count();
        // The last one may still be in a local variable of this frame.
        check(kept <= 1, kept + " of " + services + " callbacks are still referred to");
    }

    private static byte[] options(Path directory) {
        // A gateway that refuses, tried again at once, so that there is always something to call back about.
        return bytes("{\"data\":\"" + directory + "\",\"servers\":[\"https://127.0.0.1:1\"],\"appId\":\"1\",\"appKey\":\"k\","
                + "\"package\":\"com.example.\u00e4pp\ud83d\ude00\",\"ca\":null,\"bootId\":1,\"debuggable\":false,"
                + "\"timing\":{\"backOffBase\":1,\"backOffCap\":20000,\"longBackOffBase\":1}}");
    }

    private static String ask(long handle, String line) {
        byte[] answer = Native.request(handle, bytes(line), TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
        check(answer != null, "no answer to " + line);
        return text(answer);
    }

    private static void throwsWith(String words, Runnable act) {
        try {
            act.run();
        } catch (IllegalStateException expected) {
            check(expected.getMessage().contains(words), expected.getMessage());
            return;
        }
        throw new AssertionError("nothing is thrown: " + words);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
