package org.offpush;

import android.graphics.Bitmap;
import android.graphics.BitmapFactory;
import android.os.Handler;

import org.json.JSONObject;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.HttpsURLConnection;

/** Fetches big pictures, after their message is shown: the text never waits for them. */
final class Pictures {
    /** Bytes of a picture's file: the published API's own limit is 1 MB. */
    private static final int LARGEST = 1024 * 1024;
    /** Milliseconds for all of it; then the message stays without. */
    static final int LONGEST = 10_000;
    /** Pixels of the longer side: what a notification can show; as a bitmap 4 MB. */
    private static final int LONGEST_SIDE = 1024;
    /** Pictures that wait at most. */
    private static final int MOST = 8;

    private final Handler handler;
    private final int longest;
    private final ThreadPoolExecutor worker = new ThreadPoolExecutor(1, 1, 10, TimeUnit.SECONDS,
            new LinkedBlockingQueue<Runnable>(MOST), new ThreadPoolExecutor.DiscardPolicy());

    /** Who wants a picture. */
    interface Taker {
        /** It is here. On the handler's thread. */
        void take(Bitmap picture);
    }

    /** @param longest milliseconds for a picture: {@link #LONGEST} */
    Pictures(Handler handler, int longest) {
        this.handler = handler;
        this.longest = longest;
        worker.allowCoreThreadTimeOut(true);
    }

    /** The address of a message's picture; null if it has none, or not one over https. */
    static String of(JSONObject message) {
        JSONObject extra = Looks.extra(message);
        String address = extra.optString("notification_bigPic_uri");
        return extra.optString("notification_style_type").equals("2") && address.startsWith("https://") ? address : null;
    }

    /** Fetches one. If that fails, nothing more happens. */
    void fetch(final String address, final Taker taker) {
        worker.execute(new Runnable() {
            @Override
            public void run() {
                try {
                    final Bitmap picture = decode(download(address));
                    if (picture != null) {
                        handler.post(new Runnable() {
                            @Override
                            public void run() {
                                taker.take(picture);
                            }
                        });
                    }
                } catch (IOException failed) {
                    AppLog.log("a message's picture could not be fetched", failed);
                } catch (RuntimeException odd) {
                    AppLog.log("a message's picture could not be fetched", odd);
                }
            }
        });
    }

    private byte[] download(String address) throws IOException {
        long deadline = System.nanoTime() + longest * 1_000_000L;
        HttpsURLConnection connection = (HttpsURLConnection) new URL(address).openConnection();
        try {
            connection.setConnectTimeout(longest);
            connection.setReadTimeout(longest);
            InputStream body = connection.getInputStream();
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            byte[] part = new byte[16 * 1024];
            for (int read = body.read(part); read >= 0; read = body.read(part)) {
                all.write(part, 0, read);
                if (all.size() > LARGEST) {
                    throw new IOException("it is larger than " + LARGEST + " bytes");
                }
                if (System.nanoTime() > deadline) {
                    throw new IOException("it takes longer than " + longest + " ms");
                }
            }
            return all.toByteArray();
        } finally {
            connection.disconnect();
        }
    }

    private static Bitmap decode(byte[] file) {
        BitmapFactory.Options size = new BitmapFactory.Options();
        size.inJustDecodeBounds = true;
        BitmapFactory.decodeByteArray(file, 0, file.length, size);
        int longer = Math.max(size.outWidth, size.outHeight);
        BitmapFactory.Options options = new BitmapFactory.Options();
        options.inSampleSize = 1;
        while (longer / options.inSampleSize > LONGEST_SIDE) {
            options.inSampleSize *= 2;
        }
        return BitmapFactory.decodeByteArray(file, 0, file.length, options);
    }
}
