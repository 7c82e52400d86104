package com.xiaomi.mipush.sdk;

import android.content.Context;

import org.offpush.Client;

import java.util.ArrayList;
import java.util.List;

/**
 * What an app calls. Nothing here waits: results come to the app's {@link PushMessageReceiver}. It may be called in any
 * process of the app. Names, values and signatures are those of the published API.
 */
public abstract class MiPushClient {
    public static final String COMMAND_REGISTER = "register";
    public static final String COMMAND_UNREGISTER = "unregister";
    public static final String COMMAND_SET_ALIAS = "set-alias";
    public static final String COMMAND_UNSET_ALIAS = "unset-alias";
    public static final String COMMAND_SET_ACCOUNT = "set-account";
    public static final String COMMAND_UNSET_ACCOUNT = "unset-account";
    public static final String COMMAND_SUBSCRIBE_TOPIC = "subscribe-topic";
    /** Misspelt in the published API, and carried so by apps. */
    public static final String COMMAND_UNSUBSCRIBE_TOPIC = "unsubscibe-topic";
    public static final String COMMAND_SET_ACCEPT_TIME = "accept-time";
    /** Name of the preferences that hold what {@link #getRegId} and its like answer. */
    public static final String PREF_EXTRA = Constants.PREF_EXTRA;

    private static final int LAST_MINUTE = 23 * 60 + 59;

    private static final List<UPSRegisterCallBack> REGISTERING = new ArrayList<UPSRegisterCallBack>();
    private static final List<UPSUnRegisterCallBack> UNREGISTERING = new ArrayList<UPSUnRegisterCallBack>();
    private static volatile MiPushClientCallback callback;

    /** Registers. Repeating it changes nothing and brings the result again. */
    public static void registerPush(Context context, String appId, String appKey) {
        Client.register(context, appId, appKey);
    }

    /** As {@link #registerPush(Context, String, String)}; the last argument has no meaning here. */
    public static void registerPush(Context context, String appId, String appKey, String unused) {
        registerPush(context, appId, appKey);
    }

    /** As {@link #registerPush(Context, String, String)}: regions and other vendors' channels have no meaning here. */
    public static void registerPush(Context context, String appId, String appKey, PushConfiguration configuration) {
        registerPush(context, appId, appKey);
    }

    /** Registers, with results to {@code newCallback} in this process besides the receivers. */
    @Deprecated
    public static void initialize(Context context, String appId, String appKey, MiPushClientCallback newCallback) {
        callback = newCallback;
        PushMessageHelper.setPushMode(newCallback == null ? PushMessageHelper.PUSH_MODE_BROADCAST
                : PushMessageHelper.PUSH_MODE_CALLBACK);
        registerPush(context, appId, appKey);
    }

    /** False: the connection is the app's own, on every phone. */
    public static boolean shouldUseMIUIPush(Context context) {
        return false;
    }

    /** Ends the registration: no message any more, and the regId becomes invalid. */
    public static void unregisterPush(Context context) {
        Client.unregister(context);
    }

    /** No message until {@link #enablePush}; the regId stays, and messages wait for it. */
    public static void disablePush(Context context) {
        Client.enable(context, false);
    }

    /** The end of {@link #disablePush}. */
    public static void enablePush(Context context) {
        Client.enable(context, true);
    }

    /** The phone answers to this alias; the last phone to set it keeps it. */
    public static void setAlias(Context context, String alias, String category) {
        Client.command(context, COMMAND_SET_ALIAS, "alias", alias);
    }

    /** The phone no longer answers to this alias. */
    public static void unsetAlias(Context context, String alias, String category) {
        Client.command(context, COMMAND_UNSET_ALIAS, "alias", alias);
    }

    /** The phone belongs to this account, as others may. */
    public static void setUserAccount(Context context, String account, String category) {
        Client.command(context, COMMAND_SET_ACCOUNT, "account", account);
    }

    /** The phone leaves this account. */
    public static void unsetUserAccount(Context context, String account, String category) {
        Client.command(context, COMMAND_UNSET_ACCOUNT, "account", account);
    }

    /** The phone hears this topic. */
    public static void subscribe(Context context, String topic, String category) {
        Client.command(context, COMMAND_SUBSCRIBE_TOPIC, "topic", topic);
    }

    /** The phone no longer hears this topic. */
    public static void unsubscribe(Context context, String topic, String category) {
        Client.command(context, COMMAND_UNSUBSCRIBE_TOPIC, "topic", topic);
    }

    /** Nothing is shown until {@link #resumePush}; messages wait. The result is one of {@link #COMMAND_SET_ACCEPT_TIME}. */
    public static void pausePush(Context context, String category) {
        Client.command(context, "pause", null, null);
    }

    /** Messages are shown at any time. The result is one of {@link #COMMAND_SET_ACCEPT_TIME}. */
    public static void resumePush(Context context, String category) {
        Client.command(context, "resume", null, null);
    }

    /** When messages may be shown, by the local clock; outside of it they wait. A start after the end goes over midnight. */
    public static void setAcceptTime(Context context, int startHour, int startMin, int endHour, int endMin,
            String category) {
        int start = minutes(startHour, startMin);
        int end = minutes(endHour, endMin);
        Client.acceptTime(context, start, end);
    }

    private static int minutes(int hour, int minute) {
        if (hour < 0 || hour > 23 || minute < 0 || minute > 59) {
            throw new IllegalArgumentException("not a time of day: " + hour + ":" + minute);
        }
        return Math.min(hour * 60 + minute, LAST_MINUTE);
    }

    /** Null until registered. */
    public static String getRegId(Context context) {
        return Client.regId(context);
    }

    /** What the gateway confirmed; empty if nothing. */
    public static List<String> getAllAlias(Context context) {
        return Client.aliases(context);
    }

    /** What the gateway confirmed; empty if nothing. */
    public static List<String> getAllTopic(Context context) {
        return Client.topics(context);
    }

    /** What the gateway confirmed; empty if nothing. */
    public static List<String> getAllUserAccount(Context context) {
        return Client.accounts(context);
    }

    /** When it was confirmed, in milliseconds since 1970; -1 if it was not. */
    public static long aliasSetTime(Context context, String alias) {
        return Client.aliasSince(context, alias);
    }

    /** When it was confirmed, in milliseconds since 1970; -1 if it was not. */
    public static long topicSubscribedTime(Context context, String topic) {
        return Client.topicSince(context, topic);
    }

    /** When it was confirmed, in milliseconds since 1970; -1 if it was not. */
    public static long accountSetTime(Context context, String account) {
        return Client.accountSince(context, account);
    }

    /** Removes the notification with this notifyId. */
    public static void clearNotification(Context context, int notifyId) {
        Client.clear(context, notifyId);
    }

    /** Removes the notifications of all messages. */
    public static void clearNotification(Context context) {
        Client.clear(context);
    }

    /** Removes the notifications with this title and text; null or empty stands for any. */
    public static void clearNotification(Context context, String title, String description) {
        Client.clear(context, title, description);
    }

    /** Bits 1 sound, 2 vibration, 4 light, or -1 for all: wins over what messages say. */
    public static void setLocalNotificationType(Context context, int notifyType) {
        Client.notifyType(context, notifyType);
    }

    /** What messages say applies again. */
    public static void clearLocalNotificationType(Context context) {
        Client.notifyType(context, null);
    }

    /** Counts a click on a message that the app shows by itself. */
    public static void reportMessageClicked(Context context, String messageId) {
        Client.clicked(context, messageId);
    }

    /** Counts a click on a message that the app shows by itself. */
    public static void reportMessageClicked(Context context, MiPushMessage message) {
        Client.clicked(context, message == null ? null : message.getMessageId());
    }

    /** Does nothing: no app wakes another. */
    public static void awakeApps(Context context, String[] packages) {
    }

    /** Does nothing. */
    public static void registerCrashHandler(Thread.UncaughtExceptionHandler handler) {
    }

    /** Does nothing. */
    public static void reportAppRunInBackground(Context context, boolean background) {
    }

    /** Null: there are no regions. */
    public static String getAppRegion(Context context) {
        return null;
    }

    /** Does nothing: there are no other vendors' channels. */
    public static void syncAssemblePushToken(Context context) {
    }

    /** Does nothing: there are no other vendors' channels. */
    public static void syncAssembleFCMPushToken(Context context) {
    }

    /** Does nothing: there are no other vendors' channels. */
    public static void syncAssembleCOSPushToken(Context context) {
    }

    /** Does nothing: there are no other vendors' channels. */
    public static void syncAssembleFTOSPushToken(Context context) {
    }

    /** As {@link #registerPush}, with the result to {@code answer} in this process too; the token is the regId. */
    public static void registerToken(Context context, String appId, String appKey, String appSecret,
            UPSRegisterCallBack answer) {
        if (answer != null) {
            synchronized (REGISTERING) {
                REGISTERING.add(answer);
            }
        }
        registerPush(context, appId, appKey);
    }

    /** As {@link #unregisterPush}, with the result to {@code answer} in this process too. */
    public static void unRegisterToken(Context context, UPSUnRegisterCallBack answer) {
        if (answer != null) {
            synchronized (UNREGISTERING) {
                UNREGISTERING.add(answer);
            }
        }
        unregisterPush(context);
    }

    /** As {@link #enablePush}. */
    public static void turnOnPush(Context context, UPSTurnCallBack answer) {
        enablePush(context);
        done(answer);
    }

    /** As {@link #disablePush}. */
    public static void turnOffPush(Context context, UPSTurnCallBack answer) {
        disablePush(context);
        done(answer);
    }

    /** Does nothing. */
    public static void removeWindow(Context context) {
    }

    private static void done(UPSTurnCallBack answer) {
        if (answer != null) {
            answer.onResult(new CodeResult(ErrorCode.SUCCESS));
        }
    }

    /** A command's result has come to this process. */
    static void answered(MiPushCommandMessage result) {
        List<String> arguments = result.getCommandArguments();
        String first = arguments == null || arguments.isEmpty() ? null : arguments.get(0);
        TokenResult token = new TokenResult(first, result.getResultCode());
        List<ICallbackResult<TokenResult>> waiting = new ArrayList<ICallbackResult<TokenResult>>();
        if (COMMAND_REGISTER.equals(result.getCommand())) {
            synchronized (REGISTERING) {
                waiting.addAll(REGISTERING);
                REGISTERING.clear();
            }
        } else if (COMMAND_UNREGISTER.equals(result.getCommand())) {
            synchronized (UNREGISTERING) {
                waiting.addAll(UNREGISTERING);
                UNREGISTERING.clear();
            }
        }
        for (ICallbackResult<TokenResult> one : waiting) {
            one.onResult(token);
        }
        MiPushClientCallback old = callback;
        if (old == null) {
            return;
        }
        if (COMMAND_REGISTER.equals(result.getCommand())) {
            old.onInitializeResult(result.getResultCode(), result.getReason(), first);
        } else if (COMMAND_SUBSCRIBE_TOPIC.equals(result.getCommand())) {
            old.onSubscribeResult(result.getResultCode(), result.getReason(), first);
        } else if (COMMAND_UNSUBSCRIBE_TOPIC.equals(result.getCommand())) {
            old.onUnsubscribeResult(result.getResultCode(), result.getReason(), first);
        } else {
            old.onCommandResult(result.getCommand(), result.getResultCode(), result.getReason(), arguments);
        }
    }

    /** A message or a click has come to this process. */
    static void received(MiPushMessage message) {
        MiPushClientCallback old = callback;
        if (old != null) {
            old.onReceiveMessage(message);
            old.onReceiveMessage(message.getContent(), message.getAlias(), message.getTopic(), message.isNotified());
        }
    }

    /** Gets results in the process that called {@link MiPushClient#initialize}. */
    @Deprecated
    public abstract static class MiPushClientCallback {
        private String category;

        protected String getCategory() {
            return category;
        }

        protected void setCategory(String category) {
            this.category = category;
        }

        public void onReceiveMessage(String content, String alias, String topic, boolean hasNotified) {
        }

        public void onReceiveMessage(MiPushMessage message) {
        }

        public void onInitializeResult(long resultCode, String reason, String regId) {
        }

        public void onSubscribeResult(long resultCode, String reason, String topic) {
        }

        public void onUnsubscribeResult(long resultCode, String reason, String topic) {
        }

        public void onCommandResult(String command, long resultCode, String reason, List<String> arguments) {
        }
    }

    /** Is given a result. */
    public interface ICallbackResult<R> {
        void onResult(R result);
    }

    /** A result that is a code. */
    public static class CodeResult {
        private final long resultCode;

        CodeResult(long resultCode) {
            this.resultCode = resultCode;
        }

        /** {@link ErrorCode#SUCCESS}, or why not. */
        public long getResultCode() {
            return resultCode;
        }
    }

    /** A result that is a token, the regId, and a code. */
    public static class TokenResult {
        private final String token;
        private final long resultCode;

        TokenResult(String token, long resultCode) {
            this.token = token;
            this.resultCode = resultCode;
        }

        public String getToken() {
            return token;
        }

        /** {@link ErrorCode#SUCCESS}, or why not. */
        public long getResultCode() {
            return resultCode;
        }
    }

    /** For {@link MiPushClient#registerToken}. */
    public interface UPSRegisterCallBack extends ICallbackResult<TokenResult> {
    }

    /** For {@link MiPushClient#unRegisterToken}. */
    public interface UPSUnRegisterCallBack extends ICallbackResult<TokenResult> {
    }

    /** For {@link MiPushClient#turnOnPush} and {@link MiPushClient#turnOffPush}. */
    public interface UPSTurnCallBack extends ICallbackResult<CodeResult> {
    }
}
