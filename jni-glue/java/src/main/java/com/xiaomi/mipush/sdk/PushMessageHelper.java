package com.xiaomi.mipush.sdk;

import android.content.Context;

import org.offpush.Client;

import java.util.List;

/** The names under which messages travel in intents, and helpers around them. */
public class PushMessageHelper {
    /** Extra of a broadcast: which of the {@code MESSAGE_} constants it is, an int. */
    public static final String MESSAGE_TYPE = "message_type";
    /** {@link #MESSAGE_TYPE}: a message as it came. */
    public static final int MESSAGE_RAW = 1;
    /** {@link #MESSAGE_TYPE}: a message sent by the app itself. */
    public static final int MESSAGE_SENDMESSAGE = 2;
    /** {@link #MESSAGE_TYPE}: a command's result, under {@link #KEY_COMMAND}. */
    public static final int MESSAGE_COMMAND = 3;
    /** {@link #MESSAGE_TYPE}: the push service ended. */
    public static final int MESSAGE_QUIT = 4;
    /** {@link #MESSAGE_TYPE}: something is missing, under {@link #ERROR_TYPE} and {@link #ERROR_MESSAGE}. */
    public static final int MESSAGE_ERROR = 5;

    /** Extra of an opened activity: the {@link MiPushMessage}, a Serializable. */
    public static final String KEY_MESSAGE = "key_message";
    /** Extra of a broadcast: the {@link MiPushCommandMessage}, a Serializable. */
    public static final String KEY_COMMAND = "key_command";

    /** Extra of an error broadcast: what is missing, a String[]. */
    public static final String ERROR_MESSAGE = "error_message";
    /** Extra of an error broadcast: the kind of error. */
    public static final String ERROR_TYPE = "error_type";
    /** {@link #ERROR_TYPE}: runtime permissions are missing. */
    public static final String ERROR_TYPE_NEED_PERMISSION = "error_lack_of_permission";

    /** {@link #getPushMode}: results go to the callback of the deprecated {@code MiPushClient.initialize}. */
    public static final int PUSH_MODE_CALLBACK = 1;
    /** {@link #getPushMode}: results go to the app's {@link PushMessageReceiver}. */
    public static final int PUSH_MODE_BROADCAST = 2;

    private static volatile int mode = PUSH_MODE_BROADCAST;

    /** Where this process gets its results: {@link #PUSH_MODE_BROADCAST}, or {@link #PUSH_MODE_CALLBACK} if it asked for that. */
    public static int getPushMode(Context context) {
        return mode;
    }

    /** Whether {@link #getPushMode} is {@link #PUSH_MODE_CALLBACK}. */
    public static boolean isUseCallbackPushMode(Context context) {
        return mode == PUSH_MODE_CALLBACK;
    }

    /** What {@link #getPushMode} says from now on in this process. */
    static void setPushMode(int newMode) {
        mode = newMode;
    }

    /** Hands a command's result to the receivers of this app. */
    public static void sendCommandMessageBroadcast(Context context, MiPushCommandMessage message) {
        Client.result(context, message);
    }

    /** Does nothing: a receiver has no callback for it. */
    public static void sendQuitMessageBroadcast(Context context) {
    }

    /** A result from its parts. */
    public static MiPushCommandMessage generateCommandMessage(String command, List<String> arguments, long resultCode,
            String reason, String category) {
        return generateCommandMessage(command, arguments, resultCode, reason, category, null);
    }

    /** A result from its parts; {@code autoMarkPkgs} as {@link MiPushCommandMessage#getAutoMarkPkgs()}. */
    public static MiPushCommandMessage generateCommandMessage(String command, List<String> arguments, long resultCode,
            String reason, String category, List<String> autoMarkPkgs) {
        MiPushCommandMessage message = new MiPushCommandMessage();
        message.setCommand(command);
        message.setCommandArguments(arguments);
        message.setResultCode(resultCode);
        message.setReason(reason);
        message.setCategory(category);
        message.setAutoMarkPkgs(autoMarkPkgs);
        return message;
    }
}
