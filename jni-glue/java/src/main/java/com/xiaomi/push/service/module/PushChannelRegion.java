package com.xiaomi.push.service.module;

/** Regions of the published API. Here the app's manifest names its servers, so a region chooses nothing. */
public enum PushChannelRegion {
    /** Mainland China. */
    China,
    /** Everywhere that has no region of its own. */
    Global,
    /** Europe. */
    Europe,
    /** Russia. */
    Russia,
    /** India. */
    India
}
