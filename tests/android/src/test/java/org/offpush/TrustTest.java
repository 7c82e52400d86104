package org.offpush;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import org.json.JSONObject;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;

import java.io.ByteArrayInputStream;
import java.security.KeyStore;
import java.security.Provider;
import java.security.Security;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

import javax.net.ssl.ManagerFactoryParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.TrustManagerFactorySpi;
import javax.net.ssl.X509TrustManager;

import com.xiaomi.mipush.sdk.MiPushClient;

/**
 * Without certificates of its own the library asks the platform. Robolectric has no platform's trust manager: the JDK's
 * stands in, behind the method that Android's has, with the certificates that a person would have installed. (Android 6
 * takes none but its own class.)
 */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {28, 34, 35}, application = SampleApplication.class)
public class TrustTest extends GatewayTest {
    /** The certificates that the platform trusts. */
    private static final List<X509Certificate> TRUSTED = new ArrayList<>();
    /** What the platform was asked for. */
    private static final List<String> HOSTS = Collections.synchronizedList(new ArrayList<String>());

    /** The platform's trust manager. X509TrustManagerExtensions looks for the method with the host. */
    public static final class PlatformTrustManager implements X509TrustManager {
        private X509TrustManager real() throws CertificateException {
            try {
                KeyStore store = KeyStore.getInstance("PKCS12");
                store.load(null, null);
                for (X509Certificate certificate : TRUSTED) {
                    store.setCertificateEntry(String.valueOf(store.size()), certificate);
                }
                TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX", "SunJSSE");
                factory.init(store);
                return (X509TrustManager) factory.getTrustManagers()[0];
            } catch (CertificateException refused) {
                throw refused;
            } catch (Exception odd) {
                throw new CertificateException(odd);
            }
        }

        public List<X509Certificate> checkServerTrusted(X509Certificate[] chain, String exchange, String host)
                throws CertificateException {
            HOSTS.add(host);
            real().checkServerTrusted(chain, exchange);
            return Arrays.asList(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String exchange) throws CertificateException {
            throw new CertificateException("nobody asked for a host");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String exchange) throws CertificateException {
            throw new CertificateException("no client");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    /** Makes it. */
    public static final class PlatformFactory extends TrustManagerFactorySpi {
        @Override
        protected void engineInit(KeyStore store) {
        }

        @Override
        protected void engineInit(ManagerFactoryParameters parameters) {
        }

        @Override
        protected TrustManager[] engineGetTrustManagers() {
            return new TrustManager[] {new PlatformTrustManager()};
        }
    }

    private static final class Platform extends Provider {
        Platform() {
            super("Platform", 1, "a platform's trust manager");
            put("TrustManagerFactory." + TrustManagerFactory.getDefaultAlgorithm(), PlatformFactory.class.getName());
        }
    }

    @Before
    public void install() throws Exception {
        TRUSTED.clear();
        HOSTS.clear();
        Security.insertProviderAt(new Platform(), 1);
        SampleApplication.ca = SampleApplication.NO_CA;
        phone.metaData("offpush.ca", null);
    }

    @After
    public void remove() {
        Security.removeProvider("Platform");
    }

    private static List<X509Certificate> certificates(String pem) throws Exception {
        List<X509Certificate> certificates = new ArrayList<>();
        for (Object one : CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(Json.utf8(pem)))) {
            certificates.add((X509Certificate) one);
        }
        return certificates;
    }

    /** A server whose certificate the platform trusts is spoken to, gateway and broker alike. */
    @Test
    public void what_the_platform_trusts_is_spoken_to() throws Exception {
        TRUSTED.addAll(certificates(gateway.ca));
        register();
        connected();
        assertTrue(HOSTS.toString(), HOSTS.size() >= 2 && Collections.frequency(HOSTS, "127.0.0.1") == HOSTS.size());
        assertNull(Phone.core().status.of(Status.TRUST));
    }

    /** One that it does not trust is not, the status says which and why; once it is trusted, it is spoken to. */
    @Test
    public void what_the_platform_refuses_is_named_and_not_spoken_to() throws Exception {
        MiPushClient.registerPush(phone.app, gateway.appId, gateway.appKey);
        phone.until("the refusal", () -> Phone.core() != null && Phone.core().status.of(Status.TRUST) != null);
        String words = Phone.core().status.of(Status.TRUST);
        assertTrue(words, words.startsWith("the certificate of 127.0.0.1: "));
        phone.until("the daemon knows", () -> {
            JSONObject page = Json.parse(Json.utf8(Phone.core().page(true)));
            return page.getJSONArray("problems").toString().contains("certificate-refused");
        });
        assertNull(SampleReceiver.first("register"));
        TRUSTED.addAll(certificates(gateway.ca));
        called("register");
        connected();
        assertNull(Phone.core().status.of(Status.TRUST));
    }

    /** What is no certificate, no chain, or cannot be judged, is not trusted. */
    @Test
    public void what_cannot_be_judged_is_not_trusted() throws Exception {
        byte[] ca = certificates(gateway.ca).get(0).getEncoded();
        assertEquals("the server sent no certificate", Trust.judge(new byte[0][], "127.0.0.1"));
        assertTrue(Trust.judge(new byte[][] {{1, 2, 3}}, "127.0.0.1").length() > 0);
        byte[] half = Arrays.copyOf(ca, ca.length / 2);
        assertTrue(Trust.judge(new byte[][] {half}, "127.0.0.1").length() > 0);
        assertTrue(Trust.judge(new byte[][] {ca}, "127.0.0.1").length() > 0);
        TRUSTED.addAll(certificates(gateway.ca));
        assertNull(Trust.judge(new byte[][] {ca}, "127.0.0.1"));
        Security.removeProvider("Platform");
        // The JDK's own knows no hosts: a judgement that cannot be had is none.
        assertTrue(Trust.judge(new byte[][] {ca}, "127.0.0.1").length() > 0);
    }
}
