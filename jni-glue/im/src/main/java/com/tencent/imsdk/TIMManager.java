package com.tencent.imsdk;

import android.content.Context;

import org.offpush.Client;

import java.util.Arrays;
import java.util.Collections;

/**
 * Who is logged in on this phone, for offline push. An app that runs its own IM server has its users' tickets
 * (UserSig) from there. A ticket is checked by the gateway when the token is reported, not at login.
 */
public class TIMManager {
    /** A user or a ticket is missing. */
    public static final int ERR_INVALID_PARAMETERS = 6017;
    /** Nobody is logged in. */
    public static final int ERR_SDK_NOT_LOGGED_IN = 6014;

    private static final String PREFERENCES = "offpush_im";
    private static final String USER = "user";

    private static final TIMManager INSTANCE = new TIMManager();

    private String user;
    private String ticket;

    private TIMManager() {
    }

    /** The one of this process. */
    public static TIMManager getInstance() {
        return INSTANCE;
    }

    /** Who is logged in; null: nobody. */
    public synchronized String getLoginUser() {
        return user;
    }

    /**
     * From now on this is the user; {@code userSig} is the ticket. Kept for this process, as the IM library does. Another
     * user whose token was reported from this phone and who was never logged out is logged out.
     */
    public void login(String identifier, String userSig, TIMCallBack callback) {
        if (isEmpty(identifier) || isEmpty(userSig)) {
            Pending.fail(callback, ERR_INVALID_PARAMETERS, "a user and a ticket are needed");
            return;
        }
        Context context = AppContext.get();
        String reached;
        synchronized (this) {
            user = identifier;
            ticket = userSig;
            reached = reached(context);
        }
        if (reached != null && !reached.equals(identifier)) {
            remember(context, null);
            Client.logout(context, reached);
        }
        Pending.succeed(callback);
    }

    /**
     * Tells the gateway that the user who is logged in is reached at this phone. {@code callback} gets its answer, which
     * waits for a connection; null: nobody is told.
     */
    public void setOfflinePushToken(TIMOfflinePushToken token, TIMCallBack callback) {
        String who;
        String proof;
        synchronized (this) {
            who = user;
            proof = ticket;
        }
        if (who == null) {
            Pending.fail(callback, ERR_SDK_NOT_LOGGED_IN, "log in first");
            return;
        }
        if (token == null || isEmpty(token.getToken())) {
            Pending.fail(callback, ERR_INVALID_PARAMETERS, "a token is needed");
            return;
        }
        Context context = AppContext.get();
        remember(context, who);
        // The gateway names the certificate and the user in its answer.
        String certificate = Long.toString(token.getBussid());
        Pending.add(Pending.REPORT_TOKEN, Arrays.asList(certificate, who), callback);
        Client.reportToken(context, token.getBussid(), who, proof);
    }

    /**
     * This phone gets no more pushes for the user: for who is logged in, else for who was when the token was reported
     * last, since a person may log out right after the app was started. What is on its way is dropped on the phone.
     */
    public void logout(TIMCallBack callback) {
        Context context = AppContext.get();
        String who;
        synchronized (this) {
            who = user != null ? user : reached(context);
            user = null;
            ticket = null;
        }
        if (who == null) {
            Pending.fail(callback, ERR_SDK_NOT_LOGGED_IN, "nobody is logged in");
            return;
        }
        remember(context, null);
        Pending.add(Pending.LOGOUT, Collections.singletonList(who), callback);
        Client.logout(context, who);
    }

    /** The user whose token was reported last and who is not logged out; null: none. */
    private static String reached(Context context) {
        return context.getSharedPreferences(PREFERENCES, Context.MODE_PRIVATE).getString(USER, null);
    }

    private static void remember(Context context, String who) {
        context.getSharedPreferences(PREFERENCES, Context.MODE_PRIVATE).edit().putString(USER, who).apply();
    }

    private static boolean isEmpty(String text) {
        return text == null || text.isEmpty();
    }
}
