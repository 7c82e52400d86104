package com.xiaomi.mipush.sdk;

/**
 * Names of the published API. Apps compiled against it carry the values, so these stay as they are; offpush itself uses
 * {@link #PREF_EXTRA} and the separators of the accept time only.
 */
public class Constants {
    /** Name of the preferences in which the library keeps what it must know in every process. */
    public static final String PREF_EXTRA = "mipush_extra";

    /** A request's field: regId. */
    public static final String EXTRA_KEY_REG_ID = "reg_id";
    /** A request's field: its secret. */
    public static final String EXTRA_KEY_REG_SECRET = "reg_secret";
    /** A request's field: a token. */
    public static final String EXTRA_KEY_TOKEN = "token";
    /** A request's field: the app's version name. */
    public static final String EXTRA_KEY_APP_VERSION = "app_version";
    /** A request's field: the app's version number. */
    public static final String EXTRA_KEY_APP_VERSION_CODE = "app_version_code";
    /** A request's field: aliases. */
    public static final String EXTRA_KEY_ALIASES = "aliases";
    /** A request's field: topics. */
    public static final String EXTRA_KEY_TOPICS = "topics";
    /** A request's field: user accounts. */
    public static final String EXTRA_KEY_ACCOUNTS = "user_accounts";
    /** A request's field: the accept time. */
    public static final String EXTRA_KEY_ACCEPT_TIME = "accept_time";
    /** A request's field: an account of the phone's maker. */
    public static final String EXTRA_KEY_MIID = "miid";

    /** Between start and end of the accept time as the preferences keep it. */
    public static final String ACCEPT_TIME_SEPARATOR_SP = ",";
    /** Between start and end of the accept time as the server gets it. */
    public static final String ACCEPT_TIME_SEPARATOR_SERVER = "-";
    /** The manifest's meta-data of another vendor's push service. */
    public static final String HUAWEI_HMS_CLIENT_APPID = "com.huawei.hms.client.appid";
    /** Milliseconds between two attempts at another vendor's token. */
    public static final long ASSEMBLE_PUSH_NETWORK_INTERVAL = 300000L;
    /** Milliseconds after which a failed one is tried again. */
    public static final int ASSEMBLE_PUSH_RETRY_INTERVAL = 2000;
    /** Milliseconds for which a registration request counts. */
    public static final int MAX_VALID_TIME_FOR_REGISTRATION_REQUEST = 900000;
}
