package com.tencent.imsdk;

/** Stands for another SDK or for the reference document's demo; empty. */
public class TIMMessage {
    public void setOfflinePushSettings(TIMMessageOfflinePushSettings settings) {
    }
}
