package com.xiaomi.mipush.sdk;

/**
 * Stands for the published API's bridge to Google's push service, whose methods only that bridge's own artifact calls.
 * Empty: offpush uses no other vendor's push service.
 */
public class FCMPushHelper {
}
