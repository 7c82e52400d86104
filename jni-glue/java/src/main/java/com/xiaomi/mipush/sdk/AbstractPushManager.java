package com.xiaomi.mipush.sdk;

/** Stands for what the published API's bridges to other vendors have in common. Empty: there are none here. */
public interface AbstractPushManager {
}
