package org.offpush;

import android.net.http.X509TrustManagerExtensions;

import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;

import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * Has the platform judge certificate chains, so that its updates, the app's pins and its network security config apply.
 * The chain's signatures over the handshake are checked by the TLS library, not here.
 */
final class Trust {
    private Trust() {
    }

    /**
     * Whether the platform trusts this chain (DER, leaf first) for this host.
     *
     * @return null if it does, else why not
     */
    static String judge(byte[][] chain, String host) {
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            X509Certificate[] certificates = new X509Certificate[chain.length];
            for (int i = 0; i < chain.length; i++) {
                certificates[i] = (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(chain[i]));
            }
            if (certificates.length == 0) {
                return "the server sent no certificate";
            }
            // The platform asks for the key exchange's name, for messages and key usage only; TLS 1.3 has none.
            String key = certificates[0].getPublicKey().getAlgorithm();
            String exchange = "RSA".equals(key) ? "ECDHE_RSA" : "ECDHE_ECDSA";
            new X509TrustManagerExtensions(platform()).checkServerTrusted(certificates, exchange, host);
            return null;
        } catch (GeneralSecurityException untrusted) {
            return words(untrusted);
        } catch (RuntimeException unexpected) {
            // A judgement that failed is no trust.
            return words(unexpected);
        }
    }

    private static X509TrustManager platform() throws GeneralSecurityException {
        // Made anew each time: a certificate that the person adds or removes counts at once.
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init((KeyStore) null);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509TrustManager) {
                return (X509TrustManager) manager;
            }
        }
        throw new GeneralSecurityException("the platform has no trust manager");
    }

    private static String words(Exception problem) {
        String message = problem.getMessage();
        return message == null || message.isEmpty() ? problem.getClass().getSimpleName() : message;
    }
}
