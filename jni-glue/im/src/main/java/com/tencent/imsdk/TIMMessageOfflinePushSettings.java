package com.tencent.imsdk;

/**
 * What a message's notification should carry. It only holds the values: the app's own sender puts them into the
 * {@code OfflinePushInfo} of its request ({@code Ext}, {@code Desc}, {@code PushFlag}).
 */
public class TIMMessageOfflinePushSettings {
    private boolean enabled = true;
    private String descr;
    private byte[] ext;

    /** Whether the message is pushed to a phone whose app does not run. */
    public boolean isEnabled() {
        return enabled;
    }

    /** Sets {@link #isEnabled()}. */
    public void setEnabled(boolean enabled) {
        this.enabled = enabled;
    }

    /** The notification's text; null: made from the message. */
    public String getDescr() {
        return descr;
    }

    /** Sets {@link #getDescr()}. */
    public void setDescr(String descr) {
        this.descr = descr;
    }

    /** What the receiver finds as {@code getExtra().get("ext")}; null: nothing. */
    public byte[] getExt() {
        return ext == null ? null : ext.clone();
    }

    /** Sets {@link #getExt()}; UTF-8 text, as it travels in JSON. */
    public void setExt(byte[] ext) {
        this.ext = ext == null ? null : ext.clone();
    }
}
