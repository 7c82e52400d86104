package com.xiaomi.mipush.sdk;

import android.os.Bundle;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/** What became of a command: a registration, an alias, a topic, … */
public class MiPushCommandMessage implements Serializable {
    private static final long serialVersionUID = 1L;

    // The keys of toBundle.
    private static final String COMMAND = "command";
    private static final String RESULT_CODE = "resultCode";
    private static final String REASON = "reason";
    private static final String ARGUMENTS = "commandArguments";
    private static final String CATEGORY = "category";
    private static final String AUTO_MARK_PACKAGES = "autoMarkPkgs";

    private String command;
    private long resultCode;
    private String reason;
    private List<String> commandArguments;
    private String category;
    private List<String> autoMarkPkgs;

    /** Which command: one of the {@code COMMAND_} constants of {@link MiPushClient}. */
    public String getCommand() {
        return command;
    }

    /** Sets {@link #getCommand()}. */
    public void setCommand(String command) {
        this.command = command;
    }

    /** What it was about: the regId, the alias, the account, the topic, start and end; null if there is nothing. */
    public List<String> getCommandArguments() {
        return commandArguments;
    }

    /** Sets {@link #getCommandArguments()}; the list itself is kept, and must be serializable. */
    public void setCommandArguments(List<String> commandArguments) {
        this.commandArguments = commandArguments;
    }

    /** {@link ErrorCode#SUCCESS}, or why not: a constant of {@link ErrorCode} or a code of the gateway. */
    public long getResultCode() {
        return resultCode;
    }

    /** Sets {@link #getResultCode()}. */
    public void setResultCode(long resultCode) {
        this.resultCode = resultCode;
    }

    /** Why not, in words; null if it was done. */
    public String getReason() {
        return reason;
    }

    /** Sets {@link #getReason()}. */
    public void setReason(String reason) {
        this.reason = reason;
    }

    /** The category that the command was given. */
    public String getCategory() {
        return category;
    }

    /** Sets {@link #getCategory()}. */
    public void setCategory(String category) {
        this.category = category;
    }

    /** Null; in the published API since 6.0.1, without a use here. */
    public List<String> getAutoMarkPkgs() {
        return autoMarkPkgs;
    }

    /** Sets {@link #getAutoMarkPkgs()}. */
    public void setAutoMarkPkgs(List<String> autoMarkPkgs) {
        this.autoMarkPkgs = autoMarkPkgs;
    }

    /** All of it as plain values, none of which needs a class of ours to be read. */
    public Bundle toBundle() {
        Bundle bundle = new Bundle();
        bundle.putString(COMMAND, command);
        bundle.putLong(RESULT_CODE, resultCode);
        bundle.putString(REASON, reason);
        bundle.putStringArrayList(ARGUMENTS, copy(commandArguments));
        bundle.putString(CATEGORY, category);
        bundle.putStringArrayList(AUTO_MARK_PACKAGES, copy(autoMarkPkgs));
        return bundle;
    }

    /** The reverse of {@link #toBundle()}. What is missing or of another type keeps its default. */
    public static MiPushCommandMessage fromBundle(Bundle bundle) {
        MiPushCommandMessage message = new MiPushCommandMessage();
        message.command = bundle.getString(COMMAND);
        message.resultCode = bundle.getLong(RESULT_CODE);
        message.reason = bundle.getString(REASON);
        message.commandArguments = bundle.getStringArrayList(ARGUMENTS);
        message.category = bundle.getString(CATEGORY);
        message.autoMarkPkgs = bundle.getStringArrayList(AUTO_MARK_PACKAGES);
        return message;
    }

    private static ArrayList<String> copy(List<String> list) {
        return list == null ? null : new ArrayList<String>(list);
    }

    /** For logs, in the form that apps know. */
    @Override
    public String toString() {
        return "command={" + command + "}, resultCode={" + resultCode + "}, reason={" + reason + "}, category={"
                + category + "}, commandArguments={" + commandArguments + "}";
    }
}
