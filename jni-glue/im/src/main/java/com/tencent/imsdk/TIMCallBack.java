package com.tencent.imsdk;

/** What became of a request. Called once, on the main thread. */
public interface TIMCallBack {
    /** It was not done: {@code code} is the gateway's (70009: the ticket is not this user's, …) or {@link TIMManager}'s. */
    void onError(int code, String desc);

    /** It was done. */
    void onSuccess();
}
