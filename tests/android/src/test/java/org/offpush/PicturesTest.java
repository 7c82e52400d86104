package org.offpush;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;

import org.json.JSONObject;
import org.junit.After;
import org.junit.AfterClass;
import org.junit.Before;
import org.junit.BeforeClass;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.security.KeyStore;
import java.security.Provider;
import java.security.Security;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/** Big pictures: from a server of the test, over https. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {23, 28, 34, 35}, application = SampleApplication.class)
public class PicturesTest {
    private static File directory;
    private static SSLContext tls;
    private static SSLSocketFactory before;

    private HttpsServer server;
    private ExecutorService threads;
    private Phone phone;
    private Notifications notifications;
    private final List<Integer> outcomes = new ArrayList<Integer>();
    /** The server answers once this is let go. */
    private final CountDownLatch answers = new CountDownLatch(1);
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);

    @BeforeClass
    public static void certificate() throws Exception {
        directory = Files.createTempDirectory("offpush-pictures").toFile();
        File store = new File(directory, "store");
        Process keytool = new ProcessBuilder(new File(System.getProperty("java.home"), "bin/keytool").getPath(), "-genkeypair",
                "-keyalg", "EC", "-dname", "CN=localhost", "-ext", "san=dns:localhost", "-alias", "server", "-keystore",
                store.getPath(), "-storepass", "password", "-storetype", "PKCS12", "-validity", "2").redirectErrorStream(true)
                .start();
        assertEquals(0, keytool.waitFor());
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (FileInputStream file = new FileInputStream(store)) {
            keys.load(file, "password".toCharArray());
        }
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, "password".toCharArray());
        TrustManagerFactory trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trusted.init(keys);
        tls = SSLContext.getInstance("TLS");
        tls.init(own.getKeyManagers(), trusted.getTrustManagers(), null);
        // The JDK's TLS asks for curves once, in a way that Robolectric's Bouncy Castle answers with an unforeseen error.
        Provider castle = Security.getProvider("BC");
        Security.removeProvider("BC");
        tls.createSSLEngine();
        if (castle != null) {
            Security.insertProviderAt(castle, 1);
        }
        before = HttpsURLConnection.getDefaultSSLSocketFactory();
    }

    @AfterClass
    public static void end() {
        HttpsURLConnection.setDefaultSSLSocketFactory(before);
        Gateway.delete(directory);
    }

    @Before
    public void setUp() throws Exception {
        HttpsURLConnection.setDefaultSSLSocketFactory(tls.getSocketFactory());
        phone = new Phone();
        threads = Executors.newCachedThreadPool();
        server = HttpsServer.create(new InetSocketAddress("localhost", 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(tls));
        server.setExecutor(threads);
        server.createContext("/picture", exchange -> serve(exchange, 1_000));
        server.createContext("/large", exchange -> serve(exchange, 1024 * 1024 + 1));
        server.createContext("/drip", this::drip);
        server.start();
        Core core = Core.get(phone.app);
        notifications = new Notifications(phone.app, core.handler, core.status, core.settings, new Channels(phone.app),
                new Clicks(phone.app, core.status), (sequence, outcome, reason) -> outcomes.add(outcome), sequence -> null);
    }

    @After
    public void tearDown() throws Exception {
        answers.countDown();
        server.stop(0);
        threads.shutdownNow();
        phone.close();
    }

    private void serve(HttpExchange exchange, int bytes) throws IOException {
        asked.countDown();
        try {
            answers.await();
            exchange.sendResponseHeaders(200, bytes);
            exchange.getResponseBody().write(new byte[bytes]);
        } catch (InterruptedException testEnded) {
            Thread.currentThread().interrupt();
        } finally {
            ended.countDown();
            exchange.close();
        }
    }

    /** A byte now and then, without an end. */
    private void drip(HttpExchange exchange) throws IOException {
        asked.countDown();
        exchange.sendResponseHeaders(200, 0);
        try (OutputStream body = exchange.getResponseBody()) {
            while (!answers.await(20, java.util.concurrent.TimeUnit.MILLISECONDS)) {
                body.write(1);
                body.flush();
            }
        } catch (InterruptedException | IOException closed) {
            ended.countDown();
        }
    }

    private String address(String path) {
        return "https://localhost:" + server.getAddress().getPort() + path;
    }

    private static JSONObject message(String address) {
        return Json.of("id", "m", "title", "Picture", "description", "text", "notifyType", -1,
                "extra", Json.of("notification_style_type", "2", "notification_bigPic_uri", address));
    }

    private void present(String address) throws Exception {
        Phone.core().handler.post(() -> notifications.present(1, message(address), false));
        phone.settle();
    }

    private boolean hasPicture() {
        Bar.Place place = new Bar(phone.app).places().get("0");
        return place != null && place.hasPicture;
    }

    private void untilEnded() throws Exception {
        phone.until("the server is through", () -> ended.getCount() == 0);
    }

    /** The text is shown, and reported, before the picture is there; the picture comes into it, silently. */
    @Test
    public void a_picture_comes_after_its_text() throws Exception {
        present(address("/picture"));
        phone.until("the server is asked", () -> asked.getCount() == 0);
        assertEquals(java.util.Collections.singletonList(Notifications.SHOWN), outcomes);
        assertNotNull(phone.titled("Picture"));
        assertFalse(hasPicture());
        answers.countDown();
        phone.until("the picture", () -> {
            // Not before the notification's second is over.
            phone.pass(100);
            return hasPicture();
        });
        assertEquals(1, phone.bar().size());
        assertEquals("told once", 1, outcomes.size());
    }

    /** Swiped away before the picture was there, the notification does not come back. */
    @Test
    public void a_late_picture_brings_nothing_back() throws Exception {
        present(address("/picture"));
        phone.until("the server is asked", () -> asked.getCount() == 0);
        Notifications.remove(phone.app, Pick.ofId(0));
        answers.countDown();
        untilEnded();
        for (int i = 0; i < 30; i++) {
            phone.pass(100);
        }
        assertNull(phone.titled("Picture"));
    }

    /** A picture above 1 MB is not taken: the text stays. */
    @Test
    public void a_picture_that_is_too_large_is_left() throws Exception {
        answers.countDown();
        List<String> taken = new ArrayList<String>();
        Pictures pictures = new Pictures(Phone.core().handler, Pictures.LONGEST);
        pictures.fetch(address("/large"), picture -> taken.add("large"));
        pictures.fetch(address("/picture"), picture -> taken.add("picture"));
        phone.until("the next one", () -> taken.contains("picture"));
        assertEquals(java.util.Collections.singletonList("picture"), taken);
    }

    /** A server that never comes to an end is hung up on. */
    @Test
    public void a_picture_that_takes_too_long_is_left() throws Exception {
        List<Boolean> taken = new ArrayList<Boolean>();
        new Pictures(Phone.core().handler, 200).fetch(address("/drip"), picture -> taken.add(true));
        untilEnded();
        phone.settle();
        assertEquals(java.util.Collections.emptyList(), taken);
    }

    /** Only https: what anybody on the way could exchange is not shown as the app's. */
    @Test
    public void only_https_is_fetched() {
        assertNotNull(Pictures.of(message("https://example.com/a.png")));
        for (String address : new String[] {"http://example.com/a.png", "file:///sdcard/a.png", "content://media/1", "", "ftp://x"}) {
            assertNull(address, Pictures.of(message(address)));
        }
    }
}
