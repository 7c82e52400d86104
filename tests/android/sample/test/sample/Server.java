package sample;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Scanner;

/** The gateway beside, as the app's own servers speak to it. System properties {@code sample.*} say what it gave. */
final class Server {
    static final String USER = of("user");
    static final String TICKET = of("sig");

    private Server() {
    }

    private static String of(String name) {
        return System.getProperty("sample." + name, "");
    }

    /** An offline push of the IM server to the user, with custom content. */
    static void send(String title, String ext) throws IOException {
        String answer = ask("POST", "/v4/openim/sendmsg?sdkappid=" + of("sdkAppId") + "&identifier=administrator&usersig="
                + of("administrator") + "&random=1&contenttype=json", "{\"To_Account\":\"" + USER
                + "\",\"MsgRandom\":1,\"MsgBody\":[{\"MsgType\":\"TIMTextElem\",\"MsgContent\":{\"Text\":\"text\"}}],"
                + "\"OfflinePushInfo\":{\"PushFlag\":0,\"Title\":\"" + title + "\",\"Desc\":\"text\",\"Ext\":\"" + ext + "\"}}");
        if (!answer.contains("\"OK\"")) {
            throw new IOException(answer);
        }
    }

    /** What a click does from now on: the certificate's "Response after Click" at the console. */
    static void afterClick(String click) throws IOException {
        ask("PUT", "/console/api/certificates", "{\"certificateId\":" + of("certificate") + ",\"click\":" + click + "}");
    }

    private static String ask(String method, String path, String body) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) new URL(of("gateway") + path).openConnection();
        connection.setRequestMethod(method);
        connection.setRequestProperty("Authorization", "Bearer " + of("token"));
        connection.setRequestProperty("Content-Type", "application/json");
        connection.setDoOutput(true);
        connection.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
        InputStream stream = connection.getInputStream();
        Scanner all = new Scanner(stream, "UTF-8").useDelimiter("\\A");
        return all.hasNext() ? all.next() : "";
    }
}
