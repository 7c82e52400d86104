package com.xiaomi.mipush.sdk;

/**
 * Result codes made on the phone. {@link MiPushCommandMessage#getResultCode()} also carries the gateway's codes
 * (22006 wrong AppID, 22007 wrong AppKey, 22022 wrong package, …).
 */
public class ErrorCode {
    /** It was done. */
    public static final int SUCCESS = 0;
    /** The push service cannot be reached. */
    public static final int ERROR_SERVICE_UNAVAILABLE = 70000001;
    /** The phone could not prove who it is. The name is misspelt in the published API, and apps use it so. */
    public static final int ERROR_AUTHERICATION_ERROR = 70000002;
    /** What was sent cannot be understood. */
    public static final int ERROR_INVALID_PAYLOAD = 70000003;
    /** A fault of the push service itself. */
    public static final int ERROR_INTERNAL_ERROR = 70000004;
}
