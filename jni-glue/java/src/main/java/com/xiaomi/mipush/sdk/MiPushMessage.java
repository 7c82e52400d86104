package com.xiaomi.mipush.sdk;

import android.os.Bundle;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;

/**
 * A message, as callbacks and opened activities get it. An activity finds it in its intent under
 * {@link PushMessageHelper#KEY_MESSAGE}.
 */
public class MiPushMessage implements Serializable {
    private static final long serialVersionUID = 1L;

    /** {@link #getMessageType()}: addressed to this phone's regId. */
    public static final int MESSAGE_TYPE_REG = 0;
    /** {@link #getMessageType()}: addressed to an alias. */
    public static final int MESSAGE_TYPE_ALIAS = 1;
    /** {@link #getMessageType()}: addressed to a topic, or to everybody. */
    public static final int MESSAGE_TYPE_TOPIC = 2;
    /** {@link #getMessageType()}: addressed to a user account. */
    public static final int MESSAGE_TYPE_ACCOUNT = 3;

    // The keys of toBundle.
    private static final String ID = "messageId";
    private static final String TYPE = "messageType";
    private static final String CONTENT = "content";
    private static final String ALIAS = "alias";
    private static final String TOPIC = "topic";
    private static final String ACCOUNT = "user_account";
    private static final String PASS_THROUGH = "passThrough";
    private static final String NOTIFY_TYPE = "notifyType";
    private static final String NOTIFY_ID = "notifyId";
    private static final String NOTIFIED = "isNotified";
    private static final String ARRIVED = "isArrived";
    private static final String TITLE = "title";
    private static final String DESCRIPTION = "description";
    private static final String CATEGORY = "category";
    private static final String EXTRA = "extra";

    private String messageId;
    private int messageType;
    private String content;
    private String alias;
    private String topic;
    private String userAccount;
    private int passThrough;
    private int notifyType;
    private int notifyId;
    private boolean notified;
    private boolean arrived;
    private String title;
    private String description;
    private String category;
    private final HashMap<String, String> extra = new HashMap<String, String>();

    /** The gateway's id of the message. */
    public String getMessageId() {
        return messageId;
    }

    /** Sets {@link #getMessageId()}. */
    public void setMessageId(String messageId) {
        this.messageId = messageId;
    }

    /** What it was addressed to: one of the {@code MESSAGE_TYPE} constants. */
    public int getMessageType() {
        return messageType;
    }

    /** Sets {@link #getMessageType()}. */
    public void setMessageType(int messageType) {
        this.messageType = messageType;
    }

    /** The server's {@code payload}. */
    public String getContent() {
        return content;
    }

    /** Sets {@link #getContent()}. */
    public void setContent(String content) {
        this.content = content;
    }

    /** The alias it was addressed to, else null. */
    public String getAlias() {
        return alias;
    }

    /** Sets {@link #getAlias()}. */
    public void setAlias(String alias) {
        this.alias = alias;
    }

    /** The topic it was addressed to ({@code **ALL**}: everybody), else null. */
    public String getTopic() {
        return topic;
    }

    /** Sets {@link #getTopic()}. */
    public void setTopic(String topic) {
        this.topic = topic;
    }

    /** The account it was addressed to, else null. */
    public String getUserAccount() {
        return userAccount;
    }

    /** Sets {@link #getUserAccount()}. */
    public void setUserAccount(String userAccount) {
        this.userAccount = userAccount;
    }

    /** 0: a notification; 1: handed to the app, nothing shown. */
    public int getPassThrough() {
        return passThrough;
    }

    /** Sets {@link #getPassThrough()}. */
    public void setPassThrough(int passThrough) {
        this.passThrough = passThrough;
    }

    /** How it draws attention: -1 every way, else bits: 1 sound, 2 vibration, 4 light. */
    public int getNotifyType() {
        return notifyType;
    }

    /** Sets {@link #getNotifyType()}. */
    public void setNotifyType(int notifyType) {
        this.notifyType = notifyType;
    }

    /** The notification's id; a later message with the same id replaces it. */
    public int getNotifyId() {
        return notifyId;
    }

    /** Sets {@link #getNotifyId()}. */
    public void setNotifyId(int notifyId) {
        this.notifyId = notifyId;
    }

    /** Whether a notification was shown for it. */
    public boolean isNotified() {
        return notified;
    }

    /** Sets {@link #isNotified()}. */
    public void setNotified(boolean notified) {
        this.notified = notified;
    }

    /** Whether this object stands for the arrival of a notification, not for a click on it. */
    public boolean isArrivedMessage() {
        return arrived;
    }

    /** Sets {@link #isArrivedMessage()}. */
    public void setArrivedMessage(boolean arrived) {
        this.arrived = arrived;
    }

    /** The notification's title. */
    public String getTitle() {
        return title;
    }

    /** Sets {@link #getTitle()}. */
    public void setTitle(String title) {
        this.title = title;
    }

    /** The notification's text. */
    public String getDescription() {
        return description;
    }

    /** Sets {@link #getDescription()}. */
    public void setDescription(String description) {
        this.description = description;
    }

    /** Null; reserved in the published API. */
    public String getCategory() {
        return category;
    }

    /** Sets {@link #getCategory()}. */
    public void setCategory(String category) {
        this.category = category;
    }

    /** Every {@code extra.*} of the server's call, without that prefix. Never null. */
    public Map<String, String> getExtra() {
        return extra;
    }

    /** Replaces {@link #getExtra()} by a copy of {@code extra}; null empties it. */
    public void setExtra(Map<String, String> extra) {
        // A copy first: the argument may be our own map.
        Map<String, String> copy = extra == null ? null : new HashMap<String, String>(extra);
        this.extra.clear();
        if (copy != null) {
            this.extra.putAll(copy);
        }
    }

    /** All of it as plain values, none of which needs a class of ours to be read. */
    public Bundle toBundle() {
        Bundle bundle = new Bundle();
        bundle.putString(ID, messageId);
        bundle.putInt(TYPE, messageType);
        bundle.putString(CONTENT, content);
        bundle.putString(ALIAS, alias);
        bundle.putString(TOPIC, topic);
        bundle.putString(ACCOUNT, userAccount);
        bundle.putInt(PASS_THROUGH, passThrough);
        bundle.putInt(NOTIFY_TYPE, notifyType);
        bundle.putInt(NOTIFY_ID, notifyId);
        bundle.putBoolean(NOTIFIED, notified);
        bundle.putBoolean(ARRIVED, arrived);
        bundle.putString(TITLE, title);
        bundle.putString(DESCRIPTION, description);
        bundle.putString(CATEGORY, category);
        Bundle values = new Bundle();
        for (Map.Entry<String, String> entry : extra.entrySet()) {
            values.putString(entry.getKey(), entry.getValue());
        }
        bundle.putBundle(EXTRA, values);
        return bundle;
    }

    /** The reverse of {@link #toBundle()}. What is missing or of another type keeps its default. */
    public static MiPushMessage fromBundle(Bundle bundle) {
        MiPushMessage message = new MiPushMessage();
        message.messageId = bundle.getString(ID);
        message.messageType = bundle.getInt(TYPE);
        message.content = bundle.getString(CONTENT);
        message.alias = bundle.getString(ALIAS);
        message.topic = bundle.getString(TOPIC);
        message.userAccount = bundle.getString(ACCOUNT);
        message.passThrough = bundle.getInt(PASS_THROUGH);
        message.notifyType = bundle.getInt(NOTIFY_TYPE);
        message.notifyId = bundle.getInt(NOTIFY_ID);
        message.notified = bundle.getBoolean(NOTIFIED);
        message.arrived = bundle.getBoolean(ARRIVED);
        message.title = bundle.getString(TITLE);
        message.description = bundle.getString(DESCRIPTION);
        message.category = bundle.getString(CATEGORY);
        Bundle values = bundle.getBundle(EXTRA);
        if (values != null) {
            for (String key : values.keySet()) {
                message.extra.put(key, values.getString(key));
            }
        }
        return message;
    }

    /** For logs, in the form that apps know. */
    @Override
    public String toString() {
        return "messageId={" + messageId + "},passThrough={" + passThrough + "},alias={" + alias + "},topic={" + topic
                + "},userAccount={" + userAccount + "},content={" + content + "},description={" + description
                + "},title={" + title + "},isNotified={" + notified + "},notifyId={" + notifyId + "},notifyType={"
                + notifyType + "}, category={" + category + "}, extra={" + extra + "}";
    }
}
