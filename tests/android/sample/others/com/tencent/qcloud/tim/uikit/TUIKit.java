package com.tencent.qcloud.tim.uikit;

/** Stands for another SDK or for the reference document's demo; empty. */
public class TUIKit {
    public static void init(android.content.Context context, int sdkAppId, Object configs) {
    }
}
