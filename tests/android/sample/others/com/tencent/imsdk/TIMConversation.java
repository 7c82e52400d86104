package com.tencent.imsdk;

/** Stands for another SDK or for the reference document's demo; empty. */
public class TIMConversation {
    public void sendMessage(boolean online, TIMMessage message, TIMValueCallBack<TIMMessage> callback) {
    }
}
