package org.offpush;

import org.json.JSONArray;
import org.json.JSONObject;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** A gateway process with one app, {@code com.example.push}. */
final class Gateway implements AutoCloseable {
    /** Milliseconds until it has to serve: a debug build makes its keys in seconds. */
    private static final long STARTS = 60_000;

    final File data;
    String https;
    String ca;
    String appId;
    String appKey;
    String appSecret;
    long sdkAppId;
    private final Process process;
    private final String http;

    Gateway() throws Exception {
        data = Files.createTempDirectory("offpush-gateway").toFile();
        process = new ProcessBuilder(System.getProperty("offpush.test.program"), "gateway", "--data", data.getPath(),
                "--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--mqtt", "127.0.0.1:0")
                .redirectErrorStream(true).redirectOutput(new File(data, "log")).start();
        File description = new File(data, "gateway.json");
        long end = System.nanoTime() + STARTS * 1_000_000;
        JSONObject json = null;
        while (json == null) {
            if (description.exists() && description.length() > 0) {
                try {
                    json = new JSONObject(read(description));
                } catch (org.json.JSONException half) {
                    json = null;
                }
            }
            if (!process.isAlive() || System.nanoTime() > end) {
                throw new IOException("the gateway does not serve: " + read(new File(data, "log")));
            }
            LockSupport.parkNanos(10_000_000);
        }
        http = json.getString("http");
        https = json.getString("https");
        ca = read(new File(json.getString("ca")));
        JSONObject app = admin("POST", "apps", new JSONObject().put("package", "com.example.push").put("name", "Sample"));
        appId = app.getString("appId");
        appKey = app.getString("appKey");
        appSecret = app.getString("appSecret");
        sdkAppId = app.getLong("sdkAppId");
    }

    /** The console's API. */
    JSONObject admin(String method, String path, JSONObject body) throws Exception {
        String token = read(new File(data, "admin-token")).trim();
        return new JSONObject(ask(method, "/console/api/" + path, "Bearer " + token, "application/json",
                body == null ? null : body.toString()));
    }

    /** A list of the console's API. */
    JSONArray list(String path) throws Exception {
        String token = read(new File(data, "admin-token")).trim();
        return new JSONArray(ask("GET", "/console/api/" + path, "Bearer " + token, "application/json", null));
    }

    /** Pushes to a regId by the Mi Push API; alternating names and values of the form. Returns the message's id. */
    String push(String regId, String... form) throws Exception {
        return miPush("/v3/message/regid", "registration_id=" + encode(regId), form).getJSONObject("data").getString("id");
    }

    /** Asks the Mi Push API; alternating names and values of the form. Returns its answer, which is a success. */
    JSONObject miPush(String path, String target, String... form) throws Exception {
        StringBuilder body = new StringBuilder(target).append("&restricted_package_name=com.example.push");
        for (int i = 0; i < form.length; i += 2) {
            body.append('&').append(encode(form[i])).append('=').append(encode(form[i + 1]));
        }
        JSONObject answer = new JSONObject(ask("POST", path, "key=" + appSecret, "application/x-www-form-urlencoded",
                body.toString()));
        if (answer.getInt("code") != 0) {
            throw new IOException(answer.toString());
        }
        return answer;
    }

    /** The steps of a message's way on the phones: {@code arrived}, {@code folded}, {@code shown}, {@code clicked}, … in order. */
    List<String> steps(String id) throws Exception {
        JSONArray steps = message(id).getJSONArray("steps");
        List<String> names = new ArrayList<String>();
        for (int i = 0; i < steps.length(); i++) {
            names.add(steps.getJSONObject(i).getString("step"));
        }
        return names;
    }

    /** What became of a message. */
    JSONObject message(String id) throws Exception {
        return admin("GET", "messages/" + id, null);
    }

    /** A user's ticket, as the app's own IM server would make it. */
    String ticket(String user) throws Exception {
        return admin("POST", "usersig", new JSONObject().put("sdkAppId", sdkAppId).put("user", user)).getString("userSig");
    }

    /** The IM side's API, asked by its administrator. */
    JSONObject im(String command, JSONObject body) throws Exception {
        String query = "?sdkappid=" + sdkAppId + "&identifier=administrator&usersig=" + encode(ticket("administrator"))
                + "&random=1&contenttype=json";
        JSONObject answer = new JSONObject(ask("POST", "/v4/" + command + query, "", "application/json", body.toString()));
        if (!answer.getString("ActionStatus").equals("OK")) {
            throw new IOException(answer.toString());
        }
        return answer;
    }

    /** An IM message to a user, with this title of its notification, and {@code ext}. */
    void send(String user, String title, String ext) throws Exception {
        im("openim/sendmsg", new JSONObject().put("SyncOtherMachine", 2).put("To_Account", user)
                .put("MsgRandom", title.hashCode() & 0x7fffffff)
                .put("MsgBody", new JSONArray().put(new JSONObject().put("MsgType", "TIMTextElem")
                        .put("MsgContent", new JSONObject().put("Text", "text of " + title))))
                .put("OfflinePushInfo", new JSONObject().put("PushFlag", 0).put("Title", title).put("Desc", "text of " + title)
                        .put("Ext", ext)));
    }

    private String ask(String method, String path, String authorization, String type, String body) throws Exception {
        HttpURLConnection connection = (HttpURLConnection) new URL(http + path).openConnection();
        connection.setRequestMethod(method);
        connection.setRequestProperty("Authorization", authorization);
        connection.setConnectTimeout(10_000);
        connection.setReadTimeout(30_000);
        if (body != null) {
            connection.setDoOutput(true);
            connection.setRequestProperty("Content-Type", type);
            connection.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
        }
        InputStream stream = connection.getResponseCode() < 400 ? connection.getInputStream() : connection.getErrorStream();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] part = new byte[4096];
        for (int read = stream == null ? -1 : stream.read(part); read >= 0; read = stream.read(part)) {
            all.write(part, 0, read);
        }
        if (connection.getResponseCode() >= 400) {
            throw new IOException(connection.getResponseCode() + " " + all);
        }
        return all.toString("UTF-8");
    }

    static String encode(String text) throws IOException {
        return URLEncoder.encode(text, "UTF-8");
    }

    static String read(File file) throws IOException {
        return new String(Files.readAllBytes(file.toPath()), StandardCharsets.UTF_8);
    }

    /** Ends the process, and removes its files. */
    @Override
    public void close() throws Exception {
        process.destroy();
        process.waitFor();
        delete(data);
    }

    static void delete(File file) {
        File[] inside = file.listFiles();
        if (inside != null) {
            for (File one : inside) {
                delete(one);
            }
        }
        file.delete();
    }
}
