package org.offpush;

import android.content.Context;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileLock;
import java.security.SecureRandom;

/** This installation's random key: it signs our intents and keys what is learned of networks. It never leaves the phone. */
final class InstallKey {
    private static final String FILE = "offpush.key";
    private static final int BYTES = 32;

    private static byte[] key;
    private static String keyOf;

    private InstallKey() {
    }

    /** The key, made by whichever process of the app asks first. */
    static synchronized byte[] of(Context context) {
        File file = new File(context.getNoBackupFilesDir(), FILE);
        if (key == null || !file.getPath().equals(keyOf)) {
            // A thread that the app has interrupted gets no lock of a file.
            boolean interrupted = Thread.interrupted();
            try {
                key = readOrMake(file);
                keyOf = file.getPath();
            } catch (IOException unreadable) {
                // For this once: such an intent is taken for a stranger's.
                AppLog.log("the installation's key cannot be kept", unreadable);
                return random();
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }
        return key.clone();
    }

    private static byte[] readOrMake(File file) throws IOException {
        RandomAccessFile open = new RandomAccessFile(file, "rw");
        try {
            FileLock lock = open.getChannel().lock();
            try {
                byte[] made = new byte[BYTES];
                if (open.length() == BYTES) {
                    open.readFully(made);
                } else {
                    made = random();
                    open.setLength(0);
                    open.write(made);
                    open.getFD().sync();
                }
                return made;
            } finally {
                lock.release();
            }
        } finally {
            open.close();
        }
    }

    private static byte[] random() {
        byte[] bytes = new byte[BYTES];
        new SecureRandom().nextBytes(bytes);
        return bytes;
    }
}
